//! Making trees: nodes of values that were not written as they stand, each with the place that it
//! comes from.

use super::{Entry, Node, Scalar, ScalarKind, Value};
use crate::source::{Span, Spanned};

impl Node {
    pub fn text(text: impl Into<String>, span: Span) -> Node {
        Node::plain(text, ScalarKind::Text, span)
    }

    /// The text with its own place.
    pub fn of(text: &Spanned<String>) -> Node {
        Node::text(text.value.clone(), text.span)
    }

    pub fn flag(flag: bool, span: Span) -> Node {
        Node::plain(flag.to_string(), ScalarKind::Boolean, span)
    }

    /// A scalar of any kind; `text` is as YAML writes it.
    pub fn plain(text: impl Into<String>, kind: ScalarKind, span: Span) -> Node {
        Node { value: Value::Scalar(Scalar { text: text.into(), kind }), span }
    }

    pub fn list(items: Vec<Node>, span: Span) -> Node {
        Node { value: Value::List(items), span }
    }

    /// The items of a list; none of anything else.
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            Value::Scalar(_) | Value::Map(_) => &[],
        }
    }

    /// The entries of a map; none of anything else.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Map(entries) => entries,
            Value::Scalar(_) | Value::List(_) => &[],
        }
    }

    /// The same tree with every place at `span`.
    pub fn moved_to(&self, span: Span) -> Node {
        let value = match &self.value {
            Value::Scalar(scalar) => Value::Scalar(scalar.clone()),
            Value::List(items) => Value::List(items.iter().map(|item| item.moved_to(span)).collect()),
            Value::Map(entries) => Value::Map(
                entries
                    .iter()
                    .map(|e| Entry { key: Spanned::new(e.key.value.clone(), span), value: e.value.moved_to(span) })
                    .collect(),
            ),
        };
        Node { value, span }
    }
}

/// A map under construction. Keys stay in the order in which they were first set.
#[derive(Clone, Debug)]
pub struct Map {
    entries: Vec<Entry>,
    pub span: Span,
}

impl Map {
    pub fn new(span: Span) -> Map {
        Map { entries: Vec::new(), span }
    }

    /// The entries of a map node; none of anything else.
    pub fn from_node(node: Node) -> Map {
        let span = node.span;
        match node.value {
            Value::Map(entries) => Map { entries, span },
            Value::Scalar(_) | Value::List(_) => Map::new(span),
        }
    }

    /// Gives `key` this value, in place of the one that it has.
    pub fn set(&mut self, key: &str, value: Node) {
        match self.entries.iter_mut().find(|e| e.key.value == key) {
            Some(entry) => entry.value = value,
            None => self.entries.push(Entry { key: Spanned::new(key.to_string(), value.span), value }),
        }
    }

    pub fn set_some(&mut self, key: &str, value: Option<Node>) {
        if let Some(value) = value {
            self.set(key, value);
        }
    }

    /// Sets a list unless it is empty.
    pub fn set_list(&mut self, key: &str, items: Vec<Node>) {
        if !items.is_empty() {
            self.set(key, Node::list(items, self.span));
        }
    }

    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries.iter().find(|e| e.key.value == key).map(|e| &e.value)
    }

    pub fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// Takes the value of a key out.
    pub fn remove(&mut self, key: &str) -> Option<Node> {
        let at = self.entries.iter().position(|e| e.key.value == key)?;
        Some(self.entries.remove(at).value)
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// Adds the entries of `other` whose keys are not set.
    pub fn extend(&mut self, other: Map) {
        for entry in other.entries {
            if !self.has(&entry.key.value) {
                self.entries.push(entry);
            }
        }
    }

    pub fn into_node(self) -> Node {
        Node { value: Value::Map(self.entries), span: self.span }
    }
}
