//! WHERE of a SELECT over metrics: its time range and its comparison, and conditions on rows.

use std::ops::ControlFlow;

use sqlparser::ast::{BinaryOperator, Expr as Sql, Ident, Query, Spanned, VisitMut, VisitorMut};

use super::super::functions;
use super::super::guard::span_of;
use super::bounds::Bounds;
use super::function_name;
use super::names::{Leaf, Names, plain_arguments, text_of};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::expr::parse::convert;
use crate::expr::{Expr, Name};
use crate::source::Span;

/// What WHERE says.
#[derive(Default)]
pub(super) struct Where {
    pub time_range: Option<(String, Span)>,
    pub comparison: Option<(String, Span)>,
    pub conditions: Vec<(Expr<Name>, Span)>,
}

/// Reads WHERE: words of time first, then bounds of `metric_time` where no range is named, then the rest.
pub(super) fn read(names: &Names, selection: Option<&Sql>) -> Result<Where, Diagnostic> {
    let mut found = Where::default();
    let mut rest = Vec::new();
    for condition in ands(selection) {
        let at = span_of(names.tokens, condition);
        match words_of_time(names, condition)? {
            Some(("time_range", text)) => set(&mut found.time_range, text, at, "time range")?,
            Some((_, text)) => set(&mut found.comparison, text, at, "comparison")?,
            None => rest.push((condition, at)),
        }
    }
    let mut bounds: Option<(Bounds, Span)> = None;
    for (condition, at) in rest {
        match Bounds::of(names, condition) {
            Some(more) if found.time_range.is_none() => {
                bounds = Some(bounds.map_or((more, at), |(known, span)| (known.and(more), span.to(at))));
            }
            _ => found.conditions.push((row_condition(names, condition)?, at)),
        }
    }
    if let Some((bounds, at)) = bounds {
        found.time_range = Some((bounds.time_range(at)?, at));
    }
    Ok(found)
}

/// The conditions that AND joins, in order; what stands in parentheses is one.
pub(super) fn ands(condition: Option<&Sql>) -> Vec<&Sql> {
    let mut found = Vec::new();
    let mut rest: Vec<&Sql> = condition.into_iter().collect();
    while let Some(next) = rest.pop() {
        match next {
            Sql::BinaryOp { left, op: BinaryOperator::And, right } => rest.extend([right.as_ref(), left.as_ref()]),
            other => found.push(other),
        }
    }
    found
}

fn set(slot: &mut Option<(String, Span)>, text: String, at: Span, what: &str) -> Result<(), Diagnostic> {
    match slot {
        Some(_) => {
            let fault = Diagnostic::new(Code::InvalidQuery, format!("a second {what}")).at(at);
            Err(fault.help(format!("a SELECT over metrics has one {what}")))
        }
        None => {
            *slot = Some((text, at));
            Ok(())
        }
    }
}

/// `TIME_RANGE('…')` and `COMPARE('…')`, also written `time_range = '…'` and `comparison = '…'`.
fn words_of_time(names: &Names, condition: &Sql) -> Result<Option<(&'static str, String)>, Diagnostic> {
    let word = |name: &str| match name {
        "time_range" => Some("time_range"),
        "compare" | "comparison" => Some("comparison"),
        _ => None,
    };
    match condition {
        Sql::Nested(inner) => words_of_time(names, inner),
        Sql::Function(function) => {
            let name = function_name(function);
            let Some(word) = word(&name) else { return Ok(None) };
            match plain_arguments(function).as_deref() {
                Some([text]) if text_of(text).is_some() => Ok(text_of(text).map(|text| (word, text))),
                _ => {
                    let shown = name.to_uppercase();
                    let fault = Diagnostic::new(Code::InvalidQuery, format!("`{shown}` takes one text"));
                    Err(fault
                        .at(span_of(names.tokens, condition))
                        .help(format!("it is written {shown}('last_7_days')")))
                }
            }
        }
        Sql::BinaryOp { left, op: BinaryOperator::Eq, right } => {
            let written = names.written(left).map(|written| written.dotted.to_lowercase());
            let word = written.as_deref().and_then(word);
            Ok(word.zip(text_of(right)))
        }
        _ => Ok(None),
    }
}

