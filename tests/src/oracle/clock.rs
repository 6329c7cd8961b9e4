//! Days and buckets of a time zone, found by walking the clock; no calendar arithmetic is shared
//! with what is tested.

use std::cell::RefCell;
use std::collections::HashMap;

use chrono::{DateTime, Datelike, Days, LocalResult, NaiveDate, NaiveDateTime, TimeDelta, TimeZone, Utc, Weekday};
use chrono_tz::Tz;

/// The lengths of buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
    let mut first = date;
    loop {
        let starts = match grain {
            Grain::Day => true,
            Grain::Week => first.weekday() == week_start,
            Grain::Month => first.day() == 1,
            Grain::Quarter => first.day() == 1 && first.month() % 3 == 1,
            Grain::Year => first.day() == 1 && first.month() == 1,
        };
        if starts {
            return first;
        }
        first = first.pred_opt().unwrap();
    }
}
