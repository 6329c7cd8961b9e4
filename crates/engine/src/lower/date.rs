//! Functions of local dates and timestamps. Weeks are ISO weeks, from Monday.

use datafusion::arrow::datatypes::{DataType, TimeUnit as ArrowUnit};
use datafusion::functions::datetime::expr_fn::{date_part, date_trunc};
use datafusion::logical_expr::{Expr, Operator, binary_expr, lit};
use datafusion::scalar::ScalarValue;
use sextant_semantics::expr::{DatePart, TimeUnit};

use super::LowerError;
use super::typed::Typed;

/// Start of the unit that holds `of`; a date stays a date.
pub(super) fn truncate(unit: TimeUnit, of: Typed) -> Result<Typed, LowerError> {
    match of.data_type {
        DataType::Date32 | DataType::Date64 => match unit {
            TimeUnit::Second | TimeUnit::Minute | TimeUnit::Hour | TimeUnit::Day => Ok(of.cast(DataType::Date32)),
            TimeUnit::Week | TimeUnit::Month | TimeUnit::Quarter | TimeUnit::Year => {
                let midnight = of.cast(DataType::Timestamp(ArrowUnit::Second, None));
                Ok(truncate(unit, midnight)?.cast(DataType::Date32))
            }
        },
        DataType::Timestamp(..) => Ok(Typed::new(date_trunc(lit(unit.as_str()), of.expr), of.data_type)),
        DataType::Null => Ok(of),
        other => Err(LowerError::mismatch("a date or a timestamp", &other)),
    }
}

/// A part of a date or a timestamp, as an integer.
pub(super) fn part(part: DatePart, of: Typed) -> Result<Typed, LowerError> {
    let name = match part {
        DatePart::Year => "year",
        DatePart::Quarter => "quarter",
        DatePart::Month => "month",
        DatePart::Week => "week",
        DatePart::Day => "day",
        DatePart::DayOfWeek => "isodow",
        DatePart::DayOfYear => "doy",
        DatePart::Hour => "hour",
        DatePart::Minute => "minute",
        DatePart::Second => "second",
    };
    let of = match &of.data_type {
        DataType::Date32 | DataType::Date64 if part.is_sub_day() => {
            of.cast(DataType::Timestamp(ArrowUnit::Second, None))
        }
        DataType::Date64 => of.cast(DataType::Date32),
        DataType::Date32 | DataType::Timestamp(..) => of,
        DataType::Null => of.cast(DataType::Date32),
        other => return Err(LowerError::mismatch("a date or a timestamp", other)),
    };
    Ok(Typed::new(date_part(lit(name), of.expr), DataType::Int32).cast(DataType::Int64))
}

/// `of` moved by an interval; a date moved by hours becomes a timestamp.
pub(super) fn shift(of: Typed, op: Operator, interval: Typed) -> Result<Typed, LowerError> {
    let sub_day = match &interval.expr {
        Expr::Literal(ScalarValue::IntervalMonthDayNano(Some(value)), _) => value.nanoseconds != 0,
        _ => true,
    };
    let of = match &of.data_type {
        DataType::Date32 | DataType::Date64 if sub_day => of.cast(DataType::Timestamp(ArrowUnit::Microsecond, None)),
        DataType::Date64 => of.cast(DataType::Date32),
        DataType::Date32 | DataType::Timestamp(..) => of,
        DataType::Null => of.cast(DataType::Date32),
        other => return Err(LowerError::mismatch("a date or a timestamp", other)),
    };
    Ok(Typed::new(binary_expr(of.expr, op, interval.expr), of.data_type))
}

/// Boundaries of the unit that are crossed from `from` to `to`; negative when `to` is earlier.
pub(super) fn difference(unit: TimeUnit, from: Typed, to: Typed) -> Result<Typed, LowerError> {
    let months = |of: Typed| -> Result<Expr, LowerError> {
        let (year, month) = (part(DatePart::Year, of.clone())?, part(DatePart::Month, of)?);
        Ok(year.expr * lit(12_i64) + month.expr)
    };
    let quarters = |of: Typed| -> Result<Expr, LowerError> {
        let (year, quarter) = (part(DatePart::Year, of.clone())?, part(DatePart::Quarter, of)?);
        Ok(year.expr * lit(4_i64) + quarter.expr)
    };
    let expr = match unit {
        TimeUnit::Second => seconds(unit, to)? - seconds(unit, from)?,
        TimeUnit::Minute => (seconds(unit, to)? - seconds(unit, from)?) / lit(60_i64),
        TimeUnit::Hour => (seconds(unit, to)? - seconds(unit, from)?) / lit(3600_i64),
        TimeUnit::Day => days(to)? - days(from)?,
        TimeUnit::Week => (days(truncate(unit, to)?)? - days(truncate(unit, from)?)?) / lit(7_i64),
        TimeUnit::Month => months(to)? - months(from)?,
        TimeUnit::Quarter => quarters(to)? - quarters(from)?,
        TimeUnit::Year => part(DatePart::Year, to)?.expr - part(DatePart::Year, from)?.expr,
    };
    Ok(Typed::new(expr, DataType::Int64))
}

/// Seconds since 1970-01-01 of the start of the unit.
fn seconds(unit: TimeUnit, of: Typed) -> Result<Expr, LowerError> {
    let stamp = match &of.data_type {
        DataType::Timestamp(..) => of,
        _ => of.cast(DataType::Timestamp(ArrowUnit::Second, None)),
    };
    let start = truncate(unit, stamp)?;
    Ok(start.cast(DataType::Timestamp(ArrowUnit::Second, None)).cast(DataType::Int64).expr)
}

/// Days since 1970-01-01.
fn days(of: Typed) -> Result<Expr, LowerError> {
    match &of.data_type {
        DataType::Date32 | DataType::Date64 | DataType::Timestamp(..) | DataType::Null => {
            Ok(of.cast(DataType::Date32).cast(DataType::Int32).cast(DataType::Int64).expr)
        }
        other => Err(LowerError::mismatch("a date or a timestamp", other)),
    }
}
