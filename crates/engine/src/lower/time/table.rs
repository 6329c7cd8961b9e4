//! Functions of time by table: nested CASEs that halve the table at each step.

use chrono::{DateTime, NaiveDateTime, Utc};
use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::logical_expr::{Expr, lit, when};
use datafusion::scalar::ScalarValue;

use crate::lower::LowerError;
use crate::lower::typed::Typed;

/// A row of a table: where it starts and the value up to the next one's start.
pub(super) type Row = (ScalarValue, Expr);

/// The value of the last row that starts at or before `of`; of the first row for what is earlier.
pub(super) fn look_up(of: &Expr, rows: &[Row]) -> Result<Expr, LowerError> {
    match rows {
        [] => Err(LowerError::Unbound("a table")),
        [(_, value)] => Ok(value.clone()),
        _ => {
            let (before, after) = rows.split_at(rows.len() / 2);
            let earlier = of.clone().lt(lit(after[0].0.clone()));
            Ok(when(earlier, look_up(of, before)?).otherwise(look_up(of, after)?)?)
        }
    }
}

/// The unit and the zone's name of a timestamp.
pub(super) fn unit_of(of: &Typed) -> Result<TimeUnit, LowerError> {
    match &of.data_type {
        DataType::Timestamp(unit, _) => Ok(*unit),
        other => Err(LowerError::mismatch("a timestamp", other)),
    }
}

/// A moment as a literal of a timestamp column's own type; `None` beyond its 64 bits. A moment
/// between two values of the unit is the later one, so that `>=` and `<` stay exact.
pub(super) fn moment(at: Moment, data_type: &DataType) -> Result<Option<ScalarValue>, LowerError> {
    let DataType::Timestamp(unit, zone) = data_type else {
        return Err(LowerError::mismatch("a timestamp", data_type));
    };
    let zone = zone.clone();
    let nanoseconds = i128::from(at.seconds) * 1_000_000_000 + i128::from(at.nanoseconds);
    let per_unit = match unit {
        TimeUnit::Second => 1_000_000_000,
        TimeUnit::Millisecond => 1_000_000,
        TimeUnit::Microsecond => 1_000,
        TimeUnit::Nanosecond => 1,
    };
    let Ok(value) = i64::try_from(-(-nanoseconds).div_euclid(per_unit)) else { return Ok(None) };
    Ok(Some(match unit {
        TimeUnit::Second => ScalarValue::TimestampSecond(Some(value), zone),
        TimeUnit::Millisecond => ScalarValue::TimestampMillisecond(Some(value), zone),
        TimeUnit::Microsecond => ScalarValue::TimestampMicrosecond(Some(value), zone),
        TimeUnit::Nanosecond => ScalarValue::TimestampNanosecond(Some(value), zone),
    }))
}

/// A point in time by its digits, those of UTC for an instant.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moment {
    seconds: i64,
    nanoseconds: u32,
}

impl Moment {
    /// Whether it is earlier than 1970.
    pub(super) fn is_past(self) -> bool {
        self.seconds < 0
    }
}

impl From<DateTime<Utc>> for Moment {
    fn from(at: DateTime<Utc>) -> Moment {
        Moment { seconds: at.timestamp(), nanoseconds: at.timestamp_subsec_nanos() }
    }
}

impl From<NaiveDateTime> for Moment {
    fn from(at: NaiveDateTime) -> Moment {
        at.and_utc().into()
    }
}

/// Seconds as a duration in a timestamp's unit.
pub(super) fn duration(seconds: i64, unit: TimeUnit) -> ScalarValue {
    match unit {
        TimeUnit::Second => ScalarValue::DurationSecond(Some(seconds)),
        TimeUnit::Millisecond => ScalarValue::DurationMillisecond(Some(seconds * 1_000)),
        TimeUnit::Microsecond => ScalarValue::DurationMicrosecond(Some(seconds * 1_000_000)),
        TimeUnit::Nanosecond => ScalarValue::DurationNanosecond(Some(seconds * 1_000_000_000)),
    }
}
