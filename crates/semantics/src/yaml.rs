//! YAML as one spanned tree, within a budget.
//!
//! A text is read to its end whatever is wrong in it: a fault is a finding, a line in a wrong
//! column is read as if it lined up, else the smallest list item around the fault is left out, and
//! the rest is read. Anchors and aliases are followed; merge keys and tags are not YAML that models
//! need and are findings.

use crate::diagnostic::Diagnostics;
use crate::source::{SourceId, Span, Spanned};

mod build;
mod draft;
pub mod make;
mod recover;
mod words;
pub mod write;

/// Nodes of one text, copies made by aliases included.
pub const MAX_NODES: usize = 200_000;
/// Lists and maps within each other.
pub const MAX_DEPTH: usize = 64;
/// Aliases of one text.
pub const MAX_ALIASES: usize = 100;
/// Keys of one map.
pub const MAX_KEYS: usize = 1_000;
/// Faults after which the rest of a text is not read.
pub const MAX_FAULTS: usize = 100;

/// What a text held.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Documents {
    /// One tree for each document that is not empty.
    pub nodes: Vec<Node>,
    /// The values of `name` in the items that were left out because of a fault.
    pub lost: Vec<String>,
}

/// Reads all documents of a text that stands in [`crate::source::Sources`] as `source`.
pub fn read(source: SourceId, text: &str, findings: &mut Diagnostics) -> Documents {
    recover::read(source, text, findings)
}

/// A value and where it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    pub value: Value,
    pub span: Span,
}

/// What a node holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Scalar(Scalar),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// One key of a map with its value. Keys of a map are distinct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub key: Spanned<String>,
    pub value: Node,
}

/// A scalar with its text: `2026` and `"2026"` have one text and two kinds.
///
/// The span of a quoted scalar leaves the quotes out. Where the span is exactly as long as the
/// text, byte `i` of the text stands at byte `i` of the span; where it is not (escapes, folded
/// lines, block scalars), only the whole span can be pointed at. [`part`] takes care of both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalar {
    pub text: String,
    pub kind: ScalarKind,
}

/// The type of a scalar by YAML's core schema; a quoted scalar is a string whatever it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScalarKind {
    Null,
    Boolean,
    Integer,
    Float,
    Text,
}

/// The span of bytes `start..end` of a text that was read from YAML: a part of the text's span
/// where bytes map one to one, the whole span where they do not.
pub fn part(text: &Spanned<String>, start: usize, end: usize) -> Span {
    let whole = text.span;
    if (whole.end - whole.start) as usize != text.value.len() || end > text.value.len() {
        return whole;
    }
    Span::new(whole.source, whole.start as usize + start, whole.start as usize + end)
}

impl Node {
    /// Whether nothing is written here, or `null`.
    pub fn is_null(&self) -> bool {
        self.scalar().is_some_and(|s| s.kind == ScalarKind::Null)
    }

    /// What this node is, for messages: `a list`, `a number`.
    pub fn noun(&self) -> &'static str {
        match &self.value {
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
            Value::Scalar(scalar) => match scalar.kind {
                ScalarKind::Null => "nothing",
                ScalarKind::Boolean => "a boolean",
                ScalarKind::Integer | ScalarKind::Float => "a number",
                ScalarKind::Text => "a text",
            },
        }
    }

    /// The scalar of this node, when it is one.
    pub fn scalar(&self) -> Option<&Scalar> {
        match &self.value {
            Value::Scalar(scalar) => Some(scalar),
            Value::List(_) | Value::Map(_) => None,
        }
    }

    /// The value of `key`, when this node is a map that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match &self.value {
            Value::Map(entries) => entries.iter().find(|e| e.key.value == key).map(|e| &e.value),
            Value::Scalar(_) | Value::List(_) => None,
        }
    }

    /// The same tree as JSON. Numbers that JSON cannot hold exactly as written stay text.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Scalar(scalar) => scalar.to_json(),
            Value::List(items) => items.iter().map(Node::to_json).collect(),
            Value::Map(entries) => {
                serde_json::Value::Object(entries.iter().map(|e| (e.key.value.clone(), e.value.to_json())).collect())
            }
        }
    }
}

impl Scalar {
    fn to_json(&self) -> serde_json::Value {
        let text = || serde_json::Value::String(self.text.clone());
        match self.kind {
            ScalarKind::Null => serde_json::Value::Null,
            ScalarKind::Boolean => serde_json::Value::Bool(self.text.eq_ignore_ascii_case("true")),
            ScalarKind::Integer => self.text.parse::<i64>().map_or_else(|_| text(), Into::into),
            ScalarKind::Float => self.text.parse::<f64>().map_or_else(|_| text(), Into::into),
            ScalarKind::Text => text(),
        }
    }
}

#[cfg(test)]
mod tests;
