//! Where mistakes can be made: the maps of the files with their keys, by place and role.

use std::ops::Range;

use sextant_semantics::diagnostic::Diagnostics;
use sextant_semantics::source::{Sources, Span};
use sextant_semantics::yaml::{self, Entry, Node, Value};

/// One map of a file.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) file: usize,
    /// The key under which it stands: `metrics`, `source`.
    pub(crate) role: String,
    /// Whether it is one of a list.
    pub(crate) item: bool,
    /// The thing that it is part of: a metric with its inputs, a relationship; a dataset without
    /// its dimensions and metrics, which are things of their own.
    pub(crate) thing: (usize, usize),
    pub(crate) flow: bool,
    pub(crate) range: Range<usize>,
    pub(crate) keys: Vec<Key>,
}

/// One key of a map.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) name: String,
    pub(crate) at: Range<usize>,
    pub(crate) value: Range<usize>,
    pub(crate) kind: Kind,
    /// The items of a list of scalars.
    pub(crate) items: Vec<Range<usize>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Scalar,
    List,
    Map,
}

impl Site {
    pub(crate) fn key(&self, name: &str) -> Option<&Key> {
        self.keys.iter().find(|key| key.name == name)
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.key(name).is_some()
    }

    /// The text of a scalar.
    pub(crate) fn text<'a>(&self, text: &'a str, name: &str) -> Option<&'a str> {
        self.key(name).filter(|key| key.kind == Kind::Scalar).map(|key| &text[key.value.clone()])
    }
}

/// Every map of the files.
pub(crate) fn all(files: &[(String, String)]) -> Vec<Site> {
    let mut sites = Vec::new();
    for (file, (name, text)) in files.iter().enumerate() {
        for root in tree(name, text) {
            let thing = (file, root.span.start as usize);
            Walk { file, text, sites: &mut sites }.collect("file", false, thing, &root);
        }
    }
    sites
}

/// The documents of a text that has no faults; none of one that has.
pub(crate) fn tree(name: &str, text: &str) -> Vec<Node> {
    let mut findings = Diagnostics::default();
    let source = Sources::default().add(name, text);
    let documents = yaml::read(source, text, &mut findings);
    if findings.is_empty() { documents.nodes } else { Vec::new() }
}

struct Walk<'a> {
    file: usize,
    text: &'a str,
    sites: &'a mut Vec<Site>,
}

impl Walk<'_> {
    fn collect(&mut self, role: &str, item: bool, thing: (usize, usize), node: &Node) {
        let entries = match &node.value {
            Value::Scalar(_) => return,
            Value::List(items) => return items.iter().for_each(|node| self.collect(role, true, thing, node)),
            Value::Map(entries) => entries,
        };
        let range = range(node.span);
        let own = item && !matches!(role, "input_metrics" | "columns" | "entities");
        let thing = if own { (self.file, range.start) } else { thing };
        let flow = self.text[range.start..].starts_with('{');
        let keys = entries.iter().map(key).collect();
        self.sites.push(Site { file: self.file, role: role.to_string(), item, thing, flow, range, keys });
        for entry in entries {
            self.collect(&entry.key.value, false, thing, &entry.value);
        }
    }
}

fn key(entry: &Entry) -> Key {
    let (kind, items) = match &entry.value.value {
        Value::Scalar(_) => (Kind::Scalar, Vec::new()),
        Value::Map(_) => (Kind::Map, Vec::new()),
        Value::List(items) => {
            (Kind::List, items.iter().filter(|item| item.scalar().is_some()).map(|item| range(item.span)).collect())
        }
    };
    Key { name: entry.key.value.clone(), at: range(entry.key.span), value: range(entry.value.span), kind, items }
}

fn range(span: Span) -> Range<usize> {
    span.start as usize..span.end as usize
}
