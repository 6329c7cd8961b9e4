//! Dimensions, and segments as dimensions that are true or false.

use std::collections::BTreeMap;

use super::Cube;
use super::sql::{self, Meaning};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::expr::parse::parse;
use crate::expr::{Expr, Kind, Literal, Name};
use crate::import::object::{Keys, Object};
use crate::import::project::{Dimension, Project};
use crate::source::{Span, Spanned};
use crate::yaml::make::Map;
use crate::yaml::{Node, Value};

const DIMENSION: Keys = Keys {
    noun: "dimension",
    read: &[
        "name",
        "sql",
        "type",
        "title",
        "description",
        "primary_key",
        "public",
        "shown",
        "case",
        "sub_query",
        "multi_stage",
        "latitude",
        "longitude",
        "values",
    ],
    left_out: &[
        ("meta", "a model has no place for it"),
        ("format", "dimensions are written as their values are"),
        ("granularities", "granularities of one's own stand in `time_spines`"),
        ("propagate_filters_to_sub_query", "it is of a sub-query"),
        ("suggest_filter_values", "values are suggested from the data"),
        ("order", "an order stands in the request"),
        ("key", "groups are by the values themselves"),
        ("links", "a model has no place for them"),
        ("time_shift", "shifts are of metrics: `offset_window`"),
        ("aliases", "dimensions have one name"),
        ("mask", "a model has no place for it"),
    ],
};

const SEGMENT: Keys = Keys {
    noun: "segment",
    read: &["name", "sql", "title", "description", "public", "shown"],
    left_out: &[("meta", "a model has no place for it")],
};

const CASE: Keys = Keys { noun: "case", read: &["when", "else"], left_out: &[] };
const WHEN: Keys = Keys { noun: "case branch", read: &["sql", "label"], left_out: &[] };
const LABEL: Keys = Keys { noun: "label", read: &["sql"], left_out: &[] };

const TYPES: [&str; 6] = ["string", "number", "boolean", "time", "geo", "switch"];

/// The word of our `type`; absent for a segment.
type Kinded = Option<&'static str>;

/// A dimension as written: over columns and other members.
struct Written<'a> {
    written: Spanned<String>,
    object: Object<'a>,
    kind: Kinded,
    expr: Expr<Name>,
}

/// Adds the dimensions and segments of every cube to its dataset.
pub(super) fn add_all(project: &mut Project<'_>, cubes: &[Cube<'_>]) {
    for (here, cube) in cubes.iter().enumerate() {
        let report = project.report;
        let dimensions = cube.object.list("dimensions").iter().map(|node| (node, &DIMENSION));
        let segments = cube.object.list("segments").iter().map(|node| (node, &SEGMENT));
        let mut all: Vec<Written<'_>> = Vec::new();
        for (node, keys) in dimensions.chain(segments) {
            let Some(object) = Object::open(report, keys, node) else { continue };
            let Some(written) = object.required("name") else { continue };
            if all.iter().any(|other| other.written.value == written.value) {
                let message = format!("a second member `{}` of cube `{}`", written.value, cube.name);
                report
                    .fault(Diagnostic::new(Code::DuplicateName, message).at(written.span).help("rename or remove one"));
                continue;
            }
            match read(&object, keys.noun) {
                Ok(Some((kind, expr))) => all.push(Written { written, object, kind, expr }),
                Ok(None) => lose(project, cube, &written),
                Err(refused) => {
                    lose(project, cube, &written);
                    report.leave_out_of(&project.datasets[here].name.value, keys.noun, &written, refused);
                }
            }
        }
        let exprs: BTreeMap<&str, &Expr<Name>> = all.iter().map(|d| (d.written.value.as_str(), &d.expr)).collect();
        let mut made = Vec::new();
        for dimension in &all {
            let mut within = vec![dimension.written.value.clone()];
            match over_columns(project, cubes, here, &exprs, &dimension.expr, &mut within) {
                Ok(expr) => made.extend(finish(project, here, dimension, expr)),
                Err(refused) => {
                    lose(project, cube, &dimension.written);
                    report.leave_out_of(
                        &project.datasets[here].name.value,
                        if dimension.kind.is_some() { "dimension" } else { "segment" },
                        &dimension.written,
                        refused,
                    );
                }
            }
        }
        project.datasets[here].dimensions = made;
    }
}

