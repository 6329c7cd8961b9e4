//! The catalog: what a model means, by id; immutable once built.
//!
//! Names are resolved, expressions parsed, relationships turned into the join graph, metrics into
//! a graph without cycles. What needs the data's column types waits for [`bind`].

use std::collections::{BTreeMap, HashMap};

use crate::data_type::DataType;
use crate::diagnostic::Diagnostic;
use crate::expr::{Expr, Literal, Name};
use crate::model;
use crate::model::metric::{Calculation, Direction, Format, GroupAggregation, PeriodAggregation, WindowChoice};
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
pub mod metric_graph;
pub mod build;
pub mod currency;
pub mod bind;
pub mod definition;
pub mod entity;
mod relationship;
pub mod search;

pub use build::build;
pub use relationship::{Relationship, Through};

use aggregation::Aggregation;
use currency::Currency;
use entity::{Entity, Identified};
use id::{CustomGranularityId, DatasetId, DimensionId, MetricId, RelationshipId, SharedDimensionId};
use join_graph::{JoinGraph, Path};

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
    pub hidden: bool,
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

/// What people ask for.
#[derive(Clone, Debug)]
pub struct Metric {
    pub id: MetricId,
    pub name: String,
    pub label: Option<String>,
    pub description: Option<String>,
    pub synonyms: Vec<String>,
    pub aliases: Vec<String>,
    pub deprecated_names: Vec<String>,
    pub owner: Option<String>,
    pub unit: Option<String>,
    pub format: Format,
    pub direction: Direction,
    pub hidden: bool,
    /// The dataset of a simple metric.
    pub dataset: Option<DatasetId>,
    pub kind: MetricKind,
    /// Conditions over dimensions, ANDed.
    pub filter: Vec<Expr<Name>>,
    /// The time axis of a simple metric.
    pub axis: Option<Axis>,
    /// Whether periods without rows are listed.
    pub join_to_timespine: bool,
    /// What a bare `metric_time` means; the axis's own when absent.
    pub granularity: Option<Grain>,
    pub fill: Option<Literal>,
    /// How large a change must be to matter; the tool's own where a part is absent.
    pub materiality: Materiality,
    /// The smallest volume for which a change is tested.
    pub min_sample: Option<u64>,
    /// The metric that is its volume, by name.
    pub sample: Option<String>,
    /// When its values are final; a simple metric has what its dataset says unless it says otherwise.
    pub settling: Settling,
    /// Constructs that cannot be executed yet; asking for the metric is refused by their names.
    pub not_yet: Vec<NotYet>,
    /// The formula in metric and dimension names.
    pub definition: String,
    pub span: Span,
}

/// How large a change of a metric must be to matter, as far as its model says.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Materiality {
    /// A fraction of the value before.
    pub percent: Option<f64>,
    /// In the metric's unit.
    pub absolute: Option<f64>,
    /// Percentage points.
    pub points: Option<f64>,
}

/// How long after a day its values may still change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settling {
    pub settles_after: Option<Length>,
    /// Conversions are attributed to a day for so long.
    pub attribution_window: Option<Length>,
}

/// How a metric is computed.
#[derive(Clone, Debug)]
pub enum MetricKind {
    Simple(Measure),
    Ratio {
        numerator: Input,
        denominator: Input,
    },
    Derived {
        expr: Expr<InputId>,
        inputs: Vec<Input>,
    },
    /// An input metric over windows of a time spine.
    Cumulative {
        input: Input,
        over: Accumulation,
        period_agg: PeriodAggregation,
    },
    Conversion(Box<Conversion>),
    Cohort(Box<Cohort>),
    /// A kind that this version reads but cannot execute; the word of `type`.
    Later(&'static str),
}

/// Events that follow others of the same entity: orders after visits.
#[derive(Clone, Debug)]
pub struct Conversion {
    /// Simple metrics.
    pub base: Input,
    pub conversion: Input,
    /// What must be equal on the base event and the conversion event: the entity, then properties.
    pub same: Vec<(Identified, Identified)>,
    /// How long after the base event a conversion may follow; any time when absent.
    pub window: Option<Length>,
    /// Whether the conversions are divided by the base metric.
    pub is_rate: bool,
}

/// What the members of a cohort do in their first days: orders of new customers.
#[derive(Clone, Debug)]
pub struct Cohort {
    /// What the members' rows are measured by.
    pub input: Input,
    /// The simple metric whose rows are entries; a member's first one starts its age.
    pub entry: Input,
    /// What a member is.
    pub entity: String,
    /// How long a member is followed from the day of its entry; of days or longer.
    pub age: Length,
    pub calculation: Calculation,
}

impl MetricKind {
    /// The metrics that it is made of.
    pub fn inputs(&self) -> Vec<&Input> {
        match self {
            MetricKind::Simple(_) | MetricKind::Later(_) => Vec::new(),
            MetricKind::Ratio { numerator, denominator } => vec![numerator, denominator],
            MetricKind::Derived { inputs, .. } => inputs.iter().collect(),
            MetricKind::Cumulative { input, .. } => vec![input],
            MetricKind::Conversion(of) => vec![&of.base, &of.conversion],
            MetricKind::Cohort(of) => vec![&of.entry, &of.input],
        }
    }
}

/// A dataset's rows under an aggregation.
#[derive(Clone, Debug)]
pub struct Measure {
    pub aggregation: Aggregation,
    /// Over columns; `None` counts rows.
    pub expr: Option<Expr<Name>>,
    /// Digits after the point for money stored as floats.
    pub scale: Option<u8>,
    /// Set for balances, which do not add up over time.
    pub balance: Option<Balance>,
}

/// A measure of which only the rows at the first or the last time count.
#[derive(Clone, Debug)]
pub struct Balance {
    pub time: Axis,
    pub choice: WindowChoice,
    /// What has its own first or last time; all rows together when empty.
    pub by: Vec<Identified>,
}

/// An input of a derived metric, by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct InputId(pub usize);

/// A metric that another is made of, with the conditions put on it there.
#[derive(Clone, Debug)]
pub struct Input {
    pub metric: MetricId,
    pub filter: Vec<Expr<Name>>,
    /// What is read instead of each period of the question.
    pub offset: Option<Offset>,
    /// The groups that it is aggregated by instead of the question's.
    pub level: Option<Level>,
    /// The groups that it is aggregated by first.
    pub finer: Option<Finer>,
}

/// More groups than the question's, whose values become one of each group of the question.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Finer {
    /// Names as in `group_by`.
    pub dimensions: Vec<String>,
    pub aggregation: GroupAggregation,
}

/// Fewer groups than the question's: a total beside its parts. Names of dimensions, or `metric_time`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Level {
    /// The question's groups without these.
    Without(Vec<String>),
    /// Of the question's groups these.
    Only(Vec<String>),
}

/// Where an input is read, seen from a period of the question.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Offset {
    /// So much earlier.
    Window(Length),
    /// So many periods of a custom granularity earlier.
    Custom { count: u32, granularity: CustomGranularityId },
    /// At the start of the period of this granularity.
    ToGrain(Grain),
}

/// Periods of every calendar, or those that a column of a time spine gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Grain {
    Standard(Granularity),
    Custom(CustomGranularityId),
}

/// What a cumulative metric accumulates, up to and with the last unit of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Accumulation {
    /// The last so much.
    Trailing(Length),
    /// Since the start of the period of this granularity.
    ToDate(Grain),
    AllTime,
}

/// What a metric name leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MetricName {
    pub id: MetricId,
    pub kind: NameKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameKind {
    Canonical,
    Alias,
    Deprecated,
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
