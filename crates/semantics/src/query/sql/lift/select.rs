//! One SELECT over metrics: its request, and what stands in its place.

use std::collections::HashMap;
use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr as Sql, GroupByExpr, Ident, LimitClause, OrderBy, OrderByExpr, OrderByKind, OrderByOptions, Query, Select,
    SelectItem, Spanned, TableWithJoins, VisitMut, VisitorMut,
};

use super::super::guard::span_of;
use super::super::{ColumnOf, Lifted, LiftedColumn, Places};
use super::conditions::{self, Where};
use super::names::{Leaf, Names, spellings};
use super::order::{self, Limit};
use super::{Source, ident, view};
use crate::catalog::Catalog;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::expr::parse::{Tokens, convert};
use crate::model::metric::Format;
use crate::query::field::{Field, FieldOf, Grain};
use crate::query::request::{FilterItem, GroupItem, MetricItem, MetricsRequest, OrderItem, TimeArguments};
use crate::query::resolved::Part;
use crate::source::Span;

/// The clauses that stand beside a SELECT in its query.
pub(super) struct Clauses<'q> {
    pub order_by: &'q mut Option<OrderBy>,
    pub limit: &'q mut Option<LimitClause>,
}

/// One column of SELECT.
pub(super) struct Item {
    expr: Sql,
    /// None of an expression over groups and metrics.
    pub leaf: Option<Leaf>,
    /// As the request and the answer have it.
    pub alias: Option<String>,
    /// What the rest of the statement calls it.
    label: String,
    span: Span,
}

/// Lifts `select`. It becomes a SELECT of columns of `table`, which holds the request's answer. The flag says that
/// the answer's own columns, order and limit are those of the SELECT.
pub(super) fn lift(
    catalog: &Catalog,
    tokens: &Tokens,
    source: &Source,
    select: &mut Select,
    clauses: Clauses,
    table: &str,
) -> Result<(Lifted, bool), Diagnostics> {
    let names = Names { catalog, tokens, source };
    let items = items(&names, select)?;
    let mut draft = Draft { names, groups: Vec::new(), metrics: Vec::new() };
    draft.register_items(&items)?;
    let grouped = draft.grouped(&items, &select.group_by)?;
    draft.check_grouped(&items, &grouped, select)?;
    let found = conditions::read(&names, select.selection.as_ref())?;
    let (having, having_after) = having(&names, &items, select.having.as_ref())?;
    let keys = order::keys(clauses.order_by.as_ref());
    let order = order::asked(&names, &items, keys)?;
    let limit = order::limit(&names, clauses.limit.as_ref())?;
    let is_whole = draft.is_listed(&items, found.comparison.is_some())
        && (select.distinct.is_none() || draft.metrics.is_empty() || grouped.len() == draft.groups.len())
        && having_after.is_empty()
        && select.qualify.is_none()
        && select.named_window.is_empty()
        && order.is_some()
        && limit != Limit::Other;
    let order = order.unwrap_or_default();
    if found.comparison.is_none() {
        draft.without_comparison(&items)?;
    }
    let mut after = After { select, clauses, table, having: having_after };
    let rewritten = after.rewrite(&mut draft, &items, is_whole)?;
    if draft.metrics.is_empty() && draft.groups.is_empty() {
        let fault = Diagnostic::new(Code::EmptyQuery, "a SELECT over metrics that names none").at(tokens.whole());
        return Err(fault.help("name a metric: SELECT MEASURE(net_sales) FROM metrics").into());
    }
    let (order, limit) = if is_whole { (Some(order), limit) } else { (None, Limit::None) };
    let lifted = draft.request(&items, found, having, order, limit, is_whole, rewritten)?;
    Ok((lifted, is_whole))
}

