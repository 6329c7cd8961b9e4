//! The time of a question: its clock, its range, its comparison, and the periods they make.

mod compare;
mod series;
mod settling;
mod targets;

use chrono::{DateTime, Duration, NaiveDate, Utc};
use chrono_tz::Tz;

use super::super::period::{Dates, Interval, Period};
use super::super::request::{MetricsRequest, TimeArguments};
use super::super::resolved::{Change, Group, QueryTime};
use super::metrics::{Asked, Flattener};
use super::rows::FactBuilder;
use super::{Context, Extent, Moment};
use crate::catalog::bind::BoundCatalog;
use crate::catalog::id::{DatasetId, MetricId};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics, Warning};
use crate::time::as_of::{AsOf, end_of_day};
use crate::time::bucket;
use crate::time::calendar::Calendar;
use crate::time::granularity::Granularity;
use crate::time::range::{self, DataExtent, NamedRange, ResolvedTime, TimeContext, Window};
use crate::time::stored::StoredAs;
use crate::time::zone;

/// The time of a question, and which of its comparisons each output is held against.
pub(super) struct TimeOfQuery {
    pub query: QueryTime,
    pub change_of_output: Vec<Option<usize>>,
    pub defaults_used: Vec<&'static str>,
    pub warnings: Vec<Warning>,
}

/// What stays the same while a question's times are resolved.
struct Times<'a> {
    bound: &'a BoundCatalog,
    context: &'a Context,
    written: &'a TimeArguments,
    calendar: Calendar,
    named: Vec<NamedRange>,
    now: DateTime<Utc>,
    /// The periods that the question groups by, the first where they are several; a range is widened to whole ones
    /// where that is asked.
    granularity: Option<Granularity>,
    data: Option<DataExtent>,
}

#[allow(clippy::too_many_arguments, reason = "the stages of one resolution, each once")]
pub(super) fn resolve(
    bound: &BoundCatalog,
    context: &Context,
    request: &MetricsRequest,
    facts: &[FactBuilder],
    flat: &Flattener,
    outputs: &[Asked],
    groups: &[Group],
    found: &mut Diagnostics,
) -> Option<TimeOfQuery> {
    let resolved = try_resolve(bound, context, request, facts, flat, outputs, groups);
    match resolved {
        Ok(time) => Some(time),
        Err(refused) => {
            found.push(refused);
            None
        }
    }
}

fn try_resolve(
    bound: &BoundCatalog,
    context: &Context,
    request: &MetricsRequest,
    facts: &[FactBuilder],
    flat: &Flattener,
    outputs: &[Asked],
    groups: &[Group],
) -> Result<TimeOfQuery, Diagnostic> {
    let written = &request.time;
    let mut calendar = bound.catalog.calendar;
    if let Some(name) = &written.timezone {
        calendar.zone = zone::parse(name)?;
    }
    let mut defaults_used = Vec::new();
    let mut warnings = Vec::new();
    let extents: Vec<Option<Extent>> = facts.iter().map(|f| context.extents[f.dataset.index()]).collect();
    let now = clock(bound, context, written, &calendar, &extents, &mut defaults_used)?;
    let data = data_extent(&extents, calendar.zone);
    let times = Times {
        bound,
        context,
        written,
        calendar,
        named: named_ranges(bound),
        now,
        granularity: groups.iter().find(|group| group.is_series).and_then(|group| group.granularity),
        data,
    };
    if written.timezone.is_some()
        && calendar.zone != bound.catalog.calendar.zone
        && extents.iter().flatten().any(|e| matches!(e.first, Moment::Date(_)))
    {
        let message = format!("dates without a time are read as they are, not shifted to {}", calendar.zone);
        warnings.push(Warning::new(Code::DatesNotShifted, message));
    }
    let range = times.range(compare::known_to(&times, facts))?;
    if range.is_none() {
        defaults_used.push("time_range");
        if written.comparison.as_deref().is_some_and(|c| !c.trim().eq_ignore_ascii_case("none")) {
            return Err(Diagnostic::new(Code::InvalidComparison, "a comparison of all data has nothing before it")
                .field("comparison")
                .received(written.comparison.clone().unwrap_or_default())
                .help("give a `time_range`, such as last_7_days"));
        }
    }
    if let Some(range) = &range {
        check_axes(bound, facts, range, written)?;
        // How far each dataset is complete is said dataset by dataset.
        warnings.extend(range.warnings.iter().filter(|warning| warning.code != Code::PastData).cloned());
        compare::warn_of_watermarks(&times, facts, &range.range, &mut warnings);
    }
    let whole = period_of(range.as_ref().map(|r| &r.range), now, calendar.zone);
    let mut periods = vec![whole];
    let mut changes = Vec::new();
    let change_of_output = match range.as_ref().filter(|range| range.is_against_targets()) {
        Some(range) => {
            changes.push(targets::change(&times, request, outputs, groups, range)?);
            vec![Some(0); outputs.len()]
        }
        None => compare::Compare { times: &times, facts, flat, outputs }.changes(&range, &mut periods, &mut changes)?,
    };
    warn_of_changes(&changes, &mut warnings);
    let series = times.granularity.zip(range.as_ref());
    let series = series.map(|(granularity, range)| series::series(&range.range, &changes, granularity, &calendar));
    warn_of_data(data, &range, &mut warnings);
    let metrics: Vec<MetricId> = outputs.iter().map(|output| output.metric).collect();
    let window = range.as_ref().map(|r| &r.range);
    warnings.extend(settling::warnings(&bound.catalog, &metrics, window, data, now, &calendar));
    let query = QueryTime { calendar, as_of: now, range, granularity: times.granularity, periods, changes, series };
    Ok(TimeOfQuery { query, change_of_output, defaults_used, warnings })
}

