//! Aggregations: the value of a metric over some rows.

use std::cmp::Ordering;

use chrono_tz::Tz;

use super::follow::Row;
use super::lookup::{self, Moment};
use super::value::Value;
use super::world::{Aggregation, World};
use crate::exact::Exact;

/// Of rows, which may stand there several times, with their arguments; without an argument they are counted.
pub fn aggregate(
    world: &World,
    zone: Tz,
    all: &[(Row, Option<Value>)],
    aggregation: Aggregation,
    money: bool,
) -> Value {
    let of = |(row, value): &(Row, Option<Value>)| value.clone().map(|value| (*row, value));
    let Some(all) = all.iter().map(of).collect::<Option<Vec<(Row, Value)>>>() else {
        return Value::integer(all.len() as i128);
    };
    let mut known: Vec<Value> = all.iter().map(|(_, v)| v.clone()).filter(|v| !v.is_null()).collect();
    match aggregation {
        Aggregation::Sum => sum(&known, money),
        Aggregation::Count => Value::integer(known.len() as i128),
        Aggregation::CountDistinct | Aggregation::ApproxCountDistinct => {
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
            all.iter().min_by(|a, b| by_time(world, zone, a.0, b.0)).map_or(Value::Null, |(_, v)| v.clone())
        }
        Aggregation::Last => {
            all.iter().max_by(|a, b| by_time(world, zone, a.0, b.0)).map_or(Value::Null, |(_, v)| v.clone())
        }
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
fn by_time(world: &World, zone: Tz, a: Row, b: Row) -> Ordering {
    let instant = |row: Row| match lookup::time(world, zone, row) {
        Some(Moment::Instant(instant)) => Value::Wall(instant.naive_utc()),
        Some(Moment::Date(date)) => Value::Date(date),
        None => Value::Null,
    };
    let dataset = &world.datasets[a.dataset];
    let key = |row: Row| dataset.key.iter().map(move |c| row.cell(world, c).clone());
    instant(a).order(&instant(b)).then_with(|| {
        key(a).zip(key(b)).map(|(a, b)| a.order(&b)).find(|o| *o != Ordering::Equal).unwrap_or(Ordering::Equal)
    })
}
