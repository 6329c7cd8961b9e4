//! A resolved query: every name of the request is a thing of the catalog, every time an instant.

use chrono::{DateTime, NaiveDate, Utc};

use crate::catalog::aggregation::Aggregation;
use crate::catalog::bind::PhysicalColumn;
use crate::catalog::id::{DatasetId, MetricId};
use crate::catalog::join_graph::Hop;
use crate::catalog::{Axis, Metric};
use crate::data_type::DataType;
use crate::diagnostic::Warning;
use crate::expr::{Expr, Name};
use crate::model::metric::{Offset, PeriodAggregation};
use crate::query::audit::Slices;
use crate::query::cohort::Cohort;
use crate::query::computation::{Computation, ComputationId};
use crate::query::events::Events;
use crate::query::field::Field;
use crate::query::period::Period;
use crate::query::request::OutputArguments;
use crate::query::row::{Grouping, Key, KeySource, Measure, On, RowExpr, Table, TimeColumn};
use crate::query::spine::{TimeSpine, TimeStep};
use crate::time::calendar::Calendar;
use crate::time::comparison::ResolvedComparison;
use crate::time::granularity::Granularity;
use crate::time::range::ResolvedTime;

/// What a request means.
#[derive(Clone, Debug, PartialEq)]
pub struct ResolvedQuery {
    /// Metrics in the order asked, then those that only `having` and `order_by` name.
    pub outputs: Vec<Output>,
    pub groups: Vec<Group>,
    pub grouping: Grouping,
    /// What it is answered by beside the total: of an audit.
    pub slices: Option<Slices>,
    /// One a dataset and time axis.
    pub facts: Vec<Fact>,
    /// Values of finer groups, aggregated to those of the question.
    pub of_groups: Vec<OfGroups>,
    /// Groups that are there whether or not anything was measured of them.
    pub members: Option<Members>,
    pub computations: Vec<Computation>,
    /// Conditions on results, ANDed.
    pub having: Vec<Expr<OutputColumn>>,
    /// The whole order: what was asked or the default, then the groups, so that it is total.
    pub order: Vec<Order>,
    /// Part of the question.
    pub limit: Option<u64>,
    pub cursor: Option<String>,
    pub time: QueryTime,
    pub output: OutputArguments,
    /// The currency of amounts: what was asked for, else the model's.
    pub currency: Option<String>,
    /// Conditions in canonical form.
    pub filters: Vec<String>,
    /// Arguments that were not given and have a default that mattered.
    pub defaults_used: Vec<&'static str>,
    /// Slips of the request that were read as what they mean.
    pub notes: Vec<String>,
    pub warnings: Vec<Warning>,
}

/// A metric as a column of the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    pub metric: MetricId,
    /// The column's name: the canonical name, or the alias that was given.
    pub name: String,
    /// As written.
    pub asked: String,
    pub computation: ComputationId,
    /// False for a metric that only an order or a condition names.
    pub shown: bool,
    pub additivity: Additivity,
    /// What it is counted in: the metric's own unit, or the currency that its amounts are in.
    pub unit: Option<String>,
    /// Whether its format is percent, so that changes have points too.
    pub percent: bool,
    /// Position in [`QueryTime::changes`].
    pub change: Option<usize>,
    /// How much earlier it is read than the question's periods.
    pub offset: Option<Offset>,
}

impl Output {
    /// What its metric is, and when it is read.
    pub fn definition(&self, metric: &Metric) -> String {
        match &self.offset {
            None => metric.definition.clone(),
            Some(offset) => format!("{} {}", metric.name, offset.words()),
        }
    }

    /// The metric's label, and when it is read.
    pub fn label(&self, metric: &Metric) -> Option<String> {
        let label = metric.label.as_ref()?;
        Some(match &self.offset {
            None => label.clone(),
            Some(offset) => format!("{label}, {}", offset.words()),
        })
    }
}

