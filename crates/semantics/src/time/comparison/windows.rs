//! Where the windows of a comparison lie.

use chrono::{Days, Duration, Months, NaiveDate};

use crate::time::calendar::Calendar;
use crate::time::comparison::Mode;
use crate::time::range::reading::{Reading, Shape};
use crate::time::unit::Unit;
use crate::time::zone;

/// A move back in time, as a mode names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// So many periods as long as the range, or of its units.
    Periods(i32),
    Days(i64),
    /// Calendar months: the same dates, whole units whole.
    Months(u32),
}

/// The windows of a mode, newest first; none for `target`, `none` and another range.
pub(super) fn windows(mode: Mode, range: &Reading, calendar: &Calendar, today: NaiveDate) -> Vec<Reading> {
    let weeks = (range.length() + Duration::days(7) - Duration::nanoseconds(1)).num_days() / 7;
    let steps = match mode {
        Mode::PreviousPeriod => vec![Step::Periods(1)],
        Mode::PreviousPeriodMatchWeekday => vec![Step::Days(7 * weeks)],
        Mode::PreviousWeek => vec![Step::Days(7)],
        Mode::PreviousMonth => vec![Step::Months(1)],
        Mode::PreviousQuarter => vec![Step::Months(3)],
        Mode::PreviousYear => vec![Step::Months(12)],
        Mode::PreviousYearMatchWeekday => vec![Step::Days(364)],
        Mode::PreviousFourAverage => (1..=4).map(Step::Periods).collect(),
        Mode::Custom | Mode::Target | Mode::None => Vec::new(),
    };
    steps.into_iter().map(|step| moved(range, step, calendar, today)).collect()
}

fn moved(range: &Reading, step: Step, calendar: &Calendar, today: NaiveDate) -> Reading {
    match range.shape {
        Shape::Days | Shape::Units { .. } | Shape::All => {
            let (first, last) = moved_days(range, step, calendar, today);
            Reading { first, last, iso_week: false, ..*range }
        }
        Shape::Hours { count, end } => {
            let length = Duration::hours(count.into());
            let end = match step {
                Step::Periods(count) => end - length * count,
                Step::Days(_) | Step::Months(_) => {
                    let start = zone::wall_clock(end - length, calendar.zone);
                    let start = date_before(start.date(), step).and_time(start.time());
                    zone::instant_of_local(start, calendar.zone) + length
                }
            };
            Reading::of_hours(count, end, calendar.zone)
        }
        Shape::Clock { from, to } => {
            let length = to - from;
            let from = match step {
                Step::Periods(count) => from - length * count,
                Step::Days(_) | Step::Months(_) => date_before(from.date(), step).and_time(from.time()),
            };
            Reading::of_clock(from, from + length)
        }
    }
}

fn moved_days(range: &Reading, step: Step, calendar: &Calendar, today: NaiveDate) -> (NaiveDate, NaiveDate) {
    let back = |days: i64| (range.first - Duration::days(days), range.last - Duration::days(days));
    match step {
        Step::Periods(periods) => match range.shape {
            Shape::Units { unit, count } => {
                let first = unit.moved(range.first, -periods * count, calendar);
                let last = unit.moved(range.first, -(periods - 1) * count, calendar) - Days::new(1);
                (first, elapsed(range, first, last, calendar, today))
            }
            Shape::Days | Shape::Hours { .. } | Shape::Clock { .. } | Shape::All => {
                back(range.days() * i64::from(periods))
            }
        },
        Step::Days(days) => back(days),
        Step::Months(months) => match range.shape {
            Shape::Units { unit, count } if unit != Unit::Week => {
                units_before(range, unit, count, months, calendar, today)
            }
            Shape::Days | Shape::Units { .. } | Shape::Hours { .. } | Shape::Clock { .. } | Shape::All => {
                dates_before(range.first, range.last, months)
            }
        },
    }
}

/// Last day of a window that starts on `first` and may not pass `last`: all of it for a range of
/// whole units, the days elapsed for one that is under way.
fn elapsed(range: &Reading, first: NaiveDate, last: NaiveDate, calendar: &Calendar, today: NaiveDate) -> NaiveDate {
    if range.is_whole(calendar, today) { last } else { last.min(first + Duration::days(range.days() - 1)) }
}

/// Months, quarters and years so many months before: they keep their start, and stay whole.
fn units_before(
    range: &Reading,
    unit: Unit,
    count: i32,
    months: u32,
    calendar: &Calendar,
    today: NaiveDate,
) -> (NaiveDate, NaiveDate) {
    let after = unit.moved(range.first, count, calendar);
    if unit.is_fiscal() && calendar.fiscal.is_some() {
        let before = |date: NaiveDate| Unit::FiscalMonth.moved(date, -(months as i32), calendar);
        let (first, last) = (before(range.first), before(after) - Days::new(1));
        return (first, elapsed(range, first, last, calendar, today));
    }
    let first = months_before(range.first, months);
    if range.is_whole(calendar, today) {
        (first, months_before(after, months) - Days::new(1))
    } else {
        (first, months_before(range.last, months))
    }
}

/// The same dates so many months before. Where one of them does not exist, the end is the last
/// of its month and the start keeps the length.
fn dates_before(first: NaiveDate, last: NaiveDate, months: u32) -> (NaiveDate, NaiveDate) {
    let (start, end) = (months_before(first, months), months_before(last, months));
    let exists = |date: NaiveDate, before: NaiveDate| before + Months::new(months) == date;
    if exists(first, start) && exists(last, end) { (start, end) } else { (end - (last - first), end) }
}

fn date_before(date: NaiveDate, step: Step) -> NaiveDate {
    match step {
        Step::Periods(_) => date,
        Step::Days(days) => date - Duration::days(days),
        Step::Months(months) => months_before(date, months),
    }
}

/// The same day so many months before, the last of the month where that does not exist.
fn months_before(date: NaiveDate, months: u32) -> NaiveDate {
    date - Months::new(months)
}
