//! The semantic plan: how a resolved query is answered, one verb a node.
//!
//! A plan reads each dataset once (per time axis), attaches dimensions along many-to-one hops,
//! keeps the rows in question, aggregates every measure over every period in that one pass,
//! aligns the aggregates of several datasets null-safely on the keys, and computes metrics from
//! the aligned measures. Everything in it is resolved and typed: no fault of the user's is left
//! but faults of the data.
//!
//! Output of the whole plan, one row a group and one for the total: see [`ComputeMetrics`].

mod add_up;
pub mod build;
pub mod display;

pub use build::plan;

use crate::catalog::aggregation::Aggregation;
use crate::catalog::id::DatasetId;
use crate::catalog::join_graph::Hop;
use crate::model::metric::PeriodAggregation;
use crate::query::cohort::{First, Within};
use crate::query::computation::{Computation, ComputationId};
use crate::query::events::Follow;
use crate::query::period::Period;
pub use crate::query::resolved::MemberTimes;
use crate::query::resolved::Padding;
use crate::query::spine::TimeSpine;
use crate::time::calendar::Calendar;

pub use crate::query::row::{
    Balance, ColumnRef, Grouping, Key, KeySource, Measure, On, RowExpr, RowRef, Table, TimeColumn,
};

/// A plan: the nodes, the periods they aggregate over, and the keys of the groups.
#[derive(Clone, Debug, PartialEq)]
pub struct SemanticPlan {
    pub root: ComputeMetrics,
    /// Aggregated side by side; the first is the range as asked.
    pub periods: Vec<Period>,
    /// Group keys in the order of their columns.
    pub keys: Vec<Key>,
    /// Which groups are made.
    pub grouping: Grouping,
    /// Positions of the keys of each grouping, of several; the first has none.
    pub sets: Vec<Vec<usize>>,
    pub calendar: Calendar,
}

/// Computes metrics from aligned measures.
///
/// Of several groupings, `__set` (integer) says which one a row is of.
///
/// Lowered, its columns are: `__total` (boolean: the row is the total over no keys), `__k{i}` for
/// key i, `__rows_p{p}` (integer: rows of any fact that any measure read in period p), and
/// `__c{c}_p{p}` for computation c in period p. The order of rows is not defined.
#[derive(Clone, Debug, PartialEq)]
pub struct ComputeMetrics {
    pub input: CombineAggregates,
    /// In an order in which each uses only earlier ones.
    pub computations: Vec<Computation>,
}

/// Aligns aggregates of several facts on the keys: a full outer join that takes nulls as equal.
#[derive(Clone, Debug, PartialEq)]
pub struct CombineAggregates {
    /// At least one, or members.
    pub inputs: Vec<Aggregate>,
    /// Values that stand beside every row that has the same keys.
    pub of_groups: Vec<AggregateGroups>,
    /// Groups that are listed whether or not an input has them.
    pub members: Option<Members>,
}

/// Aggregates the values that a metric has for finer groups to those of the plan.
///
/// A finer group counts in a period where some measure read a row of it there. Lowered, its columns are `__total`, the
/// keys and `__g{position}_p{p}`.
#[derive(Clone, Debug, PartialEq)]
pub struct AggregateGroups {
    /// For people.
    pub name: String,
    pub aggregation: Aggregation,
    /// Positions of the plan's keys that it is aggregated by; its one value stands beside every row where there are none.
    pub keys: Vec<usize>,
    /// The metric by these keys, then the finer ones.
    pub in_groups: Option<MetricByKeys>,
    /// The metric by the finer keys alone, for the total.
    pub in_total: Option<MetricByKeys>,
}

/// Lists the combinations of dimensions that there are.
///
/// Its joins keep what has no partner on either side: nothing is aggregated, so nothing fans out.
#[derive(Clone, Debug, PartialEq)]
pub struct Members {
    /// Reads, attachments and the constraint of time; none where only periods are listed.
    pub rows: Option<Rows>,
    /// Columns of those rows that keys and conditions speak of.
    pub columns: Vec<(Table, String)>,
    /// Stand beside every row.
    pub times: Option<MemberTimes>,
    /// Columns that are read of a time spine.
    pub spine_columns: Vec<String>,
    pub conditions: Vec<RowExpr>,
    pub keys: Vec<KeySource>,
}

/// Aggregates every measure over every period in one pass over the rows of one fact.
///
/// A row is kept when it lies in one of the periods and passes the filter of one of the measures;
/// so a group exists only where a measure has rows. In a group, a count is null where no row passes the measure's own
/// filter in that period; over no keys it is 0 there.
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    pub input: Rows,
    /// The fact's own way to each of the plan's keys.
    pub keys: Vec<KeySource>,
    pub measures: Vec<Measure>,
    /// Of rows that stand in windows of a time spine: how the values of a group's units become one;
    /// none where a group is one unit.
    pub pick: Option<PeriodAggregation>,
    /// Positions of the keys that it is aggregated by, of one whose values stand beside every row of the
    /// other aggregates that has the same of these; all keys where it is none.
    pub level: Option<Vec<usize>>,
    /// Joins the aggregates to a time spine, so that units without rows are listed.
    pub padding: Option<Padding>,
}

/// A computation of a plan of its own, in its first period, by the plan's keys.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricByKeys {
    pub plan: SemanticPlan,
    pub computation: ComputationId,
}

