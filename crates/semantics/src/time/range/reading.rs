//! What a range says before any flag: its first and last day, and how it moves when compared.

use chrono::{DateTime, Datelike, Days, Duration, NaiveDate, NaiveDateTime, Utc};
use chrono_tz::Tz;

use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::time::calendar::Calendar;
use crate::time::granularity::Granularity;
use crate::time::range::typed::{self, Side, Typed};
use crate::time::range::vocabulary::{self, Word};
use crate::time::range::{DataExtent, TimeContext, Window};
use crate::time::unit::Unit;
use crate::time::zone::{self, midnight};
use crate::time::{self, bucket};

/// A range on the way to a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) first: NaiveDate,
    pub(crate) last: NaiveDate,
    pub(crate) shape: Shape,
    /// Says how many days before today it was asked as: `last_7_days`.
    pub(crate) days_before_today: Option<u32>,
    /// Written as `YYYY-Www`.
    pub(crate) iso_week: bool,
}

/// What a range is made of, which decides where it moves when it is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Days; they move by their number.
    Days,
    /// Calendar units from the first day of one; the last may not be over yet.
    Units { unit: Unit, count: i32 },
    /// Elapsed hours up to an instant.
    Hours { count: u32, end: DateTime<Utc> },
    /// Local time from an instant of the wall clock up to another.
    Clock { from: NaiveDateTime, to: NaiveDateTime },
    /// All data; it has no period before it.
    All,
}

impl Reading {
    fn new(first: NaiveDate, last: NaiveDate, shape: Shape) -> Reading {
        Reading { first, last, shape, days_before_today: None, iso_week: false }
    }

    /// Typed dates: exactly one week, month, quarter or year is that unit, several whole months
    /// that are over are months, anything else is days.
    pub(crate) fn of_dates(first: NaiveDate, last: NaiveDate, calendar: &Calendar, today: NaiveDate) -> Reading {
        let is = |unit: &Unit| unit.first(first, calendar) == first && unit.last(first, calendar) == last;
        let next = last + Days::new(1);
        let shape = match [Unit::Week, Unit::Month, Unit::Quarter, Unit::Year].into_iter().find(is) {
            Some(unit) => Shape::Units { unit, count: 1 },
            None if last < today && first.day() == 1 && next.day() == 1 => {
                let months = |date: NaiveDate| date.year() * 12 + date.month0() as i32;
                Shape::Units { unit: Unit::Month, count: months(next) - months(first) }
            }
            None => Shape::Days,
        };
        Reading::new(first, last, shape)
    }

    /// Local time from one reading of the wall clock up to another.
    pub(crate) fn of_clock(from: NaiveDateTime, to: NaiveDateTime) -> Reading {
        let last = (to - Duration::nanoseconds(1)).date();
        Reading::new(from.date(), last, Shape::Clock { from, to })
    }

    /// Elapsed hours up to an instant.
    pub(crate) fn of_hours(count: u32, end: DateTime<Utc>, zone: Tz) -> Reading {
        let window = hours_window(count, end, zone);
        Reading::new(window.first, window.last, Shape::Hours { count, end })
    }

    /// The same range with another last day; what lies after it is cut off.
    pub(crate) fn ending(self, last: NaiveDate) -> Reading {
        let shape = match self.shape {
            Shape::Clock { from, to } => Shape::Clock { from, to: to.min(midnight(last + Days::new(1))) },
            shape @ (Shape::Days | Shape::Units { .. } | Shape::Hours { .. } | Shape::All) => shape,
        };
        Reading { last, shape, ..self }
    }

    /// Whether it is a number of whole units and the last of them is over.
    pub(crate) fn is_whole(&self, calendar: &Calendar, today: NaiveDate) -> bool {
        match self.shape {
            Shape::Units { unit, count } => {
                self.last < today && unit.moved(self.first, count, calendar) == self.last + Days::new(1)
            }
            Shape::Days | Shape::Hours { .. } | Shape::Clock { .. } | Shape::All => false,
        }
    }

    /// Local dates that it touches.
    pub(crate) fn days(&self) -> i64 {
        (self.last - self.first).num_days() + 1
    }

    /// Its length by the calendar and the wall clock; by the hour for hours.
    pub(crate) fn length(&self) -> Duration {
        match self.shape {
            Shape::Days | Shape::Units { .. } | Shape::All => Duration::days(self.days()),
            Shape::Hours { count, .. } => Duration::hours(count.into()),
            Shape::Clock { from, to } => to - from,
        }
    }

    /// Whether it is of whole days.
    pub(crate) fn of_whole_days(&self) -> bool {
        match self.shape {
            Shape::Days | Shape::Units { .. } | Shape::All => true,
            Shape::Hours { .. } | Shape::Clock { .. } => false,
        }
    }

    pub(crate) fn window(&self, zone: Tz) -> Window {
        match self.shape {
            Shape::Days | Shape::Units { .. } | Shape::All => days_window(self.first, self.last, zone),
            Shape::Hours { count, end } => hours_window(count, end, zone),
            Shape::Clock { from, to } => clock_window(from, to, zone),
        }
    }
}

