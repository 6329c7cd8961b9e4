//! Reading arguments by the table: every fault is recorded and reading goes on; slips that can
//! only mean one thing are read as that thing and noted.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::table::{Argument, Shape};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics, nearest};
use crate::source::{SourceId, Sources, Span};
use crate::spelling;

/// What is found while a request is read.
#[derive(Default)]
pub(in crate::query) struct Reader {
    pub faults: Diagnostics,
    pub notes: Vec<String>,
    pub sources: Sources,
}

/// An object of a request with the arguments that it may have.
pub(in crate::query) struct Object<'a> {
    map: &'a Map<String, Value>,
    table: Vec<&'static Argument>,
    /// The path of the object with a point, or nothing at the top.
    prefix: String,
    /// Arguments that are written with another case or other separators: the table's name, then the key.
    respelled: Vec<(&'static str, &'a str)>,
}

/// An item of a list and its path.
pub(in crate::query) struct Item<'a> {
    pub value: Cow<'a, Value>,
    pub field: String,
}

impl<'a> Object<'a> {
    pub(super) fn field(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    /// The argument's row and its value; null is absent. `name` is one of the table's.
    fn get(&self, name: &str) -> Option<(&'static Argument, &'a Value)> {
        let argument =
            self.table.iter().find(|a| a.name == name).expect("the decoder asks only for arguments of the table");
        self.written(name).filter(|value| !value.is_null()).map(|value| (*argument, value))
    }

    /// The value under an argument's name, or under the key that was read as it.
    fn written(&self, name: &str) -> Option<&'a Value> {
        let key = self.respelled.iter().find(|(meant, _)| *meant == name).map_or(name, |(_, key)| *key);
        self.map.get(key)
    }

    /// The arguments that the table has, by its names.
    pub(super) fn known(&self) -> Map<String, Value> {
        let given = self.table.iter().filter_map(|argument| Some((argument.name, self.written(argument.name)?)));
        given.map(|(name, value)| (name.to_string(), value.clone())).collect()
    }

    pub(in crate::query) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Whether null is written for the argument.
    pub(in crate::query) fn is_null(&self, name: &str) -> bool {
        self.written(name).is_some_and(Value::is_null)
    }

    /// The shape of one of the table's arguments.
    pub(super) fn shape_of(&self, name: &str) -> &'static Shape {
        let argument = self.table.iter().find(|a| a.name == name);
        &argument.expect("the decoder asks only for arguments of the table").shape
    }

    /// Whether the tool has the argument.
    pub(super) fn takes(&self, name: &str) -> bool {
        self.table.iter().any(|a| a.name == name)
    }
}

