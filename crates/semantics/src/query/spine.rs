//! Time spines: the units that a question's periods are made of, and the stretch of time that a
//! windowed measure reads for each.
//!
//! A cumulative metric reads up to the end of a unit, an offset one reads an earlier stretch. Units
//! are counted by the calendar, not by rows: a missing day is a missing day.

use chrono::{DateTime, NaiveDate, Utc};

use super::resolved::BucketStart;
use super::row::{ColumnRef, RowExpr, Table, TimeColumn};
use crate::catalog::{Accumulation, Offset};
use crate::data_type::{Clock, DataType};
use crate::expr::{Expr, Kind};
use crate::model::metric::PeriodAggregation;
use crate::source::{SourceId, Span};
use crate::time::granularity::Granularity;
use crate::time::stored::StoredAs;

/// One step from a unit of the question to the stretch that is read, the question's side first.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum TimeStep {
    Offset(Offset),
    Accumulate {
        over: Accumulation,
        /// How the values within a period longer than a unit become one.
        pick: PeriodAggregation,
    },
}

/// The units of a question with what is read for each.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeSpine {
    pub unit: Granularity,
    pub slots: Vec<Slot>,
    /// The conditions on time that all of the units pass.
    pub passed: Vec<RowExpr>,
}

/// What is read for one unit of one period.
#[derive(Clone, Debug, PartialEq)]
pub struct Slot {
    /// Position among the plan's periods.
    pub period: usize,
    /// The unit's start; none where nothing is grouped by time.
    pub unit: Option<BucketStart>,
    /// Whether it is read for the total over no keys.
    pub is_total: bool,
    pub reads: Stretch,
}

/// A stretch of time without an end of its own kind in rows: local dates for units of a day and
/// longer, instants for shorter ones. No start means from the beginning; the end is excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stretch {
    Dates { first: Option<NaiveDate>, end: NaiveDate },
    Instants { start: Option<DateTime<Utc>>, end: DateTime<Utc> },
}

/// Name of the spine's column.
pub const UNIT_COLUMN: &str = "__unit";

/// The spine's units as a time column of the joined row.
pub fn unit_column(is_sub_day: bool) -> TimeColumn {
    let data_type = if is_sub_day { DataType::Timestamp(Clock::Instant) } else { DataType::Date };
    let column = ColumnRef { table: Table::SPINE, column: UNIT_COLUMN.to_string(), data_type };
    let stored = if is_sub_day { StoredAs::Instant } else { StoredAs::Date };
    TimeColumn { expr: Expr::new(Kind::Ref(column), Span::new(SourceId(0), 0, 0)), stored }
}
