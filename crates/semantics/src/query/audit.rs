//! What an audit means beyond its question: the groupings that it reads beside the totals, and how each metric is
//! judged from them.
//!
//! An audit is one question for metrics over two periods. Beside the totals it asks for each day of the history
//! (what is usual), for each member of the driver dimensions (who moved), and for pairs of dimensions (one level
//! deeper), as [`Slices`] of the same pass over the data.

use chrono::NaiveDate;

use crate::query::computation::ComputationId;
use crate::query::request::Level;
use crate::query::resolved::Group;

/// Groupings that a question is answered by at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Slices {
    /// Every key that some grouping has.
    pub groups: Vec<Group>,
    /// Positions of the groups of each grouping; the first is that of no keys.
    pub sets: Vec<Vec<usize>>,
}

/// Position of the grouping by day in [`Slices::sets`] of an audit.
pub const DAILY_SET: usize = 1;

/// How the answer of an audit's question is judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Audit {
    pub daily: Option<Daily>,
    /// In the order asked.
    pub dimensions: Vec<Driver>,
    /// Two dimensions together.
    pub pairs: Vec<Pair>,
    /// One an output that is shown, in their order.
    pub metrics: Vec<Judged>,
    /// Highlights below it are left out.
    pub min_level: Option<Level>,
    pub max_highlights: usize,
}

/// Where the days of the history stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Daily {
    /// Position of the period that holds the history and the current window.
    pub period: usize,
    /// The first day of that period.
    pub first: NaiveDate,
}

/// A dimension that changes are broken down by.
#[derive(Clone, Debug, PartialEq)]
pub struct Driver {
    /// As it was asked.
    pub name: String,
    /// Position in [`Slices::groups`].
    pub key: usize,
    /// Position in [`Slices::sets`].
    pub set: usize,
}

/// Two dimensions, by position in [`Audit::dimensions`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pair {
    pub first: usize,
    pub second: usize,
    /// Position in [`Slices::sets`].
    pub set: usize,
}

/// How one metric is judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// Position in `ResolvedQuery::outputs`.
    pub output: usize,
    /// The whole days that are tested, and those that they are held against.
    pub tested: Option<Tested>,
    pub reading: Reading,
    pub parts: Parts,
    pub volume: Volume,
    /// Dimensions that it cannot be broken down by, by position, with the reason.
    pub unavailable: Vec<(usize, String)>,
}

/// Whole local days, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Days {
    pub first: NaiveDate,
    pub last: NaiveDate,
}

impl Days {
    pub fn count(&self) -> usize {
        usize::try_from((self.last - self.first).num_days() + 1).unwrap_or(0)
    }
}

/// The days of the two sides of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tested {
    pub current: Days,
    /// None where there are several windows.
    pub previous: Option<Days>,
    /// Whether the history is what lies right before the current window; not so for years.
    pub is_adjacent: bool,
    /// The first day that all of the metric's datasets have.
    pub data_from: Option<NaiveDate>,
}

/// Which history a metric has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reading {
    /// Days add up to windows: the value of each day, or the two parts of a ratio.
    Daily { numerator: ComputationId, denominator: Option<ComputationId> },
    /// Days do not add up: windows of the same length, oldest first, by position of their periods; the last is the
    /// current one.
    Windows(Vec<usize>),
}

/// What a metric's own formula splits its change into.
#[derive(Clone, Debug, PartialEq)]
pub enum Parts {
    None,
    Ratio {
        numerator: ComputationId,
        denominator: ComputationId,
    },
    /// Coefficients and terms.
    Sum(Vec<(f64, ComputationId)>),
    /// Factors; those that divide are inverted.
    Product(Vec<Factor>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Factor {
    pub of: ComputationId,
    pub inverted: bool,
}

/// What must be large enough for a metric's change to be tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Volume {
    /// Nothing.
    Any,
    /// In the larger of the two periods.
    Larger { of: ComputationId, least: u64 },
    /// In both periods.
    Both { of: ComputationId, least: u64 },
}
