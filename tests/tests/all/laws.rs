//! Laws that answers keep whatever they are, over random worlds: no second source says what is right,
//! but two questions must agree, or one question asked of two writings of the same facts.

use std::collections::HashSet;

use chrono::{Days, NaiveDate};
use libtest_mimic::{Failed, Trial};
use serde_json::{Map, Value as Json};
use sextant_engine::workspace::Workspace;
use sextant_tests::ask::{self, Place};
use sextant_tests::differ::is_same;
use sextant_tests::exact::Exact;
use sextant_tests::oracle::clock::Grain;
use sextant_tests::oracle::question::{Question, Window};
use sextant_tests::oracle::value::Value;
use sextant_tests::oracle::window::{self, Step};
use sextant_tests::oracle::world::{ColumnKind, Dataset, Format, Input, Metric, MetricKind, Offset, World};
use sextant_tests::worlds::model::Season;
use sextant_tests::worlds::random::Random;
use sextant_tests::worlds::{self, request, timed, write};

/// Worlds of each law; their seeds are not those of the oracle's questions.
const WORLDS: u64 = 14;
const FIRST_SEED: u64 = 10_000;
/// The fewest times that a law must have had something to hold.
const LEAST: usize = 20;

type Law = fn(&mut Random, &Opened) -> Result<usize, String>;

pub(crate) fn trials() -> Vec<Trial> {
    let laws: [(&str, Law); 6] = [
        ("a_formula_is_its_parts_asked_alone", formula_of_parts),
        ("asking_together_changes_nothing", together),
        ("a_split_range_splits_an_additive_sum", split),
        ("a_window_is_the_range_that_it_reads", window_is_a_range),
        ("members_without_rows_change_nothing", childless),
        ("order_and_format_of_rows_change_nothing", rewritten),
    ];
    laws.into_iter().map(|(name, law)| Trial::test(format!("laws::{name}"), move || hold(law))).collect()
}

/// A world with its files and a workspace over them.
struct Opened {
    world: World,
    season: Season,
    workspace: Workspace,
    _folder: tempfile::TempDir,
}

/// Rows by key, and totals, of one answer.
#[derive(Debug, PartialEq)]
struct Answered {
    columns: Vec<String>,
    rows: Vec<Vec<Json>>,
    totals: Vec<Json>,
}

fn hold(law: Law) -> Result<(), Failed> {
    let mut held = 0;
    for seed in FIRST_SEED..FIRST_SEED + WORLDS {
        let mut random = Random::new(seed);
        let (world, season) = worlds::model::world(&mut random);
        let opened = open(world, season)?;
        held += law(&mut random, &opened).map_err(|broken| format!("world {seed}: {broken}"))?;
    }
    if held < LEAST { Err(format!("held {held} times, not {LEAST}").into()) } else { Ok(()) }
}

fn open(world: World, season: Season) -> Result<Opened, String> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    write::write(&world, folder.path()).map_err(|e| e.to_string())?;
    let place = Place::new(folder.path().to_path_buf(), folder.path().to_path_buf());
    let workspace = ask::open(&place).map_err(|e| e.to_string())?;
    Ok(Opened { world, season, workspace, _folder: folder })
}

impl Opened {
    fn ask(&self, question: &Question) -> Result<Answered, String> {
        self.request(&request::request(&self.world, question))
    }

    fn request(&self, request: &Map<String, Json>) -> Result<Answered, String> {
        let shown = || Json::Object(request.clone());
        let have = ask::call(&self.workspace, "get_metrics", request).map_err(|e| format!("{}: {e}", shown()))?;
        let list = |of: &Json| of.as_array().cloned().unwrap_or_default();
        Ok(Answered {
            columns: list(&have["columns"])
                .iter()
                .map(|c| c["name"].as_str().unwrap_or_default().to_string())
                .collect(),
            rows: list(&have["rows"]).iter().map(list).collect(),
            totals: list(&have["metrics"]).iter().map(|m| m["value"].clone()).collect(),
        })
    }

