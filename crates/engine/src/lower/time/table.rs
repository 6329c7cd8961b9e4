//! Functions of time by table: each row holds from a moment on, up to the next one's.
//!
//! A short table is a CASE that halves it at each step, of plain nodes only. A long one, for
//! questions over all time, is a function of its own, which keeps the plan small.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use datafusion::arrow::array::{Array, ArrayRef, AsArray, Int64Array};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Int64Type, TimeUnit};
use datafusion::error::Result as EngineResult;
use datafusion::functions::core::expr_fn::greatest;
use datafusion::functions::datetime::expr_fn::date_trunc;
use datafusion::logical_expr::{
    ColumnarValue, Expr, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility, is_null, lit, when,
};
use datafusion::scalar::ScalarValue;
use sextant_semantics::time::granularity::Granularity;

use crate::lower::LowerError;
use crate::lower::typed::Typed;

/// What becomes of the times from a moment on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) from: Moment,
    pub(super) value: Value,
}

/// A time of a row's stretch as another.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value {
    /// Later by so many seconds.
    Shifted(i64),
    Fixed(Moment),
    /// Start of the bucket that holds the time `offset` seconds later, moved back; never before
    /// the row's own moment where that is cut off.
    Floored {
        granularity: Granularity,
        offset: i64,
        cut: bool,
    },
}

/// A point in time by its digits, those of UTC for an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    seconds: i64,
    nanoseconds: u32,
}

/// Rows up to which a table is written out.
const SHORT: usize = 12;

/// `of` by the table; the first row holds for what is earlier, too.
pub(super) fn look_up(of: Typed, rows: &[Row]) -> Result<Typed, LowerError> {
    let unit = unit_of(&of)?;
    let rows: Vec<UnitRow> = rows.iter().filter_map(|row| row.in_unit(unit)).collect();
    let moves = |row: &UnitRow| row.action != Action::Shifted(0);
    if !rows.iter().any(moves) {
        return Ok(of);
    }
    if rows.len() > SHORT {
        let signature = Signature::exact(vec![of.data_type.clone()], Volatility::Immutable);
        let table = ScalarUDF::from(Table { rows, signature });
        return Ok(Typed::new(table.call(vec![of.expr]), of.data_type));
    }
    let value = written_out(&of, unit, &rows)?;
    // Null is not earlier than any row and would fall in the last one, which may be a constant.
    let value = if rows.iter().any(|row| row.action.is_bounded()) {
        when(is_null(of.expr), lit(ScalarValue::try_from(&of.data_type)?)).otherwise(value)?
    } else {
        value
    };
    Ok(Typed::new(value, of.data_type))
}

/// A row in a timestamp's own unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct UnitRow {
    from: i64,
    action: Action,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Action {
    Shifted(i64),
    Fixed(i64),
    Floored { length: i64, offset: i64, cut: bool },
}

impl Row {
    /// `None` for a row that starts after the last value of the unit.
    fn in_unit(self, unit: TimeUnit) -> Option<UnitRow> {
        let value = |at: Moment| at.in_unit(unit);
        let from = value(self.from).or(self.from.is_past().then_some(i64::MIN))?;
        let action = match self.value {
            Value::Shifted(seconds) => Action::Shifted(seconds * per_second(unit)),
            Value::Fixed(at) => Action::Fixed(value(at)?),
            Value::Floored { granularity, offset, cut } => {
                let length = seconds_of(granularity) * per_second(unit);
                Action::Floored { length, offset: offset * per_second(unit), cut }
            }
        };
        Some(UnitRow { from, action })
    }
}

impl Action {
    /// Whether its result is, or is bounded by, a constant.
    fn is_bounded(self) -> bool {
        match self {
            Action::Shifted(_) => false,
            Action::Fixed(_) => true,
            Action::Floored { cut, .. } => cut,
        }
    }

    fn apply(self, from: i64, value: i64) -> i64 {
        match self {
            Action::Shifted(by) => value.saturating_add(by),
            Action::Fixed(at) => at,
            Action::Floored { length, offset, cut } => {
                let start = value.saturating_add(offset).div_euclid(length).saturating_mul(length) - offset;
                if cut { start.max(from) } else { start }
            }
        }
    }
}

fn written_out(of: &Typed, unit: TimeUnit, rows: &[UnitRow]) -> Result<Expr, LowerError> {
    match rows {
        [] => Ok(of.expr.clone()),
        [UnitRow { from, action }] => {
            let shifted = |by: i64| match by {
                0 => of.expr.clone(),
                by => of.expr.clone() + lit(duration(by, unit)),
            };
            Ok(match *action {
                Action::Shifted(by) => shifted(by),
                Action::Fixed(at) => lit(timestamp(at, unit)),
                Action::Floored { length, offset, cut } => {
                    let start = date_trunc(lit(word(length / per_second(unit))), shifted(offset));
                    let start = if offset == 0 { start } else { start - lit(duration(offset, unit)) };
                    if cut { greatest(vec![start, lit(timestamp(*from, unit))]) } else { start }
                }
            })
        }
        _ => {
            let (before, after) = rows.split_at(rows.len() / 2);
            let earlier = of.expr.clone().lt(lit(timestamp(after[0].from, unit)));
            Ok(when(earlier, written_out(of, unit, before)?).otherwise(written_out(of, unit, after)?)?)
        }
    }
}

