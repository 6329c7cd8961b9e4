//! The units that date functions and intervals count in, and the parts that dates have.

use std::fmt;

/// A unit of `date_trunc`, `date_diff` and intervals, finest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TimeUnit {
    Second,
    Minute,
    Hour,
    Day,
    /// ISO: from Monday.
    Week,
    Month,
    Quarter,
    Year,
}

impl TimeUnit {
    pub const ALL: [TimeUnit; 8] = [
        TimeUnit::Second,
        TimeUnit::Minute,
        TimeUnit::Hour,
        TimeUnit::Day,
        TimeUnit::Week,
        TimeUnit::Month,
        TimeUnit::Quarter,
        TimeUnit::Year,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            TimeUnit::Second => "second",
            TimeUnit::Minute => "minute",
            TimeUnit::Hour => "hour",
            TimeUnit::Day => "day",
            TimeUnit::Week => "week",
            TimeUnit::Month => "month",
            TimeUnit::Quarter => "quarter",
            TimeUnit::Year => "year",
        }
    }

    /// The unit of this name, singular or plural, without regard to ASCII case.
    pub fn parse(text: &str) -> Option<TimeUnit> {
        let lower = text.trim().to_ascii_lowercase();
        let singular = lower.strip_suffix('s').unwrap_or(&lower);
        TimeUnit::ALL.into_iter().find(|u| u.as_str() == singular)
    }
}

impl fmt::Display for TimeUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A part of a date or a timestamp; an integer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DatePart {
    Year,
    /// 1..=4
    Quarter,
    /// 1..=12
    Month,
    /// ISO week, 1..=53
    Week,
    /// Day of the month, 1..=31
    Day,
    /// ISO day of the week: Monday 1 to Sunday 7
    DayOfWeek,
    /// 1..=366
    DayOfYear,
    Hour,
    Minute,
    Second,
}

impl DatePart {
    pub const ALL: [DatePart; 10] = [
        DatePart::Year,
        DatePart::Quarter,
        DatePart::Month,
        DatePart::Week,
        DatePart::Day,
        DatePart::DayOfWeek,
        DatePart::DayOfYear,
        DatePart::Hour,
        DatePart::Minute,
        DatePart::Second,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            DatePart::Year => "year",
            DatePart::Quarter => "quarter",
            DatePart::Month => "month",
            DatePart::Week => "week",
            DatePart::Day => "day",
            DatePart::DayOfWeek => "dow",
            DatePart::DayOfYear => "doy",
            DatePart::Hour => "hour",
            DatePart::Minute => "minute",
            DatePart::Second => "second",
        }
    }

    /// The part of this name, without regard to ASCII case; `isodow` is `dow`.
    pub fn parse(text: &str) -> Option<DatePart> {
        let lower = text.trim().to_ascii_lowercase();
        match lower.as_str() {
            "isodow" | "day_of_week" => Some(DatePart::DayOfWeek),
            "day_of_year" => Some(DatePart::DayOfYear),
            _ => DatePart::ALL.into_iter().find(|p| p.as_str() == lower),
        }
    }

    /// Whether a date without a time of day lacks it.
    pub fn is_sub_day(self) -> bool {
        match self {
            DatePart::Hour | DatePart::Minute | DatePart::Second => true,
            DatePart::Year
            | DatePart::Quarter
            | DatePart::Month
            | DatePart::Week
            | DatePart::Day
            | DatePart::DayOfWeek
            | DatePart::DayOfYear => false,
        }
    }
}

impl fmt::Display for DatePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
