//! What the data is now: files, schemas, extents, keys; one snapshot a question.
//!
//! Taking a snapshot lists every dataset's files and reads what schemas need, from the cache where
//! a file is known. A dataset that is broken keeps its diagnostic and hurts no other: it is
//! raised where the dataset is used.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use datafusion::catalog::TableProvider;
use sextant_semantics::code::Code;
use sextant_semantics::data_type::DataType;
use sextant_semantics::diagnostic::Diagnostic;

use crate::source::cache::SourceCache;
use crate::source::describe::{Described, describe};
use crate::source::list::list;
use crate::source::provider::{blocking, provider};
use crate::source::schema::DatasetSchema;
use crate::source::{DatasetFiles, DatasetSource};
use crate::visible::table::VisibleTable;
use crate::visible::{Restriction, redacted};

pub mod extent;
pub mod key;
pub(crate) mod lookup;
mod versions;
mod scan;

use extent::Extent;
use lookup::{Lookup, Wanted};

/// The state of all datasets at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// 16 hexadecimal digits over the dataset, path, size, time and inode of every file.
    pub id: String,
    pub datasets: BTreeMap<String, Result<Arc<DatasetSnapshot>, Diagnostic>>,
    root: PathBuf,
    cache: Arc<SourceCache>,
}

/// The state of one dataset.
#[derive(Clone, Debug)]
pub struct DatasetSnapshot {
    pub source: DatasetSource,
    pub files: Arc<DatasetFiles>,
    pub described: Described,
    /// Which of its rows are read; none where all are.
    restriction: Option<Arc<Restriction>>,
}

impl DatasetSnapshot {
    pub fn schema(&self) -> &DatasetSchema {
        &self.described.schema
    }

    /// The number of rows, where the files know it without being read. That of the visible ones they do not know.
    pub fn rows(&self) -> Option<u64> {
        self.described.rows.filter(|_| !self.is_restricted())
    }

    /// Whether some of its rows may be hidden from the caller.
    pub fn is_restricted(&self) -> bool {
        self.restriction.is_some()
    }

    /// Columns of every one of its rows, by a key.
    pub(crate) fn lookup(
        &self,
        wanted: &Wanted,
        cache: &SourceCache,
        most_bytes: usize,
    ) -> Result<Arc<Lookup>, Diagnostic> {
        lookup::lookup(self, wanted, cache, most_bytes)
    }

    /// Names its files in their state, with the types that they are read as and the rows that are seen.
    pub(crate) fn state(&self) -> u128 {
        scan::fingerprint(self)
    }

    /// A fault of its files as the caller may know it.
    fn of_caller(&self, fault: Diagnostic) -> Diagnostic {
        match &self.restriction {
            Some(_) => redacted(&self.files.dataset, fault),
            None => fault,
        }
    }
}

/// Takes a snapshot of the sources' files under `root`.
pub async fn take(root: &Path, sources: &[DatasetSource], cache: &Arc<SourceCache>) -> Snapshot {
    let work = sources.iter().map(|source| {
        let (root, source, cache) = (root.to_path_buf(), source.clone(), Arc::clone(cache));
        async move {
            let name = source.dataset.clone();
            let read = move || dataset(&root, source, &cache);
            (name.clone(), blocking(&name, read).await.map(Arc::new))
        }
    });
    let datasets: BTreeMap<_, _> = futures::future::join_all(work).await.into_iter().collect();
    Snapshot { id: id(&datasets), datasets, root: root.to_path_buf(), cache: Arc::clone(cache) }
}

fn dataset(root: &Path, source: DatasetSource, cache: &SourceCache) -> Result<DatasetSnapshot, Diagnostic> {
    let files = list(root, &source)?;
    let described = describe(&source, &files, cache)?;
    Ok(DatasetSnapshot { source, files: Arc::new(files), described, restriction: None })
}

