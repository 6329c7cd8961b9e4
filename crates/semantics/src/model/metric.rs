//! Metrics: what people ask for, by kind.

use crate::expr::Literal;
use crate::model::{Length, NotYet, Test};
use crate::source::{Span, Spanned};
use crate::time::granularity::Granularity;

/// One metric as written.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    pub name: Spanned<String>,
    pub label: Option<Spanned<String>>,
    pub description: Option<Spanned<String>>,
    pub synonyms: Vec<Spanned<String>>,
    /// Other names that answer as this metric.
    pub aliases: Vec<Spanned<String>>,
    /// Aliases that warn.
    pub deprecated_names: Vec<Spanned<String>>,
    pub owner: Option<Spanned<String>>,
    /// A currency code or a word such as `orders`.
    pub unit: Option<Spanned<String>>,
    pub format: Option<Spanned<Format>>,
    pub direction: Option<Spanned<Direction>>,
    /// Conditions over dimensions, ANDed.
    pub filter: Vec<Spanned<String>>,
    /// The metric's own time dimension: a name or `dataset.dimension`.
    pub time: Option<Spanned<String>>,
    /// What a bare `metric_time` means for the metric; its axis's own when absent.
    pub granularity: Option<Spanned<GrainName>>,
    pub join_to_timespine: Option<Spanned<bool>>,
    /// The value of a group without rows: an integer or a decimal.
    pub fill_nulls_with: Option<Spanned<Literal>>,
    pub materiality: Option<Materiality>,
    /// The smallest volume for which a change is tested.
    pub min_sample: Option<Spanned<u64>>,
    /// The count metric that is a money metric's volume.
    pub sample: Option<Spanned<String>>,
    /// How long after a day its values may still change, as refunds change sales.
    pub settles_after: Option<Spanned<Length>>,
    /// How long after a day conversions are still attributed to it.
    pub attribution_window: Option<Spanned<Length>>,
    pub hidden: bool,
    pub tests: Vec<Test>,
    pub kind: MetricKind,
    pub span: Span,
}

/// How a metric is computed; `type` says which.
#[derive(Clone, Debug, PartialEq)]
pub enum MetricKind {
    Simple(Simple),
    Ratio(Ratio),
    Derived(Derived),
    Cumulative(Cumulative),
    Conversion(Conversion),
    Cohort(Cohort),
}

/// An aggregation of the rows of the dataset that the metric stands in.
#[derive(Clone, Debug, PartialEq)]
pub struct Simple {
    pub agg: Spanned<Aggregation>,
    /// Over columns. Absent only for `count`, which then counts rows.
    pub expr: Option<Spanned<String>>,
    /// Between 0 and 1, both excluded; present exactly for `percentile`.
    pub percentile: Option<Spanned<f64>>,
    pub percentile_type: Option<Spanned<PercentileType>>,
    pub non_additive_dimension: Option<NonAdditiveDimension>,
    /// Digits after the point that amounts stored as floats are cast to before summing.
    pub scale: Option<Spanned<u8>>,
}

/// Σ numerator ÷ Σ denominator.
#[derive(Clone, Debug, PartialEq)]
pub struct Ratio {
    pub numerator: Input,
    pub denominator: Input,
}

/// A formula over metrics at the query's grain.
#[derive(Clone, Debug, PartialEq)]
pub struct Derived {
    pub expr: Spanned<String>,
    /// Empty when not declared: the names in `expr` are then metrics.
    pub inputs: Vec<Input>,
}

/// A running total: over a trailing window, since the start of a period, or since ever.
#[derive(Clone, Debug, PartialEq)]
pub struct Cumulative {
    pub input: Input,
    /// At most one of `window` and `grain_to_date`.
    pub window: Option<Spanned<Length>>,
    pub grain_to_date: Option<Spanned<GrainName>>,
    pub period_agg: Option<Spanned<PeriodAggregation>>,
}