/// What an absent member counts as in a change, and how the mean of several windows is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Additivity {
    /// Sums and counts and their sums and differences: absent is 0, the mean is the sum over the windows ÷ their number.
    Additive,
    /// Quotients: the mean is the quotient of the sums over the windows.
    Ratio,
    /// Distinct counts, percentiles and the like: the mean of the windows' values.
    NonAdditive,
}

/// A group of the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    pub key: Key,
    pub field: Field,
    /// Of a time bucket.
    pub granularity: Option<Granularity>,
    /// Whether it is the question's time series: `metric_time` in buckets.
    pub is_series: bool,
}

/// The rows of one dataset, on one time axis, that measures are made from.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    pub dataset: DatasetId,
    pub axis: Axis,
    pub axis_column: TimeColumn,
    pub tables: Vec<Attached>,
    /// Metrics of conditions, each attached to the rows by its keys.
    pub attached_metrics: Vec<AttachedMetric>,
    /// On rows, before aggregation, ANDed.
    pub conditions: Vec<RowExpr>,
    /// This fact's way to each of the groups.
    pub keys: Vec<KeySource>,
    pub measures: Vec<Measure>,
    /// The simple metric of each measure.
    pub metrics: Vec<MetricId>,
    /// Amounts that nothing converts: their rows must all have one currency.
    pub one_currency: Option<OneCurrency>,
    /// Of a fact that is read through windows of a time spine.
    pub windows: Option<Windows>,
    /// Of a fact whose measures are of the events that follow its rows.
    pub events: Option<Box<Events>>,
    /// Of a fact whose rows are the members of a cohort.
    pub cohort: Option<Box<Cohort>>,
    /// Positions of the groups that it is aggregated by, of one whose values stand beside every
    /// group that has the same of these.
    pub level: Option<Vec<usize>>,
    /// The units that are listed where there are no rows.
    pub padding: Option<Padding>,
}

/// A dataset whose amounts are added up as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneCurrency {
    /// The column that names the currency of a row.
    pub column: PhysicalColumn,
    /// The currency that they must be in; any, but only one, where nobody says.
    pub wanted: Option<String>,
}

/// How a fact is read for each unit of a time spine, instead of each row in its own period.
#[derive(Clone, Debug, PartialEq)]
pub struct Windows {
    pub steps: Vec<TimeStep>,
    pub spine: TimeSpine,
    /// How the values of the units of one group become one; none where each group is one unit.
    pub pick: Option<PeriodAggregation>,
    /// The rows that any window reads.
    pub reads: Period,
    /// Conditions on units, ANDed.
    pub conditions: Vec<RowExpr>,
}

/// Units of a time spine that are listed though no rows are in them.
#[derive(Clone, Debug, PartialEq)]
pub struct Padding {
    pub spine: TimeSpine,
    /// What is found by a unit, with the columns that are read of it.
    pub tables: Vec<(Attached, Vec<String>)>,
    /// Conditions on units, ANDed.
    pub conditions: Vec<RowExpr>,
    /// This fact's way to each group, over units; none for groups that units say nothing of.
    pub keys: Vec<Option<KeySource>>,
}

/// Combinations of dimensions: those of one dataset with the members that none of its rows belong to,
/// beside every period.
#[derive(Clone, Debug, PartialEq)]
pub struct Members {
    /// None where only periods are asked.
    pub base: Option<DatasetId>,
    pub tables: Vec<Attached>,
    /// The time by which rows of `base` lie in the question's range, where that is asked of them.
    pub axis: Option<TimeColumn>,
    pub times: Option<MemberTimes>,
    /// ANDed.
    pub conditions: Vec<RowExpr>,
    /// The way to each of the groups.
    pub keys: Vec<KeySource>,
}

impl Members {
    /// The datasets that are read.
    pub fn reads(&self) -> Vec<DatasetId> {
        let spine = match &self.times {
            Some(MemberTimes::Spine { dataset, .. }) => Some(*dataset),
            Some(MemberTimes::Calendar(_)) | None => None,
        };
        self.base.into_iter().chain(self.tables.iter().map(|table| table.hop.to())).chain(spine).collect()
    }
}

