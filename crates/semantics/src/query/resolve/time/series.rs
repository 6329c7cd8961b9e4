//! The buckets of a time series and of the windows that it is held against.
//!
//! Buckets pair by their place in the window; the days of a mode that moves dates by months pair by date, so that
//! 1 March of a leap year meets 1 March, and 29 February nothing.

use chrono::{Months, NaiveDate};

use super::super::super::resolved::{BucketStart, Change, Partner, Series};
use crate::time::bucket;
use crate::time::calendar::Calendar;
use crate::time::comparison::{Mode, ResolvedComparison};
use crate::time::granularity::Granularity;
use crate::time::range::Window;

pub(super) fn series(range: &Window, changes: &[Change], granularity: Granularity, calendar: &Calendar) -> Series {
    let current = starts(range, granularity, calendar);
    let Some(comparison) = changes.first().map(|change| &change.comparison) else {
        return Series { current, previous: Vec::new() };
    };
    let by_date = months(comparison.mode)
        .filter(|months| granularity == Granularity::Day && keeps_dates(range, comparison, *months));
    let previous = comparison.windows.iter().map(|other| {
        let buckets = starts(&other.window, granularity, calendar);
        match by_date {
            Some(months) => paired_by_date(&current, buckets, months),
            None => buckets.into_iter().enumerate().map(|(position, start)| Partner { position, start }).collect(),
        }
    });
    let previous = previous.collect();
    Series { current, previous }
}

fn starts(window: &Window, granularity: Granularity, calendar: &Calendar) -> Vec<BucketStart> {
    if granularity.is_sub_day() {
        return bucket::instant_buckets(window, granularity, calendar.zone)
            .into_iter()
            .map(BucketStart::Instant)
            .collect();
    }
    bucket::buckets(window, granularity, calendar).into_iter().map(|bucket| BucketStart::Date(bucket.first)).collect()
}

/// How many months a mode moves dates by.
fn months(mode: Mode) -> Option<u32> {
    match mode {
        Mode::PreviousMonth => Some(1),
        Mode::PreviousQuarter => Some(3),
        Mode::PreviousYear => Some(12),
        Mode::PreviousPeriod
        | Mode::PreviousPeriodMatchWeekday
        | Mode::PreviousWeek
        | Mode::PreviousYearMatchWeekday
        | Mode::PreviousFourAverage
        | Mode::Custom
        | Mode::Target
        | Mode::None => None,
    }
}

/// Whether the window starts on the range's first date so many months before: fiscal calendars of weeks and clamped
/// ends do not.
fn keeps_dates(range: &Window, comparison: &ResolvedComparison, months: u32) -> bool {
    comparison.windows.iter().all(|other| earlier(range.first, months) == Some(other.window.first))
}

/// The same day of the month so many months before; none where that month is too short.
fn earlier(date: NaiveDate, months: u32) -> Option<NaiveDate> {
    let moved = date.checked_sub_months(Months::new(months))?;
    (moved.checked_add_months(Months::new(months)) == Some(date)).then_some(moved)
}

/// Days by date; those that are nobody's partner stand after the current ones.
fn paired_by_date(current: &[BucketStart], buckets: Vec<BucketStart>, months: u32) -> Vec<Partner> {
    let partner = |start: &BucketStart| {
        current.iter().position(|of| match (of, start) {
            (BucketStart::Date(date), BucketStart::Date(before)) => earlier(*date, months) == Some(*before),
            (BucketStart::Date(_) | BucketStart::Instant(_), BucketStart::Date(_) | BucketStart::Instant(_)) => false,
        })
    };
    let mut without = current.len()..;
    let place = |start: &BucketStart| partner(start).or_else(|| without.next()).unwrap_or(usize::MAX);
    let positions: Vec<usize> = buckets.iter().map(place).collect();
    positions.into_iter().zip(buckets).map(|(position, start)| Partner { position, start }).collect()
}
