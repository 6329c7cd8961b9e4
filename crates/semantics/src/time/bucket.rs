//! Buckets: the periods that rows are grouped into.

use chrono::NaiveDate;

/// A period of whole days; its value in an answer is its first date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bucket {
    pub first: NaiveDate,
    /// Belongs to the bucket.
    pub last: NaiveDate,
}
