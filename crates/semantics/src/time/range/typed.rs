//! Ranges typed as units, dates and local timestamps: `2026-Q3`, `2026-11-01..2026-11-19`,
//! `2026-11-01T09:00..2026-11-01T17:00`, `2026-03-01..`.

use chrono::{Days, Duration, NaiveDate, NaiveDateTime, Weekday};

use crate::time::as_of;
use crate::time::zone::midnight;

/// A typed range: what stands on its sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Typed {
    /// Open where absent: from the first data.
    pub(crate) start: Option<Side>,
    /// Open where absent: to the last data.
    pub(crate) end: Option<Side>,
}

/// One side: the stretch of local time that it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Side {
    pub(crate) from: NaiveDateTime,
    /// Not part of it.
    pub(crate) to: NaiveDateTime,
    /// Written as `YYYY-Www`.
    pub(crate) iso_week: bool,
}

/// Reads a typed range; `None` when the text is no such thing.
pub(crate) fn read(text: &str) -> Option<Typed> {
    let text = text.trim().to_ascii_uppercase();
    if let Some((start, end)) = text.split_once("..") {
        let open = |text: &str| if text.is_empty() { Some(None) } else { side(text).map(Some) };
        let range = Typed { start: open(start)?, end: open(end)? };
        return (range.start.is_some() || range.end.is_some()).then_some(range);
    }
    if let Some((start, end)) = text.split_once('/') {
        return Some(Typed { start: Some(side(start)?), end: Some(side(end)?) });
    }
    unit(&text).map(|unit| Typed { start: Some(unit), end: Some(unit) })
}

fn side(text: &str) -> Option<Side> {
    unit(text).or_else(|| timestamp(text))
}

/// A date, week, month, quarter or year.
fn unit(text: &str) -> Option<Side> {
    let days = |first: NaiveDate, next: NaiveDate| Side { from: midnight(first), to: midnight(next), iso_week: false };
    let months = |year: i32, month: u32, count: u32| {
        let first = NaiveDate::from_ymd_opt(year, month, 1)?;
        Some(days(first, first.checked_add_months(chrono::Months::new(count))?))
    };
    if let Some(date) = as_of::date(text) {
        return Some(days(date, date + Days::new(1)));
    }
    let (year, rest) = text.split_at_checked(4)?;
    let year = number(year, 4)? as i32;
    if rest.is_empty() {
        return months(year, 1, 12);
    }
    let rest = rest.strip_prefix('-')?;
    if let Some(quarter) = rest.strip_prefix('Q') {
        return months(year, (number(quarter, 1)?.checked_sub(1)?) * 3 + 1, 3);
    }
    if let Some(week) = rest.strip_prefix('W') {
        let first = NaiveDate::from_isoywd_opt(year, number(week, 2)?, Weekday::Mon)?;
        return Some(Side { iso_week: true, ..days(first, first + Days::new(7)) });
    }
    months(year, number(rest, 2)?, 1)
}

/// `2026-11-01T15:00` is that minute, `2026-11-01T15:00:30` that second; a space may stand for the T.
fn timestamp(text: &str) -> Option<Side> {
    let (day, rest) = text.split_at_checked(10)?;
    let clock = rest.strip_prefix(['T', ' '])?;
    let mut parts = clock.split(':');
    let (hour, minute) = (number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    let (second, length) = match parts.next() {
        Some(second) => (number(second, 2)?, Duration::seconds(1)),
        None => (0, Duration::minutes(1)),
    };
    if parts.next().is_some() {
        return None;
    }
    let from = as_of::date(day)?.and_hms_opt(hour, minute, second)?;
    Some(Side { from, to: from + length, iso_week: false })
}

/// Exactly `width` ASCII digits.
fn number(text: &str, width: usize) -> Option<u32> {
    let digits = text.len() == width && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten()
}
