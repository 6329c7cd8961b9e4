//! Values of cells, keys and results, with three-valued comparison and exact arithmetic.

use std::cmp::Ordering;
use std::fmt;

use chrono::{NaiveDate, NaiveDateTime};

use crate::exact::Exact;

#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Boolean(bool),
    Exact(Exact),
    Double(f64),
    Text(String),
    Date(NaiveDate),
    /// Digits of a clock on a wall, without a zone.
    Wall(NaiveDateTime),
}

impl Value {
    pub fn integer(value: i128) -> Value {
        Value::Exact(Exact::integer(value))
    }

    pub fn text(value: &str) -> Value {
        Value::Text(value.to_string())
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Exact(x) => Some(x.to_f64()),
            Value::Double(x) => Some(*x),
            Value::Null | Value::Boolean(_) | Value::Text(_) | Value::Date(_) | Value::Wall(_) => None,
        }
    }

    /// Order of two values of one type; `None` where one is null.
    pub fn compare(&self, other: &Value) -> Option<Ordering> {
        match (self, other) {
            (Value::Null, _) | (_, Value::Null) => None,
            (Value::Boolean(a), Value::Boolean(b)) => Some(a.cmp(b)),
            (Value::Exact(a), Value::Exact(b)) => Some(a.cmp(b)),
            (Value::Text(a), Value::Text(b)) => Some(a.as_bytes().cmp(b.as_bytes())),
            (Value::Date(a), Value::Date(b)) => Some(a.cmp(b)),
            (Value::Wall(a), Value::Wall(b)) => Some(a.cmp(b)),
            (Value::Wall(a), Value::Date(b)) => Some(a.cmp(&midnight(*b))),
            (Value::Date(a), Value::Wall(b)) => Some(midnight(*a).cmp(b)),
            (a, b) => match (a.as_f64(), b.as_f64()) {
                (Some(a), Some(b)) => a.partial_cmp(&b),
                _ => panic!("{a:?} and {b:?} are not comparable"),
            },
        }
    }

    /// Order of rows: nulls last.
    pub fn order(&self, other: &Value) -> Ordering {
        match (self.is_null(), other.is_null()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) => self.compare(other).unwrap_or(Ordering::Equal),
        }
    }

    /// Whether both are one member of a dimension: null is null.
    pub fn is_same_member(&self, other: &Value) -> bool {
        match (self.is_null(), other.is_null()) {
            (true, true) => true,
            (false, false) => self.compare(other) == Some(Ordering::Equal),
            _ => false,
        }
    }

    pub fn plus(&self, other: &Value) -> Value {
        arithmetic(self, other, Exact::plus, |a, b| a + b)
    }

    pub fn minus(&self, other: &Value) -> Value {
        arithmetic(self, other, Exact::minus, |a, b| a - b)
    }

    pub fn times(&self, other: &Value) -> Value {
        arithmetic(self, other, Exact::times, |a, b| a * b)
    }

    /// Real division; null for a divisor of zero.
    pub fn over(&self, other: &Value) -> Value {
        match (self.as_f64(), other.as_f64()) {
            (Some(_), Some(0.0)) => Value::Null,
            (Some(a), Some(b)) => Value::Double(a / b),
            _ => Value::Null,
        }
    }
}

fn arithmetic(a: &Value, b: &Value, exact: fn(Exact, Exact) -> Exact, double: fn(f64, f64) -> f64) -> Value {
    match (a, b) {
        (Value::Null, _) | (_, Value::Null) => Value::Null,
        (Value::Exact(a), Value::Exact(b)) => Value::Exact(exact(*a, *b)),
        (a, b) => match (a.as_f64(), b.as_f64()) {
            (Some(a), Some(b)) => Value::Double(double(a, b)),
            _ => panic!("{a:?} and {b:?} are no numbers"),
        },
    }
}

fn midnight(date: NaiveDate) -> NaiveDateTime {
    date.and_time(chrono::NaiveTime::MIN)
}

/// As a literal of the expression language.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Null => f.write_str("NULL"),
            Value::Boolean(value) => write!(f, "{value}"),
            Value::Exact(value) => write!(f, "{value}"),
            Value::Double(value) => write!(f, "{value:e}"),
            Value::Text(value) => write!(f, "'{}'", value.replace('\'', "''")),
            Value::Date(value) => write!(f, "DATE '{value}'"),
            Value::Wall(value) => write!(f, "TIMESTAMP '{}'", value.format("%Y-%m-%d %H:%M:%S")),
        }
    }
}
