//! Periods: the stretches of time that measures are aggregated over.

use chrono::{DateTime, NaiveDate, Utc};

/// A set of instants, and the local dates it means on a date-only axis.
///
/// No bound means all data. Intervals are half-open, in order, and do not overlap; there are
/// several only for `previous_4_average`, and none in a period of which nothing has elapsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Period {
    pub intervals: Vec<Interval>,
}

/// One stretch of time. `instants` bound a timestamp axis, `dates` (both inclusive) a date axis;
/// `dates` is `None` where no whole day of the stretch is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interval {
    pub start: Option<DateTime<Utc>>,
    /// Exclusive; never later than just after `as_of`.
    pub end: DateTime<Utc>,
    pub dates: Option<Dates>,
}

/// Inclusive local dates; no `first` means from the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dates {
    pub first: Option<NaiveDate>,
    pub last: NaiveDate,
}
