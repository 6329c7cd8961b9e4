//! Numbers as people read them: comma groups, one decimal, U+2212 for minus.

use crate::model::metric::Format;

/// U+2212: in text, unlike in data, minus is no hyphen.
const MINUS: char = '−';

/// What a metric is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit<'a> {
    /// Money of a currency, by its ISO 4217 code.
    Money { code: &'a str },
    /// Fractions, read in percent; their differences in points.
    Percent,
    /// Plain numbers, with a word after them.
    Number { word: Option<&'a str> },
}

impl<'a> Unit<'a> {
    pub(super) fn of(format: Format, unit: Option<&'a str>) -> Unit<'a> {
        match (format, unit) {
            (Format::Currency, Some(code)) => Unit::Money { code },
            (Format::Percent, _) => Unit::Percent,
            (Format::Number | Format::Ratio | Format::Duration, Some(code)) if is_currency(code) => {
                Unit::Money { code }
            }
            (Format::Currency, None) => Unit::Number { word: None },
            (Format::Number | Format::Ratio | Format::Duration, word) => Unit::Number { word },
        }
    }

    /// A value with its unit.
    pub(super) fn amount(&self, value: f64) -> String {
        let (digits, word) = self.digits(value);
        format!("{}{digits}{word}", if is_below_zero(value, &digits) { MINUS.to_string() } else { String::new() })
    }

    /// A difference with its sign and unit.
    pub(super) fn difference(&self, value: f64) -> String {
        let (digits, word) = match self {
            Unit::Percent => (one_decimal(value * 100.0), " points".to_string()),
            Unit::Money { .. } | Unit::Number { .. } => self.digits(value),
        };
        let sign = if is_below_zero(value, &digits) { MINUS } else { '+' };
        format!("{sign}{digits}{word}")
    }

    /// The digits of a magnitude, and what stands behind them.
    fn digits(&self, value: f64) -> (String, String) {
        match self {
            Unit::Money { code } => (money(value, code), format!(" {code}")),
            Unit::Percent => (one_decimal(value * 100.0), " %".to_string()),
            Unit::Number { word } => {
                let digits =
                    if value.fract() == 0.0 { grouped(&format!("{:.0}", value.abs())) } else { one_decimal(value) };
                (digits, word.map(|word| format!(" {word}")).unwrap_or_default())
            }
        }
    }
}

/// A fraction in percent with one decimal.
pub(super) fn percent(fraction: f64) -> String {
    format!("{} %", one_decimal(fraction * 100.0))
}

/// A share in whole percent.
pub(super) fn share(fraction: f64) -> String {
    format!("{} %", grouped(&format!("{:.0}", fraction.abs() * 100.0)))
}

fn is_below_zero(value: f64, digits: &str) -> bool {
    value < 0.0 && digits.chars().any(|c| ('1'..='9').contains(&c))
}

/// The magnitude with one decimal, or with the two digits that tell it from 0.
fn one_decimal(value: f64) -> String {
    let magnitude = value.abs();
    let decimals = if magnitude >= 0.05 || magnitude == 0.0 {
        1
    } else {
        // The place of its second digit, as far as a double has any.
        (1.0 - magnitude.log10().floor()).min(300.0) as usize
    };
    grouped(&format!("{magnitude:.decimals$}"))
}

/// The magnitude in whole units where it is whole to its minor unit, else with all of the minor unit.
fn money(value: f64, code: &str) -> String {
    let decimals = minor_digits(code);
    let fixed = format!("{:.decimals$}", value.abs());
    match fixed.split_once('.') {
        Some((whole, minor)) if minor.chars().all(|c| c == '0') => grouped(whole),
        Some(_) | None => grouped(&fixed),
    }
}

/// The decimals of a currency's minor unit (ISO 4217).
fn minor_digits(code: &str) -> usize {
    match code {
        "BIF" | "CLP" | "DJF" | "GNF" | "ISK" | "JPY" | "KMF" | "KRW" | "PYG" | "RWF" | "UGX" | "UYI" | "VND"
        | "VUV" | "XAF" | "XOF" | "XPF" => 0,
        "BHD" | "IQD" | "JOD" | "KWD" | "LYD" | "OMR" | "TND" => 3,
        "CLF" | "UYW" => 4,
        _ => 2,
    }
}

fn is_currency(code: &str) -> bool {
    code.len() == 3 && code.chars().all(|c| c.is_ascii_uppercase())
}

/// Digits with commas between thousands.
fn grouped(digits: &str) -> String {
    let (whole, fraction) = digits.split_once('.').map_or((digits, None), |(whole, part)| (whole, Some(part)));
    let mut text = String::new();
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && (whole.len() - i) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    if let Some(fraction) = fraction {
        text.push('.');
        text.push_str(fraction);
    }
    text
}
