//! How time columns are stored.

use chrono_tz::Tz;

/// What the digits of a time column mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StoredAs {
    /// A local calendar date, the same in every zone.
    Date,
    /// An instant: a timestamp with a zone.
    Instant,
    /// Wall-clock digits of this zone (UTC included), without a zone in the file.
    WallClock(Tz),
}
