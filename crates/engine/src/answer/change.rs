//! A metric's figures: its value, the value it is held against, and the change between them.

use sextant_semantics::code::Code;
use sextant_semantics::query::computation::{ComputationId, Formula};
use sextant_semantics::query::resolved::{Additivity, Output, Part, ResolvedQuery, Sides};
use sextant_semantics::time::stored::StoredAs;
use sextant_semantics::time::zone;

use chrono::{DateTime, NaiveDateTime, NaiveTime, Utc};
use chrono_tz::Tz;

use super::decode::RawRow;
use super::immature;
use super::target::Held;
use super::value::Value;

/// All parts of one metric in one row; null parts where nothing is compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Figures {
    pub value: Value,
    /// The part of the range that is compared, where it differs from the whole.
    pub compared_value: Option<Value>,
    pub previous: Value,
    pub change: Value,
    /// A fraction.
    pub percent: Value,
    pub points: Value,
    /// The targets of all periods that the row touches.
    pub full_target: Value,
    /// Both sides by their days, of an additive metric over windows of different lengths.
    pub per_day: Option<PerDay>,
    /// Why there is no change in percent, or none at all.
    pub reason: Option<NoChange>,
}

/// Two sides and their change, each divided by its days.
#[derive(Clone, Debug, PartialEq)]
pub struct PerDay {
    pub current: Value,
    pub previous: Value,
    pub absolute: Value,
    /// A fraction.
    pub percent: Value,
}

/// The previous side of a row.
#[derive(Clone, Copy, Debug)]
pub enum Before<'a> {
    /// The row of the comparison's windows, and how many of them it is of.
    Windows(Option<&'a RawRow>, usize),
    /// What the model planned, of each output that has a target.
    Targets(&'a [Option<Held>]),
}

/// Why a change is null.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoChange {
    /// Nothing of the range is complete.
    NothingComplete,
    /// There was nothing before.
    New,
    /// There is nothing now.
    Lost,
    /// The base is below zero.
    BaseNotPositive,
    /// A side is of members whose age is not over.
    Immature,
    /// Both sides are null.
    NoData,
    /// The metric is not a number.
    NotANumber,
    /// Some period has no target.
    NotPlanned,
    /// Several targets make none, as of a rate over two months.
    TargetsDoNotAddUp,
}

impl NoChange {
    pub fn as_str(self) -> &'static str {
        match self {
            NoChange::NothingComplete => "nothing-complete",
            NoChange::New => "new",
            NoChange::Lost => "lost",
            NoChange::BaseNotPositive => "base-not-positive",
            NoChange::Immature => immature::reason(),
            NoChange::NoData => "no-data",
            NoChange::NotANumber => "not-a-number",
            NoChange::NotPlanned => "not-planned",
            NoChange::TargetsDoNotAddUp => "targets-do-not-add-up",
        }
    }
}

impl Figures {
    pub fn part(&self, part: Part) -> &Value {
        match part {
            Part::Value => &self.value,
            Part::Previous => &self.previous,
            Part::Change => &self.change,
            Part::PercentChange => &self.percent,
            Part::Points => &self.points,
            Part::FullTarget => &self.full_target,
        }
    }

    /// Every value of the figures.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        [&self.value, &self.previous, &self.change, &self.full_target].into_iter().chain(&self.compared_value)
    }
}

