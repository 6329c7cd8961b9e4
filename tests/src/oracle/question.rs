//! A question with everything resolved that words could hide: dates are typed, windows are given.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

use super::clock::Grain;
use super::expr::Expr;

#[derive(Clone, Debug)]
pub struct Question {
    /// Positions in the world's metrics.
    pub metrics: Vec<usize>,
    /// The first group, when given: the metrics' own time in buckets.
    pub granularity: Option<Grain>,
    /// Names as asked: `channel`, `customers.region`, `shipped_on__month`.
    pub groups: Vec<String>,
    pub conditions: Vec<Condition>,
    /// Over columns of the answer.
    pub having: Vec<Expr>,
    /// Columns of the answer, with whether they descend.
    pub order: Vec<(String, bool)>,
    pub limit: Option<usize>,
    /// Both dates belong to it; `None` is all data.
    pub range: Option<Window>,
    pub comparison: Option<Comparison>,
    /// `None` is the model's.
    pub zone: Option<Tz>,
    pub as_of: DateTime<Utc>,
    /// `None` is the model's.
    pub currency: Option<String>,
}

/// Dates of the question's zone, both inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub first: NaiveDate,
    pub last: NaiveDate,
}

#[derive(Clone, Debug)]
pub struct Comparison {
    /// As the request says it.
    pub asked: String,
    pub window: Window,
}

#[derive(Clone, Debug)]
pub struct Condition {
    /// The only metric that it filters.
    pub metric: Option<usize>,
    pub expr: Expr,
    /// As `{dimension, op, value}` instead of text, where the form exists.
    pub structured: bool,
}

impl Question {
    /// The names of all groups, the granularity's first.
    pub fn all_groups(&self) -> Vec<String> {
        let series = self.granularity.map(|grain| format!("metric_time__{}", grain.word()));
        series.into_iter().chain(self.groups.iter().cloned()).collect()
    }
}
