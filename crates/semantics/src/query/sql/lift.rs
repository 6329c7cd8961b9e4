//! SELECTs over metrics, wherever they stand in a statement, lifted into requests.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr as Sql, Function, Ident, ObjectName, ObjectNamePart, Query, Select, SelectItem, SetExpr, Spanned, TableAlias,
    TableFactor, VisitMut, VisitorMut,
};

use super::guard::span_of;
use super::{Composed, Lifted, Statement, functions, system, table_name};
use crate::catalog::Catalog;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics, nearest};
use crate::expr::parse::Tokens;
use crate::source::Span;

mod bounds;
mod conditions;
mod names;
mod order;
mod select;
mod view;

use select::Clauses;

/// The table that every metric stands in.
const METRICS: &str = "metrics";

/// The statement with its SELECTs over metrics lifted.
pub(super) fn statement(catalog: &Catalog, tokens: &Tokens, mut query: Box<Query>) -> Result<Statement, Diagnostics> {
    let ctes = ctes(catalog, tokens, &query)?;
    let mut lifter =
        Lifter { catalog, tokens, ctes, lifted: Vec::new(), is_whole: Vec::new(), datasets: BTreeSet::new() };
    if let ControlFlow::Break(found) = query.visit(&mut lifter) {
        return Err(*found);
    }
    let Lifter { mut lifted, is_whole, datasets, .. } = lifter;
    if is_whole == [true] && query.with.is_none() && is_table(&query.body, &table_name(0)) {
        return Ok(Statement::Metrics(Box::new(lifted.remove(0))));
    }
    Ok(Statement::Query(Box::new(Composed { query, lifted, datasets: datasets.into_iter().collect() })))
}

/// What a SELECT over metrics reads.
enum From {
    /// Every metric.
    Metrics,
    /// Those of one dataset.
    Dataset(String),
}

/// What a SELECT over metrics reads, and the name that it goes by there.
struct Source {
    from: From,
    name: String,
}

struct Lifter<'a> {
    catalog: &'a Catalog,
    tokens: &'a Tokens<'a>,
    /// In lower case.
    ctes: BTreeSet<String>,
    lifted: Vec<Lifted>,
    /// Whether the answer of the n-th is what its SELECT lists, column by column.
    is_whole: Vec<bool>,
    datasets: BTreeSet<String>,
}

type Visited = ControlFlow<Box<Diagnostics>>;

impl VisitorMut for Lifter<'_> {
    type Break = Box<Diagnostics>;

    fn pre_visit_query(&mut self, query: &mut Query) -> Visited {
        flow(view::collapse(self.catalog, self.tokens, query))
    }

    fn pre_visit_table_factor(&mut self, table: &mut TableFactor) -> Visited {
        flow(view::expand(self.catalog, self.tokens, table))
    }

    fn post_visit_query(&mut self, query: &mut Query) -> Visited {
        let Query { body, order_by, limit_clause, .. } = query;
        match body.as_mut() {
            SetExpr::Select(select) => self.select(select, Clauses { order_by, limit: limit_clause }),
            SetExpr::SetOperation { left, right, .. } => {
                self.leaves(left)?;
                self.leaves(right)
            }
            _ => ControlFlow::Continue(()),
        }
    }
}

impl Lifter<'_> {
    fn leaves(&mut self, body: &mut SetExpr) -> Visited {
        match body {
            SetExpr::Select(select) => self.select(select, Clauses { order_by: &mut None, limit: &mut None }),
            SetExpr::SetOperation { left, right, .. } => {
                self.leaves(left)?;
                self.leaves(right)
            }
            _ => ControlFlow::Continue(()),
        }
    }

    fn select(&mut self, select: &mut Select, clauses: Clauses) -> Visited {
        let source = match self.source(select) {
            Ok(source) => source,
            Err(fault) => return ControlFlow::Break(Box::new(fault.into())),
        };
        let Some(source) = source else { return flow(self.plain(select, &clauses)) };
        let table = table_name(self.lifted.len());
        match select::lift(self.catalog, self.tokens, &source, select, clauses, &table) {
            Ok((lifted, is_whole)) => {
                self.lifted.push(lifted);
                self.is_whole.push(is_whole);
                ControlFlow::Continue(())
            }
            Err(found) => ControlFlow::Break(Box::new(found)),
        }
    }

    /// What a SELECT reads, where it is of metrics. Every table must be one that there is.
    fn source(&mut self, select: &Select) -> Result<Option<Source>, Diagnostic> {
        let mut tables = Vec::new();
        for from in &select.from {
            tables_of(&from.relation, &mut tables);
            from.joins.iter().for_each(|join| tables_of(&join.relation, &mut tables));
        }
        let is_alone = matches!(select.from.as_slice(), [only] if only.joins.is_empty());
        let mut found = None;
        for (name, alias) in tables {
            let at = span_of(self.tokens, name);
            let written = written(name);
            let lower = written.to_lowercase();
            let known_as = alias.as_ref().map_or_else(|| lower.clone(), |alias| alias.name.value.clone());
            if self.ctes.contains(&lower) || lower.starts_with("__metrics_") || system::is_table(&lower) {
                continue;
            }
            let dataset =
                [written.as_str(), lower.as_str()].into_iter().find_map(|name| self.catalog.dataset_named(name));
            match dataset {
                Some(dataset) if calls_metrics(select) && is_alone => {
                    found = Some(Source { from: From::Dataset(dataset.name.clone()), name: known_as });
                }
                Some(dataset) => {
                    self.datasets.insert(dataset.name.clone());
                }
                None if lower == METRICS && is_alone => found = Some(Source { from: From::Metrics, name: known_as }),
                None if lower == METRICS => {
                    let fault = Diagnostic::new(Code::InvalidQuery, "`metrics` beside another table").at(at);
                    return Err(fault.help(
                        "put it in a sub-query of its own: FROM (SELECT … FROM metrics GROUP BY ALL) AS m JOIN …",
                    ));
                }
                None => return Err(self.unknown_table(&written, at)),
            }
        }
        Ok(found)
    }

    fn unknown_table(&self, name: &str, at: Span) -> Diagnostic {
        let datasets = self.catalog.datasets().iter().map(|dataset| dataset.name.as_str());
        let known: Vec<&str> = [METRICS].into_iter().chain(datasets).chain(system::TABLES).collect();
        let fault = Diagnostic::new(Code::InvalidQuery, format!("unknown table `{name}`")).at(at);
        let is_metric = self.catalog.metric_named(name).is_some();
        let help = if is_metric {
            format!("`{name}` is a metric: SELECT MEASURE({name}) FROM metrics")
        } else {
            format!("tables are {}", known[..known.len().min(12)].join(", "))
        };
        fault.candidates(nearest(name, known.iter().copied())).help(help)
    }

    /// A SELECT over rows holds nothing of metrics.
    fn plain(&self, select: &mut Select, clauses: &Clauses) -> Result<(), Diagnostics> {
        let mut calls = Calls { depth: 0, found: None };
        let _ = select.visit(&mut calls);
        if let Some(order) = clauses.order_by.as_ref() {
            let _ = order.clone().visit(&mut calls);
        }
        match calls.found {
            Some(name) => {
                let shown = written(&name).to_uppercase();
                let fault = Diagnostic::new(Code::InvalidQuery, format!("`{shown}` outside of a SELECT over metrics"));
                let help = "it stands in SELECT … FROM metrics; to join, put that in a sub-query or a CTE";
                Err(fault.at(span_of(self.tokens, &name)).help(help).into())
            }
            None => {
                name_expressions(select);
                Ok(())
            }
        }
    }
}

