//! Reading one map of a file: what is asked for is taken, and what nobody asked for is told.
//!
//! A key of MetricFlow's own objects that this reader does not know is a loss by name. A key of
//! dbt's that has nothing to do with metrics is counted, and told once for each file.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::expr::{Literal, template};
use crate::model::Length;
use crate::model::convert;
use crate::model::words::Word;
use crate::source::{SourceId, Span, Spanned};
use crate::time::granularity::Granularity;
use crate::yaml::{Documents, Entry, Node, ScalarKind, Value};

/// What is collected while all files are read.
#[derive(Debug, Default)]
pub(super) struct Report {
    findings: RefCell<Diagnostics>,
    losses: RefCell<Vec<Diagnostic>>,
    /// Keys that were left out, by file: the first place, and how many.
    counted: RefCell<BTreeMap<(SourceId, String), (Span, usize)>>,
    /// Names of what a finding kept out of the draft.
    unread: RefCell<BTreeSet<String>>,
    /// Texts that hold templates beyond those that are read, and whether what they stand in was left out.
    refused: RefCell<Vec<(Diagnostic, bool)>>,
}

impl Report {
    pub(super) fn fault(&self, finding: Diagnostic) {
        self.findings.borrow_mut().push(finding);
    }

    /// Something that was left out or read otherwise.
    pub(super) fn loss(&self, span: Span, fact: impl Into<String>, help: &str) {
        self.losses.borrow_mut().push(Diagnostic::new(Code::NotImported, fact).at(span).help(help));
    }

    /// What `read` gives of an object. When a finding keeps it out, its name is remembered, and a
    /// reference to it is no finding of its own.
    pub(super) fn or_unread<T>(&self, node: &Node, read: impl FnOnce() -> Option<T>) -> Option<T> {
        let before = self.findings.borrow().0.len();
        let object = read();
        if object.is_none() && self.findings.borrow().0.len() > before {
            names_in(node, &mut self.unread.borrow_mut());
        }
        object
    }

    /// Lets references to a thing pass that was told to be left out.
    pub(super) fn leave_out(&self, name: &str) {
        self.unread.borrow_mut().insert(name.to_string());
    }

    /// A text that cannot be read; what it stands in is left out.
    pub(super) fn refuse(&self, reason: Diagnostic) {
        self.refused.borrow_mut().push((reason, false));
    }

    /// Why the text at a place could not be read; who asks leaves out what it stands in.
    pub(super) fn refusal(&self, span: Span) -> Option<Diagnostic> {
        let mut refused = self.refused.borrow_mut();
        let (reason, told) = refused.iter_mut().find(|(reason, _)| reason.span == Some(span))?;
        *told = true;
        Some(reason.clone())
    }

    pub(super) fn is_unread(&self, name: &str) -> bool {
        self.unread.borrow().contains(name)
    }

    /// The documents that `read` gives; what it finds is kept.
    pub(super) fn yaml(&self, read: impl FnOnce(&mut Diagnostics) -> Documents) -> Vec<Node> {
        let documents = read(&mut self.findings.borrow_mut());
        self.unread.borrow_mut().extend(documents.lost);
        documents.nodes
    }

    /// One more of what is left out without a word of its own.
    pub(super) fn count(&self, what: &str, span: Span) {
        let mut counted = self.counted.borrow_mut();
        let (first, count) = counted.entry((span.source, what.to_string())).or_insert((span, 0));
        *first = span.min(*first);
        *count += 1;
    }

    /// Everything found, every loss by its place, and the names of what could not be read.
    pub(super) fn finish(self) -> (Diagnostics, Vec<Diagnostic>, BTreeSet<String>) {
        let mut losses = self.losses.into_inner();
        for ((_, what), (span, count)) in self.counted.into_inner() {
            let fact = match count {
                1 => format!("{what} is not read"),
                more => format!("{what} is not read, at {more} places of this file"),
            };
            losses.push(Diagnostic::new(Code::NotImported, fact).at(span).help("it has no place in a semantic model"));
        }
        losses.sort_by_key(|loss| loss.span.map(|span| (span.source, span.start)));
        // What nobody left out stands in something that another finding kept out.
        let untold = self.refused.into_inner().into_iter().filter(|(_, told)| !told).map(|(reason, _)| reason);
        let mut findings = self.findings.into_inner();
        findings.0.extend(untold);
        (findings, losses, self.unread.into_inner())
    }
}