/// The events that follow the rows of a fact.
#[derive(Clone, Debug, PartialEq)]
pub struct EventRows {
    /// Not constrained to the plan's periods, but to `reads`, by the axis.
    pub rows: Rows,
    pub axis: TimeColumn,
    pub reads: Period,
    pub follow: Follow,
}

/// The rows that belong to the members of a cohort.
#[derive(Clone, Debug, PartialEq)]
pub struct AgeRows {
    /// Not constrained to the plan's periods, but to `reads`, by the axis.
    pub rows: Rows,
    pub axis: TimeColumn,
    pub reads: Period,
    pub within: Within,
}

/// Rows of one fact with its dimensions attached.
#[derive(Clone, Debug, PartialEq)]
pub enum Rows {
    /// Reads these columns of a dataset as table [`Table::FACT`]; the one scan of it.
    Read { dataset: DatasetId, columns: Vec<String> },
    /// Left-joins the at most one row that a hop leads to, as a new table.
    Attach { input: Box<Rows>, hop: Hop, on: Vec<On>, table: Table, columns: Vec<String> },
    /// Left-joins the value that a metric has for the row's keys: the plan gives at most one row for
    /// each. Position `position` of [`RowRef::Metric`].
    AttachMetric { input: Box<Rows>, position: usize, name: String, keys: Vec<RowExpr>, of: Box<MetricByKeys> },
    /// Puts each event beside the latest row that it follows, in each period; rows without events are
    /// left out.
    AttachEvents { input: Box<Rows>, events: Box<EventRows> },
    /// Keeps the first row of each thing, by the axis; only rows that its conditions hold for are looked at.
    KeepFirst { input: Box<Rows>, axis: TimeColumn, first: First },
    /// Puts each row of a member's age beside its entry, or keeps the entries of members who came back.
    AttachWithinAge { input: Box<Rows>, age: Box<AgeRows> },
    /// Keeps rows of any of the periods (an index into the plan's list), by the axis.
    ConstrainTime { input: Box<Rows>, axis: TimeColumn },
    /// Puts each row beside every unit of the spine whose stretch it lies in, by the axis; only rows of
    /// `reads` are looked at. The units are table [`Table::SPINE`].
    JoinOverTimeRange { input: Box<Rows>, axis: TimeColumn, spine: TimeSpine, reads: Period },
    /// Adds up the rows of each day of the axis that have the same keys, of those of `reads`: what windows of days read
    /// is told from such parts, whatever the window.
    AddUpByTime { input: Box<Rows>, axis: TimeColumn, reads: Period, keys: Vec<KeySource>, measures: Vec<Measure> },
    /// Keeps rows for which every condition is true.
    Where { input: Box<Rows>, conditions: Vec<RowExpr> },
}

impl Rows {
    /// The rows that this node is about; none for the read.
    pub fn input(&self) -> Option<&Rows> {
        match self {
            Rows::Read { .. } => None,
            Rows::Attach { input, .. }
            | Rows::AttachMetric { input, .. }
            | Rows::AttachEvents { input, .. }
            | Rows::KeepFirst { input, .. }
            | Rows::AttachWithinAge { input, .. }
            | Rows::ConstrainTime { input, .. }
            | Rows::JoinOverTimeRange { input, .. }
            | Rows::AddUpByTime { input, .. }
            | Rows::Where { input, .. } => Some(input),
        }
    }

    /// This node and those beneath it, down to the read.
    pub fn nodes(&self) -> impl Iterator<Item = &Rows> {
        std::iter::successors(Some(self), |rows| rows.input())
    }
}

impl Aggregate {
    /// The fact's time axis; the plan's periods are read by it.
    pub fn axis(&self) -> Option<&TimeColumn> {
        self.input.nodes().find_map(|node| match node {
            Rows::ConstrainTime { axis, .. } | Rows::JoinOverTimeRange { axis, .. } => Some(axis),
            _ => None,
        })
    }

    /// The rows that any window reads, of rows that stand in windows.
    pub fn reads(&self) -> Option<&Period> {
        self.input.nodes().find_map(|node| match node {
            Rows::JoinOverTimeRange { reads, .. } => Some(reads),
            _ => None,
        })
    }

    /// The spine whose windows the rows stand in.
    pub fn spine(&self) -> Option<&TimeSpine> {
        self.input.nodes().find_map(|node| match node {
            Rows::JoinOverTimeRange { spine, .. } => Some(spine),
            _ => None,
        })
    }

    /// The keys by which its rows were added up before windows read them; none where they are read themselves.
    pub fn added_up(&self) -> Option<&[KeySource]> {
        self.input.nodes().find_map(|node| match node {
            Rows::AddUpByTime { keys, .. } => Some(keys.as_slice()),
            _ => None,
        })
    }

    /// Whether a join repeats the fact's rows; each then counts once a group, and once in the total.
    pub fn repeats_rows(&self) -> bool {
        self.input.nodes().any(|node| matches!(node, Rows::Attach { hop: Hop::Bridge(_), .. }))
    }

    /// Whether its measures are of events beside its rows.
    pub fn is_of_events(&self) -> bool {
        matches!(self.input, Rows::AttachEvents { .. })
    }

    /// The fact's dataset.
    pub fn dataset(&self) -> DatasetId {
        let read = self.input.nodes().find_map(|node| match node {
            Rows::Read { dataset, .. } => Some(*dataset),
            _ => None,
        });
        read.expect("every chain of rows ends in a read")
    }
}
