//! Time zones: when local days start, and wall clocks as piecewise functions of instants.

use chrono::{DateTime, NaiveDateTime, Utc};

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
