//! Windows of time: the units that a range is made of, and the dates that are read for each.

use chrono::{Days, NaiveDate, Weekday};

use super::clock::{self, Grain};
use super::lookup::Bucket;
use super::question::Window;
use super::world::{Offset, Over, Pick};

/// One step from what is shown to what is read, the shown side first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Offset(Offset),
    Accumulate(Over, Pick),
}

/// Dates from `first`, or from the beginning, up to and without `end`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stretch {
    pub first: Option<NaiveDate>,
    pub end: NaiveDate,
}

/// A unit of a range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Where its bucket starts, which may be before the range.
    pub start: NaiveDate,
    /// What of it lies in the range.
    pub part: Stretch,
}

impl Stretch {
    pub fn holds(&self, date: NaiveDate) -> bool {
        self.first.is_none_or(|first| first <= date) && date < self.end
    }

    fn last(&self) -> NaiveDate {
        self.end - Days::new(1)
    }
}

/// The grain of the units that are read one by one, where a question groups by these buckets of time.
///
/// What accumulates, or is read at the start of a period, is read by days; what is only moved, by the
/// periods that are shown.
pub fn unit(steps: &[Step], buckets: &[Bucket]) -> Grain {
    let grain = |bucket: &Bucket| match bucket {
        Bucket::Grain(grain) => Some(*grain),
        Bucket::Custom(_) => None,
    };
    let grains: Option<Vec<Grain>> = buckets.iter().map(grain).collect();
    let Some(grains) = grains.filter(|_| !accumulates(steps) && !is_at_start(steps)) else { return Grain::Day };
    let finest = grains.iter().min().copied().unwrap_or(Grain::Day);
    if grains.iter().all(|grain| is_made_of(*grain, finest)) { finest } else { Grain::Day }
}

/// Whether what is read is the first day of a period; a group then shows it for its own first day.
pub fn is_at_start(steps: &[Step]) -> bool {
    steps.iter().any(|step| matches!(step, Step::Offset(Offset::ToGrain(_))))
}

/// Whether every period of a grain is whole ones of a finer grain.
pub fn is_made_of(grain: Grain, finer: Grain) -> bool {
    match finer {
        Grain::Day => true,
        Grain::Month => matches!(grain, Grain::Month | Grain::Quarter | Grain::Year),
        Grain::Quarter => matches!(grain, Grain::Quarter | Grain::Year),
        Grain::Week | Grain::Year => grain == finer,
    }
}

pub fn accumulates(steps: &[Step]) -> bool {
    steps.iter().any(|step| matches!(step, Step::Accumulate(..)))
}

/// How the values of several days become that of their period; `None` where they are no values apart.
pub fn pick(steps: &[Step]) -> Option<Pick> {
    steps.iter().find_map(|step| match step {
        Step::Accumulate(_, pick) => Some(*pick),
        Step::Offset(_) => None,
    })
}

/// The units of a range, found day by day.
pub fn units(range: Window, grain: Grain, week_start: Weekday) -> Vec<Unit> {
    let mut found: Vec<Unit> = Vec::new();
    for date in range.first.iter_days().take_while(|date| *date <= range.last) {
        let (start, end) = (clock::bucket(date, grain, week_start), date + Days::new(1));
        match found.last_mut() {
            Some(unit) if unit.start == start => unit.part.end = end,
            _ => found.push(Unit { start, part: Stretch { first: Some(date), end } }),
        }
    }
    found
}

/// The part of a range that is shown for the whole of it: its last day where values are those of
/// days, otherwise all of it.
pub fn whole(steps: &[Step], range: Window) -> Stretch {
    let end = range.last + Days::new(1);
    let first = if is_by_day(steps) { range.last } else { range.first };
    Stretch { first: Some(first), end }
}

/// Whether values are those of days, also of a longer period.
pub fn is_by_day(steps: &[Step]) -> bool {
    accumulates(steps) || is_at_start(steps)
}

/// What is read for a stretch that is shown.
pub fn read(steps: &[Step], shown: Stretch, week_start: Weekday) -> Stretch {
    steps.iter().fold(shown, |of, step| match step {
        Step::Offset(Offset::Window(length)) => {
            let earlier = |date| clock::before(date, length.count, length.unit);
            let first = of.first.map(earlier);
            let is_day = of.first == Some(of.last());
            let end = match first {
                Some(first) if is_day || earlier(of.end) <= first => first + Days::new(1),
                _ => earlier(of.end),
            };
            Stretch { first, end }
        }
        Step::Offset(Offset::ToGrain(grain)) => {
            let first = clock::bucket(of.first.unwrap_or(of.last()), *grain, week_start);
            Stretch { first: Some(first), end: first + Days::new(1) }
        }
        Step::Accumulate(over, _) => {
            let first = match over {
                Over::AllTime => None,
                Over::ToDate(grain) => Some(clock::bucket(of.last(), *grain, week_start)),
                Over::Trailing(length) => Some(clock::before(of.last(), length.count, length.unit) + Days::new(1)),
            };
            Stretch { first, end: of.end }
        }
    })
}
