//! Random metrics of events and of levels: conversions, and shares of a total.

use super::random::Random;
use super::{ask, features, timed};
use crate::oracle::expr::{Expr, Sign};
use crate::oracle::value::Value;
use crate::oracle::world::{Aggregation, Conversion, DimensionKind, Input, Length, Level, Metric, MetricKind, World};

/// Conversions.
pub fn add_events(random: &mut Random, world: &mut World) {
    for _ in 0..random.between(1, 3) {
        if let Some(metric) = conversion(random, world) {
            world.metrics.push(metric);
        }
    }
}

/// Shares of a total.
pub fn add_levels(random: &mut Random, world: &mut World) {
    for _ in 0..random.between(1, 2) {
        let metric = share(random, world);
        world.metrics.push(metric);
    }
}

/// Events of one simple metric that follow rows of another, which have a key.
fn conversion(random: &mut Random, world: &World) -> Option<Metric> {
    let all = 0..world.metrics.len();
    let bases: Vec<usize> = all.clone().filter(|m| is_base(world, *m)).collect();
    let events: Vec<usize> = all.filter(|m| is_event(world, *m)).collect();
    if features::has_bridges(world) || bases.is_empty() || events.is_empty() {
        return None;
    }
    let (base, event) = (*random.pick(&bases), *random.pick(&events));
    let names = |metric: usize| {
        let dataset = &world.datasets[world.datasets_of(metric)[0]];
        let text = |suffix: &str| format!("{}_{suffix}", dataset.name);
        dataset.dimensions.iter().map(|d| d.name.clone()).filter(|d| *d == text("code") || d == "tag").collect()
    };
    let (near, far): (Vec<String>, Vec<String>) = (names(base), names(event));
    let same = if random.chance(35) { vec![(random.pick(&near).clone(), random.pick(&far).clone())] } else { vec![] };
    let window = random.chance(70).then(|| timed::length(random));
    let window = window.map(|length| Length { count: length.count + 2, ..length });
    let filter = |random: &mut Random, metric: usize| {
        random.chance(15).then(|| ask::condition(random, world, &world.datasets_of(metric))).flatten()
    };
    let (near_filter, far_filter) = (filter(random, base), filter(random, event));
    let of = Conversion {
        base: Input { filter: near_filter, ..input(base, "") },
        events: Input { filter: far_filter, ..input(event, "") },
        entity: "person".into(),
        window,
        same,
        is_rate: random.chance(55),
    };
    Some(metric(random, world, MetricKind::Conversion(of)))
}

fn is_base(world: &World, metric: usize) -> bool {
    let of = &world.metrics[metric];
    match &of.kind {
        MetricKind::Simple { dataset, balance: None, .. } => !of.listed && !world.datasets[*dataset].key.is_empty(),
        _ => false,
    }
}

/// What does not depend on the order of its rows, nor on rates.
fn is_event(world: &World, metric: usize) -> bool {
    let of = &world.metrics[metric];
    match &of.kind {
        MetricKind::Simple { dataset, aggregation, balance: None, .. } => {
            let is_converted = of.money && world.datasets[*dataset].currency.is_some();
            !of.listed && !is_converted && !matches!(aggregation, Aggregation::First | Aggregation::Last)
        }
        _ => false,
    }
}

/// A metric over the same one, or another, aggregated by fewer groups.
fn share(random: &mut Random, world: &World) -> Metric {
    let known: Vec<usize> = (0..world.metrics.len()).collect();
    let part = *random.pick(&known);
    let whole = if random.chance(75) { part } else { *random.pick(&known) };
    let visible = ask::visible(world, &world.datasets_of(whole));
    let own_time =
        |name: &str| world.datasets_of(whole).iter().any(|d| world.datasets[*d].time.as_deref() == Some(name));
    let mut names: Vec<String> = visible
        .into_iter()
        .filter(|d| !d.name.contains('.') && (!matches!(d.kind, DimensionKind::Time(_)) || own_time(&d.name)))
        .map(|d| d.name)
        .collect();
    names.push("metric_time".to_string());
    let level = if random.chance(60) {
        let count = (names.len() / 2).max(2);
        Level::Without(random.some(&names, count))
    } else {
        let count = random.between(0, 4) as usize;
        Level::Only(random.some(&names, count))
    };
    let (x, y) = (Expr::name("a"), Expr::name("b"));
    let filter = random.chance(10).then(|| ask::condition(random, world, &world.datasets_of(whole))).flatten();
    let leveled = Input { level: Some(level), filter, ..input(whole, "b") };
    let of_part = input(part, "a");
    let kind = match random.between(0, 4) {
        0 => MetricKind::Derived { formula: y, inputs: vec![leveled] },
        1 => MetricKind::Derived { formula: Expr::sign(Sign::Minus, y, x), inputs: vec![of_part, leveled] },
        2 => MetricKind::Derived {
            formula: Expr::sign(Sign::Plus, Expr::Coalesce(Box::new(x), Value::integer(0)), y),
            inputs: vec![of_part, leveled],
        },
        _ => MetricKind::Ratio { numerator: of_part, denominator: leveled },
    };
    metric(random, world, kind)
}

/// Whether a metric is made of one that is aggregated by fewer groups.
pub fn has_level(world: &World, metric: usize) -> bool {
    world.is_somewhere(metric, &|m| m.kind.inputs().iter().any(|i| i.level.is_some()))
}

pub fn input(metric: usize, alias: &str) -> Input {
    Input { metric, alias: alias.to_string(), filter: None, offset: None, level: None }
}

fn metric(random: &mut Random, world: &World, kind: MetricKind) -> Metric {
    Metric {
        name: format!("m{}", world.metrics.len()),
        kind,
        filter: None,
        fill: random.chance(10).then_some(0),
        listed: false,
        percent: random.chance(20),
        money: false,
    }
}

/// Whether all amounts of some metrics can be answered in another currency.
pub fn converts(world: &World) -> bool {
    world.currency.is_some() && features::facts(world).iter().all(|f| world.datasets[*f].currency.is_some())
}
