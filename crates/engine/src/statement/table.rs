//! Tables of a statement that are made, not read: answers to its questions for metrics, and what the model holds.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use datafusion::arrow::datatypes::{DataType as ArrowType, Field, Schema, TimeUnit};
use datafusion::arrow::error::ArrowError;
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::error::{DataFusionError, Result};
use sextant_semantics::data_type::{Clock, DataType};
use sextant_semantics::query::sql::system::Table;
use sextant_semantics::query::sql::{ColumnOf, LiftedColumn};

use crate::answer::value::{Value, rescale};
use crate::answer::{self, Answer};

/// An answer's columns under the names that the statement has for them.
pub(crate) fn of_answer(answer: &Answer, columns: &[LiftedColumn]) -> Result<Arc<dyn TableProvider>> {
    let missing = || DataFusionError::Internal("an answer lacks a column of its statement".to_string());
    let (mut fields, mut arrays) = (Vec::new(), Vec::new());
    for column in columns {
        let wanted = match column.of {
            ColumnOf::Group(group) => answer::ColumnOf::Group(group),
            ColumnOf::Metric(metric, part) => answer::ColumnOf::Metric(metric, part),
        };
        let at = answer.columns.iter().position(|known| known.of == wanted).ok_or_else(missing)?;
        let values: Vec<&Value> = answer.rows.iter().map(|row| &row[at]).collect();
        let array = array(&values, answer.columns[at].data_type)?;
        fields.push(Field::new(&column.name, array.data_type().clone(), true));
        arrays.push(array);
    }
    provider(fields, arrays)
}

/// A table of texts.
pub(crate) fn of_texts(table: &Table) -> Result<Arc<dyn TableProvider>> {
    let fields = table.columns.iter().map(|name| Field::new(*name, ArrowType::Utf8, true)).collect();
    let arrays = (0..table.columns.len()).map(|column| {
        let texts: StringArray = table.rows.iter().map(|row| row[column].as_deref()).collect();
        Arc::new(texts) as ArrayRef
    });
    provider(fields, arrays.collect())
}

fn provider(fields: Vec<Field>, arrays: Vec<ArrayRef>) -> Result<Arc<dyn TableProvider>> {
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays)?;
    Ok(Arc::new(MemTable::try_new(schema, vec![vec![batch]])?))
}

/// The values as an array of the column's type; numbers that do not fit it as doubles.
fn array(values: &[&Value], data_type: DataType) -> Result<ArrayRef> {
    Ok(match data_type {
        DataType::Integer if values.iter().all(|value| whole(value).is_some()) => {
            Arc::new(values.iter().map(|value| whole(value).flatten()).collect::<Int64Array>())
        }
        DataType::Integer | DataType::Decimal { .. } => match exact(values)? {
            Some(exact) => exact,
            None => floats(values),
        },
        DataType::Float => floats(values),
        DataType::Boolean => {
            let of = |value: &&Value| if let Value::Boolean(of) = value { Some(*of) } else { None };
            Arc::new(values.iter().map(of).collect::<BooleanArray>())
        }
        DataType::Text | DataType::Null | DataType::Interval => {
            let of = |value: &&Value| if let Value::Text(of) = value { Some(of.clone()) } else { None };
            Arc::new(values.iter().map(of).collect::<StringArray>())
        }
        DataType::Date => {
            let of = |value: &&Value| if let Value::Date(of) = value { Some(days(*of)) } else { None };
            Arc::new(values.iter().map(of).collect::<Date32Array>())
        }
        DataType::Timestamp(Clock::Local) => {
            let of = |value: &&Value| if let Value::Local(of) = value { Some(micros(*of)) } else { None };
            Arc::new(values.iter().map(of).collect::<TimestampMicrosecondArray>())
        }
        DataType::Timestamp(Clock::Instant) => {
            let of = |value: &&Value| if let Value::Instant(of) = value { Some(of.timestamp_micros()) } else { None };
            let instants = values.iter().map(of).collect::<TimestampMicrosecondArray>();
            Arc::new(instants.with_timezone("+00:00")) as ArrayRef
        }
    })
}

/// A whole number of 64 bits, or null; none of any other value.
fn whole(value: &Value) -> Option<Option<i64>> {
    match value {
        Value::Null => Some(None),
        Value::Exact { unscaled, scale: 0 } => i64::try_from(*unscaled).ok().map(Some),
        _ => None,
    }
}

fn floats(values: &[&Value]) -> ArrayRef {
    Arc::new(values.iter().map(|value| value.as_f64()).collect::<Float64Array>())
}

/// Decimals of the largest scale among the values; none where they do not fit 38 digits or are no exact numbers.
fn exact(values: &[&Value]) -> Result<Option<ArrayRef>, ArrowError> {
    let scale = values.iter().filter_map(|value| match value {
        Value::Exact { scale, .. } => Some(*scale),
        _ => None,
    });
    let scale = scale.max().unwrap_or(0);
    let mut digits: Vec<Option<i128>> = Vec::with_capacity(values.len());
    for value in values {
        digits.push(match value {
            Value::Null => None,
            Value::Exact { unscaled, scale: own } => match rescale(*unscaled, *own, scale) {
                Some(number) if number.unsigned_abs() < 10_u128.pow(38) => Some(number),
                Some(_) | None => return Ok(None),
            },
            _ => return Ok(None),
        });
    }
    let array = Decimal128Array::from(digits).with_precision_and_scale(38, i8::try_from(scale).unwrap_or(38))?;
    Ok(Some(Arc::new(array)))
}

fn days(date: NaiveDate) -> i32 {
    let epoch = DateTime::<Utc>::UNIX_EPOCH.date_naive();
    i32::try_from((date - epoch).num_days()).unwrap_or(i32::MAX)
}

fn micros(local: NaiveDateTime) -> i64 {
    local.and_utc().timestamp_micros()
}

/// The type of a column of a statement's result; none of one that no answer has.
pub(crate) fn data_type(of: &ArrowType) -> Option<DataType> {
    Some(match of {
        ArrowType::Null => DataType::Null,
        ArrowType::Boolean => DataType::Boolean,
        whole if whole.is_integer() => DataType::Integer,
        ArrowType::Decimal32(precision, scale)
        | ArrowType::Decimal64(precision, scale)
        | ArrowType::Decimal128(precision, scale) => DataType::Decimal { precision: *precision, scale: *scale },
        ArrowType::Float32 | ArrowType::Float64 => DataType::Float,
        ArrowType::Utf8 | ArrowType::LargeUtf8 | ArrowType::Utf8View => DataType::Text,
        ArrowType::Dictionary(_, of) => return data_type(of),
        ArrowType::Date32 | ArrowType::Date64 => DataType::Date,
        ArrowType::Timestamp(
            TimeUnit::Second | TimeUnit::Millisecond | TimeUnit::Microsecond | TimeUnit::Nanosecond,
            zone,
        ) => DataType::Timestamp(if zone.is_some() { Clock::Instant } else { Clock::Local }),
        _ => return None,
    })
}
