//! The groups and metrics that a SELECT asks for, in the order met.

use sqlparser::ast::{Expr as Sql, GroupByExpr, Ident, Select};

use super::{Item, column_name, walk};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::model::metric::{Format, Offset};
use crate::query::resolved::Part;
use crate::query::sql::ColumnOf;
use crate::query::sql::guard::span_of;
use crate::query::sql::lift::names::{Leaf, Names};
use crate::query::sql::lift::order;
use crate::source::Span;

/// A metric of the request.
pub(in crate::query::sql::lift) struct Metric {
    pub name: String,
    pub asked: String,
    pub offset: Option<Offset>,
    pub filter: Option<Box<Sql>>,
    pub span: Span,
    /// The parts of it that the statement uses.
    pub parts: Vec<Part>,
}

impl Metric {
    /// Whether `leaf` is a part of it.
    fn is(&self, leaf: &Leaf) -> bool {
        match leaf {
            Leaf::Metric { name, offset, filter, .. } => {
                self.name == *name && self.offset == *offset && self.filter == *filter
            }
            Leaf::Group(_) => false,
        }
    }

    /// The name of its column in the answer, without an alias.
    pub(super) fn column(&self) -> String {
        Offset::column(self.offset.as_ref(), &self.name)
    }
}

/// The groups and metrics of a request.
pub(in crate::query::sql::lift) struct Draft<'a> {
    pub names: Names<'a>,
    pub groups: Vec<(String, Span)>,
    pub metrics: Vec<Metric>,
}