impl Reader {
    /// An object; its unknown keys and absent required ones are faults. `what` names it in messages.
    pub(super) fn object<'a>(
        &mut self,
        what: &str,
        prefix: String,
        map: &'a Map<String, Value>,
        table: Vec<&'static Argument>,
    ) -> Object<'a> {
        let mut object = Object { map, table, prefix, respelled: Vec::new() };
        for (name, value) in map {
            if object.takes(name) {
                continue;
            }
            if let Some(meant) = meant(name, &object) {
                let field = object.field(meant);
                self.note(format!("the argument `{}` was read as `{field}`", crate::expr::parse::excerpt(name)));
                object.respelled.push((meant, name));
            } else {
                let fault = unknown(what, name, &object).field(object.field(name));
                self.faults.push(with_received(fault, value));
            }
        }
        for argument in object.table.iter().filter(|a| a.required && !object.has(a.name)) {
            let misnamed = map.keys().any(|key| argument.misnomers.contains(&key.as_str()));
            if !misnamed {
                let fault = Diagnostic::new(Code::InvalidArgument, format!("{what} needs `{}`", argument.name));
                let field = object.field(argument.name);
                self.faults.push(with_example(fault.field(field).help(argument.says()), argument));
            }
        }
        object
    }

    pub(in crate::query) fn fault(&mut self, fault: Diagnostic) {
        self.faults.push(fault);
    }

    pub(in crate::query) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    /// A text for expressions to point into.
    pub(in crate::query) fn source(&mut self, field: &str, text: &str) -> Span {
        let id: SourceId = self.sources.add(field, text);
        Span::new(id, 0, text.len())
    }

    pub(in crate::query) fn text(&mut self, object: &Object, name: &str) -> Option<String> {
        let (argument, value) = object.get(name)?;
        match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => {
                self.note(format!("`{}` was given as a number and read as the text `{number}`", object.field(name)));
                Some(number.to_string())
            }
            _ => self.wrong(object, argument, value, "a text"),
        }
    }

    /// Words within the argument's length.
    pub(super) fn prose(&mut self, object: &Object, name: &str) -> Option<String> {
        let text = self.text(object, name)?;
        let Shape::Prose { most } = object.shape_of(name) else {
            unreachable!("`{name}` is not prose in the table");
        };
        self.within(&text, *most, object.field(name))
    }

    /// As [`Reader::prose`], of an item of a list of such texts.
    pub(super) fn prose_item(&mut self, object: &Object, name: &str, item: &Item) -> Option<String> {
        let Shape::List { of: Shape::Prose { most }, .. } = object.shape_of(name) else {
            unreachable!("`{name}` is not a list of prose in the table");
        };
        match item.value.as_ref() {
            Value::String(text) => self.within(text, *most, item.field.clone()),
            other => {
                let fact = format!("`{}` is {}, not a text", item.field, kind_of(other));
                self.fault(with_received(Diagnostic::new(Code::InvalidArgument, fact).field(&item.field), other));
                None
            }
        }
    }

    /// A text of a list of them; of a list of words, one of those.
    pub(super) fn text_item(&mut self, object: &Object, name: &str, item: &Item) -> Option<String> {
        let words = match object.shape_of(name) {
            Shape::List { of: Shape::Word(words), .. } => Some(*words),
            _ => None,
        };
        let fault = match (item.value.as_ref(), words) {
            (Value::String(text), None) => return Some(text.clone()),
            (Value::String(text), Some(words)) if words.contains(&text.as_str()) => return Some(text.clone()),
            (Value::String(text), Some(words)) => {
                let shown = crate::expr::parse::excerpt(text);
                let fault = Diagnostic::new(Code::InvalidArgument, format!("`{}` has no value `{shown}`", item.field));
                fault.help(format!("one of {}", words.join(", "))).suggest(text, words.iter().copied())
            }
            (other, _) => {
                let fact = format!("`{}` is {}, not a text", item.field, kind_of(other));
                Diagnostic::new(Code::InvalidArgument, fact)
            }
        };
        self.fault(with_received(fault.field(&item.field), &item.value));
        None
    }

    fn within(&mut self, text: &str, most: usize, field: String) -> Option<String> {
        let text = text.trim();
        let length = text.chars().count();
        if (1..=most).contains(&length) {
            return Some(text.to_string());
        }
        let fact = format!("`{field}` has {length} characters, not 1 to {most}");
        self.fault(Diagnostic::new(Code::InvalidArgument, fact).field(field).help("say it in fewer words"));
        None
    }

    /// A text, or a number by its text.
    pub(super) fn scalar(&mut self, object: &Object, name: &str) -> Option<String> {
        let (argument, value) = object.get(name)?;
        match value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            _ => self.wrong(object, argument, value, "a text"),
        }
    }

    pub(super) fn flag(&mut self, object: &Object, name: &str) -> Option<bool> {
        let (argument, value) = object.get(name)?;
        let read = match value {
            Value::Bool(flag) => return Some(*flag),
            Value::String(text) if text.eq_ignore_ascii_case("true") => true,
            Value::String(text) if text.eq_ignore_ascii_case("false") => false,
            _ => return self.wrong(object, argument, value, "true or false"),
        };
        self.note(format!("`{}` was given as a text and read as {read}", object.field(name)));
        Some(read)
    }

    pub(super) fn count(&mut self, object: &Object, name: &str) -> Option<u64> {
        let (argument, value) = object.get(name)?;
        let Shape::Count { least, most } = argument.shape else {
            unreachable!("`{name}` is not a count in the table");
        };
        let whole = |number: f64| (number.fract() == 0.0 && (0.0..9e15).contains(&number)).then_some(number as u64);
        let read = match value {
            Value::Number(number) => number.as_u64().or_else(|| number.as_f64().and_then(whole)),
            Value::String(text) => {
                let read = text.trim().parse::<u64>().ok();
                if let Some(read) = read {
                    self.note(format!("`{}` was given as a text and read as {read}", object.field(name)));
                }
                read
            }
            _ => None,
        };
        match read {
            Some(read) if (least..=most).contains(&read) => Some(read),
            None if !value.is_number() => self.wrong(object, argument, value, "a whole number"),
            Some(_) | None if most >= u64::from(u32::MAX) => {
                self.wrong(object, argument, value, &format!("a whole number of at least {least}"))
            }
            Some(_) | None => self.wrong(object, argument, value, &format!("a whole number from {least} to {most}")),
        }
    }

    /// One of the words of the argument.
    pub(in crate::query) fn word(&mut self, object: &Object, name: &str) -> Option<&'static str> {
        let (argument, value) = object.get(name)?;
        let Shape::Word(words) = argument.shape else {
            unreachable!("`{name}` is not a word in the table");
        };
        let Value::String(text) = value else {
            return self.wrong(object, argument, value, &format!("one of {}", words.join(", ")));
        };
        if let Some(word) = words.iter().find(|word| **word == text) {
            return Some(word);
        }
        let plain = spelling::plain(text);
        let meant = words.iter().find(|word| **word == plain).copied().or_else(|| synonym(&plain, words));
        match meant {
            Some(word) => {
                self.note(format!("`{}` was given as `{text}` and read as `{word}`", object.field(name)));
                Some(word)
            }
            None => {
                let shown = crate::expr::parse::excerpt(text);
                let fault = Diagnostic::new(Code::InvalidArgument, format!("`{name}` has no value `{shown}`"));
                let fault = fault.field(object.field(name)).help(format!("one of {}", words.join(", ")));
                self.fault(
                    with_received(with_example(fault, argument), value)
                        .candidates(nearest(text, words.iter().copied())),
                );
                None
            }
        }
    }

    /// The items of a list; none when the argument is absent or no list.
    pub(in crate::query) fn list<'a>(&mut self, object: &Object<'a>, name: &str) -> Option<Vec<Item<'a>>> {
        let (argument, value) = object.get(name)?;
        let Shape::List { of, most, item } = &argument.shape else {
            unreachable!("`{name}` is not a list in the table");
        };
        let field = object.field(name);
        let items: Vec<Cow<'a, Value>> = match value {
            Value::Array(items) => items.iter().map(Cow::Borrowed).collect(),
            Value::String(text) => match self.list_in_text(&field, text) {
                Some(items) => items.into_iter().map(Cow::Owned).collect(),
                None => {
                    self.note(format!("`{field}` was given as one value and read as a list of it"));
                    vec![Cow::Borrowed(value)]
                }
            },
            Value::Object(_) if matches!(of, Shape::TextOr(_) | Shape::Object(_)) => {
                self.note(format!("`{field}` was given as one value and read as a list of it"));
                vec![Cow::Borrowed(value)]
            }
            Value::Number(_) | Value::Bool(_) if matches!(of, Shape::Value) => {
                self.note(format!("`{field}` was given as one value and read as a list of it"));
                vec![Cow::Borrowed(value)]
            }
            _ => return self.wrong(object, argument, value, "a list"),
        };
        if items.len() > *most {
            let fact = format!("`{field}` has {} {item}, over the limit of {most}", items.len());
            self.fault(Diagnostic::new(Code::TooManyItems, fact).field(field).help("ask in several requests"));
            return None;
        }
        Some(
            items
                .into_iter()
                .enumerate()
                .map(|(index, value)| Item { value, field: format!("{field}[{index}]") })
                .collect(),
        )
    }

    /// A list that was written as JSON inside a text.
    fn list_in_text(&mut self, field: &str, text: &str) -> Option<Vec<Value>> {
        if !text.trim_start().starts_with('[') {
            return None;
        }
        let items = serde_json::from_str::<Vec<Value>>(text).ok()?;
        self.note(format!("`{field}` was given as a text with a list in it and read as that list"));
        Some(items)
    }

    /// An object inside another one.
    pub(super) fn map<'a>(&mut self, object: &Object<'a>, name: &str) -> Option<Cow<'a, Map<String, Value>>> {
        let (argument, value) = object.get(name)?;
        match value {
            Value::Object(map) => Some(Cow::Borrowed(map)),
            Value::String(text) => match serde_json::from_str::<Map<String, Value>>(text) {
                Ok(map) => {
                    self.note(format!("`{}` was given as a text with an object in it", object.field(name)));
                    Some(Cow::Owned(map))
                }
                Err(_) => self.wrong(object, argument, value, "an object"),
            },
            _ => self.wrong(object, argument, value, "an object"),
        }
    }

    /// The raw value of an argument.
    pub(in crate::query) fn value<'a>(&mut self, object: &Object<'a>, name: &str) -> Option<&'a Value> {
        object.get(name).map(|(_, value)| value)
    }

    /// Records that a value is not what its argument wants.
    fn wrong<T>(&mut self, object: &Object, argument: &Argument, value: &Value, wanted: &str) -> Option<T> {
        let fact = format!("`{}` is {}, not {wanted}", argument.name, kind_of(value));
        let fault = Diagnostic::new(Code::InvalidArgument, fact).field(object.field(argument.name));
        self.fault(with_received(with_example(fault.help(argument.says()), argument), value));
        None
    }
}

