//! Arrow columns of a plan's output as values.

use std::cmp::Ordering;

use chrono::{DateTime, NaiveDate, Utc};
use datafusion::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Decimal128Array, Float32Array, Float64Array, StringArray,
};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{
    DataType as ArrowType, Date32Type, Float64Type, Int64Type, TimeUnit, TimestampMicrosecondType,
};
use datafusion::arrow::record_batch::RecordBatch;
use sextant_semantics::query::resolved::ResolvedQuery;

use super::value::Value;
use crate::execute::ExecuteError;

/// The plan's rows: at most one total, and the groups.
#[derive(Clone, Debug, Default)]
pub struct Table {
    pub total: Option<RawRow>,
    pub groups: Vec<RawRow>,
}

impl Table {
    /// Puts the groups in the order of their sets and keys.
    pub fn sort(&mut self) {
        self.groups.sort_by(|a, b| {
            let keys = || a.keys.iter().zip(&b.keys).map(|(a, b)| a.compare(b));
            a.set.cmp(&b.set).then_with(|| keys().find(|order| order.is_ne()).unwrap_or(Ordering::Equal))
        });
    }
}

/// One row of the plan's output.
#[derive(Clone, Debug)]
pub struct RawRow {
    pub keys: Vec<Value>,
    /// Position of its grouping, of several.
    pub set: usize,
    /// Rows that any measure read, by period.
    pub rows: Vec<i64>,
    /// By computation, then by period.
    pub cells: Vec<Vec<Value>>,
}

/// Reads the columns that [`sextant_semantics::plan::ComputeMetrics`] promises.
pub fn table(query: &ResolvedQuery, batches: &[RecordBatch]) -> Result<Table, ExecuteError> {
    let mut table = Table::default();
    for batch in batches {
        let column = |name: &str| {
            batch
                .column_by_name(name)
                .cloned()
                .ok_or_else(|| ExecuteError::Internal(format!("the plan gave no `{name}`")))
        };
        let total = column("__total")?;
        let total = total.as_boolean();
        let periods = query.time.periods.len();
        let sets = match query.slices {
            Some(_) => Some(values(&column("__set")?)?),
            None => None,
        };
        let keys: Vec<Vec<Value>> = (0..query.keys().count())
            .map(|k| values(&column(&format!("__k{k}"))?))
            .collect::<Result<_, ExecuteError>>()?;
        let rows: Vec<Vec<Value>> =
            (0..periods).map(|p| values(&column(&format!("__rows_p{p}"))?)).collect::<Result<_, ExecuteError>>()?;
        let cells: Vec<Vec<Vec<Value>>> = (0..query.computations.len())
            .map(|c| (0..periods).map(|p| values(&column(&format!("__c{c}_p{p}"))?)).collect())
            .collect::<Result<_, ExecuteError>>()?;
        for i in 0..batch.num_rows() {
            let row = RawRow {
                keys: keys.iter().map(|k| k[i].clone()).collect(),
                set: sets.as_ref().and_then(|sets| sets[i].as_f64()).map_or(0, |set| set as usize),
                rows: rows.iter().map(|r| r[i].as_f64().unwrap_or(0.0) as i64).collect(),
                cells: cells.iter().map(|c| c.iter().map(|p| p[i].clone()).collect()).collect(),
            };
            if total.value(i) {
                table.total = Some(row);
            } else {
                table.groups.push(row);
            }
        }
    }
    Ok(table)
}

/// Any column that a plan can give, as values.
pub fn values(array: &ArrayRef) -> Result<Vec<Value>, ExecuteError> {
    let wrong = || ExecuteError::Internal(format!("a column of type {} in an answer", array.data_type()));
    let to = |target: &ArrowType| cast(array, target).map_err(|_| wrong());
    let n = array.len();
    let null = |i: usize| array.is_null(i);
    Ok(match array.data_type() {
        ArrowType::Null => vec![Value::Null; n],
        ArrowType::Boolean => {
            let typed: &BooleanArray = array.as_boolean();
            each(n, null, |i| Value::Boolean(typed.value(i)))
        }
        ArrowType::Int8
        | ArrowType::Int16
        | ArrowType::Int32
        | ArrowType::Int64
        | ArrowType::UInt8
        | ArrowType::UInt16
        | ArrowType::UInt32 => {
            let wide = to(&ArrowType::Int64)?;
            let typed = wide.as_primitive::<Int64Type>();
            each(n, null, |i| Value::integer(i128::from(typed.value(i))))
        }
        ArrowType::UInt64 => {
            let wide = to(&ArrowType::Decimal128(20, 0))?;
            decimals(&wide, 0, null)
        }
        ArrowType::Decimal32(_, scale) | ArrowType::Decimal64(_, scale) | ArrowType::Decimal128(_, scale) => {
            let scale = u8::try_from(*scale).map_err(|_| wrong())?;
            let wide = to(&ArrowType::Decimal128(38, scale as i8))?;
            decimals(&wide, scale, null)
        }
        ArrowType::Float32 => {
            let typed: &Float32Array = array.as_primitive();
            each(n, null, |i| Value::float(f64::from(typed.value(i))))
        }
        ArrowType::Float64 => {
            let typed: &Float64Array = array.as_primitive::<Float64Type>();
            each(n, null, |i| Value::float(typed.value(i)))
        }
        ArrowType::Utf8 | ArrowType::LargeUtf8 | ArrowType::Utf8View | ArrowType::Dictionary(_, _) => {
            let plain = to(&ArrowType::Utf8)?;
            let typed: &StringArray = plain.as_string();
            each(n, |i| plain.is_null(i), |i| Value::Text(typed.value(i).to_string()))
        }
        ArrowType::Date32 | ArrowType::Date64 => {
            let plain = to(&ArrowType::Date32)?;
            let typed = plain.as_primitive::<Date32Type>();
            each(n, null, |i| date(typed.value(i)).map_or(Value::Null, Value::Date))
        }
        ArrowType::Timestamp(_, zone) => {
            let has_zone = zone.is_some();
            let plain = to(&ArrowType::Timestamp(TimeUnit::Microsecond, zone.clone()))?;
            let typed = plain.as_primitive::<TimestampMicrosecondType>();
            each(n, null, |i| match DateTime::<Utc>::from_timestamp_micros(typed.value(i)) {
                Some(instant) if has_zone => Value::Instant(instant),
                Some(instant) => Value::Local(instant.naive_utc()),
                None => Value::Null,
            })
        }
        _ => return Err(wrong()),
    })
}

fn each(n: usize, null: impl Fn(usize) -> bool, value: impl Fn(usize) -> Value) -> Vec<Value> {
    (0..n).map(|i| if null(i) { Value::Null } else { value(i) }).collect()
}

fn decimals(array: &ArrayRef, scale: u8, null: impl Fn(usize) -> bool) -> Vec<Value> {
    let typed: &Decimal128Array = array.as_primitive();
    each(array.len(), null, |i| Value::Exact { unscaled: typed.value(i), scale })
}

fn date(days: i32) -> Option<NaiveDate> {
    NaiveDate::from_epoch_days(days)
}
