//! Time zones: when local days start, and wall clocks as piecewise functions of instants.
//!
//! A local day starts at the first instant whose wall clock shows its date or a later one: after
//! the gap where midnight does not exist, at the first of two midnights, and nowhere for a date
//! that the zone skipped, which has no length.

mod name;
mod segments;

use chrono::{DateTime, Days, Duration, NaiveDate, NaiveDateTime, Offset, TimeZone, Utc};
use chrono_tz::Tz;

pub use name::parse;
pub use segments::{LocalSegment, Segment, Shift, local_segments, segments};

/// Offsets lie within this many hours of UTC, those of local mean time too.
const WIDEST: i64 = 16;

/// Between two looks at the offset; no zone changes it and back within so short a time.
const STEP: i64 = 6 * 3600;

/// The first instant of a local date or of the next date that exists.
pub fn day_start(date: NaiveDate, zone: Tz) -> DateTime<Utc> {
    let midnight = midnight(date);
    let segments = around(midnight, zone);
    for (position, (from, offset)) in segments.iter().enumerate() {
        let start = (midnight - Duration::seconds((*offset).into())).and_utc().max(*from);
        if segments.get(position + 1).is_none_or(|next| start < next.0) {
            return start;
        }
    }
    unreachable!("the last segment has no end")
}

/// The local date whose day an instant belongs to, by [`day_start`].
pub fn local_date(instant: DateTime<Utc>, zone: Tz) -> NaiveDate {
    let mut date = wall_clock(instant, zone).date();
    while day_start(date + Days::new(1), zone) <= instant {
        date = date + Days::new(1);
    }
    date
}

/// What the wall clock shows at an instant.
pub fn wall_clock(instant: DateTime<Utc>, zone: Tz) -> NaiveDateTime {
    instant.naive_utc() + Duration::seconds(offset(instant, zone).into())
}

/// The instant of a wall-clock time: the earlier of two; one in a gap moves forward by the gap.
pub fn instant_of_local(local: NaiveDateTime, zone: Tz) -> DateTime<Utc> {
    let segments = around(local, zone);
    let instant = |offset: i32| (local - Duration::seconds(offset.into())).and_utc();
    let mut in_gap = None;
    for (position, (from, offset)) in segments.iter().enumerate() {
        let found = instant(*offset);
        let next = segments.get(position + 1);
        if found >= *from && next.is_none_or(|next| found < next.0) {
            return found;
        }
        if let Some((change, after)) = next
            && found >= *change
            && instant(*after) < *change
        {
            in_gap = in_gap.or(Some(found));
        }
    }
    in_gap.expect("a time that no clock shows lies in a gap")
}

/// Seconds that the zone's wall clock is ahead of UTC.
pub fn offset(instant: DateTime<Utc>, zone: Tz) -> i32 {
    zone.offset_from_utc_datetime(&instant.naive_utc()).fix().local_minus_utc()
}

/// The dates of `first..=last` that the zone skipped.
pub fn skipped_dates(first: NaiveDate, last: NaiveDate, zone: Tz) -> Vec<NaiveDate> {
    // A skipped date is a jump by a day over the date line, which lasts for years: a look once a
    // month finds it.
    let (step, near) = (Days::new(30), Days::new(2));
    let offset = |date: NaiveDate| offset(midnight(date).and_utc(), zone);
    let empty = |date: &NaiveDate| day_start(*date, zone) == day_start(*date + Days::new(1), zone);
    let mut found = Vec::new();
    let mut from = first - near;
    let mut before = offset(from);
    while from < last + near {
        let to = (from + step).min(last + near);
        let after = offset(to);
        if after - before >= 20 * 3600 {
            found.extend((from - near).iter_days().take_while(|date| *date <= to + near).filter(empty));
        }
        (from, before) = (to, after);
    }
    found.retain(|date| first <= *date && *date <= last);
    found.dedup();
    found
}

/// The last change of the offset after `from` and up to `to`.
pub fn last_change(from: DateTime<Utc>, to: DateTime<Utc>, zone: Tz) -> Option<DateTime<Utc>> {
    offsets(zone, from, to + Duration::seconds(1)).into_iter().skip(1).map(|(at, _)| at).rfind(|at| *at <= to)
}

/// The offset at `from`, and every instant before `to` at which it changes with the new one.
pub fn offsets(zone: Tz, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<(DateTime<Utc>, i32)> {
    let at = |second: i64| {
        let instant = DateTime::from_timestamp(second, 0).expect("an instant of chrono's years");
        (instant, offset(instant, zone))
    };
    let mut current = offset(from, zone);
    let mut found = vec![(from, current)];
    // `low` has the current offset throughout.
    let mut low = from.timestamp();
    let end = to.timestamp();
    while low < end {
        let mut high = (low + STEP).min(end);
        if at(high).1 == current {
            low = high;
            continue;
        }
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if at(middle).1 == current { low = middle } else { high = middle }
        }
        let change = at(high);
        if change.0 >= to {
            break;
        }
        current = change.1;
        found.push(change);
        low = high;
    }
    found
}

/// The offsets of all instants at which a wall clock can show `local`.
fn around(local: NaiveDateTime, zone: Tz) -> Vec<(DateTime<Utc>, i32)> {
    let centre = local.and_utc();
    offsets(zone, centre - Duration::hours(WIDEST), centre + Duration::hours(WIDEST))
}

/// The date's 00:00.
pub(crate) fn midnight(date: NaiveDate) -> NaiveDateTime {
    date.and_hms_opt(0, 0, 0).expect("every date has a midnight by its digits")
}

#[cfg(test)]
mod tests;
