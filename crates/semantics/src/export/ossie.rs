//! Apache Ossie documents: what the format can say in its own keys, the rest in our extension.

use super::Exported;
use super::metric::metric;
use super::tree::{self, NOWHERE, optional, text, texts};
use crate::code::Code;
use crate::data_type::{Clock, DataType};
use crate::diagnostic::Diagnostic;
use crate::expr::parse::parse;
use crate::expr::{Kind, Name};
use crate::import::ossie::{ANSI, Inferred, VENDOR, VERSIONS, inferred};
use crate::model::words::Word;
use crate::model::{Dataset, Dimension, DimensionKind, Location, Metric, Model, Relationship};
use crate::source::{Span, Spanned};
use crate::yaml::make::Map;
use crate::yaml::{Node, write};

mod expression;

/// The model as a document with one semantic model, and what other readers of it do not see.
pub(super) fn document(model: &Model) -> Exported {
    let mut losses = Losses(Vec::new());
    let mut map = Map::new(NOWHERE);
    map.set("name", model.name.as_ref().map_or_else(|| Node::text("model", NOWHERE), text));
    map.set_some("description", optional(&model.description));
    map.set("datasets", Node::list(model.datasets.iter().map(|d| dataset(d, &mut losses)).collect(), NOWHERE));
    // Its relationships are pairs of columns of two datasets; one through pairs is none.
    let (through, said): (Vec<_>, Vec<_>) = model.relationships.iter().partition(|r| r.through.is_some());
    let said = said.into_iter().map(|r| relationship(model, r, &mut losses));
    map.set_list("relationships", said.collect());
    let mut extras = tree::around(model);
    for entry in extras.entries() {
        losses.add(model.name.as_ref(), format!("`{}` of the model", entry.key.value));
    }
    let (metrics, unsaid) = metrics(model, &mut losses);
    map.set_list("metrics", metrics);
    extras.set_list("metrics", unsaid);
    for relationship in &through {
        losses.add(Some(&relationship.name), format!("relationship `{}`", relationship.name.value));
    }
    extras.set_list("relationships", through.into_iter().map(|r| tree::relationship(r).into_node()).collect());
    extend(&mut map, extras);
    let mut file = Map::new(NOWHERE);
    file.set("version", Node::text(VERSIONS[2], NOWHERE));
    file.set("semantic_model", Node::list(vec![map.into_node()], NOWHERE));
    Exported { document: file.into_node(), losses: losses.0 }
}

/// What other readers of the document do not see.
struct Losses(Vec<Diagnostic>);

impl Losses {
    fn add(&mut self, at: Option<&Spanned<String>>, what: String) {
        let loss = Diagnostic::new(Code::NotImported, format!("{what} stands in the extension only"));
        let span: Option<Span> = at.map(|at| at.span);
        let loss = Diagnostic { span, ..loss };
        self.0.push(loss.help("other readers of the document do not see it; importing it here gives it back"));
    }
}

/// Gives a thing our extension, unless it would be empty.
fn extend(map: &mut Map, extras: Map) {
    if extras.is_empty() {
        return;
    }
    let mut extension = Map::new(NOWHERE);
    extension.set("vendor_name", Node::text(VENDOR, NOWHERE));
    extension.set("data", Node::text(write::json(&extras.into_node()), NOWHERE));
    map.set("custom_extensions", Node::list(vec![extension.into_node()], NOWHERE));
}

fn expression(sql: &str) -> Node {
    let mut dialect = Map::new(NOWHERE);
    dialect.set("dialect", Node::text(ANSI, NOWHERE));
    dialect.set("expression", Node::text(sql, NOWHERE));
    let mut map = Map::new(NOWHERE);
    map.set("dialects", Node::list(vec![dialect.into_node()], NOWHERE));
    map.into_node()
}

fn context(synonyms: &[Spanned<String>]) -> Option<Node> {
    let mut map = Map::new(NOWHERE);
    map.set_list("synonyms", texts(synonyms));
    (!map.is_empty()).then(|| map.into_node())
}

