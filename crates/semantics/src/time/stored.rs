//! How time columns are stored, and the parts of a date.

use chrono_tz::Tz;

/// What the digits of a time column mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StoredAs {
    /// A local calendar date, the same in every zone.
    Date,
    /// An instant: a timestamp with a zone.
    Instant,
    /// Wall-clock digits of this zone (UTC included), without a zone in the file.
    WallClock(Tz),
}

/// A part of a local date or time, ISO numbered: `dow` is 1 (Monday) to 7.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DatePart {
    Year,
    Quarter,
    Month,
    /// ISO week of the year.
    Week,
    Day,
    /// ISO day of the week, Monday 1.
    Dow,
    /// Day of the year.
    Doy,
    Hour,
}

impl DatePart {
    pub const ALL: [DatePart; 8] = [
        DatePart::Year,
        DatePart::Quarter,
        DatePart::Month,
        DatePart::Week,
        DatePart::Day,
        DatePart::Dow,
        DatePart::Doy,
        DatePart::Hour,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            DatePart::Year => "year",
            DatePart::Quarter => "quarter",
            DatePart::Month => "month",
            DatePart::Week => "week",
            DatePart::Day => "day",
            DatePart::Dow => "dow",
            DatePart::Doy => "doy",
            DatePart::Hour => "hour",
        }
    }

    /// The part of this name, without regard to ASCII case.
    pub fn parse(text: &str) -> Option<DatePart> {
        DatePart::ALL.into_iter().find(|part| part.as_str().eq_ignore_ascii_case(text.trim()))
    }
}
