//! Reading some columns of a dataset from its first file to its last, without a session.

use std::hash::{BuildHasher, Hash, Hasher};

use datafusion::arrow::array::RecordBatch;
use sextant_semantics::diagnostic::Diagnostic;

use super::DatasetSnapshot;
use crate::execute::ExecuteError;
use crate::source::cache::SourceCache;
use crate::source::schema::SchemaColumn;
use crate::source::{Format, parquet, text};

/// Gives `sink` batches that hold exactly `columns`, in order, of the rows that the caller sees.
pub(super) fn scan(
    dataset: &DatasetSnapshot,
    columns: &[SchemaColumn],
    cache: &SourceCache,
    mut sink: impl FnMut(RecordBatch) -> Result<(), Diagnostic>,
) -> Result<(), Diagnostic> {
    let Some(restriction) = &dataset.restriction else {
        return every_row(dataset, columns, cache, &mut sink);
    };
    restriction.prepare(cache)?;
    let names: Vec<&str> = columns.iter().map(|column| column.name.as_str()).collect();
    let all: Vec<SchemaColumn> = columns.iter().cloned().chain(restriction.beside(&names)).collect();
    every_row(dataset, &all, cache, &mut |batch| {
        let seen = restriction.keep(&batch, columns.len());
        sink(seen.map_err(|error| ExecuteError::from(error).diagnostic())?)
    })
}

/// As [`scan`], of all rows, whoever sees them.
pub(super) fn every_row(
    dataset: &DatasetSnapshot,
    columns: &[SchemaColumn],
    cache: &SourceCache,
    sink: &mut dyn FnMut(RecordBatch) -> Result<(), Diagnostic>,
) -> Result<(), Diagnostic> {
    let files = &dataset.files;
    let name = files.dataset.as_str();
    let schema = dataset.schema();
    let place = |wanted: &SchemaColumn| schema.columns.iter().position(|column| column.name == wanted.name);
    let places: Vec<usize> = columns.iter().filter_map(place).collect();
    for file in &files.files {
        match &files.format {
            Format::Parquet => parquet::read_columns(name, file, columns, cache, &mut *sink)?,
            Format::Csv(_) | Format::JsonLines => {
                let mut fault = None;
                let give = |batch: RecordBatch| {
                    let batch = batch.project(&places).expect("the columns stand in the schema");
                    fault = sink(batch).err();
                    fault.is_none()
                };
                if let Some(batches) = text::loaded(&files.format, file, schema, cache) {
                    let _ = batches.iter().cloned().all(give);
                } else {
                    text::read(name, &files.format, file, schema, give)?;
                }
                if let Some(fault) = fault {
                    return Err(fault);
                }
            }
        }
    }
    Ok(())
}

/// Names the files of a dataset, in their state, with the types that they are read as and the rows that are seen.
pub(super) fn fingerprint(dataset: &DatasetSnapshot) -> u128 {
    let half = |seed: u64| {
        let mut hasher = ahash::RandomState::with_seeds(seed, 1, 2, 3).build_hasher();
        dataset.files.format.hash(&mut hasher);
        dataset.schema().hash(&mut hasher);
        for file in &dataset.files.files {
            (&file.identity, &file.partitions).hash(&mut hasher);
        }
        if let Some(restriction) = &dataset.restriction {
            restriction.fingerprint().hash(&mut hasher);
        }
        u128::from(hasher.finish())
    };
    half(1) << 64 | half(2)
}
