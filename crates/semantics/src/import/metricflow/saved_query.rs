//! Saved queries: `query_params` as the arguments of a request of ours.

use super::config;
use super::fields::{Fields, Report};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::expr::template::{self, ReferenceKind};
use crate::model::SavedQuery;
use crate::source::{Span, Spanned};
use crate::yaml::{Entry, Node, Scalar, ScalarKind, Value};

/// None when it is disabled, or a finding says why it cannot be read.
pub(super) fn read(report: &Report, node: &Node) -> Option<SavedQuery> {
    let f = Fields::open(report, "saved query", node)?;
    let config = config::read(&f);
    let name = f.required("name");
    let (label, description) = (f.text("label"), f.text("description"));
    let params = f.required_node("query_params");
    let params = params.and_then(|node| Fields::open(report, "saved query's query_params", node));
    let query = params.map(|params| {
        let query = query(&params);
        params.finish();
        query
    });
    for key in ["exports", "metadata", "tags", "group"] {
        f.ignore(key);
    }
    let (place, span) = (f.label(), f.span);
    f.finish();
    if !config.enabled {
        report.loss(span, format!("{place} is not enabled"), "remove `enabled: false` to read it");
        return None;
    }
    Some(SavedQuery { name: name?, label, description, synonyms: config.synonyms, query: query?, span })
}

/// The arguments of a request. Its rows are asked without a total, as the files mean them.
fn query(f: &Fields<'_>) -> Node {
    let span = f.span;
    let group_by = f.texts("group_by").into_iter().map(|item| named(f, &item).0);
    let order_by = f.texts("order_by").into_iter().map(|item| {
        let (name, descending) = named(f, &item);
        if descending { name.map(|name| format!("-{name}")) } else { name }
    });
    let lists = [
        ("metrics", f.texts("metrics")),
        ("group_by", group_by.collect()),
        ("where", f.filters("where")),
        ("order_by", order_by.collect()),
    ];
    let mut entries: Vec<Entry> = lists
        .into_iter()
        .filter(|(_, items)| !items.is_empty())
        .map(|(key, items)| entry(key, Value::List(items.into_iter().map(text).collect()), f.key_span(key)))
        .collect();
    if let Some(limit) = f.node("limit") {
        entries.push(Entry { key: Spanned::new("limit".to_string(), f.key_span("limit")), value: limit.clone() });
    }
    let no = Value::Scalar(Scalar { text: "false".to_string(), kind: ScalarKind::Boolean });
    entries.push(entry("totals", no, span));
    Node { value: Value::Map(entries), span }
}

fn entry(key: &str, value: Value, span: Span) -> Entry {
    Entry { key: Spanned::new(key.to_string(), span), value: Node { value, span } }
}

fn text(text: Spanned<String>) -> Node {
    Node { span: text.span, value: Value::Scalar(Scalar { text: text.value, kind: ScalarKind::Text }) }
}

/// The column that an item names, and whether it descends: a call of filter templates, or a name
/// as it is. Of one that cannot be read, the saved query is left out.
fn named(f: &Fields<'_>, item: &Spanned<String>) -> (Spanned<String>, bool) {
    let text = item.value.trim().trim_start_matches("{{").trim_end_matches("}}").trim();
    if !text.contains('(') {
        return (Spanned::new(text.to_string(), item.span), false);
    }
    match template::reference(text, item.span) {
        Ok(reference) if reference.kind == ReferenceKind::Metric && !reference.group_by.is_empty() => {
            let message = format!("metric `{}` with `group_by` outside of a filter", reference.name);
            f.report.refuse(Diagnostic::new(Code::UnsupportedExpression, message).at(item.span));
            (item.clone(), false)
        }
        Ok(reference) => (Spanned::new(reference.name, item.span), reference.descending),
        Err(reason) => {
            f.report.refuse(reason.at(item.span));
            (item.clone(), false)
        }
    }
}
