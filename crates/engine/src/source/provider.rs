//! The table that DataFusion scans for one dataset.

use std::sync::Arc;

use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::SchemaRef;
use datafusion::catalog::TableProvider;
use datafusion::catalog::streaming::StreamingTable;
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::stream::RecordBatchReceiverStream;
use datafusion::physical_plan::streaming::PartitionStream;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;

use super::cache::SourceCache;
use super::describe::Described;
use super::parquet::ParquetTable;
use super::schema::DatasetSchema;
use super::{DataFile, DatasetFiles, Format, text};
use crate::execute::fault::DataFault;

/// Bytes of CSV or JSON lines up to which a dataset is parsed into memory and kept; a larger one is
/// parsed anew by every scan.
const MAX_IN_MEMORY: u64 = 192 << 20;

/// Bytes that a byte of gzip may stand for, in a guess.
const GZIP_RATIO: u64 = 8;

/// Makes the table. CSV and JSON lines are parsed here unless they are large, so their faults come
/// from here; those of Parquet and of large text come from the scan, as [`DataFault`].
pub(crate) async fn provider(
    files: &Arc<DatasetFiles>,
    described: &Described,
    cache: &Arc<SourceCache>,
) -> Result<Arc<dyn TableProvider>, Diagnostic> {
    match &files.format {
        Format::Parquet => Ok(Arc::new(ParquetTable::new(files, &described.schema, &described.footers)?)),
        Format::Csv(_) | Format::JsonLines if text_bytes(files) > MAX_IN_MEMORY => streaming(files, described),
        Format::Csv(_) | Format::JsonLines => in_memory(files, described, cache).await,
    }
}

/// The text's size without compression, as far as names tell.
fn text_bytes(files: &DatasetFiles) -> u64 {
    let bytes = |file: &DataFile| {
        let ratio = if file.path.ends_with(".gz") { GZIP_RATIO } else { 1 };
        file.identity.size.saturating_mul(ratio)
    };
    files.files.iter().map(bytes).fold(0, u64::saturating_add)
}

async fn in_memory(
    files: &Arc<DatasetFiles>,
    described: &Described,
    cache: &Arc<SourceCache>,
) -> Result<Arc<dyn TableProvider>, Diagnostic> {
    let schema = described.schema.clone();
    let (shared, cache) = (Arc::clone(files), Arc::clone(cache));
    let load = move || {
        let load = |file| text::load(&shared.dataset, &shared.format, file, &schema, &cache);
        shared.files.iter().map(load).collect::<Result<Vec<_>, _>>()
    };
    let partitions = blocking(&files.dataset, load).await?;
    let partitions = partitions.into_iter().map(|batches| batches.as_ref().clone()).collect();
    let table = MemTable::try_new(described.schema.arrow(), partitions);
    Ok(Arc::new(table.expect("batches are made with the table's schema")))
}

pub(crate) fn streaming(files: &DatasetFiles, described: &Described) -> Result<Arc<dyn TableProvider>, Diagnostic> {
    let arrow = described.schema.arrow();
    let partition = |file: &DataFile| -> Arc<dyn PartitionStream> {
        Arc::new(TextFile {
            dataset: files.dataset.clone(),
            format: files.format.clone(),
            file: file.clone(),
            schema: described.schema.clone(),
            arrow: Arc::clone(&arrow),
        })
    };
    let table = StreamingTable::try_new(Arc::clone(&arrow), files.files.iter().map(partition).collect());
    Ok(Arc::new(table.expect("every partition has the table's schema")))
}

/// Runs what reads files where it may block.
pub(crate) async fn blocking<T: Send + 'static>(
    dataset: &str,
    work: impl FnOnce() -> Result<T, Diagnostic> + Send + 'static,
) -> Result<T, Diagnostic> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(_) => {
            let message = format!("the files of dataset `{dataset}` could not be read to their end");
            Err(Diagnostic::new(Code::InvalidFile, message).help("look for a damaged file of the dataset"))
        }
    }
}

/// One text file that is parsed while it is scanned.
#[derive(Debug)]
struct TextFile {
    dataset: String,
    format: Format,
    file: DataFile,
    schema: DatasetSchema,
    arrow: SchemaRef,
}

impl PartitionStream for TextFile {
    fn schema(&self) -> &SchemaRef {
        &self.arrow
    }

    fn execute(&self, _context: Arc<TaskContext>) -> SendableRecordBatchStream {
        let mut stream = RecordBatchReceiverStream::builder(Arc::clone(&self.arrow), 2);
        let sender = stream.tx();
        let (dataset, format, file) = (self.dataset.clone(), self.format.clone(), self.file.clone());
        let schema = self.schema.clone();
        stream.spawn_blocking(move || {
            // A receiver that is gone wants no more rows.
            let send = |batch: RecordBatch| sender.blocking_send(Ok(batch)).is_ok();
            let read = text::read(&dataset, &format, &file, &schema, send);
            read.map_err(|diagnostic| DataFusionError::External(Box::new(DataFault(diagnostic))))
        });
        stream.build()
    }
}
