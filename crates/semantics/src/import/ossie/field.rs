//! Fields: every field is a dimension.

use std::collections::{BTreeMap, BTreeSet};

use super::expression::{edited, expression};
use super::{context, described, extension};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::expr::parse::parse;
use crate::expr::{Expr, Kind, Name};
use crate::import::object::{Keys, Object};
use crate::import::project::Dimension;
use crate::import::report::Report;
use crate::source::{Span, Spanned};
use crate::yaml::Node;
use crate::yaml::make::Map;

const FIELD: Keys = Keys {
    noun: "field",
    read: &["name", "expression", "dimension", "label", "description", "datatype", "ai_context", "custom_extensions"],
    left_out: &[],
};

const DIMENSION: Keys = Keys { noun: "dimension", read: &["is_time"], left_out: &[] };

const DATATYPES: [&str; 10] =
    ["String", "Integer", "Decimal", "Float", "Boolean", "Date", "Time", "DateTime", "DateTimeTz", "Opaque"];

/// What a field's own keys say about its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Inferred {
    /// The word of `type`.
    pub(crate) kind: &'static str,
    pub(crate) granularity: Option<&'static str>,
    /// The type of the column, where the field is one.
    pub(crate) column: Option<&'static str>,
}

/// The type of a field from `is_time` and `datatype`.
pub(crate) fn inferred(is_time: Option<bool>, datatype: Option<&str>) -> Inferred {
    let (kind, granularity, column) = match datatype {
        Some("Date") => ("time", None, Some("date")),
        Some("DateTime") => ("time", Some("second"), Some("timestamp")),
        Some("DateTimeTz") => ("time", Some("second"), Some("timestamp with zone")),
        Some("Integer") => ("number", None, Some("integer")),
        Some("Float") => ("number", None, Some("float")),
        Some("Decimal") => ("number", None, None),
        Some("Boolean") => ("boolean", None, Some("boolean")),
        Some("String") => ("categorical", None, Some("text")),
        _ if is_time == Some(true) => ("time", None, None),
        _ => ("categorical", None, None),
    };
    match is_time {
        Some(false) if kind == "time" => Inferred { kind: "categorical", granularity: None, column },
        Some(_) | None => Inferred { kind, granularity, column },
    }
}

/// The fields of a dataset as they are read.
pub(super) struct Fields<'f> {
    pub(super) dimensions: &'f mut Vec<Dimension>,
    /// The columns whose types the fields give.
    pub(super) columns: &'f mut BTreeMap<String, Node>,
    /// The names of fields whose expressions are our own: over columns alone.
    pub(super) ours: &'f mut BTreeSet<String>,
}

/// Adds the field of `node` to those of its dataset.
pub(super) fn add(report: &Report, dataset: &str, node: &Node, fields: &mut Fields<'_>) {
    let Some(object) = Object::open(report, &FIELD, node) else { return };
    let Some(written) = object.required("name") else { return };
    let Some(name) = report.name("field", &written) else { return };
    if !object.has("expression") {
        object.missing("expression");
    }
    let unread = || {
        report.unread(&written.value);
        report.unread(&format!("{dataset}.{}", written.value));
    };
    let expression = match object.node("expression").map(|node| expression(&object, node)).transpose() {
        Ok(Some(Some(expression))) => expression,
        Ok(Some(None) | None) => return unread(),
        Err(refused) => {
            unread();
            return report.leave_out_of(dataset, "field", &written, refused);
        }
    };
    let context = context(&object);
    let mut map = Map::new(object.span);
    map.set_some("label", object.text("label").as_ref().map(Node::of));
    map.set_some("description", described(&object, &context).as_ref().map(Node::of));
    map.set_list("synonyms", context.synonyms.iter().map(Node::of).collect());
    let mut extras = extension::read(&object).unwrap_or_else(|| Map::new(object.span));
    let said = own_expression(&object, &expression, &mut extras);
    if said.is_some() {
        fields.ours.insert(written.value.clone());
    }
    let text = said.as_ref().unwrap_or(&expression);
    let expr = match parse(&text.value, text.span) {
        Ok(expr) => without_dataset(dataset, expr),
        Err(refused) => {
            report.unread(&format!("{dataset}.{}", written.value));
            return report.leave_out_of(dataset, "field", &written, refused);
        }
    };
    let is_bare = matches!(expr.kind.as_ref(), Kind::Ref(column) if column.parts == [name.value.clone()]);
    if !is_bare || said.is_some() {
        map.set("expr", Node::of(text));
    }
    let is_time = add_type(&object, &expr, extras, &mut map, fields.columns);
    fields.dimensions.push(Dimension { name, written: written.value, expr, is_time, map });
}

/// The expression as the exporter kept it, while the file still says what it wrote for it.
fn own_expression(object: &Object<'_>, written: &Spanned<String>, extras: &mut Map) -> Option<Spanned<String>> {
    let (said, stood_for) = (extras.remove("expr"), extras.remove("for"));
    let said = said.and_then(|said| Some(Spanned::new(said.scalar()?.text.clone(), said.span)))?;
    if stood_for.and_then(|s| s.scalar().map(|s| s.text == written.value)).unwrap_or(true) {
        return Some(said);
    }
    edited(object, "expression", said.span);
    None
}

