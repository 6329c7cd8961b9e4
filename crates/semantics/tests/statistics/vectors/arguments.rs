//! The arguments of a vector, by name.

use serde_json::{Value, json};

/// A JSON object; a null and an absent key are one.
#[derive(Clone, Copy)]
pub(super) struct Arguments<'a>(pub(super) &'a Value);

impl<'a> Arguments<'a> {
    pub(super) fn get(&self, key: &str) -> Option<&'a Value> {
        self.0.get(key).filter(|value| !value.is_null())
    }

    pub(super) fn number(&self, key: &str) -> Option<f64> {
        self.get(key).map(number)
    }

    pub(super) fn needed(&self, key: &str) -> f64 {
        self.number(key).unwrap_or_else(|| panic!("`{key}` is needed in {}", self.0))
    }

    pub(super) fn count(&self, key: &str) -> Option<usize> {
        self.number(key).map(|number| number as usize)
    }

    pub(super) fn flag(&self, key: &str, default: bool) -> bool {
        self.get(key).map_or(default, |value| value.as_bool().unwrap())
    }

    pub(super) fn word(&self, key: &str) -> Option<&'a str> {
        self.get(key).map(|value| value.as_str().unwrap())
    }

    pub(super) fn list(&self, key: &str) -> &'a [Value] {
        self.get(key).unwrap_or_else(|| panic!("`{key}` is needed in {}", self.0)).as_array().unwrap()
    }

    pub(super) fn numbers(&self, key: &str) -> Vec<f64> {
        self.list(key).iter().map(number).collect()
    }

    pub(super) fn first_weekday(&self) -> u8 {
        self.count("first_weekday").unwrap_or(0) as u8
    }
}

pub(super) fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// A number or null.
pub(super) fn known(value: &Value) -> Option<f64> {
    (!value.is_null()).then(|| number(value))
}

/// The word of a choice, or null.
pub(super) fn word<T>(choice: Option<T>, text: fn(T) -> &'static str) -> Value {
    choice.map_or(Value::Null, |choice| json!(text(choice)))
}
