//! Random metrics of cohorts, and formulas over them.

use chrono::{Days, TimeDelta};

use super::random::Random;
use super::{ask, features, special};
use crate::oracle::clock::{self, Grain};
use crate::oracle::expr::{Expr, Sign};
use crate::oracle::question::Question;
use crate::oracle::value::Value;
use crate::oracle::world::{Aggregation, Calculation, Cohort, Input, Length, Metric, MetricKind, World};

pub fn add(random: &mut Random, world: &mut World) {
    // What leads over a bridge has no members of its own.
    if features::has_bridges(world) {
        return;
    }
    for _ in 0..random.between(2, 4) {
        if let Some(metric) = cohort(random, world) {
            world.metrics.push(metric);
        }
    }
    if random.chance(50)
        && let Some(metric) = formula(random, world)
    {
        world.metrics.push(metric);
    }
}

/// Whether it is about members who came back, not about what they brought.
pub fn counts_members(of: &Cohort) -> bool {
    matches!(of.calculation, Calculation::Retention | Calculation::Retained)
}

/// For some questions about members a clock soon after the range, at which ages are not over; to the last second
/// of a day, or within one.
pub fn clock(random: &mut Random, world: &World, question: &mut Question) {
    let is_cohort = |m: &Metric| matches!(m.kind, MetricKind::Cohort(_));
    let Some(range) = question.range else { return };
    if question.metrics.iter().any(|m| world.is_somewhere(*m, &is_cohort)) && random.chance(35) {
        let day = range.last + Days::new(random.between(2, 12).unsigned_abs());
        let zone = question.zone.unwrap_or(world.zone);
        question.as_of = clock::day_start(zone, day) + TimeDelta::seconds(*random.pick(&[-1, -1, 0, 40_000]));
    }
}

fn cohort(random: &mut Random, world: &World) -> Option<Metric> {
    let all = 0..world.metrics.len();
    let entries: Vec<usize> = all.clone().filter(|m| is_entry(world, *m)).collect();
    let kinds = [Calculation::Average, Calculation::Total, Calculation::Retention, Calculation::Retained];
    let calculation = *random.pick(&kinds);
    let is_simple = |m: usize| matches!(world.metrics[m].kind, MetricKind::Simple { .. });
    let is_of_rows = matches!(calculation, Calculation::Retention | Calculation::Retained);
    let inputs: Vec<usize> = all.filter(|m| is_input(world, *m) && (!is_of_rows || is_simple(*m))).collect();
    if entries.is_empty() || inputs.is_empty() {
        return None;
    }
    let entry = *random.pick(&entries);
    let own: Vec<usize> =
        inputs.iter().copied().filter(|m| world.datasets_of(*m) == world.datasets_of(entry)).collect();
    let takes_own = !own.is_empty() && random.chance(40);
    let input = *random.pick(if takes_own { &own } else { &inputs });
    let filter = |random: &mut Random, percent: u64, metric: usize| {
        random.chance(percent).then(|| ask::condition(random, world, &world.datasets_of(metric))).flatten()
    };
    let age = match random.between(0, 9) {
        0..=4 => Length { count: random.between(1, 20).unsigned_abs() as u32, unit: Grain::Day },
        5..=7 => Length { count: random.between(1, 3).unsigned_abs() as u32, unit: Grain::Week },
        _ => Length { count: 1, unit: Grain::Month },
    };
    let of = Cohort {
        entry: Input { filter: filter(random, 25, entry), ..special::input(entry, "") },
        entity: random.pick(&["person", "thing", "thing"]).to_string(),
        input: Input { filter: filter(random, 20, input), ..special::input(input, "") },
        age,
        calculation,
    };
    Some(Metric { filter: filter(random, 15, entry), ..metric(random, world, MetricKind::Cohort(of)) })
}

/// A formula of a cohort and of another metric.
fn formula(random: &mut Random, world: &World) -> Option<Metric> {
    let all = 0..world.metrics.len();
    let of: Vec<usize> = all.clone().filter(|m| matches!(world.metrics[*m].kind, MetricKind::Cohort(_))).collect();
    if of.is_empty() {
        return None;
    }
    let (a, b) = (*random.pick(&of), *random.pick(&all.collect::<Vec<_>>()));
    let (x, y) = (Expr::name("a"), Expr::name("b"));
    let inputs = vec![special::input(a, "a"), special::input(b, "b")];
    let formula = match random.between(0, 2) {
        0 => Expr::sign(Sign::Minus, Expr::Coalesce(Box::new(x), Value::integer(0)), y),
        1 => Expr::sign(Sign::Over, x, y),
        _ => Expr::sign(Sign::Plus, x, Expr::Coalesce(Box::new(y), Value::integer(0))),
    };
    Some(metric(random, world, MetricKind::Derived { formula, inputs }))
}

/// What has a key, by which one of its rows at one time is the first.
fn is_entry(world: &World, metric: usize) -> bool {
    let of = &world.metrics[metric];
    match &of.kind {
        MetricKind::Simple { dataset, balance: None, .. } => !of.listed && !world.datasets[*dataset].key.is_empty(),
        _ => false,
    }
}

/// What is of rows, in any order and by no rates, and formulas of such.
fn is_input(world: &World, metric: usize) -> bool {
    let of = &world.metrics[metric];
    let are_inputs = |inputs: Vec<&Input>| inputs.iter().all(|input| is_input(world, input.metric));
    match &of.kind {
        MetricKind::Simple { dataset, aggregation, balance: None, .. } => {
            let is_converted = of.money && world.datasets[*dataset].currency.is_some();
            !of.listed && !is_converted && !matches!(aggregation, Aggregation::First | Aggregation::Last)
        }
        MetricKind::Ratio { .. } | MetricKind::Derived { .. } => are_inputs(of.kind.inputs()),
        MetricKind::Simple { .. }
        | MetricKind::Cumulative { .. }
        | MetricKind::Conversion(_)
        | MetricKind::Cohort(_) => false,
    }
}

fn metric(random: &mut Random, world: &World, kind: MetricKind) -> Metric {
    Metric {
        name: format!("m{}", world.metrics.len()),
        kind,
        filter: None,
        fill: random.chance(12).then_some(0),
        listed: false,
        percent: random.chance(20),
        money: false,
    }
}