fn named_ranges(bound: &BoundCatalog) -> Vec<NamedRange> {
    let named = bound.catalog.time_ranges.iter();
    named.map(|r| NamedRange { name: r.name.value.clone(), first: r.start.value, last: r.end.value }).collect()
}

/// The question's clock, of metrics over these datasets.
pub(super) fn clock_of(
    bound: &BoundCatalog,
    context: &Context,
    written: &TimeArguments,
    datasets: &[DatasetId],
) -> Result<DateTime<Utc>, Diagnostic> {
    let mut calendar = bound.catalog.calendar;
    if let Some(name) = &written.timezone {
        calendar.zone = zone::parse(name)?;
    }
    let extents: Vec<Option<Extent>> = datasets.iter().map(|id| context.extents[id.index()]).collect();
    clock(bound, context, written, &calendar, &extents, &mut Vec::new())
}

fn clock(
    bound: &BoundCatalog,
    context: &Context,
    written: &TimeArguments,
    calendar: &Calendar,
    extents: &[Option<Extent>],
    defaults_used: &mut Vec<&'static str>,
) -> Result<DateTime<Utc>, Diagnostic> {
    let asked = match &written.as_of {
        Some(text) => AsOf::parse(text, calendar.zone)?,
        None if bound.catalog.as_of_data && !extents.is_empty() => {
            defaults_used.push("as_of");
            AsOf::Data
        }
        None => return Ok(context.now),
    };
    match asked {
        AsOf::Instant(instant) => Ok(instant),
        AsOf::Data => {
            let today = zone::day_start(zone::local_date(context.now, calendar.zone), calendar.zone);
            let newest = extents.iter().flatten().map(|e| local_date(e.last, calendar.zone)).max();
            match newest {
                Some(date) => Ok(end_of_day(date, calendar.zone).min(today)),
                None => Err(Diagnostic::new(Code::DataUnavailable, "there is no data whose end could be the clock")
                    .field("as_of")
                    .help("give `as_of` as a timestamp or a date")),
            }
        }
    }
}

impl Times<'_> {
    /// The range as asked, complete up to `watermark`; `None` where none was asked.
    fn range(&self, watermark: Option<DateTime<Utc>>) -> Result<Option<ResolvedTime>, Diagnostic> {
        let written = self.written;
        if written.time_range.is_none() && written.start_date.is_none() && written.end_date.is_none() {
            return Ok(None);
        }
        let arguments = range::TimeArguments {
            time_range: written.time_range.clone(),
            start_date: written.start_date.clone(),
            end_date: written.end_date.clone(),
            granularity: self.granularity,
            include_today: written.include_today,
            complete_days_only: written.complete_days_only,
            align_to_granularity: written.align_to_granularity,
            comparison: written.comparison.clone(),
        };
        let context =
            TimeContext { now: self.now, calendar: &self.calendar, named: &self.named, data: self.data, watermark };
        let mut resolved = range::resolve(&arguments, &context)?;
        if let Some(unit) = arguments.granularity.filter(|unit| unit.is_sub_day() && written.align_to_granularity) {
            let zone = self.calendar.zone;
            let units = bucket::instant_buckets(&resolved.range, unit, zone);
            let (first, last) = (units.first().copied(), units.last().copied());
            resolved.range.start = first.unwrap_or(resolved.range.start);
            resolved.range.end = last.map_or(resolved.range.end, |last| bucket::instant_bucket_after(last, unit, zone));
        }
        Ok(Some(resolved))
    }
}

/// The position of a period in the list, added if it is new.
pub(super) fn place(periods: &mut Vec<Period>, period: Period) -> usize {
    match periods.iter().position(|p| *p == period) {
        Some(at) => at,
        None => {
            periods.push(period);
            periods.len() - 1
        }
    }
}

fn one(interval: Interval) -> Period {
    Period { intervals: vec![interval] }
}

