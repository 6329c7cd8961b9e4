//! Windows: for each unit of each period, the stretch of time that cumulative and offset metrics read.

use chrono::{DateTime, Days, Duration, Months, NaiveDate, Utc};

use self::groups::shown;
use self::through::Through;
use super::super::period::{Dates, Interval, Period};
use super::super::resolved::{BucketStart, QueryTime};
use super::super::spine::{Slot, Stretch, TimeSpine, TimeStep};
use super::CustomPeriods;
use crate::catalog::Offset;
use crate::catalog::id::CustomGranularityId;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::expr::DatePart;
use crate::model::Length;
use crate::time::bucket::{bucket_of, instant_bucket_of, instant_buckets, next_bucket};
use crate::time::calendar::Calendar;
use crate::time::granularity::Granularity;
use crate::time::range::Window;
use crate::time::zone;

/// How a question groups a windowed fact by time.
#[derive(Clone, Debug)]
pub(super) struct TimeKeys {
    /// The granularity of each key on the axis; none for a part of a date.
    pub grains: Vec<Option<Granularity>>,
    /// Of the keys without one, those of custom granularities.
    pub customs: Vec<CustomGranularityId>,
    /// Of the keys without one, those that are parts of dates.
    pub parts: Vec<DatePart>,
    /// The finest that the axis has, at least a day for days without time.
    pub axis: Granularity,
    /// Whether offsets of longer units are counted day by day, as MetricFlow counts them.
    pub day_by_day: bool,
}

/// The dates that there are facts for, or that a declared spine has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Reach {
    pub first: NaiveDate,
    pub last: NaiveDate,
}

/// What a spine is made of besides its steps.
pub(super) struct Frame<'a> {
    pub time: &'a QueryTime,
    /// Where a period without a start begins, and one that ends at the clock ends; none without data.
    pub reach: Option<Reach>,
    /// Whether rows of groups are wanted.
    pub groups: bool,
    /// Whether the total is.
    pub total: bool,
    /// Whether of the units of one group only the last is wanted.
    pub only_last: bool,
    /// The days of custom granularities.
    pub periods: &'a dyn Fn(CustomGranularityId) -> Option<&'a CustomPeriods>,
    /// Which units of the base pass the conditions on time; all of them where there are no conditions.
    pub passes: Option<&'a Passes<'a>>,
    /// Whether every unit of the base is read by itself, for conditions that speak of rows too.
    pub apart: bool,
}

/// Whether a unit that starts so passes.
pub(super) type Passes<'a> = dyn Fn(&BucketStart) -> Result<bool, Diagnostic> + 'a;

/// Most units of one question.
const MOST_UNITS: usize = 250_000;

impl TimeKeys {
    /// A day, or the shorter one that is grouped by, or the longer one that the axis has.
    pub(super) fn base(&self) -> Granularity {
        let finest = self.grains.iter().flatten().min().copied().unwrap_or(Granularity::Day);
        if finest.is_sub_day() { finest } else { self.axis.max(Granularity::Day) }
    }

    /// The longest unit that every key can be told from.
    fn coarsest(&self, calendar: &Calendar) -> Granularity {
        let Some(finest) = self.finest() else { return self.base() };
        let is_calendar = calendar.fiscal.is_none() && calendar.fiscal_year_start.day == 1;
        let told = |other: Granularity| match finest {
            Granularity::Second | Granularity::Minute | Granularity::Hour | Granularity::Day => true,
            Granularity::Week | Granularity::Year | Granularity::FiscalYear => other == finest,
            Granularity::Month => match other {
                Granularity::Month | Granularity::Quarter | Granularity::Year => true,
                Granularity::FiscalQuarter | Granularity::FiscalYear => is_calendar,
                Granularity::Second
                | Granularity::Minute
                | Granularity::Hour
                | Granularity::Day
                | Granularity::Week => false,
            },
            Granularity::Quarter => other == Granularity::Quarter || other == Granularity::Year,
            Granularity::FiscalQuarter => other == Granularity::FiscalQuarter || other == Granularity::FiscalYear,
        };
        if self.grains.iter().flatten().all(|other| told(*other)) { finest } else { self.base() }
    }

    /// The finest key; none where one is a part of a date.
    fn finest(&self) -> Option<Granularity> {
        self.grains.iter().copied().collect::<Option<Vec<_>>>()?.into_iter().min()
    }

    /// The unit that windows are read by.
    pub(super) fn unit(&self, steps: &[TimeStep], calendar: &Calendar) -> Granularity {
        if !steps.is_empty() && !is_moved(steps) {
            return self.base();
        }
        let by_day = steps.iter().any(|step| matches!(step, TimeStep::Offset(Offset::Custom { .. })));
        let by_day = by_day
            || self.day_by_day
                && steps.iter().any(|step| match step {
                    TimeStep::Offset(Offset::Window(length)) => {
                        self.grains.iter().any(|grain| *grain != Some(length.unit))
                    }
                    TimeStep::Offset(_) | TimeStep::Accumulate { .. } => false,
                });
        if by_day { self.base() } else { self.coarsest(calendar) }
    }
}

