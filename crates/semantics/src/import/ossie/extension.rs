//! `custom_extensions`: those of ours are read, those of other vendors are losses.

use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::import::object::{Keys, Object};
use crate::yaml::make::Map;
use crate::yaml::{self, Node, Value};

/// Whose extensions are ours.
pub(crate) const VENDOR: &str = "SEXTANT";

const EXTENSION: Keys = Keys { noun: "custom extension", read: &["vendor_name", "data"], left_out: &[] };

/// The keys of our own extensions of an object, each at the place of the text that holds it.
pub(super) fn read(object: &Object<'_>) -> Option<Map> {
    let mut found: Option<Map> = None;
    for node in object.list("custom_extensions") {
        let Some(extension) = Object::open(object.report, &EXTENSION, node) else { continue };
        let Some(vendor) = extension.required("vendor_name") else { continue };
        if vendor.value != VENDOR {
            let message = format!("the extension of `{}` of {} is left out", vendor.value, object.label());
            let at = extension.node("data").map_or(vendor.span, |data| data.span);
            object.report.lose(at, message, "extensions of other vendors have no place in a model");
            continue;
        }
        if !extension.has("data") {
            extension.missing("data");
        }
        let Some(data) = extension.node("data").and_then(|data| decoded(object, data)) else { continue };
        match &mut found {
            Some(found) => found.extend(data),
            None => found = Some(data),
        }
    }
    found
}

/// The map that the text of `data` holds.
fn decoded(object: &Object<'_>, data: &Node) -> Option<Map> {
    let wrong = |why: String| {
        let message = format!("the extension of {} cannot be read: {why}", object.label());
        object.report.fault(Diagnostic::new(Code::WrongType, message).at(data.span).help("`data` is JSON in a text"));
        None
    };
    if let Value::Map(_) = data.value {
        return Some(Map::from_node(data.clone()));
    }
    let Some(scalar) = data.scalar() else { return wrong(format!("it is {}", data.noun())) };
    let mut findings = Diagnostics::default();
    let mut nodes = yaml::read(data.span.source, &scalar.text, &mut findings).nodes;
    if let Some(finding) = findings.iter().next() {
        return wrong(finding.message.clone());
    }
    match nodes.pop() {
        Some(node) if matches!(node.value, Value::Map(_)) => Some(Map::from_node(node.moved_to(data.span))),
        Some(node) => wrong(format!("it is {}", node.noun())),
        None => wrong("it is empty".to_string()),
    }
}