/// All of a window, also what is after the question's clock.
pub(super) fn whole(window: &Window) -> Period {
    let dates = Some(Dates { first: Some(window.first), last: window.last });
    one(Interval { start: Some(window.start), end: window.end, dates })
}

/// All data up to the question's clock.
pub(super) fn all_data(now: DateTime<Utc>, zone: Tz) -> Period {
    period_of(None, now, zone)
}

fn period_of(window: Option<&Window>, now: DateTime<Utc>, zone: Tz) -> Period {
    one(match window {
        Some(window) => interval(window, None, now, zone),
        None => {
            let dates = Some(Dates { first: None, last: zone::local_date(now, zone) });
            Interval { start: None, end: just_after(now), dates }
        }
    })
}

/// What is read of a window: up to `cut` where it is cut, never past the question's clock. A day
/// that a cut leaves unfinished is left out of a date axis.
fn interval(window: &Window, cut: Option<DateTime<Utc>>, now: DateTime<Utc>, zone: Tz) -> Interval {
    let today = zone::local_date(now, zone);
    let last = match cut {
        Some(cut) if cut < window.end => {
            let date = zone::local_date(cut, zone);
            let whole = if end_of_day(date, zone) <= cut { Some(date) } else { date.pred_opt() };
            whole.map(|d| d.min(window.last))
        }
        _ => Some(window.last.min(today)),
    };
    let end = cut.map_or(window.end, |cut| cut.min(window.end)).min(just_after(now));
    let dates = last.filter(|last| *last >= window.first).map(|last| Dates { first: Some(window.first), last });
    Interval { start: Some(window.start), end, dates }
}

/// The end of a stretch that includes an instant, at the resolution of stored timestamps.
fn just_after(instant: DateTime<Utc>) -> DateTime<Utc> {
    instant + Duration::microseconds(1)
}

pub(super) fn local_date(moment: Moment, zone: Tz) -> NaiveDate {
    match moment {
        Moment::Date(date) => date,
        Moment::Instant(instant) => zone::local_date(instant, zone),
    }
}

fn data_extent(extents: &[Option<Extent>], zone: Tz) -> Option<DataExtent> {
    let first = extents.iter().flatten().map(|e| local_date(e.first, zone)).min()?;
    let last = extents.iter().flatten().map(|e| local_date(e.last, zone)).max()?;
    Some(DataExtent { first, last })
}

/// Hours need a time of day, and a coarse axis whole periods.
fn check_axes(
    bound: &BoundCatalog,
    facts: &[FactBuilder],
    range: &ResolvedTime,
    written: &TimeArguments,
) -> Result<(), Diagnostic> {
    for fact in facts {
        let Some(axis) = &fact.axis else {
            continue;
        };
        let dimension = bound.catalog.dimension(axis.dimension);
        let is_date = bound.dimension(dimension.id)?.stored == Some(StoredAs::Date);
        let dataset = &bound.catalog.dataset(fact.dataset).name;
        let received = written.time_range.clone().unwrap_or_default();
        if is_date && range.range.hours.is_some() {
            return Err(Diagnostic::new(
                Code::GranularityNotAvailable,
                format!("`{dataset}` has dates without a time of day"),
            )
            .field("time_range")
            .received(received)
            .help("ask for days, such as last_7_days"));
        }
        let finest = dimension.granularity.unwrap_or(Granularity::Day);
        if finest <= Granularity::Day {
            continue;
        }
        let calendar = &bound.catalog.calendar;
        let starts = bucket::bucket_of(range.range.first, finest, calendar) == range.range.first;
        let after = range.range.last + Duration::days(1);
        let ends = range.includes_today || bucket::bucket_of(after, finest, calendar) == after;
        if !(starts && ends) {
            return Err(Diagnostic::new(
                Code::RangeBelowGrain,
                format!("the range cuts a {finest}, and `{dataset}` has only whole ones"),
            )
            .field("time_range")
            .received(received)
            .help(format!("ask for whole periods, or set align_to_granularity with granularity {finest}")));
        }
    }
    Ok(())
}

fn warn_of_changes(changes: &[Change], warnings: &mut Vec<Warning>) {
    for warning in changes.iter().flat_map(|c| &c.comparison.warnings) {
        if !warnings.contains(warning) {
            warnings.push(warning.clone());
        }
    }
}

fn warn_of_data(data: Option<DataExtent>, range: &Option<ResolvedTime>, warnings: &mut Vec<Warning>) {
    let (Some(data), Some(range)) = (data, range) else {
        return;
    };
    let message = if range.range.first > data.last {
        format!("the data ends {}, before the range; ask with as_of: data", data.last)
    } else if range.range.last < data.first {
        format!("the data starts {}, after the range", data.first)
    } else {
        return;
    };
    warnings.push(Warning::new(Code::NoDataInRange, message));
}
