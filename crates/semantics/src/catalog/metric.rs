//! What people ask for: a metric, how it is computed, and what it is made of.

use super::Axis;
use super::aggregation::Aggregation;
use super::entity::Identified;
use super::id::{CustomGranularityId, DatasetId, MetricId};
use crate::expr::{Expr, Literal, Name};
use crate::model::metric::{Calculation, Direction, Format, GroupAggregation, PeriodAggregation, WindowChoice};
use crate::model::{Length, NotYet};
use crate::source::Span;
use crate::time::granularity::Granularity;

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