/// Periods that are there whether or not anything happened in them.
#[derive(Clone, Debug, PartialEq)]
pub enum MemberTimes {
    /// Those of a declared time spine.
    Spine {
        dataset: DatasetId,
        table: Table,
        /// Its periods.
        column: TimeColumn,
        within: Option<Period>,
    },
    /// Those of the calendar.
    Calendar(TimeSpine),
}

/// A dimension table that a fact's rows are joined with.
#[derive(Clone, Debug, PartialEq)]
pub struct Attached {
    pub hop: Hop,
    /// What the hop's two ends have in common, ANDed.
    pub on: Vec<On>,
    pub table: Table,
}

impl Attached {
    /// The columns that tell the things of a dataset of versions apart, and those that say from when until when a
    /// version holds; none of a dataset without versions.
    pub fn versions(&self) -> Option<(Vec<String>, String, String)> {
        let (from, to) = self.on.iter().find_map(|on| match on {
            On::ValidAt { from, to, .. } => from.column().zip(to.column()),
            On::Equal { .. } | On::SameBucket { .. } | On::Is { .. } => None,
        })?;
        let things = self.on.iter().filter(|on| !matches!(on, On::ValidAt { .. })).filter_map(On::key);
        Some((things.map(str::to_string).collect(), from.to_string(), to.to_string()))
    }

    /// The columns of the joined dataset that must tell its rows apart.
    pub fn key(&self) -> Vec<String> {
        self.on.iter().filter_map(On::key).map(str::to_string).collect()
    }
}

/// The value that a metric has over all data, for the keys of each row.
#[derive(Clone, Debug, PartialEq)]
pub struct AttachedMetric {
    /// As in the condition: `metric(bookings, listing)`.
    pub name: String,
    /// The row's keys, in the order of the query's groups.
    pub keys: Vec<RowExpr>,
    /// Gives the metric by the keys: at most one row for each.
    pub query: Box<ResolvedQuery>,
}

/// The values that a metric has for finer groups, aggregated once more.
#[derive(Clone, Debug, PartialEq)]
pub struct OfGroups {
    /// For people: `average of revenue per customer`.
    pub name: String,
    pub aggregation: Aggregation,
    pub data_type: DataType,
    /// Positions of the question's groups that it has a value for each of; one value stands beside all where it has
    /// none.
    pub keys: Vec<usize>,
    /// Gives the metric by those groups, then the finer ones; none where only the total is asked.
    pub in_groups: Option<Box<ResolvedQuery>>,
    /// Gives it by the finer groups alone; none where the total is not asked.
    pub in_total: Option<Box<ResolvedQuery>>,
    /// Of the metric, in both.
    pub computation: ComputationId,
}

/// A column of the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OutputColumn {
    Group(usize),
    /// Position in [`ResolvedQuery::outputs`].
    Metric(usize, Part),
}

/// What of a metric a column shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Part {
    Value,
    Previous,
    Change,
    PercentChange,
    /// Percentage points; of percent metrics.
    Points,
    /// The targets of all periods that the row touches, where only a part of them is held against it.
    FullTarget,
}

impl Part {
    pub const ALL: [Part; 6] =
        [Part::Value, Part::Previous, Part::Change, Part::PercentChange, Part::Points, Part::FullTarget];

