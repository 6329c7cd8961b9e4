//! CSV and JSON lines as batches of the dataset's schema, checked cell by cell.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use datafusion::arrow::array::{ArrayRef, new_null_array};
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::common::ScalarValue;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;

use super::cache::SourceCache;
use super::cell::ColumnBuilder;
use super::csv::{Cell, Records};
use super::json_lines::{Value, each_line, not_an_object, object};
use super::schema::{DatasetSchema, SchemaColumn};
use super::{CsvOptions, DataFile, FileIdentity, Format};

/// Rows of a batch.
const BATCH_ROWS: usize = 8_192;

/// The rows of one file, from the cache where they are. A file whose text is over the cache's size
/// is better streamed with [`read`].
pub(crate) fn load(
    dataset: &str,
    format: &Format,
    file: &DataFile,
    schema: &DatasetSchema,
    cache: &SourceCache,
) -> Result<Arc<Vec<RecordBatch>>, Diagnostic> {
    if let Some(batches) = loaded(format, file, schema, cache) {
        return Ok(batches);
    }
    let mut batches = Vec::new();
    read(dataset, format, file, schema, |batch| {
        batches.push(batch);
        true
    })?;
    let weight = batches.iter().map(RecordBatch::get_array_memory_size).sum::<usize>() + 256;
    let batches = Arc::new(batches);
    cache.batches.insert(batch_key(format, file, schema), Arc::clone(&batches), weight);
    Ok(batches)
}

/// The rows of one file, if they are in the cache.
pub(crate) fn loaded(
    format: &Format,
    file: &DataFile,
    schema: &DatasetSchema,
    cache: &SourceCache,
) -> Option<Arc<Vec<RecordBatch>>> {
    cache.batches.get(&batch_key(format, file, schema))
}

/// A file, in its state, and how it is read.
fn batch_key(format: &Format, file: &DataFile, schema: &DatasetSchema) -> (FileIdentity, u64) {
    let mut hasher = DefaultHasher::new();
    (format, schema, &file.partitions).hash(&mut hasher);
    (file.identity.clone(), hasher.finish())
}

/// Reads a file from its first row to its last, or until `sink` says false.
pub(crate) fn read(
    dataset: &str,
    format: &Format,
    file: &DataFile,
    schema: &DatasetSchema,
    sink: impl FnMut(RecordBatch) -> bool,
) -> Result<(), Diagnostic> {
    match format {
        Format::Csv(options) => read_csv(dataset, options, file, schema, sink),
        Format::JsonLines => read_json_lines(dataset, file, schema, sink),
        Format::Parquet => Ok(()),
    }
}

fn read_csv(
    dataset: &str,
    options: &CsvOptions,
    file: &DataFile,
    schema: &DatasetSchema,
    mut sink: impl FnMut(RecordBatch) -> bool,
) -> Result<(), Diagnostic> {
    let mut records = Records::open(dataset, file, options)?;
    let names = csv_names(&mut records, options, schema)?;
    let place = |column: &SchemaColumn| names.iter().position(|name| *name == column.name);
    let mut rows = Rows::new(dataset, file, schema, |column| place(column).is_some())?;
    let places: Vec<(usize, usize)> = schema
        .columns
        .iter()
        .enumerate()
        .filter(|(_, column)| !column.partition)
        .filter_map(|(index, column)| Some((index, place(column)?)))
        .collect();
    while records.next()? {
        if records.width() != names.len() {
            return Err(records.bad_width(names.len()));
        }
        for &(index, place) in &places {
            let column = &schema.columns[index];
            let text_column = matches!(rows.builder(index), ColumnBuilder::Text(_));
            let appended = match records.cell(place)? {
                Cell::Empty if text_column && options.null.is_some() => rows.builder(index).append(""),
                Cell::Empty => rows.append_null(index),
                Cell::Plain(text) if options.null.as_deref() == Some(text) => rows.append_null(index),
                Cell::Quoted(text) if text.is_empty() && !text_column => rows.append_null(index),
                Cell::Plain(text) => rows.builder(index).append(text),
                Cell::Quoted(text) => rows.builder(index).append(&text),
            };
            if !appended {
                return Err(records.bad_cell(place, &column.name, column.data_type));
            }
        }
        if let Some(batch) = rows.end_row()
            && !sink(batch)
        {
            return Ok(());
        }
    }
    if let Some(batch) = rows.finish() {
        sink(batch);
    }
    Ok(())
}

/// The names of a CSV file's columns: its header, or the declared columns in their order.
pub(crate) fn csv_names(
    records: &mut Records<'_>,
    options: &CsvOptions,
    schema: &DatasetSchema,
) -> Result<Vec<String>, Diagnostic> {
    if options.header {
        return records.header();
    }
    let stored = schema.columns.iter().filter(|column| !column.partition);
    let names: Vec<String> = stored.map(|column| column.name.clone()).collect();
    records.expect_width(names.len());
    Ok(names)
}

