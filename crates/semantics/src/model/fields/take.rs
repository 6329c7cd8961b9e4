//! Taking the values of a map, one shape at a time.

use super::{Fields, excerpt};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, nearest};
use crate::model::convert;
use crate::model::format::{COLUMN_TYPES, Key, Need, Shape, Table};
use crate::model::words::Word;
use crate::source::{Span, Spanned};
use crate::yaml::{Node, Scalar, ScalarKind, Value};

impl<'a> Fields<'a> {
    pub(in crate::model) fn text(&self, key: &'static str) -> Option<Spanned<String>> {
        let (key, node) = self.take(key)?;
        self.one_text(key, &key.shape, node)
    }

    pub(in crate::model) fn texts(&self, key: &'static str) -> Vec<Spanned<String>> {
        let Some((key, node)) = self.take(key) else { return Vec::new() };
        match key.shape {
            Shape::List(item) => self.text_list(key, item, node),
            Shape::OneOrMany(item) if node.scalar().is_some() => self.one_text(key, item, node).into_iter().collect(),
            Shape::OneOrMany(item) => self.text_list(key, item, node),
            _ => unreachable!("`{}` is a list of texts in its table", key.name),
        }
    }

    pub(in crate::model) fn text_lists(&self, key: &'static str) -> Vec<Vec<Spanned<String>>> {
        let Some((key, node)) = self.take(key) else { return Vec::new() };
        let Shape::List(Shape::List(item)) = key.shape else {
            unreachable!("`{}` is a list of lists in its table", key.name)
        };
        self.items(key, node).iter().map(|list| self.text_list(key, item, list)).collect()
    }

    pub(in crate::model) fn flag(&self, key: &'static str) -> Option<Spanned<bool>> {
        let (key, node) = self.take(key)?;
        debug_assert!(matches!(key.shape, Shape::Flag), "`{}`", key.name);
        self.convert(key, node, |scalar| {
            (scalar.kind == ScalarKind::Boolean).then(|| scalar.text.eq_ignore_ascii_case("true"))
        })
    }

    pub(in crate::model) fn count(&self, key: &'static str) -> Option<Spanned<u64>> {
        let (key, node) = self.take(key)?;
        let Shape::Count(low, high) = key.shape else { unreachable!("`{}` is a count in its table", key.name) };
        self.convert(key, node, |scalar| {
            let number = (scalar.kind == ScalarKind::Integer).then(|| scalar.text.parse::<u64>().ok()).flatten();
            number.filter(|n| (low..=high).contains(n))
        })
    }

    /// A number of the shape that `is_shape` accepts.
    pub(in crate::model) fn number<T>(
        &self,
        key: &'static str,
        is_shape: fn(&Shape) -> bool,
        parse: fn(&str) -> Option<T>,
    ) -> Option<Spanned<T>> {
        let (key, node) = self.take(key)?;
        debug_assert!(is_shape(&key.shape), "`{}`", key.name);
        self.convert(key, node, |scalar| match scalar.kind {
            ScalarKind::Integer | ScalarKind::Float => parse(&scalar.text),
            ScalarKind::Null | ScalarKind::Boolean | ScalarKind::Text => None,
        })
    }

    /// A text of the shape that `is_shape` accepts, converted.
    pub(in crate::model) fn parsed<T>(
        &self,
        key: &'static str,
        is_shape: fn(&Shape) -> bool,
        parse: impl Fn(&str) -> Option<T>,
    ) -> Option<Spanned<T>> {
        let (key, node) = self.take(key)?;
        debug_assert!(is_shape(&key.shape), "`{}`", key.name);
        self.convert(key, node, |scalar| parse(&scalar.text))
    }

    pub(in crate::model) fn word<T: Word>(&self, key: &'static str) -> Option<Spanned<T>> {
        let (key, node) = self.take(key)?;
        let Shape::Word(words) = key.shape else { unreachable!("`{}` is a word in its table", key.name) };
        self.one_word(key, words, node)
    }

    /// A word that decides nothing but whether it is there: the span of a known one.
    pub(in crate::model) fn text_word(&self, key: &'static str) -> Option<Span> {
        let (key, node) = self.take(key)?;
        let Shape::Word(words) = key.shape else { unreachable!("`{}` is a word in its table", key.name) };
        let scalar = self.word_text(key, node)?;
        if words.contains(&scalar.text.as_str()) {
            return Some(node.span);
        }
        self.unknown_value(key, &scalar.text, node.span, words);
        None
    }

    /// The keys of an unknown type are not looked at; the type was a finding.
    pub(in crate::model) fn skip_typed_keys(&self) {
        let typed = |key: &Key| matches!(key.need, Need::Types { .. });
        self.mark(typed);
    }

