//! The calendar of a question: zone, week start, fiscal year.

use chrono::Weekday;
use chrono_tz::Tz;

/// How days, weeks and fiscal periods are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calendar {
    pub zone: Tz,
    /// Monday or Sunday.
    pub week_start: Weekday,
    pub fiscal_year_start: FiscalYearStart,
}

/// Month and day on which fiscal years start; the day is 1..=28.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FiscalYearStart {
    pub month: u32,
    pub day: u32,
}
