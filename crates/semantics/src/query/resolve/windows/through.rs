//! From a part of the question's time, step by step, to the stretch that is read for it.

use chrono::{DateTime, Days, Duration, Months, NaiveDate, Utc};

use super::{is_moved, start_of};
use crate::catalog::id::CustomGranularityId;
use crate::catalog::{Accumulation, Grain, Offset};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::model::Length;
use crate::query::resolve::CustomPeriods;
use crate::query::resolved::BucketStart;
use crate::query::spine::{Stretch, TimeStep};
use crate::time::bucket::{bucket_of, instant_bucket_of, next_bucket};
use crate::time::calendar::Calendar;
use crate::time::granularity::Granularity;
use crate::time::zone;

/// What turns a part of the question's time into what is read for it.
pub(super) struct Through<'a> {
    pub(super) steps: &'a [TimeStep],
    pub(super) base: Granularity,
    pub(super) unit: Granularity,
    pub(super) calendar: &'a Calendar,
    pub(super) periods: &'a dyn Fn(CustomGranularityId) -> Option<&'a CustomPeriods>,
}

impl Through<'_> {
    /// What is shown for a value over the whole of some runs of units, with the unit that each starts with: the last
    /// unit of all where values are those of units, all of them where they are moved.
    pub(super) fn wholes(&self, runs: &[Stretch]) -> Vec<(BucketStart, Stretch)> {
        match is_moved(self.steps) {
            true => runs.iter().map(|run| (self.first(run), *run)).collect(),
            false => runs.last().map(|run| self.last(run)).into_iter().collect(),
        }
    }

    fn first(&self, of: &Stretch) -> BucketStart {
        match *of {
            Stretch::Dates { first, end } => {
                BucketStart::Date(bucket_of(first.unwrap_or(end - Days::new(1)), self.base, self.calendar))
            }
            Stretch::Instants { start, end } => {
                let at = start.unwrap_or(end - Duration::microseconds(1));
                BucketStart::Instant(instant_bucket_of(at, self.base, self.calendar.zone))
            }
        }
    }

    /// The last unit of a stretch, as far as the stretch holds it.
    fn last(&self, of: &Stretch) -> (BucketStart, Stretch) {
        match *of {
            Stretch::Dates { first, end } => {
                let start = bucket_of(end - Days::new(1), self.base, self.calendar);
                let part = Stretch::Dates { first: Some(first.map_or(start, |first| first.max(start))), end };
                (BucketStart::Date(start), part)
            }
            Stretch::Instants { end, .. } => {
                let start = instant_bucket_of(end - Duration::microseconds(1), self.base, self.calendar.zone);
                (BucketStart::Instant(start), Stretch::Instants { start: Some(start), end })
            }
        }
    }

    /// What is read for a part of the question's time; none where a custom granularity has no such period.
    pub(super) fn read(&self, of: Stretch) -> Result<Option<Stretch>, Diagnostic> {
        let mut at = of;
        for step in self.steps {
            let read = match at {
                Stretch::Dates { first, end } => self.dates(step, first, end)?,
                Stretch::Instants { start, end } => self.instants(step, start, end),
            };
            let Some(read) = read else { return Ok(None) };
            at = read;
        }
        Ok(Some(at))
    }

    /// The first day of the period that holds a day; none where a custom granularity has no such period.
    fn start(&self, grain: Grain, day: NaiveDate) -> Option<NaiveDate> {
        match grain {
            Grain::Standard(granularity) => Some(bucket_of(day, granularity, self.calendar)),
            Grain::Custom(id) => (self.periods)(id)?.start_of(day),
        }
    }

    fn dates(&self, step: &TimeStep, first: Option<NaiveDate>, end: NaiveDate) -> Result<Option<Stretch>, Diagnostic> {
        let unit_of =
            |date: NaiveDate| next_bucket(bucket_of(date, self.base, self.calendar), self.base, self.calendar);
        let last = end - Days::new(1);
        Ok(match step {
            TimeStep::Offset(Offset::Window(length)) => {
                let earlier = |date| back(date, *length).ok_or_else(|| shorter_than_a_day(*length));
                let start = first.map(earlier).transpose()?;
                let is_day = first.is_some_and(|first| first + Days::new(1) == end);
                let moved = earlier(end)?;
                let end = match start {
                    // Every day has one day before it, also where the earlier month is shorter.
                    Some(start) if is_day || moved <= start => start + Days::new(1),
                    _ => moved,
                };
                Some(Stretch::Dates { first: start, end })
            }
            TimeStep::Offset(Offset::ToGrain(grain)) => self
                .start(*grain, first.unwrap_or(last))
                .map(|start| Stretch::Dates { first: Some(start), end: unit_of(start) }),
            TimeStep::Offset(Offset::Custom { count, granularity }) => {
                let earlier = |day| (self.periods)(*granularity)?.earlier(day, *count);
                let moved = earlier(first.unwrap_or(last)).zip(earlier(last));
                moved.map(|(first, last)| Stretch::Dates { first: Some(first), end: last + Days::new(1) })
            }
            TimeStep::Accumulate { over, .. } => {
                let last = bucket_of(last, self.base, self.calendar);
                match over {
                    Accumulation::AllTime => Some(Stretch::Dates { first: None, end }),
                    Accumulation::ToDate(grain) => {
                        self.start(*grain, last).map(|start| Stretch::Dates { first: Some(start), end })
                    }
                    Accumulation::Trailing(length) => {
                        let first = unit_of(back(last, *length).ok_or_else(|| shorter_than_a_day(*length))?);
                        Some(Stretch::Dates { first: Some(first), end })
                    }
                }
            }
        })
    }

    fn instants(&self, step: &TimeStep, start: Option<DateTime<Utc>>, end: DateTime<Utc>) -> Option<Stretch> {
        let zone = self.calendar.zone;
        let unit_after = |at: DateTime<Utc>| at + length_of(self.unit);
        let last = end - Duration::microseconds(1);
        match step {
            TimeStep::Offset(Offset::Window(length)) => {
                let moved = start.map(|start| earlier(start, *length, zone));
                let end = match (start, moved) {
                    (Some(start), Some(moved)) if unit_after(start) == end => unit_after(moved),
                    _ => earlier(end, *length, zone),
                };
                Some(Stretch::Instants { start: moved, end })
            }
            TimeStep::Offset(Offset::ToGrain(grain)) => {
                let start = self.start_instant(*grain, start.unwrap_or(last))?;
                Some(Stretch::Instants { start: Some(start), end: unit_after(start) })
            }
            TimeStep::Offset(Offset::Custom { count, granularity }) => {
                // The same time of day, so many periods earlier.
                let earlier = |at: DateTime<Utc>| {
                    let local = zone::wall_clock(at, zone);
                    let day = (self.periods)(*granularity)?.earlier(local.date(), *count)?;
                    Some(zone::instant_of_local(day.and_time(local.time()), zone))
                };
                let moved = earlier(start.unwrap_or(last))?;
                let end = match start {
                    Some(start) if unit_after(start) == end => unit_after(moved),
                    _ => earlier(last)? + Duration::microseconds(1),
                };
                Some(Stretch::Instants { start: Some(moved), end })
            }
            TimeStep::Accumulate { over, .. } => {
                let last = instant_bucket_of(last, self.unit, zone);
                let start = match over {
                    Accumulation::AllTime => None,
                    Accumulation::ToDate(grain) => Some(self.start_instant(*grain, last)?),
                    Accumulation::Trailing(length) => Some(unit_after(earlier(last, *length, zone))),
                };
                Some(Stretch::Instants { start, end })
            }
        }
    }

    /// Start of the period that holds an instant.
    fn start_instant(&self, grain: Grain, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let zone = self.calendar.zone;
        match grain {
            Grain::Standard(granularity) => Some(start_of(at, granularity, self.calendar)),
            Grain::Custom(_) => Some(zone::day_start(self.start(grain, zone::local_date(at, zone))?, zone)),
        }
    }
}