    pub(in crate::model) fn words<T: Word>(&self, key: &'static str) -> Option<Vec<Spanned<T>>> {
        let (key, node) = self.take(key)?;
        let Shape::OneOrMany(Shape::Word(words)) = key.shape else {
            unreachable!("`{}` is one or many words in its table", key.name)
        };
        let nodes = if node.scalar().is_some() { std::slice::from_ref(node) } else { self.items(key, node) };
        Some(nodes.iter().filter_map(|node| self.one_word(key, words, node)).collect())
    }

    pub(in crate::model) fn object<T>(
        &self,
        key: &'static str,
        read: impl FnOnce(&Fields<'a>) -> Option<T>,
    ) -> Option<T> {
        let (key, node) = self.take(key)?;
        match key.shape {
            Shape::Object(table) => read(&self.open_object(key, table, node)?),
            _ => unreachable!("`{}` is an object in its table", key.name),
        }
    }

    pub(in crate::model) fn objects<T>(&self, key: &'static str, read: impl Fn(&Fields<'a>) -> Option<T>) -> Vec<T> {
        let Some((key, node)) = self.take(key) else { return Vec::new() };
        let Shape::List(Shape::Object(table)) = key.shape else {
            unreachable!("`{}` is a list of objects in its table", key.name)
        };
        let items = self.items(key, node).iter();
        items.filter_map(|item| read(&self.open_object(key, table, item)?)).collect()
    }

