//! Ranges of dates as people write them: `6–12 November`, `30 October–5 November`.

use chrono::{Datelike, NaiveDate};

/// The first and the last day of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dates {
    pub first: NaiveDate,
    pub last: NaiveDate,
}

impl Dates {
    /// The range as it reads in a sentence about `current`: years are told where they are not all the
    /// same.
    pub(super) fn beside(&self, current: &Dates) -> String {
        let year = current.last.year();
        let years = [self.first, self.last, current.first].iter().any(|date| date.year() != year);
        let Dates { first, last } = self;
        let day = |date: &NaiveDate| format!("{} {}", date.day(), month(date));
        let last_with_year = if years { format!("{} {}", day(last), last.year()) } else { day(last) };
        if first == last {
            last_with_year
        } else if first.year() != last.year() {
            format!("{} {}–{last_with_year}", day(first), first.year())
        } else if first.month() != last.month() {
            format!("{}–{last_with_year}", day(first))
        } else {
            format!("{}–{last_with_year}", first.day())
        }
    }
}

fn month(date: &NaiveDate) -> &'static str {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    MONTHS[date.month0() as usize]
}
