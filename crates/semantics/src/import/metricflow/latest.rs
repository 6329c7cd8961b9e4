//! Semantics of the latest vocabulary, which stand in dbt's own models: entities and dimensions in
//! `columns:`, simple metrics in `metrics:`. The rest of a dbt model is counted and left out.

use super::draft::{Draft, Metric, SemanticModel};
use super::elements::{self, Element, Key, Parts};
use super::fields::{Fields, Report};
use super::semantic_model as legacy;
use super::{metric, spine};
use crate::expr::display::identifier;
use crate::model::DimensionKind;
use crate::source::{Span, Spanned};
use crate::time::granularity::Granularity;
use crate::yaml::{Node, Value};

/// Puts what a dbt model says about metrics into the draft.
pub(super) fn read(report: &Report, node: &Node, draft: &mut Draft) {
    let Some(f) = Fields::open(report, "dbt model", node) else { return };
    let name = f.required("name");
    let columns: Vec<Column> = f.list("columns").iter().filter_map(|node| column(report, node)).collect();
    if let (Some(node), Some(table)) = (f.node("time_spine"), &name) {
        let granularity_of = |column: &str| columns.iter().find(|c| c.name.value == column)?.granularity.clone();
        draft.time_spines.extend(spine::of_model(report, node, table, granularity_of));
    }
    let spine_column = f.node("time_spine").and_then(|node| node.get("standard_granularity_column"));
    let spine_column = spine_column.and_then(Node::scalar).map(|column| column.text.as_str());
    for column in columns.iter().filter(|c| !c.is_time() && Some(c.name.value.as_str()) != spine_column) {
        if let Some(granularity) = &column.granularity {
            let fact = format!("`granularity` of column `{}` is not read", column.name.value);
            report.loss(granularity.span, fact, "time dimensions and columns of a time spine have a granularity");
        }
    }
    let switch = f.node("semantic_model");
    let is_semantic = switch.is_some_and(|node| node.scalar().is_none_or(|s| s.text.eq_ignore_ascii_case("true")));
    let is_spine = |column: &Column| Some(column.name.value.as_str()) == spine_column;
    let is_plain = |column: &&Column| column.key.is_none() && column.element.is_none() && !is_spine(column);
    for column in columns.iter().filter(|_| is_semantic || spine_column.is_some()).filter(is_plain) {
        report.count("a column without semantics", column.name.span);
    }
    if !is_semantic {
        if f.node("time_spine").is_none() {
            report.count("a dbt model without semantics", f.place());
        }
        without_semantics(&f, &columns, switch.map(|node| node.span));
        f.count_rest();
        return;
    }
    let names = switch.and_then(|node| switched(report, node));
    let semantic_name = names.and_then(|names| names.name).or(name.clone());
    let time = f.text("agg_time_dimension");
    let primary_entity = f.text("primary_entity");
    let description = f.text("description");
    let mut keys = Vec::new();
    let mut elements = Vec::new();
    for column in columns {
        keys.extend(column.key);
        elements.extend(column.element);
    }
    if let Some(f) = f.node("derived_semantics").and_then(|node| Fields::open(report, "derived semantics", node)) {
        keys.extend(f.list("entities").iter().filter_map(|node| derived_entity(report, node)));
        elements.extend(f.list("dimensions").iter().filter_map(|node| derived_dimension(report, node)));
        f.finish();
    }
    let read = |node: &Node| report.or_unread(node, || metric::read(report, node, semantic_name.as_ref()));
    let metrics: Vec<Metric> = f.list("metrics").iter().filter_map(read).collect();
    draft.metrics.extend(metrics);
    let span = f.span;
    f.count_rest();
    let (Some(table), Some(name)) = (name, semantic_name) else { return };
    let parts = Parts { name, label: None, description, table, time, primary_entity, keys, elements, span };
    draft.semantic_models.push(SemanticModel { dataset: elements::dataset(report, parts), measures: Vec::new() });
}

/// Semantics of a model that is none are told.
fn without_semantics(f: &Fields<'_>, columns: &[Column], switch: Option<Span>) {
    let keys = ["agg_time_dimension", "primary_entity", "derived_semantics", "metrics"];
    let written = keys.into_iter().find(|key| f.has(key)).map(|key| f.key_span(key));
    let inside = columns.iter().find(|c| c.key.is_some() || c.element.is_some()).map(|c| c.name.span);
    if let Some(span) = switch.or(written).or(inside) {
        let fact = format!("the semantics of {} are not read", f.label());
        f.report.loss(span, fact, "set `semantic_model: true` to read them");
    }
    keys.into_iter().for_each(|key| f.accept(key));
}

/// `semantic_model: {enabled, name, group, config}`.
struct Switch {
    name: Option<Spanned<String>>,
}

fn switched(report: &Report, node: &Node) -> Option<Switch> {
    if node.scalar().is_some() {
        return None;
    }
    let f = Fields::open(report, "semantic model", node)?;
    let name = f.text("name");
    f.accept("enabled");
    f.ignore("group");
    f.ignore("config");
    f.finish();
    Some(Switch { name })
}