fn read_json_lines(
    dataset: &str,
    file: &DataFile,
    schema: &DatasetSchema,
    mut sink: impl FnMut(RecordBatch) -> bool,
) -> Result<(), Diagnostic> {
    let mut rows = Rows::new(dataset, file, schema, |_| true)?;
    let stored = schema.columns.iter().enumerate().filter(|(_, column)| !column.partition);
    let places: HashMap<&str, usize> = stored.map(|(index, column)| (column.name.as_str(), index)).collect();
    let mut stopped = false;
    each_line(dataset, file, |lines, line| {
        if stopped {
            return Ok(());
        }
        let mut fault: Option<Diagnostic> = None;
        let mut next = 0;
        let found = object(line, |key, value| {
            let index = match schema.columns.get(next) {
                Some(column) if column.name == key && !column.partition => next,
                _ => match places.get(&*key) {
                    Some(&index) => index,
                    None => return,
                },
            };
            next = index + 1;
            let column = &schema.columns[index];
            let appended = if rows.has_cell(index) {
                fault.get_or_insert_with(|| {
                    lines.invalid_file(&format!("repeats key `{}` at line {}", column.name, lines.number()))
                });
                true
            } else {
                append_json(&mut rows, index, value)
            };
            if !appended {
                fault.get_or_insert_with(|| lines.bad_cell(lines.number(), &column.name, column.data_type));
            }
        });
        if found.is_none() {
            return Err(not_an_object(lines));
        }
        if let Some(fault) = fault {
            return Err(fault);
        }
        stopped = rows.end_row().is_some_and(|batch| !sink(batch));
        Ok(())
    })?;
    if let Some(batch) = rows.finish().filter(|_| !stopped) {
        sink(batch);
    }
    Ok(())
}

/// Texts are read as the column's type, so that `"12.10"` may be an exact decimal; numbers and
/// booleans keep their spelling in a text column.
fn append_json(rows: &mut Rows<'_>, index: usize, value: Value<'_>) -> bool {
    let builder = rows.builder(index);
    match (value, &builder) {
        (Value::Null, _) => rows.append_null(index),
        (Value::Boolean(value), ColumnBuilder::Boolean(_) | ColumnBuilder::Text(_)) => {
            builder.append(if value { "true" } else { "false" })
        }
        (Value::Number(_), ColumnBuilder::Boolean(_)) | (Value::Boolean(_), _) => false,
        (Value::Number(text), _) => builder.append(text),
        (Value::Text(text), _) => builder.append(&text),
        (Value::List | Value::Object, _) => false,
    }
}

/// Rows in the making: a builder for each column that the file has.
struct Rows<'a> {
    schema: &'a DatasetSchema,
    arrow: SchemaRef,
    builders: Vec<ColumnBuilder>,
    /// Cells appended to each builder since the last batch.
    cells: Vec<usize>,
    present: Vec<bool>,
    partitions: Vec<ScalarValue>,
    rows: usize,
}

impl<'a> Rows<'a> {
    fn new(
        dataset: &str,
        file: &DataFile,
        schema: &'a DatasetSchema,
        present: impl Fn(&SchemaColumn) -> bool,
    ) -> Result<Self, Diagnostic> {
        let keys: Vec<SchemaColumn> = schema.columns.iter().filter(|column| column.partition).cloned().collect();
        Ok(Rows {
            schema,
            arrow: schema.arrow(),
            builders: schema.columns.iter().map(|column| ColumnBuilder::new(column.data_type)).collect(),
            cells: vec![0; schema.columns.len()],
            present: schema.columns.iter().map(|column| !column.partition && present(column)).collect(),
            partitions: partition_values(dataset, file, &keys)?,
            rows: 0,
        })
    }

    /// The builder of a column that the caller is about to append one cell to.
    fn builder(&mut self, index: usize) -> &mut ColumnBuilder {
        self.cells[index] = self.rows + 1;
        &mut self.builders[index]
    }

    fn append_null(&mut self, index: usize) -> bool {
        self.builder(index).append_null();
        true
    }

    fn has_cell(&self, index: usize) -> bool {
        self.cells[index] > self.rows
    }

    /// Ends a row: columns without a cell get a null. Gives a batch when enough rows are there.
    fn end_row(&mut self) -> Option<RecordBatch> {
        for index in 0..self.builders.len() {
            if self.present[index] && !self.has_cell(index) {
                self.append_null(index);
            }
        }
        self.rows += 1;
        if self.rows == BATCH_ROWS { self.finish() } else { None }
    }

    /// The rows since the last batch; `None` when there are none.
    fn finish(&mut self) -> Option<RecordBatch> {
        if self.rows == 0 {
            return None;
        }
        let rows = std::mem::take(&mut self.rows);
        self.cells.fill(0);
        let mut partitions = self.partitions.iter();
        let arrays = self.schema.columns.iter().enumerate().map(|(index, column)| -> ArrayRef {
            if column.partition {
                let value = partitions.next().expect("a value was made for each partition column");
                value.to_array_of_size(rows).expect("a scalar of a column type fills an array")
            } else if self.present[index] {
                self.builders[index].finish()
            } else {
                new_null_array(self.arrow.field(index).data_type(), rows)
            }
        });
        let arrays: Vec<ArrayRef> = arrays.collect();
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(Arc::clone(&self.arrow), arrays, &options);
        Some(batch.expect("builders make arrays of the schema's types and of one length"))
    }
}

/// The values of a file's partition keys as their columns' types.
pub(crate) fn partition_values(
    dataset: &str,
    file: &DataFile,
    columns: &[SchemaColumn],
) -> Result<Vec<ScalarValue>, Diagnostic> {
    let value = |column: &SchemaColumn| {
        let text = file.partitions.iter().find(|(key, _)| *key == column.name).and_then(|(_, value)| value.as_deref());
        let mut builder = ColumnBuilder::new(column.data_type);
        let appended = match text.map(Cow::Borrowed) {
            Some(text) => builder.append(&text),
            None => {
                builder.append_null();
                true
            }
        };
        if !appended {
            let message =
                format!("partition key `{}` of a file of dataset `{dataset}` is not {}", column.name, column.data_type);
            let help = format!("rename the directory, or declare `{}` as text", column.name);
            return Err(Diagnostic::new(Code::BadCell, message).help(help));
        }
        Ok(ScalarValue::try_from_array(&builder.finish(), 0).expect("one value was appended"))
    };
    columns.iter().map(value).collect()
}
