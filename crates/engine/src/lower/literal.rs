//! Constants of the expression language as constants of the engine.

use chrono::{NaiveDate, NaiveDateTime};
use datafusion::arrow::datatypes::IntervalMonthDayNano;
use datafusion::scalar::ScalarValue;
use sextant_semantics::expr::Literal;

use super::LowerError;
use super::typed::{MAX_DIGITS, Typed};

/// An integer of at most 64 bits is one, a longer one a decimal; decimals keep their digits.
pub(crate) fn literal(value: &Literal) -> Result<Typed, LowerError> {
    let scalar = match value {
        Literal::Null => ScalarValue::Null,
        Literal::Boolean(value) => ScalarValue::Boolean(Some(*value)),
        Literal::Integer(value) => match i64::try_from(*value) {
            Ok(value) => ScalarValue::Int64(Some(value)),
            Err(_) => decimal(*value, 0)?,
        },
        Literal::Decimal { unscaled, scale } => decimal(*unscaled, *scale)?,
        Literal::Float(value) => ScalarValue::Float64(Some(*value)),
        Literal::Text(value) => ScalarValue::Utf8(Some(value.clone())),
        Literal::Date(value) => date(*value),
        Literal::Timestamp(value) => timestamp(*value),
        Literal::Interval { months, days, microseconds } => {
            ScalarValue::IntervalMonthDayNano(Some(IntervalMonthDayNano {
                months: *months,
                days: *days,
                nanoseconds: nanoseconds(*microseconds)?,
            }))
        }
    };
    Ok(Typed::scalar(scalar))
}

pub(super) fn date(value: NaiveDate) -> ScalarValue {
    ScalarValue::Date32(Some(days_from_epoch(value)))
}

/// Days from 1970-01-01, negative before it.
pub(super) fn days_from_epoch(value: NaiveDate) -> i32 {
    value.to_epoch_days()
}

fn timestamp(value: NaiveDateTime) -> ScalarValue {
    ScalarValue::TimestampMicrosecond(Some(value.and_utc().timestamp_micros()), None)
}

fn decimal(unscaled: i128, scale: u8) -> Result<ScalarValue, LowerError> {
    let digits = unscaled.unsigned_abs().checked_ilog10().map_or(1, |log| log as u8 + 1);
    let precision = digits.max(scale).max(1);
    if precision > MAX_DIGITS {
        return Err(LowerError::NumericOverflow);
    }
    Ok(ScalarValue::Decimal128(Some(unscaled), precision, scale as i8))
}

fn nanoseconds(microseconds: i64) -> Result<i64, LowerError> {
    microseconds.checked_mul(1_000).ok_or(LowerError::NumericOverflow)
}
