//! The model format as tables: every object with its keys, what each takes, who needs it.
//!
//! The reader takes keys only by these tables, and the JSON Schema is written from them.

mod metric;
mod schema;
mod tables;

pub use schema::{schema, schema_text};
#[cfg(test)]
pub(crate) use tables::arguments;
pub(super) use tables::*;

/// One kind of object.
#[derive(Debug)]
pub(super) struct Table {
    /// What messages call it: `dataset`, `metric`.
    pub(super) noun: &'static str,
    pub(super) about: &'static str,
    pub(super) keys: &'static [Key],
    /// Keys of which exactly one stands in the object; empty: no such rule.
    pub(super) one_of: &'static [&'static str],
}

/// One key of an object.
#[derive(Clone, Copy, Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) need: Need,
    pub(super) about: &'static str,
}

/// Who must or may have a key. Words are those of `type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    Optional,
    Required,
    /// Objects of the first list must have it, those of the second may; no others.
    Types {
        must: &'static [&'static str],
        may: &'static [&'static str],
    },
}

/// What a key takes.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// Any text; a number is its text.
    Text,
    /// A text of the expression language; any scalar is its text.
    Expression,
    /// A name that the model defines.
    Name,
    /// `true` or `false`.
    Flag,
    /// An integer from the first to the second.
    Count(u64, u64),
    /// A number in digits, kept exactly.
    Decimal,
    /// A number that is not negative.
    Amount,
    /// A number between 0 and 1, both excluded.
    Fraction,
    /// One of these words.
    Word(&'static [&'static str]),
    /// `28 days`, `6h`.
    Length,
    /// A length, or a count of periods of a custom granularity: `1 season`.
    Offset,
    /// A granularity, also a custom one of `time_spines`.
    Grain,
    /// `2026-03-01`.
    Date,
    /// An IANA name.
    Zone,
    /// `utc` or an IANA name.
    StoredAs,
    /// `MM-DD`, the day 01 to 28.
    MonthDay,
    /// `integer`, `decimal(12, 2)` and so on.
    ColumnType,
    /// One ASCII character.
    Character,
    /// The argument of a request, decoded with it.
    Argument,
    /// A list of rows, each a list of values.
    Rows,
    Object(&'static Table),
    /// A name, or an object around it.
    NameOr(&'static Table),
    List(&'static Shape),
    /// One, or a list.
    OneOrMany(&'static Shape),
}

impl Shape {
    /// What the key wants, for messages and hints.
    pub(super) fn wants(&self) -> String {
        match self {
            Shape::Text => "a text".into(),
            Shape::Expression => "an expression".into(),
            Shape::Name => "a name".into(),
            Shape::Flag => "`true` or `false`".into(),
            Shape::Count(low, high) if low == high => format!("`{low}`"),
            Shape::Count(low, high) => format!("a whole number from {low} to {high}"),
            Shape::Decimal => "a number in digits, such as `0` or `1.50`".into(),
            Shape::Amount => "a number that is not negative".into(),
            Shape::Fraction => "a number between 0 and 1".into(),
            Shape::Word(words) => format!("one of {}", words.join(", ")),
            Shape::Length => "a length of time, such as `28 days` or `6h`".into(),
            Shape::Offset => "a length of time, such as `28 days`, or periods of a custom granularity".into(),
            Shape::Grain => "a granularity, such as `month`, or a custom one of `time_spines`".into(),
            Shape::Date => "a date, such as `2026-03-01`".into(),
            Shape::Zone => "a time zone, such as `America/New_York`".into(),
            Shape::StoredAs => "`utc` or a time zone, such as `America/New_York`".into(),
            Shape::MonthDay => "a month and a day from 01 to 28, such as `\"02-01\"`".into(),
            Shape::ColumnType => format!("one of {}", COLUMN_TYPES.join(", ")),
            Shape::Character => "one character".into(),
            Shape::Argument => "the value of a request's argument".into(),
            Shape::Rows => "a list of rows, such as `[[1234.50]]`".into(),
            Shape::Object(table) => format!("a map ({})", table.some_keys()),
            Shape::NameOr(table) => format!("a name, or a map ({})", table.some_keys()),
            Shape::List(Shape::Object(table) | Shape::NameOr(table)) => format!("a list of {}s", table.noun),
            Shape::List(item) => format!("a list, each item {}", item.wants()),
            Shape::OneOrMany(item) => format!("{}, or a list", item.wants()),
        }
    }
}

impl Table {
    const fn new(noun: &'static str, about: &'static str, keys: &'static [Key]) -> Table {
        Table { noun, about, keys, one_of: &[] }
    }

    const fn with_one_of(self, one_of: &'static [&'static str]) -> Table {
        Table { noun: self.noun, about: self.about, keys: self.keys, one_of }
    }

    /// Its keys, the first of many.
    fn some_keys(&self) -> String {
        let names: Vec<&str> = self.keys.iter().take(8).map(|key| key.name).collect();
        names.join(", ") + if self.keys.len() > 8 { ", …" } else { "" }
    }

    pub(super) fn key(&self, name: &str) -> Option<&'static Key> {
        self.keys.iter().find(|key| key.name == name)
    }
}

impl Key {
    /// What the key says, as the end of a sentence.
    pub(super) fn meaning(&self) -> String {
        let about = self.about.trim_end_matches('.');
        let mut rest = about.chars();
        rest.next().map_or_else(String::new, |first| format!("{}{}", first.to_lowercase(), rest.as_str()))
    }

    /// What to do when the key is absent.
    pub(super) fn addition(&self) -> String {
        match self.shape {
            Shape::Text | Shape::Expression | Shape::Name | Shape::NameOr(_) | Shape::Argument => {
                format!("add `{}`: {}", self.name, self.meaning())
            }
            _ => format!("add `{}`: {}", self.name, self.shape.wants()),
        }
    }

    /// Whether an object of this type may have the key; every object may when its type is unknown.
    pub(super) fn is_taken_by(&self, kind: Option<&str>) -> bool {
        match (self.need, kind) {
            (Need::Optional | Need::Required, _) | (Need::Types { .. }, None) => true,
            (Need::Types { must, may }, Some(kind)) => must.contains(&kind) || may.contains(&kind),
        }
    }

    /// Whether an object of this type must have the key.
    pub(super) fn is_required_by(&self, kind: Option<&str>) -> bool {
        match self.need {
            Need::Optional => false,
            Need::Required => true,
            Need::Types { must, .. } => kind.is_some_and(|kind| must.contains(&kind)),
        }
    }
}

/// An optional key.
const fn key(name: &'static str, shape: Shape, about: &'static str) -> Key {
    Key { name, shape, need: Need::Optional, about }
}

/// A key that every object has.
const fn required(name: &'static str, shape: Shape, about: &'static str) -> Key {
    Key { name, shape, need: Need::Required, about }
}

/// The words of `columns[].type`; `decimal` takes its digits in parentheses.
pub(super) const COLUMN_TYPES: &[&str] =
    &["boolean", "integer", "decimal(precision, scale)", "float", "text", "date", "timestamp", "timestamp with zone"];