fn dataset(dataset: &Dataset, losses: &mut Losses) -> Node {
    let mut extras = tree::dataset(dataset);
    for key in ["name", "description", "primary_key", "unique_keys", "dimensions", "metrics"] {
        extras.remove(key);
    }
    let source = match &dataset.source {
        Location::Table { name } => &name.value,
        Location::Parquet { path } | Location::JsonLines { path } | Location::Csv { path, .. } => &path.value,
        Location::Sql { query } => &query.value,
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if matches!(dataset.source, Location::Table { .. }) && source.chars().all(plain) {
        extras.remove("source");
    } else {
        extras.set("for", Node::text(source.clone(), NOWHERE));
    }
    for entry in extras.entries().iter().filter(|e| !matches!(e.key.value.as_str(), "for" | "time" | "source")) {
        losses.add(Some(&dataset.name), format!("`{}` of dataset `{}`", entry.key.value, dataset.name.value));
    }
    if dataset.time.is_none() {
        extras.set("time", tree::null());
    }
    if dataset.columns.is_empty() {
        extras.set("columns", Node::list(Vec::new(), NOWHERE));
    }
    let mut map = Map::new(NOWHERE);
    map.set("name", text(&dataset.name));
    map.set("source", Node::text(source.clone(), NOWHERE));
    map.set_list("primary_key", texts(&dataset.primary_key));
    let keys = dataset.unique_keys.iter().map(|key| Node::list(texts(key), NOWHERE));
    map.set_list("unique_keys", keys.collect());
    map.set_some("description", optional(&dataset.description));
    map.set_list("fields", dataset.dimensions.iter().map(|d| field(dataset, d)).collect());
    extend(&mut map, extras);
    map.into_node()
}

fn field(dataset: &Dataset, dimension: &Dimension) -> Node {
    let sql = match &dimension.expr {
        Some(expr) => expr.value.clone(),
        None => Name { parts: vec![dimension.name.value.clone()] }.to_string(),
    };
    let datatype = datatype(dataset, dimension);
    let is_time = match dimension.kind.value {
        DimensionKind::Time => Some(true),
        DimensionKind::Categorical | DimensionKind::Boolean | DimensionKind::Number => {
            (inferred(None, datatype).kind == "time").then_some(false)
        }
    };
    let mut map = Map::new(NOWHERE);
    map.set("name", text(&dimension.name));
    map.set("expression", expression(&sql));
    if let Some(is_time) = is_time {
        let mut time = Map::new(NOWHERE);
        time.set("is_time", Node::flag(is_time, NOWHERE));
        map.set("dimension", time.into_node());
    }
    map.set_some("label", optional(&dimension.label));
    map.set_some("description", optional(&dimension.description));
    map.set_some("datatype", datatype.map(|word| Node::text(word, NOWHERE)));
    map.set_some("ai_context", context(&dimension.synonyms));
    let mut extras = tree::dimension(dimension);
    for key in ["name", "label", "description", "synonyms", "type", "expr"] {
        extras.remove(key);
    }
    let kind = dimension.kind.value.word();
    let Inferred { kind: read, granularity, .. } = inferred(is_time, datatype);
    if kind != read {
        extras.set("type", Node::text(kind, NOWHERE));
    }
    if granularity.is_some() && dimension.granularity.is_none() {
        extras.set("granularity", tree::null());
    }
    if !reads_back(dataset, dimension) {
        extras.set("expr", Node::text(sql.clone(), NOWHERE));
        extras.set("for", Node::text(sql, NOWHERE));
    }
    extend(&mut map, extras);
    map.into_node()
}

/// Whether the expression alone gives the dimension again: it is not spelt out where the name
/// would do, and names no other field of another meaning.
fn reads_back(dataset: &Dataset, dimension: &Dimension) -> bool {
    let Some(expr) = &dimension.expr else { return true };
    let Ok(tree) = parse(&expr.value, expr.span) else { return false };
    if matches!(tree.kind.as_ref(), Kind::Ref(name) if name.parts == [dimension.name.value.clone()]) {
        return false;
    }
    let is_own = |name: &str| match dataset.dimensions.iter().find(|d| d.name.value == name) {
        Some(other) => other.expr.as_ref().is_none_or(|expr| expr.value == name),
        None => true,
    };
    tree.refs().iter().all(|r| matches!(r.value.parts.as_slice(), [name] if is_own(name)))
}

/// The datatype of a field that is a declared column, or a boolean.
fn datatype(dataset: &Dataset, dimension: &Dimension) -> Option<&'static str> {
    let column = dimension.expr.as_ref().unwrap_or(&dimension.name);
    let declared = dataset.columns.iter().find(|c| c.name.value == column.value).map(|c| c.data_type.value);
    match declared {
        Some(DataType::Boolean) => Some("Boolean"),
        Some(DataType::Integer) => Some("Integer"),
        Some(DataType::Decimal { .. }) => Some("Decimal"),
        Some(DataType::Float) => Some("Float"),
        Some(DataType::Text) => Some("String"),
        Some(DataType::Date) => Some("Date"),
        Some(DataType::Timestamp(Clock::Local)) => Some("DateTime"),
        Some(DataType::Timestamp(Clock::Instant)) => Some("DateTimeTz"),
        Some(DataType::Interval | DataType::Null) | None => {
            (dimension.kind.value == DimensionKind::Boolean).then_some("Boolean")
        }
    }
}

