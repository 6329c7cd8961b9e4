//! What semantic models of both vocabularies are made of: entities and dimensions, and the dataset
//! that they make together.

use super::fields::Report;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::model::{Dataset, Dimension, DimensionKind, Entity, EntityKind, Location, Validity};
use crate::source::{Span, Spanned};
use crate::time::granularity::Granularity;

/// A dimension, and which end of a row's validity it is.
pub(super) struct Element {
    pub(super) dimension: Dimension,
    pub(super) is_validity_start: bool,
    pub(super) is_validity_end: bool,
    /// `is_primary: true` of old files: the default time dimension.
    pub(super) is_primary_time: bool,
}

/// What a semantic model gives besides its measures.
pub(super) struct Parts {
    pub(super) name: Spanned<String>,
    pub(super) label: Option<Spanned<String>>,
    pub(super) description: Option<Spanned<String>>,
    pub(super) table: Spanned<String>,
    pub(super) time: Option<Spanned<String>>,
    pub(super) primary_entity: Option<Spanned<String>>,
    pub(super) entities: Vec<Entity>,
    pub(super) elements: Vec<Element>,
    pub(super) span: Span,
}

/// An entity. An expression that is more than a column is told, and left out: entities are columns.
pub(super) fn entity(
    report: &Report,
    name: Spanned<String>,
    kind: Spanned<EntityKind>,
    expr: Option<Spanned<String>>,
    description: Option<Spanned<String>>,
    span: Span,
) -> Entity {
    let expr = expr.unwrap_or_else(|| name.clone());
    let columns = match column(&expr.value) {
        Some(column) => vec![Spanned::new(column, expr.span)],
        None => {
            let fact = format!("the expression of entity `{}` is not read", name.value);
            report.loss(expr.span, fact, "an entity here is a column; nothing joins or groups by this one");
            Vec::new()
        }
    };
    Entity { name, kind: Some(kind), columns, description, span }
}

/// A dimension without synonyms, by its written parts.
pub(super) fn dimension(
    name: Spanned<String>,
    kind: Spanned<DimensionKind>,
    expr: Option<Spanned<String>>,
    granularity: Option<Spanned<Granularity>>,
    span: Span,
) -> Dimension {
    Dimension {
        name,
        label: None,
        description: None,
        synonyms: Vec::new(),
        kind,
        expr,
        granularity,
        stored_as: None,
        normalize: None,
        partition: false,
        hidden: false,
        span,
    }
}

/// The dataset of a semantic model.
pub(super) fn dataset(report: &Report, parts: Parts) -> Dataset {
    let Parts { name, label, description, table, time, primary_entity, mut entities, elements, span } = parts;
    let validity = validity(report, &name, &elements);
    let primary_time = elements.iter().find(|e| e.is_primary_time).map(|e| e.dimension.name.clone());
    let key = |kind: EntityKind| {
        let of_kind = entities.iter().filter(move |e| e.kind.as_ref().is_some_and(|k| k.value == kind));
        of_kind.map(|e| e.columns.clone()).filter(|columns| !columns.is_empty()).collect::<Vec<_>>()
    };
    let primary_key = key(EntityKind::Primary).into_iter().next().unwrap_or_default();
    let unique_keys = key(EntityKind::Unique);
    if let Some(primary) = primary_entity.filter(|primary| entities.iter().all(|e| e.name.value != primary.value)) {
        let kind = Some(Spanned::new(EntityKind::Primary, primary.span));
        let span = primary.span;
        entities.insert(0, Entity { name: primary, kind, columns: Vec::new(), description: None, span });
    }
    Dataset {
        name,
        label,
        description,
        source: Location::Table { name: table },
        columns: Vec::new(),
        primary_key,
        unique_keys,
        time: time.or(primary_time),
        watermark: None,
        dimensions: elements.into_iter().map(|e| e.dimension).collect(),
        entities,
        validity,
        metrics: Vec::new(),
        currency: None,
        normalize: None,
        span,
    }
}

/// From when until when a row holds: the columns of the two dimensions that say so.
fn validity(report: &Report, dataset: &Spanned<String>, elements: &[Element]) -> Option<Validity> {
    let end_of = |is_end: fn(&Element) -> bool| {
        let dimension = &elements.iter().find(|e| is_end(e))?.dimension;
        let expr = dimension.expr.as_ref().unwrap_or(&dimension.name);
        let column = column(&expr.value).map(|column| Spanned::new(column, expr.span));
        if column.is_none() {
            let message = format!("the validity of `{}` by an expression", dataset.value);
            let fault = Diagnostic::new(Code::UnsupportedExpression, message).at(expr.span);
            report.fault(fault.help("`validity_params` need dimensions that are columns"));
        }
        column
    };
    match (end_of(|e| e.is_validity_start), end_of(|e| e.is_validity_end)) {
        (Some(from), Some(to)) => {
            let span = from.span.to(to.span);
            Some(Validity { from, to, span })
        }
        (Some(one), None) | (None, Some(one)) => {
            let message = format!("`{}` has one end of its validity and not the other", dataset.value);
            let fault = Diagnostic::new(Code::InvalidModel, message).at(one.span);
            report.fault(fault.help("one dimension has `is_start: true`, another `is_end: true`"));
            None
        }
        (None, None) => None,
    }
}

/// The column that an expression is: a word, or anything in double quotes.
pub(super) fn column(expr: &str) -> Option<String> {
    let expr = expr.trim();
    if let Some(quoted) = expr.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) {
        return (!quoted.is_empty() && !quoted.contains('"')).then(|| quoted.to_string());
    }
    let plain = expr.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && expr.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    let word = !["true", "false", "null"].contains(&expr.to_ascii_lowercase().as_str());
    (plain && word).then(|| expr.to_string())
}

/// The table that `ref('orders')`, `source('raw', 'orders')` or the same in braces means: its last
/// name. Versions and packages do not tell tables apart here.
pub(super) fn table(report: &Report, written: &Spanned<String>) -> Option<Spanned<String>> {
    let text = written.value.trim().trim_start_matches("{{").trim_end_matches("}}").trim();
    let inside = ["ref", "source"]
        .iter()
        .find_map(|call| text.strip_prefix(call)?.trim_start().strip_prefix('(')?.strip_suffix(')'));
    let names: Vec<&str> = inside.into_iter().flat_map(|list| list.split(',')).filter_map(quoted).collect();
    match (names.last(), column(text)) {
        (Some(last), _) => Some(Spanned::new((*last).to_string(), written.span)),
        (None, Some(bare)) => Some(Spanned::new(bare, written.span)),
        (None, None) => {
            let message = format!("`{}` names no table", written.value);
            let fault = Diagnostic::new(Code::UnknownValue, message).at(written.span);
            report.fault(fault.help("write ref('table') or source('source', 'table')"));
            None
        }
    }
}

/// What stands in quotes.
fn quoted(text: &str) -> Option<&str> {
    let text = text.trim();
    let inside = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    inside('\'').or_else(|| inside('"')).filter(|name| !name.is_empty())
}
