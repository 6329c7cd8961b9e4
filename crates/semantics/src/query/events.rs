//! Events beside the rows of a fact: what a visit's visitor bought after it.
//!
//! Each event is put beside the rows it follows, of the same things, within a window. It is counted at
//! the row, by the row's keys and under the row's conditions.

use super::period::Period;
use super::resolved::Fact;
use super::row::{RowExpr, TimeColumn};
use crate::model::Length;
use crate::time::granularity::Granularity;

/// The events that follow the rows of a fact.
#[derive(Clone, Debug, PartialEq)]
pub struct Events {
    /// Their own rows, with their own conditions; without keys and measures.
    pub fact: Fact,
    /// When the events that are looked at happened: up to the question's clock.
    pub reads: Period,
    pub follow: Follow,
}

/// Which rows an event follows, and what is known of it beside them.
#[derive(Clone, Debug, PartialEq)]
pub struct Follow {
    /// Over events: position `n` is `RowRef::Event` of that position.
    pub values: Vec<RowExpr>,
    /// What must be equal: over rows, over events.
    pub same: Vec<(RowExpr, RowExpr)>,
    pub row_time: EventTime,
    pub event_time: EventTime,
    /// How long after the row; any time when absent. The end is excluded.
    pub window: Option<Length>,
    /// Of rows at one time the greatest by these is the latest.
    pub ties: Vec<RowExpr>,
}

/// A time that is compared by its periods of a granularity.
#[derive(Clone, Debug, PartialEq)]
pub struct EventTime {
    pub time: TimeColumn,
    pub granularity: Granularity,
}
