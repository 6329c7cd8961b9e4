//! Reading one map: the keys it knows are taken, every other and every value that does not
//! convert is a finding, and reading goes on.
//!
//! Keys are taken by the tables of [`super::format`]. In builds with debug assertions a key that
//! is not in the table, a value taken as another shape than the table's, and a key of the table
//! that nobody took are all panics, so table and reader cannot drift apart.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, HashMap};

use super::format::{Key, Need, Shape, Table};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics, nearest};
use crate::source::{Sources, Span, Spanned};
use crate::yaml::{Entry, Node, Value};

mod take;

/// What is collected while all files are read.
pub(super) struct Reader<'a> {
    pub(super) sources: &'a Sources,
    pub(super) findings: RefCell<Diagnostics>,
    pub(super) unread: RefCell<BTreeSet<String>>,
}

impl Reader<'_> {
    pub(super) fn report(&self, finding: Diagnostic) {
        self.findings.borrow_mut().push(finding);
    }

    /// `file:line`, for a help that points at another place.
    pub(super) fn place(&self, span: Span) -> String {
        format!("{}:{}", self.sources.get(span.source).name, self.sources.position(span).line)
    }

    /// The items without those whose name an earlier one has; each of these is a finding.
    pub(super) fn distinct<T>(&self, noun: &str, items: Vec<T>, name: impl Fn(&T) -> &Spanned<String>) -> Vec<T> {
        let mut seen = HashMap::<String, Span>::new();
        items
            .into_iter()
            .filter(|item| {
                let name = name(item);
                match seen.get(&name.value) {
                    Some(first) => {
                        self.twice(noun, name, *first);
                        false
                    }
                    None => seen.insert(name.value.clone(), name.span).is_none(),
                }
            })
            .collect()
    }

    pub(super) fn twice(&self, noun: &str, name: &Spanned<String>, first: Span) {
        let message = format!("a second {noun} `{}`", name.value);
        let help = format!("the first is in {}; rename or remove one", self.place(first));
        self.report(Diagnostic::new(Code::DuplicateName, message).at(name.span).help(help));
    }
}

/// The keys of one map, on their way into a type of the model.
pub(super) struct Fields<'a> {
    pub(super) reader: &'a Reader<'a>,
    pub(super) span: Span,
    table: &'static Table,
    entries: &'a [Entry],
    /// The word of `type`, where keys depend on it and it is a known one.
    kind: Option<&'static str>,
    /// Unknown keys that are read as the key that they are nearest to and that is absent, so that
    /// one slip does not hide what stands beneath it.
    meant: Vec<(&'static str, &'a Entry)>,
    /// Which keys of the table were taken, as bits.
    taken: Cell<u64>,
}

