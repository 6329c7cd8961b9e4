//! Stretches of wall-clock digits on one side of an instant: what bounds a column that holds the clock of a zone.

use chrono::{DateTime, Duration, NaiveDateTime, Utc};
use chrono_tz::Tz;

use super::zone::local_segments;

/// Local digits from the first up to the second; unbounded without one.
pub type Stretch = (Option<NaiveDateTime>, Option<NaiveDateTime>);

/// Local digits whose instants are `start` or later. Digits in a gap are later instants than the
/// first digits after the gap, so there may be two stretches of them.
pub fn digits_from(zone: Tz, start: DateTime<Utc>) -> Vec<Stretch> {
    let stretches = rules_near(zone, start).into_iter().filter_map(|(offset, from, to)| {
        let first = shown(start, offset);
        let first = from.map_or(first, |from| from.max(first));
        to.is_none_or(|to| first < to).then_some((Some(first), to))
    });
    joined(stretches)
}

/// Local digits whose instants are earlier than `end`.
pub fn digits_before(zone: Tz, end: DateTime<Utc>) -> Vec<Stretch> {
    let stretches = rules_near(zone, end).into_iter().filter_map(|(offset, from, to)| {
        let next = shown(end, offset);
        let next = to.map_or(next, |to| to.min(next));
        from.is_none_or(|from| from < next).then_some((from, Some(next)))
    });
    joined(stretches)
}

/// Offsets and the digits that they hold for, around an instant; the first and the last are
/// unbounded, which is right for all that lies before or after it.
fn rules_near(zone: Tz, at: DateTime<Utc>) -> Vec<(i32, Option<NaiveDateTime>, Option<NaiveDateTime>)> {
    let centre = at.naive_utc();
    let segments = local_segments(zone, centre - Duration::days(3), centre + Duration::days(3));
    let start = |position: usize| segments.get(position).map(|segment| segment.from);
    (0..segments.len())
        .map(|position| {
            let from = if position == 0 { None } else { start(position) };
            (segments[position].offset, from, start(position + 1))
        })
        .collect()
}

fn shown(at: DateTime<Utc>, offset: i32) -> NaiveDateTime {
    at.naive_utc() + Duration::seconds(offset.into())
}

/// The same digits with stretches that touch made one.
fn joined(stretches: impl Iterator<Item = Stretch>) -> Vec<Stretch> {
    let mut found: Vec<Stretch> = Vec::new();
    for (from, to) in stretches {
        match found.last_mut() {
            Some((_, end)) if end.is_some() && *end == from => *end = to,
            _ => found.push((from, to)),
        }
    }
    found
}
