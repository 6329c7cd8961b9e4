//! Granularities: the lengths of the periods that time is grouped by.

use std::fmt;

/// A standard granularity, finest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Granularity {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Quarter,
    Year,
    FiscalQuarter,
    FiscalYear,
}

impl Granularity {
    pub const ALL: [Granularity; 10] = [
        Granularity::Second,
        Granularity::Minute,
        Granularity::Hour,
        Granularity::Day,
        Granularity::Week,
        Granularity::Month,
        Granularity::Quarter,
        Granularity::Year,
        Granularity::FiscalQuarter,
        Granularity::FiscalYear,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Granularity::Second => "second",
            Granularity::Minute => "minute",
            Granularity::Hour => "hour",
            Granularity::Day => "day",
            Granularity::Week => "week",
            Granularity::Month => "month",
            Granularity::Quarter => "quarter",
            Granularity::Year => "year",
            Granularity::FiscalQuarter => "fiscal_quarter",
            Granularity::FiscalYear => "fiscal_year",
        }
    }

    /// The granularity of this name, without regard to ASCII case.
    pub fn parse(text: &str) -> Option<Granularity> {
        let text = text.trim().to_ascii_lowercase();
        Granularity::ALL.into_iter().find(|g| g.as_str() == text)
    }

    /// Whether a period of it is shorter than a day.
    pub fn is_sub_day(self) -> bool {
        self < Granularity::Day
    }
}

impl fmt::Display for Granularity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
