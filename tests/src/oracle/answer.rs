//! The whole answer: groups, totals, the comparison's columns, conditions on results, order, limit.

use std::cmp::Ordering;

use chrono::{Days, NaiveDate};

use super::cell::{self, Scope};
use super::clock;
use super::context::{Context, is_same_key};
use super::groups;
use super::question::{Question, Window};
use super::value::Value;
use super::world::World;

#[derive(Clone, Debug)]
pub struct Answer {
    pub columns: Vec<String>,
    /// In order, before the question's limit.
    pub rows: Vec<Vec<Value>>,
    /// Columns that tell the rows apart.
    pub keys: Vec<usize>,
    /// Columns that order the rows, with whether they descend.
    pub order: Vec<(usize, bool)>,
    /// One a metric asked.
    pub totals: Vec<Figures>,
}

impl Answer {
    pub fn is_without_values(&self) -> bool {
        self.rows.iter().flatten().all(Value::is_null)
    }
}

/// A metric in one group, and what it is held against.
#[derive(Clone, Debug)]
pub struct Figures {
    pub value: Value,
    pub previous: Value,
    pub change: Value,
    pub percent: Value,
    pub points: Value,
}

/// A row before its columns are picked.
struct Line {
    keys: Vec<Value>,
    previous_bucket: Value,
    figures: Vec<Figures>,
    kind: Value,
}

pub fn answer(world: &World, question: &Question) -> Answer {
    let context = Context::new(world, question);
    let previous = question.comparison.as_ref().map(|c| c.window);
    let totals: Vec<Figures> = question
        .metrics
        .iter()
        .map(|metric| {
            let total = |window| cell::asked(&context, *metric, Scope { window, key: None });
            let (now, before) = (total(question.range), previous.map(|window| total(Some(window))));
            figures(world, *metric, now, before, true)
        })
        .collect();
    let mut lines = if context.groups.is_empty() {
        vec![Line { keys: vec![], previous_bucket: Value::Null, figures: totals.clone(), kind: Value::Null }]
    } else {
        lines(&context, previous)
    };
    lines.retain(|line| question.having.iter().all(|h| h.truth(&|name| column(&context, line, name)) == Some(true)));
    sort(&context, &mut lines);
    let columns = columns(&context);
    let rows = lines.iter().map(|line| columns.iter().map(|name| column(&context, line, name)).collect()).collect();
    let position = |name: &str| columns.iter().position(|c| c == name);
    let order = order(&context).iter().filter_map(|(name, descends)| Some((position(name)?, *descends))).collect();
    let bucket = context.groups.first().map(|group| format!("{group}__previous"));
    let keys = context.groups.iter().chain(&bucket).filter_map(|name| position(name)).collect();
    Answer { columns, rows, keys, order, totals }
}

fn figures(world: &World, metric: usize, value: Value, previous: Option<Value>, total: bool) -> Figures {
    let Some(previous) = previous else {
        return Figures {
            value,
            previous: Value::Null,
            change: Value::Null,
            percent: Value::Null,
            points: Value::Null,
        };
    };
    let filled = |side: &Value| match side {
        Value::Null if world.is_additive(metric) && !total => Value::integer(0),
        other => other.clone(),
    };
    let (now, before) = (filled(&value), filled(&previous));
    let change = if value.is_null() && previous.is_null() { Value::Null } else { now.minus(&before) };
    let percent = if before.as_f64().is_some_and(|base| base > 0.0) { change.over(&before) } else { Value::Null };
    let points = match (world.metrics[metric].percent, change.as_f64()) {
        (true, Some(change)) => Value::Double(change * 100.0),
        _ => Value::Null,
    };
    Figures { value, previous, change, percent, points }
}

/// One line for each group that has a row of a metric, in either window.
fn lines(context: &Context, previous: Option<Window>) -> Vec<Line> {
    let question = context.question;
    let now = keys(context, question.range);
    let before = previous.map_or(Vec::new(), |window| keys(context, Some(window)));
    // A slot is what a key is paired by: the bucket's position in place of the bucket.
    let slot = |key: &[Value], window: Option<Window>| -> Vec<Value> {
        let mut slot = key.to_vec();
        if let (true, Some(grain), Some(window)) = (previous.is_some(), question.granularity, window) {
            let position = buckets(window, |d| clock::bucket(d, grain, context.world.week_start))
                .iter()
                .position(|b| Value::Date(*b) == key[0]);
            slot[0] = position.map_or(Value::Null, |p| Value::integer(p as i128));
        }
        slot
    };
    let mut slots: Vec<(Vec<Value>, bool, bool)> = Vec::new();
    let mut put = |slot: Vec<Value>, is_now: bool| {
        let known = slots.iter().position(|(s, _, _)| is_same_key(s, &slot));
        let at = known.unwrap_or_else(|| {
            slots.push((slot, false, false));
            slots.len() - 1
        });
        if is_now { slots[at].1 = true } else { slots[at].2 = true }
    };
    for key in &now {
        put(slot(key, question.range), true);
    }
    for key in &before {
        put(slot(key, previous), false);
    }
    slots.into_iter().map(|(slot, now, before)| line(context, previous, &slot, now, before)).collect()
}

