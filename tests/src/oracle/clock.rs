//! Days and buckets of a time zone, found by walking the clock; no calendar arithmetic is shared
//! with what is tested.

use std::cell::RefCell;
use std::collections::HashMap;

use chrono::{DateTime, Datelike, Days, LocalResult, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::Tz;

/// The lengths of buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Grain {
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Grain {
    pub fn word(self) -> &'static str {
        match self {
            Grain::Day => "day",
            Grain::Week => "week",
            Grain::Month => "month",
            Grain::Quarter => "quarter",
            Grain::Year => "year",
        }
    }
}

/// The wall clock of a zone at an instant.
pub fn wall(zone: Tz, instant: DateTime<Utc>) -> NaiveDateTime {
    instant.with_timezone(&zone).naive_local()
}

/// The instant of a wall clock: the earlier of two; a time that is skipped moves on by the gap.
pub fn instant(zone: Tz, wall: NaiveDateTime) -> DateTime<Utc> {
    match zone.from_local_datetime(&wall) {
        LocalResult::Single(at) => at.with_timezone(&Utc),
        LocalResult::Ambiguous(earlier, _) => earlier.with_timezone(&Utc),
        LocalResult::None => {
            // As if the offset before the gap still held.
            let before = zone.from_local_datetime(&(wall - TimeDelta::hours(6))).earliest().unwrap();
            before.with_timezone(&Utc) + TimeDelta::hours(6)
        }
    }
}

/// The first instant whose local date is `date` or later.
pub fn day_start(zone: Tz, date: NaiveDate) -> DateTime<Utc> {
    thread_local! {
        static KNOWN: RefCell<HashMap<(Tz, NaiveDate), DateTime<Utc>>> = RefCell::new(HashMap::new());
    }
    KNOWN.with_borrow_mut(|known| {
        *known.entry((zone, date)).or_insert_with(|| {
            let mut at = Utc.from_utc_datetime(&(date.and_hms_opt(0, 0, 0).unwrap() - TimeDelta::hours(16)));
            // Offsets of today's zones, and their changes, are whole quarters of an hour.
            while wall(zone, at).date() < date {
                at += TimeDelta::minutes(15);
            }
            at
        })
    })
}

/// The local day that an instant belongs to: the last one that has started.
pub fn day(zone: Tz, at: DateTime<Utc>) -> NaiveDate {
    let mut date = wall(zone, at).date() + Days::new(2);
    while day_start(zone, date) > at {
        date = date.pred_opt().unwrap();
    }
    date
}

/// The first date of the bucket that holds `date`.
pub fn bucket(date: NaiveDate, grain: Grain, week_start: Weekday) -> NaiveDate {
    thread_local! {
        static KNOWN: RefCell<HashMap<(NaiveDate, Grain, Weekday), NaiveDate>> = RefCell::new(HashMap::new());
    }
    KNOWN.with_borrow_mut(|known| {
        *known.entry((date, grain, week_start)).or_insert_with(|| {
            let mut first = date;
            while !starts(first, grain, week_start) {
                first = first.pred_opt().unwrap();
            }
            first
        })
    })
}

fn starts(date: NaiveDate, grain: Grain, week_start: Weekday) -> bool {
    match grain {
        Grain::Day => true,
        Grain::Week => date.weekday() == week_start,
        Grain::Month => date.day() == 1,
        Grain::Quarter => date.day() == 1 && date.month() % 3 == 1,
        Grain::Year => date.day() == 1 && date.month() == 1,
    }
}

/// So many units before a date; a day that the month lacks is the month's last.
pub fn before(date: NaiveDate, count: u32, unit: Grain) -> NaiveDate {
    shifted(date, -i64::from(count), unit)
}

/// So many units after a date; a day that the month lacks is the month's last.
pub fn after(date: NaiveDate, count: u32, unit: Grain) -> NaiveDate {
    shifted(date, i64::from(count), unit)
}

fn shifted(date: NaiveDate, count: i64, unit: Grain) -> NaiveDate {
    let months = |each: i64| {
        let month = i64::from(date.year()) * 12 + i64::from(date.month0()) + count * each;
        let (year, month) = (month.div_euclid(12) as i32, month.rem_euclid(12) as u32 + 1);
        (1..=date.day()).rev().find_map(|day| NaiveDate::from_ymd_opt(year, month, day)).unwrap()
    };
    match unit {
        Grain::Day => date + TimeDelta::days(count),
        Grain::Week => date + TimeDelta::days(7 * count),
        Grain::Month => months(1),
        Grain::Quarter => months(3),
        Grain::Year => months(12),
    }
}
