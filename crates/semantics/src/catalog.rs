//! The catalog: what a model means, by id; immutable once built.
//!
//! Names are resolved, expressions parsed, relationships turned into the join graph, metrics into
//! a graph without cycles. What needs the data's column types waits for [`bind`].

use std::collections::{BTreeMap, HashMap};

use crate::data_type::DataType;
use crate::diagnostic::Diagnostic;
use crate::expr::{Expr, Name};
use crate::model;
use crate::model::{DimensionKind, LeftOut, LeftOutKind, Length, Naming, NotYet};
use crate::source::{Sources, Span};
use crate::time::calendar::Calendar;
use crate::time::granularity::Granularity;
use crate::time::stored::StoredAs;

pub mod aggregation;
pub mod id;
pub mod join_graph;
mod left_out;
pub mod locate;
mod metric;
pub mod metric_graph;
pub mod build;
pub mod currency;
pub mod bind;
pub mod definition;
pub mod entity;
mod relationship;
pub mod search;
pub mod policy;
pub mod conceal;

pub use build::build;
pub use metric::{
    Accumulation, Balance, Cohort, Conversion, Finer, Grain, Input, InputId, Level, Materiality, Measure, Metric,
    MetricKind, MetricName, NameKind, Offset, Settling,
};
pub use relationship::{Relationship, Through};

use currency::Currency;
use entity::Entity;
use id::{CustomGranularityId, DatasetId, DimensionId, MetricId, RelationshipId, SharedDimensionId};
use join_graph::{JoinGraph, Path};
use policy::{HiddenColumn, RowPolicy};

/// A checked model.
#[derive(Clone, Debug)]
pub struct Catalog {
    pub name: String,
    pub description: Option<String>,
    pub calendar: Calendar,
    /// The clock of a question stands at the end of the data unless it says otherwise.
    pub as_of_data: bool,
    /// How names of dimensions are written.
    pub naming: Naming,
    /// The currency of its amounts.
    pub currency: Option<String>,
    /// What another tool's files define and nothing here computes.
    pub left_out: Vec<LeftOut>,
    /// The texts that the spans point into.
    pub sources: Sources,
    pub time_ranges: Vec<model::NamedRange>,
    pub saved_queries: Vec<model::SavedQuery>,
    pub targets: Vec<model::Target>,
    /// Those of metrics too, in the order of the files.
    pub tests: Vec<model::Test>,
    /// What `audit_performance` looks at unless told.
    pub audit_metrics: Vec<MetricId>,
    /// Names as in `group_by`.
    pub audit_dimensions: Vec<String>,
    time_spines: Vec<TimeSpine>,
    custom_granularities: Vec<CustomGranularity>,
    datasets: Vec<Dataset>,
    dimensions: Vec<Dimension>,
    shared: Vec<SharedDimension>,
    relationships: Vec<Relationship>,
    metrics: Vec<Metric>,
    graph: JoinGraph,
    dataset_names: HashMap<String, DatasetId>,
    metric_names: BTreeMap<String, MetricName>,
}

/// One kind of row.
#[derive(Clone, Debug)]
pub struct Dataset {
    pub id: DatasetId,
    pub name: String,
    pub label: Option<String>,
    pub description: Option<String>,
    pub source: model::Location,
    pub columns: Vec<Column>,
    pub primary_key: Vec<String>,
    /// The primary key and the further unique keys.
    pub keys: Vec<Vec<String>>,
    /// The default time axis of its metrics.
    pub axis: Option<Axis>,
    pub watermark: Option<Watermark>,
    /// Its dimensions, then its entities that are one column.
    pub dimensions: Vec<DimensionId>,
    /// Things that its rows belong to, as declared and as relationships imply.
    pub entities: Vec<Entity>,
    /// Of a dataset that keeps the versions of its things.
    pub validity: Option<Validity>,
    /// What its amounts are in.
    pub currency: Option<Currency>,
    /// Filters that all must pass for a caller to see a row.
    pub policies: Vec<RowPolicy>,
    /// Columns of its files that are hidden.
    pub hidden_columns: Vec<HiddenColumn>,
    pub not_yet: Vec<NotYet>,
    pub span: Span,
}

/// A row holds from the one time, included, to the other, excluded; null is open.
#[derive(Clone, Debug)]
pub struct Validity {
    pub from: String,
    pub to: String,
    pub span: Span,
}

/// A dataset of periods, one a row.
#[derive(Clone, Debug)]
pub struct TimeSpine {
    pub dataset: DatasetId,
    /// The column of its periods' first dates or times.
    pub column: String,
    pub granularity: Granularity,
    pub span: Span,
}

/// A granularity that a column of a time spine gives.
#[derive(Clone, Debug)]
pub struct CustomGranularity {
    pub id: CustomGranularityId,
    pub name: String,
    /// Position in [`Catalog::time_spines`].
    pub spine: usize,
    pub column: String,
}

/// A declared column.
#[derive(Clone, Debug)]
pub struct Column {
    pub name: String,
    pub data_type: DataType,
    /// Whether files may lack it.
    pub optional: bool,
}

/// Rows up to the latest value of `column`, less `lag`, are complete.
#[derive(Clone, Debug)]
pub struct Watermark {
    pub column: String,
    pub lag: Option<Length>,
}

/// Where a metric's time stands: a time dimension, reached from the metric's dataset.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Axis {
    pub path: Path,
    pub dimension: DimensionId,
}