/// The figures of an output from the row that holds its current side and what it is held against; without `total`,
/// an absent member of an additive metric counts as 0.
pub fn figures(
    query: &ResolvedQuery,
    position: usize,
    current: Option<&RawRow>,
    before: Before<'_>,
    total: bool,
) -> Figures {
    let output = &query.outputs[position];
    let cell = |row: Option<&RawRow>, period: usize| {
        row.map_or(Value::Null, |row| row.cells[output.computation.0][period].clone())
    };
    let mut figures = Figures {
        value: cell(current, 0),
        compared_value: None,
        previous: Value::Null,
        change: Value::Null,
        percent: Value::Null,
        points: Value::Null,
        full_target: Value::Null,
        per_day: None,
        reason: None,
    };
    let Some(change) = output.change.map(|i| &query.time.changes[i]) else {
        return figures;
    };
    let Some(sides) = &change.sides else {
        figures.reason = Some(NoChange::NothingComplete);
        return figures;
    };
    let now = cell(current, sides.current);
    if now != figures.value {
        figures.compared_value = Some(now.clone());
    }
    let is_immature = |row: Option<&RawRow>, period: usize| {
        row.is_some_and(|row| immature::is_immature(query, output.computation, row, period))
    };
    let was_immature = match before {
        Before::Windows(row, _) => sides.windows.iter().any(|window| is_immature(row, *window)),
        Before::Targets(_) => false,
    };
    match before {
        Before::Windows(..) if was_immature => {}
        Before::Windows(row, windows) => figures.previous = mean(output, sides, row, windows),
        Before::Targets(held) => {
            let held = held.get(position).and_then(Option::as_ref);
            figures.previous = held.map_or(Value::Null, |held| held.part.clone());
            figures.full_target = held.map_or(Value::Null, |held| held.full.clone());
        }
    }
    if was_immature || is_immature(current, sides.current) {
        figures.reason = Some(NoChange::Immature);
        return figures;
    }
    let additive = output.additivity == Additivity::Additive;
    let absent_is_zero = !total && additive;
    let (left, right) = (zero_if(absent_is_zero, &now), zero_if(absent_is_zero, &figures.previous));
    figures.reason = match before {
        Before::Windows(..) => reason(&now, &figures.previous, &right),
        Before::Targets(held) if figures.previous.is_null() => {
            let known = held.get(position).and_then(Option::as_ref).is_none_or(|held| held.adds_up);
            Some(if known { NoChange::NotPlanned } else { NoChange::TargetsDoNotAddUp })
        }
        Before::Targets(_) => reason_against_target(&now, &figures.previous),
    };
    figures.change = match (now.is_null(), figures.previous.is_null(), before) {
        (true, true, _) | (_, true, Before::Targets(_)) => Value::Null,
        _ => left.minus(&right),
    };
    figures.percent = share(&figures.change, &right);
    if output.percent {
        figures.points = figures.change.as_f64().map_or(Value::Null, |change| Value::float(change * 100.0));
    }
    let is_unequal = change.comparison.warnings.iter().any(|warning| warning.code == Code::UnequalLengths);
    if let (true, true, true, Before::Windows(..)) = (total, additive, is_unequal, before) {
        figures.per_day = per_day(query, output, sides, &now, &figures.previous);
    }
    figures
}

/// A change as a fraction of a base above zero.
fn share(change: &Value, base: &Value) -> Value {
    match (change.as_f64(), base.as_f64()) {
        (Some(change), Some(base)) if base > 0.0 => Value::float(change / base),
        _ => Value::Null,
    }
}

/// The value that the windows of a comparison make together; `windows` of them have such a row.
fn mean(output: &Output, sides: &Sides, row: Option<&RawRow>, windows: usize) -> Value {
    let Some(row) = row else {
        return Value::Null;
    };
    let cells = &row.cells[output.computation.0];
    if sides.windows.len() <= 1 {
        return cells[sides.together].clone();
    }
    match output.additivity {
        Additivity::Ratio => cells[sides.together].clone(),
        Additivity::Additive => {
            cells[sides.together].as_f64().map_or(Value::Null, |sum| Value::float(sum / windows as f64))
        }
        Additivity::NonAdditive => {
            let known: Vec<f64> = sides.windows.iter().filter_map(|w| cells[*w].as_f64()).collect();
            if known.is_empty() { Value::Null } else { Value::float(known.iter().sum::<f64>() / known.len() as f64) }
        }
    }
}