impl Draft<'_> {
    pub(super) fn register(&mut self, leaf: &Leaf, at: Span) -> Result<ColumnOf, Diagnostic> {
        match leaf {
            Leaf::Group(name) => {
                let known = self.groups.iter().position(|(known, _)| known == name);
                Ok(ColumnOf::Group(known.unwrap_or_else(|| {
                    self.groups.push((name.clone(), at));
                    self.groups.len() - 1
                })))
            }
            Leaf::Metric { name, asked, part, offset, filter } => {
                let known = self.metrics.iter().position(|known| known.is(leaf)).unwrap_or_else(|| {
                    let (name, asked, offset, filter) = (name.clone(), asked.clone(), offset.clone(), filter.clone());
                    self.metrics.push(Metric { name, asked, offset, filter, span: at, parts: Vec::new() });
                    self.metrics.len() - 1
                });
                let metric = &mut self.metrics[known];
                if !metric.parts.contains(part) {
                    metric.parts.push(*part);
                }
                Ok(ColumnOf::Metric(known, *part))
            }
        }
    }

    pub(super) fn register_items(&mut self, items: &[Item]) -> Result<(), Diagnostic> {
        for item in items {
            match &item.leaf {
                Some(leaf) => {
                    self.register(leaf, item.span)?;
                }
                None => self.register_within(&item.expr)?,
            }
        }
        Ok(())
    }

    /// Registers the groups and metrics inside an expression.
    fn register_within(&mut self, expr: &Sql) -> Result<(), Diagnostic> {
        let names = self.names;
        walk(&mut expr.clone(), &mut |expr| {
            if let Some(leaf) = names.leaf(expr)? {
                let column = self.register(&leaf, span_of(names.tokens, expr))?;
                *expr = Sql::Identifier(Ident::new(column_name(column)));
            }
            Ok(())
        })
    }

    /// Registers the metrics inside an expression.
    pub(super) fn register_metrics(&mut self, expr: &Sql) -> Result<(), Diagnostic> {
        let names = self.names;
        walk(&mut expr.clone(), &mut |expr| {
            if let Ok(Some(leaf @ Leaf::Metric { .. })) = names.leaf(expr) {
                let column = self.register(&leaf, span_of(names.tokens, expr))?;
                *expr = Sql::Identifier(Ident::new(column_name(column)));
            }
            Ok(())
        })
    }

    /// The positions of the groups that GROUP BY names.
    pub(super) fn grouped(&mut self, items: &[Item], group_by: &GroupByExpr) -> Result<Vec<usize>, Diagnostic> {
        let names = self.names;
        let (keys, modifiers) = match group_by {
            GroupByExpr::All(modifiers) => return self.modified(modifiers.len(), (0..self.groups.len()).collect()),
            GroupByExpr::Expressions(keys, modifiers) => (keys, modifiers),
        };
        let mut grouped = Vec::new();
        for key in keys {
            let at = span_of(names.tokens, key);
            let leaf = match order::by_place(&names, items, key)? {
                Some(item) => item.leaf.clone(),
                None => match (names.leaf(key), order::by_alias(&names, items, key)) {
                    (Ok(Some(leaf @ Leaf::Group(_))), _) => Some(leaf),
                    (_, Some(item)) => item.leaf.clone(),
                    (found, None) => found?,
                },
            };
            match leaf {
                Some(leaf @ Leaf::Group(_)) => match self.register(&leaf, at)? {
                    ColumnOf::Group(position) => grouped.push(position),
                    ColumnOf::Metric(..) => {}
                },
                Some(Leaf::Metric { name, .. }) => {
                    let fault = Diagnostic::new(Code::InvalidQuery, format!("GROUP BY of the metric `{name}`")).at(at);
                    return Err(fault.help("rows are grouped by dimensions; GROUP BY ALL takes those of SELECT"));
                }
                None => {
                    let fault = Diagnostic::new(Code::NotSupportedYet, "GROUP BY of an expression over metrics").at(at);
                    return Err(fault.help("group by dimensions, or group the rows of a sub-query"));
                }
            }
        }
        self.modified(modifiers.len(), grouped)
    }

    fn modified(&self, modifiers: usize, grouped: Vec<usize>) -> Result<Vec<usize>, Diagnostic> {
        if modifiers == 0 {
            return Ok(grouped);
        }
        let fault = Diagnostic::new(Code::NotSupportedYet, "GROUP BY with ROLLUP, CUBE or TOTALS over metrics");
        Err(fault.at(self.names.tokens.whole()).help("ask the coarser groups in a SELECT of their own"))
    }

    /// Every group of SELECT is grouped by, or nothing is and only groups are selected, each once.
    pub(super) fn check_grouped(&self, items: &[Item], grouped: &[usize], select: &Select) -> Result<(), Diagnostic> {
        let says_nothing = matches!(&select.group_by, GroupByExpr::Expressions(keys, _) if keys.is_empty());
        if says_nothing && self.metrics.is_empty() && !self.groups.is_empty() {
            if select.distinct.is_some() {
                return Ok(());
            }
            let fault = Diagnostic::new(Code::InvalidQuery, "rows of `metrics`, which has none");
            let help = "SELECT DISTINCT gives the values of dimensions, MEASURE(metric) with GROUP BY ALL gives metrics by them, and \
                        rows are read FROM a dataset";
            return Err(fault.at(self.groups[0].1).help(help));
        }
        let Some(position) = (0..self.groups.len()).find(|position| !grouped.contains(position)) else { return Ok(()) };
        let (name, at) = &self.groups[position];
        let all: Vec<&str> = items
            .iter()
            .filter_map(|item| match &item.leaf {
                Some(Leaf::Group(name)) => Some(name.as_str()),
                Some(Leaf::Metric { .. }) | None => None,
            })
            .collect();
        let all = if all.is_empty() { vec![name.as_str()] } else { all };
        let fact = format!("`{name}` beside a metric without GROUP BY");
        let help = format!("add GROUP BY {}, or GROUP BY ALL", all.join(", "));
        Err(Diagnostic::new(Code::InvalidQuery, fact)
            .at(*at)
            .help(help)
            .example(format!("GROUP BY {}", all.join(", "))))
    }

    pub(super) fn without_comparison(&self, items: &[Item]) -> Result<(), Diagnostic> {
        let Some(metric) = self.metrics.iter().find(|metric| metric.parts.iter().any(|part| *part != Part::Value))
        else {
            return Ok(());
        };
        let of = |item: &&Item| matches!(&item.leaf, Some(Leaf::Metric { part, .. }) if *part != Part::Value);
        let at = items.iter().find(of).map_or(metric.span, |item| item.span);
        let fact = format!("an earlier value of `{}` without a comparison", metric.name);
        Err(Diagnostic::new(Code::InvalidComparison, fact)
            .at(at)
            .help("add COMPARE('previous_period') to WHERE, beside a time range")
            .example("WHERE TIME_RANGE('last_7_days') AND COMPARE('previous_period')"))
    }

    /// Whether the request's answer has the columns of SELECT, in its order, under its names.
    pub(super) fn is_listed(&self, items: &[Item], compared: bool) -> bool {
        let columns: Option<Vec<ColumnOf>> = items.iter().map(|item| self.column(item.leaf.as_ref()?)).collect();
        let Some(columns) = columns else { return false };
        let renamed = items.iter().any(|item| {
            item.alias.is_some() && matches!(&item.leaf, Some(Leaf::Metric { part, .. }) if *part != Part::Value)
        });
        let groups = (0..self.groups.len()).map(ColumnOf::Group);
        let values = (0..self.metrics.len()).map(|metric| ColumnOf::Metric(metric, Part::Value));
        let is_plain = columns == groups.clone().chain(values).collect::<Vec<_>>();
        let all_parts = (0..self.metrics.len())
            .flat_map(|metric| self.parts(metric).into_iter().map(move |part| ColumnOf::Metric(metric, part)));
        is_plain || (compared && !renamed && columns == groups.chain(all_parts).collect::<Vec<_>>())
    }

    /// The columns that a comparison with a period gives a metric.
    fn parts(&self, metric: usize) -> Vec<Part> {
        let found = self.names.catalog.metric_named(&self.metrics[metric].name);
        let is_percent = found.is_some_and(|found| self.names.catalog.metric(found.id).format == Format::Percent);
        let gives = |part: &Part| match part {
            Part::Value | Part::Previous | Part::Change | Part::PercentChange => true,
            Part::Points => is_percent,
            Part::FullTarget => false,
        };
        Part::ALL.into_iter().filter(gives).collect()
    }

    /// Whether the answer's column of a leaf is told by its name: no other metric of the request has the name too.
    pub(in crate::query::sql::lift) fn is_told(&self, leaf: &Leaf) -> bool {
        let Leaf::Metric { name, offset, filter, .. } = leaf else { return true };
        let mut same = self.metrics.iter().filter(|known| known.name == *name && known.offset == *offset);
        match (same.next(), same.next()) {
            (None, _) => offset.is_none() && filter.is_none(),
            (Some(only), None) => only.is(leaf),
            (Some(_), Some(_)) => false,
        }
    }

    /// Whether the filter of a metric would be another one's too, were it put on the name.
    pub(super) fn shares_name(&self, position: usize) -> bool {
        let metric = &self.metrics[position];
        metric.filter.is_some() && self.metrics.iter().filter(|other| other.name == metric.name).count() > 1
    }

    /// Whether each metric that shares its name has an alias in SELECT that is no metric's name, and no two have one.
    pub(super) fn are_aliased(&self, items: &[Item]) -> bool {
        let shared: Vec<usize> = (0..self.metrics.len()).filter(|position| self.shares_name(*position)).collect();
        let alias = |position: &usize| {
            let of = |item: &&Item| item.leaf.as_ref().is_some_and(|leaf| self.metrics[*position].is(leaf));
            items.iter().find(of).and_then(|item| item.alias.as_deref())
        };
        let aliases: Vec<&str> = shared.iter().filter_map(alias).collect();
        let differ = aliases.iter().enumerate().all(|(i, alias)| !aliases[..i].contains(alias));
        aliases.len() == shared.len()
            && differ
            && aliases.iter().all(|alias| self.names.catalog.metric_named(alias).is_none())
    }

    pub(super) fn column(&self, leaf: &Leaf) -> Option<ColumnOf> {
        match leaf {
            Leaf::Group(name) => self.groups.iter().position(|(known, _)| known == name).map(ColumnOf::Group),
            Leaf::Metric { part, .. } => {
                let metric = self.metrics.iter().position(|known| known.is(leaf))?;
                Some(ColumnOf::Metric(metric, *part))
            }
        }
    }
}
