//! Scalars of the format that are more than words: names, lengths, numbers, types, zones.

use chrono::NaiveDate;
use chrono_tz::Tz;

use crate::data_type::{Clock, DataType};
use crate::expr::Literal;
use crate::model::Length;
use crate::model::dataset::StoredAs;
use crate::model::metric::{GrainName, Offset};
use crate::time::granularity::Granularity;

/// Whether `text` matches `^[a-z][a-z0-9_]*$` and holds no `__`.
pub(crate) fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
        && !text.contains("__")
}

/// The name nearest to `text`, when there is one: `Net Sales` is `net_sales`.
pub(crate) fn as_name(text: &str) -> Option<String> {
    let mut name = String::new();
    for c in text.chars() {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_alphanumeric() => name.push(c),
            _ if name.is_empty() || name.ends_with('_') => {}
            _ => name.push('_'),
        }
    }
    let name = name.trim_matches('_').trim_start_matches(|c: char| c.is_ascii_digit() || c == '_').to_string();
    is_name(&name).then_some(name)
}

/// `28 days`, `1 month`, `6h`: a count of at least 1 and a unit.
pub(crate) fn length(text: &str) -> Option<Length> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (count, unit) = text.split_at_checked(digits)?;
    let count = count.parse::<u32>().ok().filter(|count| *count > 0)?;
    let unit = match unit.trim_start() {
        "s" | "second" | "seconds" => Granularity::Second,
        "min" | "minute" | "minutes" => Granularity::Minute,
        "h" | "hour" | "hours" => Granularity::Hour,
        "d" | "day" | "days" => Granularity::Day,
        "w" | "week" | "weeks" => Granularity::Week,
        "month" | "months" => Granularity::Month,
        "quarter" | "quarters" => Granularity::Quarter,
        "y" | "year" | "years" => Granularity::Year,
        _ => return None,
    };
    Some(Length { count, unit })
}

/// A length, or a count and the name of a custom granularity.
pub(crate) fn offset(text: &str) -> Option<Offset> {
    if let Some(length) = length(text) {
        return Some(Offset::Length(length));
    }
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (count, name) = text.split_at_checked(digits)?;
    let count = count.parse::<u32>().ok().filter(|count| *count > 0)?;
    let granularity = name.trim_start().to_string();
    is_name(&granularity).then_some(Offset::Custom { count, granularity })
}

/// A granularity, or a name that may be one of the model's own.
pub(crate) fn grain(text: &str) -> Option<GrainName> {
    let custom = || is_name(text).then(|| GrainName::Custom(text.to_string()));
    Granularity::parse(text).map(GrainName::Standard).or_else(custom)
}

/// `YYYY-MM-DD`.
pub(crate) fn date(text: &str) -> Option<NaiveDate> {
    let shape = text.len() == 10
        && text.bytes().enumerate().all(|(i, b)| if i == 4 || i == 7 { b == b'-' } else { b.is_ascii_digit() });
    if !shape {
        return None;
    }
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()
}

/// An integer or a decimal in digits, exactly; at most 38 of them.
pub(crate) fn decimal(text: &str) -> Option<Literal> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{fraction}");
    let plain = |s: &str| !s.is_empty() && s.len() <= 38 && s.bytes().all(|b| b.is_ascii_digit());
    if !plain(digits.strip_prefix(['-', '+']).unwrap_or(&digits)) {
        return None;
    }
    let unscaled = digits.parse::<i128>().ok()?;
    match u8::try_from(fraction.len()).ok()? {
        0 => Some(Literal::Integer(unscaled)),
        scale => Some(Literal::Decimal { unscaled, scale }),
    }
}

/// A finite number that is not negative.
pub(crate) fn amount(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|x| x.is_finite() && *x >= 0.0)
}

/// A number between 0 and 1, both excluded.
pub(crate) fn fraction(text: &str) -> Option<f64> {
    amount(text).filter(|x| *x > 0.0 && *x < 1.0)
}

/// Exactly an IANA name.
pub(crate) fn zone(text: &str) -> Option<Tz> {
    text.parse().ok()
}