/// An expression without an alias is named as it is written, not as the engine would write it.
fn name_expressions(select: &mut Select) {
    for item in &mut select.projection {
        let SelectItem::UnnamedExpr(expr) = item else { continue };
        if !matches!(expr, Sql::Identifier(_) | Sql::CompoundIdentifier(_)) {
            let alias = ident(&expr.to_string(), expr);
            *item = SelectItem::ExprWithAlias { expr: expr.clone(), alias };
        }
    }
}

fn flow(result: Result<(), Diagnostics>) -> Visited {
    match result {
        Ok(()) => ControlFlow::Continue(()),
        Err(found) => ControlFlow::Break(Box::new(found)),
    }
}

/// The names of the statement's CTEs; none takes the name of a table that there is.
fn ctes(catalog: &Catalog, tokens: &Tokens, query: &Query) -> Result<BTreeSet<String>, Diagnostics> {
    let mut names = BTreeSet::new();
    for cte in query.with.iter().flat_map(|with| &with.cte_tables) {
        let name = &cte.alias.name;
        let lower = name.value.to_lowercase();
        let taken = lower == METRICS || lower.starts_with("__") || catalog.dataset_named(&lower).is_some();
        if taken || !names.insert(lower) {
            let fault = Diagnostic::new(Code::InvalidQuery, format!("a second table named `{}`", name.value));
            return Err(fault
                .at(span_of(tokens, &Sql::Identifier(name.clone())))
                .help("give the CTE another name")
                .into());
        }
    }
    Ok(names)
}

fn tables_of<'s>(factor: &'s TableFactor, tables: &mut Vec<(&'s ObjectName, &'s Option<TableAlias>)>) {
    match factor {
        TableFactor::Table { name, alias, .. } => tables.push((name, alias)),
        TableFactor::NestedJoin { table_with_joins, .. } => {
            tables_of(&table_with_joins.relation, tables);
            table_with_joins.joins.iter().for_each(|join| tables_of(&join.relation, tables));
        }
        _ => {}
    }
}

/// The name as written, its parts joined by points, without quotes.
fn written(name: &ObjectName) -> String {
    let parts = name.0.iter().filter_map(|part| match part {
        ObjectNamePart::Identifier(ident) => Some(ident.value.as_str()),
        _ => None,
    });
    parts.collect::<Vec<_>>().join(".")
}

fn is_table(body: &SetExpr, wanted: &str) -> bool {
    match body {
        SetExpr::Select(select) => match select.from.as_slice() {
            [only] => matches!(&only.relation, TableFactor::Table { name, .. } if written(name) == wanted),
            _ => false,
        },
        _ => false,
    }
}

/// The function's name in lower case.
fn function_name(function: &Function) -> String {
    written(&function.name).to_lowercase()
}

/// Whether a SELECT calls a function of metrics, not counting its sub-queries.
fn calls_metrics(select: &Select) -> bool {
    let mut select = select.clone();
    select.from.clear();
    let mut calls = Calls { depth: 0, found: None };
    let _ = select.visit(&mut calls);
    calls.found.is_some()
}

/// The first call of a function of metrics, not counting sub-queries.
struct Calls {
    depth: usize,
    found: Option<ObjectName>,
}

impl VisitorMut for Calls {
    type Break = ();

    fn pre_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<()> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Sql) -> ControlFlow<()> {
        if let (Sql::Function(function), 0, None) = (&*expr, self.depth, &self.found)
            && functions::SEMANTIC.contains(&function_name(function).as_str())
        {
            self.found = Some(function.name.clone());
        }
        ControlFlow::Continue(())
    }
}

/// A name in double quotes, at the place of `like`.
fn ident(name: &str, like: &impl Spanned) -> Ident {
    Ident { value: name.to_string(), quote_style: Some('"'), span: like.span() }
}
