//! Rows as a question sees them: columns of joined tables, times, keys and measures over them.

use crate::catalog::aggregation::Aggregation;
use crate::data_type::{Clock, DataType};
use crate::expr::{DatePart, Expr, Kind};
use crate::model::metric::WindowChoice;
use crate::time::granularity::Granularity;
use crate::time::stored::StoredAs;

/// A table that a fact's rows are joined from: 0 is the fact itself, then one an attached hop.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Table(pub u32);

impl Table {
    pub const FACT: Table = Table(0);
    /// The units of a time spine, where a fact is read through windows.
    pub const SPINE: Table = Table(u32::MAX);
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
    /// A value of the event beside the row.
    Event {
        position: usize,
        data_type: DataType,
    },
    /// The value of the fact's attached metric at this position, for the row's keys.
    Metric {
        position: usize,
        data_type: DataType,
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
            RowRef::Metric { data_type, .. } | RowRef::Event { data_type, .. } => *data_type,
        }
    }
}

/// An expression over the joined row.
pub type RowExpr = Expr<RowRef>;

/// A time dimension over the joined row.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeColumn {
    /// A date or a timestamp.
    pub expr: Expr<ColumnRef>,
    pub stored: StoredAs,
}

impl TimeColumn {
    fn columns(&self) -> Vec<&ColumnRef> {
        self.expr.refs().into_iter().map(|reference| reference.value).collect()
    }

    pub(crate) fn column(&self) -> Option<&str> {
        match self.expr.kind.as_ref() {
            Kind::Ref(column) => Some(&column.column),
            _ => None,
        }
    }
}

/// What a joined row must have in common with the row that it is joined to.
#[derive(Clone, Debug, PartialEq)]
pub enum On {
    Equal {
        near: ColumnRef,
        far: ColumnRef,
    },
    /// The joined row's text is this.
    Is {
        far: ColumnRef,
        text: String,
    },
    /// Both times lie in one bucket.
    SameBucket {
        near: TimeColumn,
        far: TimeColumn,
        granularity: Granularity,
    },
    /// `from <= at` and `at < to`, a null `to` being open; by days where one of them is a date.
    ValidAt {
        at: TimeColumn,
        from: TimeColumn,
        to: TimeColumn,
    },
}

impl On {
    /// Every column that it speaks of.
    pub fn columns(&self) -> Vec<&ColumnRef> {
        match self {
            On::Equal { near, far } => vec![near, far],
            On::Is { far, .. } => vec![far],
            On::SameBucket { near, far, .. } => [near, far].into_iter().flat_map(|time| time.columns()).collect(),
            On::ValidAt { at, from, to } => [at, from, to].into_iter().flat_map(|time| time.columns()).collect(),
        }
    }

    /// The column of the joined table that, with those of the other conditions, tells its rows apart.
    pub fn key(&self) -> Option<&str> {
        match self {
            On::Equal { far, .. } | On::Is { far, .. } => Some(&far.column),
            On::SameBucket { far, .. } => far.column(),
            On::ValidAt { from, .. } => from.column(),
        }
    }
}

/// A group key as a column of the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Key {
    /// The column's name.
    pub name: String,
    /// Date for buckets of a day and longer, an instant for shorter ones, integer for date parts.
    pub data_type: DataType,
}

/// How a fact finds a key.
#[derive(Clone, Debug, PartialEq)]
pub enum KeySource {
    /// The bucket of a time column: its first local date or, shorter than a day, the instant it
    /// starts at (UTC), so that an hour that the clock repeats is two buckets.
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
    /// The fact knows nothing of it.
    Absent,
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
    /// The amount before it is converted, where the argument is the converted one.
    pub amount: Option<RowExpr>,
    /// `first` and `last`: the order of rows, the time axis and then the key.
    pub order: Vec<RowExpr>,
    /// Set where only the rows at the first or the last time count.
    pub balance: Option<Balance>,
    /// Positions of the periods that it is aggregated over; all where it is none.
    pub over: Option<Vec<usize>>,
    /// Of the aggregated value.
    pub data_type: DataType,
}

/// Which rows of a balance count: those at the first or the last time of their partition, among
/// the rows that lie in the period and pass the measure's filter.
///
/// The total has one partition for each distinct `by`; a group has them within each of the `buckets`.
#[derive(Clone, Debug, PartialEq)]
pub struct Balance {
    pub time: TimeColumn,
    /// Times of one period of it are one time.
    pub granularity: Granularity,
    pub choice: WindowChoice,
    pub by: Vec<RowExpr>,
    /// Positions of keys that are buckets of the same time.
    pub buckets: Vec<usize>,
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
    /// One row a group of each of several sets of keys, the first of no keys, from the same pass.
    Sets,
}
