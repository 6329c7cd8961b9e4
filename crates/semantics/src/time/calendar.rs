//! The calendar of a question: zone, week start, fiscal year.

use chrono::{NaiveDate, Weekday};
use chrono_tz::Tz;

use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::time;

/// How days, weeks and fiscal periods are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calendar {
    pub zone: Tz,
    /// Monday or Sunday.
    pub week_start: Weekday,
    /// Counts fiscal periods unless `fiscal` is given.
    pub fiscal_year_start: FiscalYearStart,
    /// A calendar of whole weeks; takes the place of `fiscal_year_start`.
    pub fiscal: Option<FiscalWeeks>,
}

impl Calendar {
    /// Weeks from Monday and fiscal years from 01-01.
    pub fn in_zone(zone: Tz) -> Calendar {
        Calendar { zone, week_start: Weekday::Mon, fiscal_year_start: FiscalYearStart::JANUARY, fiscal: None }
    }
}

/// Month and day on which fiscal years start; the day is 1..=28.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FiscalYearStart {
    pub month: u32,
    pub day: u32,
}

impl FiscalYearStart {
    pub const JANUARY: FiscalYearStart = FiscalYearStart { month: 1, day: 1 };

    /// Reads `MM-DD`.
    pub fn parse(text: &str) -> Result<FiscalYearStart, Diagnostic> {
        let text = time::shortened(text.trim());
        let wrong = |message: String| {
            Err(Diagnostic::new(Code::InvalidModel, message)
                .field("fiscal_year_start")
                .received(text)
                .help("month and day as MM-DD, the day 01 to 28")
                .example("02-01"))
        };
        let digits = |part: &str| part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
        let Some((month, day)) = text.split_once('-').filter(|(month, day)| digits(month) && digits(day)) else {
            return wrong(format!("fiscal year start `{text}` is not MM-DD"));
        };
        match (month.parse(), day.parse()) {
            (Ok(month @ 1..=12), Ok(day @ 1..=28)) => Ok(FiscalYearStart { month, day }),
            _ => wrong(format!("fiscal year start `{text}` is not a day that every year and month has")),
        }
    }
}

/// Fiscal years of 52 or 53 whole weeks; the 53rd belongs to the last month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FiscalWeeks {
    pub pattern: FiscalPattern,
    /// Which `weekday` near the end of `month` ends the year.
    pub ends: FiscalEnd,
    pub weekday: Weekday,
    /// 1..=12.
    pub month: u32,
}

/// Weeks of the three months of a fiscal quarter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FiscalPattern {
    FourFourFive,
    FourFiveFour,
    FiveFourFour,
}

/// The weekday that ends a fiscal year: the last of its month, or the one nearest to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FiscalEnd {
    Last,
    Nearest,
}

/// The weekday that weeks start on: `monday` or `sunday`, without regard to case.
pub fn parse_week_start(text: &str) -> Option<Weekday> {
    match text.trim().to_ascii_lowercase().as_str() {
        "monday" => Some(Weekday::Mon),
        "sunday" => Some(Weekday::Sun),
        _ => None,
    }
}

/// The first day that ranges and windows may start on: 1900-01-01.
pub fn earliest() -> NaiveDate {
    NaiveDate::from_ymd_opt(1900, 1, 1).expect("a date of the calendar")
}