/// `utc`, or an IANA name.
pub(crate) fn stored_as(text: &str) -> Option<StoredAs> {
    if text == "utc" { Some(StoredAs::Utc) } else { zone(text).map(StoredAs::Zone) }
}

/// A word of [`super::format::COLUMN_TYPES`], with the digits of a decimal.
pub(crate) fn column_type(text: &str) -> Option<DataType> {
    Some(match text {
        "boolean" => DataType::Boolean,
        "integer" => DataType::Integer,
        "float" => DataType::Float,
        "text" => DataType::Text,
        "date" => DataType::Date,
        "timestamp" => DataType::Timestamp(Clock::Local),
        "timestamp with zone" => DataType::Timestamp(Clock::Instant),
        _ => {
            let digits = text.strip_prefix("decimal(")?.strip_suffix(')')?;
            let (precision, scale) = digits.split_once(',')?;
            let precision = precision.trim().parse::<u8>().ok().filter(|p| (1..=38).contains(p))?;
            let scale = scale.trim().parse::<i8>().ok().filter(|s| *s >= 0 && *s as u8 <= precision)?;
            DataType::Decimal { precision, scale }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for name in ["a", "net_sales", "ltv_90d"] {
            assert!(is_name(name), "{name}");
        }
        for text in ["", "A", "9a", "a__b", "a-b", "é", "_a", "a b"] {
            assert!(!is_name(text), "{text}");
        }
        assert_eq!(as_name("Net  Sales (USD)").as_deref(), Some("net_sales_usd"));
        assert_eq!(as_name("90d_ltv").as_deref(), Some("d_ltv"));
        assert_eq!(as_name("日本"), None);
    }

    #[test]
    fn lengths() {
        let of = |text| length(text).map(|l| (l.count, l.unit));
        assert_eq!(of("28 days"), Some((28, Granularity::Day)));
        assert_eq!(of("6h"), Some((6, Granularity::Hour)));
        assert_eq!(of("1 month"), Some((1, Granularity::Month)));
        for text in ["", "28", "days", "0 days", "-1 day", "1.5 days", "1 fortnight", "99999999999 days", "1m"] {
            assert_eq!(of(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_keep_their_digits() {
        assert_eq!(decimal("0"), Some(Literal::Integer(0)));
        assert_eq!(decimal("-12"), Some(Literal::Integer(-12)));
        assert_eq!(decimal("0.10"), Some(Literal::Decimal { unscaled: 10, scale: 2 }));
        assert_eq!(decimal("-.5"), Some(Literal::Decimal { unscaled: -5, scale: 1 }));
        for text in ["", ".", "-", "1e3", "1.2.3", "1 2", &"9".repeat(39)] {
            assert_eq!(decimal(text), None, "{text}");
        }
        assert_eq!(fraction("0.95"), Some(0.95));
        assert_eq!((fraction("0"), fraction("1"), fraction("95"), fraction("NaN")), (None, None, None, None));
    }

    #[test]
    fn dates_are_written_in_full() {
        assert_eq!(date("2024-02-29"), NaiveDate::from_ymd_opt(2024, 2, 29));
        for text in ["2025-02-29", "2025-2-1", "2025-13-01", "20250101", "+025-01-01", "2025-01-01 "] {
            assert_eq!(date(text), None, "{text}");
        }
    }

    #[test]
    fn column_types() {
        assert_eq!(column_type("decimal(12, 2)"), Some(DataType::Decimal { precision: 12, scale: 2 }));
        assert_eq!(column_type("timestamp with zone"), Some(DataType::Timestamp(Clock::Instant)));
        for text in ["decimal", "decimal(39,2)", "decimal(2,3)", "decimal(2)", "string", "Integer"] {
            assert_eq!(column_type(text), None, "{text}");
        }
        for name in ["integer", "float", "text", "date", "boolean", "timestamp", "decimal(38,0)"] {
            assert_eq!(column_type(&column_type(name).unwrap().to_string()), column_type(name));
        }
    }
}
