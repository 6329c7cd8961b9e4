//! Random metrics: every aggregation, filters, ratios and formulas over one or several facts.

use super::random::Random;
use super::{ask, cohorts, features, special, timed};
use crate::oracle::expr::{Expr, Sign};
use crate::oracle::value::Value;
use crate::oracle::world::{
    Aggregation, Balance, ColumnKind, Dimension, DimensionKind, Input, Metric, MetricKind, World,
};

/// The most datasets that one metric is made of.
const MOST_DATASETS: usize = 3;

pub fn add(random: &mut Random, world: &mut World) {
    for dataset in features::facts(world) {
        for i in 0..random.between(3, 5) {
            let metric = simple(random, world, dataset, i == 0);
            world.metrics.push(metric);
        }
    }
    for _ in 0..random.between(2, 5) {
        if let Some(metric) = composed(random, world) {
            world.metrics.push(metric);
        }
    }
    special::add_events(random, world);
    cohorts::add(random, world);
    timed::add(random, world);
    special::add_levels(random, world);
}

fn simple(random: &mut Random, world: &World, dataset: usize, plain: bool) -> Metric {
    let has_key = !world.datasets[dataset].key.is_empty();
    let own_time = !world.datasets[dataset].time.as_deref().is_some_and(|t| t.contains('.'));
    let column = |name: &str| Some(Expr::name(name));
    let (aggregation, argument) = match random.between(if plain { 11 } else { 0 }, 16) {
        0 => (Aggregation::CountDistinct, column(*random.pick(&["code", "units", "size"]))),
        10 => (Aggregation::ApproxCountDistinct, column(*random.pick(&["code", "units", "size"]))),
        1 => (Aggregation::Median, column(*random.pick(&["units", "amount"]))),
        2 => (
            Aggregation::Percentile(*random.pick(&[0.1, 0.25, 0.75, 0.9, 0.95])),
            column(*random.pick(&["units", "weight"])),
        ),
        3 => (Aggregation::DiscretePercentile(*random.pick(&[0.1, 0.3, 0.5, 0.75, 0.9])), column("units")),
        4 => (Aggregation::Average, column(*random.pick(&["units", "amount", "weight"]))),
        5 => (Aggregation::Min, column(*random.pick(&["units", "amount"]))),
        6 => (Aggregation::Max, column(*random.pick(&["units", "amount"]))),
        7 => (Aggregation::SumBoolean, column("ok")),
        8 if has_key && own_time => (Aggregation::First, column("units")),
        9 if has_key && own_time => (Aggregation::Last, column("units")),
        8 | 9 => (Aggregation::Count, column("code")),
        11 | 12 => (Aggregation::Count, None),
        13 => (Aggregation::Sum, Some(row_formula(random))),
        14 => (Aggregation::Sum, column("weight")),
        _ => (Aggregation::Sum, column(*random.pick(&["amount", "units"]))),
    };
    let balance = (!plain && random.chance(18)).then(|| balance(random, world, dataset)).flatten();
    let listed = balance.is_none() && random.chance(10);
    let filter = match random.between(0, 99) {
        _ if plain => None,
        0..22 => ask::condition(random, world, &[dataset]),
        // Units are listed under a condition on a metric of their groups, by whatever it is of them.
        22..32 if !listed => ask::by_metric(random, world, &[dataset]),
        _ => None,
    };
    Metric {
        name: format!("m{}", world.metrics.len()),
        listed,
        fill: (aggregation == Aggregation::Sum && random.chance(20)).then_some(0),
        money: is_money(world, dataset, &argument),
        kind: MetricKind::Simple { dataset, aggregation, argument, balance },
        filter,
        percent: false,
    }
}