/// How many of the base events are followed by a conversion of the same entity.
#[derive(Clone, Debug, PartialEq)]
pub struct Conversion {
    pub base: Input,
    pub conversion: Input,
    pub entity: Spanned<String>,
    pub window: Option<Spanned<Length>>,
    pub calculation: Option<Spanned<Calculation>>,
    /// Properties that both events must share.
    pub constant_properties: Vec<ConstantProperty>,
}

/// A metric of a cohort's members up to an age.
#[derive(Clone, Debug, PartialEq)]
pub struct Cohort {
    pub input: Input,
    pub entity: Spanned<String>,
    /// The simple metric whose rows are entries, of which a member's first starts its age: by its name, or in words
    /// such as `first order`.
    pub cohort: Input,
    pub age: Spanned<Length>,
    /// `average` when absent.
    pub calculation: Option<Spanned<Calculation>>,
}

/// A metric that another is made of: a name, or a map around it.
#[derive(Clone, Debug, PartialEq)]
pub struct Input {
    pub name: Spanned<String>,
    pub alias: Option<Spanned<String>>,
    pub filter: Vec<Spanned<String>>,
    pub offset_window: Option<Spanned<Offset>>,
    pub offset_to_grain: Option<Spanned<GrainName>>,
    pub grain: Option<InputGrain>,
    pub span: Span,
}

/// A granularity: one of every calendar, or one that a column of a time spine gives.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum GrainName {
    Standard(Granularity),
    Custom(String),
}

impl GrainName {
    pub fn as_str(&self) -> &str {
        match self {
            GrainName::Standard(granularity) => granularity.as_str(),
            GrainName::Custom(name) => name,
        }
    }
}

/// How far back an input is read.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Offset {
    Length(Length),
    /// So many periods of a custom granularity.
    Custom {
        count: u32,
        granularity: String,
    },
}

/// What an offset is written as.
pub const OFFSET_HELP: &str = "a number and a unit, such as `1 month`, `28 days` or `1 year`";

impl Offset {
    /// `1 month`, or so many periods of a granularity of the model's own.
    pub fn parse(text: &str) -> Option<Offset> {
        super::convert::offset(text.trim())
    }

    /// `1 month earlier`.
    pub fn words(&self) -> String {
        let (count, unit) = match self {
            Offset::Length(length) => (length.count, length.unit.as_str()),
            Offset::Custom { count, granularity } => (*count, granularity.as_str()),
        };
        format!("{count} {unit}{} earlier", if count == 1 { "" } else { "s" })
    }

    /// The name of the column of a metric at an offset, or at none: `net_sales__1_month_earlier`.
    pub fn column(offset: Option<&Offset>, metric: &str) -> String {
        match offset {
            None => metric.to_string(),
            Some(offset) => format!("{metric}__{}", offset.words().replace(' ', "_")),
        }
    }
}

/// Another level of detail than the query's; exactly one list is given.
#[derive(Clone, Debug, PartialEq)]
pub enum InputGrain {
    /// The query's dimensions without these.
    Exclude(Vec<Spanned<String>>),
    /// Of the query's dimensions only these.
    KeepOnly(Vec<Spanned<String>>),
    /// The query's dimensions and these; the values of the finer groups become one of the query's.
    Include { dimensions: Vec<Spanned<String>>, agg: Spanned<GroupAggregation> },
}

/// How the values of groups become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GroupAggregation {
    Sum,
    Average,
    Median,
    Min,
    Max,
    /// The groups that have a value.
    Count,
}

/// How rows become a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Aggregation {
    Sum,
    Min,
    Max,
    /// Rows, or with `expr` its non-null values.
    Count,
    CountDistinct,
    Average,
    Median,
    Percentile,
    /// The rows for which a boolean is true.
    SumBoolean,
    /// By the metric's time axis.
    First,
    /// By the metric's time axis.
    Last,
    ApproxCountDistinct,
}

/// How a percentile between two values is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PercentileType {
    /// Interpolated linearly at p·(n − 1); when absent.
    Continuous,
    /// The smallest value whose cumulative share is at least p.
    Discrete,
}

