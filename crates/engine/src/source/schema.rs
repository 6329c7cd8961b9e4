//! The files of a dataset as one table: columns unite by name.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::{Field, Schema, SchemaRef};
use sextant_semantics::code::Code;
use sextant_semantics::data_type::DataType;
use sextant_semantics::diagnostic::Diagnostic;

use super::types::{ColumnType, arrow_type, reads_as};
use super::{ColumnDeclaration, DatasetFiles, DatasetSource, Format};

/// The columns of one file, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSchema {
    pub columns: Vec<(String, ColumnType)>,
    /// Known from a footer or from having read all rows.
    pub rows: Option<u64>,
}

/// The columns of a dataset.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DatasetSchema {
    pub columns: Vec<SchemaColumn>,
    /// Columns that files have and that cannot be read, each with what it is.
    pub unreadable: Vec<(String, String)>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SchemaColumn {
    pub name: String,
    pub data_type: DataType,
    /// Its value stands in the path, not in the file.
    pub partition: bool,
}

impl DatasetSchema {
    pub fn column(&self, name: &str) -> Option<&SchemaColumn> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// The Arrow schema of a scan: file columns, then partition keys, all nullable.
    pub fn arrow(&self) -> SchemaRef {
        let field = |column: &SchemaColumn| Field::new(&column.name, arrow_type(column.data_type), true);
        Arc::new(Schema::new(self.columns.iter().map(field).collect::<Vec<_>>()))
    }

    /// The column, or the diagnostic that says why it cannot be used.
    pub fn require(&self, dataset: &str, name: &str) -> Result<&SchemaColumn, Diagnostic> {
        if let Some(column) = self.column(name) {
            return Ok(column);
        }
        if let Some((_, kind)) = self.unreadable.iter().find(|(unreadable, _)| unreadable == name) {
            let message = format!("column `{name}` of dataset `{dataset}` is a {kind}, which is not read");
            return Err(Diagnostic::new(Code::UnknownColumn, message)
                .help("store it as boolean, number, text, date or timestamp"));
        }
        let message = format!("dataset `{dataset}` has no column `{name}`");
        Err(Diagnostic::new(Code::UnknownColumn, message)
            .help("name a column of its files")
            .suggest(name, self.columns.iter().map(|column| column.name.as_str())))
    }
}

/// Unites the files' schemas: integers widen, anything else that differs is `schema-drift`; a
/// column that some files lack is null there, unless it is declared and not optional.
pub fn unite(
    source: &DatasetSource,
    files: &DatasetFiles,
    schemas: &[Arc<FileSchema>],
) -> Result<DatasetSchema, Diagnostic> {
    let keys = partition_columns(source, files)?;
    let mut found: Vec<Found> = Vec::new();
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for (index, schema) in schemas.iter().enumerate() {
        for (name, kind) in &schema.columns {
            if keys.iter().any(|key| key.name == *name) {
                continue;
            }
            let declared = source.columns.iter().find(|column| column.name == *name);
            match places.get(name.as_str()) {
                None => {
                    places.insert(name, found.len());
                    found.push(Found { name: name.clone(), kind: kind.clone(), file: index });
                }
                Some(&place) => match (declared, merge(&files.format, &found[place].kind, kind)) {
                    (_, Some(merged)) => {
                        if found[place].kind == ColumnType::Null {
                            found[place].file = index;
                        }
                        found[place].kind = merged;
                    }
                    // Each file is held against the declaration below.
                    (Some(_), None) => {}
                    (None, None) => return Err(drift(files, &found[place], index, kind)),
                },
            }
        }
    }
    for declared in &source.columns {
        check_declared(declared, files, schemas, &keys)?;
    }
    let mut columns = Vec::new();
    let mut unreadable = Vec::new();
    for Found { name, kind, .. } in found {
        let declared = source.columns.iter().find(|column| column.name == name).map(|column| column.data_type);
        let known = match (declared, kind) {
            (Some(data_type), _) | (None, ColumnType::Known(data_type)) => Some(data_type),
            (None, ColumnType::Null) => Some(DataType::Text),
            (None, ColumnType::Unreadable(kind)) => {
                unreadable.push((name.clone(), kind));
                None
            }
        };
        columns.extend(known.map(|data_type| SchemaColumn { name, data_type, partition: false }));
    }
    for declared in &source.columns {
        let known = columns.iter().chain(&keys).any(|column| column.name == declared.name);
        if !known {
            let name = declared.name.clone();
            columns.push(SchemaColumn { name, data_type: declared.data_type, partition: false });
        }
    }
    columns.extend(keys);
    Ok(DatasetSchema { columns, unreadable })
}

/// A column as the files before said it, and the file that first said so.
struct Found {
    name: String,
    kind: ColumnType,
    file: usize,
}

