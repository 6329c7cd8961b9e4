//! A model with its rows, as plain lists.

use chrono::Weekday;
use chrono_tz::Tz;

use super::clock::Grain;
use super::expr::Expr;
use super::value::Value;

#[derive(Clone, Debug)]
pub struct World {
    pub zone: Tz,
    /// Monday or Sunday.
    pub week_start: Weekday,
    pub datasets: Vec<Dataset>,
    pub links: Vec<Link>,
    pub shared: Vec<Shared>,
    pub metrics: Vec<Metric>,
    /// What amounts are converted to, unless a question says otherwise.
    pub currency: Option<String>,
    pub spine: Option<Spine>,
}

/// A dataset of days, with names for longer periods of its own.
#[derive(Clone, Debug)]
pub struct Spine {
    pub dataset: usize,
    /// A date; no two rows have the same.
    pub day: String,
    /// Columns that time is grouped by, by their own names.
    pub granularities: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct Dataset {
    pub name: String,
    pub columns: Vec<Column>,
    /// Empty: rows may stand twice.
    pub key: Vec<String>,
    /// The time axis: a dimension of its own, or `dataset.dimension`.
    pub time: Option<String>,
    pub dimensions: Vec<Dimension>,
    /// One value a column.
    pub rows: Vec<Vec<Value>>,
    pub format: Format,
    pub entities: Vec<Entity>,
    /// Columns from when, and until when, a row holds.
    pub validity: Option<(String, String)>,
    pub currency: Option<Currency>,
}

/// What rows belong to.
#[derive(Clone, Debug)]
pub struct Entity {
    pub name: String,
    pub columns: Vec<String>,
    /// Whether it says what a row is, within its partition.
    pub is_primary: bool,
}

/// Amounts of a dataset in several currencies.
#[derive(Clone, Debug)]
pub struct Currency {
    /// That of a row.
    pub column: String,
    /// A dataset of `day`, `currency` and `rate`.
    pub rates: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Csv,
    JsonLines,
    Parquet,
}

#[derive(Clone, Debug)]
pub struct Column {
    pub name: String,
    pub kind: ColumnKind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    Integer,
    /// Two digits after the point.
    Money,
    /// Eight digits after the point.
    Rate,
    Float,
    Text,
    Boolean,
    Date,
    Timestamp,
}

#[derive(Clone, Debug)]
pub struct Dimension {
    pub name: String,
    /// Over the columns of its dataset.
    pub expr: Expr,
    pub kind: DimensionKind,
    /// Rows of two datasets that have it meet only where it is equal.
    pub partition: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DimensionKind {
    Text,
    Boolean,
    Number,
    Time(Stored),
}

/// What the digits of a time mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Stored {
    /// A local date.
    Date,
    /// Local time of the model's zone.
    Model,
    Zone(Tz),
}

/// Rows of `from` point at the row of `to` with equal columns, if there is one; over a bridge at all of them.
#[derive(Clone, Debug)]
pub struct Link {
    pub name: String,
    pub from: usize,
    pub from_columns: Vec<String>,
    pub to: usize,
    pub to_columns: Vec<String>,
    pub is_bridge: bool,
}

/// One dimension that stands in several datasets.
#[derive(Clone, Debug)]
pub struct Shared {
    pub name: String,
    pub of: Vec<(usize, String)>,
}

#[derive(Clone, Debug)]
pub struct Metric {
    pub name: String,
    pub kind: MetricKind,
    pub filter: Option<Expr>,
    pub fill: Option<i128>,
    /// Units of time without rows are listed; of simple metrics.
    pub listed: bool,
    /// Written as percent: its changes have points.
    pub percent: bool,
    /// Written as money: floats are cast to four digits before they are summed.
    pub money: bool,
}

#[derive(Clone, Debug)]
pub enum MetricKind {
    Simple { dataset: usize, aggregation: Aggregation, argument: Option<Expr>, balance: Option<Balance> },
    Ratio { numerator: Input, denominator: Input },
    Derived { formula: Expr, inputs: Vec<Input> },
    Cumulative { input: Input, over: Over, pick: Pick },
    Conversion(Conversion),
    Cohort(Cohort),
}

/// The events that follow rows of the same entity.
#[derive(Clone, Debug)]
pub struct Conversion {
    pub base: Input,
    pub events: Input,
    pub entity: String,
    /// How long after the row, its end excluded.
    pub window: Option<Length>,
    /// Dimensions that a row and its events share: of rows, of events.
    pub same: Vec<(String, String)>,
    /// Over all rows; otherwise the events alone.
    pub is_rate: bool,
}

/// Things that enter at their first row, and what is theirs from that day on.
#[derive(Clone, Debug)]
pub struct Cohort {
    /// A simple metric, of which any row may be the entry of a member.
    pub entry: Input,
    pub entity: String,
    pub input: Input,
    /// Whole local days, that of the entry being the first.
    pub age: Length,
    pub calculation: Calculation,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calculation {
    /// The input for each member.
    Average,
    /// The input.
    Total,
    /// The share of members who came back.
    Retention,
    /// How many came back.
    Retained,
}

/// Only the rows at the first or the last time of each partition count.
#[derive(Clone, Debug)]
pub struct Balance {
    /// A time dimension of the dataset.
    pub time: String,
    pub is_last: bool,
    /// Dimensions whose members each have a time of their own.
    pub by: Vec<String>,
}

/// So many units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Length {
    pub count: u32,
    pub unit: Grain,
}

/// What a cumulative metric takes together, up to and with a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Over {
    AllTime,
    ToDate(Grain),
    Trailing(Length),
}

