//! Datasets with their fields: every field is a dimension.

use std::collections::{BTreeMap, BTreeSet};

use super::{context, described, extension, lose_synonyms};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::expr::parse::parse;
use crate::expr::{Expr, Kind, Name};
use crate::import::object::{Keys, Object};
use crate::import::project::{Dataset, Dimension, Project, Time};
use crate::import::report::Report;
use crate::source::{Span, Spanned};
use crate::yaml::Node;
use crate::yaml::make::Map;

const DATASET: Keys = Keys {
    noun: "dataset",
    read: &[
        "name",
        "source",
        "primary_key",
        "unique_keys",
        "description",
        "ai_context",
        "fields",
        "metrics",
        "custom_extensions",
    ],
    left_out: &[],
};

const FIELD: Keys = Keys {
    noun: "field",
    read: &["name", "expression", "dimension", "label", "description", "datatype", "ai_context", "custom_extensions"],
    left_out: &[],
};

const DIMENSION: Keys = Keys { noun: "dimension", read: &["is_time"], left_out: &[] };
const EXPRESSION: Keys = Keys { noun: "expression", read: &["dialects"], left_out: &[] };
const DIALECT: Keys = Keys { noun: "dialect", read: &["dialect", "expression"], left_out: &[] };
const SOURCE: Keys = Keys { noun: "source", read: &["kind", "object"], left_out: &[] };

/// The one dialect that is read.
pub(crate) const ANSI: &str = "ANSI_SQL";

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

/// Adds the dataset of `node`; its metrics are read with the others.
pub(super) fn add(project: &mut Project<'_>, node: &Node) {
    let report = project.report;
    let Some(object) = Object::open(report, &DATASET, node) else { return };
    let Some(written) = object.required("name") else { return };
    let Some(name) = report.name("dataset", &written) else {
        report.unread(&written.value);
        return;
    };
    let context = context(&object);
    lose_synonyms(&object, &context);
    let mut map = Map::new(object.span);
    map.set_some("description", described(&object, &context).as_ref().map(Node::of));
    let mut extras = extension::read(&object).unwrap_or_else(|| Map::new(object.span));
    map.set_some("source", source(&object, &mut extras));
    let mut dimensions = Vec::new();
    let mut columns = BTreeMap::new();
    let mut ours = BTreeSet::new();
    for node in object.list("fields") {
        let mut fields = Fields { dimensions: &mut dimensions, columns: &mut columns, ours: &mut ours };
        field(report, &written.value, node, &mut fields);
    }
    expand(report, &written.value, &mut dimensions, &ours);
    let time = match extras.remove("time") {
        Some(node) if node.is_null() => Time::Said(None),
        Some(node) => Time::Said(node.scalar().map(|s| Spanned::new(s.text.clone(), node.span))),
        None => Time::Unsaid,
    };
    if !extras.has("columns") && !columns.is_empty() {
        map.set("columns", Node::list(columns.into_values().collect(), object.span));
    }
    map.extend(extras);
    let unique_keys = object.list("unique_keys").iter().map(|key| match &key.value {
        crate::yaml::Value::List(items) => items.iter().filter_map(|item| object.item("unique_keys", item)).collect(),
        crate::yaml::Value::Scalar(_) | crate::yaml::Value::Map(_) => {
            object.wrong("unique_keys", key, "a list of lists").unwrap_or_default()
        }
    });
    let unique_keys = unique_keys.collect();
    let primary_key = object.texts("primary_key");
    project.datasets.push(Dataset { name, written: written.value, map, primary_key, unique_keys, dimensions, time });
}

