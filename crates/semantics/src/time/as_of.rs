//! `as_of`: the instant that a question takes for now.

use chrono::{DateTime, Utc};

/// The clock of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsOf {
    Instant(DateTime<Utc>),
    /// The end of the data that the question reads.
    Data,
}
