//! Writing extracts: plain columns to Parquet, CSV or JSON lines.
//!
//! Equal columns give equal bytes: no clock, no host and no randomness is in a file. A file is
//! written under its name with `.tmp` behind it, which no reader takes, and renamed when complete.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};
use datafusion::parquet::errors::ParquetError;
use flate2::{Compression, GzBuilder};

mod parquet;
mod text;

/// Rows of a Parquet row group when the caller has no better number: small enough to skip most
/// of a file sorted by time, large enough to scan well.
pub const ROW_GROUP_ROWS: usize = 131_072;

/// The values of one column; `None` is null.
#[derive(Clone, Debug, PartialEq)]
pub enum Column {
    Integer(Vec<Option<i64>>),
    /// Whole numbers of 10^-scale. 18 digits where all values fit, 38 otherwise.
    Decimal {
        scale: u8,
        values: Vec<Option<i128>>,
    },
    Float(Vec<Option<f64>>),
    Text(Vec<Option<String>>),
    Boolean(Vec<Option<bool>>),
    Date(Vec<Option<NaiveDate>>),
    /// Local time in microseconds, without a zone.
    Timestamp(Vec<Option<NaiveDateTime>>),
    /// Instants in microseconds.
    Instant(Vec<Option<DateTime<Utc>>>),
}

impl Column {
    pub fn len(&self) -> usize {
        match self {
            Column::Integer(values) => values.len(),
            Column::Decimal { values, .. } => values.len(),
            Column::Float(values) => values.len(),
            Column::Text(values) => values.len(),
            Column::Boolean(values) => values.len(),
            Column::Date(values) => values.len(),
            Column::Timestamp(values) => values.len(),
            Column::Instant(values) => values.len(),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Columns of equal length under the name of the file they go to.
#[derive(Clone, Debug, PartialEq)]
pub struct Table {
    pub name: String,
    pub columns: Vec<(String, Column)>,
}

/// Why a file could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    #[error("columns of different lengths: `{column}` has {rows} rows, the first column {expected}")]
    Lengths { column: String, rows: usize, expected: usize },
    #[error("a value of column `{0}` has no place in this format")]
    Value(String),
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("parquet: {0}")]
    Parquet(#[from] ParquetError),
}

/// Writes a Parquet file with row groups of `row_group_rows` rows, statistics and a page index.
pub fn write_parquet(path: &Path, columns: &[(String, Column)], row_group_rows: usize) -> Result<(), WriteError> {
    replace_file(path, columns, |file, _| parquet::write(file, columns, row_group_rows))
}

/// Writes a CSV file with a header row, compressed where its name ends in `.gz`. A null is an empty
/// cell, an empty text is `""`.
pub fn write_csv(path: &Path, columns: &[(String, Column)]) -> Result<(), WriteError> {
    let is_compressed = path.extension().is_some_and(|extension| extension == "gz");
    replace_file(path, columns, |file, rows| {
        let mut out = BufWriter::new(file);
        if is_compressed {
            // Neither the file's name nor a time goes into the header.
            let mut packed = GzBuilder::new().write(out, Compression::default());
            text::csv(&mut packed, columns, rows)?;
            out = packed.finish()?;
        } else {
            text::csv(&mut out, columns, rows)?;
        }
        Ok(out.flush()?)
    })
}

/// Writes one JSON object a line, keys in column order, nulls written out.
pub fn write_json_lines(path: &Path, columns: &[(String, Column)]) -> Result<(), WriteError> {
    replace_file(path, columns, |file, rows| {
        let mut out = BufWriter::new(file);
        text::json_lines(&mut out, columns, rows)?;
        Ok(out.flush()?)
    })
}

/// Calls `write` with the file and the number of rows; nothing is left behind where it fails.
fn replace_file(
    path: &Path,
    columns: &[(String, Column)],
    write: impl FnOnce(File, usize) -> Result<(), WriteError>,
) -> Result<(), WriteError> {
    let rows = columns.first().map_or(0, |(_, column)| column.len());
    for (name, column) in columns {
        if column.len() != rows {
            return Err(WriteError::Lengths { column: name.clone(), rows: column.len(), expected: rows });
        }
    }
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    let mut temporary = path.as_os_str().to_owned();
    temporary.push(".tmp");
    let temporary = PathBuf::from(temporary);
    let written = File::create(&temporary).map_err(WriteError::from).and_then(|file| write(file, rows));
    match written {
        Ok(()) => Ok(fs::rename(&temporary, path)?),
        Err(error) => {
            fs::remove_file(&temporary).ok();
            Err(error)
        }
    }
}

#[cfg(test)]
mod tests;
