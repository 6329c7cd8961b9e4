//! Fiscal years, quarters and months: of months from a day of the year, or of whole weeks.
//!
//! Fiscal months are numbered through: `12·year + month` with the month 0 to 11, so that three
//! of them are a quarter and twelve a year. A fiscal year has the number of the calendar year in
//! which it ends.

use chrono::{Datelike, Days, NaiveDate};

use crate::time::calendar::{Calendar, FiscalEnd, FiscalPattern, FiscalWeeks, FiscalYearStart};

/// Weeks in a fiscal quarter, the last of a 53-week year excepted.
const QUARTER_WEEKS: i64 = 13;

/// The number of the fiscal month that holds a date.
pub fn month_index(date: NaiveDate, calendar: &Calendar) -> i32 {
    match calendar.fiscal {
        Some(weeks) => week_month_index(date, weeks),
        None => {
            let FiscalYearStart { month, day } = calendar.fiscal_year_start;
            let in_month = date - Days::new(u64::from(day - 1));
            in_month.year() * 12 + in_month.month0() as i32 - (month as i32 - 1) + named_ahead(calendar)
        }
    }
}

/// The first date of a fiscal month by its number.
pub fn month_first(index: i32, calendar: &Calendar) -> NaiveDate {
    match calendar.fiscal {
        Some(weeks) => {
            let (year, month) = (index.div_euclid(12), index.rem_euclid(12));
            let week = i64::from(month / 3) * QUARTER_WEEKS + month_starts(weeks.pattern)[(month % 3) as usize];
            year_first(year, weeks) + Days::new(7 * week as u64)
        }
        None => {
            let FiscalYearStart { month, day } = calendar.fiscal_year_start;
            let months = index + (month as i32 - 1) - named_ahead(calendar);
            ymd(months.div_euclid(12), months.rem_euclid(12) as u32 + 1, day)
        }
    }
}

/// Fiscal year that holds a date, by its number.
pub fn year(date: NaiveDate, calendar: &Calendar) -> i32 {
    month_index(date, calendar).div_euclid(12)
}

/// Fiscal year and quarter (1 to 4) that hold a date.
pub fn quarter(date: NaiveDate, calendar: &Calendar) -> (i32, i32) {
    let index = month_index(date, calendar);
    (index.div_euclid(12), index.rem_euclid(12) / 3 + 1)
}

/// Twelve months where the year's number is that of its end and it does not start with January.
fn named_ahead(calendar: &Calendar) -> i32 {
    if calendar.fiscal_year_start == FiscalYearStart::JANUARY { 0 } else { 12 }
}

fn week_month_index(date: NaiveDate, weeks: FiscalWeeks) -> i32 {
    let mut year = date.year() - 1;
    while year_last(year, weeks) < date {
        year += 1;
    }
    let week = (date - year_first(year, weeks)).num_days() / 7;
    let quarter = (week / QUARTER_WEEKS).min(3);
    let starts = month_starts(weeks.pattern);
    let month = starts.iter().filter(|start| **start <= week - quarter * QUARTER_WEEKS).count() as i32 - 1;
    year * 12 + quarter as i32 * 3 + month
}

/// Weeks of a quarter before each of its months.
fn month_starts(pattern: FiscalPattern) -> [i64; 3] {
    match pattern {
        FiscalPattern::FourFourFive => [0, 4, 8],
        FiscalPattern::FourFiveFour => [0, 4, 9],
        FiscalPattern::FiveFourFour => [0, 5, 9],
    }
}

fn year_first(year: i32, weeks: FiscalWeeks) -> NaiveDate {
    year_last(year - 1, weeks) + Days::new(1)
}

/// The day on which the fiscal year of that number ends.
fn year_last(year: i32, weeks: FiscalWeeks) -> NaiveDate {
    let next_month = if weeks.month == 12 { ymd(year + 1, 1, 1) } else { ymd(year, weeks.month + 1, 1) };
    let latest = match weeks.ends {
        FiscalEnd::Last => next_month - Days::new(1),
        FiscalEnd::Nearest => next_month + Days::new(2),
    };
    latest - Days::new(u64::from(latest.weekday().days_since(weeks.weekday)))
}

/// A date that exists in every year: its day is at most 28.
fn ymd(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).expect("a day that every month has, in chrono's years")
}