/// Whole local days.
fn days_window(first: NaiveDate, last: NaiveDate, zone: Tz) -> Window {
    let end = zone::day_start(last + Days::new(1), zone);
    Window { first, last, start: zone::day_start(first, zone), end, hours: None }
}

/// Elapsed hours up to an instant, with the dates that they touch.
fn hours_window(count: u32, end: DateTime<Utc>, zone: Tz) -> Window {
    let start = end - Duration::hours(count.into());
    let last = zone::local_date(end - Duration::nanoseconds(1), zone);
    Window { first: zone::local_date(start, zone), last, start, end, hours: Some(count) }
}

/// Local time from one reading of the wall clock up to another.
fn clock_window(from: NaiveDateTime, to: NaiveDateTime, zone: Tz) -> Window {
    let last = (to - Duration::nanoseconds(1)).date();
    let (start, end) = (zone::instant_of_local(from, zone), zone::instant_of_local(to, zone));
    Window { first: from.date(), last, start, end, hours: None }
}

/// Reads a word, a name of the model, or a typed range.
pub(crate) fn read(text: &str, context: &TimeContext, today: NaiveDate) -> Result<Reading, Diagnostic> {
    let normal = vocabulary::normalize(text);
    if let Some(word) = vocabulary::read(&normal) {
        return of_word(word, context, today);
    }
    if let Some(named) = context.named.iter().find(|range| vocabulary::normalize(&range.name) == normal) {
        return Ok(Reading::of_dates(named.first, named.last, context.calendar, today));
    }
    match typed::read(text) {
        Some(range) => of_typed(text, range, context, today),
        None => {
            let text = time::shortened(text);
            let mut fault =
                refusal(format!("unknown time range `{text}`"), text).help(vocabulary::LIST).example("last_7_days");
            fault.did_you_mean = vocabulary::suggestions(text, context.named);
            Err(fault)
        }
    }
}

/// From the first to the last date of the data.
pub(crate) fn all_data(context: &TimeContext) -> Result<Reading, Diagnostic> {
    match context.data {
        Some(DataExtent { first, last }) => Ok(Reading::new(first, last, Shape::All)),
        None => Err(Diagnostic::new(Code::DataUnavailable, "`all_time` has no first and last date: there is no data")
            .field("time_range")
            .help("a range of its own, such as last_7_days")),
    }
}

fn of_word(word: Word, context: &TimeContext, today: NaiveDate) -> Result<Reading, Diagnostic> {
    let TimeContext { now, calendar, .. } = *context;
    let yesterday = today - Days::new(1);
    Ok(match word {
        Word::Today => Reading::new(today, today, Shape::Days),
        Word::Yesterday => Reading::new(yesterday, yesterday, Shape::Days),
        Word::LastDays(count) => Reading {
            days_before_today: Some(count),
            ..Reading::new(today - Days::new(count.into()), yesterday, Shape::Days)
        },
        Word::LastHours(count) => {
            let end = bucket::instant_bucket_of(now, Granularity::Hour, calendar.zone);
            Reading::of_hours(count, end, calendar.zone)
        }
        Word::ToDate(unit) => Reading::new(unit.first(today, calendar), today, Shape::Units { unit, count: 1 }),
        Word::Last(unit, count) => {
            let count = count as i32;
            let last = unit.first(today, calendar) - Days::new(1);
            Reading::new(unit.moved(today, -count, calendar), last, Shape::Units { unit, count })
        }
        Word::AllTime => return all_data(context),
    })
}

/// An open side reaches to the first or last data; where none lies there, the range is the other
/// side's.
fn of_typed(text: &str, range: Typed, context: &TimeContext, today: NaiveDate) -> Result<Reading, Diagnostic> {
    let data = || {
        context.data.ok_or_else(|| {
            refusal(format!("`{text}` is open, and there is no data to say where it ends"), text)
                .help("both ends of the range")
                .example("2026-11-01..2026-11-19")
        })
    };
    let (from, to) = match (range.start, range.end) {
        (Some(start), Some(end)) => (start.from, end.to),
        (Some(start), None) => {
            let data_end = midnight(data()?.last + Days::new(1));
            (start.from, if start.from < data_end { data_end } else { start.to })
        }
        (None, Some(end)) => {
            let data_start = midnight(data()?.first);
            (if data_start < end.to { data_start } else { end.from }, end.to)
        }
        (None, None) => return all_data(context),
    };
    if to <= from {
        return Err(refusal(format!("`{text}` ends before it starts"), text)
            .help("an end on or after the start")
            .example("2026-11-01..2026-11-19"));
    }
    let iso_week = [range.start, range.end].into_iter().flatten().any(|side: Side| side.iso_week);
    let whole_days = from == midnight(from.date()) && to == midnight(to.date());
    let reading = if whole_days {
        Reading::of_dates(from.date(), to.date() - Days::new(1), context.calendar, today)
    } else {
        Reading::of_clock(from, to)
    };
    Ok(Reading { iso_week, ..reading })
}

fn refusal(message: String, text: &str) -> Diagnostic {
    Diagnostic::new(Code::InvalidTimeRange, message).field("time_range").received(time::shortened(text))
}
