//! Rolling windows and time shifts of measures.

use super::measure::Refused;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::import::object::{Keys, Object};
use crate::model::convert;
use crate::source::{Span, Spanned};
use crate::yaml::Node;
use crate::yaml::make::Map;

const WINDOW: Keys =
    Keys { noun: "rolling window", read: &["trailing", "leading", "offset", "type", "granularity"], left_out: &[] };
const SHIFT: Keys = Keys { noun: "time shift", read: &["interval", "type", "time_dimension", "name"], left_out: &[] };

/// How far back a rolling window goes.
pub(super) struct Window {
    /// The key of a cumulative metric and its value; absent for all of the past.
    key: Option<(&'static str, Spanned<String>)>,
    span: Span,
}

impl Window {
    /// The keys of a cumulative metric over `base`.
    pub(super) fn extend(&self, map: &mut Map, base: &Spanned<String>) {
        map.set("type", Node::text("cumulative", self.span));
        map.set("input_metric", Node::text(base.value.clone(), self.span));
        if let Some((key, value)) = &self.key {
            map.set(key, Node::of(value));
        }
    }
}

/// A window that a cumulative metric can have.
pub(super) fn window(object: &Object<'_>, node: &Node) -> Result<Window, Refused> {
    let Some(window) = Object::open(object.report, &WINDOW, node) else { return Err(None) };
    let refused = |message: &str| {
        let refused = Diagnostic::new(Code::NotImported, message.to_string()).at(node.span);
        Err(Some(refused.help("windows are trailing ones, or since the start of a period")))
    };
    let span = node.span;
    if window.has("leading") {
        return refused("its window leads");
    }
    if window.text("offset").is_some_and(|offset| offset.value != "end") {
        return refused("its window does not end where its period ends");
    }
    match window.text("type").as_ref().map(|word| word.value.as_str()) {
        Some("to_date") => {
            let Some(granularity) = window.required("granularity") else { return Err(None) };
            Ok(Window { key: Some(("grain_to_date", granularity)), span })
        }
        None | Some("fixed") => match window.required("trailing") {
            Some(trailing) if trailing.value == "unbounded" => Ok(Window { key: None, span }),
            Some(trailing) if convert::length(&trailing.value).is_some() => {
                Ok(Window { key: Some(("window", trailing)), span })
            }
            Some(trailing) => {
                window.unknown_word("trailing", &trailing, &["unbounded", "7 days", "1 month"]);
                Err(None)
            }
            None => Err(None),
        },
        Some(_) => refused("its window is of an unknown type"),
    }
}

/// How far back a measure is shifted.
pub(super) fn time_shift(object: &Object<'_>) -> Result<Option<Spanned<String>>, Refused> {
    let shifts = object.list("time_shift");
    let [node] = shifts else {
        return match shifts.first() {
            None => Ok(None),
            Some(first) => {
                Err(Some(Diagnostic::new(Code::NotImported, "it is shifted by several times").at(first.span)))
            }
        };
    };
    let Some(shift) = Object::open(object.report, &SHIFT, node) else { return Err(None) };
    if shift.has("name") || shift.has("time_dimension") {
        let refused = Diagnostic::new(Code::NotImported, "its shift is of one time dimension").at(node.span);
        return Err(Some(refused.help("a metric is shifted along its own time axis")));
    }
    let (interval, word) = (shift.required("interval"), shift.required("type"));
    let (Some(interval), Some(word)) = (interval, word) else { return Err(None) };
    if word.value != "prior" {
        return Err(Some(Diagnostic::new(Code::NotImported, "it is shifted into the future").at(word.span)));
    }
    if convert::length(&interval.value).is_none() {
        shift.unknown_word("interval", &interval, &["1 year", "1 month", "7 days"]);
        return Err(None);
    }
    Ok(Some(interval))
}