impl<'a> Fields<'a> {
    /// The keys of `node`, unless it is no map. Keys that the table does not have, and required
    /// ones that the map does not have, are findings.
    pub(super) fn open(reader: &'a Reader<'a>, table: &'static Table, node: &'a Node) -> Option<Fields<'a>> {
        let Value::Map(entries) = &node.value else { return None };
        let kind = kind_of(table, entries);
        let mut fields =
            Fields { reader, span: node.span, table, entries, kind, meant: Vec::new(), taken: Cell::new(0) };
        fields.check_keys();
        Some(fields)
    }

    /// The word of `type`, when it is a known one.
    pub(super) fn kind(&self) -> Option<&'static str> {
        self.kind
    }

    /// What messages call this object.
    pub(super) fn label(&self) -> String {
        match self.entry("name").and_then(|e| e.value.scalar()) {
            Some(name) if !name.text.is_empty() => format!("{} `{}`", self.table.noun, name.text),
            Some(_) | None => format!("this {}", self.table.noun),
        }
    }

    /// Where a finding about the whole object stands: its name, else its first key.
    pub(super) fn place(&self) -> Span {
        let name = self.entry("name").map(|e| e.value.span);
        name.or_else(|| self.entries.first().map(|e| e.key.span)).unwrap_or(self.span)
    }

    /// Records a contradiction between keys.
    pub(super) fn contradiction(&self, span: Span, message: String, help: &str) {
        self.reader.report(Diagnostic::new(Code::InvalidModel, message).at(span).help(help));
    }

    /// Records a key that is absent although another key calls for it.
    pub(super) fn missing(&self, key: &'static str, why: &str) {
        let message = format!("{} has no `{key}`", self.label());
        self.reader.report(Diagnostic::new(Code::MissingKey, message).at(self.place()).help(why));
    }

    /// The object is left out of the model: references to its name are no findings of their own.
    pub(super) fn leave_out(&self) {
        if let Some(name) = self.entry("name").and_then(|e| e.value.scalar()) {
            self.reader.unread.borrow_mut().insert(name.text.clone());
        }
    }

    /// `object` as it is; when it is none, it is left out by name.
    pub(super) fn or_left_out<T>(&self, object: Option<T>) -> Option<T> {
        if object.is_none() {
            self.leave_out();
        }
        object
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.entry(key).is_some_and(|e| !e.value.is_null())
    }

    /// What is written under a key, a slip in its name included.
    fn entry(&self, key: &str) -> Option<&'a Entry> {
        let written = self.entries.iter().find(|e| e.key.value == key);
        written.or_else(|| self.meant.iter().find(|(meant, _)| *meant == key).map(|(_, entry)| *entry))
    }

    /// The key's table row and value; absent when the map does not have it, it is null, or the
    /// object's type does not take it.
    fn take(&self, name: &'static str) -> Option<(&'static Key, &'a Node)> {
        let index = self.table.keys.iter().position(|key| key.name == name);
        let index = index.expect("the reader asks for keys of the table");
        self.taken.set(self.taken.get() | 1 << index);
        let key = &self.table.keys[index];
        let node = &self.entry(name)?.value;
        (!node.is_null() && key.is_taken_by(self.kind)).then_some((key, node))
    }

    /// Whether a slip of this key is a finding already.
    fn is_meant(&self, key: &str) -> bool {
        self.meant.iter().any(|(meant, _)| *meant == key)
    }

    /// Counts the keys that `are` accepts as taken.
    fn mark(&self, are: impl Fn(&Key) -> bool) {
        for (i, _) in self.table.keys.iter().enumerate().filter(|(_, key)| are(key)) {
            self.taken.set(self.taken.get() | 1 << i);
        }
    }

    fn check_keys(&mut self) {
        for entry in self.entries {
            let key = self.table.key(&entry.key.value);
            if !key.is_some_and(|key| key.is_taken_by(self.kind)) {
                let finding = self.unknown_key(entry, key);
                let meant = finding.did_you_mean.first().and_then(|name| self.table.key(name));
                if let Some(meant) = meant.filter(|meant| self.entry(meant.name).is_none()) {
                    self.meant.push((meant.name, entry));
                }
                self.reader.report(finding);
            }
        }
        for key in self.table.keys.iter().filter(|key| key.is_required_by(self.kind)) {
            if !self.has(key.name) && !self.is_meant(key.name) {
                self.missing(key.name, &key.addition());
            }
        }
        self.check_one_of();
    }

    /// The finding for a key that the table does not have, or not for objects of this type.
    fn unknown_key(&self, entry: &Entry, key: Option<&Key>) -> Diagnostic {
        let name = entry.key.value.as_str();
        let message = format!("unknown key `{}` of {}", excerpt(name), self.label());
        let finding = Diagnostic::new(Code::UnknownKey, message).at(entry.key.span);
        if let Some(Need::Types { must, may }) = key.map(|key| key.need) {
            let types: Vec<String> = must.iter().chain(may).map(|t| format!("`type: {t}`")).collect();
            return finding.help(format!("`{name}` is a key of {}s with {}", self.table.noun, types.join(" or ")));
        }
        let keys = self.table.keys.iter().filter(|key| key.is_taken_by(self.kind)).map(|key| key.name);
        let finding = finding.suggest(name, keys.clone());
        if name.contains(':') {
            finding.help("a space is missing after the colon")
        } else if finding.did_you_mean.is_empty() {
            finding.help(format!("keys of a {}: {}", self.table.noun, keys.collect::<Vec<_>>().join(", ")))
        } else {
            finding
        }
    }

    fn check_one_of(&self) {
        let forms = self.table.one_of;
        let mut given = forms.iter().filter(|form| self.has(form));
        match (given.next(), given.next()) {
            (Some(first), Some(second)) => {
                let span = self.entry(second).map_or(self.span, |e| e.key.span);
                let message = format!("{} has both `{first}` and `{second}`", self.label());
                self.contradiction(span, message, &format!("exactly one of {}", forms.join(", ")));
            }
            (None, _) if !forms.is_empty() && !forms.iter().any(|form| self.is_meant(form)) => {
                let message = format!("{} has none of {}", self.label(), forms.join(", "));
                let finding = Diagnostic::new(Code::MissingKey, message).at(self.place());
                self.reader.report(finding.help("give exactly one of them"));
            }
            (Some(_), None) | (None, _) => {}
        }
    }
}

/// Keys of the table that nobody took would be parsed and ignored.
#[cfg(debug_assertions)]
impl Drop for Fields<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        for (i, key) in self.table.keys.iter().enumerate() {
            let read = self.taken.get() & (1 << i) != 0 || !key.is_taken_by(self.kind);
            assert!(read, "nobody reads `{}` of a {}", key.name, self.table.noun);
        }
    }
}

/// The word of `type`, where the table's keys depend on it. A slip in the key is no obstacle.
fn kind_of(table: &Table, entries: &[Entry]) -> Option<&'static str> {
    table.keys.iter().find(|key| matches!(key.need, Need::Types { .. }))?;
    let Shape::Word(words) = table.key("type")?.shape else { return None };
    let names = || table.keys.iter().map(|key| key.name);
    let is_slip = |e: &&Entry| {
        table.key(&e.key.value).is_none() && nearest(&e.key.value, names()).first().is_some_and(|name| name == "type")
    };
    let entry = entries.iter().find(|e| e.key.value == "type").or_else(|| entries.iter().find(is_slip))?;
    let written = &entry.value.scalar()?.text;
    words.iter().find(|word| **word == written).copied()
}

/// A text short enough for a message.
fn excerpt(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(60) {
        Some((i, _)) => format!("{}…", &line[..i]),
        None => line.to_string(),
    }
}
