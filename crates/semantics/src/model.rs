//! The model as written in YAML, every value with its span.
//!
//! A model is the union of its files; their order does not matter. Names are not looked up here:
//! that is the catalog's work. Expressions are text; [`crate::yaml::part`] turns a place in one
//! into a span.

use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::source::{Sources, Span, Spanned};
use crate::time::granularity::Granularity;

pub(crate) mod convert;
mod fields;
mod format;
mod read;
pub mod calendar;
pub mod dataset;
pub mod relationship;
pub mod metric;
pub mod policy;
pub mod saved_query;
pub mod words;

pub use calendar::{Calendar, CustomGranularity, NamedRange, Naming, TimeSpine};
pub use dataset::{
    Column, Currency, Dataset, Dimension, DimensionKind, Entity, EntityKind, Location, StoredAs, Validity, Watermark,
};
#[cfg(test)]
pub(crate) use format::arguments;
pub use format::{schema, schema_text};
pub use metric::{Aggregation, Input, Metric, MetricKind};
pub use policy::Policy;
pub use read::{read, read_trees};
pub use relationship::{Cardinality, Relationship, SharedDimension, Through};
pub use saved_query::{Audit, SavedQuery, Target, Test};

/// All files of one model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Model {
    /// The texts that every span points into.
    pub sources: Sources,
    /// Present in every model that was read without findings.
    pub name: Option<Spanned<String>>,
    pub description: Option<Spanned<String>>,
    pub calendar: Calendar,
    pub naming: Naming,
    pub time_spines: Vec<TimeSpine>,
    /// The currency that amounts are converted to unless a request says otherwise.
    pub currency: Option<Spanned<String>>,
    pub datasets: Vec<Dataset>,
    /// Dimensions that datasets share.
    pub dimensions: Vec<SharedDimension>,
    pub relationships: Vec<Relationship>,
    /// Metrics across datasets; those of one dataset stand in it.
    pub metrics: Vec<Metric>,
    pub audit: Audit,
    pub time_ranges: Vec<NamedRange>,
    pub targets: Vec<Target>,
    pub policies: Vec<Policy>,
    pub saved_queries: Vec<SavedQuery>,
    pub tests: Vec<Test>,
    /// Names of things that are in the files but not in this model, because they could not be
    /// read. That was a finding; a reference to one of them is not another.
    pub unread: BTreeSet<String>,
    /// What another tool's files define and this model cannot compute: refused in use, by its reason.
    pub left_out: Vec<LeftOut>,
}

/// Something that a model's files define in words that are not ours.
#[derive(Clone, Debug, PartialEq)]
pub struct LeftOut {
    pub kind: LeftOutKind,
    pub name: String,
    /// The construct and its place.
    pub reason: Diagnostic,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LeftOutKind {
    Metric,
    /// Of the dataset of this name.
    Dimension {
        dataset: String,
    },
}

impl Model {
    /// Every metric with the dataset it stands in, datasets first, in the order read.
    pub fn all_metrics(&self) -> impl Iterator<Item = (Option<&Dataset>, &Metric)> {
        let inside = self.datasets.iter().flat_map(|d| d.metrics.iter().map(move |m| (Some(d), m)));
        inside.chain(self.metrics.iter().map(|m| (None, m)))
    }

    /// The tests of the model, then those of its metrics.
    pub fn all_tests(&self) -> impl Iterator<Item = &Test> {
        self.tests.iter().chain(self.all_metrics().flat_map(|(_, metric)| &metric.tests))
    }
}

/// A length of time as models write it: `28 days`, `6h`, `1 month`. The count is at least 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Length {
    pub count: u32,
    pub unit: Granularity,
}

/// A construct of a model that this version reads but cannot execute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotYet {
    /// The construct in the words of the format, such as `type: cumulative`.
    pub what: &'static str,
    pub span: Span,
}

#[cfg(test)]
mod tests;
