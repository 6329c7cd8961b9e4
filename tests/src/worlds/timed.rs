//! Random metrics that are read through windows of time: cumulative ones and offsets, of simple
//! metrics, of formulas and of each other.

use super::random::Random;
use super::{ask, special};
use crate::oracle::clock::Grain;
use crate::oracle::expr::{Expr, Sign};
use crate::oracle::value::Value;
use crate::oracle::world::{Input, Length, Metric, MetricKind, Offset, Over, Pick, World};

pub fn add(random: &mut Random, world: &mut World) {
    for _ in 0..random.between(3, 4) {
        if let Some(metric) = cumulative(random, world) {
            world.metrics.push(metric);
        }
    }
    for _ in 0..random.between(3, 4) {
        let metric = moved(random, world);
        world.metrics.push(metric);
    }
    // Of those that are moved already.
    if random.chance(60)
        && let Some(metric) = cumulative(random, world)
    {
        world.metrics.push(metric);
    }
}

/// A metric that accumulates one that does not, and is of no cohort.
fn cumulative(random: &mut Random, world: &World) -> Option<Metric> {
    let is_other = |m: &Metric| matches!(m.kind, MetricKind::Cumulative { .. } | MetricKind::Cohort(_));
    let of = |m: usize| !world.is_somewhere(m, &is_other);
    let known: Vec<usize> = (0..world.metrics.len()).filter(|m| of(*m)).collect();
    let over = match random.between(0, 5) {
        0 | 1 => Over::AllTime,
        2 | 3 => Over::ToDate(*random.pick(&[Grain::Week, Grain::Month, Grain::Month, Grain::Quarter, Grain::Year])),
        _ => Over::Trailing(length(random)),
    };
    let of = *random.pick(&known);
    let input = input(random, world, of, "", None);
    let pick = *random.pick(&[Pick::Last, Pick::Last, Pick::First, Pick::Average]);
    Some(metric(random, world, MetricKind::Cumulative { input, over, pick }))
}

/// A formula of a metric now and earlier, or of two metrics of which one is read earlier.
fn moved(random: &mut Random, world: &World) -> Metric {
    let known: Vec<usize> = (0..world.metrics.len()).filter(|m| world.datasets_of(*m).len() < 3).collect();
    // What is read in time already is taken more often.
    let timed: Vec<usize> = known.iter().copied().filter(|m| is_timed(world, *m)).collect();
    let one = |random: &mut Random| {
        let pool = if !timed.is_empty() && random.chance(45) { &timed } else { &known };
        *random.pick(pool)
    };
    let now = one(random);
    let before = if random.chance(70) { now } else { one(random) };
    let offset = match random.between(0, 2) {
        0 => Offset::ToGrain(*random.pick(&[Grain::Week, Grain::Month, Grain::Quarter])),
        _ => Offset::Window(length(random)),
    };
    let (x, y) = (Expr::name("a"), Expr::name("b"));
    let (a, b) = (input(random, world, now, "a", None), input(random, world, before, "b", Some(offset)));
    let kind = match random.between(0, 4) {
        0 => MetricKind::Derived { formula: y, inputs: vec![b] },
        1 => MetricKind::Ratio { numerator: a, denominator: b },
        2 => MetricKind::Derived {
            formula: Expr::sign(Sign::Over, Expr::sign(Sign::Minus, x, y.clone()), y),
            inputs: vec![a, b],
        },
        3 => MetricKind::Derived {
            formula: Expr::sign(Sign::Minus, x, Expr::Coalesce(Box::new(y), Value::integer(0))),
            inputs: vec![a, b],
        },
        _ => MetricKind::Derived { formula: Expr::sign(Sign::Minus, x, y), inputs: vec![a, b] },
    };
    metric(random, world, kind)
}

/// Whether a metric is read through a window of time.
pub fn is_timed(world: &World, metric: usize) -> bool {
    world.is_somewhere(metric, &|m| {
        matches!(m.kind, MetricKind::Cumulative { .. }) || m.kind.inputs().iter().any(|i| i.offset.is_some())
    })
}

pub fn length(random: &mut Random) -> Length {
    let unit = *random.pick(&[Grain::Day, Grain::Day, Grain::Week, Grain::Month, Grain::Month, Grain::Quarter]);
    let most = if unit == Grain::Day { 9 } else { 2 };
    Length { count: random.between(1, most).unsigned_abs() as u32, unit }
}

fn input(random: &mut Random, world: &World, metric: usize, alias: &str, offset: Option<Offset>) -> Input {
    let filter = random.chance(10).then(|| ask::condition(random, world, &world.datasets_of(metric))).flatten();
    Input { filter, offset, ..special::input(metric, alias) }
}

fn metric(random: &mut Random, world: &World, kind: MetricKind) -> Metric {
    Metric {
        name: format!("m{}", world.metrics.len()),
        kind,
        filter: None,
        fill: random.chance(10).then_some(0),
        listed: false,
        percent: random.chance(10),
        money: false,
    }
}