/// What a column is besides a column.
struct Column {
    name: Spanned<String>,
    granularity: Option<Spanned<Granularity>>,
    key: Option<Key>,
    element: Option<Element>,
}

impl Column {
    fn is_time(&self) -> bool {
        self.element.as_ref().is_some_and(|element| element.dimension.kind.value == DimensionKind::Time)
    }
}

fn column(report: &Report, node: &Node) -> Option<Column> {
    let f = Fields::open(report, "column", node)?;
    let name = f.required("name");
    let granularity = f.granularity("granularity");
    let (entity, dimension) = (f.node("entity"), f.node("dimension"));
    let description = if entity.is_some() || dimension.is_some() { f.text("description") } else { None };
    f.count_rest();
    let name = name?;
    let key = entity.and_then(|node| column_entity(report, node, &name, description.as_ref()));
    let element =
        dimension.and_then(|node| column_dimension(report, node, &name, description.as_ref(), granularity.as_ref()));
    Some(Column { name, granularity, key, element })
}

/// The column itself as an expression.
fn itself(column: &Spanned<String>) -> Spanned<String> {
    Spanned::new(identifier(&column.value), column.span)
}

/// `entity: primary`, or a map around it.
fn column_entity(
    report: &Report,
    node: &Node,
    column: &Spanned<String>,
    description: Option<&Spanned<String>>,
) -> Option<Key> {
    let holder;
    let is_map = matches!(node.value, Value::Map(_));
    let f = if is_map {
        Fields::open(report, "column's entity", node)?
    } else {
        holder = shorthand(node);
        Fields::open(report, "column's entity", &holder)?
    };
    f.required_node("type");
    let kind = f.word("type");
    let name = f.text("name").unwrap_or_else(|| column.clone());
    let own = f.text("description");
    for key in ["label", "config"] {
        f.ignore(key);
    }
    let span = f.span;
    f.finish();
    Some(elements::entity(report, name, kind?, Some(itself(column)), own.or(description.cloned()), span))
}

/// `dimension: categorical`, or a map around it.
fn column_dimension(
    report: &Report,
    node: &Node,
    column: &Spanned<String>,
    description: Option<&Spanned<String>>,
    granularity: Option<&Spanned<Granularity>>,
) -> Option<Element> {
    let holder;
    let is_map = matches!(node.value, Value::Map(_));
    let f = if is_map {
        Fields::open(report, "column's dimension", node)?
    } else {
        holder = shorthand(node);
        Fields::open(report, "column's dimension", &holder)?
    };
    let name = f.text("name").unwrap_or_else(|| column.clone());
    let mut element = element(&f, name, Some(itself(column)), granularity)?;
    element.dimension.description = element.dimension.description.or(description.cloned());
    f.finish();
    Some(element)
}

/// `primary` as `{type: primary}`.
fn shorthand(node: &Node) -> Node {
    let key = Spanned::new("type".to_string(), node.span);
    let entry = crate::yaml::Entry { key, value: node.clone() };
    Node { value: Value::Map(vec![entry]), span: node.span }
}

fn derived_entity(report: &Report, node: &Node) -> Option<Key> {
    let f = Fields::open(report, "derived entity", node)?;
    f.required_node("type");
    let (name, kind, expr) = (f.required("name"), f.word("type"), f.required("expr"));
    let description = f.text("description");
    for key in ["label", "config"] {
        f.ignore(key);
    }
    let span = f.span;
    f.finish();
    Some(elements::entity(report, name?, kind?, Some(expr?), description, span))
}

fn derived_dimension(report: &Report, node: &Node) -> Option<Element> {
    let f = Fields::open(report, "derived dimension", node)?;
    let (name, expr) = (f.required("name"), f.required("expr"));
    let granularity = f.granularity("granularity");
    let element = element(&f, name?, Some(expr?), granularity.as_ref());
    f.finish();
    element
}

/// What dimensions of columns and derived ones have in common.
fn element(
    f: &Fields<'_>,
    name: Spanned<String>,
    expr: Option<Spanned<String>>,
    granularity: Option<&Spanned<Granularity>>,
) -> Option<Element> {
    f.required_node("type");
    let kind = legacy::kind(f);
    let (starts, ends) = f.node("validity_params").map_or((false, false), |node| legacy::validity(f.report, node));
    let partition = f.flag("is_partition").is_some_and(|flag| flag.value);
    let (label, description) = (f.text("label"), f.text("description"));
    f.ignore("config");
    let kind = kind?;
    let is_time = kind.value == DimensionKind::Time;
    if is_time && granularity.is_none() {
        f.missing("granularity");
    }
    let mut dimension = elements::dimension(name, kind, expr, granularity.cloned().filter(|_| is_time), f.span);
    dimension.label = label;
    dimension.description = description;
    dimension.partition = partition;
    Some(Element { dimension, is_validity_start: starts, is_validity_end: ends, is_primary_time: false })
}
