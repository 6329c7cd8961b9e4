//! Parquet files: footers read once for each state of a file, and a table over exactly the files
//! of a snapshot.
//!
//! The table hands DataFusion its file list and its own reader, so neither DataFusion's cache of
//! listings nor its cache of footers (valid by path, size and time) can show a file that is gone.
//! A reader makes sure that the file it opens is the one that was listed. DataFusion knows files
//! by their path below the data root only.

use std::any::Any;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use datafusion::arrow::array::RecordBatch;
use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::config::TableParquetOptions;
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, Statistics};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{
    FileGroup, FileScanConfigBuilder, ParquetFileReaderFactory, ParquetSource,
};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::error::DataFusionError;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReaderBuilder,
};
use datafusion::parquet::arrow::async_reader::AsyncFileReader;
use datafusion::parquet::arrow::{ProjectionMask, parquet_to_arrow_schema};
use datafusion::parquet::errors::ParquetError;
use datafusion::parquet::file::metadata::{PageIndexPolicy, ParquetMetaData, ParquetMetaDataReader};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::FutureExt;
use futures::future::BoxFuture;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;

use super::cache::SourceCache;
use super::schema::{DatasetSchema, FileSchema, SchemaColumn};
use super::types::{arrow_type, column_type};
use super::{DataFile, DatasetFiles};
use crate::execute::fault::DataFault;

/// What the end of a Parquet file says about it.
#[derive(Debug)]
pub struct Footer {
    pub metadata: Arc<ParquetMetaData>,
    /// The file's own Arrow types.
    pub arrow: SchemaRef,
    pub schema: Arc<FileSchema>,
}

/// Reads a file's footer and page index, from the cache where they are.
pub(crate) fn footer(dataset: &str, file: &DataFile, cache: &SourceCache) -> Result<Arc<Footer>, Diagnostic> {
    if let Some(footer) = cache.footers.get(&file.identity) {
        return Ok(footer);
    }
    let opened = file.open(dataset)?;
    // A damaged footer may make the decoder panic as well as fail.
    let decoded = catch_unwind(AssertUnwindSafe(|| decode(&opened)));
    let footer = decoded.ok().and_then(Result::ok).ok_or_else(|| invalid(dataset, file))?;
    let footer = Arc::new(footer);
    cache.footers.insert(file.identity.clone(), Arc::clone(&footer), footer.metadata.memory_size() + 1_024);
    Ok(footer)
}

fn decode(file: &File) -> Result<Footer, ParquetError> {
    let reader = ParquetMetaDataReader::new().with_page_index_policy(PageIndexPolicy::Optional);
    let metadata = Arc::new(reader.parse_and_finish(file)?);
    let described = metadata.file_metadata();
    let arrow = Arc::new(parquet_to_arrow_schema(described.schema_descr(), described.key_value_metadata())?);
    let columns = arrow.fields().iter().map(|field| (field.name().clone(), column_type(field.data_type())));
    let rows = metadata.row_groups().iter().map(|group| group.num_rows().max(0) as u64).sum();
    let schema = Arc::new(FileSchema { columns: columns.collect(), rows: Some(rows) });
    Ok(Footer { metadata, arrow, schema })
}

fn invalid(dataset: &str, file: &DataFile) -> Diagnostic {
    let message = format!("file `{}` of dataset `{dataset}` is not a Parquet file, or is damaged", file.path);
    Diagnostic::new(Code::InvalidFile, message).help("write the file again, or remove it")
}

