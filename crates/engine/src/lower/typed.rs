//! An expression of the engine with the exact type of its values, and how types meet.
//!
//! Operands are cast by us before the engine sees them, so that its own coercions never decide
//! what an operator means.

use std::sync::Arc;

use datafusion::arrow::datatypes::{DataType, IntervalUnit, TimeUnit};
use datafusion::logical_expr::{Expr, cast, lit};
use datafusion::scalar::ScalarValue;
use sextant_semantics::data_type as semantic;
use sextant_semantics::data_type::Clock;

use super::LowerError;

/// An expression and the type of its values.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Typed {
    pub(crate) expr: Expr,
    pub(crate) data_type: DataType,
}

/// How a type counts: exactly, with so many digits in all and after the point, or as a double.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    Exact { precision: u8, scale: i8 },
    Float,
}

/// Digits that an exact number may have.
pub(super) const MAX_DIGITS: u8 = 38;

impl Typed {
    pub(crate) fn new(expr: Expr, data_type: DataType) -> Typed {
        Typed { expr, data_type }
    }

    /// A constant.
    pub(crate) fn scalar(value: ScalarValue) -> Typed {
        Typed { data_type: value.data_type(), expr: lit(value) }
    }

    /// The same values as another type; itself where it has the type.
    pub(crate) fn cast(self, to: DataType) -> Typed {
        if self.data_type == to {
            return self;
        }
        Typed { expr: cast(self.expr, to.clone()), data_type: to }
    }

    pub(crate) fn float(self) -> Typed {
        self.cast(DataType::Float64)
    }

    /// How its numbers count; an error for what is no number.
    pub(super) fn number(&self) -> Result<Number, LowerError> {
        number(&self.data_type).ok_or_else(|| LowerError::mismatch("a number", &self.data_type))
    }

    /// Whether it is NULL and of no type.
    pub(super) fn is_untyped_null(&self) -> bool {
        self.data_type == DataType::Null
    }

    pub(super) fn is_literal(&self) -> bool {
        matches!(self.expr, Expr::Literal(..))
    }
}

/// How values of a type count; `None` for what is no number. A bare NULL counts as an integer.
pub(super) fn number(data_type: &DataType) -> Option<Number> {
    let exact = |precision, scale| Some(Number::Exact { precision, scale });
    match data_type {
        DataType::Null | DataType::Int8 | DataType::UInt8 => exact(3, 0),
        DataType::Int16 | DataType::UInt16 => exact(5, 0),
        DataType::Int32 | DataType::UInt32 => exact(10, 0),
        DataType::Int64 => exact(19, 0),
        DataType::UInt64 => exact(20, 0),
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale) => exact(*precision, *scale),
        DataType::Decimal256(precision, scale) => exact((*precision).min(MAX_DIGITS), *scale),
        DataType::Float16 | DataType::Float32 | DataType::Float64 => Some(Number::Float),
        _ => None,
    }
}

/// The engine's type for a type of the models.
pub(crate) fn arrow_type(data_type: semantic::DataType) -> DataType {
    match data_type {
        semantic::DataType::Boolean => DataType::Boolean,
        semantic::DataType::Integer => DataType::Int64,
        semantic::DataType::Decimal { precision, scale } => DataType::Decimal128(precision, scale),
        semantic::DataType::Float => DataType::Float64,
        semantic::DataType::Text => DataType::Utf8View,
        semantic::DataType::Date => DataType::Date32,
        semantic::DataType::Timestamp(Clock::Local) => DataType::Timestamp(TimeUnit::Microsecond, None),
        semantic::DataType::Timestamp(Clock::Instant) => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        semantic::DataType::Interval => DataType::Interval(IntervalUnit::MonthDayNano),
        semantic::DataType::Null => DataType::Null,
    }
}

pub(super) fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

/// Both sides as one type in which they compare and combine without loss.
pub(crate) fn unify(left: Typed, right: Typed) -> Result<(Typed, Typed, DataType), LowerError> {
    let common = meeting_type(&left, &right)?;
    Ok((left.cast(common.clone()), right.cast(common.clone()), common))
}

/// All values as one type; the type of a list of bare NULLs is Null.
pub(super) fn unify_all(values: Vec<Typed>) -> Result<(Vec<Expr>, DataType), LowerError> {
    let mut common: Option<Typed> = None;
    for value in &values {
        common = Some(match common {
            None => value.clone(),
            Some(so_far) => {
                let data_type = meeting_type(&so_far, value)?;
                // What was met is a column for what comes: a literal's leeway is used up.
                let expr = if so_far.is_literal() { value.expr.clone() } else { so_far.expr };
                Typed { expr, data_type }
            }
        });
    }
    let data_type = common.map_or(DataType::Null, |typed| typed.data_type);
    Ok((values.into_iter().map(|value| value.cast(data_type.clone()).expr).collect(), data_type))
}

