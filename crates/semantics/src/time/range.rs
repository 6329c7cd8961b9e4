//! Time ranges: what was asked, and what it means now.

use chrono::{DateTime, NaiveDate, Utc};

use crate::diagnostic::Warning;
use crate::time::calendar::Calendar;
use crate::time::comparison::ResolvedComparison;
use crate::time::granularity::Granularity;

/// A stretch of time: the local dates it touches and the instants it lies between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    pub first: NaiveDate,
    /// Belongs to the window.
    pub last: NaiveDate,
    pub start: DateTime<Utc>,
    /// Does not belong to the window.
    pub end: DateTime<Utc>,
    /// Set for a range of elapsed hours; its dates are those it touches.
    pub hours: Option<u32>,
}

impl Window {
    /// Local dates from the first to the last, skipped ones too.
    pub fn days(&self) -> i64 {
        (self.last - self.first).num_days() + 1
    }

    /// Whether two windows share an instant.
    pub fn overlaps(&self, other: &Window) -> bool {
        self.start < other.end && other.start < self.end
    }
}

/// The time part of a request, as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimeArguments {
    pub time_range: Option<String>,
    pub start_date: Option<String>,
    pub end_date: Option<String>,
    pub granularity: Option<Granularity>,
    pub include_today: bool,
    pub complete_days_only: bool,
    pub align_to_granularity: bool,
    /// A mode or a range.
    pub comparison: Option<String>,
}

/// A range of dates with a name of its own; both ends belong to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedRange {
    pub name: String,
    pub first: NaiveDate,
    pub last: NaiveDate,
}

/// First and last local date that the asked data has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataExtent {
    pub first: NaiveDate,
    pub last: NaiveDate,
}

/// What a range is resolved against.
#[derive(Clone, Copy, Debug)]
pub struct TimeContext<'a> {
    /// The question's `as_of`.
    pub now: DateTime<Utc>,
    pub calendar: &'a Calendar,
    pub named: &'a [NamedRange],
    /// Absent when nothing is known about the data, or there is none.
    pub data: Option<DataExtent>,
    /// The declared instant up to which the data is complete.
    pub watermark: Option<DateTime<Utc>>,
}

/// What a range was asked by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Neither a range nor dates: all data.
    Nothing,
    Words(String),
    Dates {
        start_date: String,
        end_date: String,
    },
}

/// A range, what is to be said about it, and what it is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedTime {
    pub asked: Asked,
    pub range: Window,
    /// Whether the range touches the local date of now.
    pub includes_today: bool,
    /// Whether the range ended by now and by the watermark.
    pub complete: bool,
    pub warnings: Vec<Warning>,
    /// Present when a comparison was asked, `none` and `target` too.
    pub comparison: Option<ResolvedComparison>,
}
