//! Where a dataset's rows come from: files, globs, directories, Hive partitions.
//!
//! A [`DatasetSource`] is what a model declares. [`list::list`] turns it into the files that stand
//! there now, [`describe::describe`] reads their schemas and unites them, [`provider::provider`]
//! makes the table that DataFusion scans. No message shows a path of the machine or a cell's value:
//! files are named relative to the data root.

use std::path::PathBuf;

use sextant_semantics::code::Code;
use sextant_semantics::data_type::DataType;
use sextant_semantics::diagnostic::Diagnostic;

pub mod glob;
pub mod list;
pub mod types;
pub mod schema;
pub mod cache;
pub mod cell;
pub mod lines;
pub mod csv;
pub mod json_lines;
pub mod parquet;
pub mod describe;
pub mod text;
pub mod provider;

/// What a model says about the rows of one dataset.
#[derive(Clone, Debug, PartialEq)]
pub struct DatasetSource {
    pub dataset: String,
    pub location: Location,
    pub columns: Vec<ColumnDeclaration>,
}

/// The forms of `source:` that are files. Paths are relative to the data root and unchecked.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Location {
    /// A file, a glob with `*`, `?`, `[…]` and `**`, or a directory.
    Files { format: Format, path: String },
    /// `x` stands for `x.parquet`, `x.csv`, `x.csv.gz`, `x.jsonl`, `x.jsonl.gz` or the directory `x/`.
    Table { name: String },
}

/// How files are written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    Parquet,
    Csv(CsvOptions),
    JsonLines,
}

impl Format {
    /// The word in messages.
    pub fn name(&self) -> &'static str {
        match self {
            Format::Parquet => "Parquet",
            Format::Csv(_) => "CSV",
            Format::JsonLines => "JSON lines",
        }
    }

    /// Endings of the names that a directory is searched for.
    pub fn endings(&self) -> &'static [&'static str] {
        match self {
            Format::Parquet => &[".parquet"],
            Format::Csv(_) => &[".csv", ".csv.gz"],
            Format::JsonLines => &[".jsonl", ".jsonl.gz", ".ndjson", ".ndjson.gz"],
        }
    }
}

/// How a CSV file is written.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CsvOptions {
    pub delimiter: u8,
    /// Whether the first line names the columns; without it the declared columns do, in order.
    pub header: bool,
    /// The unquoted text that stands for null beside the empty field; with it an empty field of a
    /// text column is the empty text.
    pub null: Option<String>,
}

impl Default for CsvOptions {
    fn default() -> Self {
        CsvOptions { delimiter: b',', header: true, null: None }
    }
}

/// A column that the model relies on.
#[derive(Clone, Debug, PartialEq)]
pub struct ColumnDeclaration {
    pub name: String,
    pub data_type: DataType,
    /// Whether files may lack it; its cells are then null.
    pub optional: bool,
}

/// One file as it stood when it was listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DataFile {
    /// Relative to the data root, with `/`; the name in messages.
    pub path: String,
    pub identity: FileIdentity,
    /// Values of the Hive partition keys in the order of the path; `None` is null.
    pub partitions: Vec<(String, Option<String>)>,
}

/// What tells one state of a file from another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct FileIdentity {
    /// Absolute; never shown.
    pub location: PathBuf,
    pub size: u64,
    /// Nanoseconds since 1970.
    pub modified: i128,
    /// 0 where the system has none.
    pub inode: u64,
}

/// The files of one dataset, all of one format, sorted by path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatasetFiles {
    pub dataset: String,
    pub format: Format,
    pub files: Vec<DataFile>,
}

/// The diagnostic of a file that is no longer the one that was listed; a new snapshot may answer.
pub(crate) fn changed(dataset: &str, file: &DataFile) -> Diagnostic {
    let message = format!("file `{}` of dataset `{dataset}` changed while it was read", file.path);
    Diagnostic::new(Code::DataChanged, message).help("ask again; put new files in place by renaming them")
}

/// Why a file cannot be opened or read, without the system's own text, which may hold a path.
pub(crate) fn unreadable(dataset: &str, path: &str, error: &std::io::Error) -> Diagnostic {
    let why = match error.kind() {
        std::io::ErrorKind::NotFound => "does not exist",
        std::io::ErrorKind::PermissionDenied => "may not be read",
        _ => "cannot be read",
    };
    let message = format!("`{path}` of dataset `{dataset}` {why}");
    let help = format!("check the name and the permissions of `{path}` under the data root");
    Diagnostic::new(Code::DataUnavailable, message).help(help)
}

impl DataFile {
    /// Opens the file and makes sure that it is the one that was listed.
    pub(crate) fn open(&self, dataset: &str) -> Result<std::fs::File, Diagnostic> {
        let location = &self.identity.location;
        let file = std::fs::File::open(location).map_err(|error| match error.kind() {
            std::io::ErrorKind::NotFound => changed(dataset, self),
            _ => unreadable(dataset, &self.path, &error),
        })?;
        let metadata = file.metadata().map_err(|error| unreadable(dataset, &self.path, &error))?;
        if FileIdentity::of(location.clone(), &metadata) == self.identity {
            Ok(file)
        } else {
            Err(changed(dataset, self))
        }
    }
}

impl FileIdentity {
    pub(crate) fn of(location: PathBuf, metadata: &std::fs::Metadata) -> Self {
        let modified = metadata.modified().ok().map_or(0, |time| match time.duration_since(std::time::UNIX_EPOCH) {
            Ok(after) => after.as_nanos() as i128,
            Err(before) => -(before.duration().as_nanos() as i128),
        });
        #[cfg(unix)]
        let inode = std::os::unix::fs::MetadataExt::ino(metadata);
        #[cfg(not(unix))]
        let inode = 0;
        FileIdentity { location, size: metadata.len(), modified, inode }
    }
}

#[cfg(test)]
pub(crate) mod tests;