/// So much before a date; a day that the month lacks is its last. None for hours and shorter.
pub(in crate::query::resolve) fn back(date: NaiveDate, length: Length) -> Option<NaiveDate> {
    let months = |each: u32| date.checked_sub_months(Months::new(length.count.saturating_mul(each)));
    match length.unit {
        Granularity::Second | Granularity::Minute | Granularity::Hour => None,
        Granularity::Day => date.checked_sub_days(Days::new(length.count.into())),
        Granularity::Week => date.checked_sub_days(Days::new(u64::from(length.count) * 7)),
        Granularity::Month => months(1),
        Granularity::Quarter | Granularity::FiscalQuarter => months(3),
        Granularity::Year | Granularity::FiscalYear => months(12),
    }
}

/// So much before an instant: elapsed time for hours and shorter, the wall clock for days and longer.
fn earlier(at: DateTime<Utc>, length: Length, zone: chrono_tz::Tz) -> DateTime<Utc> {
    match length.unit {
        Granularity::Second | Granularity::Minute | Granularity::Hour => {
            at - length_of(length.unit) * i32::try_from(length.count).unwrap_or(i32::MAX)
        }
        Granularity::Day
        | Granularity::Week
        | Granularity::Month
        | Granularity::Quarter
        | Granularity::Year
        | Granularity::FiscalQuarter
        | Granularity::FiscalYear => {
            let local = zone::wall_clock(at, zone);
            let date = back(local.date(), length).unwrap_or(NaiveDate::MIN);
            zone::instant_of_local(date.and_time(local.time()), zone)
        }
    }
}

/// Elapsed time of a unit shorter than a day; a day for longer ones.
fn length_of(unit: Granularity) -> Duration {
    match unit {
        Granularity::Second => Duration::seconds(1),
        Granularity::Minute => Duration::minutes(1),
        Granularity::Hour => Duration::hours(1),
        Granularity::Day
        | Granularity::Week
        | Granularity::Month
        | Granularity::Quarter
        | Granularity::Year
        | Granularity::FiscalQuarter
        | Granularity::FiscalYear => Duration::days(1),
    }
}

fn shorter_than_a_day(length: Length) -> Diagnostic {
    Diagnostic::new(
        Code::GranularityNotAvailable,
        format!("a window of {} {}s is shorter than the days that are asked for", length.count, length.unit),
    )
    .help("group by `metric_time__hour`, or shorter")
}
