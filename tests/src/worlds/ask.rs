//! Random questions that a world can answer.

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Utc};

use super::model::{Season, ZONES};
use super::random::Random;
use super::{cohorts, coverage, special, tables, timed};
use crate::oracle::clock::{self, Grain};
use crate::oracle::expr::{Comparison, Expr};
use crate::oracle::follow::Row;
use crate::oracle::lookup::{self, Bucket};
use crate::oracle::question::{self, Condition, Question, Window};
use crate::oracle::value::Value;
use crate::oracle::world::{DimensionKind, World};

/// A dimension that all datasets of a question can see.
#[derive(Clone, Debug)]
pub struct Visible {
    pub name: String,
    pub kind: DimensionKind,
    /// Whether a link leads to it.
    pub joined: bool,
    /// Values that it has somewhere, without null.
    pub values: Vec<Value>,
}

pub fn question(random: &mut Random, world: &World, season: Season) -> Question {
    let metrics = metrics(random, world);
    let mut datasets: Vec<usize> = metrics.iter().flat_map(|m| world.datasets_of(*m)).collect();
    datasets.sort_unstable();
    datasets.dedup();
    let dimensions = visible(world, &datasets);
    let mut question = Question {
        metrics,
        granularity: random.chance(35).then(|| grain(random)),
        groups: groups(random, world, &dimensions),
        conditions: conditions(random, world, &datasets),
        having: vec![],
        order: vec![],
        limit: random.chance(18).then(|| random.between(1, 6) as usize),
        range: None,
        comparison: None,
        zone: random.chance(55).then(|| *random.pick(&ZONES)),
        as_of: noon(season.last + Days::new(random.between(2, 30).unsigned_abs())),
        currency: (special::converts(world) && random.chance(40)).then(|| random.pick(&tables::CURRENCIES).to_string()),
    };
    let series = question.granularity.map(|grain| format!("metric_time__{}", grain.word()));
    question.groups.retain(|group| Some(group) != series.as_ref());
    for metric in question.metrics.clone() {
        if random.chance(8)
            && let Some(expr) = condition(random, world, &world.datasets_of(metric))
        {
            question.conditions.push(Condition { metric: Some(metric), expr, structured: false });
        }
    }
    // Units are listed under a condition on a metric of their groups, by whatever it is of them.
    let lists = question.metrics.iter().any(|m| world.is_somewhere(*m, &|m| m.listed));
    if !lists
        && random.chance(14)
        && let Some(expr) = by_metric(random, world, &datasets)
    {
        question.conditions.push(Condition { metric: None, expr, structured: false });
    }
    time(random, world, season, &mut question);
    windows(random, world, season, &mut question);
    cohorts::clock(random, world, &mut question);
    if question.comparison.is_some() {
        // Only the granularity's buckets are paired here.
        question.groups.retain(|group| !group.starts_with("metric_time"));
    }
    if random.chance(14)
        && let Some(expr) = on_time(random, world, season, &question)
    {
        let one = random.chance(20).then(|| *random.pick(&question.metrics));
        question.conditions.push(Condition { metric: one, expr, structured: false });
    }
    shape(random, world, &mut question);
    question
}

/// A few different metrics; rare kinds as often as common ones.
fn metrics(random: &mut Random, world: &World) -> Vec<usize> {
    let all: Vec<usize> = (0..world.metrics.len()).collect();
    let count = *random.pick(&[1, 2, 2, 3, 3, 4]);
    let mut found = random.some(&all, count);
    let kinds: Vec<Vec<&str>> = all.iter().map(|m| coverage::kinds(world, *m)).collect();
    let mut known: Vec<&str> = kinds.concat();
    known.sort_unstable();
    known.dedup();
    let kind = *random.pick(&known);
    let of: Vec<usize> = all.into_iter().filter(|m| kinds[*m].contains(&kind)).collect();
    let rare = *random.pick(&of);
    if !found.contains(&rare) {
        found[0] = rare;
    }
    found
}

