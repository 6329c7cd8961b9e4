//! Values as a person reads them: comma groups, currency signs, percents, arrows.

use serde_json::Value;

/// How the values of a column are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Text, dates, truth values.
    Plain,
    Number,
    /// An ISO 4217 code.
    Currency(String),
    /// A fraction shown in hundredths.
    Percent,
    /// Percentage points.
    Points,
    /// A difference of fractions shown in percentage points.
    FractionPoints,
    /// A quotient of two amounts of one kind.
    Ratio,
}

impl Unit {
    /// The unit of a metric by its `format` and `unit` in the answer.
    pub(crate) fn of(format: Option<&str>, unit: Option<&str>) -> Unit {
        match (format, unit) {
            (Some("percent"), _) => Unit::Percent,
            (Some("ratio"), _) => Unit::Ratio,
            (Some("currency"), code) => Unit::Currency(code.unwrap_or_default().to_string()),
            (_, Some(code)) if code.len() == 3 && code.chars().all(|c| c.is_ascii_uppercase()) => {
                Unit::Currency(code.to_string())
            }
            (_, _) => Unit::Number,
        }
    }

    /// The unit of a difference of two values.
    pub(crate) fn of_change(&self) -> Unit {
        match self {
            Unit::Percent => Unit::FractionPoints,
            Unit::Plain | Unit::Number | Unit::Currency(_) | Unit::Points | Unit::FractionPoints | Unit::Ratio => {
                self.clone()
            }
        }
    }
}

/// A cell of a table. Null is an en dash: it is not zero.
pub(crate) fn show(value: &Value, unit: &Unit) -> String {
    let number = match value {
        Value::Null => return "–".to_string(),
        Value::Number(number) => number.as_f64(),
        // number_format: "string" gives exact numbers as texts
        Value::String(text) if *unit != Unit::Plain => text.parse().ok(),
        Value::String(_) | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    match (number, value) {
        (Some(number), _) => amount(number, unit),
        (None, Value::String(text)) => clean(text),
        (None, other) => clean(&other.to_string()),
    }
}

/// The same, amounts without their cents.
pub(crate) fn whole(value: &Value, unit: &Unit) -> String {
    match (value.as_f64(), unit) {
        (Some(number), Unit::Currency(code)) => currency(number, code, 0),
        (_, _) => show(value, unit),
    }
}

/// Whether cents say little beside these values: one of them is a thousand or more.
pub(crate) fn are_large<'a>(values: impl IntoIterator<Item = &'a Value>) -> bool {
    values.into_iter().any(|value| value.as_f64().is_some_and(|number| number.abs() >= 1_000.0))
}

/// A piece of a change with its sign; points to a hundredth, for pieces are small.
pub(crate) fn piece(number: f64, unit: &Unit, is_whole: bool) -> String {
    let sign = if number > 0.0 { "+" } else { "" };
    let shown = match unit {
        Unit::FractionPoints => format!("{} pp", grouped(number * 100.0, 2)),
        Unit::Currency(code) if is_whole => currency(number, code, 0),
        Unit::Plain | Unit::Number | Unit::Currency(_) | Unit::Percent | Unit::Points | Unit::Ratio => {
            amount(number, unit)
        }
    };
    format!("{sign}{shown}")
}

/// A difference with its sign.
pub(crate) fn signed(value: &Value, unit: &Unit) -> String {
    let shown = show(value, unit);
    if value.as_f64().is_some_and(|number| number > 0.0) { format!("+{shown}") } else { shown }
}

fn amount(number: f64, unit: &Unit) -> String {
    match unit {
        Unit::Plain => format!("{number}"),
        Unit::Number => grouped(number, if number.fract() == 0.0 { 0 } else { 2 }),
        Unit::Ratio => grouped(number, 2),
        Unit::Percent => format!("{}%", grouped(number * 100.0, 1)),
        Unit::Points => format!("{} pp", grouped(number, 1)),
        Unit::FractionPoints => format!("{} pp", grouped(number * 100.0, 1)),
        Unit::Currency(code) => currency(number, code, minor_digits(code)),
    }
}