fn items(names: &Names, select: &Select) -> Result<Vec<Item>, Diagnostic> {
    let mut items = Vec::with_capacity(select.projection.len());
    for item in &select.projection {
        let (expr, alias) = match item {
            SelectItem::UnnamedExpr(expr) => (expr, None),
            SelectItem::ExprWithAlias { expr, alias } => (expr, Some(alias.value.clone())),
            SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..) => {
                let fault = Diagnostic::new(Code::InvalidQuery, "`*` over metrics").at(span_of(names.tokens, item));
                return Err(
                    fault.help("name the metrics: SELECT MEASURE(net_sales) FROM metrics; SHOW METRICS lists them")
                );
            }
            SelectItem::ExprWithAliases { .. } => {
                let fault = Diagnostic::new(Code::InvalidQuery, "several aliases of one column");
                return Err(fault.at(span_of(names.tokens, item)).help("a column has one alias"));
            }
        };
        let leaf = names.leaf(expr)?;
        let span = span_of(names.tokens, expr);
        let label = alias.clone().unwrap_or_else(|| match &leaf {
            Some(Leaf::Group(name)) => name.rsplit('.').next().unwrap_or(name).to_string(),
            Some(Leaf::Metric { name, part, .. }) => format!("{name}{}", part.suffix()),
            None => expr.to_string(),
        });
        items.push(Item { expr: expr.clone(), leaf, alias, label, span });
    }
    Ok(items)
}

/// The name by which a request's `having` and `order_by` know a column.
pub(super) fn answer_name(leaf: &Leaf) -> String {
    match leaf {
        Leaf::Group(name) => name.clone(),
        Leaf::Metric { name, part, .. } => format!("{name}{}", part.suffix()),
    }
}

/// HAVING as conditions of a request, and those that only what comes after can hold.
#[allow(clippy::type_complexity, reason = "two lists, told apart at once")]
fn having(
    names: &Names,
    items: &[Item],
    having: Option<&Sql>,
) -> Result<(Vec<(crate::expr::Expr<crate::expr::Name>, Span)>, Vec<Sql>), Diagnostic> {
    let (mut lifted, mut after) = (Vec::new(), Vec::new());
    for condition in conditions::ands(having) {
        let mut own = condition.clone();
        let mut is_computed = false;
        walk(&mut own, &mut |expr| {
            let leaf = match order::by_alias(names, items, expr) {
                Some(item) if item.leaf.is_none() => {
                    is_computed = true;
                    return Ok(());
                }
                Some(item) => item.leaf.clone(),
                None => names.leaf(expr)?,
            };
            if let Some(leaf) = leaf {
                *expr = Sql::Identifier(Ident { value: answer_name(&leaf), quote_style: None, span: start_of(expr) });
            }
            Ok(())
        })?;
        match convert(names.tokens, &own) {
            Ok(condition_of) if !is_computed => lifted.push((condition_of, span_of(names.tokens, condition))),
            _ => after.push(condition.clone()),
        }
    }
    Ok((lifted, after))
}

fn start_of(expr: &Sql) -> sqlparser::tokenizer::Span {
    let span = expr.span();
    sqlparser::tokenizer::Span { start: span.start, end: span.start }
}

/// Visits an expression and what is in it before its parts, sub-queries left out.
fn walk(expr: &mut Sql, visit: &mut dyn FnMut(&mut Sql) -> Result<(), Diagnostic>) -> Result<(), Diagnostic> {
    match expr.visit(&mut Walk { visit, depth: 0 }) {
        ControlFlow::Break(fault) => Err(*fault),
        ControlFlow::Continue(()) => Ok(()),
    }
}

struct Walk<'v> {
    visit: &'v mut dyn FnMut(&mut Sql) -> Result<(), Diagnostic>,
    depth: usize,
}

impl VisitorMut for Walk<'_> {
    type Break = Box<Diagnostic>;

    fn pre_visit_query(&mut self, _: &mut Query) -> ControlFlow<Self::Break> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<Self::Break> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Sql) -> ControlFlow<Self::Break> {
        let is_ours = matches!(expr, Sql::Identifier(ident) if ident.value.starts_with("__"));
        if self.depth > 0 || is_ours {
            return ControlFlow::Continue(());
        }
        match (self.visit)(expr) {
            Ok(()) => ControlFlow::Continue(()),
            Err(fault) => ControlFlow::Break(Box::new(fault)),
        }
    }
}