/// What is read through windows has a range or days of its own.
fn windows(random: &mut Random, world: &World, season: Season, question: &mut Question) {
    if !question.metrics.iter().any(|m| timed::is_timed(world, *m)) {
        return;
    }
    // What is aggregated without days has none of its own.
    let has_days = question.granularity.is_some() && !question.metrics.iter().any(|m| special::has_level(world, *m));
    if question.range.is_none() && !has_days {
        // One that has begun by the clock, and whose end has something to look back on.
        let today = clock::day(question.zone.unwrap_or(world.zone), question.as_of);
        let last = season.last - Days::new(random.between(0, 30).unsigned_abs());
        let first = last - Days::new(random.between(0, 20).unsigned_abs());
        question.range = Some(Window { first: first.min(today), last });
    }
}

/// A condition on time, alone or beside another.
fn on_time(random: &mut Random, world: &World, season: Season, question: &Question) -> Option<Expr> {
    let mut datasets: Vec<usize> = question.metrics.iter().flat_map(|m| world.datasets_of(*m)).collect();
    datasets.sort_unstable();
    datasets.dedup();
    let word = *random.pick(&["", "", "__day", "__week", "__month"]);
    let range = question.range.unwrap_or(Window { first: season.first, last: season.last });
    let days = (range.last - range.first).num_days();
    let day = range.first + Days::new(random.between(0, days).unsigned_abs());
    let day = match Bucket::of(word.trim_start_matches('_')) {
        Bucket::Grain(grain) => clock::bucket(day, grain, world.week_start),
        Bucket::Custom(_) => day,
    };
    let comparison = *random.pick(&[
        Comparison::GreaterOrEqual,
        Comparison::GreaterOrEqual,
        Comparison::Greater,
        Comparison::LessOrEqual,
        Comparison::LessOrEqual,
        Comparison::NotEqual,
    ]);
    let of_time = Expr::compare(comparison, Expr::name(format!("metric_time{word}")), Value::Date(day));
    match random.chance(25) {
        true => Some(Expr::Or(Box::new(of_time), Box::new(condition(random, world, &datasets)?))),
        false => Some(of_time),
    }
}

/// The dimensions that every one of some datasets reaches as the same one.
pub fn visible(world: &World, datasets: &[usize]) -> Vec<Visible> {
    let mut names: Vec<String> = Vec::new();
    for dataset in &world.datasets {
        for dimension in &dataset.dimensions {
            names.push(dimension.name.clone());
            names.push(format!("{}.{}", dataset.name, dimension.name));
        }
    }
    for link in world.links.iter().filter(|l| datasets == [l.from]) {
        let dimensions = &world.datasets[link.to].dimensions;
        names.extend(dimensions.iter().map(|d| format!("{}.{}", link.name, d.name)));
    }
    names.sort();
    names.dedup();
    names.retain(|name| is_one_dimension(world, datasets, name));
    let describe = |name: String| {
        let found = lookup::find(world, datasets[0], &name).unwrap();
        let mut values: Vec<Value> = Vec::new();
        for dataset in datasets {
            for row in 0..world.datasets[*dataset].rows.len() {
                let value = lookup::value(world, world.zone, Row::new(*dataset, row), &name);
                if !value.is_null() && !values.iter().any(|v| v.is_same_member(&value)) {
                    values.push(value);
                }
            }
        }
        Visible { kind: found.dimension.kind, joined: !found.links.is_empty(), values, name }
    };
    names.into_iter().map(describe).collect()
}

fn is_one_dimension(world: &World, datasets: &[usize], name: &str) -> bool {
    if let Some(shared) = world.shared.iter().find(|s| s.name == name) {
        return datasets.iter().all(|d| shared.of.iter().any(|(of, _)| of == d));
    }
    // By the place that the name leads to; two facts' own `tag` are not one dimension.
    let homes: Vec<Option<(usize, String)>> = datasets
        .iter()
        .map(|d| {
            let found = lookup::find(world, *d, name)?;
            let home = found.links.last().map_or(*d, |l| world.links[*l].to);
            Some((home, found.dimension.name.clone()))
        })
        .collect();
    homes[0].is_some() && homes.iter().all(|h| *h == homes[0])
}