fn lose(project: &Project<'_>, cube: &Cube<'_>, member: &Spanned<String>) {
    project.report.unread(&format!("{}.{}", cube.name, member.value));
}

/// The type and the expression of a dimension; nothing where a fault was reported.
fn read(object: &Object<'_>, noun: &str) -> Result<Option<(Kinded, Expr<Name>)>, Diagnostic> {
    let refused = |what: &str, help: &str| {
        Err(Diagnostic::new(Code::NotImported, what.to_string()).at(object.place()).help(help.to_string()))
    };
    if noun == SEGMENT.noun {
        let Some(text) = object.required("sql") else { return Ok(None) };
        let text = sql::quoted(&text)?;
        let message = format!("segment `{}` is a dimension that is true or false", label_of(object));
        object.report.lose(object.place(), message, "filter by it as by any dimension");
        return Ok(Some((None, parse(&text.value, text.span)?)));
    }
    if object.flag("sub_query").is_some_and(|flag| flag.value) {
        return refused("it is a sub-query", "a dimension is over its own columns; a metric may stand in `having`");
    }
    if object.flag("multi_stage").is_some_and(|flag| flag.value) {
        return refused("it is of several stages", "a dimension is over its own columns");
    }
    let Some(word) = object.required("type") else { return Ok(None) };
    let kind = match word.value.as_str() {
        "string" => "categorical",
        "number" => "number",
        "boolean" => "boolean",
        "time" => "time",
        "geo" => return refused("it is a place on a map", "declare its latitude and longitude as numbers"),
        "switch" => return refused("it is a switch", "a choice stands in the request"),
        _ => {
            object.unknown_word("type", &word, &TYPES);
            return Ok(None);
        }
    };
    let expr = match object.node("case") {
        Some(node) => match case(object, node)? {
            Some(expr) => expr,
            None => return Ok(None),
        },
        None => {
            let Some(text) = object.required("sql") else { return Ok(None) };
            let text = sql::quoted(&text)?;
            parse(&text.value, text.span)?
        }
    };
    Ok(Some((Some(kind), expr)))
}

fn label_of(object: &Object<'_>) -> String {
    object.node("name").and_then(Node::scalar).map(|name| name.text.clone()).unwrap_or_default()
}

/// `case: {when: [{sql, label}], else: {label}}`.
fn case(object: &Object<'_>, node: &Node) -> Result<Option<Expr<Name>>, Diagnostic> {
    let Some(case) = Object::open(object.report, &CASE, node) else { return Ok(None) };
    let mut branches = Vec::new();
    for node in case.list("when") {
        let Some(when) = Object::open(object.report, &WHEN, node) else { return Ok(None) };
        let Some(condition) = when.required("sql") else { return Ok(None) };
        let condition = sql::quoted(&condition)?;
        let Some(label) = case_label(&when)? else { return Ok(None) };
        branches.push((parse(&condition.value, condition.span)?, label));
    }
    let otherwise = match case.node("else") {
        Some(node) => {
            let Some(otherwise) = Object::open(object.report, &WHEN, node) else { return Ok(None) };
            let Some(label) = case_label(&otherwise)? else { return Ok(None) };
            Some(label)
        }
        None => None,
    };
    if branches.is_empty() {
        case.missing("when");
        return Ok(None);
    }
    Ok(Some(Expr::new(Kind::Case { branches, otherwise }, node.span)))
}

/// A label is a text, or `{sql}`.
fn case_label(branch: &Object<'_>) -> Result<Option<Expr<Name>>, Diagnostic> {
    let Some(node) = branch.node("label") else {
        branch.missing("label");
        return Ok(None);
    };
    match &node.value {
        Value::Map(_) => {
            let Some(label) = Object::open(branch.report, &LABEL, node) else { return Ok(None) };
            let Some(text) = label.required("sql") else { return Ok(None) };
            let text = sql::quoted(&text)?;
            parse(&text.value, text.span).map(Some)
        }
        Value::Scalar(_) | Value::List(_) => {
            Ok(branch.text("label").map(|text| Expr::new(Kind::Literal(Literal::Text(text.value)), text.span)))
        }
    }
}

