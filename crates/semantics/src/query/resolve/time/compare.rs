//! What each output is held against, and up to where: a metric whose sources are not equally fresh is compared over
//! the part that all of them have.

use chrono::{DateTime, Utc};

use super::super::super::period::{Interval, Period};
use super::super::super::resolved::{Change, Sides};
use super::super::leaf::Beside;
use super::super::metrics::{Asked, Flattener};
use super::super::rows::FactBuilder;
use super::{Times, interval, one, place};
use crate::catalog::id::DatasetId;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Warning};
use crate::time::as_of::end_of_day;
use crate::time::comparison::{Compared, Mode, ResolvedComparison};
use crate::time::range::{ResolvedTime, Window};
use crate::time::stored::StoredAs;
use crate::time::zone;

/// The outputs of a question and the facts that they are made of.
pub(super) struct Compare<'a> {
    pub times: &'a Times<'a>,
    pub facts: &'a [FactBuilder],
    pub flat: &'a Flattener<'a>,
    pub outputs: &'a [Asked],
}

impl Compare<'_> {
    /// A comparison for each distinct end of what outputs know, and the one of each output.
    pub(super) fn changes(
        &self,
        range: &Option<ResolvedTime>,
        periods: &mut Vec<Period>,
        changes: &mut Vec<Change>,
    ) -> Result<Vec<Option<usize>>, Diagnostic> {
        let none = vec![None; self.outputs.len()];
        let Some((range, comparison)) = range.as_ref().and_then(|range| Some((range, range.comparison.as_ref()?)))
        else {
            return Ok(none);
        };
        if matches!(comparison.mode, Mode::None | Mode::Target) {
            return Ok(none);
        }
        let mut known: Vec<(Option<DateTime<Utc>>, usize)> = Vec::new();
        let mut of_output = Vec::with_capacity(self.outputs.len());
        for output in self.outputs {
            let known_to = self.known_to(output.node)?;
            let at = match known.iter().find(|(other, _)| *other == known_to) {
                Some((_, at)) => *at,
                None => {
                    let comparison = self.times.range(known_to)?.and_then(|r| r.comparison);
                    let comparison = comparison.expect("the range has a comparison however far the data is known");
                    let sides = self.sides(&range.range, &comparison, periods);
                    let change = Change { comparison, sides, targets: Vec::new() };
                    // What is known beyond the range makes no difference.
                    let at = changes.iter().position(|other| *other == change).unwrap_or(changes.len());
                    if at == changes.len() {
                        changes.push(change);
                    }
                    known.push((known_to, at));
                    at
                }
            };
            of_output.push(Some(at));
        }
        Ok(of_output)
    }

    /// Up to where all sources of an output are known, where that is before now: the earliest declared watermark,
    /// and the last whole day where one of them has dates without a time.
    fn known_to(&self, node: usize) -> Result<Option<DateTime<Utc>>, Diagnostic> {
        let leaves = self.flat.leaves_of(node);
        let of: Vec<&FactBuilder> =
            self.facts.iter().filter(|fact| fact.leaves.iter().any(|leaf| leaves.contains(leaf))).collect();
        let watermark = of.iter().filter_map(|fact| watermark(self.times, fact)).min();
        let mut has_dates = false;
        for axis in of.iter().filter_map(|fact| fact.axis.as_ref()) {
            has_dates |= self.times.bound.dimension(axis.dimension)?.stored == Some(StoredAs::Date);
        }
        let zone = self.times.calendar.zone;
        let cut = watermark.map_or(self.times.now, |watermark| watermark.min(self.times.now));
        let day = zone::local_date(cut, zone);
        let whole_days = zone::day_start(day, zone);
        let is_cut_inside = whole_days < cut && cut < end_of_day(day, zone);
        Ok(if has_dates && is_cut_inside { Some(whole_days) } else { watermark })
    }

    fn sides(&self, range: &Window, comparison: &ResolvedComparison, periods: &mut Vec<Period>) -> Option<Sides> {
        let zone = self.times.calendar.zone;
        let (current_end, window_ends) = match &comparison.compared {
            Compared::Nothing => return None,
            Compared::Whole => (None, vec![None; comparison.windows.len()]),
            Compared::UpTo { end, window_ends } => (Some(*end), window_ends.iter().map(|e| Some(*e)).collect()),
        };
        let now = self.times.now;
        let current = match current_end {
            None => 0,
            Some(end) => place(periods, one(interval(range, Some(end), now, zone))),
        };
        let windows = comparison.windows.iter().zip(window_ends);
        let intervals: Vec<Interval> = windows.map(|(of, end)| interval(&of.window, end, now, zone)).collect();
        let windows: Vec<usize> = intervals.iter().map(|i| place(periods, one(i.clone()))).collect();
        let together = match windows.as_slice() {
            [only] => *only,
            _ => {
                let mut all = intervals;
                all.sort_by_key(|i| i.end);
                place(periods, Period { intervals: all })
            }
        };
        Some(Sides { current, windows, together })
    }
}

/// The earliest declared watermark of all that a question reads.
pub(super) fn known_to(times: &Times<'_>, facts: &[FactBuilder]) -> Option<DateTime<Utc>> {
    facts.iter().filter_map(|fact| watermark(times, fact)).min()
}

/// Says of each dataset that is not complete to the range's end up to where it is.
pub(super) fn warn_of_watermarks(
    times: &Times<'_>,
    facts: &[FactBuilder],
    range: &Window,
    warnings: &mut Vec<Warning>,
) {
    let mut seen: Vec<DatasetId> = Vec::new();
    for dataset in facts.iter().flat_map(|fact| datasets(times, fact)) {
        if seen.contains(&dataset) {
            continue;
        }
        seen.push(dataset);
        let watermark = times.context.extents[dataset.index()].and_then(|extent| extent.watermark);
        if let Some(watermark) = watermark.filter(|watermark| *watermark < range.end.min(times.now)) {
            let through = zone::wall_clock(watermark, times.calendar.zone).format("%Y-%m-%d %H:%M");
            let name = &times.bound.catalog.dataset(dataset).name;
            warnings.push(Warning::new(Code::PastData, format!("`{name}` is complete up to {through} only")));
        }
    }
}

fn watermark(times: &Times<'_>, fact: &FactBuilder) -> Option<DateTime<Utc>> {
    let of = datasets(times, fact).into_iter();
    of.filter_map(|dataset| times.context.extents[dataset.index()].and_then(|extent| extent.watermark)).min()
}

/// The dataset of a fact, and that of the events beside its rows. What members do counts only once it is all there.
fn datasets(times: &Times<'_>, fact: &FactBuilder) -> Vec<DatasetId> {
    let catalog = &times.bound.catalog;
    let conversion = match &fact.treatment.beside {
        Some(Beside::Events(conversion)) => Some(*conversion),
        Some(Beside::Members(_) | Beside::Age { .. }) | None => None,
    };
    let events = conversion.into_iter().flat_map(|conversion| catalog.metric(conversion).kind.inputs());
    let events = events.filter_map(|input| catalog.metric(input.metric).dataset);
    let mut found: Vec<DatasetId> = std::iter::once(fact.dataset).chain(events).collect();
    found.dedup();
    found
}