/// The keys of one map, on their way into the draft.
pub(super) struct Fields<'a> {
    pub(super) report: &'a Report,
    /// What messages call the object.
    noun: &'static str,
    pub(super) span: Span,
    entries: &'a [Entry],
    taken: RefCell<BTreeSet<&'static str>>,
    /// Whether a finding says that the object is not read further.
    abandoned: Cell<bool>,
}

impl<'a> Fields<'a> {
    /// The keys of `node`; a finding when it is no map.
    pub(super) fn open(report: &'a Report, noun: &'static str, node: &'a Node) -> Option<Fields<'a>> {
        let Value::Map(entries) = &node.value else {
            let message = format!("{} is {}, not a map", article(noun), node.noun());
            report.fault(Diagnostic::new(Code::WrongType, message).at(node.span));
            return None;
        };
        Some(Fields { report, noun, span: node.span, entries, taken: RefCell::default(), abandoned: Cell::new(false) })
    }

    /// `metric `bookings``, or `this metric`.
    pub(super) fn label(&self) -> String {
        let name = self.entries.iter().find(|e| e.key.value == "name").and_then(|e| e.value.scalar());
        match name {
            Some(name) if !name.text.is_empty() => format!("{} `{}`", self.noun, name.text),
            Some(_) | None => format!("this {}", self.noun),
        }
    }

    /// What is written under a key, unless it is nothing.
    pub(super) fn node(&self, key: &'static str) -> Option<&'a Node> {
        self.taken.borrow_mut().insert(key);
        self.entries.iter().find(|e| e.key.value == key).map(|e| &e.value).filter(|node| !node.is_null())
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.entries.iter().any(|e| e.key.value == key && !e.value.is_null())
    }

    /// Where a key stands.
    pub(super) fn key_span(&self, key: &str) -> Span {
        self.entries.iter().find(|e| e.key.value == key).map_or(self.place(), |e| e.key.span)
    }

    /// Where a finding about the whole object stands: its name, else its first key.
    pub(super) fn place(&self) -> Span {
        let name = self.entries.iter().find(|e| e.key.value == "name").map(|e| e.value.span);
        name.or_else(|| self.entries.first().map(|e| e.key.span)).unwrap_or(self.span)
    }

    pub(super) fn missing(&self, key: &str) {
        let message = format!("{} has no `{key}`", self.label());
        self.report.fault(Diagnostic::new(Code::MissingKey, message).at(self.place()).help(format!("add `{key}`")));
    }

    pub(super) fn contradiction(&self, span: Span, message: String, help: &str) {
        self.report.fault(Diagnostic::new(Code::InvalidModel, message).at(span).help(help));
    }

    fn wrong(&self, key: &str, node: &Node, wanted: &str) {
        let message = format!("`{key}` of {} is {}, not {wanted}", self.label(), node.noun());
        self.report.fault(Diagnostic::new(Code::WrongType, message).at(node.span));
    }

    /// Any scalar, as its text.
    pub(super) fn text(&self, key: &'static str) -> Option<Spanned<String>> {
        let node = self.node(key)?;
        match node.scalar() {
            Some(scalar) => Some(Spanned::new(scalar.text.clone(), node.span)),
            None => {
                self.wrong(key, node, "a text");
                None
            }
        }
    }

    /// As [`Fields::text`]; its absence is a finding.
    pub(super) fn required(&self, key: &'static str) -> Option<Spanned<String>> {
        if !self.has(key) {
            self.missing(key);
        }
        let text = self.text(key)?;
        if text.value.is_empty() {
            self.missing(key);
            return None;
        }
        Some(text)
    }

    /// What is written under a key; its absence is a finding.
    pub(super) fn required_node(&self, key: &'static str) -> Option<&'a Node> {
        if !self.has(key) {
            self.missing(key);
        }
        self.node(key)
    }

    pub(super) fn flag(&self, key: &'static str) -> Option<Spanned<bool>> {
        let node = self.node(key)?;
        match node.scalar().filter(|s| s.kind == ScalarKind::Boolean) {
            Some(scalar) => Some(Spanned::new(scalar.text.eq_ignore_ascii_case("true"), node.span)),
            None => {
                self.wrong(key, node, "true or false");
                None
            }
        }
    }

    /// A number in digits, kept exactly.
    pub(super) fn decimal(&self, key: &'static str) -> Option<Spanned<Literal>> {
        let node = self.node(key)?;
        let number = node.scalar().filter(|s| matches!(s.kind, ScalarKind::Integer | ScalarKind::Float));
        match number.and_then(|s| convert::decimal(&s.text)) {
            Some(literal) => Some(Spanned::new(literal, node.span)),
            None => {
                self.wrong(key, node, "a number in digits");
                None
            }
        }
    }

    /// The items of a list.
    pub(super) fn list(&self, key: &'static str) -> &'a [Node] {
        match self.node(key) {
            Some(Node { value: Value::List(items), .. }) => items,
            Some(other) => {
                self.wrong(key, other, "a list");
                &[]
            }
            None => &[],
        }
    }

    /// The texts of a list; one text alone is a list of one.
    pub(super) fn texts(&self, key: &'static str) -> Vec<Spanned<String>> {
        let Some(node) = self.node(key) else { return Vec::new() };
        let items = match &node.value {
            Value::List(items) => items.as_slice(),
            Value::Scalar(_) | Value::Map(_) => std::slice::from_ref(node),
        };
        items.iter().filter_map(|item| self.scalar_text(key, item)).collect()
    }

    fn scalar_text(&self, key: &str, item: &Node) -> Option<Spanned<String>> {
        let text = item.scalar().filter(|s| s.kind != ScalarKind::Null);
        if text.is_none() {
            self.wrong(key, item, "a text");
        }
        text.map(|scalar| Spanned::new(scalar.text.clone(), item.span))
    }

    /// Conditions in template words, ANDed: a text, a list of them, or a manifest's
    /// `{where_filters: [{where_sql_template}]}`. Templates are expanded.
    pub(super) fn filters(&self, key: &'static str) -> Vec<Spanned<String>> {
        let written = match self.node(key) {
            Some(node @ Node { value: Value::Map(_), .. }) => {
                let Some(fields) = Fields::open(self.report, "filter", node) else { return Vec::new() };
                let filters = fields.list("where_filters").iter();
                let texts = filters.filter_map(|filter| {
                    let fields = Fields::open(self.report, "filter", filter)?;
                    let text = fields.required("where_sql_template");
                    fields.finish();
                    text
                });
                let texts = texts.collect();
                fields.finish();
                texts
            }
            Some(_) | None => self.texts(key),
        };
        let expanded = written.into_iter().filter_map(|text| match template::expand(&text.value, text.span) {
            Ok(value) if value.trim().is_empty() => {
                self.report.fault(Diagnostic::new(Code::InvalidExpression, "an empty condition").at(text.span));
                None
            }
            Ok(value) => Some(Spanned::new(value.trim().to_string(), text.span)),
            Err(reason) => {
                self.report.refuse(reason.at(text.span));
                Some(text)
            }
        });
        expanded.collect()
    }

    /// One of the words of `T`, without regard to case.
    pub(super) fn word<T: Word>(&self, key: &'static str) -> Option<Spanned<T>> {
        let text = self.text(key)?;
        match T::of(&text.value.to_ascii_lowercase()) {
            Some(word) => Some(Spanned::new(word, text.span)),
            None => {
                self.unknown_value(key, &text, T::NAMES);
                None
            }
        }
    }

    pub(super) fn unknown_value(&self, key: &str, text: &Spanned<String>, words: &[&str]) {
        let message = format!("`{key}` cannot be `{}`", text.value);
        let finding = Diagnostic::new(Code::UnknownValue, message).at(text.span);
        let finding = finding.suggest(&text.value, words.iter().copied());
        self.report.fault(finding.help(format!("one of {}", words.join(", "))));
    }

    /// A granularity; one finer than a second is read as a second, and told.
    pub(super) fn granularity(&self, key: &'static str) -> Option<Spanned<Granularity>> {
        let text = self.text(key)?;
        let word = text.value.to_ascii_lowercase();
        if is_below_second(&word) {
            self.report.loss(
                text.span,
                format!("`{key}: {word}` is read as second"),
                "times are counted in seconds here",
            );
            return Some(Spanned::new(Granularity::Second, text.span));
        }
        let known = Granularity::parse(&word);
        if known.is_none() {
            self.unknown_value(key, &text, <Granularity as Word>::NAMES);
        }
        known.map(|granularity| Spanned::new(granularity, text.span))
    }

    /// `7 days`, or a manifest's `{count: 7, granularity: day}`, as text.
    pub(super) fn window_text(&self, key: &'static str) -> Option<Spanned<String>> {
        let node = self.node(key)?;
        if !matches!(node.value, Value::Map(_)) {
            return self.text(key).map(|text| text.map(|text| text.to_ascii_lowercase()));
        }
        let fields = Fields::open(self.report, "window", node)?;
        let (count, granularity) = (fields.required("count"), fields.required("granularity"));
        fields.ignore("window_string");
        fields.ignore("is_standard_granularity");
        fields.finish();
        let (count, granularity) = (count?, granularity?);
        Some(Spanned::new(format!("{} {}", count.value, granularity.value.to_ascii_lowercase()), node.span))
    }

    pub(super) fn window(&self, key: &'static str) -> Option<Spanned<Length>> {
        let text = self.window_text(key)?;
        let length = convert::length(&text.value);
        if length.is_none() {
            let message = format!("`{key}` of {} cannot be `{}`", self.label(), text.value);
            let finding = Diagnostic::new(Code::UnknownValue, message).at(text.span);
            self.report.fault(finding.help("a count and a granularity from second to year, such as `7 days`"));
        }
        length.map(|length| Spanned::new(length, text.span))
    }

    /// A key that is known and says nothing here.
    pub(super) fn accept(&self, key: &'static str) {
        self.taken.borrow_mut().insert(key);
    }

    /// Every key, of an object that is not read further.
    pub(super) fn accept_rest(&self) {
        self.abandoned.set(true);
    }

    /// A key that is known and left out: counted, and told once for the file.
    pub(super) fn ignore(&self, key: &'static str) {
        if self.node(key).is_some_and(|node| !is_empty(node)) {
            self.report.count(&format!("`{key}` of {}", article(self.noun)), self.key_span(key));
        }
    }

    /// Whether a key holds a scalar.
    pub(super) fn is_text(&self, key: &str) -> bool {
        self.entries.iter().any(|e| e.key.value == key && e.value.scalar().is_some())
    }

    /// Whether a key holds scalars only.
    pub(super) fn is_text_list(&self, key: &str) -> bool {
        let is_list = |node: &Node| match &node.value {
            Value::List(items) => items.iter().all(|item| item.scalar().is_some()),
            Value::Scalar(_) => true,
            Value::Map(_) => false,
        };
        self.entries.iter().any(|e| e.key.value == key && is_list(&e.value))
    }

    /// Counts every key that nobody took, for maps that anything may stand in.
    pub(super) fn count_rest(self) {
        let taken = self.taken.borrow();
        for entry in self.entries.iter().filter(|e| !taken.contains(e.key.value.as_str())) {
            self.report.count(&format!("`{}` of {}", entry.key.value, article(self.noun)), entry.key.span);
        }
    }

    /// Tells every key that nobody took.
    pub(super) fn finish(self) {
        let taken = self.taken.borrow();
        let unknown = |e: &&Entry| !taken.contains(e.key.value.as_str()) && !is_empty(&e.value);
        for entry in self.entries.iter().filter(unknown).filter(|_| !self.abandoned.get()) {
            let message = format!("unknown key `{}` of {} is not read", entry.key.value, self.label());
            let loss = Diagnostic::new(Code::NotImported, message).at(entry.key.span);
            let loss = loss.suggest(&entry.key.value, taken.iter().copied());
            let keys: Vec<&str> = taken.iter().copied().collect();
            let help = format!("keys of {}: {}", article(self.noun), keys.join(", "));
            self.report.losses.borrow_mut().push(loss.help(help));
        }
    }
}

/// The names of an object and of all that stand in it.
fn names_in(node: &Node, names: &mut BTreeSet<String>) {
    match &node.value {
        Value::Scalar(_) => {}
        Value::List(items) => items.iter().for_each(|item| names_in(item, names)),
        Value::Map(entries) => {
            for entry in entries {
                let name = entry.value.scalar().filter(|_| entry.key.value == "name");
                names.extend(name.map(|name| name.text.clone()));
                names_in(&entry.value, names);
            }
        }
    }
}

/// Whether a word is a granularity that this engine does not count in.
pub(super) fn is_below_second(word: &str) -> bool {
    matches!(word, "nanosecond" | "microsecond" | "millisecond")
}

/// `an entity`, `a metric`.
fn article(noun: &str) -> String {
    let article = if noun.starts_with(['a', 'e', 'i', 'o']) { "an" } else { "a" };
    format!("{article} {noun}")
}

/// Whether a node holds nothing: an empty list, map or text.
fn is_empty(node: &Node) -> bool {
    match &node.value {
        Value::Scalar(scalar) => scalar.text.is_empty() || scalar.kind == ScalarKind::Null,
        Value::List(items) => items.is_empty(),
        Value::Map(entries) => entries.iter().all(|e| is_empty(&e.value)),
    }
}
