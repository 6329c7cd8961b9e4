//! One map of another tool's file: the keys that are known are read, and every other is a loss.

use super::report::Report;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::source::{Span, Spanned};
use crate::yaml::{Entry, Node, ScalarKind, Value};

/// The keys of one kind of object.
pub(super) struct Keys {
    /// What messages call the object: `cube`, `field`.
    pub(super) noun: &'static str,
    /// Keys that are read.
    pub(super) read: &'static [&'static str],
    /// Keys that the format has and the model does not, with what becomes of them.
    pub(super) left_out: &'static [(&'static str, &'static str)],
}

/// The keys of one map.
pub(super) struct Object<'a> {
    pub(super) report: &'a Report,
    pub(super) span: Span,
    keys: &'static Keys,
    entries: &'a [Entry],
}

impl<'a> Object<'a> {
    /// The keys of `node`; a fault where it is no map.
    pub(super) fn open(report: &'a Report, keys: &'static Keys, node: &'a Node) -> Option<Object<'a>> {
        let Value::Map(entries) = &node.value else {
            let message = format!("a {} is a map, not {}", keys.noun, node.noun());
            report.fault(Diagnostic::new(Code::WrongType, message).at(node.span));
            return None;
        };
        let object = Object { report, span: node.span, keys, entries };
        object.check_keys();
        Some(object)
    }

    fn check_keys(&self) {
        for entry in self.entries {
            let key = entry.key.value.as_str();
            if self.keys.read.contains(&key) {
                continue;
            }
            match self.keys.left_out.iter().find(|(name, _)| *name == key) {
                Some((_, why)) if !entry.value.is_null() => {
                    let message = format!("`{key}` of {} is left out", self.label());
                    self.report.lose(entry.key.span, message, why);
                }
                Some(_) => {}
                None => {
                    let message = format!("unknown key `{key}` of {} is left out", self.label());
                    let known = self.keys.read.iter().chain(self.keys.left_out.iter().map(|(name, _)| name)).copied();
                    let loss = Diagnostic::new(Code::UnknownKey, message).at(entry.key.span).suggest(key, known);
                    let read = self.keys.read.join(", ");
                    self.report.loss(loss.help(format!("keys of a {}: {read}", self.keys.noun)));
                }
            }
        }
    }

    /// What messages call this object.
    pub(super) fn label(&self) -> String {
        match self.node("name").and_then(Node::scalar) {
            Some(name) if !name.text.is_empty() => format!("{} `{}`", self.keys.noun, name.text),
            Some(_) | None => format!("this {}", self.keys.noun),
        }
    }

    /// Where a message about the whole object points: its name, else its first key.
    pub(super) fn place(&self) -> Span {
        let name = self.node("name").map(|name| name.span);
        name.or_else(|| self.entries.first().map(|e| e.key.span)).unwrap_or(self.span)
    }

    /// The value of a key that is not null.
    pub(super) fn node(&self, key: &str) -> Option<&'a Node> {
        self.entries.iter().find(|e| e.key.value == key).map(|e| &e.value).filter(|value| !value.is_null())
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.node(key).is_some()
    }

    pub(super) fn text(&self, key: &str) -> Option<Spanned<String>> {
        let node = self.node(key)?;
        match node.scalar().filter(|s| !s.text.trim().is_empty()) {
            Some(scalar) => Some(Spanned::new(scalar.text.clone(), node.span)),
            None => self.wrong(key, node, "a text"),
        }
    }

    /// A text that the object must have.
    pub(super) fn required(&self, key: &str) -> Option<Spanned<String>> {
        if !self.has(key) {
            self.missing(key);
        }
        self.text(key)
    }

    pub(super) fn missing(&self, key: &str) {
        let message = format!("{} has no `{key}`", self.label());
        self.report.fault(Diagnostic::new(Code::MissingKey, message).at(self.place()).help(format!("add `{key}`")));
    }

    pub(super) fn flag(&self, key: &str) -> Option<Spanned<bool>> {
        let node = self.node(key)?;
        match node.scalar().filter(|s| s.kind == ScalarKind::Boolean) {
            Some(scalar) => Some(Spanned::new(scalar.text.eq_ignore_ascii_case("true"), node.span)),
            None => self.wrong(key, node, "`true` or `false`"),
        }
    }

    /// A flag of objects that may have it.
    pub(super) fn flag_if_read(&self, key: &str) -> Option<Spanned<bool>> {
        if self.keys.read.contains(&key) { self.flag(key) } else { None }
    }

    /// The items of a list; none where the key is absent, a fault where it is no list.
    pub(super) fn list(&self, key: &str) -> &'a [Node] {
        match self.node(key).map(|node| (node, &node.value)) {
            Some((_, Value::List(items))) => items,
            Some((node, Value::Scalar(_) | Value::Map(_))) => self.wrong(key, node, "a list").unwrap_or(&[]),
            None => &[],
        }
    }

    pub(super) fn texts(&self, key: &str) -> Vec<Spanned<String>> {
        self.list(key).iter().filter_map(|item| self.item(key, item)).collect()
    }

    /// A text that stands in a list under `key`.
    pub(super) fn item(&self, key: &str, item: &Node) -> Option<Spanned<String>> {
        match item.scalar().filter(|s| !s.text.trim().is_empty()) {
            Some(scalar) => Some(Spanned::new(scalar.text.clone(), item.span)),
            None => self.wrong(key, item, "a list of texts"),
        }
    }

    pub(super) fn wrong<T>(&self, key: &str, node: &Node, wants: &str) -> Option<T> {
        let message = format!("`{key}` of {} wants {wants}, not {}", self.label(), node.noun());
        self.report.fault(Diagnostic::new(Code::WrongType, message).at(node.span));
        None
    }

    /// A word of a closed list; a fault where it is another.
    pub(super) fn unknown_word(&self, key: &str, word: &Spanned<String>, words: &[&str]) {
        let message = format!("`{key}` of {} cannot be `{}`", self.label(), word.value);
        let fault = Diagnostic::new(Code::UnknownValue, message).at(word.span);
        self.report
            .fault(fault.suggest(&word.value, words.iter().copied()).help(format!("one of {}", words.join(", "))));
    }
}