/// The keys of a dimension's type, from the extension where it has them; whether it is a time.
fn add_type(
    object: &Object<'_>,
    expr: &Expr<Name>,
    mut extras: Map,
    map: &mut Map,
    columns: &mut BTreeMap<String, Node>,
) -> bool {
    let dimension = object.node("dimension").and_then(|node| Object::open(object.report, &DIMENSION, node));
    let is_time = dimension.and_then(|d| d.flag("is_time"));
    let mut datatype = object.text("datatype");
    if let Some(word) = datatype.take_if(|word| !DATATYPES.contains(&word.value.as_str())) {
        object.unknown_word("datatype", &word, &DATATYPES);
    }
    let of = inferred(is_time.as_ref().map(|t| t.value), datatype.as_ref().map(|d| d.value.as_str()));
    let span = datatype.as_ref().map(|d| d.span).or(is_time.as_ref().map(|t| t.span)).unwrap_or(object.place());
    if let Some(time) = is_time.as_ref().filter(|t| t.value && of.kind != "time" && !extras.has("type")) {
        let message =
            format!("{} is a time of another type; it is read as a dimension of `type: {}`", object.label(), of.kind);
        object.report.lose(time.span, message, "a time dimension holds dates or timestamps");
    }
    let said = extras.get("type").and_then(Node::scalar).map(|s| s.text.clone());
    if let (Some(time), Some(said)) = (&is_time, &said)
        && time.value != (said == "time")
    {
        let message =
            format!("`is_time` of {} and its extension's `type: {said}` contradict each other", object.label());
        let fault = Diagnostic::new(Code::InvalidModel, message).at(time.span);
        object.report.fault(fault.help("change one of the two"));
    }
    let kind = said.unwrap_or_else(|| of.kind.to_string());
    if let (Kind::Ref(column), Some(word)) = (expr.kind.as_ref(), of.column) {
        let [column] = column.parts.as_slice() else { return false };
        let mut node = Map::new(span);
        node.set("name", Node::text(column.clone(), expr.span));
        node.set("type", Node::text(word, span));
        columns.entry(column.clone()).or_insert(node.into_node());
    }
    if datatype.as_ref().is_some_and(|d| matches!(d.value.as_str(), "Opaque" | "Time")) {
        let message =
            format!("the datatype of {} is not one of ours; its column keeps the type of its file", object.label());
        object.report.lose(span, message, "declare the column's type if its files do not have it");
    }
    if kind != "categorical" && !extras.has("type") {
        map.set("type", Node::text(kind.clone(), span));
    }
    if let Some(granularity) = of.granularity.filter(|_| kind == "time" && !extras.has("granularity")) {
        map.set("granularity", Node::text(granularity, span));
    }
    if extras.get("granularity").is_some_and(Node::is_null) {
        extras.remove("granularity");
    }
    if extras.get("type").and_then(Node::scalar).is_some_and(|s| s.text == "categorical") {
        extras.remove("type");
    }
    map.extend(extras);
    kind == "time"
}

/// Columns by their own names where they are written with the dataset before them.
fn without_dataset(dataset: &str, expr: Expr<Name>) -> Expr<Name> {
    expr.map_refs(&mut |name| match name.parts.as_slice() {
        [first, column] if first == dataset => Name { parts: vec![column.clone()] },
        _ => name.clone(),
    })
}

/// Fields in expressions of other fields become their own expressions.
pub(super) fn expand(report: &Report, dataset: &str, dimensions: &mut Vec<Dimension>, ours: &BTreeSet<String>) {
    let written: BTreeMap<String, Expr<Name>> =
        dimensions.iter().map(|d| (d.written.clone(), d.expr.clone())).collect();
    dimensions.retain_mut(|dimension| {
        if ours.contains(&dimension.written) {
            return true;
        }
        let mut within = vec![dimension.written.clone()];
        match expanded(&written, &dimension.expr, &mut within) {
            Ok(expr) => {
                if expr != dimension.expr || dimension.expr.refs().iter().any(|r| r.value.parts.len() > 1) {
                    dimension.map.set("expr", Node::text(expr.to_string(), expr.span));
                    dimension.expr = expr;
                }
                true
            }
            Err(fault) => {
                report.unread(&format!("{dataset}.{}", dimension.written));
                let written = Spanned::new(dimension.written.clone(), dimension.name.span);
                report.leave_out_of(dataset, "field", &written, fault);
                false
            }
        }
    });
}

fn expanded(
    fields: &BTreeMap<String, Expr<Name>>,
    expr: &Expr<Name>,
    within: &mut Vec<String>,
) -> Result<Expr<Name>, Diagnostic> {
    expr.try_substitute(&mut |name, span: Span| {
        let [column] = name.parts.as_slice() else {
            let message = format!("it reads `{}`, which is not of its dataset", name.dotted());
            return Err(Diagnostic::new(Code::NotImported, message)
                .at(span)
                .help("a dimension is over its own columns"));
        };
        let itself = Expr::new(Kind::Ref(name.clone()), span);
        let Some(field) = fields.get(column).filter(|field| **field != itself && !is_column(field, column)) else {
            return Ok(itself);
        };
        if within.last() == Some(column) {
            return Ok(itself);
        }
        if within.contains(column) {
            let message = format!("fields are defined by each other: {}", within.join(", "));
            return Err(Diagnostic::new(Code::InvalidModel, message).at(span));
        }
        within.push(column.clone());
        let inner = expanded(fields, field, within);
        within.pop();
        inner
    })
}

fn is_column(expr: &Expr<Name>, column: &str) -> bool {
    matches!(expr.kind.as_ref(), Kind::Ref(name) if name.parts == [column])
}
