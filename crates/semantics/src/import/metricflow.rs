//! MetricFlow's files, and dbt's, as the model of ours.
//!
//! One reader for all four shapes: one object a document (`semantic_model:`, `metric:`,
//! `project_configuration:`, `saved_query:`), dbt's lists of them, semantics inside dbt's `models:`,
//! and a built `semantic_manifest.json`. Everything is first read into a draft that keeps measures
//! and metrics apart, then lowered: names are looked up, measures become simple metrics, shared
//! entities become relationships.

use super::{Format, Imported};
use crate::source::Sources;
use crate::yaml::{Node, Value};

mod config;
mod draft;
mod elements;
mod fields;
mod files;
mod latest;
mod lower;
mod metric;
mod saved_query;
mod semantic_model;
mod sieve;
mod spine;

/// The model of these texts, `(path relative to the model directory, text)`.
pub(super) fn read(texts: Vec<(String, String)>) -> Imported {
    let mut sources = Sources::default();
    for (name, text) in texts {
        sources.add(name, text);
    }
    let report = fields::Report::default();
    let draft = files::read(&report, &sources);
    let mut model = lower::model(&report, draft);
    model.sources = sources;
    sieve::sift(&report, &mut model);
    let (findings, losses, unread) = report.finish();
    model.unread = unread;
    Imported { format: Format::MetricFlow, model, findings, losses }
}

/// Whether a document holds semantics in one of MetricFlow's shapes. Only dbt's own keys are not
/// enough: a directory of them alone is no semantic model.
pub(super) fn is_ours(document: &Node) -> bool {
    let Value::Map(entries) = &document.value else { return false };
    entries.iter().any(|entry| match (entry.key.value.as_str(), &entry.value.value) {
        ("semantic_model", Value::Map(_)) | ("semantic_models", Value::List(_)) => true,
        ("metric" | "saved_query" | "project_configuration", Value::Map(_)) => true,
        ("models", Value::List(models)) => models.iter().any(is_semantic),
        ("metrics", Value::List(metrics)) => metrics.iter().any(|metric| metric.get("type_params").is_some()),
        _ => false,
    })
}

/// Whether a dbt model has semantics of the latest vocabulary, or is a time spine.
fn is_semantic(model: &Node) -> bool {
    ["semantic_model", "agg_time_dimension", "derived_semantics", "time_spine"]
        .iter()
        .any(|key| model.get(key).is_some_and(|node| !node.is_null()))
}