/// How a number is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    Number,
    Currency,
    Percent,
    Ratio,
    Duration,
}

/// Which way is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    Up,
    Down,
    Neutral,
}

/// How a cumulative metric's values within a period become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PeriodAggregation {
    First,
    Last,
    Average,
}

/// What a conversion or cohort metric says of its events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Calculation {
    /// Of a conversion: the events that follow, for each base event.
    ConversionRate,
    /// Of a conversion: the events that follow.
    Conversions,
    /// Of a cohort: the input metric, for each member.
    Average,
    /// Of a cohort: the input metric.
    Total,
    /// Of a cohort: the members that came back, as a part of all.
    Retention,
    /// Of a cohort: how many members came back.
    Retained,
}

impl Calculation {
    /// Whether it is one of cohort metrics.
    pub fn is_of_cohorts(self) -> bool {
        match self {
            Calculation::ConversionRate | Calculation::Conversions => false,
            Calculation::Average | Calculation::Total | Calculation::Retention | Calculation::Retained => true,
        }
    }
}

/// `{base_property, conversion_property}`.
#[derive(Clone, Debug, PartialEq)]
pub struct ConstantProperty {
    pub base_property: Spanned<String>,
    pub conversion_property: Spanned<String>,
    pub span: Span,
}

/// A dimension that values cannot be summed over, such as the day of a stock count.
#[derive(Clone, Debug, PartialEq)]
pub struct NonAdditiveDimension {
    pub name: Spanned<String>,
    pub window_agg: Spanned<WindowChoice>,
    /// Entities and dimensions whose own first or last time counts; that of all rows when empty.
    pub group_by: Vec<Spanned<String>>,
    pub span: Span,
}

/// Which time along the non-additive dimension counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum WindowChoice {
    First,
    Last,
}

/// `materiality: {percent, absolute, points}`: how large a change must be to matter.
#[derive(Clone, Debug, PartialEq)]
pub struct Materiality {
    /// A fraction: 0.05 is 5 %.
    pub percent: Option<Spanned<f64>>,
    pub absolute: Option<Spanned<f64>>,
    /// Percentage points.
    pub points: Option<Spanned<f64>>,
    pub span: Span,
}

impl Input {
    /// A metric by its name alone.
    pub fn named(name: Spanned<String>) -> Input {
        let span = name.span;
        Input { name, alias: None, filter: Vec::new(), offset_window: None, offset_to_grain: None, grain: None, span }
    }
}

impl MetricKind {
    /// The word of `type`.
    pub fn word(&self) -> &'static str {
        match self {
            MetricKind::Simple(_) => "simple",
            MetricKind::Ratio(_) => "ratio",
            MetricKind::Derived(_) => "derived",
            MetricKind::Cumulative(_) => "cumulative",
            MetricKind::Conversion(_) => "conversion",
            MetricKind::Cohort(_) => "cohort",
        }
    }

    /// The metrics that this one is made of.
    pub fn inputs(&self) -> Vec<&Input> {
        match self {
            MetricKind::Simple(_) => vec![],
            MetricKind::Ratio(m) => vec![&m.numerator, &m.denominator],
            MetricKind::Derived(m) => m.inputs.iter().collect(),
            MetricKind::Cumulative(m) => vec![&m.input],
            MetricKind::Conversion(m) => vec![&m.base, &m.conversion],
            MetricKind::Cohort(m) => vec![&m.input, &m.cohort],
        }
    }
}

impl Metric {
    /// What of this metric cannot be executed yet; using the metric is refused by these names.
    pub fn not_yet(&self) -> Vec<NotYet> {
        match &self.kind {
            MetricKind::Simple(_)
            | MetricKind::Ratio(_)
            | MetricKind::Derived(_)
            | MetricKind::Cumulative(_)
            | MetricKind::Conversion(_)
            | MetricKind::Cohort(_) => Vec::new(),
        }
    }
}