/// Some columns of one file in the types of the dataset, batch by batch until `sink` says false.
/// The caller's columns stand in the file's schema or are null.
pub(crate) fn read_columns(
    dataset: &str,
    file: &DataFile,
    columns: &[SchemaColumn],
    cache: &SourceCache,
    mut sink: impl FnMut(RecordBatch) -> Result<(), Diagnostic>,
) -> Result<(), Diagnostic> {
    let footer = footer(dataset, file, cache)?;
    let opened = file.open(dataset)?;
    let partitions: Vec<SchemaColumn> = columns.iter().filter(|column| column.partition).cloned().collect();
    let values = super::text::partition_values(dataset, file, &partitions)?;
    let target = Arc::new(Schema::new(
        columns.iter().map(|column| Field::new(&column.name, arrow_type(column.data_type), true)).collect::<Vec<_>>(),
    ));
    let fault = |_: ParquetError| invalid(dataset, file);
    let metadata = ArrowReaderMetadata::try_new(Arc::clone(&footer.metadata), ArrowReaderOptions::new());
    let builder = ParquetRecordBatchReaderBuilder::new_with_metadata(opened, metadata.map_err(fault)?);
    let wanted = footer.arrow.fields().iter().enumerate();
    let wanted =
        wanted.filter(|(_, field)| columns.iter().any(|column| !column.partition && column.name == *field.name()));
    let roots: Vec<usize> = wanted.map(|(index, _)| index).collect();
    let mask = ProjectionMask::roots(builder.parquet_schema(), roots);
    let reader = builder.with_projection(mask).build().map_err(fault)?;
    for batch in reader {
        let batch = batch.map_err(|_| invalid(dataset, file))?;
        let mut partition = values.iter();
        let arrays = columns.iter().zip(target.fields()).map(|(column, field)| {
            if column.partition {
                let value = partition.next().expect("a value was made for each partition column");
                return value.to_array_of_size(batch.num_rows()).map_err(|_| invalid(dataset, file));
            }
            match batch.column_by_name(&column.name) {
                None => Ok(datafusion::arrow::array::new_null_array(field.data_type(), batch.num_rows())),
                Some(array) => {
                    datafusion::arrow::compute::cast(array, field.data_type()).map_err(|_| invalid(dataset, file))
                }
            }
        });
        let arrays = arrays.collect::<Result<Vec<_>, _>>()?;
        let read = RecordBatch::try_new(Arc::clone(&target), arrays);
        sink(read.expect("arrays were cast to the types of the columns"))?;
    }
    Ok(())
}

/// A table over the files of a snapshot.
#[derive(Debug)]
pub(crate) struct ParquetTable {
    schema: SchemaRef,
    columns: TableSchema,
    files: Vec<PartitionedFile>,
    statistics: Statistics,
}

impl ParquetTable {
    /// `footers` are those of `files`, in order.
    pub(crate) fn new(
        files: &DatasetFiles,
        schema: &DatasetSchema,
        footers: &[Arc<Footer>],
    ) -> Result<Self, Diagnostic> {
        let field = |column: &SchemaColumn| Arc::new(Field::new(&column.name, arrow_type(column.data_type), true));
        let (keys, stored): (Vec<_>, Vec<_>) = schema.columns.iter().cloned().partition(|column| column.partition);
        let stored = Arc::new(Schema::new(stored.iter().map(field).collect::<Vec<_>>()));
        let keys_fields: Vec<_> = keys.iter().map(field).collect();
        let columns = TableSchema::builder(stored).with_table_partition_cols(keys_fields).build();
        let mut listed = Vec::with_capacity(files.files.len());
        let mut rows = 0;
        let mut bytes = 0;
        for (file, footer) in files.files.iter().zip(footers) {
            rows += footer.schema.rows.unwrap_or(0);
            bytes += file.identity.size;
            let source = Arc::new(ListedFile {
                dataset: files.dataset.clone(),
                file: file.clone(),
                metadata: Arc::clone(&footer.metadata),
            });
            let entry = PartitionedFile::new(file.path.clone(), file.identity.size);
            let values = super::text::partition_values(&files.dataset, file, &keys)?;
            listed.push(entry.with_partition_values(values).with_extension(source));
        }
        let statistics = Statistics {
            num_rows: Precision::Exact(rows as usize),
            total_byte_size: Precision::Inexact(bytes as usize),
            column_statistics: vec![ColumnStatistics::new_unknown(); schema.columns.len()],
        };
        Ok(ParquetTable { schema: schema.arrow(), columns, files: listed, statistics })
    }
}