/// The expression with members written out, over the columns of the cube alone.
fn over_columns(
    project: &Project<'_>,
    cubes: &[Cube<'_>],
    here: usize,
    exprs: &BTreeMap<&str, &Expr<Name>>,
    expr: &Expr<Name>,
    within: &mut Vec<String>,
) -> Result<Expr<Name>, Diagnostic> {
    expr.try_substitute(&mut |name, span: Span| {
        let member = match sql::meaning(cubes, here, name, span)? {
            Meaning::Column(of, column) if of == here => {
                return Ok(Expr::new(Kind::Ref(Name { parts: vec![column] }), span));
            }
            Meaning::Member(of, member) if of == here => member,
            Meaning::Column(of, _) | Meaning::Member(of, _) => {
                let message = format!("it reads cube `{}`", cubes[of].name);
                return Err(Diagnostic::new(Code::NotImported, message)
                    .at(span)
                    .help("a dimension is over its own columns; those of other cubes are reached by their joins"));
            }
        };
        let Some(inner) = exprs.get(member.as_str()) else {
            if project.report.is_unread(&format!("{}.{member}", cubes[here].name)) {
                return Err(
                    Diagnostic::new(Code::NotImported, format!("it reads `{member}`, which is left out")).at(span)
                );
            }
            let is_measure = cubes[here]
                .object
                .list("measures")
                .iter()
                .any(|m| m.get("name").and_then(Node::scalar).is_some_and(|s| s.text == member));
            if is_measure {
                return Err(Diagnostic::new(Code::NotImported, format!("it reads the measure `{member}`")).at(span));
            }
            let message = format!("cube `{}` has no dimension `{member}`", cubes[here].name);
            return Err(Diagnostic::new(Code::UnknownReference, message)
                .at(span)
                .suggest(&member, exprs.keys().copied()));
        };
        if within.contains(&member) {
            let message = format!("dimensions are defined by each other: {}", within.join(", "));
            return Err(Diagnostic::new(Code::InvalidModel, message).at(span));
        }
        within.push(member);
        let inner = over_columns(project, cubes, here, exprs, inner, within);
        within.pop();
        inner
    })
}

/// The dimension with its keys; its column is a part of the primary key where it says so.
fn finish(project: &mut Project<'_>, here: usize, written: &Written<'_>, expr: Expr<Name>) -> Option<Dimension> {
    let Written { written, object, kind, .. } = written;
    let name = project.report.name(if kind.is_some() { "dimension" } else { "segment" }, written)?;
    let mut map = Map::new(object.span);
    map.set_some("label", object.text("title").as_ref().map(Node::of));
    map.set_some("description", object.text("description").as_ref().map(Node::of));
    let word = kind.unwrap_or("boolean");
    if word != "categorical" {
        map.set("type", Node::text(word, object.place()));
    }
    if word == "time" {
        map.set("granularity", Node::text("second", object.place()));
    }
    let column = match expr.kind.as_ref() {
        Kind::Ref(column) => column.parts.first().cloned(),
        _ => None,
    };
    if column.as_ref() != Some(&name.value) {
        map.set("expr", Node::text(expr.to_string(), expr.span));
    }
    let is_key = object.flag_if_read("primary_key").is_some_and(|flag| flag.value);
    if is_key {
        match column {
            Some(column) => project.datasets[here].primary_key.push(Spanned::new(column, expr.span)),
            None => {
                let message = format!("the primary key `{}` is an expression; it is no key", written.value);
                object.report.lose(object.place(), message, "keys are columns: give each its own dimension");
            }
        }
    }
    let public = object.flag("public").or_else(|| object.flag("shown"));
    if public.as_ref().map_or(is_key, |flag| !flag.value) {
        map.set("hidden", Node::flag(true, public.map_or(object.place(), |flag| flag.span)));
    }
    Some(Dimension { name, written: written.value.clone(), expr, is_time: word == "time", map })
}
