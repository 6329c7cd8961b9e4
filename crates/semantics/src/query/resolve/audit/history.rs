//! Which history each metric of an audit is held against: its days, or earlier windows of the same length.

use chrono::{Duration, NaiveDate};
use chrono_tz::Tz;

use super::super::super::audit::{Daily, Days, Reading, Tested};
use super::super::super::computation::ComputationId;
use super::super::super::period::{Dates, Interval, Period};
use super::super::super::resolved::Additivity;
use super::super::Context;
use super::super::metrics::{Asked, Flattener};
use super::super::rows::FactBuilder;
use super::super::time::{TimeOfQuery, local_date, place};
use super::Asking;
use crate::time::comparison::Mode;
use crate::time::zone;

/// Days of history that are read: 26 weeks.
const HISTORY_DAYS: i64 = 182;
/// Windows of history that are read where they are longer than that; more from 28 days on.
const WINDOWS: i64 = 8;
const LONG_WINDOW_DAYS: i64 = 28;
const LONG_WINDOWS: i64 = 12;
/// Windows before the current one, of metrics whose days do not add up: twelve changes between them.
const EARLIER_WINDOWS: i64 = 13;

/// How the outputs of an audit are read, before their computations are known.
pub(in super::super) struct Readings {
    /// How many periods the question has without its history.
    pub(super) base: usize,
    pub(super) daily: Option<Daily>,
    /// One an output.
    pub(super) outputs: Vec<ReadingOf>,
}

pub(super) struct ReadingOf {
    pub node: usize,
    pub facts: Vec<usize>,
    pub tested: Option<Tested>,
    pub reading: Reading,
}

/// Decides which history each output has, and adds the periods that it is read over.
pub(in super::super) fn readings(
    context: &Context,
    flat: &Flattener,
    facts: &[FactBuilder],
    asking: &Asking,
    outputs: &[Asked],
    time: &mut TimeOfQuery,
) -> Readings {
    let base = time.query.periods.len();
    let mut found: Vec<ReadingOf> = Vec::with_capacity(outputs.len());
    for (position, output) in outputs.iter().enumerate() {
        let leaves = flat.leaves_of(output.node);
        let of: Vec<usize> =
            (0..facts.len()).filter(|fact| facts[*fact].leaves.iter().any(|leaf| leaves.contains(leaf))).collect();
        let tested = tested(context, facts, &of, time.change_of_output.get(position).copied().flatten(), time);
        let has_days = of.iter().all(|fact| asking.has_days[*fact]);
        let daily = daily(flat, output.node).filter(|_| has_days && tested.is_some());
        let reading = match (daily, &tested) {
            (Some(reading), _) => reading,
            (None, Some(tested)) => Reading::Windows(windows(tested, time)),
            (None, None) => Reading::Windows(Vec::new()),
        };
        found.push(ReadingOf { node: output.node, facts: of, tested, reading });
    }
    let daily = history(&found, time);
    Readings { base, daily, outputs: found }
}

/// The whole days of an output's two sides.
fn tested(
    context: &Context,
    facts: &[FactBuilder],
    of: &[usize],
    change: Option<usize>,
    time: &TimeOfQuery,
) -> Option<Tested> {
    let change = &time.query.changes[change?];
    let sides = change.sides.as_ref()?;
    if time.query.range.as_ref().is_none_or(|range| range.range.hours.is_some()) {
        return None;
    }
    let days = |period: usize| match time.query.periods[period].intervals.as_slice() {
        [only] => {
            let dates = only.dates?;
            Some(Days { first: dates.first?, last: dates.last })
        }
        _ => None,
    };
    let current = days(sides.current)?;
    let previous = match sides.windows.as_slice() {
        [only] => days(*only),
        _ => None,
    };
    let is_adjacent = match change.comparison.mode {
        Mode::PreviousYear | Mode::PreviousYearMatchWeekday => false,
        Mode::PreviousPeriod
        | Mode::PreviousPeriodMatchWeekday
        | Mode::PreviousWeek
        | Mode::PreviousMonth
        | Mode::PreviousQuarter
        | Mode::PreviousFourAverage
        | Mode::Custom
        | Mode::Target
        | Mode::None => previous.is_none_or(|previous| previous.last < current.first),
    };
    let zone = time.query.calendar.zone;
    let first =
        |fact: &usize| context.extents[facts[*fact].dataset.index()].map(|extent| local_date(extent.first, zone));
    let data_from = of.iter().map(first).collect::<Option<Vec<NaiveDate>>>().and_then(|days| days.into_iter().max());
    Some(Tested { current, previous, is_adjacent, data_from })
}

/// The parts whose days add up: the value itself, or the two of a ratio.
fn daily(flat: &Flattener, node: usize) -> Option<Reading> {
    if flat.additivity(node) == Additivity::Additive {
        return Some(Reading::Daily { numerator: ComputationId(node), denominator: None });
    }
    let (numerator, denominator) = flat.ratio(node)?;
    let adds_up = |node: usize| flat.additivity(node) == Additivity::Additive;
    (adds_up(numerator) && adds_up(denominator)).then_some(Reading::Daily {
        numerator: ComputationId(numerator),
        denominator: Some(ComputationId(denominator)),
    })
}

/// The periods of windows as long as the tested one, oldest first, as many as there is data for, and its own.
fn windows(tested: &Tested, time: &mut TimeOfQuery) -> Vec<usize> {
    let days = i64::try_from(tested.current.count()).unwrap_or(i64::MAX);
    let Some(from) = tested.data_from.filter(|_| tested.is_adjacent) else { return Vec::new() };
    let there = (tested.current.first - from).num_days() / days.max(1);
    let count = there.clamp(0, EARLIER_WINDOWS);
    let zone = time.query.calendar.zone;
    let window = |back: i64| {
        let first = tested.current.first - Duration::days(back * days);
        whole_days(first, first + Duration::days(days - 1), zone)
    };
    (0..=count).rev().map(|back| place(&mut time.query.periods, window(back))).collect()
}

/// One period for the history of all outputs whose days add up.
fn history(outputs: &[ReadingOf], time: &mut TimeOfQuery) -> Option<Daily> {
    let of_days = || {
        let daily = outputs.iter().filter(|output| matches!(output.reading, Reading::Daily { .. }));
        daily.filter_map(|output| output.tested.as_ref())
    };
    let first = of_days().filter_map(history_from).min()?;
    let last = of_days().map(|tested| tested.current.last).max()?;
    let period = place(&mut time.query.periods, whole_days(first, last, time.query.calendar.zone));
    Some(Daily { period, first })
}

/// The first day of a metric's history.
fn history_from(tested: &Tested) -> Option<NaiveDate> {
    let days = i64::try_from(tested.current.count()).unwrap_or(i64::MAX);
    let windows = if days >= LONG_WINDOW_DAYS { LONG_WINDOWS } else { WINDOWS };
    let aim = tested.current.first - Duration::days(HISTORY_DAYS.max(windows * days));
    let from = tested.data_from.map_or(aim, |from| from.max(aim));
    let previous = tested.previous.map(|previous| previous.first);
    previous.into_iter().chain(tested.is_adjacent.then_some(from)).min()
}

fn whole_days(first: NaiveDate, last: NaiveDate, zone: Tz) -> Period {
    let (start, end) = (zone::day_start(first, zone), zone::day_start(last + Duration::days(1), zone));
    Period { intervals: vec![Interval { start: Some(start), end, dates: Some(Dates { first: Some(first), last }) }] }
}
