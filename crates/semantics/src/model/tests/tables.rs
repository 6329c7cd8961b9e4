//! Tables, reader and JSON Schema say the same.

use std::collections::BTreeMap;

use super::{FULL, read_files};
use crate::diagnostic::Diagnostics;
use crate::model::{format, schema, schema_text};
use crate::source::Sources;
use crate::yaml::{self, Node, Value};

/// The full model has every key of every table, so reading it holds the reader to the tables.
#[test]
fn the_full_model_has_every_key_of_the_format() {
    let mut absent = BTreeMap::new();
    visit(&format::FILE, &tree(FULL), &mut absent);
    let absent: Vec<(&str, &str)> = absent.into_iter().filter(|(_, seen)| !seen).map(|(key, _)| key).collect();
    assert_eq!(absent, []);
}

/// Notes for each key of each table whether an object of the tree has it.
fn visit(table: &'static format::Table, node: &Node, seen: &mut BTreeMap<(&'static str, &'static str), bool>) {
    // Arguments are the request's own.
    for key in table.keys.iter().filter(|key| !matches!(key.shape, format::Shape::Argument)) {
        let value = node.get(key.name);
        *seen.entry((table.noun, key.name)).or_default() |= value.is_some();
        if let Some(value) = value {
            visit_shape(&key.shape, value, seen);
        }
    }
}

fn visit_shape(shape: &format::Shape, node: &Node, seen: &mut BTreeMap<(&'static str, &'static str), bool>) {
    use format::Shape;
    match (shape, &node.value) {
        (Shape::Object(table) | Shape::NameOr(table), Value::Map(_)) => visit(table, node, seen),
        (Shape::List(item) | Shape::OneOrMany(item), Value::List(items)) => {
            items.iter().for_each(|node| visit_shape(item, node, seen));
        }
        _ => {}
    }
}

#[test]
fn the_schema_takes_the_format_and_refuses_what_the_reader_refuses() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    let faults = |text: &str| validator.iter_errors(&tree(text).to_json()).map(|e| e.to_string()).collect::<Vec<_>>();
    assert_eq!(faults(FULL), Vec::<String>::new());
    for mistake in [
        "datasets: [{name: a}]",
        "datasets: [{name: a, source: {csv: a, jsonl: b}}]",
        "datasets: [{name: A, source: {csv: a}}]",
        "datasets: [{name: a__b, source: {csv: a}}]",
        "datasets: [{name: a, source: {csv: a}, watermark: {column: x, lag: 6}}]",
        "datasets: [{name: a, source: {csv: a}, columns: [{name: x, type: string}]}]",
        "metrics: [{name: a, type: ratio, numerator: b}]",
        "metrics: [{name: a, type: ratio, numerator: b, denominator: c, agg: sum}]",
        "metrics: [{name: a, type: derived, expr: b, direction: upp}]",
        "metrics: [{name: a, type: derived, expr: b, lable: c}]",
        "metrics: [{name: a, expr: b}]",
        "calendar: {fiscal_year_start: '02-29'}",
        "tests: [{query: {metrics: [a]}, expect: [1]}]",
        "nme: a",
    ] {
        assert!(!faults(mistake).is_empty(), "the schema takes {mistake}");
        let (_, findings) = read_files(&[mistake]);
        assert!(findings.iter().any(|f| !f.message.contains("has no `name`")), "the reader takes {mistake}");
    }
}

fn tree(text: &str) -> Node {
    let source = Sources::default().add("a.yml", text);
    let mut documents = yaml::read(source, text, &mut Diagnostics::default());
    documents.nodes.remove(0)
}

/// `UPDATE=1` rewrites the file.
#[test]
#[allow(clippy::disallowed_methods, reason = "the test compares a file of the repository")]
fn the_schema_that_is_checked_in_is_the_one_of_the_format() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/schema/model.schema.json");
    let now = schema_text();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &now).unwrap();
    }
    let checked_in = std::fs::read_to_string(path).unwrap_or_default();
    assert!(checked_in == now, "docs/schema/model.schema.json is not what the format gives; UPDATE=1 rewrites it");
}
