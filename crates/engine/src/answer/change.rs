//! A metric's figures: its value, the value it is held against, and the change between them.

use sextant_semantics::query::resolved::{Additivity, Output, Part, ResolvedQuery, Sides};

use super::decode::RawRow;
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
    /// Why there is no change in percent, or none at all.
    pub reason: Option<NoChange>,
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
    /// Both sides are null.
    NoData,
    /// The metric is not a number.
    NotANumber,
}

impl NoChange {
    pub fn as_str(self) -> &'static str {
        match self {
            NoChange::NothingComplete => "nothing-complete",
            NoChange::New => "new",
            NoChange::Lost => "lost",
            NoChange::BaseNotPositive => "base-not-positive",
            NoChange::NoData => "no-data",
            NoChange::NotANumber => "not-a-number",
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
        }
    }

    /// Every value of the figures.
    pub fn values(&self) -> impl Iterator<Item = &Value> {
        [&self.value, &self.previous, &self.change].into_iter().chain(&self.compared_value)
    }
}

/// The figures of `output` from the row that holds its current side and the row that holds its
/// previous side; without `total`, an absent member of an additive metric counts as 0.
pub fn figures(
    query: &ResolvedQuery,
    output: &Output,
    current: Option<&RawRow>,
    previous: Option<&RawRow>,
    total: bool,
) -> Figures {
    let cell = |row: Option<&RawRow>, period: usize| {
        row.map_or(Value::Null, |row| row.cells[output.computation.0][period].clone())
    };
    let value = cell(current, 0);
    let mut figures = Figures {
        value,
        compared_value: None,
        previous: Value::Null,
        change: Value::Null,
        percent: Value::Null,
        points: Value::Null,
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
    figures.previous = before(output, sides, previous);
    let absent_is_zero = !total && output.additivity == Additivity::Additive;
    let (left, right) = (zero_if(absent_is_zero, &now), zero_if(absent_is_zero, &figures.previous));
    figures.reason = reason(&now, &figures.previous, &right);
    figures.change = match (now.is_null(), figures.previous.is_null()) {
        (true, true) => Value::Null,
        _ => left.minus(&right),
    };
    figures.percent = match (figures.change.as_f64(), right.as_f64()) {
        (Some(change), Some(base)) if base > 0.0 => Value::float(change / base),
        _ => Value::Null,
    };
    if output.percent {
        figures.points = figures.change.as_f64().map_or(Value::Null, |change| Value::float(change * 100.0));
    }
    figures
}

/// The value that the windows of a comparison make together.
fn before(output: &Output, sides: &Sides, row: Option<&RawRow>) -> Value {
    let Some(row) = row else {
        return Value::Null;
    };
    let cells = &row.cells[output.computation.0];
    let count = sides.windows.len();
    if count <= 1 {
        return cells[sides.together].clone();
    }
    match output.additivity {
        Additivity::Ratio => cells[sides.together].clone(),
        Additivity::Additive => {
            cells[sides.together].as_f64().map_or(Value::Null, |sum| Value::float(sum / count as f64))
        }
        Additivity::NonAdditive => {
            let known: Vec<f64> = sides.windows.iter().filter_map(|w| cells[*w].as_f64()).collect();
            if known.is_empty() { Value::Null } else { Value::float(known.iter().sum::<f64>() / known.len() as f64) }
        }
    }
}

fn zero_if(zero: bool, value: &Value) -> Value {
    if zero && value.is_null() { Value::integer(0) } else { value.clone() }
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
