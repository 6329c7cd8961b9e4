//! The documents of all files: which objects stand under which key.

use super::draft::Draft;
use super::fields::Report;
use super::{latest, metric, saved_query, semantic_model, spine};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::source::{Sources, Spanned};
use crate::yaml::{self, Entry, Node, Value};

/// Everything that the texts say.
pub(super) fn read(report: &Report, sources: &Sources) -> Draft {
    let mut draft = Draft::default();
    let documents: Vec<(bool, Vec<Node>)> = sources
        .iter()
        .map(|(id, text)| {
            let documents = report.yaml(|findings| yaml::read(id, &text.text, findings));
            (is_built(&text.name), documents)
        })
        .collect();
    let written = documents.iter().any(|(built, nodes)| !built && nodes.iter().any(super::is_ours));
    for (built, nodes) in &documents {
        for node in nodes {
            if *built && written {
                report.loss(node.span, "the built manifest is not read", "the files it was built from are read");
                continue;
            }
            document(report, node, &mut draft);
        }
    }
    draft
}

/// Whether dbt writes this file from others.
fn is_built(name: &str) -> bool {
    name.ends_with(".json")
}

fn document(report: &Report, node: &Node, draft: &mut Draft) {
    let Value::Map(entries) = &node.value else {
        let message = format!("a model file is {}, not a map", node.noun());
        report.fault(Diagnostic::new(Code::WrongType, message).at(node.span).help("write `key: value` pairs"));
        return;
    };
    let is_project =
        entries.iter().any(|e| ["config-version", "profile", "model-paths"].contains(&e.key.value.as_str()));
    for entry in entries {
        let value = &entry.value;
        match entry.key.value.as_str() {
            _ if value.is_null() => {}
            "semantic_model" => semantic_models(report, std::slice::from_ref(value), draft),
            "semantic_models" => semantic_models(report, list(report, entry), draft),
            "metric" => metrics(report, std::slice::from_ref(value), draft),
            "metrics" if matches!(value.value, Value::List(_)) || !is_project => {
                metrics(report, list(report, entry), draft);
            }
            "saved_query" => saved_queries(report, std::slice::from_ref(value), draft),
            "saved_queries" if is_project => other(report, entry),
            "saved_queries" => saved_queries(report, list(report, entry), draft),
            "project_configuration" => draft.time_spines.extend(spine::read(report, value)),
            "models" if matches!(value.value, Value::List(_)) => {
                list(report, entry).iter().for_each(|node| latest::read(report, node, draft));
            }
            "rebind" => rebind(report, entry, draft),
            "version" if !is_project => version(report, value),
            "name" if is_project => {
                draft.name = value.scalar().map(|name| Spanned::new(name.text.clone(), value.span));
            }
            _ => other(report, entry),
        }
    }
}

/// `rebind: {fct_orders: orders}`: tables that have other names in the data root. The key is ours.
fn rebind(report: &Report, entry: &Entry, draft: &mut Draft) {
    let Value::Map(pairs) = &entry.value.value else {
        let message = format!("`rebind` is {}, not a map", entry.value.noun());
        report.fault(Diagnostic::new(Code::WrongType, message).at(entry.value.span));
        return;
    };
    for pair in pairs {
        match pair.value.scalar().filter(|table| !table.text.is_empty()) {
            Some(table) => {
                draft.rebound.push((pair.key.clone(), Spanned::new(table.text.clone(), pair.value.span)));
            }
            None => {
                let message = format!("`{}` is rebound to {}, not to a table", pair.key.value, pair.value.noun());
                report.fault(Diagnostic::new(Code::WrongType, message).at(pair.value.span));
            }
        }
    }
}

/// Property files of dbt have `version: 2` or none.
fn version(report: &Report, node: &Node) {
    let number = node.scalar().and_then(|scalar| scalar.text.parse::<f64>().ok());
    if number.is_none_or(|number| ![1.0, 2.0].contains(&number)) {
        let fault = Diagnostic::new(Code::UnknownValue, "`version` is not 2").at(node.span);
        report.fault(fault.help("dbt's property files have `version: 2`, or none"));
    }
}

fn other(report: &Report, entry: &Entry) {
    report.count(&format!("`{}`", entry.key.value), entry.key.span);
}

fn list<'a>(report: &Report, entry: &'a Entry) -> &'a [Node] {
    match &entry.value.value {
        Value::List(items) => items,
        Value::Scalar(_) | Value::Map(_) => {
            let message = format!("`{}` is {}, not a list", entry.key.value, entry.value.noun());
            report.fault(Diagnostic::new(Code::WrongType, message).at(entry.value.span));
            &[]
        }
    }
}

fn semantic_models(report: &Report, nodes: &[Node], draft: &mut Draft) {
    let read = |node| report.or_unread(node, || semantic_model::read(report, node));
    draft.semantic_models.extend(nodes.iter().filter_map(read));
}

fn metrics(report: &Report, nodes: &[Node], draft: &mut Draft) {
    let read = |node| report.or_unread(node, || metric::read(report, node, None));
    draft.metrics.extend(nodes.iter().filter_map(read));
}

fn saved_queries(report: &Report, nodes: &[Node], draft: &mut Draft) {
    let read = |node| report.or_unread(node, || saved_query::read(report, node));
    draft.saved_queries.extend(nodes.iter().filter_map(read));
}
