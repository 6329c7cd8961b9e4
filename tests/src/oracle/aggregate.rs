//! One cell of an answer: a metric over the rows of one group and one window.

use std::cmp::Ordering;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::clock;
use super::expr::Expr;
use super::lookup::{self, Moment, Row};
use super::question::{Question, Window};
use super::value::Value;
use super::world::{Aggregation, Input, MetricKind, World};
use crate::exact::Exact;

/// Which rows a cell is about.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    pub window: Option<Window>,
    /// The values of the question's groups; `None` is the total.
    pub key: Option<&'a [Value]>,
}

/// What every cell of one question shares.
pub struct Context<'a> {
    pub world: &'a World,
    pub question: &'a Question,
    pub zone: Tz,
    pub groups: Vec<String>,
}

/// The value of a metric that the question asks for.
pub fn asked(context: &Context, metric: usize, scope: Scope) -> Value {
    value(context, metric, &conditions(context, metric), scope)
}

/// The request's conditions that hold for an asked metric.
pub fn conditions<'a>(context: &Context<'a>, metric: usize) -> Vec<&'a Expr> {
    let question = context.question;
    let held = question.conditions.iter().filter(|c| c.metric.is_none() || c.metric == Some(metric));
    held.map(|c| &c.expr).collect()
}

fn value(context: &Context, metric: usize, conditions: &[&Expr], scope: Scope) -> Value {
    let metric = &context.world.metrics[metric];
    let conditions: Vec<&Expr> = conditions.iter().copied().chain(&metric.filter).collect();
    let input = |input: &Input| {
        let conditions: Vec<&Expr> = conditions.iter().copied().chain(&input.filter).collect();
        value(context, input.metric, &conditions, scope)
    };
    let value = match &metric.kind {
        MetricKind::Simple { dataset, aggregation, argument } => {
            let rows = rows(context, *dataset, &conditions, scope);
            if rows.is_empty() && scope.key.is_some() {
                Value::Null
            } else {
                aggregate(context.world, &rows, *aggregation, argument.as_ref(), metric.money)
            }
        }
        MetricKind::Ratio { numerator, denominator } => input(numerator).over(&input(denominator)),
        MetricKind::Derived { formula, inputs } => formula.evaluate(&|name| {
            input(inputs.iter().find(|i| i.alias == name).unwrap_or_else(|| panic!("no input {name}")))
        }),
    };
    match (value, metric.fill) {
        (Value::Null, Some(fill)) => Value::integer(fill),
        (value, _) => value,
    }
}

/// The rows that a simple metric counts.
pub fn rows(context: &Context, dataset: usize, conditions: &[&Expr], scope: Scope) -> Vec<Row> {
    let world = context.world;
    let count = world.datasets[dataset].rows.len();
    let candidates = (0..count).map(|row| Row { dataset, row });
    candidates
        .filter(|row| {
            let lookup = |name: &str| lookup::value(world, context.zone, *row, name);
            let time = lookup::time(world, *row);
            is_known(time, context.question.as_of, context.zone)
                && scope.window.is_none_or(|window| lies_in(time, window, context.zone))
                && conditions.iter().all(|c| c.truth(&lookup) == Some(true))
                && scope.key.is_none_or(|key| {
                    key.iter().zip(&context.groups).all(|(want, name)| lookup(name).is_same_member(want))
                })
        })
        .collect()
}

/// Whether a row is there at the question's clock; a row without a time is.
fn is_known(time: Option<Moment>, as_of: DateTime<Utc>, zone: Tz) -> bool {
    match time {
        None => true,
        Some(Moment::Instant(instant)) => instant <= as_of,
        Some(Moment::Date(date)) => date <= clock::day(zone, as_of),
    }
}

fn lies_in(time: Option<Moment>, window: Window, zone: Tz) -> bool {
    time.is_some_and(|time| (window.first..=window.last).contains(&time.day(zone)))
}