    /// Metrics that a condition holds of.
    fn metrics(&self, holds: impl Fn(&Metric) -> bool) -> Vec<usize> {
        (0..self.world.metrics.len()).filter(|m| holds(&self.world.metrics[*m])).collect()
    }

    /// A question about metrics by a dimension or two that all of them see, at days or longer.
    fn question(&self, random: &mut Random, metrics: &[usize]) -> Question {
        let mut datasets: Vec<usize> = metrics.iter().flat_map(|m| self.world.datasets_of(*m)).collect();
        datasets.sort_unstable();
        datasets.dedup();
        let names: Vec<String> = worlds::ask::visible(&self.world, &datasets)
            .into_iter()
            .filter(|d| !matches!(d.kind, sextant_tests::oracle::world::DimensionKind::Time(_)))
            .map(|d| d.name)
            .collect();
        let count = random.between(0, 2) as usize;
        let mut groups = random.some(&names, count);
        let mut last = HashSet::new();
        groups.retain(|g| last.insert(g.rsplit('.').next().unwrap_or(g).to_string()));
        let first = self.season.first + Days::new(random.between(5, 25).unsigned_abs());
        let last = first + Days::new(random.between(8, 22).unsigned_abs());
        Question {
            metrics: metrics.to_vec(),
            granularity: random.chance(50).then(|| *random.pick(&[Grain::Day, Grain::Week, Grain::Month])),
            groups,
            conditions: vec![],
            having: vec![],
            order: vec![],
            limit: None,
            range: Some(Window { first, last }),
            comparison: None,
            zone: None,
            currency: None,
            as_of: (self.season.last + Days::new(9)).and_hms_opt(12, 0, 0).unwrap_or_default().and_utc(),
        }
    }
}

/// A derived metric and a ratio are their formula over the parts, group by group and in total.
fn formula_of_parts(random: &mut Random, of: &Opened) -> Result<usize, String> {
    let plain = |input: &&Input| input.filter.is_none() && input.offset.is_none() && input.level.is_none();
    let composed = |m: &Metric| {
        matches!(m.kind, MetricKind::Ratio { .. } | MetricKind::Derived { .. })
            && m.filter.is_none()
            && m.kind.inputs().iter().all(plain)
    };
    let known = of.metrics(composed);
    for metric in &known {
        let question = of.question(random, &[*metric]);
        let whole = of.ask(&question)?;
        let inputs = of.world.metrics[*metric].kind.inputs();
        let alone = |input: &&Input| of.ask(&Question { metrics: vec![input.metric], ..question.clone() });
        let parts = inputs.iter().map(alone).collect::<Result<Vec<_>, _>>()?;
        let fill = |metric: usize| of.world.metrics[metric].fill.map_or(Value::Null, Value::integer);
        let value = |name: &str, cell: &dyn Fn(usize) -> Value| {
            cell(inputs.iter().position(|i| i.alias == name).unwrap_or_default())
        };
        let formula = |cell: &dyn Fn(usize) -> Value| {
            let value = match &of.world.metrics[*metric].kind {
                MetricKind::Derived { formula, .. } => formula.evaluate(&|name| value(name, cell)),
                _ => cell(0).over(&cell(1)),
            };
            if value.is_null() { fill(*metric) } else { value }
        };
        let total = formula(&|part| number(&parts[part].totals[0]));
        let name = &of.world.metrics[*metric].name;
        if !is_same(&whole.totals[0], &total) {
            return Err(format!("the total of {name} is {}, its formula {total:?}", whole.totals[0]));
        }
        for row in &whole.rows {
            let (have, key) = row.split_last().ok_or("a row without cells")?;
            let cell = |part: usize| {
                let found = parts[part].rows.iter().find(|r| r[..key.len()] == *key);
                found.map_or_else(|| fill(inputs[part].metric), |r| number(&r[key.len()]))
            };
            let want = formula(&cell);
            if !is_same(have, &want) {
                return Err(format!("{name} of {key:?} is {have}, its formula {want:?}"));
            }
        }
    }
    Ok(known.len())
}