/// Digits of a currency's minor unit.
fn minor_digits(code: &str) -> usize {
    if matches!(code, "JPY" | "KRW" | "VND" | "CLP" | "ISK") { 0 } else { 2 }
}

fn currency(number: f64, code: &str, decimals: usize) -> String {
    let digits = grouped(number.abs(), decimals);
    let sign = if digits.chars().any(|c| ('1'..='9').contains(&c)) && number < 0.0 { "-" } else { "" };
    match code {
        "USD" => format!("{sign}${digits}"),
        "EUR" => format!("{sign}€{digits}"),
        "GBP" => format!("{sign}£{digits}"),
        "JPY" => format!("{sign}¥{digits}"),
        "" => format!("{sign}{digits}"),
        other => format!("{sign}{other} {digits}"),
    }
}

/// Fixed decimals with commas between thousands; never `-0`.
fn grouped(number: f64, decimals: usize) -> String {
    let fixed = format!("{:.decimals$}", number.abs());
    let (whole, fraction) = fixed.split_once('.').map_or((fixed.as_str(), None), |(w, f)| (w, Some(f)));
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
    let is_zero = !text.contains(|c: char| ('1'..='9').contains(&c));
    if number < 0.0 && !is_zero { format!("-{text}") } else { text }
}

/// Text from data: without characters that steer a terminal, long cells cut.
pub(crate) fn clean(text: &str) -> String {
    const LONGEST: usize = 80;
    let shown = visible(text);
    if shown.chars().count() <= LONGEST {
        return shown;
    }
    shown.chars().take(LONGEST - 1).chain(['…']).collect()
}

/// Text from data without characters that steer a terminal.
pub(crate) fn visible(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    text.chars().filter(|c| !hidden(*c)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn numbers_read_as_a_person_writes_them() {
        let usd = Unit::Currency("USD".into());
        for (value, unit, text) in [
            (json!(84000), &usd, "$84,000.00"),
            (json!(-1234567.891), &usd, "-$1,234,567.89"),
            (json!(-0.001), &usd, "$0.00"),
            (json!(1200), &Unit::Currency("JPY".into()), "¥1,200"),
            (json!(12), &Unit::Currency("CHF".into()), "CHF 12.00"),
            (json!(1234567), &Unit::Number, "1,234,567"),
            (json!(0.5), &Unit::Number, "0.50"),
            (json!(0.1025), &Unit::Percent, "10.2%"),
            (json!(-2), &Unit::Points, "-2.0 pp"),
            (json!(-0.02), &Unit::FractionPoints, "-2.0 pp"),
            (json!(6.789), &Unit::Ratio, "6.79"),
            (json!(null), &usd, "–"),
            (json!("12.5"), &usd, "$12.50"),
            (json!("2026-11-13"), &Unit::Plain, "2026-11-13"),
            (json!(true), &Unit::Plain, "true"),
        ] {
            assert_eq!(show(&value, unit), text, "{value} {unit:?}");
        }
        assert_eq!(
            (whole(&json!(-8486.47), &usd), whole(&json!(0.126), &Unit::Percent)),
            ("-$8,486".into(), "12.6%".into())
        );
        assert!(are_large([&json!(null), &json!(-1000)]) && !are_large([&json!(999.99)]));
        assert_eq!(piece(0.00012, &Unit::FractionPoints, false), "+0.01 pp");
        assert_eq!(piece(-2263.31, &usd, true), "-$2,263");
        assert_eq!(piece(649.61, &usd, false), "+$649.61");
        assert_eq!(signed(&json!(5), &Unit::Number), "+5");
        assert_eq!(signed(&json!(-5), &Unit::Number), "-5");
    }

    #[test]
    fn text_from_data_cannot_steer_the_terminal() {
        assert_eq!(clean("a\u{1b}[31mb\u{202e}c\n"), "a[31mbc");
        assert_eq!(clean(&"x".repeat(200)).chars().count(), 80);
    }
}