    /// A value that is a name or an object; `named` makes the object of a bare name.
    pub(in crate::model) fn name_or_object<T>(
        &self,
        key: &'static str,
        named: impl FnOnce(Spanned<String>) -> T,
        read: impl FnOnce(&Fields<'a>) -> Option<T>,
    ) -> Option<T> {
        let (key, node) = self.take(key)?;
        let Shape::NameOr(table) = key.shape else { unreachable!("`{}` is a name or an object", key.name) };
        self.one_name_or_object(key, table, node, named, read)
    }

    /// A list of values that are names or objects.
    pub(in crate::model) fn names_or_objects<T>(
        &self,
        key: &'static str,
        named: impl Fn(Spanned<String>) -> T,
        read: impl Fn(&Fields<'a>) -> Option<T>,
    ) -> Vec<T> {
        let Some((key, node)) = self.take(key) else { return Vec::new() };
        let Shape::List(Shape::NameOr(table)) = key.shape else {
            unreachable!("`{}` is a list of names or objects in its table", key.name)
        };
        let items = self.items(key, node).iter();
        items.filter_map(|item| self.one_name_or_object(key, table, item, &named, &read)).collect()
    }

    /// The tree under a key that others decode.
    pub(in crate::model) fn node(&self, key: &'static str) -> Option<&'a Node> {
        let (key, node) = self.take(key)?;
        debug_assert!(matches!(key.shape, Shape::Rows | Shape::Argument), "`{}`", key.name);
        Some(node)
    }

    /// A map of all keys that others decode.
    pub(in crate::model) fn arguments(&self) -> Node {
        let entries = self.entries.iter().filter(|entry| match self.table.key(&entry.key.value) {
            Some(key) if matches!(key.shape, Shape::Argument) => self.take(key.name).is_some(),
            Some(_) | None => false,
        });
        let node = Node { value: Value::Map(entries.cloned().collect()), span: self.span };
        self.mark(|key| matches!(key.shape, Shape::Argument));
        node
    }

    fn open_object(&self, key: &Key, table: &'static Table, node: &'a Node) -> Option<Fields<'a>> {
        let fields = Fields::open(self.reader, table, node);
        if fields.is_none() {
            self.wrong_type(key, &Shape::Object(table), node);
        }
        fields
    }

    fn one_text(&self, key: &Key, shape: &Shape, node: &Node) -> Option<Spanned<String>> {
        let text = |scalar: &Scalar| match (shape, scalar.kind) {
            (_, ScalarKind::Null) => None,
            (Shape::Text, ScalarKind::Boolean) => None,
            (Shape::Text | Shape::Name, _) if scalar.text.trim().is_empty() => None,
            (Shape::Text | Shape::Name | Shape::Expression, _) => Some(scalar.text.clone()),
            _ => unreachable!("`{}` is a text in its table", key.name),
        };
        let Some(value) = node.scalar().and_then(text) else {
            self.wrong_type(key, shape, node);
            return None;
        };
        if matches!(shape, Shape::Name) && !convert::is_name(&value) {
            let message = format!("`{value}` is not a name");
            let example = convert::as_name(&value).map(|name| format!(": `{name}`")).unwrap_or_default();
            let help =
                format!("names have lower-case letters, digits and single `_`, and start with a letter{example}");
            self.reader.report(Diagnostic::new(Code::InvalidName, message).at(node.span).help(help));
            return None;
        }
        Some(Spanned::new(value, node.span))
    }

    fn text_list(&self, key: &Key, item: &Shape, node: &Node) -> Vec<Spanned<String>> {
        let items = self.items(key, node).iter().filter_map(|node| self.one_text(key, item, node)).collect();
        self.reader.distinct(&format!("item of `{}`,", key.name), items, |item| item)
    }

    fn items(&self, key: &Key, node: &'a Node) -> &'a [Node] {
        match &node.value {
            Value::List(items) => items,
            Value::Scalar(_) | Value::Map(_) => {
                self.wrong_type(key, &key.shape, node);
                &[]
            }
        }
    }

    fn one_word<T: Word>(&self, key: &Key, words: &[&str], node: &Node) -> Option<Spanned<T>> {
        debug_assert!(words.iter().all(|word| T::of(word).is_some()), "`{}`", key.name);
        let scalar = self.word_text(key, node)?;
        let known = words.contains(&scalar.text.as_str()).then(|| T::of(&scalar.text)).flatten();
        if known.is_none() {
            self.unknown_value(key, &scalar.text, node.span, words);
        }
        Some(Spanned::new(known?, node.span))
    }

    fn word_text<'n>(&self, key: &Key, node: &'n Node) -> Option<&'n Scalar> {
        let scalar = node.scalar().filter(|s| s.kind != ScalarKind::Null);
        if scalar.is_none() {
            self.wrong_type(key, &Shape::Word(&[]), node);
        }
        scalar
    }

    fn one_name_or_object<T>(
        &self,
        key: &Key,
        table: &'static Table,
        node: &'a Node,
        named: impl FnOnce(Spanned<String>) -> T,
        read: impl FnOnce(&Fields<'a>) -> Option<T>,
    ) -> Option<T> {
        match &node.value {
            Value::Scalar(_) => self.one_text(key, &Shape::Text, node).map(named),
            Value::Map(_) => read(&self.open_object(key, table, node)?),
            Value::List(_) => {
                self.wrong_type(key, &key.shape, node);
                None
            }
        }
    }

    fn convert<T>(&self, key: &Key, node: &Node, parse: impl Fn(&Scalar) -> Option<T>) -> Option<Spanned<T>> {
        let parsed = node.scalar().and_then(&parse);
        if parsed.is_none() {
            match (node.scalar(), key.shape) {
                (Some(scalar), Shape::Zone | Shape::StoredAs) => {
                    let zones = chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name());
                    let near = nearest(&scalar.text, zones);
                    let message = format!("`{}` is not a time zone", scalar.text);
                    let help = format!("`{}` wants {}", key.name, key.shape.wants());
                    let mut finding = Diagnostic::new(Code::UnknownValue, message).at(node.span).help(help);
                    finding.did_you_mean = near;
                    self.reader.report(finding);
                }
                (Some(scalar), Shape::ColumnType) => {
                    self.unknown_value(key, &scalar.text, node.span, COLUMN_TYPES);
                }
                (_, shape) => self.wrong_type(key, &shape, node),
            }
        }
        Some(Spanned::new(parsed?, node.span))
    }

    fn unknown_value(&self, key: &Key, text: &str, span: Span, words: &[&str]) {
        let message = format!("`{}` cannot be `{}`", key.name, excerpt(text));
        let finding = Diagnostic::new(Code::UnknownValue, message).at(span).suggest(text, words.iter().copied());
        self.reader.report(finding.help(format!("one of {}", words.join(", "))));
    }

    fn wrong_type(&self, key: &Key, shape: &Shape, node: &Node) {
        let wants = match shape {
            Shape::Word([]) => "one word".to_string(),
            _ => shape.wants(),
        };
        let message = match node.scalar() {
            Some(scalar) if scalar.kind == ScalarKind::Null || scalar.text.is_empty() => {
                format!("`{}` wants {wants}, not {}", key.name, node.noun())
            }
            Some(scalar) if scalar.kind == ScalarKind::Text && !matches!(shape, Shape::Date | Shape::Word(_)) => {
                format!("`{}` wants {wants}, not the text `{}`", key.name, excerpt(&scalar.text))
            }
            Some(scalar) => format!("`{}` wants {wants}, not `{}`", key.name, excerpt(&scalar.text)),
            None => format!("`{}` wants {wants}, not {}", key.name, node.noun()),
        };
        let finding = Diagnostic::new(Code::WrongType, message).at(node.span);
        self.reader.report(match (shape, node.scalar()) {
            (Shape::List(_), Some(scalar)) => finding.help(format!("write `[{}]`", excerpt(&scalar.text))),
            (Shape::Text, Some(scalar)) if scalar.kind == ScalarKind::Boolean => finding.help("put it in quotes"),
            _ => finding.help(key.meaning()),
        });
    }
}