/// What kind of value it is, for messages.
pub(in crate::query) fn kind_of(value: &Value) -> String {
    match value {
        Value::Null => "null".into(),
        Value::Bool(flag) => flag.to_string(),
        Value::Number(number) => number.to_string(),
        Value::String(_) => "a text".into(),
        Value::Array(_) => "a list".into(),
        Value::Object(_) => "an object".into(),
    }
}

/// Adds what was received, when it is short.
pub(in crate::query) fn with_received(fault: Diagnostic, value: &Value) -> Diagnostic {
    let short = match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => true,
        Value::String(text) => text.len() <= 200,
        Value::Array(_) | Value::Object(_) => value.to_string().len() <= 200,
    };
    if short { fault.received(value.clone()) } else { fault }
}

fn with_example(fault: Diagnostic, argument: &Argument) -> Diagnostic {
    match serde_json::from_str::<Value>(argument.example) {
        Ok(example) => fault.example(example),
        Err(_) => fault,
    }
}

fn unknown(what: &str, name: &str, object: &Object) -> Diagnostic {
    let shown = crate::expr::parse::excerpt(name);
    let fault = Diagnostic::new(Code::UnknownArgument, format!("{what} has no argument `{shown}`"));
    let names: Vec<&str> = object.table.iter().map(|a| a.name).collect();
    let plain = name.to_ascii_lowercase().replace(['-', ' '], "_");
    let mut meant: Vec<String> =
        object.table.iter().filter(|a| a.misnomers.contains(&plain.as_str())).map(|a| a.name.to_string()).collect();
    for near in nearest(name, names.iter().copied()) {
        if !meant.contains(&near) && meant.len() < 3 {
            meant.push(near);
        }
    }
    let help = if names.is_empty() { "it takes no arguments".into() } else { format!("it takes {}", names.join(", ")) };
    fault.help(help).candidates(meant)
}