/// The type that holds the values of both. Whole numbers in JSON have no point, so there they
/// widen to floats too.
fn merge(format: &Format, left: &ColumnType, right: &ColumnType) -> Option<ColumnType> {
    use ColumnType::Known;
    match (left, right) {
        (left, right) if left == right => Some(left.clone()),
        (ColumnType::Null, other) | (other, ColumnType::Null) => Some(other.clone()),
        (Known(left), Known(right)) => {
            let json = matches!(format, Format::JsonLines);
            let wider = |from: DataType, to: DataType| match (from, to) {
                (DataType::Integer, DataType::Decimal { scale: 0, .. }) => reads_as(from, to),
                (DataType::Integer | DataType::Decimal { scale: 0, .. }, DataType::Float) => json,
                _ => false,
            };
            let known = if wider(*left, *right) {
                Some(*right)
            } else if wider(*right, *left) {
                Some(*left)
            } else {
                None
            };
            known.map(Known)
        }
        (ColumnType::Unreadable(_), _) | (_, ColumnType::Unreadable(_)) => None,
    }
}

fn drift(files: &DatasetFiles, before: &Found, index: usize, now: &ColumnType) -> Diagnostic {
    let (first, second) = (&files.files[before.file].path, &files.files[index].path);
    let message = format!(
        "column `{}` of dataset `{}` is {} in `{first}` and {} in `{second}`",
        before.name,
        files.dataset,
        describe(&before.kind),
        describe(now)
    );
    Diagnostic::new(Code::SchemaDrift, message).help(format!("write both files with one type of `{}`", before.name))
}

fn check_declared(
    declared: &ColumnDeclaration,
    files: &DatasetFiles,
    schemas: &[Arc<FileSchema>],
    keys: &[SchemaColumn],
) -> Result<(), Diagnostic> {
    if keys.iter().any(|key| key.name == declared.name) {
        return Ok(());
    }
    let (name, dataset) = (&declared.name, &files.dataset);
    for (file, schema) in files.files.iter().zip(schemas) {
        let kind = schema.columns.iter().find(|(column, _)| column == name).map(|(_, kind)| kind);
        match (kind, &files.format) {
            (None, _) if declared.optional => {}
            // No row said it, so no row is without it.
            (None, Format::JsonLines) if schema.rows == Some(0) => {}
            (None, _) => {
                let message = format!("file `{}` of dataset `{dataset}` has no column `{name}`", file.path);
                return Err(Diagnostic::new(Code::MissingColumn, message)
                    .help(format!("add `{name}` to the file, or declare it with `optional: true`"))
                    .suggest(name, schema.columns.iter().map(|(column, _)| column.as_str())));
            }
            // Their cells are read by the declaration, and checked one by one.
            (Some(_), Format::Csv(_) | Format::JsonLines) => {}
            (Some(ColumnType::Null), Format::Parquet) => {}
            (Some(ColumnType::Known(stored)), Format::Parquet) if reads_as(*stored, declared.data_type) => {}
            (Some(stored), Format::Parquet) => {
                let message = format!(
                    "column `{name}` of dataset `{dataset}` is declared {} and is {} in `{}`",
                    declared.data_type,
                    describe(stored),
                    file.path
                );
                return Err(Diagnostic::new(Code::SchemaDrift, message)
                    .help(format!("declare `{name}` as the file stores it, or write the file as declared")));
            }
        }
    }
    Ok(())
}

/// The partition keys with their types: as declared, else date or integer when every value is
/// one and is written plainly (no leading zeros), else text.
fn partition_columns(source: &DatasetSource, files: &DatasetFiles) -> Result<Vec<SchemaColumn>, Diagnostic> {
    let Some(first) = files.files.first() else { return Ok(Vec::new()) };
    let column = |(index, (name, _)): (usize, &(String, Option<String>))| {
        let declared = source.columns.iter().find(|column| column.name == *name);
        let values = || files.files.iter().filter_map(|file| file.partitions[index].1.as_deref());
        let data_type = match declared {
            Some(declared) => declared.data_type,
            None if values().next().is_none() => DataType::Text,
            None if values().all(plain_integer) => DataType::Integer,
            None if values().all(plain_date) => DataType::Date,
            None => DataType::Text,
        };
        SchemaColumn { name: name.clone(), data_type, partition: true }
    };
    let columns: Vec<SchemaColumn> = first.partitions.iter().enumerate().map(column).collect();
    for file in &files.files {
        super::text::partition_values(&files.dataset, file, &columns)?;
    }
    Ok(columns)
}

fn plain_integer(text: &str) -> bool {
    text.parse::<i64>().is_ok_and(|number| number.to_string() == text)
}

fn plain_date(text: &str) -> bool {
    super::cell::date(text).is_some()
}

fn describe(kind: &ColumnType) -> String {
    match kind {
        ColumnType::Known(data_type) => data_type.to_string(),
        ColumnType::Null => "null".to_string(),
        ColumnType::Unreadable(kind) => kind.clone(),
    }
}