fn groups(random: &mut Random, world: &World, dimensions: &[Visible]) -> Vec<String> {
    let count = *random.pick(&[0, 1, 1, 1, 2, 2, 3]);
    // Joined and shared dimensions weigh more than a fact's own.
    let mut pool: Vec<&Visible> = dimensions.iter().collect();
    pool.extend(dimensions.iter().filter(|d| d.joined || d.name == "tag").flat_map(|d| [d, d]));
    let mut found: Vec<String> = Vec::new();
    for dimension in random.some(&pool, count) {
        let name = match dimension.kind {
            DimensionKind::Time(_) => format!("{}__{}", dimension.name, bucket(random, world)),
            DimensionKind::Text | DimensionKind::Boolean | DimensionKind::Number => dimension.name.clone(),
        };
        let last = |n: &str| n.rsplit('.').next().unwrap_or(n).to_string();
        if !found.iter().any(|f| last(f) == last(&name)) {
            found.push(name);
        }
    }
    if world.spine.is_some() && random.chance(30) {
        found.insert(0, format!("metric_time__{}", random.pick(&["stint", "term"])));
    } else if random.chance(8) {
        found.push(format!("metric_time__{}", random.pick(&["week", "month"])));
    }
    found
}

/// A granularity of the calendar, or one of the world's own.
fn bucket(random: &mut Random, world: &World) -> String {
    match &world.spine {
        Some(spine) if random.chance(30) => random.pick(&spine.granularities).clone(),
        _ => grain(random).word().to_string(),
    }
}

fn conditions(random: &mut Random, world: &World, datasets: &[usize]) -> Vec<Condition> {
    let count = *random.pick(&[0, 0, 0, 0, 1, 1]);
    let expressions: Vec<Expr> = (0..count).filter_map(|_| condition(random, world, datasets)).collect();
    let structured = |random: &mut Random| random.chance(40);
    expressions.into_iter().map(|expr| Condition { metric: None, structured: structured(random), expr }).collect()
}

/// A condition over dimensions that all of some datasets see.
pub fn condition(random: &mut Random, world: &World, datasets: &[usize]) -> Option<Expr> {
    let dimensions: Vec<Visible> = visible(world, datasets)
        .into_iter()
        .filter(|d| !matches!(d.kind, DimensionKind::Time(_)) && !d.values.is_empty())
        .collect();
    if dimensions.is_empty() {
        return None;
    }
    let one = simple_condition(random, &dimensions);
    Some(match random.between(0, 7) {
        0 if random.chance(20) => Expr::And(Box::new(one), Box::new(simple_condition(random, &dimensions))),
        1 => Expr::Or(Box::new(one), Box::new(simple_condition(random, &dimensions))),
        2 => Expr::Not(Box::new(one)),
        _ => one,
    })
}

/// A condition on a metric by one or two keys that its rows and those of some datasets see.
pub fn by_metric(random: &mut Random, world: &World, datasets: &[usize]) -> Option<Expr> {
    // A metric of a condition has no metric in its own.
    let of = |m: usize| !timed::is_timed(world, m) && !world.is_somewhere(m, &coverage::is_by_metric);
    let known: Vec<usize> = (0..world.metrics.len()).filter(|m| of(*m)).collect();
    if known.is_empty() {
        return None;
    }
    let metric = *random.pick(&known);
    let mut all: Vec<usize> = datasets.iter().copied().chain(world.datasets_of(metric)).collect();
    all.sort_unstable();
    all.dedup();
    let names: Vec<String> = visible(world, &all)
        .into_iter()
        .filter(|d| !matches!(d.kind, DimensionKind::Time(_)))
        .map(|d| d.name)
        .collect();
    if names.is_empty() {
        return None;
    }
    let count = random.between(1, 2) as usize;
    let of = Expr::MetricBy(world.metrics[metric].name.clone(), random.some(&names, count));
    Some(match random.between(0, 5) {
        0 => Expr::IsNotNull(Box::new(of)),
        1 => Expr::compare(Comparison::Less, of, Value::integer(random.between(1, 30).into())),
        _ => Expr::compare(Comparison::Greater, of, Value::integer(random.between(0, 3).into())),
    })
}