/// A metric has the same values and the same total, whatever is asked beside it.
fn together(random: &mut Random, of: &Opened) -> Result<usize, String> {
    let all = of.metrics(|_| true);
    for _ in 0..5 {
        let metrics = random.some(&all, 3);
        let question = of.question(random, &metrics);
        let joint = of.ask(&question)?;
        let keys = question.all_groups().len();
        let mut known: Vec<Vec<Json>> = Vec::new();
        for (i, metric) in metrics.iter().enumerate() {
            let alone = of.ask(&Question { metrics: vec![*metric], ..question.clone() })?;
            if alone.totals[0] != joint.totals[i] {
                return Err(format!("{question:?}: alone {}, together {}", alone.totals[0], joint.totals[i]));
            }
            for row in &alone.rows {
                let found = joint.rows.iter().find(|r| r[..keys] == row[..keys]);
                if found.is_none_or(|found| found[keys + i] != row[keys]) {
                    return Err(format!("{question:?}: alone {row:?}, together {found:?}"));
                }
            }
            known.extend(alone.rows.iter().map(|row| row[..keys].to_vec()));
        }
        if let Some(row) = joint.rows.iter().find(|r| !known.contains(&r[..keys].to_vec())) {
            return Err(format!("{question:?}: no metric alone has {row:?}"));
        }
    }
    Ok(5)
}

/// What adds up over rows adds up over the parts of a range, in every group.
fn split(random: &mut Random, of: &Opened) -> Result<usize, String> {
    let all = of.metrics(|_| true);
    let additive: Vec<usize> = all.into_iter().filter(|m| of.world.is_additive(*m)).collect();
    let is_plain = |m: &usize| matches!(of.world.metrics[*m].kind, MetricKind::Simple { .. });
    let known: Vec<usize> = additive.into_iter().filter(is_plain).take(5).collect();
    for metric in &known {
        let question = Question { granularity: None, ..of.question(random, &[*metric]) };
        let range = question.range.ok_or("no range")?;
        let cut = range.first + Days::new(random.between(1, 7).unsigned_abs());
        let before =
            Question { range: Some(Window { first: range.first, last: cut - Days::new(1) }), ..question.clone() };
        let after = Question { range: Some(Window { first: cut, last: range.last }), ..question.clone() };
        let (whole, before, after) = (of.ask(&question)?, of.ask(&before)?, of.ask(&after)?);
        let sum = |a: Value, b: Value| match (a.is_null(), b.is_null()) {
            (true, _) => b,
            (_, true) => a,
            _ => a.plus(&b),
        };
        let total = sum(number(&before.totals[0]), number(&after.totals[0]));
        if !is_same(&whole.totals[0], &total) {
            return Err(format!("{question:?}: {} is not the sum {total:?} of its parts", whole.totals[0]));
        }
        let keys = question.groups.len();
        for row in &whole.rows {
            let part = |of: &Answered| {
                of.rows.iter().find(|r| r[..keys] == row[..keys]).map_or(Value::Null, |r| number(&r[keys]))
            };
            let want = sum(part(&before), part(&after));
            if !is_same(&row[keys], &want) {
                return Err(format!("{question:?}: {row:?} is not the sum {want:?} of its parts"));
            }
        }
    }
    Ok(known.len())
}