/// Where the rows are: the exporter's word while the file still says what it wrote, else a query,
/// else the table of the last part of the path.
fn source(object: &Object<'_>, extras: &mut Map) -> Option<Node> {
    if !object.has("source") {
        object.missing("source");
    }
    let node = object.node("source")?;
    let said = extras.remove("source");
    let stood_for = extras.remove("for");
    let text = match node.scalar() {
        Some(_) => object.text("source")?,
        None => {
            let source = Object::open(object.report, &SOURCE, node)?;
            let kind = source.required("kind")?;
            match (kind.value.as_str(), source.node("object")) {
                ("table", _) => source.required("object")?,
                ("query", Some(query)) => expression(&source, query)?,
                ("query", None) => return source.required("object").map(|text| Node::of(&text)),
                _ => {
                    source.unknown_word("kind", &kind, &["table", "query"]);
                    return None;
                }
            }
        }
    };
    if let Some(said) = said {
        if stood_for.and_then(|s| s.scalar().map(|s| s.text == text.value)).unwrap_or(true) {
            return Some(said);
        }
        edited(object, "source", said.span);
    }
    let first = text.value.split_whitespace().next().unwrap_or_default().to_ascii_lowercase();
    let mut map = Map::new(text.span);
    if matches!(first.trim_start_matches('('), "select" | "with") {
        map.set("sql", Node::of(&text));
        return Some(map.into_node());
    }
    let table = text.value.rsplit('.').next().unwrap_or_default().trim_matches(['"', '`', '[', ']']);
    if table != text.value {
        let message = format!("the source `{}` is the table `{table}` of the data root", text.value);
        object.report.lose(text.span, message, "databases and schemas have no place here");
    }
    map.set("table", Node::text(table, text.span));
    Some(map.into_node())
}

/// The fields of a dataset as they are read.
struct Fields<'f> {
    dimensions: &'f mut Vec<Dimension>,
    /// The columns whose types the fields give.
    columns: &'f mut BTreeMap<String, Node>,
    /// The names of fields whose expressions are our own: over columns alone.
    ours: &'f mut BTreeSet<String>,
}

fn field(report: &Report, dataset: &str, node: &Node, fields: &mut Fields<'_>) {
    let Some(object) = Object::open(report, &FIELD, node) else { return };
    let Some(written) = object.required("name") else { return };
    let Some(name) = report.name("field", &written) else { return };
    if !object.has("expression") {
        object.missing("expression");
    }
    let Some(expression) = object.node("expression").and_then(|node| expression(&object, node)) else {
        report.unread(&written.value);
        return report.unread(&format!("{dataset}.{}", written.value));
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
            return report.leave_out("field", &written, refused);
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

/// What the exporter kept of a thing, at `span`, no longer stands for what the file says.
pub(super) fn edited(object: &Object<'_>, what: &str, span: Span) {
    let message = format!("the extension of {} is left out: its {what} was edited after the export", object.label());
    object.report.lose(span, message, "edit both, or remove the extension");
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

/// The text of an expression: a bare text, or that of the dialect that is read.
pub(super) fn expression(object: &Object<'_>, node: &Node) -> Option<Spanned<String>> {
    if node.scalar().is_some() {
        return object.item("expression", node);
    }
    let expression = Object::open(object.report, &EXPRESSION, node)?;
    if !expression.has("dialects") {
        expression.missing("dialects");
        return None;
    }
    let mut found = None;
    let mut others: Vec<(Spanned<String>, Span)> = Vec::new();
    for node in expression.list("dialects") {
        let Some(dialect) = Object::open(object.report, &DIALECT, node) else { continue };
        let (word, text) = (dialect.required("dialect"), dialect.required("expression"));
        match word {
            Some(word) if word.value == ANSI && found.is_none() => found = text,
            Some(word) => {
                let at = text.map_or(word.span, |text| text.span);
                others.push((word, at));
            }
            None => {}
        }
    }
    match (&found, others.first()) {
        (Some(_), _) => {
            for (word, at) in &others {
                let message = format!("the {} expression of {} is left out", word.value, object.label());
                object.report.lose(*at, message, "the one in ANSI_SQL is read");
            }
        }
        (None, Some((word, _))) => {
            let message = format!("{} has no expression in {ANSI}", object.label());
            let fault = Diagnostic::new(Code::UnsupportedExpression, message).at(word.span);
            object.report.fault(fault.suggest(&word.value, [ANSI]).help(format!("add one with `dialect: {ANSI}`")));
        }
        (None, None) => {}
    }
    found
}

/// Columns by their own names where they are written with the dataset before them.
fn without_dataset(dataset: &str, expr: Expr<Name>) -> Expr<Name> {
    expr.map_refs(&mut |name| match name.parts.as_slice() {
        [first, column] if first == dataset => Name { parts: vec![column.clone()] },
        _ => name.clone(),
    })
}

/// Fields in expressions of other fields become their own expressions.
fn expand(report: &Report, dataset: &str, dimensions: &mut Vec<Dimension>, ours: &BTreeSet<String>) {
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
                report.leave_out("field", &Spanned::new(dimension.written.clone(), dimension.name.span), fault);
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
