//! Whether the versions of a thing follow one another, so that at any one time at most one holds.

use datafusion::arrow::array::{Array, ArrayRef, TimestampMicrosecondArray};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, TimeUnit};
use datafusion::arrow::row::{RowConverter, SortField};
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;

use super::{DatasetSnapshot, scan};
use crate::source::cache::SourceCache;
use crate::source::schema::SchemaColumn;
use crate::source::types::arrow_type;

/// Counts the things of which two versions hold at one time. `columns` are those of the key, then the column of
/// the first time of a version, included, and of its last, excluded and open where null. Rows with a null in the
/// key are left out; a version without a first time holds from the beginning.
pub(super) fn things_that_overlap(
    dataset: &DatasetSnapshot,
    columns: &[SchemaColumn],
    cache: &SourceCache,
) -> Result<u64, Diagnostic> {
    let keys = columns.len() - 2;
    let fields = columns[..keys].iter().map(|column| SortField::new(arrow_type(column.data_type))).collect();
    let converter = RowConverter::new(fields).expect("every type of a column has a row format");
    let mut versions: Vec<(Vec<u8>, i64, i64)> = Vec::new();
    scan::scan(dataset, columns, cache, |batch| {
        let rows =
            converter.convert_columns(&batch.columns()[..keys]).expect("a batch has the types that were asked for");
        let (from, to) = (moments(batch.column(keys))?, moments(batch.column(keys + 1))?);
        for (index, row) in rows.iter().enumerate() {
            if batch.columns()[..keys].iter().all(|column| column.is_valid(index)) {
                let at = |of: &TimestampMicrosecondArray, open| if of.is_valid(index) { of.value(index) } else { open };
                versions.push((row.data().to_vec(), at(&from, i64::MIN), at(&to, i64::MAX)));
            }
        }
        Ok(())
    })?;
    versions.retain(|(_, from, to)| from < to);
    versions.sort_unstable();
    let of_one_thing = versions.chunk_by(|a, b| a.0 == b.0);
    let overlap = |versions: &[(Vec<u8>, i64, i64)]| versions.windows(2).any(|pair| pair[1].1 < pair[0].2);
    Ok(of_one_thing.filter(|versions| overlap(versions)).count() as u64)
}

/// A column of dates or timestamps as microseconds.
fn moments(of: &ArrayRef) -> Result<TimestampMicrosecondArray, Diagnostic> {
    let found = cast(of, &DataType::Timestamp(TimeUnit::Microsecond, None)).ok();
    let found = found.as_ref().and_then(|array| array.as_any().downcast_ref::<TimestampMicrosecondArray>().cloned());
    found.ok_or_else(|| {
        Diagnostic::new(Code::TypeMismatch, "a bound of `validity` holds no dates or timestamps")
            .help("declare the column's type under `columns`")
    })
}

pub(super) fn overlapping(dataset: &str, columns: &[String], things: u64) -> Diagnostic {
    let columns = columns.iter().map(|column| format!("`{column}`")).collect::<Vec<_>>().join(", ");
    let values = if things == 1 { "1 value has".to_string() } else { format!("{things} values have") };
    let message = format!("versions of {columns} in dataset `{dataset}` overlap: {values} two at one time");
    Diagnostic::new(Code::DuplicateKey, message)
        .help("end each version where the next one starts, or correct the columns of `validity`")
}