fn meeting_type(left: &Typed, right: &Typed) -> Result<DataType, LowerError> {
    let (l, r) = (&left.data_type, &right.data_type);
    if l == r {
        return Ok(l.clone());
    }
    if left.is_untyped_null() {
        return Ok(r.clone());
    }
    if right.is_untyped_null() {
        return Ok(l.clone());
    }
    if let (Some(left), Some(right)) = (number(l), number(r)) {
        return Ok(meeting_number(left, right, l, r));
    }
    if is_text(l) && is_text(r) {
        // A literal takes the column's type, so that the column is compared as it is stored.
        return Ok(if left.is_literal() && !right.is_literal() { decoded(r) } else { decoded(l) });
    }
    if is_text(l) && left.is_literal() && is_time(r) {
        return Ok(r.clone());
    }
    if is_text(r) && right.is_literal() && is_time(l) {
        return Ok(l.clone());
    }
    meeting_time(left, right).ok_or_else(|| LowerError::mismatch(&format!("a value like {l}"), r))
}

fn meeting_number(left: Number, right: Number, l: &DataType, r: &DataType) -> DataType {
    match (left, right) {
        (Number::Float, _) | (_, Number::Float) => DataType::Float64,
        (Number::Exact { precision: p1, scale: s1 }, Number::Exact { precision: p2, scale: s2 }) => {
            if l.is_integer() && r.is_integer() && *l != DataType::UInt64 && *r != DataType::UInt64 {
                return DataType::Int64;
            }
            let scale = s1.max(s2);
            let whole = (p1 as i8 - s1).max(p2 as i8 - s2);
            DataType::Decimal128(((whole + scale) as u8).clamp(1, MAX_DIGITS), scale)
        }
    }
}

/// Dates meet timestamps at midnight. A literal takes the column's unit if that holds it exactly,
/// so that the column is compared as it is stored; all else meets in microseconds, which hold
/// every date that is written with four digits.
fn meeting_time(left: &Typed, right: &Typed) -> Option<DataType> {
    let (l, r) = (&left.data_type, &right.data_type);
    let microseconds = |zone: &Option<Arc<str>>| Some(DataType::Timestamp(TimeUnit::Microsecond, zone.clone()));
    match (l, r) {
        (DataType::Date32, DataType::Date64) | (DataType::Date64, DataType::Date32) => Some(DataType::Date32),
        (DataType::Date32 | DataType::Date64, DataType::Timestamp(unit, None)) if fits(&left.expr, *unit) => {
            Some(r.clone())
        }
        (DataType::Timestamp(unit, None), DataType::Date32 | DataType::Date64) if fits(&right.expr, *unit) => {
            Some(l.clone())
        }
        (DataType::Date32 | DataType::Date64, DataType::Timestamp(_, None))
        | (DataType::Timestamp(_, None), DataType::Date32 | DataType::Date64) => microseconds(&None),
        (DataType::Timestamp(u1, zone), DataType::Timestamp(u2, other)) if zone.is_some() == other.is_some() => {
            if u1 == u2 || fits(&right.expr, *u1) {
                Some(l.clone())
            } else if fits(&left.expr, *u2) {
                Some(r.clone())
            } else {
                microseconds(zone)
            }
        }
        _ => None,
    }
}

/// Whether a literal date or timestamp is a whole number of `unit`s within 64 bits.
fn fits(expr: &Expr, unit: TimeUnit) -> bool {
    let Some(microseconds) = literal_microseconds(expr) else { return false };
    match unit {
        TimeUnit::Second => microseconds % 1_000_000 == 0,
        TimeUnit::Millisecond => microseconds % 1_000 == 0,
        TimeUnit::Microsecond => i64::try_from(microseconds).is_ok(),
        TimeUnit::Nanosecond => i64::try_from(microseconds * 1_000).is_ok(),
    }
}

/// A literal date or timestamp as microseconds since 1970.
fn literal_microseconds(expr: &Expr) -> Option<i128> {
    match expr {
        Expr::Literal(ScalarValue::Date32(Some(days)), _) => Some(i128::from(*days) * 86_400_000_000),
        Expr::Literal(ScalarValue::TimestampMicrosecond(Some(value), _), _) => Some(i128::from(*value)),
        _ => None,
    }
}

/// The last value of `column`'s unit before a literal that lies between two of them; `None` where
/// both can be compared as they are. The engine would cut such a literal off to the unit.
pub(super) fn last_before(column: &Typed, literal: &Typed) -> Option<Typed> {
    let DataType::Timestamp(unit, zone) = &column.data_type else { return None };
    let microseconds = literal_microseconds(&literal.expr).filter(|_| !column.is_literal())?;
    let value = |per_unit: i128| {
        let between = microseconds % per_unit != 0;
        i64::try_from(microseconds.div_euclid(per_unit)).ok().filter(|_| between)
    };
    let scalar = match unit {
        TimeUnit::Second => ScalarValue::TimestampSecond(Some(value(1_000_000)?), zone.clone()),
        TimeUnit::Millisecond => ScalarValue::TimestampMillisecond(Some(value(1_000)?), zone.clone()),
        TimeUnit::Microsecond | TimeUnit::Nanosecond => return None,
    };
    Some(Typed::scalar(scalar))
}

pub(super) fn is_time(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Date32 | DataType::Date64 | DataType::Timestamp(..))
}

/// The values' type, where a dictionary codes them.
pub(super) fn decoded(data_type: &DataType) -> DataType {
    match data_type {
        DataType::Dictionary(_, values) => decoded(values),
        other => other.clone(),
    }
}
