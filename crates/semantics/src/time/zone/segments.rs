//! A zone's wall clock as a table of segments, for expressions that turn columns of instants into
//! local days, and columns of wall-clock digits into instants.

use chrono::{DateTime, Duration, NaiveDateTime, Utc};
use chrono_tz::Tz;

use super::{WIDEST, midnight, offsets};

/// A stretch of instants, up to the next one's start, in which one rule gives the wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment {
    pub from: DateTime<Utc>,
    pub shift: Shift,
}

/// How an instant becomes a wall clock whose date is the day that the instant belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shift {
    /// Seconds to add to UTC.
    Offset(i32),
    /// After a change back over midnight the clock shows the previous date again; such instants
    /// belong to the later day and read as its midnight.
    Fixed(NaiveDateTime),
}

/// A stretch of wall-clock values, up to the next one's start, with one offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalSegment {
    pub from: NaiveDateTime,
    /// Seconds to subtract for UTC.
    pub offset: i32,
}

/// The segments of the instants `from..to`, the first from `from`; the last holds after `to` as
/// long as the zone does not change.
pub fn segments(zone: Tz, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<Segment> {
    // A date shown again ends within a day; starting earlier, none is under way unseen at `from`.
    let changes = offsets(zone, from - Duration::days(3), to);
    let wall = |instant: DateTime<Utc>, offset: i32| instant.naive_utc() + Duration::seconds(offset.into());
    let mut found: Vec<Segment> = Vec::new();
    let mut latest = changes.first().map(|(start, offset)| wall(*start, *offset).date());
    for (position, (start, offset)) in changes.iter().enumerate() {
        let end = changes.get(position + 1).map_or(to.max(*start), |next| next.0);
        let mut start = *start;
        if let Some(day) = latest.filter(|day| wall(start, *offset).date() < *day) {
            found.push(Segment { from: start, shift: Shift::Fixed(midnight(day)) });
            start = (midnight(day) - Duration::seconds((*offset).into())).and_utc();
        }
        if start < end || position + 1 == changes.len() {
            found.push(Segment { from: start, shift: Shift::Offset(*offset) });
        }
        latest = latest.max(Some(wall(end - Duration::nanoseconds(1), *offset).date()));
    }
    let under_way = found.iter().rposition(|segment| segment.from <= from).unwrap_or(0);
    found.drain(..under_way);
    if let Some(first) = found.first_mut() {
        first.from = from;
    }
    found.retain(|segment| segment.from == from || segment.from < to);
    found
}

/// The segments of the wall-clock values `from..to`, the first from `from`, by the rule of
/// [`super::instant_of_local`].
pub fn local_segments(zone: Tz, from: NaiveDateTime, to: NaiveDateTime) -> Vec<LocalSegment> {
    let reach = Duration::hours(WIDEST);
    let changes = offsets(zone, from.and_utc() - reach, to.and_utc() + reach);
    let mut found: Vec<LocalSegment> = Vec::new();
    let mut before = None;
    for (change, offset) in changes {
        let shown = |offset: i32| change.naive_utc() + Duration::seconds(offset.into());
        // Up to the later of the two readings the old offset holds: a repeated time is its first,
        // a time in the gap moves on by the gap.
        let start = before.map_or(shown(offset), |before| shown(before).max(shown(offset)));
        found.retain(|segment| segment.from < start);
        found.push(LocalSegment { from: start, offset });
        before = Some(offset);
    }
    let under_way = found.iter().rposition(|segment| segment.from <= from).unwrap_or(0);
    found.drain(..under_way);
    if let Some(first) = found.first_mut() {
        first.from = from;
    }
    found.retain(|segment| segment.from == from || segment.from < to);
    found
}
