//! Rows beside the units of a time spine in whose stretch they lie: what cumulative and offset metrics
//! read. A row may lie in the stretches of many units, and counts once in each.

use std::sync::Arc;

use chrono::{Days, NaiveDate};
use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Int32Array, RecordBatch, TimestampMicrosecondArray,
};
use datafusion::arrow::datatypes::{Date32Type, Field, Schema};
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::logical_expr::{Expr, JoinType, LogicalPlan, LogicalPlanBuilder, ident, lit};
use sextant_semantics::plan::TimeColumn;
use sextant_semantics::query::resolved::BucketStart;
use sextant_semantics::query::spine::{Stretch, TimeSpine, UNIT_COLUMN};

use super::LowerError;
use super::rows::{SPINE, Scope};

/// Whether a row of the spine is read for the total.
pub(super) const IS_TOTAL: &str = "__slot_total";
/// The period of a row of the spine.
pub(super) const PERIOD: &str = "__slot_period";
const FROM: &str = "__slot_from";
const TO: &str = "__slot_to";
/// The row's own time, comparable with the stretches.
const AT: &str = "__at";

/// The rows of `input` joined with the units that read them.
pub(super) fn join(
    scope: &Scope<'_>,
    input: LogicalPlan,
    axis: &TimeColumn,
    spine: &TimeSpine,
) -> Result<LogicalPlan, LowerError> {
    let time = scope.time(axis, input.schema())?;
    let at = if spine.unit.is_sub_day() { time.utc()? } else { time.local_date()? };
    let mut columns: Vec<Expr> = input.schema().columns().into_iter().map(Expr::Column).collect();
    columns.push(at.expr.alias(AT));
    let rows = LogicalPlanBuilder::from(input).project(columns)?.build()?;
    let inside = ident(AT).gt_eq(ident(FROM)).and(ident(AT).lt(ident(TO)));
    Ok(LogicalPlanBuilder::from(rows).join_on(table(spine)?, JoinType::Inner, vec![inside])?.build()?)
}

/// The spine as a table: a row a slot, its unit, its period, whether it is for the total, its stretch.
pub(super) fn table(spine: &TimeSpine) -> Result<LogicalPlan, LowerError> {
    let slots = &spine.slots;
    let of = |name: &str, of: &ArrayRef| Field::new(name, of.data_type().clone(), true);
    let is_sub_day = spine.unit.is_sub_day();
    let unit = moments(slots.iter().map(|slot| slot.unit), is_sub_day);
    let from = moments(slots.iter().map(|slot| Some(start(&slot.reads))), is_sub_day);
    let to = moments(slots.iter().map(|slot| Some(end(&slot.reads))), is_sub_day);
    let is_total: ArrayRef = Arc::new(BooleanArray::from_iter(slots.iter().map(|slot| Some(slot.is_total))));
    let period: ArrayRef = Arc::new(Int32Array::from_iter_values(slots.iter().map(|slot| slot.period as i32)));
    let columns = [(UNIT_COLUMN, unit), (IS_TOTAL, is_total), (PERIOD, period), (FROM, from), (TO, to)];
    let schema = Arc::new(Schema::new(columns.iter().map(|(name, array)| of(name, array)).collect::<Vec<_>>()));
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).map_err(datafusion::error::DataFusionError::from)?;
    let table = MemTable::try_new(schema, vec![vec![batch]])?;
    Ok(LogicalPlanBuilder::scan(SPINE, provider_as_source(Arc::new(table)), None)?.build()?)
}

/// Whether a row belongs to a period of the plan.
pub(super) fn in_period(period: usize) -> Expr {
    ident(PERIOD).eq(lit(period as i32))
}

fn start(slot: &Stretch) -> BucketStart {
    match *slot {
        Stretch::Dates { first, .. } => BucketStart::Date(first.unwrap_or_else(first_date)),
        Stretch::Instants { start, .. } => {
            BucketStart::Instant(start.unwrap_or_else(|| first_date().and_time(chrono::NaiveTime::MIN).and_utc()))
        }
    }
}

fn end(slot: &Stretch) -> BucketStart {
    match *slot {
        Stretch::Dates { end, .. } => BucketStart::Date(end),
        Stretch::Instants { end, .. } => BucketStart::Instant(end),
    }
}

/// Earlier than any fact: 719,162 days before 1970, the year 1.
fn first_date() -> NaiveDate {
    NaiveDate::from_ymd_opt(1970, 1, 1).and_then(|epoch| epoch.checked_sub_days(Days::new(719_162))).unwrap_or_default()
}

/// Dates, or instants in microseconds of UTC.
pub(super) fn moments(of: impl Iterator<Item = Option<BucketStart>>, is_sub_day: bool) -> ArrayRef {
    if is_sub_day {
        let instants = of.map(|moment| match moment {
            Some(BucketStart::Instant(instant)) => Some(instant.timestamp_micros()),
            Some(BucketStart::Date(_)) | None => None,
        });
        return Arc::new(TimestampMicrosecondArray::from_iter(instants).with_timezone("UTC"));
    }
    Arc::new(Date32Array::from_iter(of.map(|moment| match moment {
        Some(BucketStart::Date(date)) => Some(Date32Type::from_naive_date(date)),
        Some(BucketStart::Instant(_)) | None => None,
    })))
}
