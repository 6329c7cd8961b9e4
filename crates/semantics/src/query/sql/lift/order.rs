//! ORDER BY and LIMIT of a SELECT over metrics.

use sqlparser::ast::{Expr as Sql, LimitClause, OrderBy, OrderByExpr, OrderByKind, Value};

use super::super::guard::span_of;
use super::names::{Leaf, Names, spellings};
use super::select::{Draft, Item, answer_name};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::source::Span;

/// A column of the answer to order by, as a request names it.
pub(super) struct Asked {
    pub column: String,
    pub descending: bool,
    pub span: Span,
}

/// The order as a request has it: none where it orders by more than columns, or puts nulls first.
pub(super) fn asked(draft: &Draft, items: &[Item], order: &[OrderByExpr]) -> Result<Option<Vec<Asked>>, Diagnostic> {
    let names = &draft.names;
    let mut found = Vec::new();
    for key in order {
        let span = span_of(names.tokens, &key.expr);
        let Some(leaf) = leaf_of(names, items, &key.expr)? else { return Ok(None) };
        if key.options.nulls_first == Some(true) || !draft.is_told(&leaf) {
            return Ok(None);
        }
        let column = answer_name(&leaf);
        found.push(Asked { column, descending: key.options.asc == Some(false), span });
    }
    Ok(Some(found))
}

/// The column that a key of the order is: by its place in SELECT, by its alias, or by its name.
fn leaf_of(names: &Names, items: &[Item], key: &Sql) -> Result<Option<Leaf>, Diagnostic> {
    if let Some(item) = by_place(names, items, key)? {
        return Ok(item.leaf.clone());
    }
    if let Some(item) = by_alias(names, items, key) {
        return Ok(item.leaf.clone());
    }
    leaf(names, items, key)
}

/// What an expression beside SELECT is. A bare name of a metric is the metric as SELECT has it, under its filter there;
/// where SELECT has it under several, or without one, it is the metric itself.
pub(super) fn leaf(names: &Names, items: &[Item], expr: &Sql) -> Result<Option<Leaf>, Diagnostic> {
    let found = names.leaf(expr)?;
    let (Some(Leaf::Metric { name, asked, part, .. }), Sql::Identifier(_) | Sql::CompoundIdentifier(_)) =
        (&found, expr)
    else {
        return Ok(found);
    };
    let mut filters = items.iter().filter_map(|item| match &item.leaf {
        Some(Leaf::Metric { name: selected, offset: None, filter, .. }) if selected == name => Some(filter),
        _ => None,
    });
    let Some(filter) = filters.next() else { return Ok(found) };
    if !filters.all(|other| other == filter) {
        return Ok(found);
    }
    let (name, asked, part, filter) = (name.clone(), asked.clone(), *part, filter.clone());
    Ok(Some(Leaf::Metric { name, asked, part, offset: None, filter }))
}

/// The item that a whole number counts out.
pub(super) fn by_place<'i>(names: &Names, items: &'i [Item], key: &Sql) -> Result<Option<&'i Item>, Diagnostic> {
    let Sql::Value(value) = key else { return Ok(None) };
    let Value::Number(digits, _) = &value.value else { return Ok(None) };
    let place = digits.parse::<usize>().ok().and_then(|place| place.checked_sub(1));
    match place.and_then(|place| items.get(place)) {
        Some(item) => Ok(Some(item)),
        None => {
            let fault = Diagnostic::new(Code::InvalidQuery, format!("`{digits}` is no place in SELECT"));
            Err(fault.at(span_of(names.tokens, key)).help(format!("SELECT has the places 1 to {}", items.len())))
        }
    }
}

/// The item that a bare name is the alias of.
pub(super) fn by_alias<'i>(names: &Names, items: &'i [Item], key: &Sql) -> Option<&'i Item> {
    let Sql::Identifier(_) = key else { return None };
    let written = names.written(key)?;
    let spellings = spellings(&written);
    let named = |name: &String| items.iter().find(|item| item.alias.as_ref() == Some(name));
    spellings.iter().find_map(named)
}

pub(super) fn keys(order: Option<&OrderBy>) -> &[OrderByExpr] {
    match order.map(|order| &order.kind) {
        Some(OrderByKind::Expressions(keys)) => keys,
        Some(OrderByKind::All(_)) | None => &[],
    }
}

/// What LIMIT says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Limit {
    None,
    Rows(u64),
    /// With OFFSET, or of no rows: nothing that a request has.
    Other,
}

pub(super) fn limit(names: &Names, clause: Option<&LimitClause>) -> Result<Limit, Diagnostic> {
    let (limit, offset) = match clause {
        None => return Ok(Limit::None),
        Some(LimitClause::LimitOffset { limit, offset, limit_by }) if limit_by.is_empty() => (limit.as_ref(), offset),
        Some(_) => {
            let fault = Diagnostic::new(Code::InvalidQuery, "LIMIT with BY or two numbers").at(names.tokens.whole());
            return Err(fault.help("it is written LIMIT 10 OFFSET 20"));
        }
    };
    let number = |expr: &Sql| match expr {
        Sql::Value(value) => match &value.value {
            Value::Number(digits, _) => digits.parse::<u64>().ok(),
            _ => None,
        },
        _ => None,
    };
    let wrong = |expr: &Sql, what: &str| {
        let fault = Diagnostic::new(Code::InvalidQuery, format!("{what} that is not a whole number"));
        fault.at(span_of(names.tokens, expr)).help("it is written LIMIT 10 OFFSET 20")
    };
    if let Some(offset) = offset
        && number(&offset.value).is_none()
    {
        return Err(wrong(&offset.value, "OFFSET"));
    }
    match limit {
        None => Ok(if offset.is_some() { Limit::Other } else { Limit::None }),
        Some(expr) => match number(expr) {
            None => Err(wrong(expr, "LIMIT")),
            Some(rows) if offset.is_none() && (1..=u64::from(u32::MAX)).contains(&rows) => Ok(Limit::Rows(rows)),
            Some(_) => Ok(Limit::Other),
        },
    }
}
