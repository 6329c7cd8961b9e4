//! Values as JSON: one text for each number.

use chrono::SecondsFormat;
use chrono_tz::Tz;
use serde_json::{Number, Value as Json, json};
use sextant_semantics::data_type::DataType;
use sextant_semantics::model::metric::{Direction, Format};
use sextant_semantics::query::request::NumberFormat;

use crate::answer::value::{Value, exact_text};

/// Digits that a JSON number keeps.
const DIGITS: usize = 15;
/// Whole numbers below it are written as integers.
const WHOLE: f64 = 9_007_199_254_740_992.0;

/// A value without a time of day.
pub fn write(value: &Value, format: NumberFormat) -> Json {
    write_in(value, format, chrono_tz::UTC)
}

/// A value; instants carry the offset of `zone`.
pub fn write_in(value: &Value, format: NumberFormat, zone: Tz) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Boolean(value) => json!(value),
        Value::Exact { unscaled, scale } => match format {
            NumberFormat::String => json!(exact_text(*unscaled, *scale)),
            NumberFormat::Number => number(value.as_f64().unwrap_or(f64::NAN)),
        },
        Value::Float(value) => match (number(*value), format) {
            (Json::Number(number), NumberFormat::String) => json!(number.to_string()),
            (number, _) => number,
        },
        Value::Text(text) => json!(clean(text)),
        Value::Date(date) => json!(date.to_string()),
        Value::Local(local) => json!(local.format("%Y-%m-%dT%H:%M:%S%.f").to_string()),
        Value::Instant(instant) => {
            json!(instant.with_timezone(&zone).to_rfc3339_opts(SecondsFormat::AutoSi, false))
        }
    }
}

/// The shortest text of the nearest double of 15 significant digits; an integer when whole.
fn number(value: f64) -> Json {
    if !value.is_finite() {
        return Json::Null;
    }
    let rounded: f64 = format!("{value:.*e}", DIGITS - 1).parse().unwrap_or(value);
    if rounded.fract() == 0.0 && rounded.abs() < WHOLE {
        return json!(rounded as i64);
    }
    Number::from_f64(rounded).map_or(Json::Null, Json::Number)
}

/// Text from data without what could steer a terminal or hide in it: control, zero-width and
/// direction characters.
pub fn clean(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2064}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}')
    };
    if text.chars().any(hidden) { text.chars().filter(|c| !hidden(*c)).collect() } else { text.to_string() }
}

pub fn type_word(data_type: DataType) -> &'static str {
    match data_type {
        DataType::Boolean => "boolean",
        DataType::Integer => "integer",
        DataType::Decimal { .. } => "decimal",
        DataType::Float => "float",
        DataType::Text => "text",
        DataType::Date => "date",
        DataType::Timestamp(_) => "timestamp",
        DataType::Interval => "interval",
        DataType::Null => "null",
    }
}

pub fn format_word(format: Format) -> &'static str {
    match format {
        Format::Number => "number",
        Format::Currency => "currency",
        Format::Percent => "percent",
        Format::Ratio => "ratio",
        Format::Duration => "duration",
    }
}

pub fn direction_word(direction: Direction) -> &'static str {
    match direction {
        Direction::Up => "up",
        Direction::Down => "down",
        Direction::Neutral => "neutral",
    }
}

/// Whether a change is good, by the metric's direction.
pub fn impact(change: &Value, direction: Direction) -> &'static str {
    let sign = change.as_f64().map_or(0.0, |change| if change == 0.0 { 0.0 } else { change.signum() });
    let good = match direction {
        Direction::Up => sign,
        Direction::Down => -sign,
        Direction::Neutral => 0.0,
    };
    if good > 0.0 {
        "favourable"
    } else if good < 0.0 {
        "unfavourable"
    } else {
        "neutral"
    }
}

#[cfg(test)]
mod tests {
    use super::{clean, write};
    use crate::answer::value::Value;
    use sextant_semantics::query::request::NumberFormat;

    fn text(value: &Value) -> String {
        write(value, NumberFormat::Number).to_string()
    }

    #[test]
    fn numbers_have_one_text() {
        assert_eq!(text(&Value::Exact { unscaled: 8_400_000, scale: 2 }), "84000");
        assert_eq!(text(&Value::Float(0.1 + 0.2)), "0.3");
        assert_eq!(text(&Value::Exact { unscaled: 30, scale: 2 }), "0.3");
        assert_eq!(text(&Value::Float(-0.0)), "0");
        assert_eq!(text(&Value::Float(f64::NAN)), "null");
        assert_eq!(text(&Value::Float(1.0 / 3.0)), "0.333333333333333");
        let long = Value::Exact { unscaled: 9_223_372_036_854_775_808, scale: 0 };
        assert_eq!(write(&long, NumberFormat::String), "9223372036854775808");
    }

    #[test]
    fn hidden_characters_are_removed_from_data() {
        assert_eq!(clean("a\u{1b}[31m\u{202e}b\u{200b}"), "a[31mb");
    }
}