/// The one argument that a key is but for case and separators, when it is not given by its own name too.
fn meant(key: &str, object: &Object) -> Option<&'static str> {
    let plain = spelling::plain(key);
    let mut fits = object.table.iter().map(|argument| argument.name).filter(|name| spelling::plain(name) == plain);
    let (only, None) = (fits.next()?, fits.next()) else { return None };
    let given = object.map.contains_key(only) || object.respelled.iter().any(|(name, _)| *name == only);
    (!given).then_some(only)
}

/// Other spellings of words, where the argument has the word.
fn synonym(plain: &str, words: &'static [&'static str]) -> Option<&'static str> {
    let word = match plain {
        "==" | "eq" | "equal" | "equals" | "is" => "=",
        "<>" | "ne" | "neq" | "not_equal" | "not_equals" | "is_not" => "!=",
        "lt" | "less_than" => "<",
        "lte" | "le" | "less_than_or_equal" => "<=",
        "gt" | "greater_than" => ">",
        "gte" | "ge" | "greater_than_or_equal" => ">=",
        "notin" | "nin" => "not_in",
        "like" | "includes" => "contains",
        "startswith" | "begins_with" => "starts_with",
        "isnull" | "null" => "is_null",
        "isnotnull" | "notnull" | "not_null" => "is_not_null",
        "ascending" => "asc",
        "descending" => "desc",
        "isodow" | "day_of_week" => "dow",
        "day_of_year" => "doy",
        _ => return None,
    };
    words.iter().find(|w| **w == word).copied()
}
