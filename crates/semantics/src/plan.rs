//! The semantic plan: how a resolved query is answered, one verb a node.
//!
//! A plan reads each dataset once (per time axis), attaches dimensions along many-to-one hops,
//! keeps the rows in question, aggregates every measure over every period in that one pass,
//! aligns the aggregates of several datasets null-safely on the keys, and computes metrics from
//! the aligned measures. Everything in it is resolved and typed: no fault of the user's is left
//! but faults of the data.
//!
//! Output of the whole plan, one row a group and one for the total: see [`ComputeMetrics`].

use crate::catalog::aggregation::Aggregation;
use crate::catalog::id::DatasetId;
use crate::catalog::join_graph::ManyToOneHop;
use crate::data_type::{Clock, DataType};
use crate::expr::{DatePart, Expr};
use crate::query::computation::Computation;
use crate::query::period::Period;
use crate::time::calendar::Calendar;
use crate::time::granularity::Granularity;
use crate::time::stored::StoredAs;

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
    pub calendar: Calendar,
}

/// A table that a fact's rows are joined from: 0 is the fact itself, then one an attached hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Table(pub u32);

impl Table {
    pub const FACT: Table = Table(0);
}

/// A physical column of one of the joined tables.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ColumnRef {
    pub table: Table,
    pub column: String,
    pub data_type: DataType,
}

/// What an expression over the joined row refers to.
#[derive(Clone, Debug, PartialEq)]
pub enum RowRef {
    Column(ColumnRef),
    /// The wall clock of a time column in the question's zone: a date for a date column, otherwise
    /// a timestamp without a zone.
    LocalTime(Box<TimeColumn>),
    /// The bucket of a time column, as a group key has it.
    Bucket {
        time: Box<TimeColumn>,
        granularity: Granularity,
    },
}

impl RowRef {
    /// The type of the reference's values.
    pub fn data_type(&self) -> DataType {
        match self {
            RowRef::Column(column) => column.data_type,
            RowRef::LocalTime(time) if time.stored == StoredAs::Date => DataType::Date,
            RowRef::LocalTime(_) => DataType::Timestamp(Clock::Local),
            RowRef::Bucket { granularity, .. } if granularity.is_sub_day() => DataType::Timestamp(Clock::Local),
            RowRef::Bucket { .. } => DataType::Date,
        }
    }
}

/// An expression over the joined row.
pub type RowExpr = Expr<RowRef>;

/// A group key as a column of the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// The column's name.
    pub name: String,
    /// Date for buckets of a day and longer, local timestamp for shorter ones, integer for date parts.
    pub data_type: DataType,
}

/// Which rows the aggregation gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// No keys: exactly one row, the total.
    Total,
    /// One row a group.
    Groups,
    /// One row a group and one for the total, from the same pass (grouping sets `(keys)` and `()`).
    GroupsAndTotal,
}

/// Computes metrics from aligned measures.
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
    /// At least one.
    pub inputs: Vec<Aggregate>,
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
}

/// How a fact finds a key.
#[derive(Clone, Debug, PartialEq)]
pub enum KeySource {
    /// The bucket of a time column.
    Bucket {
        time: TimeColumn,
        granularity: Granularity,
    },
    /// A part of a time column's local date or time.
    DatePart {
        time: TimeColumn,
        part: DatePart,
    },
    Value(RowExpr),
}

/// A time dimension over the joined row.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeColumn {
    /// A date or a timestamp.
    pub expr: Expr<ColumnRef>,
    pub stored: StoredAs,
}

/// An aggregation of one fact's rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// For people: the metric it was written in.
    pub name: String,
    pub aggregation: Aggregation,
    /// What is aggregated; `None` counts rows.
    pub argument: Option<RowExpr>,
    /// The measure's own conditions, ANDed; a row counts where all are true.
    pub filter: Vec<RowExpr>,
    /// Scale that a float argument is cast to, row by row, before an exact sum; set for money.
    pub money_scale: Option<u8>,
    /// `first` and `last`: the order of rows, the time axis and then the key.
    pub order: Vec<RowExpr>,
    /// Of the aggregated value.
    pub data_type: DataType,
}

/// Rows of one fact with its dimensions attached.
#[derive(Clone, Debug, PartialEq)]
pub enum Rows {
    /// Reads these columns of a dataset as table [`Table::FACT`]; the one scan of it.
    Read { dataset: DatasetId, columns: Vec<String> },
    /// Left-joins the at most one row that a hop leads to, as a new table.
    Attach { input: Box<Rows>, hop: ManyToOneHop, from: Table, table: Table, columns: Vec<String> },
    /// Keeps rows of any of the periods (an index into the plan's list), by the axis.
    ConstrainTime { input: Box<Rows>, axis: TimeColumn },
    /// Keeps rows for which every condition is true.
    Where { input: Box<Rows>, conditions: Vec<RowExpr> },
}

impl Aggregate {
    /// The fact's time axis; the plan's periods are read by it.
    pub fn axis(&self) -> Option<&TimeColumn> {
        let mut rows = &self.input;
        loop {
            match rows {
                Rows::ConstrainTime { axis, .. } => return Some(axis),
                Rows::Attach { input, .. } | Rows::Where { input, .. } => rows = input,
                Rows::Read { .. } => return None,
            }
        }
    }

    /// The fact's dataset.
    pub fn dataset(&self) -> DatasetId {
        let mut rows = &self.input;
        loop {
            match rows {
                Rows::ConstrainTime { input, .. } | Rows::Attach { input, .. } | Rows::Where { input, .. } => {
                    rows = input
                }
                Rows::Read { dataset, .. } => return *dataset,
            }
        }
    }
}