/// A balance at the first or the last time of the dataset's own, of all rows or of each member.
fn balance(random: &mut Random, world: &World, dataset: usize) -> Option<Balance> {
    let is_time = |d: &&Dimension| matches!(d.kind, DimensionKind::Time(_));
    let times: Vec<&Dimension> = world.datasets[dataset].dimensions.iter().filter(is_time).collect();
    if times.is_empty() {
        return None;
    }
    let time = random.pick(&times).name.clone();
    let names: Vec<String> = world.datasets[dataset]
        .dimensions
        .iter()
        .filter(|d| d.kind == DimensionKind::Text && d.expr == Expr::name("code") || d.name == "tag")
        .map(|d| d.name.clone())
        .collect();
    let count = random.between(0, 1) as usize;
    Some(Balance { time, is_last: random.chance(60), by: random.some(&names, count) })
}

/// Amounts and floats are money, so that sums of floats are exact.
fn is_money(world: &World, dataset: usize, argument: &Option<Expr>) -> bool {
    let Some(Expr::Name(name)) = argument else { return false };
    let dataset = &world.datasets[dataset];
    matches!(dataset.columns[dataset.column(name)].kind, ColumnKind::Money | ColumnKind::Float)
}

/// A formula over the columns of one row.
fn row_formula(random: &mut Random) -> Expr {
    let [a, b] = [Expr::name("amount"), Expr::name("units")];
    match random.between(0, 4) {
        0 => Expr::sign(Sign::Times, a, b),
        1 => Expr::sign(Sign::Minus, a, b),
        2 => Expr::Coalesce(Box::new(a), Value::integer(0)),
        3 => Expr::Case(Box::new(Expr::name("ok")), Box::new(a), Box::new(Expr::Literal(Value::integer(0)))),
        _ => Expr::Literal(Value::integer(1)),
    }
}

/// A ratio or a formula over metrics that are there already.
fn composed(random: &mut Random, world: &World) -> Option<Metric> {
    let known: Vec<usize> = (0..world.metrics.len()).filter(|m| is_number(world, *m)).collect();
    let count = random.between(2, 3) as usize;
    let mut picked = random.some(&known, count);
    if random.chance(15) {
        picked[1] = picked[0];
    }
    let mut datasets: Vec<usize> = picked.iter().flat_map(|m| world.datasets_of(*m)).collect();
    datasets.sort_unstable();
    datasets.dedup();
    if datasets.len() > MOST_DATASETS {
        return None;
    }
    let mut input = |i: usize, percent: u64| {
        let metric = picked[i];
        let filter =
            random.chance(percent).then(|| ask::condition(random, world, &world.datasets_of(metric))).flatten();
        Input { filter, ..special::input(metric, ["a", "b", "c"][i]) }
    };
    let same = picked[0] == picked[1];
    let (a, b) = (input(0, if same { 100 } else { 15 }), input(1, 15));
    let (x, y, z) = (Expr::name("a"), Expr::name("b"), Expr::name("c"));
    let kind = if random.chance(40) {
        MetricKind::Ratio { numerator: a, denominator: b }
    } else if picked.len() == 3 {
        let c = special::input(picked[2], "c");
        let formula = match random.between(0, 2) {
            0 => Expr::sign(Sign::Minus, Expr::sign(Sign::Minus, x, y), z),
            1 => Expr::sign(Sign::Over, Expr::sign(Sign::Minus, x, y), z),
            _ => Expr::sign(Sign::Plus, Expr::sign(Sign::Over, x, z), y),
        };
        MetricKind::Derived { formula, inputs: vec![a, b, c] }
    } else {
        let formula = match random.between(0, 3) {
            0 => Expr::sign(Sign::Plus, x, y),
            1 => Expr::sign(Sign::Over, x, y),
            2 => Expr::sign(Sign::Minus, Expr::Coalesce(Box::new(x), Value::integer(0)), y),
            _ => Expr::sign(Sign::Minus, x, y),
        };
        MetricKind::Derived { formula, inputs: vec![a, b] }
    };
    let filter = random.chance(15).then(|| ask::condition(random, world, &datasets)).flatten();
    let percent = random.chance(25);
    Some(Metric {
        name: format!("m{}", world.metrics.len()),
        kind,
        filter,
        fill: None,
        listed: false,
        percent,
        money: false,
    })
}

/// Whether formulas can take it.
fn is_number(world: &World, metric: usize) -> bool {
    world.datasets_of(metric).len() <= MOST_DATASETS
}
