//! Plain columns as one Parquet file.

use std::fs::File;
use std::sync::Arc;

use datafusion::arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, StringArray,
    TimestampMicrosecondArray,
};
use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::arrow::error::ArrowError;
use datafusion::arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::parquet::arrow::ArrowWriter;
use datafusion::parquet::basic::Compression;
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::properties::{EnabledStatistics, WriterProperties};

use super::{Column, WriteError};

/// Days from 0001-01-01 (day 1 of the common era) to 1970-01-01.
const EPOCH_DAY: i32 = 719_163;

pub(super) fn write(file: File, columns: &[(String, Column)], row_group_rows: usize) -> Result<(), WriteError> {
    let arrays = columns.iter().map(|(name, column)| array(name, column)).collect::<Result<Vec<_>, _>>()?;
    let fields: Vec<Field> = columns
        .iter()
        .zip(&arrays)
        .map(|((name, _), array)| Field::new(name, array.data_type().clone(), true))
        .collect();
    let rows = arrays.first().map_or(0, |array| array.len());
    let schema = Arc::new(Schema::new(fields));
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    let batch = RecordBatch::try_new_with_options(Arc::clone(&schema), arrays, &options).map_err(fault)?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_max_row_group_row_count(Some(row_group_rows.max(1)))
        .set_statistics_enabled(EnabledStatistics::Page)
        .set_created_by("sextant".to_string())
        .build();
    let mut writer = ArrowWriter::try_new(file, schema, Some(properties))?;
    writer.write(&batch)?;
    writer.close()?;
    Ok(())
}

fn array(name: &str, column: &Column) -> Result<ArrayRef, WriteError> {
    Ok(match column {
        Column::Integer(values) => Arc::new(Int64Array::from_iter(values.iter().copied())),
        Column::Decimal { scale, values } => Arc::new(decimals(name, *scale, values)?),
        Column::Float(values) => Arc::new(Float64Array::from_iter(values.iter().copied())),
        Column::Text(values) => Arc::new(StringArray::from_iter(values.iter().map(|value| value.as_deref()))),
        Column::Boolean(values) => Arc::new(BooleanArray::from_iter(values.iter().copied())),
        Column::Date(values) => {
            let day = |date: &chrono::NaiveDate| chrono::Datelike::num_days_from_ce(date) - EPOCH_DAY;
            Arc::new(Date32Array::from_iter(values.iter().map(|value| value.as_ref().map(day))))
        }
        Column::Timestamp(values) => {
            let micros = values.iter().map(|value| value.map(|at| at.and_utc().timestamp_micros()));
            Arc::new(TimestampMicrosecondArray::from_iter(micros))
        }
        Column::Instant(values) => {
            let micros = values.iter().map(|value| value.map(|at| at.timestamp_micros()));
            Arc::new(TimestampMicrosecondArray::from_iter(micros).with_timezone("UTC"))
        }
    })
}

/// 18 digits are stored as 64-bit integers, which read faster; wider values take 38.
fn decimals(name: &str, scale: u8, values: &[Option<i128>]) -> Result<Decimal128Array, WriteError> {
    let fits = |digits: u32| values.iter().flatten().all(|value| value.unsigned_abs() < 10_u128.pow(digits));
    let precision = match (scale <= 18 && fits(18), scale <= 38 && fits(38)) {
        (true, _) => 18,
        (false, true) => 38,
        (false, false) => return Err(WriteError::Value(name.to_string())),
    };
    let array = Decimal128Array::from_iter(values.iter().copied());
    array.with_precision_and_scale(precision, scale as i8).map_err(fault)
}

fn fault(error: ArrowError) -> WriteError {
    ParquetError::from(error).into()
}
