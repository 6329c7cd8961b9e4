//! One SELECT over metrics: its request, and what stands in its place.

use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr as Sql, Ident, LimitClause, OrderBy, Query, Select, SelectItem, Spanned, VisitMut, VisitorMut,
};

use super::super::guard::span_of;
use super::super::{ColumnOf, Lifted};
use super::Source;
use super::conditions;
use super::names::{Leaf, Names};
use super::order::{self, Limit};
use crate::catalog::Catalog;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::expr::parse::{Tokens, convert};
use crate::expr::{Expr, Name};
use crate::model::metric::Offset;
use crate::source::Span;
use crate::time::comparison::Mode;

mod after;
mod draft;
mod request;

use after::After;
pub(in crate::query::sql::lift) use draft::Draft;

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
    let (having, having_after) = having(&draft, &items, select.having.as_ref())?;
    let keys = order::keys(clauses.order_by.as_ref());
    if draft.metrics.is_empty() {
        // Conditions and orders of a question for dimensions alone may be of metrics: it asks for them then.
        let ordering = keys.iter().map(|key| &key.expr);
        for expr in select.having.iter().chain(ordering) {
            draft.register_metrics(expr)?;
        }
    }
    let order = order::asked(&draft, &items, keys)?;
    let limit = order::limit(&names, clauses.limit.as_ref())?;
    // Against targets an answer has a column that no function of a statement gives.
    let with = found.comparison.as_ref().and_then(|(text, _)| Mode::parse(text));
    let is_whole = draft.is_listed(&items, found.comparison.is_some() && with != Some(Mode::Target))
        && (select.distinct.is_none() || draft.metrics.is_empty() || grouped.len() == draft.groups.len())
        && draft.are_aliased(&items)
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
    let columns = after.rewrite(&mut draft, &items, is_whole)?;
    if draft.metrics.is_empty() && draft.groups.is_empty() {
        let fault = Diagnostic::new(Code::EmptyQuery, "a SELECT over metrics that names none").at(tokens.whole());
        return Err(fault.help("name a metric: SELECT MEASURE(net_sales) FROM metrics").into());
    }
    let (order, limit) = if is_whole { (order, limit) } else { (Vec::new(), Limit::None) };
    let clauses = request::Clauses { found, having, order, limit, is_whole };
    let (request, places) = request::request(&draft, &items, clauses)?;
    Ok((Lifted { request, places, columns }, is_whole))
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
            Some(metric @ Leaf::Metric { .. }) => answer_name(metric),
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
        Leaf::Metric { name, part, offset, .. } => {
            format!("{}{}", Offset::column(offset.as_ref(), name), part.suffix())
        }
    }
}

/// Conditions on results, each with its place.
type Conditions = Vec<(Expr<Name>, Span)>;

/// HAVING as conditions of a request, and those that only what comes after can hold.
fn having(draft: &Draft, items: &[Item], having: Option<&Sql>) -> Result<(Conditions, Vec<Sql>), Diagnostic> {
    let names = &draft.names;
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
                None => order::leaf(names, items, expr)?,
            };
            if let Some(leaf) = leaf {
                is_computed |= !draft.is_told(&leaf);
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

/// The name of a column of the table that takes a SELECT's place. No name of a model begins so.
fn column_name(column: ColumnOf) -> String {
    match column {
        ColumnOf::Group(position) => format!("__g{position}"),
        ColumnOf::Metric(position, part) => format!("__m{position}{}", part.suffix()),
    }
}