/// Both sides by their days; none where they are equally long, or one has no value.
fn per_day(query: &ResolvedQuery, output: &Output, sides: &Sides, now: &Value, previous: &Value) -> Option<PerDay> {
    let by_dates = is_of_dates(query, output.computation);
    let days = |period: usize| days(query, period, by_dates);
    let current_days = days(sides.current)?;
    let windows = sides.windows.iter().map(|window| days(*window)).collect::<Option<Vec<f64>>>()?;
    // The previous value is the mean of the windows', and so are its days.
    let previous_days = windows.iter().sum::<f64>() / windows.len() as f64;
    if current_days == previous_days || current_days <= 0.0 || previous_days <= 0.0 {
        return None;
    }
    let current = Value::float(now.as_f64()? / current_days);
    let previous = Value::float(previous.as_f64()? / previous_days);
    let absolute = current.minus(&previous);
    let percent = share(&absolute, &previous);
    Some(PerDay { current, previous, absolute, percent })
}

/// Whether all rows that a computation is made of have dates without a time.
fn is_of_dates(query: &ResolvedQuery, computation: ComputationId) -> bool {
    match &query.computations[computation.0].formula {
        Formula::Measure { fact, .. } => query.facts[*fact].axis_column.stored == StoredAs::Date,
        Formula::Ratio { numerator, denominator } => is_of_dates(query, *numerator) && is_of_dates(query, *denominator),
        Formula::OfCohort { members, .. } => is_of_dates(query, *members),
        Formula::Derived(of) => of.refs().iter().all(|reference| is_of_dates(query, *reference.value)),
        Formula::OfGroups(position) => {
            let of = &query.of_groups[*position];
            of.in_groups.iter().chain(&of.in_total).all(|finer| is_of_dates(finer, of.computation))
        }
    }
}

/// The days of a period on its local calendar and clock; whole ones where only dates are known.
fn days(query: &ResolvedQuery, period: usize, by_dates: bool) -> Option<f64> {
    let zone = query.time.calendar.zone;
    let intervals = query.time.periods[period].intervals.iter();
    let days = intervals.map(|interval| {
        if by_dates {
            return interval.dates.map_or(Some(0.0), |d| Some(((d.last - d.first?).num_days() + 1) as f64));
        }
        let length = wall_clock(interval.end, zone) - wall_clock(interval.start?, zone);
        Some(length.num_seconds() as f64 / 86_400.0)
    });
    days.sum()
}

/// The wall clock of an instant; midnight where a day starts, also one that the clocks skip.
fn wall_clock(instant: DateTime<Utc>, zone: Tz) -> NaiveDateTime {
    let date = zone::local_date(instant, zone);
    if zone::day_start(date, zone) == instant { date.and_time(NaiveTime::MIN) } else { zone::wall_clock(instant, zone) }
}

fn zero_if(zero: bool, value: &Value) -> Value {
    if zero && value.is_null() { Value::integer(0) } else { value.clone() }
}

/// Why there is no percent of a target, or no change.
fn reason_against_target(now: &Value, target: &Value) -> Option<NoChange> {
    match target.as_f64() {
        _ if now.is_null() => Some(NoChange::NoData),
        None => Some(NoChange::NotANumber),
        Some(base) if base <= 0.0 => Some(NoChange::BaseNotPositive),
        Some(_) => None,
    }
}

fn reason(now: &Value, previous: &Value, base: &Value) -> Option<NoChange> {
    match (now.is_null(), previous.is_null()) {
        (true, true) => return Some(NoChange::NoData),
        (false, true) => return Some(NoChange::New),
        (true, false) if base.as_f64().is_none() => return Some(NoChange::Lost),
        _ => {}
    }
    match base.as_f64() {
        None => Some(NoChange::NotANumber),
        Some(0.0) => Some(NoChange::New),
        Some(base) if base < 0.0 => Some(NoChange::BaseNotPositive),
        Some(_) if now.is_null() => Some(NoChange::Lost),
        Some(_) => None,
    }
}
