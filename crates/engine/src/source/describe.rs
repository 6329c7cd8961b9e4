//! The schemas of a dataset's files, united.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use sextant_semantics::data_type::DataType;
use sextant_semantics::diagnostic::Diagnostic;

use super::cache::SourceCache;
use super::csv::Records;
use super::parquet::{Footer, footer};
use super::schema::{DatasetSchema, FileSchema, unite};
use super::types::ColumnType;
use super::{CsvOptions, DataFile, DatasetFiles, DatasetSource, Format, json_lines};

/// What is known of a dataset without its rows; of JSON lines, with them.
#[derive(Clone, Debug)]
pub struct Described {
    pub schema: DatasetSchema,
    /// Where every file knows its own.
    pub rows: Option<u64>,
    /// Of Parquet files, in their order; empty for other formats.
    pub(crate) footers: Vec<Arc<Footer>>,
}

/// Reads the schemas of files, from the cache where they are, and unites them.
pub(crate) fn describe(
    source: &DatasetSource,
    files: &DatasetFiles,
    cache: &SourceCache,
) -> Result<Described, Diagnostic> {
    let dataset = files.dataset.as_str();
    let mut footers = Vec::new();
    let mut schemas = Vec::with_capacity(files.files.len());
    for file in &files.files {
        schemas.push(match &files.format {
            Format::Parquet => {
                let footer = footer(dataset, file, cache)?;
                let schema = Arc::clone(&footer.schema);
                footers.push(footer);
                schema
            }
            Format::Csv(options) => remembered(&files.format, file, cache, || csv_schema(source, options, file))?,
            Format::JsonLines => remembered(&files.format, file, cache, || json_lines::infer(dataset, file))?,
        });
    }
    let schema = unite(source, files, &schemas)?;
    let rows = schemas.iter().map(|schema| schema.rows).sum();
    Ok(Described { schema, rows, footers })
}

fn remembered(
    format: &Format,
    file: &DataFile,
    cache: &SourceCache,
    read: impl FnOnce() -> Result<FileSchema, Diagnostic>,
) -> Result<Arc<FileSchema>, Diagnostic> {
    let mut hasher = DefaultHasher::new();
    format.hash(&mut hasher);
    let key = (file.identity.clone(), hasher.finish());
    if let Some(schema) = cache.schemas.get(&key) {
        return Ok(schema);
    }
    let schema = Arc::new(read()?);
    // Without a header the columns are the declaration's, which the key does not hold.
    if !matches!(format, Format::Csv(CsvOptions { header: false, .. })) {
        cache.schemas.insert(key, Arc::clone(&schema), 1);
    }
    Ok(schema)
}

/// The columns of a CSV file are text until a declaration says otherwise.
fn csv_schema(source: &DatasetSource, options: &CsvOptions, file: &DataFile) -> Result<FileSchema, Diagnostic> {
    let mut records = Records::open(&source.dataset, file, options)?;
    let names = if options.header {
        records.header()?
    } else {
        let keys: Vec<&String> = file.partitions.iter().map(|(key, _)| key).collect();
        let stored = source.columns.iter().filter(|column| !keys.contains(&&column.name));
        stored.map(|column| column.name.clone()).collect()
    };
    let named = names.into_iter().filter(|name| !name.is_empty());
    let columns = named.map(|name| (name, ColumnType::Known(DataType::Text))).collect();
    Ok(FileSchema { columns, rows: None })
}
