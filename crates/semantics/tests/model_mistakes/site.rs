//! Where mistakes can be made: the maps of the files with their keys, by place and role.

use std::ops::Range;

use sextant_semantics::diagnostic::Diagnostics;
use sextant_semantics::source::{Sources, Span};
use sextant_semantics::yaml::{self, Node, Value};

/// One map of a file.
#[derive(Clone, Debug)]
pub(crate) struct Site {
    pub(crate) file: usize,
    /// The key under which it stands: `metrics`, `source`.
    pub(crate) role: String,
    /// Whether it is one of a list.
    pub(crate) item: bool,
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
            collect(file, text, "file", false, &root, &mut sites);
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

fn collect(file: usize, text: &str, role: &str, item: bool, node: &Node, sites: &mut Vec<Site>) {
    match &node.value {
        Value::Scalar(_) => {}
        Value::List(items) => items.iter().for_each(|node| collect(file, text, role, true, node, sites)),
        Value::Map(entries) => {
            let keys = entries.iter().map(|entry| Key {
                name: entry.key.value.clone(),
                at: range(entry.key.span),
                value: range(entry.value.span),
                kind: match &entry.value.value {
                    Value::Scalar(_) => Kind::Scalar,
                    Value::List(_) => Kind::List,
                    Value::Map(_) => Kind::Map,
                },
                items: match &entry.value.value {
                    Value::List(items) => {
                        items.iter().filter(|item| item.scalar().is_some()).map(|item| range(item.span)).collect()
                    }
                    Value::Scalar(_) | Value::Map(_) => Vec::new(),
                },
            });
            let range = range(node.span);
            let flow = text[range.start..].starts_with('{');
            sites.push(Site { file, role: role.to_string(), item, flow, range, keys: keys.collect() });
            for entry in entries {
                collect(file, text, &entry.key.value, false, &entry.value, sites);
            }
        }
    }
}

fn range(span: Span) -> Range<usize> {
    span.start as usize..span.end as usize
}