/// A condition on rows over the names that requests use.
pub(super) fn row_condition(names: &Names, condition: &Sql) -> Result<Expr<Name>, Diagnostic> {
    let mut own = condition.clone();
    let mut rows = Rows { names, whole: condition, depth: 0 };
    match own.visit(&mut rows) {
        ControlFlow::Break(fault) => Err(*fault),
        ControlFlow::Continue(()) => convert(names.tokens, &own),
    }
}

/// Puts the names of requests for those of the statement, and refuses metrics.
struct Rows<'a> {
    names: &'a Names<'a>,
    whole: &'a Sql,
    /// Sub-queries and metrics by keys that the visitor is in.
    depth: usize,
}

impl VisitorMut for Rows<'_> {
    type Break = Box<Diagnostic>;

    fn pre_visit_query(&mut self, _: &mut Query) -> ControlFlow<Self::Break> {
        self.depth += 1;
        ControlFlow::Continue(())
    }

    fn post_visit_query(&mut self, _: &mut Query) -> ControlFlow<Self::Break> {
        self.depth -= 1;
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, expr: &mut Sql) -> ControlFlow<Self::Break> {
        self.depth -= usize::from(is_metric_by_keys(expr));
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &mut Sql) -> ControlFlow<Self::Break> {
        self.depth += usize::from(is_metric_by_keys(expr));
        if self.depth > 0 {
            return ControlFlow::Continue(());
        }
        match self.one(expr) {
            Ok(Some(name)) => {
                *expr = named(&name, expr);
                ControlFlow::Continue(())
            }
            Ok(None) => ControlFlow::Continue(()),
            Err(fault) => ControlFlow::Break(Box::new(fault)),
        }
    }
}

/// `metric(m, key, …)`, whose names are read with the condition.
fn is_metric_by_keys(expr: &Sql) -> bool {
    matches!(expr, Sql::Function(function) if function_name(function) == "metric")
}

impl Rows<'_> {
    /// The name that takes the expression's place.
    fn one(&self, expr: &Sql) -> Result<Option<String>, Diagnostic> {
        let names = self.names;
        if let Some(bucket) = names.bucket(expr) {
            return Ok(Some(bucket));
        }
        if let Some(written) = names.written(expr) {
            return match names.named(&written)? {
                Leaf::Group(name) => Ok(Some(name)),
                Leaf::Metric { asked, .. } => Err(self.metric(&format!("`{asked}` is a metric"), written.span)),
            };
        }
        let Sql::Function(function) = expr else { return Ok(None) };
        let name = function_name(function);
        let at = span_of(names.tokens, expr);
        if matches!(name.as_str(), "time_range" | "compare") {
            let fault =
                Diagnostic::new(Code::InvalidQuery, format!("`{}` under OR or NOT", name.to_uppercase())).at(at);
            return Err(fault.help("it stands in WHERE beside the other conditions, joined by AND"));
        }
        let is_aggregate =
            functions::SEMANTIC.contains(&name.as_str()) || functions::AGGREGATE.contains(&name.as_str());
        match is_aggregate || function.over.is_some() {
            true => Err(self.metric(&format!("`{}` is of results", name.to_uppercase()), at)),
            false => Ok(None),
        }
    }

    fn metric(&self, fact: &str, at: Span) -> Diagnostic {
        let shown = self.whole.to_string();
        Diagnostic::new(Code::AggregateInWhere, format!("{fact}; WHERE holds conditions on rows"))
            .at(at)
            .help(format!("put the condition into HAVING: HAVING {shown}"))
            .example(format!("HAVING {shown}"))
    }
}

/// A name with its points as the parser would give it, at the place of `like`.
pub(super) fn named(name: &str, like: &Sql) -> Sql {
    let span = like.span();
    let ident = |part: &str| Ident { value: part.to_string(), quote_style: None, span };
    let mut parts: Vec<Ident> = name.split('.').map(ident).collect();
    match parts.len() {
        1 => Sql::Identifier(parts.remove(0)),
        _ => Sql::CompoundIdentifier(parts),
    }
}