struct Metric {
    name: String,
    asked: String,
    filter: Option<Box<Sql>>,
    span: Span,
    /// The parts of it that the statement uses.
    parts: Vec<Part>,
}

/// The groups and metrics of a request, in the order met.
struct Draft<'a> {
    names: Names<'a>,
    groups: Vec<(String, Span)>,
    metrics: Vec<Metric>,
}

impl Draft<'_> {
    fn register(&mut self, leaf: &Leaf, at: Span) -> Result<ColumnOf, Diagnostic> {
        match leaf {
            Leaf::Group(name) => {
                let known = self.groups.iter().position(|(known, _)| known == name);
                Ok(ColumnOf::Group(known.unwrap_or_else(|| {
                    self.groups.push((name.clone(), at));
                    self.groups.len() - 1
                })))
            }
            Leaf::Metric { name, asked, part, filter } => {
                let known = self.metrics.iter().position(|known| known.name == *name).unwrap_or_else(|| {
                    let (name, asked, filter) = (name.clone(), asked.clone(), filter.clone());
                    self.metrics.push(Metric { name, asked, filter, span: at, parts: Vec::new() });
                    self.metrics.len() - 1
                });
                let metric = &mut self.metrics[known];
                if metric.filter != *filter {
                    let fault =
                        Diagnostic::new(Code::NotSupportedYet, format!("`{name}` under two filters in one SELECT"));
                    return Err(fault.at(at).help("ask it in two SELECTs and join them by their groups"));
                }
                if !metric.parts.contains(part) {
                    metric.parts.push(*part);
                }
                Ok(ColumnOf::Metric(known, *part))
            }
        }
    }

    fn register_items(&mut self, items: &[Item]) -> Result<(), Diagnostic> {
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

    /// The positions of the groups that GROUP BY names.
    fn grouped(&mut self, items: &[Item], group_by: &GroupByExpr) -> Result<Vec<usize>, Diagnostic> {
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
    fn check_grouped(&self, items: &[Item], grouped: &[usize], select: &Select) -> Result<(), Diagnostic> {
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

    fn without_comparison(&self, items: &[Item]) -> Result<(), Diagnostic> {
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
    fn is_listed(&self, items: &[Item], compared: bool) -> bool {
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

    /// The columns that a comparison gives a metric.
    fn parts(&self, metric: usize) -> Vec<Part> {
        let found = self.names.catalog.metric_named(&self.metrics[metric].name);
        let is_percent = found.is_some_and(|found| self.names.catalog.metric(found.id).format == Format::Percent);
        Part::ALL.into_iter().filter(|part| *part != Part::Points || is_percent).collect()
    }

    fn column(&self, leaf: &Leaf) -> Option<ColumnOf> {
        match leaf {
            Leaf::Group(name) => self.groups.iter().position(|(known, _)| known == name).map(ColumnOf::Group),
            Leaf::Metric { name, part, .. } => {
                let metric = self.metrics.iter().position(|known| known.name == *name)?;
                Some(ColumnOf::Metric(metric, *part))
            }
        }
    }

    #[allow(clippy::too_many_arguments, reason = "the parts of one request")]
    fn request(
        self,
        items: &[Item],
        found: Where,
        having: Vec<(crate::expr::Expr<crate::expr::Name>, Span)>,
        order: Option<Vec<order::Asked>>,
        limit: Limit,
        is_whole: bool,
        columns: Vec<LiftedColumn>,
    ) -> Result<Lifted, Diagnostic> {
        let mut places = Places::default();
        let alias_of = |wanted: &Leaf| {
            let item = items.iter().find(|item| item.leaf.as_ref().is_some_and(|leaf| same(leaf, wanted)))?;
            item.alias.clone().filter(|alias| is_whole && *alias != answer_name(wanted))
        };
        let mut where_ = Vec::new();
        let mut place = |field: String, span: Span| {
            places.0.push((field.clone(), span));
            field
        };
        let mut metrics = Vec::new();
        for (i, metric) in self.metrics.iter().enumerate() {
            let field = place(format!("metric_names[{i}]"), metric.span);
            let leaf = Leaf::Metric {
                name: metric.name.clone(),
                asked: metric.asked.clone(),
                part: Part::Value,
                filter: None,
            };
            let alias = alias_of(&leaf).filter(|alias| *alias != metric.asked);
            metrics.push(MetricItem { name: metric.asked.clone(), alias, field });
        }
        for (condition, span) in found.conditions {
            let field = place(format!("where[{}]", where_.len()), span);
            where_.push(FilterItem { metric: None, condition, field });
        }
        for metric in &self.metrics {
            let Some(filter) = &metric.filter else { continue };
            let condition = conditions::row_condition(&self.names, filter)?;
            let field = place(format!("where[{}]", where_.len()), span_of(self.names.tokens, filter.as_ref()));
            where_.push(FilterItem { metric: Some(metric.name.clone()), condition, field });
        }
        let having = having.into_iter().enumerate().map(|(i, (condition, span))| {
            let field = place(format!("having[{i}]"), span);
            FilterItem { metric: None, condition, field }
        });
        let having: Vec<FilterItem> = having.collect();
        let order_by = order.filter(|order| !order.is_empty()).map(|order| {
            let one = |(i, asked): (usize, order::Asked)| {
                let field = place(format!("order_by[{i}]"), asked.span);
                OrderItem { column: asked.column, descending: asked.descending, field }
            };
            order.into_iter().enumerate().map(one).collect()
        });
        let mut time = TimeArguments::default();
        if let Some((text, span)) = found.time_range {
            place("time_range".to_string(), span);
            time.time_range = Some(text);
        }
        if let Some((text, span)) = found.comparison {
            place("comparison".to_string(), span);
            time.comparison = Some(text);
        }
        let mut group_by = Vec::new();
        for (i, (name, span)) in self.groups.iter().enumerate() {
            let alias = alias_of(&Leaf::Group(name.clone()));
            let granularity = if i == 0 { series(self.names.catalog, name) } else { None };
            if let Some(granularity) = &granularity {
                place("granularity".to_string(), *span);
                time.granularity = Some(granularity.clone());
            }
            if granularity.is_none() || alias.is_some() {
                let field = place(format!("group_by[{}]", group_by.len()), *span);
                group_by.push(GroupItem { name: name.clone(), grain: None, date_part: None, alias, field });
            }
        }
        let limit = match limit {
            Limit::Rows(rows) => Some(rows),
            Limit::None | Limit::Other => None,
        };
        let request = MetricsRequest {
            metrics,
            time,
            group_by,
            where_,
            having,
            order_by,
            limit,
            totals: Some(false),
            ..MetricsRequest::default()
        };
        Ok(Lifted { request, places, columns })
    }
}

fn same(a: &Leaf, b: &Leaf) -> bool {
    answer_name(a) == answer_name(b)
}

/// The granularity of a group that is a time series: `metric_time` in standard buckets.
fn series(catalog: &Catalog, name: &str) -> Option<String> {
    match Field::parse(catalog, name) {
        Ok(Field { of: FieldOf::MetricTime, grain: Grain::Bucket(granularity) }) => Some(granularity.to_string()),
        Ok(_) | Err(_) => None,
    }
}

/// The name of a column of the table that takes a SELECT's place. No name of a model begins so.
fn column_name(column: ColumnOf) -> String {
    match column {
        ColumnOf::Group(position) => format!("__g{position}"),
        ColumnOf::Metric(position, part) => format!("__m{position}{}", part.suffix()),
    }
}

/// What comes after the request's answer: a SELECT over its columns.
struct After<'s, 'q> {
    select: &'s mut Select,
    clauses: Clauses<'q>,
    table: &'s str,
    having: Vec<Sql>,
}

impl After<'_, '_> {
    /// Rewrites the SELECT and gives the columns that it reads.
    fn rewrite(&mut self, draft: &mut Draft, items: &[Item], is_whole: bool) -> Result<Vec<LiftedColumn>, Diagnostic> {
        let mut computed: HashMap<String, Sql> = HashMap::new();
        let mut projection = Vec::with_capacity(items.len());
        for item in items {
            let expr = rewritten(draft, &[], &HashMap::new(), &item.expr)?;
            if let (None, Some(alias)) = (&item.leaf, &item.alias) {
                computed.insert(alias.clone(), Sql::Nested(Box::new(expr.clone())));
            }
            projection.push(SelectItem::ExprWithAlias { expr, alias: ident(&item.label, &item.expr) });
        }
        let mut selection: Option<Sql> = None;
        for condition in &self.having {
            let condition = Sql::Nested(Box::new(rewritten(draft, items, &computed, condition)?));
            selection = Some(match selection {
                None => condition,
                Some(known) => Sql::BinaryOp {
                    left: Box::new(known),
                    op: sqlparser::ast::BinaryOperator::And,
                    right: Box::new(condition),
                },
            });
        }
        if let Some(qualify) = self.select.qualify.take() {
            self.select.qualify = Some(rewritten(draft, items, &computed, &qualify)?);
        }
        if is_whole {
            (*self.clauses.order_by, *self.clauses.limit) = (None, None);
        } else {
            self.order(draft, items, &computed)?;
        }
        let select = &mut *self.select;
        (select.projection, select.selection) = (projection, selection);
        select.group_by = GroupByExpr::Expressions(Vec::new(), Vec::new());
        select.having = None;
        if is_whole {
            select.distinct = None;
        }
        select.from = vec![TableWithJoins { relation: view::table_of(self.table), joins: Vec::new() }];
        let groups = (0..draft.groups.len()).map(ColumnOf::Group);
        let metrics = draft.metrics.iter().enumerate();
        let parts = metrics.flat_map(|(i, metric)| metric.parts.iter().map(move |part| ColumnOf::Metric(i, *part)));
        Ok(groups.chain(parts).map(|of| LiftedColumn { name: column_name(of), of }).collect())
    }

    /// The order of the SELECT, and then of its groups, so that a page is stable.
    fn order(&mut self, draft: &mut Draft, items: &[Item], computed: &HashMap<String, Sql>) -> Result<(), Diagnostic> {
        let mut keys = Vec::new();
        for key in order::keys(self.clauses.order_by.as_ref()) {
            let expr = match order::by_place(&draft.names, items, &key.expr)? {
                Some(item) => Sql::Identifier(ident(&item.label, &key.expr)),
                None => match order::by_alias(&draft.names, items, &key.expr) {
                    Some(item) => Sql::Identifier(ident(&item.label, &key.expr)),
                    None => rewritten(draft, items, computed, &key.expr)?,
                },
            };
            keys.push(OrderByExpr { expr, options: key.options, with_fill: None });
        }
        if keys.is_empty() {
            return Ok(());
        }
        if self.select.distinct.is_none() {
            keys.extend((0..draft.groups.len()).map(|group| OrderByExpr {
                expr: Sql::Identifier(Ident::with_quote('"', column_name(ColumnOf::Group(group)))),
                options: OrderByOptions { asc: None, nulls_first: None },
                with_fill: None,
            }));
        }
        *self.clauses.order_by = Some(OrderBy { kind: OrderByKind::Expressions(keys), interpolate: None });
        Ok(())
    }
}

/// An expression over the columns of the answer.
fn rewritten(
    draft: &mut Draft,
    items: &[Item],
    computed: &HashMap<String, Sql>,
    expr: &Sql,
) -> Result<Sql, Diagnostic> {
    let mut own = expr.clone();
    let names = draft.names;
    walk(&mut own, &mut |expr| {
        let alias = match &*expr {
            Sql::Identifier(_) => names
                .written(expr)
                .and_then(|written| spellings(&written).into_iter().find_map(|name| computed.get(&name).cloned())),
            _ => None,
        };
        if let Some(known) = alias {
            *expr = known;
            return Ok(());
        }
        let leaf = match order::by_alias(&names, items, expr) {
            Some(item) if item.leaf.is_some() => item.leaf.clone(),
            _ => names.leaf(expr)?,
        };
        if let Some(leaf) = leaf {
            let column = draft.register(&leaf, span_of(names.tokens, expr))?;
            *expr = Sql::Identifier(ident(&column_name(column), expr));
        }
        Ok(())
    })?;
    Ok(own)
}
