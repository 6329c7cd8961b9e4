//! Sources as the catalog declares them, in the words of the reader of files.

use sextant_semantics::catalog::Dataset;
use sextant_semantics::model;

use crate::source::{ColumnDeclaration, CsvOptions, DatasetSource, Format, Location};

/// What to read for a dataset; none for a source that this version cannot read.
pub(super) fn source(dataset: &Dataset) -> Option<DatasetSource> {
    let location = location(&dataset.source)?;
    let columns = dataset.columns.iter().map(|c| ColumnDeclaration {
        name: c.name.clone(),
        data_type: c.data_type,
        optional: c.optional,
    });
    Some(DatasetSource { dataset: dataset.name.clone(), location, columns: columns.collect() })
}

/// Where files are; none for a source that this version cannot read.
pub(super) fn location(source: &model::Location) -> Option<Location> {
    Some(match source {
        model::Location::Parquet { path } => files(Format::Parquet, &path.value),
        model::Location::Csv { path, options } => files(Format::Csv(csv(options)), &path.value),
        model::Location::JsonLines { path } => files(Format::JsonLines, &path.value),
        model::Location::Table { name } => Location::Table { name: name.value.clone() },
        model::Location::Sql { .. } => return None,
    })
}

fn files(format: Format, path: &str) -> Location {
    Location::Files { format, path: path.to_string() }
}

fn csv(options: &model::dataset::CsvOptions) -> CsvOptions {
    let plain = CsvOptions::default();
    CsvOptions {
        delimiter: options.delimiter.as_ref().map_or(plain.delimiter, |d| d.value),
        header: options.header.as_ref().map_or(plain.header, |h| h.value),
        null: options.null.as_ref().map(|n| n.value.clone()),
    }
}