/// The total of a cumulative metric, or of one read earlier, is its input's over the dates that are read.
fn window_is_a_range(random: &mut Random, of: &Opened) -> Result<usize, String> {
    let single = |m: &Metric| m.filter.is_none() && m.kind.inputs().iter().all(|input| input.filter.is_none());
    let all = of.metrics(single);
    let mut held = 0;
    for metric in all {
        let step = match &of.world.metrics[metric].kind {
            MetricKind::Cumulative { input, over, pick } => Some((input, Step::Accumulate(*over, *pick))),
            MetricKind::Derived { inputs, .. } if inputs.len() == 1 => {
                inputs[0].offset.map(|offset: Offset| (&inputs[0], Step::Offset(offset)))
            }
            _ => None,
        };
        let Some((input, step)) = step.filter(|(input, _)| !timed::is_timed(&of.world, input.metric)) else { continue };
        let question = Question { granularity: None, ..of.question(random, &[metric]) };
        let range = question.range.ok_or("no range")?;
        let read = window::read(&[step], window::whole(&[step], range), of.world.week_start);
        let first = read.first.unwrap_or(NaiveDate::from_ymd_opt(2000, 1, 1).unwrap_or_default());
        let read = Window { first, last: read.end - Days::new(1) };
        let whole = of.ask(&question)?;
        let base = of.ask(&Question { metrics: vec![input.metric], range: Some(read), ..question.clone() })?;
        let fill = of.world.metrics[metric].fill.map_or(Value::Null, Value::integer);
        let filled = |value: Value| if value.is_null() { fill.clone() } else { value };
        if !is_same(&whole.totals[0], &filled(number(&base.totals[0]))) {
            return Err(format!("{question:?}: {} is not that of {read:?}, {}", whole.totals[0], base.totals[0]));
        }
        let keys = question.groups.len();
        for row in &whole.rows {
            let found = base.rows.iter().find(|r| r[..keys] == row[..keys]).map(|r| number(&r[keys]));
            if found.as_ref().is_none_or(|found| !is_same(&row[keys], &filled(found.clone()))) {
                return Err(format!("{question:?}: {row:?} is not that of {read:?}, {found:?}"));
            }
        }
        held += 1;
    }
    Ok(held)
}

/// Rows of dimension tables that no row points at.
fn childless(random: &mut Random, of: &Opened) -> Result<usize, String> {
    let mut world = of.world.clone();
    // Days, and what holds on some of them, are no members.
    let is_plain = |d: &Dataset| {
        let is_name = |c: &String| matches!(d.columns[d.column(c)].kind, ColumnKind::Integer | ColumnKind::Text);
        d.time.is_none() && !d.key.is_empty() && d.key.iter().all(is_name)
    };
    for dataset in world.datasets.iter_mut().filter(|d| is_plain(d)) {
        for extra in 0..3_i128 {
            let mut row = dataset.rows[0].clone();
            for key in &dataset.key {
                let column = dataset.column(key);
                row[column] = match &row[column] {
                    Value::Text(text) => Value::text(&format!("{text} {extra}")),
                    _ => Value::integer(1_000 + extra),
                };
            }
            dataset.rows.insert(0, row);
        }
    }
    unchanged(random, of, world)
}

/// The same rows in another order and in files of another format.
fn rewritten(random: &mut Random, of: &Opened) -> Result<usize, String> {
    let mut world = of.world.clone();
    for dataset in &mut world.datasets {
        let count = dataset.rows.len();
        dataset.rows = random.some(&dataset.rows, count);
        dataset.format = match dataset.format {
            Format::Csv if random.chance(50) => Format::JsonLines,
            Format::Csv | Format::JsonLines => Format::Parquet,
            Format::Parquet => Format::Csv,
        };
    }
    unchanged(random, of, world)
}

fn unchanged(random: &mut Random, of: &Opened, world: World) -> Result<usize, String> {
    let other = open(world, of.season)?;
    for _ in 0..6 {
        let question = worlds::ask::question(random, &of.world, of.season);
        let request = request::request(&of.world, &question);
        let (before, after) = (of.request(&request)?, other.request(&request)?);
        if before != after {
            return Err(format!("{}: {before:?} became {after:?}", Json::Object(request)));
        }
    }
    Ok(6)
}

/// A cell that is asked with every digit.
fn number(cell: &Json) -> Value {
    let text = match cell {
        Json::Null => return Value::Null,
        Json::String(text) => text.clone(),
        other => other.to_string(),
    };
    match (Exact::parse(&text).filter(|_| text.len() < 25 && !text.contains('e')), text.parse::<f64>()) {
        (_, Ok(double)) if text.contains('.') && text.len() > 12 => Value::Double(double),
        (Some(exact), _) => Value::Exact(exact),
        (None, Ok(double)) => Value::Double(double),
        (None, Err(_)) => Value::text(&text),
    }
}