fn relationship(model: &Model, relationship: &Relationship, losses: &mut Losses) -> Node {
    let mut map = tree::relationship(relationship);
    let mut extras = Map::new(NOWHERE);
    extras.set_some("description", map.remove("description"));
    for key in ["entity", "cardinality"] {
        extras.set_some(key, map.remove(key));
    }
    let to = model.datasets.iter().find(|d| d.name.value == relationship.to.value);
    let holds = |key: &Vec<Spanned<String>>| {
        !key.is_empty() && key.iter().all(|part| relationship.to_columns.iter().any(|c| c.value == part.value))
    };
    let to_is_key = to.is_some_and(|to| std::iter::once(&to.primary_key).chain(&to.unique_keys).any(holds));
    if !to_is_key {
        extras.set("to_is_key", Node::flag(false, NOWHERE));
        let name = &relationship.name;
        losses.add(Some(name), format!("that relationship `{}` is many-to-many", name.value));
    }
    extend(&mut map, extras);
    map.into_node()
}

/// The metrics that Ossie can say, and those that stand in the extension with their places.
fn metrics(model: &Model, losses: &mut Losses) -> (Vec<Node>, Vec<Node>) {
    let (mut said, mut unsaid) = (Vec::new(), Vec::new());
    let homes = model.datasets.iter().map(|d| (Some(d), &d.metrics)).chain([(None, &model.metrics)]);
    for (home, metrics) in homes {
        for (at, one) in metrics.iter().enumerate() {
            let mut ours = metric(one);
            ours.set_some("dataset", home.map(|d| text(&d.name)));
            match expression::of(model, home, one) {
                Some(sql) => said.push(said_metric(one, ours, sql)),
                None => {
                    ours.set("at", tree::number(at.to_string()));
                    losses.add(Some(&one.name), format!("metric `{}`", one.name.value));
                    unsaid.push(ours.into_node());
                }
            }
        }
    }
    (said, unsaid)
}

fn said_metric(metric: &Metric, mut ours: Map, sql: String) -> Node {
    for key in ["name", "description", "synonyms"] {
        ours.remove(key);
    }
    ours.set("for", Node::text(sql.clone(), NOWHERE));
    let mut map = Map::new(NOWHERE);
    map.set("name", text(&metric.name));
    map.set("expression", expression(&sql));
    map.set_some("description", optional(&metric.description));
    map.set_some("ai_context", context(&metric.synonyms));
    extend(&mut map, ours);
    map.into_node()
}
