//! The text of one cell as a value of its column's type, exactly or not at all.

use std::sync::Arc;

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveDateTime, NaiveTime};
use datafusion::arrow::array::{
    ArrayRef, BooleanBuilder, Date32Builder, Decimal128Builder, Float64Builder, Int64Builder, NullBuilder,
    StringViewBuilder, TimestampMicrosecondBuilder,
};
use sextant_semantics::data_type::{Clock, DataType};

use super::types::arrow_type;

/// Days from the day before 0001-01-01 to 1970-01-01.
const EPOCH_DAY: i32 = 719_163;

/// A column in the making.
pub(crate) enum ColumnBuilder {
    Boolean(BooleanBuilder),
    Integer(Int64Builder),
    Decimal {
        builder: Decimal128Builder,
        precision: u8,
        scale: i8,
    },
    Float(Float64Builder),
    Text(StringViewBuilder),
    Date(Date32Builder),
    Local(TimestampMicrosecondBuilder),
    Instant(TimestampMicrosecondBuilder),
    /// A type that no column has; every cell of it fails.
    Null(NullBuilder),
}

impl ColumnBuilder {
    pub(crate) fn new(data_type: DataType) -> Self {
        let arrow = arrow_type(data_type);
        match data_type {
            DataType::Boolean => ColumnBuilder::Boolean(BooleanBuilder::new()),
            DataType::Integer => ColumnBuilder::Integer(Int64Builder::new()),
            DataType::Decimal { precision, scale } => {
                let builder = Decimal128Builder::new().with_data_type(arrow);
                ColumnBuilder::Decimal { builder, precision, scale }
            }
            DataType::Float => ColumnBuilder::Float(Float64Builder::new()),
            DataType::Text => ColumnBuilder::Text(StringViewBuilder::new()),
            DataType::Date => ColumnBuilder::Date(Date32Builder::new()),
            DataType::Timestamp(Clock::Local) => ColumnBuilder::Local(TimestampMicrosecondBuilder::new()),
            DataType::Timestamp(Clock::Instant) => {
                ColumnBuilder::Instant(TimestampMicrosecondBuilder::new().with_data_type(arrow))
            }
            DataType::Interval | DataType::Null => ColumnBuilder::Null(NullBuilder::new()),
        }
    }

    pub(crate) fn append_null(&mut self) {
        match self {
            ColumnBuilder::Boolean(builder) => builder.append_null(),
            ColumnBuilder::Integer(builder) => builder.append_null(),
            ColumnBuilder::Decimal { builder, .. } => builder.append_null(),
            ColumnBuilder::Float(builder) => builder.append_null(),
            ColumnBuilder::Text(builder) => builder.append_null(),
            ColumnBuilder::Date(builder) => builder.append_null(),
            ColumnBuilder::Local(builder) | ColumnBuilder::Instant(builder) => builder.append_null(),
            ColumnBuilder::Null(builder) => builder.append_null(),
        }
    }

    /// Appends a text as a value of the column's type; false, with nothing appended, where it is none.
    #[must_use]
    pub(crate) fn append(&mut self, text: &str) -> bool {
        let trimmed = text.trim_matches([' ', '\t']);
        match self {
            ColumnBuilder::Boolean(builder) => boolean(trimmed).map(|value| builder.append_value(value)),
            ColumnBuilder::Integer(builder) => integer(trimmed).map(|value| builder.append_value(value)),
            ColumnBuilder::Decimal { builder, precision, scale } => {
                decimal(trimmed, *precision, *scale).map(|value| builder.append_value(value))
            }
            ColumnBuilder::Float(builder) => float(trimmed).map(|value| builder.append_value(value)),
            ColumnBuilder::Text(builder) => {
                builder.append_value(text);
                Some(())
            }
            ColumnBuilder::Date(builder) => date(trimmed).map(|value| builder.append_value(day_number(value))),
            ColumnBuilder::Local(builder) => {
                local(trimmed).map(|value| builder.append_value(value.and_utc().timestamp_micros()))
            }
            ColumnBuilder::Instant(builder) => {
                instant(trimmed).map(|value| builder.append_value(value.timestamp_micros()))
            }
            ColumnBuilder::Null(_) => None,
        }
        .is_some()
    }