/// Whether a period is read at the start of another.
fn is_to_grain(steps: &[TimeStep]) -> bool {
    steps.iter().any(|step| matches!(step, TimeStep::Offset(Offset::ToGrain(_))))
}

/// Whether periods are only moved, so that values are those of whole periods.
pub(super) fn is_moved(steps: &[TimeStep]) -> bool {
    !is_to_grain(steps) && !steps.iter().any(|step| matches!(step, TimeStep::Accumulate { .. }))
}

/// The spine of a fact whose measures are read through `steps`; without steps, the bare units.
pub(super) fn spine<'a>(steps: &'a [TimeStep], keys: &TimeKeys, frame: &'a Frame<'a>) -> Result<TimeSpine, Diagnostic> {
    let calendar = &frame.time.calendar;
    let unit = if frame.apart { keys.base() } else { keys.unit(steps, calendar) };
    let through = Through { steps, base: keys.base(), unit, calendar, periods: frame.periods };
    let mut slots = Vec::new();
    for (period, of) in frame.time.periods.iter().enumerate() {
        for interval in &of.intervals {
            let Some(bounds) = bounds(interval, frame, unit) else { continue };
            let mut add = |unit: Option<BucketStart>, is_total: bool, of: Stretch| -> Result<(), Diagnostic> {
                if let Some(reads) = through.read(of)? {
                    slots.push(Slot { period, unit, is_total, reads });
                }
                if slots.len() > MOST_UNITS { Err(too_many(through.unit)) } else { Ok(()) }
            };
            let runs = runs(&bounds, keys.base(), frame)?;
            if frame.groups && !keys.grains.is_empty() {
                let units = runs.iter().flat_map(|run| units(run, unit, calendar)).collect();
                for (start, of) in shown(units, steps, keys, frame) {
                    add(Some(start), false, of)?;
                }
            }
            for (unit, whole) in through.wholes(&runs) {
                if frame.groups && keys.grains.is_empty() {
                    add(Some(unit), false, whole)?;
                }
                if frame.total {
                    add(Some(unit), true, whole)?;
                }
            }
        }
    }
    Ok(TimeSpine { unit, slots, passed: Vec::new() })
}

/// From the first start to the last end of what is read, cut at the question's clock.
pub(super) fn hull(spine: &TimeSpine, time: &QueryTime) -> Period {
    let zone = time.calendar.zone;
    let now = time.as_of + Duration::microseconds(1);
    let today = zone::local_date(time.as_of, zone);
    let mut first: Option<Option<(DateTime<Utc>, NaiveDate)>> = None;
    let mut last: Option<(DateTime<Utc>, NaiveDate)> = None;
    for slot in &spine.slots {
        let (start, end) = match slot.reads {
            Stretch::Dates { first, end } => (
                first.map(|date| (zone::day_start(date, zone), date)),
                (zone::day_start(end, zone), end - Days::new(1)),
            ),
            Stretch::Instants { start, end } => (
                start.map(|start| (start, zone::local_date(start, zone))),
                (end, zone::local_date(end - Duration::microseconds(1), zone)),
            ),
        };
        first = Some(match (first, start) {
            (None, start) => start,
            (Some(Some(known)), Some(start)) => Some(known.min(start)),
            (Some(None), _) | (_, None) => None,
        });
        last = Some(last.map_or(end, |known| known.max(end)));
    }
    let (Some(first), Some((end, last))) = (first, last) else { return Period { intervals: Vec::new() } };
    let last = last.min(today);
    let dates = Some(Dates { first: first.map(|(_, date)| date), last })
        .filter(|dates| dates.first.is_none_or(|first| first <= dates.last));
    Period { intervals: vec![Interval { start: first.map(|(start, _)| start), end: end.min(now), dates }] }
}

/// The refusal of a window that nothing bounds.
pub(super) fn time_required(metric: &str) -> Diagnostic {
    Diagnostic::new(Code::TimeRequired, format!("`{metric}` has no value without a time"))
        .field("time_range")
        .help("give a `time_range`, or group by `metric_time`")
}

fn too_many(unit: Granularity) -> Diagnostic {
    Diagnostic::new(Code::QueryTooLarge, format!("the time range has more than {MOST_UNITS} units of a {unit}"))
        .field("time_range")
        .help("ask for a shorter range or a longer granularity")
}

