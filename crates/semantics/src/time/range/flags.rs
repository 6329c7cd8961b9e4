//! The flags of a request, in their order: today included, the future cut off, whole periods,
//! complete days; then what is to be said about the result.

use chrono::{Days, NaiveDate, Weekday};

use crate::code::Code;
use crate::diagnostic::{Diagnostic, Warning};
use crate::time::range::reading::{Reading, Shape};
use crate::time::range::{Asked, TimeArguments, TimeContext, Window, cut};
use crate::time::unit::Unit;
use crate::time::zone;
use crate::time::{self, calendar::earliest};

/// A range after all flags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Finished {
    pub(super) reading: Reading,
    /// Its end lay after today.
    clamped: bool,
    /// Flags that changed nothing.
    ignored: Vec<&'static str>,
}

/// Applies the flags to a range.
pub(super) fn apply(
    mut reading: Reading,
    asked: &Asked,
    arguments: &TimeArguments,
    context: &TimeContext,
    today: NaiveDate,
) -> Result<Finished, Diagnostic> {
    let refusal = |message: String| refusal(message, asked);
    if arguments.include_today && arguments.complete_days_only {
        return Err(refusal("`include_today` and `complete_days_only` contradict each other".to_string())
            .field("include_today")
            .received(true)
            .help("one of them alone"));
    }
    let mut ignored = Vec::new();
    if let (true, Some(days)) = (arguments.include_today, reading.days_before_today) {
        reading.first = today - Days::new(u64::from(days) - 1);
        reading.last = today;
    }
    if reading.first > today {
        return Err(refusal(format!("the range starts on {}, after today, {today}", reading.first))
            .help("a range that has begun; `as_of` moves today"));
    }
    let clamped = reading.last > today;
    if clamped {
        reading = reading.ending(today);
    }
    if arguments.align_to_granularity {
        match arguments.granularity {
            Some(granularity) => {
                if let Some(unit) = Unit::of(granularity) {
                    reading = widened(reading, unit, context, today);
                }
            }
            None => ignored.push("align_to_granularity"),
        }
    }
    let includes_today = reading.last >= today;
    if arguments.complete_days_only && includes_today && !matches!(reading.shape, Shape::Hours { .. }) {
        if reading.first >= today {
            return Err(no_complete_day(&reading, asked, today));
        }
        reading = reading.ending(today - Days::new(1));
    }
    if reading.first < earliest() {
        return Err(refusal(format!("the range starts on {}, before {}", reading.first, earliest()))
            .help("a range from 1900-01-01 on"));
    }
    if arguments.include_today && !includes_today {
        ignored.push("include_today");
    }
    Ok(Finished { reading, clamped, ignored })
}

/// Whole periods of a unit around a range, up to today.
fn widened(reading: Reading, unit: Unit, context: &TimeContext, today: NaiveDate) -> Reading {
    let calendar = context.calendar;
    let (first, last) = (unit.first(reading.first, calendar), unit.last(reading.last, calendar));
    let shape = match reading.shape {
        Shape::Hours { .. } => return reading,
        Shape::All => Shape::All,
        Shape::Days | Shape::Units { .. } | Shape::Clock { .. } => {
            let mut count = 1;
            while unit.moved(first, count, calendar) <= last {
                count += 1;
            }
            Shape::Units { unit, count }
        }
    };
    Reading { first, last: last.min(today), shape, ..reading }
}

fn no_complete_day(reading: &Reading, asked: &Asked, today: NaiveDate) -> Diagnostic {
    let complete = match reading.shape {
        Shape::Units { unit, .. } => format!("last_{}", unit.as_str()),
        Shape::Days | Shape::Hours { .. } | Shape::Clock { .. } | Shape::All => "yesterday".to_string(),
    };
    let mut fault = refusal(format!("the range starts today, {today}, and has no complete day yet"), asked)
        .help(format!("`{complete}`, or no `complete_days_only`"))
        .example(complete.as_str());
    fault.did_you_mean = vec![complete];
    fault
}

/// A refusal of the range, at the argument that it came from.
fn refusal(message: String, asked: &Asked) -> Diagnostic {
    let fault = Diagnostic::new(Code::InvalidTimeRange, message);
    match asked {
        Asked::Nothing => fault.field("time_range"),
        Asked::Words(text) => fault.field("time_range").received(time::shortened(text)),
        Asked::Dates { start_date, .. } => fault.field("start_date").received(start_date.as_str()),
    }
}

/// What is to be said about a range, each code once.
pub(super) fn warnings(
    finished: &Finished,
    range: &Window,
    arguments: &TimeArguments,
    context: &TimeContext,
) -> Vec<Warning> {
    let Finished { reading, clamped, ignored } = finished;
    let calendar = context.calendar;
    let mut found = Vec::new();
    if range.end > context.now {
        let last = range.last;
        found.push(Warning::new(Code::PartialPeriod, format!("{last} is not over at the time of the answer")));
    }
    if *clamped {
        found.push(Warning::new(Code::FutureClamped, format!("the range was cut at today, {}", clamp_day(context))));
    }
    let unit = arguments.granularity.and_then(Unit::of);
    if let Some(unit) = unit.filter(|unit| cuts_bucket(range, *unit, context)) {
        let message = format!("the first or the last {} of the range is not whole", unit.as_str());
        found.push(Warning::new(Code::PartialBucket, message));
    }
    if let Some(watermark) = context.watermark.filter(|_| cut(context) < range.end.min(context.now)) {
        let through = zone::wall_clock(watermark, calendar.zone).format("%Y-%m-%d %H:%M");
        found.push(Warning::new(Code::PastData, format!("the data is complete up to {through} only")));
    }
    if !ignored.is_empty() {
        let message = format!("`{}` changes nothing here", ignored.join("` and `"));
        found.push(Warning::new(Code::FlagIgnored, message));
    }
    found.extend(about_dates(reading, range, context));
    found
}

/// The warnings that ranges and comparison windows share.
pub(crate) fn about_dates(reading: &Reading, window: &Window, context: &TimeContext) -> Vec<Warning> {
    let mut found = Vec::new();
    if reading.iso_week && context.calendar.week_start == Weekday::Sun {
        let message = "a week typed as YYYY-Www runs from Monday; the model's weeks start on Sunday";
        found.push(Warning::new(Code::IsoWeek, message));
    }
    if let Some(date) = zone::skipped_dates(window.first, window.last, context.calendar.zone).first() {
        let message = format!("{date} does not exist in {}", context.calendar.zone);
        found.push(Warning::new(Code::SkippedDate, message));
    }
    found
}

/// Whether the range does not start and end with whole periods of a unit.
fn cuts_bucket(range: &Window, unit: Unit, context: &TimeContext) -> bool {
    let calendar = context.calendar;
    let whole_days = range.start == zone::day_start(range.first, calendar.zone)
        && range.end == zone::day_start(range.last + Days::new(1), calendar.zone);
    !whole_days || unit.first(range.first, calendar) != range.first || unit.last(range.last, calendar) != range.last
}

fn clamp_day(context: &TimeContext) -> NaiveDate {
    zone::local_date(context.now, context.calendar.zone)
}
