//! Buckets: the periods that rows are grouped into.

use chrono::{DateTime, Days, Duration, NaiveDate, Utc};
use chrono_tz::Tz;

use crate::time::calendar::Calendar;
use crate::time::fiscal;
use crate::time::granularity::Granularity;
use crate::time::range::Window;
use crate::time::unit::Unit;
use crate::time::zone;

/// A period of whole days; its value in an answer is its first date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bucket {
    pub first: NaiveDate,
    /// Belongs to the bucket.
    pub last: NaiveDate,
}

/// First local date of the bucket that holds a date; the date itself for a day and shorter.
pub fn bucket_of(date: NaiveDate, granularity: Granularity, calendar: &Calendar) -> NaiveDate {
    Unit::of(granularity).map_or(date, |unit| unit.first(date, calendar))
}

/// First local date of the bucket after the one that holds a date.
pub fn next_bucket(date: NaiveDate, granularity: Granularity, calendar: &Calendar) -> NaiveDate {
    Unit::of(granularity).map_or_else(|| date + Days::new(1), |unit| unit.moved(date, 1, calendar))
}

/// The whole buckets that a window touches, in order; the first and the last may reach beyond it.
pub fn buckets(window: &Window, granularity: Granularity, calendar: &Calendar) -> Vec<Bucket> {
    let mut found = Vec::new();
    let mut first = bucket_of(window.first, granularity, calendar);
    while first <= window.last {
        let next = next_bucket(first, granularity, calendar);
        found.push(Bucket { first, last: next - Days::new(1) });
        first = next;
    }
    found
}

/// A bucket's name where its first date does not say it: `FY2026-Q3`, `FY2026`.
pub fn label(date: NaiveDate, granularity: Granularity, calendar: &Calendar) -> Option<String> {
    match granularity {
        Granularity::Second
        | Granularity::Minute
        | Granularity::Hour
        | Granularity::Day
        | Granularity::Week
        | Granularity::Month
        | Granularity::Quarter
        | Granularity::Year => None,
        Granularity::FiscalQuarter => {
            let (year, quarter) = fiscal::quarter(date, calendar);
            Some(format!("FY{year}-Q{quarter}"))
        }
        Granularity::FiscalYear => Some(format!("FY{}", fiscal::year(date, calendar))),
    }
}

/// Start of the local hour, minute or second that holds an instant; of its day for longer ones.
///
/// Where the clock changes inside an hour, the part after the change starts at the change.
pub fn instant_bucket_of(instant: DateTime<Utc>, granularity: Granularity, zone: Tz) -> DateTime<Utc> {
    let Some(length) = sub_day_seconds(granularity) else {
        return zone::day_start(zone::local_date(instant, zone), zone);
    };
    let wall = instant + Duration::seconds(zone::offset(instant, zone).into());
    let into = Duration::seconds(wall.timestamp().rem_euclid(length))
        + Duration::nanoseconds(wall.timestamp_subsec_nanos().into());
    let start = instant - into;
    zone::last_change(start, instant, zone).map_or(start, |change| change.max(start))
}

/// Start of the local hour, minute or second after the one that starts at an instant; of the next day for longer ones.
pub fn instant_bucket_after(start: DateTime<Utc>, granularity: Granularity, zone: Tz) -> DateTime<Utc> {
    match sub_day_seconds(granularity) {
        Some(length) => {
            let end = start + Duration::seconds(length);
            zone::last_change(start, end, zone).filter(|change| *change > start).unwrap_or(end)
        }
        None => zone::day_start(zone::local_date(start, zone) + Days::new(1), zone),
    }
}

/// Starts of the local hours, minutes or seconds that a window touches, in order; of its days for
/// longer granularities.
pub fn instant_buckets(window: &Window, granularity: Granularity, zone: Tz) -> Vec<DateTime<Utc>> {
    let mut starts = Vec::new();
    if window.start >= window.end {
        return starts;
    }
    let Some(length) = sub_day_seconds(granularity) else {
        let mut date = window.first;
        while date <= window.last {
            starts.push(zone::day_start(date, zone));
            date = date + Days::new(1);
        }
        starts.dedup();
        return starts;
    };
    let segments = zone::offsets(zone, window.start, window.end);
    let first = instant_bucket_of(window.start, granularity, zone);
    for (position, (from, offset)) in segments.iter().enumerate() {
        let end = segments.get(position + 1).map_or(window.end, |next| next.0);
        let mut start = if position == 0 { first } else { *from };
        while start < end {
            starts.push(start);
            let wall = start.timestamp() + i64::from(*offset);
            start += Duration::seconds(length - wall.rem_euclid(length));
        }
    }
    starts
}

/// Seconds of a bucket shorter than a day.
fn sub_day_seconds(granularity: Granularity) -> Option<i64> {
    match granularity {
        Granularity::Second => Some(1),
        Granularity::Minute => Some(60),
        Granularity::Hour => Some(3600),
        Granularity::Day
        | Granularity::Week
        | Granularity::Month
        | Granularity::Quarter
        | Granularity::Year
        | Granularity::FiscalQuarter
        | Granularity::FiscalYear => None,
    }
}

#[cfg(test)]
mod tests;