#[async_trait]
impl TableProvider for ParquetTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn statistics(&self) -> Option<Statistics> {
        Some(self.statistics.clone())
    }

    /// Filters prune partitions, row groups and pages; the rows are filtered above the scan.
    fn supports_filters_pushdown(
        &self,
        filters: &[&Expr],
    ) -> Result<Vec<TableProviderFilterPushDown>, DataFusionError> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>, DataFusionError> {
        let mut options = TableParquetOptions {
            global: state.config_options().execution.parquet.clone(),
            ..TableParquetOptions::default()
        };
        // Timestamps of 96 bits overflow in nanoseconds before 1677 and after 2262.
        options.global.coerce_int96 = Some("us".to_string());
        let source = ParquetSource::new(self.columns.clone())
            .with_table_parquet_options(options)
            .with_parquet_file_reader_factory(Arc::new(ListedFiles));
        let groups = FileGroup::new(self.files.clone()).split_files(state.config().target_partitions().max(1));
        let scan = FileScanConfigBuilder::new(ObjectStoreUrl::local_filesystem(), Arc::new(source))
            .with_file_groups(groups)
            .with_statistics(self.statistics.clone())
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(scan))
    }
}

/// A file of the snapshot, carried to its reader.
#[derive(Debug)]
struct ListedFile {
    dataset: String,
    file: DataFile,
    metadata: Arc<ParquetMetaData>,
}

/// Makes readers of listed files.
#[derive(Debug)]
struct ListedFiles;

impl ParquetFileReaderFactory for ListedFiles {
    fn create_reader(
        &self,
        _partition: usize,
        file: PartitionedFile,
        _metadata_size_hint: Option<usize>,
        _metrics: &ExecutionPlanMetricsSet,
    ) -> Result<Box<dyn AsyncFileReader + Send>, DataFusionError> {
        let source = file.extension::<Arc<ListedFile>>().cloned();
        let source = source.ok_or_else(|| DataFusionError::Internal("a file that no snapshot listed".to_string()))?;
        Ok(Box::new(Reader { source, opened: None }))
    }
}

struct Reader {
    source: Arc<ListedFile>,
    opened: Option<File>,
}

impl AsyncFileReader for Reader {
    fn get_bytes(&mut self, range: Range<u64>) -> BoxFuture<'_, Result<Bytes, ParquetError>> {
        async move {
            let mut found = self.get_byte_ranges(vec![range]).await?;
            found.pop().ok_or_else(|| ParquetError::General("no bytes were read".to_string()))
        }
        .boxed()
    }

    fn get_byte_ranges(&mut self, ranges: Vec<Range<u64>>) -> BoxFuture<'_, Result<Vec<Bytes>, ParquetError>> {
        async move {
            let source = Arc::clone(&self.source);
            let opened = self.opened.take();
            let read = move || -> Result<(File, Vec<Bytes>), DataFault> {
                let mut file = match opened {
                    Some(file) => file,
                    None => source.file.open(&source.dataset).map_err(DataFault)?,
                };
                let bytes = ranges.into_iter().map(|range| read_range(&mut file, range)).collect::<io::Result<_>>();
                // The footer is that of this file: a range that is not there means that it was cut since.
                let bytes = bytes.map_err(|_| DataFault(super::changed(&source.dataset, &source.file)))?;
                Ok((file, bytes))
            };
            let done = tokio::task::spawn_blocking(read).await.map_err(external)?;
            let (file, bytes) = done.map_err(external)?;
            self.opened = Some(file);
            Ok(bytes)
        }
        .boxed()
    }

    fn get_metadata<'a>(
        &'a mut self,
        _options: Option<&'a ArrowReaderOptions>,
    ) -> BoxFuture<'a, Result<Arc<ParquetMetaData>, ParquetError>> {
        futures::future::ready(Ok(Arc::clone(&self.source.metadata))).boxed()
    }
}

fn read_range(file: &mut File, range: Range<u64>) -> io::Result<Bytes> {
    let mut bytes = vec![0; (range.end - range.start) as usize];
    file.seek(SeekFrom::Start(range.start))?;
    file.read_exact(&mut bytes)?;
    Ok(Bytes::from(bytes))
}

fn external(error: impl std::error::Error + Send + Sync + Any) -> ParquetError {
    ParquetError::External(Box::new(error))
}
