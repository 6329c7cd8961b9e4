//! Whether columns tell the rows of a dataset apart.

use datafusion::arrow::array::Array;
use datafusion::arrow::row::{RowConverter, SortField};
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;

use super::{DatasetSnapshot, scan};
use crate::source::cache::SourceCache;
use crate::source::schema::SchemaColumn;
use crate::source::types::arrow_type;

/// Counts the values of the key that stand in more than one row. Rows with a null in the key are
/// left out. Values are compared by 128-bit hashes: 16 bytes of memory a row.
pub(super) fn values_that_repeat(
    dataset: &DatasetSnapshot,
    columns: &[SchemaColumn],
    cache: &SourceCache,
) -> Result<u64, Diagnostic> {
    let fields = columns.iter().map(|column| SortField::new(arrow_type(column.data_type))).collect();
    let converter = RowConverter::new(fields).expect("every type of a column has a row format");
    let high = ahash::RandomState::with_seeds(1, 2, 3, 4);
    let low = ahash::RandomState::with_seeds(5, 6, 7, 8);
    let mut hashes: Vec<u128> = Vec::with_capacity(dataset.rows().map_or(0, |rows| rows as usize));
    scan::scan(dataset, columns, cache, |batch| {
        let rows = converter.convert_columns(batch.columns()).expect("a batch has the types that were asked for");
        for (index, row) in rows.iter().enumerate() {
            if batch.columns().iter().all(|column| column.is_valid(index)) {
                let bytes: &[u8] = row.data();
                hashes.push(u128::from(high.hash_one(bytes)) << 64 | u128::from(low.hash_one(bytes)));
            }
        }
        Ok(())
    })?;
    hashes.sort_unstable();
    Ok(hashes.chunk_by(|a, b| a == b).filter(|equal| equal.len() > 1).count() as u64)
}

pub(super) fn duplicate(dataset: &str, columns: &[String], twice: u64) -> Diagnostic {
    let columns = columns.iter().map(|column| format!("`{column}`")).collect::<Vec<_>>().join(", ");
    let values = if twice == 1 { "1 value stands".to_string() } else { format!("{twice} values stand") };
    let message = format!("key {columns} of dataset `{dataset}` is not unique: {values} in more than one row");
    Diagnostic::new(Code::DuplicateKey, message)
        .help("remove the duplicate rows, or declare the columns that do identify a row")
}
