//! Datasets: where their rows are, what identifies them, when they happened.

use std::collections::{BTreeMap, BTreeSet};

use super::expression::{edited, expression};
use super::field::{self, Fields};
use super::{context, described, extension, lose_synonyms};
use crate::import::object::{Keys, Object};
use crate::import::project::{Dataset, Project, Time};
use crate::source::Spanned;
use crate::yaml::make::Map;
use crate::yaml::{Node, Value};

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

const SOURCE: Keys = Keys { noun: "source", read: &["kind", "object"], left_out: &[] };

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
        field::add(report, &written.value, node, &mut fields);
    }
    field::expand(report, &written.value, &mut dimensions, &ours);
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
        Value::List(items) => items.iter().filter_map(|item| object.item("unique_keys", item)).collect(),
        Value::Scalar(_) | Value::Map(_) => object.wrong("unique_keys", key, "a list of lists").unwrap_or_default(),
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
                ("query", Some(query)) => match expression(&source, query) {
                    Ok(query) => query?,
                    Err(refused) => {
                        source.report.fault(refused);
                        return None;
                    }
                },
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
