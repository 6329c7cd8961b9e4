//! What semantic models of both vocabularies are made of: entities and dimensions, and the dataset
//! that they make together.

use super::fields::Report;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::model::{Dataset, Dimension, DimensionKind, Entity, EntityKind, Location, Validity};
use crate::source::{Span, Spanned};
use crate::time::granularity::Granularity;

/// An entity, and the expression of its key where that is more than a column.
pub(super) struct Key {
    pub(super) entity: Entity,
    pub(super) expression: Option<Spanned<String>>,
}

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
    pub(super) keys: Vec<Key>,
    pub(super) elements: Vec<Element>,
    pub(super) span: Span,
}

/// An entity. One whose key is more than a column is told: rows are grouped by it, and not joined.
pub(super) fn entity(
    report: &Report,
    name: Spanned<String>,
    kind: Spanned<EntityKind>,
    expr: Option<Spanned<String>>,
    description: Option<Spanned<String>>,
    span: Span,
) -> Key {
    let expr = expr.unwrap_or_else(|| name.clone());
    let (columns, expression) = match column(&expr.value) {
        Some(column) => (vec![Spanned::new(column, expr.span)], None),
        None => {
            let fact = format!("entity `{}` is an expression, by which nothing is joined", name.value);
            report.loss(expr.span, fact, "keys of joins are columns here; rows can be grouped by it");
            (Vec::new(), Some(expr))
        }
    };
    Key { entity: Entity { name, kind: Some(kind), columns, description, span }, expression }
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
    let Parts { name, label, description, table, time, primary_entity, keys, elements, span } = parts;
    let validity = validity(report, &name, &elements);
    let mut primary_times = elements.iter().filter(|e| e.is_primary_time).map(|e| e.dimension.name.clone());
    let time = match time.or_else(|| primary_times.next()) {
        Some(time) => {
            primary_times.for_each(|other| report.count("`is_primary` beside another time dimension", other.span));
            Some(time)
        }
        None => None,
    };
    let mut dimensions: Vec<Dimension> = elements.into_iter().map(|e| e.dimension).collect();
    let mut entities = Vec::new();
    for Key { entity, expression } in keys {
        if let Some(expr) = expression.filter(|_| dimensions.iter().all(|d| d.name.value != entity.name.value)) {
            let kind = Spanned::new(DimensionKind::Categorical, entity.name.span);
            dimensions.push(dimension(entity.name.clone(), kind, Some(expr), None, entity.span));
        }
        entities.push(entity);
    }
    let key = |kind: EntityKind| {
        let of_kind = entities.iter().filter(move |e| e.kind.as_ref().is_some_and(|k| k.value == kind));
        of_kind.map(|e| e.columns.clone()).filter(|columns| !columns.is_empty()).collect::<Vec<_>>()
    };
    let primary_key = key(EntityKind::Primary).into_iter().next().unwrap_or_default();
    let unique_keys = key(EntityKind::Unique);
    let held = |name: &str| entities.iter().find(|e| e.name.value == name);
    if let Some((primary, of)) = primary_entity.as_ref().and_then(|p| Some((p, held(&p.value)?)))
        && of.kind.as_ref().is_some_and(|kind| kind.value == EntityKind::Foreign)
    {
        let fact = format!("`primary_entity: {}` is not read", primary.value);
        report.loss(primary.span, fact, "the entity of that name is foreign");
    }
    if let Some(primary) = primary_entity.filter(|primary| held(&primary.value).is_none()) {
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
        time,
        watermark: None,
        settles_after: None,
        attribution_window: None,
        dimensions,
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
        let mut ends = elements.iter().filter(|e| is_end(e)).map(|e| &e.dimension);
        let dimension = ends.next()?;
        if let Some(second) = ends.next() {
            let message = format!("`{}` begins or ends its validity twice", dataset.value);
            let fault = Diagnostic::new(Code::InvalidModel, message).at(second.name.span);
            report.fault(fault.help("one dimension has `is_start: true`, another `is_end: true`"));
        }
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