/// Which of a longer period's days is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pick {
    /// The first day that has a value.
    First,
    /// The last day of the calendar.
    Last,
    /// The mean of the days that have a value.
    Average,
}

/// How much earlier an input is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offset {
    Window(Length),
    ToGrain(Grain),
}

#[derive(Clone, Debug)]
pub struct Input {
    pub metric: usize,
    pub alias: String,
    pub filter: Option<Expr>,
    pub offset: Option<Offset>,
    pub level: Option<Level>,
}

/// Which of a question's groups an input is aggregated by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Level {
    Without(Vec<String>),
    Only(Vec<String>),
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Aggregation {
    Sum,
    Min,
    Max,
    Count,
    CountDistinct,
    /// An estimate of it.
    ApproxCountDistinct,
    Average,
    Median,
    Percentile(f64),
    DiscretePercentile(f64),
    SumBoolean,
    First,
    Last,
}

impl MetricKind {
    /// What it is made of, in the order written.
    pub fn inputs(&self) -> Vec<&Input> {
        match self {
            MetricKind::Simple { .. } => vec![],
            MetricKind::Ratio { numerator, denominator } => vec![numerator, denominator],
            MetricKind::Derived { inputs, .. } => inputs.iter().collect(),
            MetricKind::Cumulative { input, .. } => vec![input],
            MetricKind::Conversion(of) => vec![&of.base, &of.events],
            MetricKind::Cohort(of) => vec![&of.entry, &of.input],
        }
    }
}

impl World {
    /// The datasets whose rows a metric is made of, each once, in order; of a cohort that of its entries, which
    /// questions are about.
    pub fn datasets_of(&self, metric: usize) -> Vec<usize> {
        let mut found: Vec<usize> = match &self.metrics[metric].kind {
            MetricKind::Simple { dataset, .. } => vec![*dataset],
            MetricKind::Cohort(of) => self.datasets_of(of.entry.metric),
            kind => kind.inputs().into_iter().flat_map(|i| self.datasets_of(i.metric)).collect(),
        };
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Whether something holds of a metric or of one that it is made of.
    pub fn is_somewhere(&self, metric: usize, holds: &dyn Fn(&Metric) -> bool) -> bool {
        let of = &self.metrics[metric];
        holds(of) || of.kind.inputs().into_iter().any(|input| self.is_somewhere(input.metric, holds))
    }

    /// Whether an absent member counts as 0 in a change: sums, counts, and their sums and differences.
    pub fn is_additive(&self, metric: usize) -> bool {
        match &self.metrics[metric].kind {
            MetricKind::Simple { aggregation, balance, .. } => {
                balance.is_none()
                    && matches!(aggregation, Aggregation::Sum | Aggregation::Count | Aggregation::SumBoolean)
            }
            MetricKind::Ratio { .. }
            | MetricKind::Cumulative { .. }
            | MetricKind::Conversion(_)
            | MetricKind::Cohort(_) => false,
            MetricKind::Derived { formula, inputs } => {
                let additive =
                    |input: &Input| input.offset.is_none() && input.level.is_none() && self.is_additive(input.metric);
                is_sum(formula) && inputs.iter().all(additive)
            }
        }
    }
}

fn is_sum(formula: &Expr) -> bool {
    use super::expr::Sign;
    match formula {
        Expr::Name(_) => true,
        Expr::Arithmetic(Sign::Plus | Sign::Minus, a, b) => is_sum(a) && is_sum(b),
        Expr::Coalesce(a, zero) => is_sum(a) && *zero == Value::integer(0),
        _ => false,
    }
}

impl Dataset {
    pub fn column(&self, name: &str) -> usize {
        self.columns.iter().position(|c| c.name == name).unwrap_or_else(|| panic!("no column {name}"))
    }
}
