//! Time ranges: what was asked, and what it means now.
//!
//! A range is read ([`reading`]), cut at today, widened and cut by the request's flags
//! ([`flags`]), and becomes a window of instants. Dates are counted on the plain calendar; only
//! the ends of the window know of the zone's clock.

mod vocabulary;
mod typed;
pub(crate) mod reading;
mod flags;
#[cfg(test)]
mod laws;
#[cfg(test)]
pub(crate) mod tests;

use chrono::{DateTime, NaiveDate, Utc};

use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics, Warning};
use crate::time::calendar::Calendar;
use crate::time::comparison::{self, Mode, ResolvedComparison};
use crate::time::granularity::Granularity;
use crate::time::range::reading::Reading;
use crate::time::zone;
use crate::time::{self, as_of};

pub(crate) use flags::about_dates;
pub use vocabulary::normalize;

/// A stretch of time: the local dates it touches and the instants it lies between.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    pub first: NaiveDate,
    /// Belongs to the window.
    pub last: NaiveDate,
    pub start: DateTime<Utc>,
    /// Does not belong to the window.
    pub end: DateTime<Utc>,
    /// Set for a range of elapsed hours; its dates are those it touches.
    pub hours: Option<u32>,
}

impl Window {
    /// Local dates from the first to the last, skipped ones too.
    pub fn days(&self) -> i64 {
        (self.last - self.first).num_days() + 1
    }

    /// Whether two windows share an instant.
    pub fn overlaps(&self, other: &Window) -> bool {
        self.start < other.end && other.start < self.end
    }
}

/// The time part of a request, as written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TimeArguments {
    pub time_range: Option<String>,
    pub start_date: Option<String>,
    pub end_date: Option<String>,
    pub granularity: Option<Granularity>,
    pub include_today: bool,
    pub complete_days_only: bool,
    pub align_to_granularity: bool,
    /// A mode or a range.
    pub comparison: Option<String>,
}

/// A range of dates with a name of its own; both ends belong to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedRange {
    pub name: String,
    pub first: NaiveDate,
    pub last: NaiveDate,
}

/// First and last local date that the asked data has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DataExtent {
    pub first: NaiveDate,
    pub last: NaiveDate,
}

/// What a range is resolved against.
#[derive(Clone, Copy, Debug)]
pub struct TimeContext<'a> {
    /// The question's `as_of`.
    pub now: DateTime<Utc>,
    pub calendar: &'a Calendar,
    pub named: &'a [NamedRange],
    /// Absent when nothing is known about the data, or there is none.
    pub data: Option<DataExtent>,
    /// The declared instant up to which the data is complete.
    pub watermark: Option<DateTime<Utc>>,
}

/// What a range was asked by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Asked {
    /// Neither a range nor dates: all data.
    Nothing,
    Words(String),
    Dates {
        start_date: String,
        end_date: String,
    },
}

/// A range, what is to be said about it, and what it is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvedTime {
    pub asked: Asked,
    pub range: Window,
    /// Whether the range touches the local date of now.
    pub includes_today: bool,
    /// Whether the range ended by now and by the watermark.
    pub complete: bool,
    pub warnings: Vec<Warning>,
    /// Present when a comparison was asked, `none` and `target` too.
    pub comparison: Option<ResolvedComparison>,
}

impl ResolvedTime {
    /// Whether it is compared with the model's targets.
    pub fn is_against_targets(&self) -> bool {
        self.comparison.as_ref().is_some_and(|comparison| comparison.mode == Mode::Target)
    }
}

/// Resolves the time part of a request. Without a range and without dates it is all data; what
/// else a caller wants there, it puts into `arguments`.
pub fn resolve(arguments: &TimeArguments, context: &TimeContext) -> Result<ResolvedTime, Diagnostic> {
    let today = zone::local_date(context.now, context.calendar.zone);
    let (asked, read) = read(arguments, context, today)?;
    let finished = flags::apply(read, &asked, arguments, context, today)?;
    let range = finished.reading.window(context.calendar.zone);
    let comparison = match &arguments.comparison {
        Some(text) => Some(comparison::resolve(text, &finished.reading, &range, context, today)?),
        None => None,
    };
    Ok(ResolvedTime {
        asked,
        range,
        includes_today: range.first <= today && today <= range.last,
        complete: range.end <= cut(context),
        warnings: flags::warnings(&finished, &range, arguments, context),
        comparison,
    })
}

/// The instant up to which anything is known: now, or the watermark before it.
pub fn cut(context: &TimeContext) -> DateTime<Utc> {
    context.watermark.map_or(context.now, |watermark| watermark.min(context.now))
}

/// Holds the named ranges of a model against the words they would hide and against each other.
pub fn check_named(named: &[NamedRange]) -> Diagnostics {
    let mut faults = Diagnostics::default();
    let fault = |message: String| Diagnostic::new(Code::InvalidModel, message).field("named");
    for (position, range) in named.iter().enumerate() {
        let normal = normalize(&range.name);
        if vocabulary::read(&normal).is_some() || Mode::parse(&normal).is_some() || typed::read(&range.name).is_some() {
            faults.push(fault(format!("`{}` already means a range or a comparison", range.name)).help("another name"));
        }
        if range.last < range.first {
            faults.push(fault(format!("`{}` ends before it starts", range.name)).help("`end` on or after `start`"));
        }
        if named[..position].iter().any(|earlier| normalize(&earlier.name) == normal) {
            faults.push(fault(format!("two ranges are named `{}`", range.name)).help("one name for each range"));
        }
    }
    faults
}

/// Reads the range or the two dates.
fn read(arguments: &TimeArguments, context: &TimeContext, today: NaiveDate) -> Result<(Asked, Reading), Diagnostic> {
    let TimeArguments { time_range, start_date, end_date, .. } = arguments;
    let invalid = |message: &str, field: &str| {
        Diagnostic::new(Code::InvalidTimeRange, message)
            .field(field)
            .help("`time_range` alone, or `start_date` and `end_date` together")
    };
    match (time_range, start_date, end_date) {
        (Some(text), None, None) => Ok((Asked::Words(text.clone()), reading::read(text, context, today)?)),
        (Some(_), ..) => Err(invalid("`time_range` beside `start_date` or `end_date` says two things", "time_range")),
        (None, Some(start_date), Some(end_date)) => {
            let first = typed_date(start_date, "start_date")?;
            let last = typed_date(end_date, "end_date")?;
            if last < first {
                return Err(invalid(&format!("`{end_date}` is before `{start_date}`"), "end_date")
                    .received(end_date.as_str())
                    .help("an end on or after the start"));
            }
            let asked = Asked::Dates { start_date: start_date.clone(), end_date: end_date.clone() };
            Ok((asked, Reading::of_dates(first, last, context.calendar, today)))
        }
        (None, Some(_), None) => Err(invalid("`start_date` without `end_date`", "time_range")),
        (None, None, Some(_)) => Err(invalid("`end_date` without `start_date`", "time_range")),
        (None, None, None) => Ok((Asked::Nothing, reading::all_data(context)?)),
    }
}

fn typed_date(text: &str, field: &str) -> Result<NaiveDate, Diagnostic> {
    as_of::date(text.trim()).ok_or_else(|| {
        let text = time::shortened(text);
        Diagnostic::new(Code::InvalidTimeRange, format!("`{text}` is not a date"))
            .field(field)
            .received(text)
            .help("a date of the calendar as YYYY-MM-DD")
            .example("2026-11-01")
    })
}
