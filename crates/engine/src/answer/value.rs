//! A cell of an answer: exact where the data is.

use std::cmp::Ordering;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

/// One value. Doubles are finite: what is not becomes null.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Boolean(bool),
    /// `unscaled` · 10^-`scale`; integers have scale 0.
    Exact {
        unscaled: i128,
        scale: u8,
    },
    Float(f64),
    Text(String),
    Date(NaiveDate),
    /// Wall-clock digits.
    Local(NaiveDateTime),
    Instant(DateTime<Utc>),
}

impl Value {
    pub fn integer(value: i128) -> Value {
        Value::Exact { unscaled: value, scale: 0 }
    }

    /// Null for what is not finite; zero has no sign.
    pub fn float(value: f64) -> Value {
        if value.is_finite() { Value::Float(value + 0.0) } else { Value::Null }
    }

    pub fn is_null(&self) -> bool {
        matches!(self, Value::Null)
    }

    /// The nearest double of a number.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Exact { unscaled, scale } => exact_text(*unscaled, *scale).parse().ok(),
            Value::Float(value) => Some(*value),
            Value::Null | Value::Boolean(_) | Value::Text(_) | Value::Date(_) | Value::Local(_) | Value::Instant(_) => {
                None
            }
        }
    }

    /// Whether it is an exact number of more than 15 significant digits.
    pub fn is_long(&self) -> bool {
        match self {
            Value::Exact { unscaled, .. } => {
                let mut digits = unscaled.unsigned_abs();
                while digits != 0 && digits.is_multiple_of(10) {
                    digits /= 10;
                }
                digits >= 10u128.pow(15)
            }
            _ => false,
        }
    }

    /// `self` − `other` of two numbers: exact where both are, null where either is null.
    pub fn minus(&self, other: &Value) -> Value {
        match (self, other) {
            (Value::Exact { unscaled: a, scale: s }, Value::Exact { unscaled: b, scale: t }) => {
                let scale = (*s).max(*t);
                match (rescale(*a, *s, scale), rescale(*b, *t, scale)) {
                    (Some(a), Some(b)) if a.checked_sub(b).is_some() => Value::Exact { unscaled: a - b, scale },
                    _ => self.float_minus(other),
                }
            }
            _ => self.float_minus(other),
        }
    }

    /// The sum of two numbers, of which a null counts for nothing; exact where both are.
    pub fn plus(&self, other: &Value) -> Value {
        match (self.is_null(), other.is_null()) {
            (true, _) => other.clone(),
            (_, true) => self.clone(),
            (false, false) => self.minus(&Value::integer(0).minus(other)),
        }
    }

    fn float_minus(&self, other: &Value) -> Value {
        match (self.as_f64(), other.as_f64()) {
            (Some(a), Some(b)) => Value::float(a - b),
            _ => Value::Null,
        }
    }

    /// An order of the values of one column: numbers by size, texts by bytes, null last.
    pub fn compare(&self, other: &Value) -> Ordering {
        match (self, other) {
            (Value::Exact { unscaled: a, scale: s }, Value::Exact { unscaled: b, scale: t }) => {
                let scale = (*s).max(*t);
                match (rescale(*a, *s, scale), rescale(*b, *t, scale)) {
                    (Some(a), Some(b)) => a.cmp(&b),
                    _ => float_order(self, other),
                }
            }
            (Value::Exact { .. } | Value::Float(_), Value::Exact { .. } | Value::Float(_)) => float_order(self, other),
            (Value::Boolean(a), Value::Boolean(b)) => a.cmp(b),
            (Value::Text(a), Value::Text(b)) => a.as_bytes().cmp(b.as_bytes()),
            (Value::Date(a), Value::Date(b)) => a.cmp(b),
            (Value::Local(a), Value::Local(b)) => a.cmp(b),
            (Value::Instant(a), Value::Instant(b)) => a.cmp(b),
            _ => rank(self).cmp(&rank(other)),
        }
    }
}

fn float_order(a: &Value, b: &Value) -> Ordering {
    a.as_f64().unwrap_or(f64::NAN).total_cmp(&b.as_f64().unwrap_or(f64::NAN))
}

fn rank(value: &Value) -> u8 {
    match value {
        Value::Boolean(_) => 0,
        Value::Exact { .. } | Value::Float(_) => 1,
        Value::Text(_) => 2,
        Value::Date(_) => 3,
        Value::Local(_) => 4,
        Value::Instant(_) => 5,
        Value::Null => 6,
    }
}

pub(crate) fn rescale(unscaled: i128, from: u8, to: u8) -> Option<i128> {
    10i128.checked_pow(u32::from(to - from)).and_then(|factor| unscaled.checked_mul(factor))
}

/// The digits of an exact number, without trailing zeros after the point.
pub fn exact_text(unscaled: i128, scale: u8) -> String {
    let digits = unscaled.unsigned_abs().to_string();
    let sign = if unscaled < 0 { "-" } else { "" };
    let scale = usize::from(scale);
    if scale == 0 {
        return format!("{sign}{digits}");
    }
    let padded = format!("{digits:0>width$}", width = scale + 1);
    let (whole, fraction) = padded.split_at(padded.len() - scale);
    let fraction = fraction.trim_end_matches('0');
    if fraction.is_empty() {
        if whole == "0" { "0".to_string() } else { format!("{sign}{whole}") }
    } else {
        format!("{sign}{whole}.{fraction}")
    }
}

#[cfg(test)]
mod tests {
    use super::{Value, exact_text};

    #[test]
    fn exact_numbers_have_one_text() {
        assert_eq!(exact_text(8_400_000, 2), "84000");
        assert_eq!(exact_text(-5, 2), "-0.05");
        assert_eq!(exact_text(0, 4), "0");
        assert_eq!(exact_text(i128::MIN + 1, 0), format!("{}", i128::MIN + 1));
        assert_eq!(exact_text(30, 2), "0.3");
    }

    #[test]
    fn differences_stay_exact() {
        let (a, b) = (Value::Exact { unscaled: 1, scale: 1 }, Value::Exact { unscaled: 30, scale: 2 });
        assert_eq!(a.minus(&b), Value::Exact { unscaled: -20, scale: 2 });
        assert_eq!(a.minus(&Value::Null), Value::Null);
    }

    #[test]
    fn long_numbers_are_known() {
        assert!(!Value::Exact { unscaled: 999_999_999_999_999, scale: 2 }.is_long());
        assert!(Value::Exact { unscaled: 1_234_567_890_123_456, scale: 2 }.is_long());
        assert!(!Value::Exact { unscaled: 1_000_000_000_000_000_000, scale: 0 }.is_long());
    }
}
