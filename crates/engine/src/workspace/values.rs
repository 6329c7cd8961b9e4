//! The values of the model's text dimensions, for a search: read once a snapshot, when first searched.

use std::sync::Arc;

use sextant_semantics::catalog::Dimension;
use sextant_semantics::catalog::search::{Entry, What};
use sextant_semantics::data_type::DataType;

use super::probe::{self, Data};
use super::{CallContext, Failure, Workspace};
use crate::answer::value::Value;
use crate::execute::ExecuteError;
use crate::json::listing;

/// Values of one dimension at most: the most frequent ones.
const MOST: usize = 1_000;
/// Rows of a dataset whose values a search reads at most; the dimensions of a larger one are named as left out.
const ROWS: u64 = 5_000_000;

/// Snapshots whose values are kept: callers who see other rows have snapshots of their own.
const KEPT: usize = 8;

/// Bytes of its files likewise.
const BYTES: u64 = 512 << 20;

/// What text dimensions hold.
#[derive(Debug)]
pub struct Values {
    /// The files they were read from.
    pub snapshot: String,
    pub dimensions: Vec<Searchable>,
    /// One entry a value, ready to be searched.
    pub entries: Vec<Entry>,
    /// Dimensions whose data is too large or cannot be read.
    pub left_out: Vec<String>,
}

/// A dimension whose values were read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Searchable {
    pub name: String,
    /// A metric that can be asked by it, and its name there.
    pub asked_by: Option<(String, String)>,
}

impl Values {
    pub fn dimension(&self, name: &str) -> Option<&Searchable> {
        self.dimensions.iter().find(|dimension| dimension.name == name)
    }
}

impl Workspace {
    /// The values of the data as it is now, from memory where the files are those of the last search.
    pub async fn values(&self, context: &CallContext) -> Result<Arc<Values>, Failure> {
        if let Some(seen) = self.seen_by(&context.caller) {
            return Box::pin(seen.values(context)).await;
        }
        let (snapshot, bound) = self.snapshot(&context.caller).await;
        let mut last = self.values.lock().await;
        if let Some(known) = last.iter().find(|known| known.snapshot == snapshot.id) {
            return Ok(Arc::clone(known));
        }
        let data = Data { bound: &bound, snapshot: &snapshot, cancel: &context.cancel };
        let mut found =
            Values { snapshot: snapshot.id.clone(), dimensions: Vec::new(), entries: Vec::new(), left_out: Vec::new() };
        for (name, dimension) in self.searchable() {
            let is_text = match bound.dimension(dimension.id) {
                Ok(of) => of.data_type == DataType::Text,
                Err(_) => false,
            };
            if !is_text {
                continue;
            }
            match self.values_of(data, dimension).await {
                Ok(Some(values)) => {
                    let asked_by = listing::metric_that_sees(&self.catalog, dimension.id);
                    let asked_by = asked_by.map(|(metric, there)| (metric.to_string(), there));
                    found.entries.extend(values.into_iter().map(|value| {
                        let what = What::Value { dimension: name.clone(), value: value.clone() };
                        Entry::new(what, &value, [], None)
                    }));
                    found.dimensions.push(Searchable { name, asked_by });
                }
                Ok(None) => found.left_out.push(name),
                Err(_) if context.cancel.is_cancelled() => return Err(ExecuteError::Cancelled.diagnostic().into()),
                Err(failure) => {
                    tracing::debug!(?failure, name, "values that a search leaves out");
                    found.left_out.push(name);
                }
            }
        }
        let found = Arc::new(found);
        if last.len() == KEPT {
            last.remove(0);
        }
        last.push(Arc::clone(&found));
        Ok(found)
    }

    /// Every visible dimension once, by the name that a request would use: a shared one by its first member.
    fn searchable(&self) -> Vec<(String, &Dimension)> {
        let catalog = &self.catalog;
        let shared = catalog.shared_dimensions().iter().filter(|d| !d.hidden);
        let shared = shared.filter_map(|d| Some((d.name.clone(), catalog.dimension(catalog.members_seen(d).next()?))));
        let own = catalog.dimensions().iter().filter(|d| !d.hidden && d.shared.is_none());
        let own = own.map(|d| (format!("{}.{}", catalog.dataset(d.dataset).name, d.name), d));
        shared.chain(own).collect()
    }

    /// None where there are too many rows.
    async fn values_of(&self, data: Data<'_>, dimension: &Dimension) -> Result<Option<Vec<String>>, Failure> {
        let read = data.snapshot.dataset(&self.catalog.dataset(dimension.dataset).name)?;
        let bytes: u64 = read.files.files.iter().map(|file| file.identity.size).sum();
        if read.rows().is_some_and(|rows| rows > ROWS) || bytes > BYTES {
            return Ok(None);
        }
        let bound = data.bound.dimension(dimension.id)?;
        let plan = probe::values(dimension.dataset, &dimension.name, bound, self.catalog.calendar);
        let batches = self.probe(data, &plan, &[dimension.dataset]).await?;
        let counts = probe::column(&batches, probe::MEASURES[0])?.into_iter();
        let counts = counts.map(|count| count.as_f64().unwrap_or(0.0) as u64);
        let mut found: Vec<(u64, String)> = counts
            .zip(probe::column(&batches, probe::KEY)?)
            .filter_map(|(count, value)| match value {
                Value::Text(text) if !text.trim().is_empty() && text.len() <= 200 => Some((count, text)),
                Value::Text(_)
                | Value::Null
                | Value::Boolean(_)
                | Value::Exact { .. }
                | Value::Float(_)
                | Value::Date(_)
                | Value::Local(_)
                | Value::Instant(_) => None,
            })
            .collect();
        found.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        found.truncate(MOST);
        Ok(Some(found.into_iter().map(|(_, value)| value).collect()))
    }
}
