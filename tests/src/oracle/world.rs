//! A model with its rows, as plain lists.

use chrono::Weekday;
use chrono_tz::Tz;

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
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Csv,
    JsonLines,
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

/// Rows of `from` point at the row of `to` with equal columns, if there is one.
#[derive(Clone, Debug)]
pub struct Link {
    pub name: String,
    pub from: usize,
    pub from_columns: Vec<String>,
    pub to: usize,
    pub to_columns: Vec<String>,
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
    /// Written as percent: its changes have points.
    pub percent: bool,
    /// Written as money: floats are cast to four digits before they are summed.
    pub money: bool,
}

#[derive(Clone, Debug)]
pub enum MetricKind {
    Simple { dataset: usize, aggregation: Aggregation, argument: Option<Expr> },
    Ratio { numerator: Input, denominator: Input },
    Derived { formula: Expr, inputs: Vec<Input> },
}

#[derive(Clone, Debug)]
pub struct Input {
    pub metric: usize,
    pub alias: String,
    pub filter: Option<Expr>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Aggregation {
    Sum,
    Min,
    Max,
    Count,
    CountDistinct,
    Average,
    Median,
    Percentile(f64),
    DiscretePercentile(f64),
    SumBoolean,
    First,
    Last,
}

impl World {
    /// The datasets whose rows a metric is made of, each once, in order.
    pub fn datasets_of(&self, metric: usize) -> Vec<usize> {
        let mut found = match &self.metrics[metric].kind {
            MetricKind::Simple { dataset, .. } => vec![*dataset],
            MetricKind::Ratio { numerator, denominator } => {
                [self.datasets_of(numerator.metric), self.datasets_of(denominator.metric)].concat()
            }
            MetricKind::Derived { inputs, .. } => inputs.iter().flat_map(|i| self.datasets_of(i.metric)).collect(),
        };
        found.sort_unstable();
        found.dedup();
        found
    }

    /// Whether an absent member counts as 0 in a change: sums, counts, and their sums and differences.
    pub fn is_additive(&self, metric: usize) -> bool {
        match &self.metrics[metric].kind {
            MetricKind::Simple { aggregation, .. } => {
                matches!(aggregation, Aggregation::Sum | Aggregation::Count | Aggregation::SumBoolean)
            }
            MetricKind::Ratio { .. } => false,
            MetricKind::Derived { formula, inputs } => {
                is_sum(formula) && inputs.iter().all(|input| self.is_additive(input.metric))
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
