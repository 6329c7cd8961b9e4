//! Expressions in dialects, and what the exporter kept beside them.

use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::import::object::{Keys, Object};
use crate::source::{Span, Spanned};
use crate::yaml::Node;

/// The one dialect that is read.
pub(crate) const ANSI: &str = "ANSI_SQL";

const EXPRESSION: Keys = Keys { noun: "expression", read: &["dialects"], left_out: &[] };
const DIALECT: Keys = Keys { noun: "dialect", read: &["dialect", "expression"], left_out: &[] };

/// The text of an expression: a bare text, or that of the dialect that is read; nothing where a fault was reported.
pub(super) fn expression(object: &Object<'_>, node: &Node) -> Result<Option<Spanned<String>>, Diagnostic> {
    if node.scalar().is_some() {
        return Ok(object.item("expression", node));
    }
    let Some(expression) = Object::open(object.report, &EXPRESSION, node) else { return Ok(None) };
    if !expression.has("dialects") {
        expression.missing("dialects");
        return Ok(None);
    }
    let mut found = None;
    let mut others: Vec<(Spanned<String>, Span)> = Vec::new();
    for node in expression.list("dialects") {
        let Some(dialect) = Object::open(object.report, &DIALECT, node) else { continue };
        let (word, text) = (dialect.required("dialect"), dialect.required("expression"));
        match word {
            Some(word) if word.value == ANSI && found.is_none() => found = text,
            Some(word) => {
                let at = text.map_or(word.span, |text| text.span);
                others.push((word, at));
            }
            None => {}
        }
    }
    match (&found, others.first()) {
        (Some(_), _) => {
            for (word, at) in &others {
                let message = format!("the {} expression of {} is left out", word.value, object.label());
                object.report.lose(*at, message, "the one in ANSI_SQL is read");
            }
        }
        (None, Some((word, _))) => {
            let message = format!("{} has no expression in {ANSI}", object.label());
            let refused = Diagnostic::new(Code::UnsupportedExpression, message).at(word.span);
            return Err(refused.suggest(&word.value, [ANSI]).help(format!("add one with `dialect: {ANSI}`")));
        }
        (None, None) => {}
    }
    Ok(found)
}

/// What the exporter kept of a thing, at `span`, no longer stands for what the file says.
pub(super) fn edited(object: &Object<'_>, what: &str, span: Span) {
    let message = format!("the extension of {} is left out: its {what} was edited after the export", object.label());
    object.report.lose(span, message, "edit both, or remove the extension");
}