    /// What follows the metric's name in the column's.
    pub fn suffix(self) -> &'static str {
        match self {
            Part::Value => "",
            Part::Previous => "__previous",
            Part::Change => "__change",
            Part::PercentChange => "__percent_change",
            Part::Points => "__points",
            Part::FullTarget => "__full_target",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    pub column: OutputColumn,
    pub descending: bool,
}

/// The time of a question.
#[derive(Clone, Debug, PartialEq)]
pub struct QueryTime {
    pub calendar: Calendar,
    /// The question's clock.
    pub as_of: DateTime<Utc>,
    /// What the range was and what it means; `None` reads all data.
    pub range: Option<ResolvedTime>,
    pub granularity: Option<Granularity>,
    /// Position 0 is the range as asked.
    pub periods: Vec<Period>,
    /// The comparisons in force: one, or one a distinct watermark.
    pub changes: Vec<Change>,
    /// Buckets of the range and of its comparison, by position.
    pub series: Option<Series>,
}

/// Two sides of a change.
#[derive(Clone, Debug, PartialEq)]
pub struct Change {
    pub comparison: ResolvedComparison,
    /// `None` where nothing of the range is complete.
    pub sides: Option<Sides>,
    /// What each output is held against, where that is the model's targets.
    pub targets: Vec<TargetOf>,
}

/// A target that an output is held against.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetOf {
    /// Position in [`ResolvedQuery::outputs`].
    pub output: usize,
    /// Position in [`crate::catalog::Catalog::targets`].
    pub target: usize,
    pub granularity: Granularity,
    /// The dimension of the target that each group of the question is; none for the time series.
    pub keys: Vec<Option<String>>,
    /// Over its dimensions, ANDed.
    pub conditions: Vec<Expr<Name>>,
}

/// Positions in [`QueryTime::periods`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sides {
    /// Position 0 unless only a part of the range has elapsed.
    pub current: usize,
    /// One, or the four of `previous_4_average`.
    pub windows: Vec<usize>,
    /// All windows as one period; the only window's own position where there is one.
    pub together: usize,
}

/// The buckets of a time series, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series {
    pub current: Vec<BucketStart>,
    /// The buckets of each comparison window, in order.
    pub previous: Vec<Vec<Partner>>,
}

/// A bucket of a comparison window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Partner {
    /// The place in the range of the bucket that is held against it; that of no bucket where it has no partner.
    pub position: usize,
    pub start: BucketStart,
}

/// A bucket's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BucketStart {
    Date(NaiveDate),
    Instant(DateTime<Utc>),
}

impl QueryTime {
    /// Whether the question is held against the model's targets.
    pub fn is_against_targets(&self) -> bool {
        self.changes.iter().any(|change| !change.targets.is_empty())
    }
}

impl Part {
    /// Whether an answer has the column, of a metric in percent or not.
    pub fn exists(self, time: &QueryTime, percent: bool) -> bool {
        match self {
            Part::Value => true,
            Part::Previous | Part::Change | Part::PercentChange => !time.changes.is_empty(),
            Part::Points => !time.changes.is_empty() && percent,
            Part::FullTarget => time.is_against_targets(),
        }
    }
}

impl ResolvedQuery {
    /// Its facts, those of rows beside them, those of the metrics attached to them and those of finer groups.
    pub fn all_facts(&self) -> Vec<&Fact> {
        let events = self.facts.iter().filter_map(|fact| Some(&fact.events.as_ref()?.fact));
        let ages = self.facts.iter().filter_map(|fact| Some(&fact.cohort.as_ref()?.age.as_ref()?.fact));
        let own: Vec<&Fact> = self.facts.iter().chain(events).chain(ages).collect();
        let attached = own.iter().flat_map(|fact| &fact.attached_metrics);
        let attached: Vec<&Fact> = attached.flat_map(|metric| metric.query.all_facts()).collect();
        let finer = self.of_groups.iter().flat_map(|of| of.in_groups.iter().chain(&of.in_total));
        let finer: Vec<&Fact> = finer.flat_map(|query| query.all_facts()).collect();
        own.into_iter().chain(attached).chain(finer).collect()
    }

    /// The keys of its rows: of its groups, or of what it is sliced by.
    pub fn keys(&self) -> impl Iterator<Item = &Group> {
        self.groups.iter().chain(self.slices.iter().flat_map(|slices| &slices.groups))
    }

    /// The name of a column of the answer.
    pub fn column_name(&self, column: OutputColumn) -> String {
        match column {
            OutputColumn::Group(i) => self.groups[i].key.name.clone(),
            OutputColumn::Metric(i, part) => format!("{}{}", self.outputs[i].name, part.suffix()),
        }
    }

    /// The type of a metric's value.
    pub fn output_type(&self, output: &Output) -> DataType {
        self.computations[output.computation.0].data_type
    }
}