/// A long table as a function of a timestamp.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Table {
    rows: Vec<UnitRow>,
    signature: Signature,
}

impl Table {
    fn value(&self, hint: &mut usize, value: i64) -> i64 {
        let holds = |at: usize| {
            (at == 0 || self.rows[at].from <= value) && self.rows.get(at + 1).is_none_or(|next| value < next.from)
        };
        if !holds(*hint) {
            *hint = self.rows.partition_point(|row| row.from <= value).saturating_sub(1);
        }
        let UnitRow { from, action } = self.rows[*hint];
        action.apply(from, value)
    }
}

impl ScalarUDFImpl for Table {
    fn name(&self) -> &str {
        "time_table"
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, arguments: &[DataType]) -> EngineResult<DataType> {
        Ok(arguments[0].clone())
    }

    fn invoke_with_args(&self, arguments: ScalarFunctionArgs) -> EngineResult<ColumnarValue> {
        let arrays = ColumnarValue::values_to_arrays(&arguments.args)?;
        let data_type = arrays[0].data_type().clone();
        let digits = cast(&arrays[0], &DataType::Int64)?;
        let mut hint = 0;
        let digits = digits.as_primitive::<Int64Type>();
        let values: Vec<i64> = digits.values().iter().map(|value| self.value(&mut hint, *value)).collect();
        let values: ArrayRef = Arc::new(Int64Array::new(values.into(), digits.nulls().cloned()));
        Ok(ColumnarValue::Array(cast(&values, &data_type)?))
    }
}

/// The unit of a timestamp.
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
    Ok(at.in_unit(*unit).map(|value| zoned(value, *unit, zone.clone())))
}

impl Moment {
    /// Whether it is earlier than 1970.
    pub(super) fn is_past(self) -> bool {
        self.seconds < 0
    }

    pub(super) fn seconds(self) -> i64 {
        self.seconds
    }

    fn in_unit(self, unit: TimeUnit) -> Option<i64> {
        let nanoseconds = i128::from(self.seconds) * 1_000_000_000 + i128::from(self.nanoseconds);
        let per_unit = i128::from(1_000_000_000 / per_second(unit));
        i64::try_from(-(-nanoseconds).div_euclid(per_unit)).ok()
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

impl From<NaiveDate> for Moment {
    fn from(at: NaiveDate) -> Moment {
        Moment { seconds: i64::from(at.to_epoch_days()) * 86_400, nanoseconds: 0 }
    }
}

/// Seconds of a bucket shorter than a day; of a day for longer ones.
pub(super) fn seconds_of(granularity: Granularity) -> i64 {
    match granularity {
        Granularity::Second => 1,
        Granularity::Minute => 60,
        Granularity::Hour => 3_600,
        Granularity::Day
        | Granularity::Week
        | Granularity::Month
        | Granularity::Quarter
        | Granularity::Year
        | Granularity::FiscalQuarter
        | Granularity::FiscalYear => 86_400,
    }
}

fn word(seconds: i64) -> &'static str {
    match seconds {
        1 => "second",
        60 => "minute",
        3_600 => "hour",
        _ => "day",
    }
}

fn per_second(unit: TimeUnit) -> i64 {
    match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    }
}

fn duration(of: i64, unit: TimeUnit) -> ScalarValue {
    match unit {
        TimeUnit::Second => ScalarValue::DurationSecond(Some(of)),
        TimeUnit::Millisecond => ScalarValue::DurationMillisecond(Some(of)),
        TimeUnit::Microsecond => ScalarValue::DurationMicrosecond(Some(of)),
        TimeUnit::Nanosecond => ScalarValue::DurationNanosecond(Some(of)),
    }
}

fn timestamp(value: i64, unit: TimeUnit) -> ScalarValue {
    zoned(value, unit, None)
}

fn zoned(value: i64, unit: TimeUnit, zone: Option<Arc<str>>) -> ScalarValue {
    match unit {
        TimeUnit::Second => ScalarValue::TimestampSecond(Some(value), zone),
        TimeUnit::Millisecond => ScalarValue::TimestampMillisecond(Some(value), zone),
        TimeUnit::Microsecond => ScalarValue::TimestampMicrosecond(Some(value), zone),
        TimeUnit::Nanosecond => ScalarValue::TimestampNanosecond(Some(value), zone),
    }
}