fn simple_condition(random: &mut Random, dimensions: &[Visible]) -> Expr {
    let dimension = random.pick(dimensions).clone();
    let name = Box::new(Expr::name(&dimension.name));
    let value = random.pick(&dimension.values).clone();
    let values = |random: &mut Random| random.some(&dimension.values, 3);
    if random.chance(12) {
        return if random.chance(50) { Expr::IsNull(name) } else { Expr::IsNotNull(name) };
    }
    match dimension.kind {
        DimensionKind::Text | DimensionKind::Time(_) => match random.between(0, 5) {
            0 => Expr::compare(Comparison::NotEqual, *name, value),
            1 => Expr::In(name, values(random)),
            2 => Expr::NotIn(name, values(random)),
            3 => Expr::StartsWith(name, first_letter(&value)),
            4 => Expr::compare(Comparison::Same, *name, value),
            _ => Expr::compare(Comparison::Equal, *name, value),
        },
        DimensionKind::Number => match random.between(0, 3) {
            0 => Expr::compare(Comparison::Less, *name, value),
            1 => Expr::compare(Comparison::GreaterOrEqual, *name, value),
            2 => Expr::Between(name, Value::integer(1), Value::integer(random.between(2, 7).into())),
            _ => Expr::NotIn(name, values(random)),
        },
        DimensionKind::Boolean => match random.between(0, 2) {
            0 => Expr::IsTrue(name),
            1 => Expr::Not(name),
            _ => *name,
        },
    }
}

fn first_letter(value: &Value) -> String {
    match value {
        Value::Text(text) => text.chars().take(1).collect(),
        _ => String::new(),
    }
}

/// The range, what it is compared with, and the clock.
fn time(random: &mut Random, world: &World, season: Season, question: &mut Question) {
    let zone = question.zone.unwrap_or(world.zone);
    if random.chance(70) {
        let first = season.first + Days::new(random.between(0, 40).unsigned_abs());
        let days = if random.chance(92) { random.between(14, 35) } else { random.between(1, 11) };
        let last = first + Days::new((days - 1).unsigned_abs());
        question.range = Some(Window { first, last });
        let whole_months = first.day() == 1 && (last + Days::new(1)).day() == 1;
        if random.chance(45) && last < season.last {
            let shift = |by: i64| Window { first: first - TimeDelta::days(by), last: last - TimeDelta::days(by) };
            let comparison = if random.chance(60) && !whole_months {
                question::Comparison { asked: "previous_period".into(), window: shift(days) }
            } else {
                let by = random.between(1, 25);
                let mut window = shift(by);
                window.last -= TimeDelta::days(random.between(0, 2).min(days - 1));
                question::Comparison { asked: format!("{}..{}", window.first, window.last), window }
            };
            question.comparison = Some(comparison);
        }
    }
    if question.comparison.is_none() && random.chance(12) {
        // Some rows are not there yet; the range starts before the clock.
        let day = season.first + Days::new(random.between(15, 40).unsigned_abs());
        question.as_of = clock::day_start(zone, day) + TimeDelta::seconds(random.between(3600, 80_000));
        if let Some(range) = &mut question.range {
            range.first = range.first.min(day - Days::new(1));
        }
    }
}

/// Conditions on results, and an order.
fn shape(random: &mut Random, world: &World, question: &mut Question) {
    let name = |metric: &usize| world.metrics[*metric].name.clone();
    if random.chance(7) && !question.all_groups().is_empty() {
        let metric = Expr::name(name(random.pick(&question.metrics)));
        question.having.push(if random.chance(50) {
            Expr::IsNotNull(Box::new(metric))
        } else {
            Expr::compare(Comparison::Greater, metric, Value::integer(random.between(-15, 8).into()))
        });
    }
    if random.chance(35) {
        let mut columns: Vec<String> = question.metrics.iter().map(name).collect();
        columns.extend(question.all_groups());
        if question.comparison.is_some() {
            columns.extend(question.metrics.iter().map(|m| format!("{}__change", name(m))));
        }
        for column in random.some(&columns, 2) {
            question.order.push((column, random.chance(50)));
        }
    }
}

fn grain(random: &mut Random) -> Grain {
    *random.pick(&[Grain::Day, Grain::Day, Grain::Week, Grain::Week, Grain::Month, Grain::Quarter, Grain::Year])
}

fn noon(date: NaiveDate) -> DateTime<Utc> {
    date.and_hms_opt(12, 0, 0).unwrap().and_utc()
}