/// A name that rows are grouped and filtered by.
#[derive(Clone, Debug)]
pub struct Dimension {
    pub id: DimensionId,
    pub dataset: DatasetId,
    pub name: String,
    pub label: Option<String>,
    pub description: Option<String>,
    pub synonyms: Vec<String>,
    pub kind: DimensionKind,
    /// Over columns of the dataset's source.
    pub expr: Expr<Name>,
    /// Finest granularity of a time dimension's values.
    pub granularity: Option<Granularity>,
    /// What a time dimension's digits mean where the file does not say.
    pub stored_as: StoredAs,
    pub normalize: Vec<model::dataset::Normalization>,
    /// The shared dimension that it is a member of.
    pub shared: Option<SharedDimensionId>,
    /// Whether datasets that both have one of its name join on it as well as on their keys.
    pub partition: bool,
    /// Whether it is the key of an entity.
    pub is_entity: bool,
    /// Whether lists leave it out.
    pub hidden: bool,
    /// Whether a policy hides it: no request may name it. Such a dimension is `hidden` too.
    pub concealed: bool,
    pub span: Span,
}

/// One dimension that stands in several datasets.
#[derive(Clone, Debug)]
pub struct SharedDimension {
    pub id: SharedDimensionId,
    pub name: String,
    pub label: Option<String>,
    pub description: Option<String>,
    pub synonyms: Vec<String>,
    pub members: Vec<DimensionId>,
    pub hidden: bool,
    pub span: Span,
}

impl Catalog {
    pub fn datasets(&self) -> &[Dataset] {
        &self.datasets
    }

    pub fn dataset(&self, id: DatasetId) -> &Dataset {
        &self.datasets[id.index()]
    }

    pub fn dataset_named(&self, name: &str) -> Option<&Dataset> {
        self.dataset_names.get(name).map(|id| self.dataset(*id))
    }

    pub fn dimensions(&self) -> &[Dimension] {
        &self.dimensions
    }

    pub fn dimension(&self, id: DimensionId) -> &Dimension {
        &self.dimensions[id.index()]
    }

    pub fn shared_dimensions(&self) -> &[SharedDimension] {
        &self.shared
    }

    /// The members of a shared dimension that no policy hides.
    pub fn members_seen<'a>(&'a self, shared: &'a SharedDimension) -> impl Iterator<Item = DimensionId> + 'a {
        shared.members.iter().copied().filter(|id| !self.dimension(*id).concealed)
    }

    pub fn shared_dimension(&self, id: SharedDimensionId) -> &SharedDimension {
        &self.shared[id.index()]
    }

    pub fn relationships(&self) -> &[Relationship] {
        &self.relationships
    }

    pub fn relationship(&self, id: RelationshipId) -> &Relationship {
        &self.relationships[id.index()]
    }

    /// All metrics, hidden ones too, in the order read.
    pub fn metrics(&self) -> &[Metric] {
        &self.metrics
    }

    pub fn metric(&self, id: MetricId) -> &Metric {
        &self.metrics[id.index()]
    }

    /// The metric that a name, alias or deprecated name leads to; hidden ones only inside formulas.
    pub fn metric_named(&self, name: &str) -> Option<MetricName> {
        self.metric_names.get(name).copied()
    }

    /// Every name that a request may use for a metric, sorted.
    pub fn metric_names(&self) -> impl Iterator<Item = (&str, MetricName)> {
        self.metric_names
            .iter()
            .filter(|(_, found)| !self.metric(found.id).hidden)
            .map(|(name, found)| (name.as_str(), *found))
    }

    /// The metric of a request's name, or the refusal that names the nearest.
    pub fn require_metric(&self, name: &str) -> Result<MetricName, Diagnostic> {
        match self.metric_named(name) {
            Some(found) if !self.metric(found.id).hidden => Ok(found),
            _ => Err(self.unknown_metric(name)),
        }
    }

    /// Every name by which a dimension may be asked without a path, sorted and distinct.
    pub fn dimension_names(&self) -> Vec<&str> {
        let shared = self.shared.iter().filter(|d| !d.hidden).map(|d| d.name.as_str());
        let own = self.dimensions.iter().filter(|d| !d.hidden).map(|d| d.name.as_str());
        let mut names: Vec<&str> = shared.chain(own).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    pub fn time_spines(&self) -> &[TimeSpine] {
        &self.time_spines
    }

    pub fn custom_granularity(&self, id: CustomGranularityId) -> &CustomGranularity {
        &self.custom_granularities[id.index()]
    }

    pub fn custom_granularity_named(&self, name: &str) -> Option<&CustomGranularity> {
        self.custom_granularities.iter().find(|granularity| granularity.name == name)
    }

    /// The word of a granularity.
    pub fn grain_name(&self, grain: Grain) -> &str {
        match grain {
            Grain::Standard(granularity) => granularity.as_str(),
            Grain::Custom(id) => &self.custom_granularity(id).name,
        }
    }

    pub fn custom_granularities(&self) -> &[CustomGranularity] {
        &self.custom_granularities
    }

    pub fn graph(&self) -> &JoinGraph {
        &self.graph
    }

    fn unknown_metric(&self, name: &str) -> Diagnostic {
        if let Some(of) = self.left_out.iter().find(|of| of.kind == LeftOutKind::Metric && of.name == name) {
            return self.cannot_be_asked("metric", of);
        }
        let nearest = Diagnostic::new(crate::code::Code::UnknownMetric, format!("unknown metric `{name}`"))
            .suggest(name, self.metric_names().map(|(known, _)| known));
        match nearest.did_you_mean.first() {
            Some(first) => {
                let found = self.metric_names[first.as_str()];
                let metric = self.metric(found.id);
                let at = self.sources.position(metric.span);
                let file = &self.sources.get(metric.span.source).name;
                let help = format!("`{first}` is defined in {file}:{}", at.line);
                nearest.help(help)
            }
            None => nearest.help("`list_metrics` gives every metric"),
        }
    }
}