    /// The column so far; the builder is empty again.
    pub(crate) fn finish(&mut self) -> ArrayRef {
        match self {
            ColumnBuilder::Boolean(builder) => Arc::new(builder.finish()),
            ColumnBuilder::Integer(builder) => Arc::new(builder.finish()),
            ColumnBuilder::Decimal { builder, .. } => Arc::new(builder.finish()),
            ColumnBuilder::Float(builder) => Arc::new(builder.finish()),
            ColumnBuilder::Text(builder) => Arc::new(builder.finish()),
            ColumnBuilder::Date(builder) => Arc::new(builder.finish()),
            ColumnBuilder::Local(builder) | ColumnBuilder::Instant(builder) => Arc::new(builder.finish()),
            ColumnBuilder::Null(builder) => Arc::new(builder.finish()),
        }
    }
}

/// `true`, `t` or `1`; `false`, `f` or `0`; in any case.
pub(crate) fn boolean(text: &str) -> Option<bool> {
    let is = |words: [&str; 3]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    if is(["true", "t", "1"]) {
        Some(true)
    } else if is(["false", "f", "0"]) {
        Some(false)
    } else {
        None
    }
}

/// A whole number of 64 bits; `12.0` is one.
pub(crate) fn integer(text: &str) -> Option<i64> {
    match text.parse() {
        Ok(value) => Some(value),
        Err(_) => decimal(text, 38, 0).and_then(|value| i64::try_from(value).ok()),
    }
}

/// A decimal in units of 10^-scale: `-12.5` at scale 2 is -1250. Nothing is rounded: digits
/// beyond the scale must be zeros. `1.5e3` is read too.
pub(crate) fn decimal(text: &str, precision: u8, scale: i8) -> Option<i128> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i16>().ok()?),
        None => (text, 0),
    };
    let (negative, digits) = match mantissa.as_bytes().first()? {
        b'-' => (true, &mantissa[1..]),
        b'+' => (false, &mantissa[1..]),
        _ => (false, mantissa),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() {
        return None;
    }
    let mut value: i128 = 0;
    for digit in whole.bytes().chain(fraction.bytes()) {
        if !digit.is_ascii_digit() {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(i128::from(digit - b'0'))?;
    }
    let shift = i32::from(exponent) + i32::from(scale) - i32::try_from(fraction.len()).ok()?;
    if value != 0 {
        let power = 10_i128.checked_pow(shift.unsigned_abs());
        value = if shift >= 0 {
            value.checked_mul(power?)?
        } else {
            let power = power?;
            (value % power == 0).then_some(value / power)?
        };
    }
    let bound = 10_i128.checked_pow(u32::from(precision))?;
    (value < bound).then_some(if negative { -value } else { value })
}

/// A finite double.
pub(crate) fn float(text: &str) -> Option<f64> {
    let numeric = text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '-' | '+' | '.'));
    text.parse().ok().filter(|value: &f64| numeric && value.is_finite())
}

/// `2026-03-08`.
pub(crate) fn date(text: &str) -> Option<NaiveDate> {
    let bytes = text.as_bytes();
    if bytes.len() != 10 || bytes[4] != b'-' || bytes[7] != b'-' {
        return None;
    }
    let number = |range: std::ops::Range<usize>| digits(bytes.get(range)?);
    NaiveDate::from_ymd_opt(i32::try_from(number(0..4)?).ok()?, number(5..7)?, number(8..10)?)
}