/// A period's ends: local dates, or instants where units are shorter than a day.
fn bounds(interval: &Interval, frame: &Frame<'_>, unit: Granularity) -> Option<Stretch> {
    let zone = frame.time.calendar.zone;
    let as_of = zone::local_date(frame.time.as_of, zone);
    let open = interval.start.is_none();
    let first = match interval.start {
        Some(start) => interval.dates.and_then(|d| d.first).unwrap_or_else(|| zone::local_date(start, zone)),
        None => frame.reach?.first,
    };
    // A question of all data ends where its data ends.
    let last = match (open, frame.reach) {
        (true, Some(reach)) => reach.last,
        _ => interval.dates.map_or_else(
            || zone::local_date(interval.end - Duration::microseconds(1), zone),
            |dates| dates.last.min(as_of),
        ),
    };
    if last < first {
        return None;
    }
    if !unit.is_sub_day() {
        return Some(Stretch::Dates { first: Some(first), end: last + Days::new(1) });
    }
    let start = interval.start.unwrap_or_else(|| zone::day_start(first, zone));
    let end = if open { zone::day_start(last + Days::new(1), zone) } else { interval.end };
    (start < end).then_some(Stretch::Instants { start: Some(start), end })
}

/// What of a stretch passes: units of the base that follow each other are one.
fn runs(of: &Stretch, base: Granularity, frame: &Frame<'_>) -> Result<Vec<Stretch>, Diagnostic> {
    if frame.passes.is_none() && !frame.apart {
        return Ok(vec![*of]);
    }
    let mut found: Vec<Stretch> = Vec::new();
    for (start, part) in units(of, base, &frame.time.calendar) {
        if !frame.passes.map_or(Ok(true), |passes| passes(&start))? {
            continue;
        }
        match (found.last_mut(), part) {
            (Some(Stretch::Dates { end, .. }), Stretch::Dates { first: Some(first), end: next })
                if *end == first && !frame.apart =>
            {
                *end = next;
            }
            (Some(Stretch::Instants { end, .. }), Stretch::Instants { start: Some(start), end: next })
                if *end == start && !frame.apart =>
            {
                *end = next;
            }
            _ => found.push(part),
        }
    }
    Ok(found)
}

/// The units that a stretch touches, with the part of each that it holds.
fn units(of: &Stretch, unit: Granularity, calendar: &Calendar) -> Vec<(BucketStart, Stretch)> {
    match *of {
        Stretch::Dates { first: Some(from), end } => {
            let mut found = Vec::new();
            let mut start = bucket_of(from, unit, calendar);
            while start < end {
                let next = next_bucket(start, unit, calendar);
                let part = Stretch::Dates { first: Some(start.max(from)), end: next.min(end) };
                found.push((BucketStart::Date(start), part));
                start = next;
            }
            found
        }
        Stretch::Instants { start: Some(from), end } => {
            let (zone, last) = (calendar.zone, end - Duration::microseconds(1));
            let (first, last) = (zone::local_date(from, zone), zone::local_date(last, zone));
            let starts = instant_buckets(&Window { first, last, start: from, end, hours: None }, unit, zone);
            let ends = starts.iter().skip(1).copied().chain([end]).collect::<Vec<_>>();
            let parts = starts.into_iter().zip(ends);
            parts
                .map(|(start, end)| (BucketStart::Instant(start), Stretch::Instants { start: Some(start), end }))
                .collect()
        }
        Stretch::Dates { first: None, .. } | Stretch::Instants { start: None, .. } => Vec::new(),
    }
}

/// So much after a date, for facts that an offset moves forward.
pub(super) fn later(date: NaiveDate, length: Length) -> NaiveDate {
    let months = |each: u32| date.checked_add_months(Months::new(length.count.saturating_mul(each)));
    let moved = match length.unit {
        Granularity::Second | Granularity::Minute | Granularity::Hour => date.checked_add_days(Days::new(1)),
        Granularity::Day => date.checked_add_days(Days::new(length.count.into())),
        Granularity::Week => date.checked_add_days(Days::new(u64::from(length.count) * 7)),
        Granularity::Month => months(1),
        Granularity::Quarter | Granularity::FiscalQuarter => months(3),
        Granularity::Year | Granularity::FiscalYear => months(12),
    };
    moved.unwrap_or(NaiveDate::MAX)
}

/// Start of the period that holds an instant.
pub(super) fn start_of(at: DateTime<Utc>, granularity: Granularity, calendar: &Calendar) -> DateTime<Utc> {
    if granularity.is_sub_day() {
        return instant_bucket_of(at, granularity, calendar.zone);
    }
    zone::day_start(bucket_of(zone::local_date(at, calendar.zone), granularity, calendar), calendar.zone)
}

mod groups;
pub(super) mod through;

#[cfg(test)]
mod tests;