fn aggregate(world: &World, rows: &[Row], aggregation: Aggregation, argument: Option<&Expr>, money: bool) -> Value {
    let Some(argument) = argument else { return Value::integer(rows.len() as i128) };
    let all: Vec<(Row, Value)> = rows.iter().map(|row| (*row, lookup::column_value(world, *row, argument))).collect();
    let mut known: Vec<Value> = all.iter().map(|(_, v)| v.clone()).filter(|v| !v.is_null()).collect();
    match aggregation {
        Aggregation::Sum => sum(&known, money),
        Aggregation::Count => Value::integer(known.len() as i128),
        Aggregation::CountDistinct => {
            let mut seen: Vec<&Value> = Vec::new();
            for value in &known {
                if !seen.iter().any(|s| s.is_same_member(value)) {
                    seen.push(value);
                }
            }
            Value::integer(seen.len() as i128)
        }
        // A sum: over no rows it is not 0 but unknown.
        Aggregation::SumBoolean if all.is_empty() => Value::Null,
        Aggregation::SumBoolean => Value::integer(known.iter().filter(|v| **v == Value::Boolean(true)).count() as i128),
        Aggregation::Min => known.into_iter().min_by(Value::order).unwrap_or(Value::Null),
        Aggregation::Max => known.into_iter().max_by(Value::order).unwrap_or(Value::Null),
        Aggregation::Average => match known.len() {
            0 => Value::Null,
            n => sum(&known, money).over(&Value::integer(n as i128)),
        },
        Aggregation::Median => percentile(&mut known, 0.5),
        Aggregation::Percentile(p) => percentile(&mut known, p),
        Aggregation::DiscretePercentile(p) => {
            known.sort_by(Value::order);
            let covers = |i: &usize| (*i + 1) as f64 / known.len() as f64 >= p;
            (0..known.len()).find(covers).map_or(Value::Null, |i| known[i].clone())
        }
        Aggregation::First => {
            all.iter().min_by(|a, b| by_time(world, a.0, b.0)).map_or(Value::Null, |(_, v)| v.clone())
        }
        Aggregation::Last => all.iter().max_by(|a, b| by_time(world, a.0, b.0)).map_or(Value::Null, |(_, v)| v.clone()),
    }
}

/// Exact where every value is; floats of money are first cast to four digits.
fn sum(known: &[Value], money: bool) -> Value {
    let cast = |value: &Value| match value {
        Value::Double(x) if money => Value::Exact(Exact::new((x * 10_000.0).round() as i128, 4)),
        other => other.clone(),
    };
    known.iter().map(cast).reduce(|a, b| a.plus(&b)).unwrap_or(Value::Null)
}

/// Linear between the two values around p·(n − 1).
fn percentile(known: &mut [Value], p: f64) -> Value {
    known.sort_by(Value::order);
    let numbers: Vec<f64> = known.iter().filter_map(Value::as_f64).collect();
    if numbers.is_empty() {
        return Value::Null;
    }
    let at = p * (numbers.len() - 1) as f64;
    let (low, high) = (numbers[at.floor() as usize], numbers[at.ceil() as usize]);
    Value::Double(low + (high - low) * at.fract())
}

/// Time, then the key.
fn by_time(world: &World, a: Row, b: Row) -> Ordering {
    let instant = |row: Row| match lookup::time(world, row) {
        Some(Moment::Instant(instant)) => Value::Wall(instant.naive_utc()),
        Some(Moment::Date(date)) => Value::Date(date),
        None => Value::Null,
    };
    let dataset = &world.datasets[a.dataset];
    let key = |row: Row| dataset.key.iter().map(move |c| dataset.rows[row.row][dataset.column(c)].clone());
    instant(a).order(&instant(b)).then_with(|| {
        key(a).zip(key(b)).map(|(a, b)| a.order(&b)).find(|o| *o != Ordering::Equal).unwrap_or(Ordering::Equal)
    })
}