/// `2026-03-08`, `2026-03-08T01:02` or `2026-03-08 01:02:03.456789`, without a zone. Digits
/// after the sixth are dropped.
pub(crate) fn local(text: &str) -> Option<NaiveDateTime> {
    let day = date(text.get(..10)?)?;
    let rest = &text[10..];
    if rest.is_empty() {
        return Some(day.and_time(NaiveTime::MIN));
    }
    let time = rest.strip_prefix(['T', ' '])?;
    let (clock, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let bytes = clock.as_bytes();
    let number = |range: std::ops::Range<usize>| digits(bytes.get(range)?);
    let seconds = match bytes.len() {
        5 if fraction == "0" => 0,
        8 if bytes[5] == b':' => number(6..8)?,
        _ => return None,
    };
    if bytes[2] != b':' || fraction.is_empty() || fraction.len() > 9 {
        return None;
    }
    let micros = format!("{:0<6}", &fraction[..fraction.len().min(6)]);
    digits(fraction.as_bytes())?;
    let time = NaiveTime::from_hms_micro_opt(number(0..2)?, number(3..5)?, seconds, digits(micros.as_bytes())?)?;
    Some(day.and_time(time))
}

/// A local time followed by `Z`, ` UTC`, `+02:00`, `+0200` or `+02`.
pub(crate) fn instant(text: &str) -> Option<DateTime<FixedOffset>> {
    let (local_part, offset_seconds) = if let Some(rest) = text.strip_suffix(['Z', 'z']) {
        (rest, 0)
    } else if let Some(rest) = text.strip_suffix("UTC") {
        (rest.trim_end(), 0)
    } else {
        let at = text.rfind(['+', '-']).filter(|at| *at > 10)?;
        let offset = &text.as_bytes()[at + 1..];
        let (hours, minutes) = match offset.len() {
            2 => (digits(offset)?, 0),
            4 => (digits(&offset[..2])?, digits(&offset[2..])?),
            5 if offset[2] == b':' => (digits(&offset[..2])?, digits(&offset[3..])?),
            _ => return None,
        };
        if minutes > 59 {
            return None;
        }
        let seconds = i32::try_from(hours * 3600 + minutes * 60).ok()?;
        (text[..at].trim_end(), if text.as_bytes()[at] == b'-' { -seconds } else { seconds })
    };
    let offset = FixedOffset::east_opt(offset_seconds)?;
    local(local_part)?.and_local_timezone(offset).single()
}

/// Days since 1970-01-01.
pub(crate) fn day_number(date: NaiveDate) -> i32 {
    date.num_days_from_ce() - EPOCH_DAY
}

fn digits(bytes: &[u8]) -> Option<u32> {
    let mut value: u32 = 0;
    for byte in bytes {
        let digit = byte.is_ascii_digit().then_some(byte - b'0')?;
        value = value.checked_mul(10)?.checked_add(u32::from(digit))?;
    }
    (!bytes.is_empty()).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::{boolean, decimal, float, instant, integer, local};

    #[test]
    fn numbers() {
        for (text, expected) in [
            ("12", Some(1200)),
            ("-0.05", Some(-5)),
            (".5", Some(50)),
            ("5.", Some(500)),
            ("1.50000", Some(150)),
            ("1.505", None),
            ("1.5e3", Some(150_000)),
            ("15E-1", Some(150)),
            ("0e-400", Some(0)),
            ("1e400", None),
            ("123456.00", None),
            ("99999.99", Some(9_999_999)),
            ("1,000", None),
            ("", None),
            ("-", None),
            (".", None),
            ("1 2", None),
            ("é", None),
        ] {
            assert_eq!(decimal(text, 7, 2), expected, "{text}");
        }
        assert_eq!(decimal("99999999999999999999999999999999999999", 38, 0), Some(10_i128.pow(38) - 1));
        assert_eq!(integer("-9223372036854775808"), Some(i64::MIN));
        assert_eq!((integer("9223372036854775808"), integer("12.0"), integer("12.5")), (None, Some(12), None));
        assert_eq!((float("1e-3"), float("NaN"), float("inf"), float("1e999")), (Some(0.001), None, None, None));
        assert_eq!((boolean("TRUE"), boolean("0"), boolean("yes")), (Some(true), Some(false), None));
    }

    #[test]
    fn moments() {
        let shown = |text| local(text).map(|at| at.format("%FT%T%.f").to_string());
        for (text, expected) in [
            ("2026-03-08", Some("2026-03-08T00:00:00")),
            ("2026-03-08T01:02", Some("2026-03-08T01:02:00")),
            ("2026-03-08 23:59:59.5", Some("2026-03-08T23:59:59.500")),
            ("2026-03-08 23:59:59.123456789", Some("2026-03-08T23:59:59.123456")),
            ("2026-02-30", None),
            ("2026-03-08T24:00:00", None),
            ("2026-03-08T01:02:03Z", None),
            ("2026-03-08T01:02:03.", None),
            ("2026-03-08T01:02.5", None),
            ("2026-3-8", None),
            ("2026-03-0é", None),
        ] {
            assert_eq!(shown(text).as_deref(), expected, "{text}");
        }
        let utc = |text| instant(text).map(|at| at.to_utc().format("%FT%TZ").to_string());
        for (text, expected) in [
            ("2026-03-08T01:02:03Z", Some("2026-03-08T01:02:03Z")),
            ("2026-03-08 01:02:03 UTC", Some("2026-03-08T01:02:03Z")),
            ("2026-03-08T01:02:03+02:00", Some("2026-03-07T23:02:03Z")),
            ("2026-03-08T01:02:03-0530", Some("2026-03-08T06:32:03Z")),
            ("2026-03-08 01:02:03+02", Some("2026-03-07T23:02:03Z")),
            ("2026-03-08T01:02:03", None),
            ("2026-03-08", None),
        ] {
            assert_eq!(utc(text).as_deref(), expected, "{text}");
        }
    }
}