fn line(context: &Context, previous: Option<Window>, slot: &[Value], now: bool, before: bool) -> Line {
    let question = context.question;
    // The key of the slot in a window; `None` where the window has no bucket of that position.
    let key = |window: Option<Window>| -> Option<Vec<Value>> {
        let mut key = slot.to_vec();
        if let (Some(_), Some(grain), Some(window)) = (previous, question.granularity, window) {
            let buckets = buckets(window, |d| clock::bucket(d, grain, context.world.week_start));
            let position = slot[0].as_f64().map(|p| p as usize);
            key[0] = Value::Date(*position.and_then(|p| buckets.get(p))?);
        }
        Some(key)
    };
    let cell = |metric: usize, window: Option<Window>| match key(window) {
        Some(key) => cell::asked(context, metric, Scope { window, key: Some(&key) }),
        None => Value::Null,
    };
    let figures = question
        .metrics
        .iter()
        .map(|metric| {
            let other = previous.map(|window| cell(*metric, Some(window)));
            figures(context.world, *metric, cell(*metric, question.range), other, false)
        })
        .collect();
    let bucket = |window: Option<Window>| key(window).map_or(Value::Null, |key| key[0].clone());
    let mut keys = slot.to_vec();
    let mut previous_bucket = Value::Null;
    if previous.is_some() && question.granularity.is_some() {
        keys[0] = bucket(question.range);
        previous_bucket = bucket(previous);
    }
    let kind = match (previous, now, before) {
        (Some(_), true, false) => Value::text("new"),
        (Some(_), false, true) => Value::text("lost"),
        _ => Value::Null,
    };
    Line { keys, previous_bucket, figures, kind }
}

/// The buckets of a window, in order.
fn buckets(window: Window, bucket: impl Fn(NaiveDate) -> NaiveDate) -> Vec<NaiveDate> {
    let mut found = Vec::new();
    let mut date = window.first;
    while date <= window.last {
        let first = bucket(date);
        if found.last() != Some(&first) {
            found.push(first);
        }
        date = date + Days::new(1);
    }
    found
}

/// The keys of all groups of any metric asked.
fn keys(context: &Context, window: Option<Window>) -> Vec<Vec<Value>> {
    let mut found: Vec<Vec<Value>> = Vec::new();
    for metric in &context.question.metrics {
        for key in groups::keys(context, *metric, window) {
            if !found.iter().any(|f| is_same_key(f, &key)) {
                found.push(key);
            }
        }
    }
    found
}

/// The names of the columns, in order.
fn columns(context: &Context) -> Vec<String> {
    let question = context.question;
    let compared = question.comparison.is_some();
    let mut names = Vec::new();
    for (i, group) in context.groups.iter().enumerate() {
        names.push(group.clone());
        if compared && i == 0 && question.granularity.is_some() {
            names.push(format!("{group}__previous"));
        }
    }
    for metric in &question.metrics {
        let metric = &context.world.metrics[*metric];
        let parts: &[&str] = match (compared, metric.percent) {
            (false, _) => &[""],
            (true, false) => &["", "__previous", "__change", "__percent_change"],
            (true, true) => &["", "__previous", "__change", "__percent_change", "__points"],
        };
        names.extend(parts.iter().map(|part| format!("{}{part}", metric.name)));
    }
    if compared && !question.groups.is_empty() {
        names.push("change_kind".to_string());
    }
    names
}

fn column(context: &Context, line: &Line, name: &str) -> Value {
    if let Some(i) = context.groups.iter().position(|g| g == name) {
        return line.keys[i].clone();
    }
    if name == "change_kind" {
        return line.kind.clone();
    }
    if name.strip_suffix("__previous").is_some_and(|group| context.groups.iter().any(|g| g == group)) {
        return line.previous_bucket.clone();
    }
    let (metric, part) = name.split_once("__").unwrap_or((name, ""));
    let asked = context.question.metrics.iter().position(|m| context.world.metrics[*m].name == metric);
    let figures = &line.figures[asked.unwrap_or_else(|| panic!("no column {name}"))];
    match part {
        "" => figures.value.clone(),
        "previous" => figures.previous.clone(),
        "change" => figures.change.clone(),
        "percent_change" => figures.percent.clone(),
        "points" => figures.points.clone(),
        other => panic!("no part {other}"),
    }
}

/// The order asked, or time ascending, or the first metric descending; then the groups.
fn order(context: &Context) -> Vec<(String, bool)> {
    let question = context.question;
    let mut order = question.order.clone();
    if order.is_empty() {
        let times = context.groups.iter().filter(|g| is_time(g));
        order.extend(times.map(|g| (g.clone(), false)));
        if order.is_empty()
            && let Some(metric) = question.metrics.first()
        {
            order.push((context.world.metrics[*metric].name.clone(), true));
        }
    }
    order.extend(context.groups.iter().map(|g| (g.clone(), false)));
    order
}

fn sort(context: &Context, lines: &mut [Line]) {
    let order = order(context);
    lines.sort_by(|a, b| {
        for (name, descends) in &order {
            let (a, b) = (column(context, a, name), column(context, b, name));
            let by = in_order(&a, &b, *descends);
            if by != Ordering::Equal {
                return by;
            }
        }
        a.previous_bucket.order(&b.previous_bucket)
    });
}

/// The order of two cells of one column: nulls last, both ways.
pub fn in_order(a: &Value, b: &Value, descends: bool) -> Ordering {
    if descends && !a.is_null() && !b.is_null() { b.order(a) } else { a.order(b) }
}

/// Whether a group is time in buckets.
fn is_time(group: &str) -> bool {
    group.contains("__")
}