/// Paths are those below the root, so that a copied root with the same times has the same paths.
fn id(datasets: &BTreeMap<String, Result<Arc<DatasetSnapshot>, Diagnostic>>) -> String {
    let mut hasher = blake3::Hasher::new();
    let mut text = |text: &str| {
        hasher.update(&(text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    };
    for (name, dataset) in datasets {
        text(name);
        match dataset {
            Ok(dataset) => {
                for file in &dataset.files.files {
                    text(&file.path);
                    let identity = &file.identity;
                    text(&format!("{} {} {}", identity.size, identity.modified, identity.inode));
                }
            }
            Err(diagnostic) => text(&format!("{} {}", diagnostic.code, diagnostic.message)),
        }
    }
    hasher.finalize().to_hex()[..16].to_string()
}

impl Snapshot {
    /// A dataset, or what is wrong with it.
    pub fn dataset(&self, name: &str) -> Result<&Arc<DatasetSnapshot>, Diagnostic> {
        match self.datasets.get(name) {
            Some(Ok(dataset)) => Ok(dataset),
            Some(Err(diagnostic)) => Err(diagnostic.clone()),
            None => Err(Diagnostic::new(Code::Internal, format!("dataset `{name}` is not part of the snapshot"))),
        }
    }

    /// Names a dataset's files in their state, with the types that they are read as.
    pub(crate) fn state(&self, name: &str) -> Result<u128, Diagnostic> {
        Ok(self.dataset(name)?.state())
    }

    /// What is remembered by [`Snapshot::state`].
    pub(crate) fn cache(&self) -> &SourceCache {
        &self.cache
    }

    /// The table that DataFusion scans for a dataset: its columns have the types of
    /// [`crate::source::types::arrow_type`], all nullable.
    pub async fn provider(&self, name: &str) -> Result<Arc<dyn TableProvider>, Diagnostic> {
        self.provider_without(name, |_| false).await
    }

    /// As [`Snapshot::provider`], without the columns that `hides` says.
    pub(crate) async fn provider_without(
        &self,
        name: &str,
        hides: impl Fn(&str) -> bool,
    ) -> Result<Arc<dyn TableProvider>, Diagnostic> {
        let dataset = self.dataset(name)?;
        let read = provider(&dataset.files, &dataset.described, &self.cache).await;
        let table = read.map_err(|fault| dataset.of_caller(fault))?;
        let restriction = dataset.restriction.clone();
        if let Some(restriction) = &restriction {
            let (restriction, cache) = (Arc::clone(restriction), Arc::clone(&self.cache));
            blocking(name, move || restriction.prepare(&cache)).await?;
        }
        if restriction.is_none() && !dataset.schema().columns.iter().any(|column| hides(&column.name)) {
            return Ok(table);
        }
        match VisibleTable::new(table, restriction, hides) {
            Ok(visible) => Ok(Arc::new(visible)),
            Err(error) => {
                tracing::error!(%error, name, "the visible part of a table was not made");
                Err(Diagnostic::new(Code::Internal, format!("dataset `{name}` could not be read for a fault of ours")))
            }
        }
    }

    /// Leaves out of a dataset what a caller does not see.
    pub(crate) fn restrict(&mut self, name: &str, restriction: Arc<Restriction>) {
        if let Some(Ok(dataset)) = self.datasets.get_mut(name) {
            let whole = dataset.as_ref().clone();
            *dataset = Arc::new(DatasetSnapshot { restriction: Some(restriction), ..whole });
        }
    }

    /// Which rows of a dataset are read; none where all are.
    pub(crate) fn restriction(&self, name: &str) -> Option<&Restriction> {
        match self.datasets.get(name) {
            Some(Ok(dataset)) => dataset.restriction.as_deref(),
            Some(Err(_)) | None => None,
        }
    }

    /// Refuses every reading of a dataset.
    pub(crate) fn close(&mut self, name: &str, fault: Diagnostic) {
        self.datasets.insert(name.to_string(), Err(fault));
    }

    /// Says the fault of a dataset that cannot be read in other words.
    pub(crate) fn map_fault(&mut self, name: &str, of: impl FnOnce(Diagnostic) -> Diagnostic) {
        if let Some(Err(fault)) = self.datasets.get_mut(name) {
            *fault = of(fault.clone());
        }
    }

    /// Callers who see other rows of the same files have other snapshots.
    pub(crate) fn name_what_is_seen(&mut self) {
        let restricted = self.datasets.iter().filter_map(|(name, dataset)| {
            let restriction = dataset.as_ref().ok()?.restriction.as_ref()?;
            Some(format!("{name} {:x}\n", restriction.fingerprint()))
        });
        let seen: String = restricted.collect();
        if !seen.is_empty() {
            self.id = blake3::hash(format!("{}\n{seen}", self.id).as_bytes()).to_hex()[..16].to_string();
        }
    }

    /// Reads every row of a dataset, for its faults alone.
    pub(crate) async fn read_to_end(&self, name: &str) -> Result<(), Diagnostic> {
        let dataset = Arc::clone(self.dataset(name)?);
        let cache = Arc::clone(&self.cache);
        let read = Arc::clone(&dataset);
        let done = blocking(name, move || scan::scan(&read, &read.schema().columns, &cache, |_| Ok(()))).await;
        done.map_err(|fault| dataset.of_caller(fault))
    }

    /// Whether the files of these datasets, and those that their policies read, are what they were, by a new listing.
    pub async fn still_same(&self, datasets: &[&str]) -> bool {
        let own: Vec<Arc<DatasetSnapshot>> =
            datasets.iter().filter_map(|name| self.dataset(name).ok().cloned()).collect();
        let of_policies = own.iter().filter_map(|dataset| dataset.restriction.as_ref());
        let of_policies: Vec<Arc<DatasetSnapshot>> = of_policies.flat_map(|of| of.reads().cloned()).collect();
        let then: Vec<Arc<DatasetSnapshot>> = own.into_iter().chain(of_policies).collect();
        let root = self.root.clone();
        let compare = move || then.iter().all(|then| list(&root, &then.source).is_ok_and(|now| now == *then.files));
        tokio::task::spawn_blocking(compare).await.unwrap_or(false)
    }

    /// The least and the greatest value of a date or timestamp column; `None` where all are null.
    /// From footers where they know it, else by reading the column.
    pub async fn extent(&self, name: &str, column: &str) -> Result<Option<Extent>, Diagnostic> {
        let dataset = Arc::clone(self.dataset(name)?);
        let wanted = dataset.schema().require(name, column)?.clone();
        match wanted.data_type {
            DataType::Date | DataType::Timestamp(_) => {}
            DataType::Boolean
            | DataType::Integer
            | DataType::Decimal { .. }
            | DataType::Float
            | DataType::Text
            | DataType::Interval
            | DataType::Null => {
                let message =
                    format!("column `{column}` of dataset `{name}` is {}, not a date or a timestamp", wanted.data_type);
                return Err(Diagnostic::new(Code::TypeMismatch, message)
                    .help(format!("declare `{column}` as date or timestamp, or name another column")));
            }
        }
        let key = (scan::fingerprint(&dataset), column.to_string());
        if let Some(extent) = self.cache.extents.get(&key) {
            return Ok(extent);
        }
        let cache = Arc::clone(&self.cache);
        let read = Arc::clone(&dataset);
        let extent = blocking(name, move || extent::extent(&read, &wanted, &cache)).await;
        let extent = extent.map_err(|fault| dataset.of_caller(fault))?;
        self.cache.extents.insert(key, extent, 1);
        Ok(extent)
    }

    /// Refuses with `duplicate-key` when the columns do not tell rows apart. Rows with a null in
    /// one of the columns never join and do not count.
    pub async fn verify_key(&self, name: &str, columns: &[String]) -> Result<(), Diagnostic> {
        let dataset = Arc::clone(self.dataset(name)?);
        let wanted = columns.iter().map(|column| dataset.schema().require(name, column).cloned());
        let wanted = wanted.collect::<Result<Vec<_>, _>>()?;
        let key = (scan::fingerprint(&dataset), columns.to_vec());
        let twice = match self.cache.keys.get(&key) {
            Some(twice) => twice,
            None => {
                let cache = Arc::clone(&self.cache);
                let read = Arc::clone(&dataset);
                let twice = blocking(name, move || key::values_that_repeat(&read, &wanted, &cache)).await;
                let twice = twice.map_err(|fault| dataset.of_caller(fault))?;
                self.cache.keys.insert(key, twice, 1);
                twice
            }
        };
        if twice == 0 { Ok(()) } else { Err(key::duplicate(name, columns, twice)) }
    }

    /// Refuses a dataset in which two versions of a thing hold at one time: `columns` tell the things apart, `from` and
    /// `to` say when a version holds.
    pub async fn verify_versions(
        &self,
        name: &str,
        columns: &[String],
        from: &str,
        to: &str,
    ) -> Result<(), Diagnostic> {
        let dataset = Arc::clone(self.dataset(name)?);
        let all: Vec<String> = columns.iter().cloned().chain([from.to_string(), to.to_string()]).collect();
        let wanted = all.iter().map(|column| dataset.schema().require(name, column).cloned());
        let wanted = wanted.collect::<Result<Vec<_>, _>>()?;
        let key = (scan::fingerprint(&dataset), [vec!["versions".to_string()], all].concat());
        let things = match self.cache.keys.get(&key) {
            Some(things) => things,
            None => {
                let cache = Arc::clone(&self.cache);
                let read = Arc::clone(&dataset);
                let things = blocking(name, move || versions::things_that_overlap(&read, &wanted, &cache)).await;
                let things = things.map_err(|fault| dataset.of_caller(fault))?;
                self.cache.keys.insert(key, things, 1);
                things
            }
        };
        if things == 0 { Ok(()) } else { Err(versions::overlapping(name, columns, things)) }
    }
}

#[cfg(test)]
mod tests;
