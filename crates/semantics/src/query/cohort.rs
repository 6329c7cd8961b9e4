//! Cohorts: things that enter at their first row, and what is theirs from that day on.
//!
//! Of all rows up to the question's clock the first one of each thing is its entry. The question's range, groups
//! and conditions are about entries. What a member does in its age, in rows of any dataset, is put beside its entry.

use super::events::EventTime;
use super::period::Period;
use super::resolved::Fact;
use super::row::RowExpr;
use crate::model::Length;

/// What makes the rows of a fact members, and what of them is measured.
#[derive(Clone, Debug, PartialEq)]
pub struct Cohort {
    pub first: First,
    /// The rows that are measured beside the members; none where members are counted.
    pub age: Option<Age>,
}

/// The first row of each thing, among those for which the conditions hold.
#[derive(Clone, Debug, PartialEq)]
pub struct First {
    /// What tells the things apart; rows without it are nobody's.
    pub by: Vec<RowExpr>,
    /// Of rows at one time the smallest by these is the first.
    pub ties: Vec<RowExpr>,
    /// On entries, ANDed.
    pub conditions: Vec<RowExpr>,
    /// When rows happened that may be entries: up to the question's clock.
    pub reads: Period,
}

/// The rows of a dataset from each member's entry until its age is over, by local days.
#[derive(Clone, Debug, PartialEq)]
pub struct Age {
    /// Their own rows; without keys and measures.
    pub fact: Fact,
    pub reads: Period,
    pub within: Within,
}

/// Which rows belong to a member, and what is known of them beside its entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Within {
    /// Over the rows: position `n` is `RowRef::Event` of that position.
    pub values: Vec<RowExpr>,
    /// What must be equal: over entries, over the rows.
    pub same: Vec<(RowExpr, RowExpr)>,
    pub entry_time: EventTime,
    pub row_time: EventTime,
    /// Whole local days, that of the entry being the first.
    pub age: Length,
    pub counts: Counts,
}

/// What a row within an age stands for.
#[derive(Clone, Debug, PartialEq)]
pub enum Counts {
    /// Each row counts, that of the entry too.
    Rows,
    /// Each member with a row after its entry counts once.
    Members(After),
}

/// When a row is later than the entry.
#[derive(Clone, Debug, PartialEq)]
pub enum After {
    /// It is of the entry's dataset and not the entry itself: one of these pairs of keys differs.
    OtherThan(Vec<(RowExpr, RowExpr)>),
    /// Its time is later: its instant where both times are finer than a day, else its day.
    Later,
}
