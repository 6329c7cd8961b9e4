//! One cell of an answer: a metric over the rows of one group and one window.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

use super::aggregate::aggregate;
use super::clock::{self, Grain};
use super::expr::Expr;
use super::lookup::{self, Moment, Row};
use super::question::{Question, Window};
use super::value::Value;
use super::window::{self, Step, Stretch, Unit};
use super::world::{Balance, Input, Metric, MetricKind, Offset, Pick, World};

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
    /// By dataset: the grain of each group that is the dataset's own time.
    own: Vec<Vec<Option<Grain>>>,
    /// Rows by dataset and conditions.
    seen: RefCell<HashMap<String, Rc<Vec<Seen>>>>,
    /// Metrics by keys, by how conditions write them.
    by_keys: RefCell<HashMap<String, Rc<ByKeys>>>,
}

/// The keys of the groups that a metric has over all data, with its values.
type ByKeys = Vec<(Vec<Value>, Value)>;

/// A row that is there at the question's clock and passes some conditions.
#[derive(Clone, Debug)]
pub struct Seen {
    pub row: Row,
    /// The local day of its time; none where that is not known.
    pub day: Option<NaiveDate>,
    /// Its values of the question's groups.
    keys: Vec<Value>,
}

/// A simple metric as it stands beneath an asked one.
#[derive(Clone, Debug)]
pub struct Leaf<'a> {
    pub metric: &'a Metric,
    /// Every condition on the way down.
    pub conditions: Vec<&'a Expr>,
    /// Every step of time on the way down.
    pub steps: Vec<Step>,
}

impl<'a> Context<'a> {
    pub fn new(world: &'a World, question: &'a Question) -> Context<'a> {
        let zone = question.zone.unwrap_or(world.zone);
        let groups = question.all_groups();
        let datasets = 0..world.datasets.len();
        let timed = |dataset: usize| world.datasets[dataset].time.is_some();
        let own = |dataset| if timed(dataset) { own_time(world, dataset, &groups) } else { vec![None; groups.len()] };
        let own = datasets.map(own).collect();
        Context { world, question, zone, groups, own, seen: RefCell::default(), by_keys: RefCell::default() }
    }

    /// The rows of a dataset that are known and pass conditions.
    pub fn seen(&self, dataset: usize, conditions: &[&Expr]) -> Rc<Vec<Seen>> {
        let key = conditions.iter().fold(dataset.to_string(), |key, condition| format!("{key} AND {condition}"));
        if let Some(known) = self.seen.borrow().get(&key) {
            return Rc::clone(known);
        }
        let rows = (0..self.world.datasets[dataset].rows.len()).map(|row| Row { dataset, row });
        let seen = rows.filter_map(|row| {
            let lookup = |name: &str| match name.strip_prefix("metric(") {
                Some(call) => self.metric_of(row, call.trim_end_matches(')')),
                None => lookup::value(self.world, self.zone, row, name),
            };
            let time = lookup::time(self.world, row);
            let is_seen = is_known(time, self.question.as_of, self.zone)
                && conditions.iter().all(|c| c.truth(&lookup) == Some(true));
            is_seen.then(|| Seen {
                row,
                day: time.map(|time| time.day(self.zone)),
                keys: self.groups.iter().map(|group| lookup(group)).collect(),
            })
        });
        let seen = Rc::new(seen.collect::<Vec<_>>());
        self.seen.borrow_mut().insert(key, Rc::clone(&seen));
        seen
    }

    /// The value of `name, key, …` for the keys of a row; null where one is null or has no rows.
    fn metric_of(&self, row: Row, call: &str) -> Value {
        let mut names = call.split(", ");
        let (metric, keys) = (names.next().unwrap_or_default(), names.collect::<Vec<_>>());
        let key: Vec<Value> = keys.iter().map(|name| lookup::value(self.world, self.zone, row, name)).collect();
        if key.iter().any(Value::is_null) {
            return Value::Null;
        }
        let known = self.by_keys.borrow().get(call).map(Rc::clone);
        let values = known.unwrap_or_else(|| {
            let values = Rc::new(self.by_keys(metric, &keys));
            self.by_keys.borrow_mut().insert(call.to_string(), Rc::clone(&values));
            values
        });
        values.iter().find(|(other, _)| is_same_key(other, &key)).map_or(Value::Null, |(_, value)| value.clone())
    }

    /// A metric by keys over all data up to the question's clock, under no condition of the question.
    fn by_keys(&self, metric: &str, by: &[&str]) -> ByKeys {
        let position = self.world.metrics.iter().position(|m| m.name == metric);
        let metric = position.unwrap_or_else(|| panic!("no metric {metric}"));
        let question = Question {
            metrics: vec![metric],
            groups: by.iter().map(ToString::to_string).collect(),
            granularity: None,
            conditions: vec![],
            having: vec![],
            order: vec![],
            limit: None,
            range: None,
            comparison: None,
            zone: self.question.zone,
            as_of: self.question.as_of,
        };
        let context = Context::new(self.world, &question);
        let value = |key: &[Value]| asked(&context, metric, Scope { window: None, key: Some(key) });
        keys(&context, metric, None).into_iter().map(|key| (key.clone(), value(&key))).collect()
    }

    /// The grain of each group that is a dataset's own time, in the order of the groups.
    pub fn own_time(&self, dataset: usize) -> &[Option<Grain>] {
        &self.own[dataset]
    }
}

/// The grain of each group that is a dataset's own time, in the order of the groups.
fn own_time(world: &World, dataset: usize, groups: &[String]) -> Vec<Option<Grain>> {
    let grain = |group: &String| {
        let (name, grain) = group.split_once("__")?;
        lookup::is_axis(world, dataset, name).then(|| lookup::grain_of(grain))
    };
    groups.iter().map(grain).collect()
}

/// The value of a metric that the question asks for.
pub fn asked(context: &Context, metric: usize, scope: Scope) -> Value {
    value(context, metric, &conditions(context, metric), &[], scope)
}

/// The request's conditions that hold for an asked metric.
pub fn conditions<'a>(context: &Context<'a>, metric: usize) -> Vec<&'a Expr> {
    let question = context.question;
    let held = question.conditions.iter().filter(|c| c.metric.is_none() || c.metric == Some(metric));
    held.map(|c| &c.expr).collect()
}

fn value(context: &Context, metric: usize, conditions: &[&Expr], steps: &[Step], scope: Scope) -> Value {
    let metric = &context.world.metrics[metric];
    let conditions: Vec<&Expr> = conditions.iter().copied().chain(&metric.filter).collect();
    let input = |of: &Input| {
        let conditions: Vec<&Expr> = conditions.iter().copied().chain(&of.filter).collect();
        value(context, of.metric, &conditions, &down(metric, of, steps), scope)
    };
    let value = match &metric.kind {
        MetricKind::Simple { .. } => leaf_value(context, &Leaf { metric, conditions, steps: steps.to_vec() }, scope),
        MetricKind::Ratio { numerator, denominator } => input(numerator).over(&input(denominator)),
        MetricKind::Derived { formula, inputs } => formula.evaluate(&|name| {
            input(inputs.iter().find(|i| i.alias == name).unwrap_or_else(|| panic!("no input {name}")))
        }),
        MetricKind::Cumulative { input: of, .. } => input(of),
    };
    match (value, metric.fill) {
        (Value::Null, Some(fill)) => Value::integer(fill),
        (value, _) => value,
    }
}

/// The steps of time that an input of a metric is read through.
fn down(metric: &Metric, input: &Input, steps: &[Step]) -> Vec<Step> {
    let own = match metric.kind {
        MetricKind::Cumulative { over, pick, .. } => Some(Step::Accumulate(over, pick)),
        MetricKind::Simple { .. } | MetricKind::Ratio { .. } | MetricKind::Derived { .. } => None,
    };
    steps.iter().copied().chain(own).chain(input.offset.map(Step::Offset)).collect()
}

/// The simple metrics beneath an asked metric.
pub fn leaves<'a>(context: &Context<'a>, metric: usize) -> Vec<Leaf<'a>> {
    leaves_below(context.world, metric, &conditions(context, metric), &[])
}

fn leaves_below<'a>(world: &'a World, metric: usize, conditions: &[&'a Expr], steps: &[Step]) -> Vec<Leaf<'a>> {
    let metric = &world.metrics[metric];
    let conditions: Vec<&Expr> = conditions.iter().copied().chain(&metric.filter).collect();
    if let MetricKind::Simple { .. } = metric.kind {
        return vec![Leaf { metric, conditions, steps: steps.to_vec() }];
    }
    let below = |input: &'a Input| {
        let conditions: Vec<&Expr> = conditions.iter().copied().chain(&input.filter).collect();
        leaves_below(world, input.metric, &conditions, &down(metric, input, steps))
    };
    metric.kind.inputs().into_iter().flat_map(below).collect()
}

impl Leaf<'_> {
    pub fn dataset(&self) -> usize {
        match self.metric.kind {
            MetricKind::Simple { dataset, .. } => dataset,
            MetricKind::Ratio { .. } | MetricKind::Derived { .. } | MetricKind::Cumulative { .. } => {
                panic!("a leaf is a simple metric")
            }
        }
    }

    fn balance(&self) -> Option<&Balance> {
        match &self.metric.kind {
            MetricKind::Simple { balance, .. } => balance.as_ref(),
            MetricKind::Ratio { .. } | MetricKind::Derived { .. } | MetricKind::Cumulative { .. } => None,
        }
    }
}

fn leaf_value(context: &Context, leaf: &Leaf, scope: Scope) -> Value {
    let MetricKind::Simple { aggregation, argument, .. } = &leaf.metric.kind else { panic!("a leaf is simple") };
    let over = |rows: &[Row]| {
        if rows.is_empty() && scope.key.is_some() {
            return Value::Null;
        }
        aggregate(context.world, rows, *aggregation, argument.as_ref(), leaf.metric.money)
    };
    if leaf.steps.is_empty() {
        let seen = context.seen(leaf.dataset(), &leaf.conditions);
        let inside = seen.iter().filter(|s| scope.window.is_none_or(|w| lies_in(s, w))).collect();
        return over(&rows_of(context, leaf, inside, scope.key));
    }
    let mut sets: Vec<Vec<Row>> = shown(context, leaf, scope)
        .into_iter()
        .map(|part| {
            let seen = context.seen(leaf.dataset(), &leaf.conditions);
            rows_of(context, leaf, read(context, leaf, &seen, part), scope.key)
        })
        .collect();
    if sets.is_empty() {
        sets.push(vec![]);
    }
    // A total is the value of one day; a mean is a double, also of one.
    match window::pick(&leaf.steps) {
        Some(Pick::First) => sets.iter().map(|rows| over(rows)).find(|value| !value.is_null()).unwrap_or(Value::Null),
        Some(Pick::Average) => {
            let known: Vec<f64> = sets.iter().filter_map(|rows| over(rows).as_f64()).collect();
            if known.is_empty() { Value::Null } else { Value::Double(known.iter().sum::<f64>() / known.len() as f64) }
        }
        Some(Pick::Last) => over(&sets.pop().unwrap_or_default()),
        None => over(&sets.concat()),
    }
}

fn lies_in(seen: &Seen, window: Window) -> bool {
    seen.day.is_some_and(|day| (window.first..=window.last).contains(&day))
}

/// The rows that are read for a stretch that is shown.
fn read<'s>(context: &Context, leaf: &Leaf, seen: &'s [Seen], part: Stretch) -> Vec<&'s Seen> {
    let of = window::read(&leaf.steps, part, context.world.week_start);
    seen.iter().filter(|s| s.day.is_some_and(|day| of.holds(day))).collect()
}

/// The parts of a window that are shown in one group, in order.
fn shown(context: &Context, leaf: &Leaf, scope: Scope) -> Vec<Stretch> {
    let Some(range) = range(context, leaf, scope.window, true) else { return vec![] };
    let own = context.own_time(leaf.dataset());
    let grains: Vec<Grain> = own.iter().flatten().copied().collect();
    match scope.key {
        Some(key) if !grains.is_empty() => {
            let week_start = context.world.week_start;
            let is_of_key = |unit: &Unit| {
                own.iter().zip(key).all(|(grain, key)| {
                    grain.is_none_or(|g| Value::Date(clock::bucket(unit.start, g, week_start)).is_same_member(key))
                })
            };
            let units = window::units(range, window::unit(&leaf.steps, &grains), week_start);
            let most = if window::is_at_start(&leaf.steps) { 1 } else { usize::MAX };
            units.into_iter().filter(is_of_key).map(|unit| unit.part).take(most).collect()
        }
        _ => vec![window::whole(&leaf.steps, range)],
    }
}

/// The dates of a window up to the clock; of all data, those that the dataset's time has, and as far
/// after them as offsets move them.
fn range(context: &Context, leaf: &Leaf, window: Option<Window>, moved: bool) -> Option<Window> {
    let today = clock::day(context.zone, context.question.as_of);
    let mut range = match window {
        Some(window) => window,
        None => {
            let days = || lookup::axis_days(context.world, context.zone, leaf.dataset());
            Window { first: days().min()?, last: days().max()? }
        }
    };
    if window.is_none() && moved {
        for step in &leaf.steps {
            if let Step::Offset(Offset::Window(length)) = step {
                range.last = clock::after(range.last, length.count, length.unit);
            }
        }
    }
    range.last = range.last.min(today);
    (range.first <= range.last).then_some(range)
}

/// Of the rows that a leaf reads those that it counts, in one group.
fn rows_of(context: &Context, leaf: &Leaf, read: Vec<&Seen>, key: Option<&[Value]>) -> Vec<Row> {
    let own = context.own_time(leaf.dataset());
    let counted = counted(context, leaf, read, key.is_some());
    let is_of_key = |seen: &&&Seen| {
        key.is_none_or(|key| (0..key.len()).all(|i| is_by_unit(leaf, own, i) || seen.keys[i].is_same_member(&key[i])))
    };
    counted.iter().filter(is_of_key).map(|seen| seen.row).collect()
}

/// Whether a group is that of the unit which is shown, whatever the row's own time.
fn is_by_unit(leaf: &Leaf, own: &[Option<Grain>], group: usize) -> bool {
    !leaf.steps.is_empty() && own[group].is_some()
}

/// Of a balance the rows at the first or last time of their partition; in groups, a bucket of the
/// same time is a part of the partition.
fn counted<'s>(context: &Context, leaf: &Leaf, read: Vec<&'s Seen>, grouped: bool) -> Vec<&'s Seen> {
    let Some(balance) = leaf.balance() else { return read };
    let (world, dataset) = (context.world, leaf.dataset());
    let own = context.own_time(dataset);
    let buckets: Vec<usize> = (0..context.groups.len())
        .filter(|i| grouped && !is_by_unit(leaf, own, *i))
        .filter(|i| {
            let name = context.groups[*i].split_once("__").map(|(name, _)| name);
            name.is_some_and(|name| lookup::is_same(world, dataset, name, &balance.time))
        })
        .collect();
    let partition = |seen: &Seen| -> Vec<Value> {
        let by = balance.by.iter().map(|name| lookup::value(world, context.zone, seen.row, name));
        by.chain(buckets.iter().map(|i| seen.keys[*i].clone())).collect()
    };
    let timed: Vec<(&Seen, Vec<Value>, Option<Moment>)> = read
        .into_iter()
        .map(|seen| (seen, partition(seen), lookup::moment_of(world, seen.row, &balance.time)))
        .collect();
    let is_extreme = |(_, partition, time): &&(&Seen, Vec<Value>, Option<Moment>)| {
        let peers = timed.iter().filter(|(_, other, _)| is_same_key(partition, other)).filter_map(|(_, _, t)| *t);
        let extreme = if balance.is_last { peers.max() } else { peers.min() };
        time.is_some() && *time == extreme
    };
    timed.iter().filter(is_extreme).map(|(seen, _, _)| *seen).collect()
}

pub fn is_same_key(a: &[Value], b: &[Value]) -> bool {
    a.iter().zip(b).all(|(a, b)| a.is_same_member(b))
}

/// The keys of all groups in which an asked metric has a row, or a listed unit of time.
pub fn keys(context: &Context, metric: usize, window: Option<Window>) -> Vec<Vec<Value>> {
    let mut found: Vec<Vec<Value>> = Vec::new();
    for leaf in leaves(context, metric) {
        let of_rows = keys_of_rows(context, &leaf, window);
        let listed = if leaf.metric.listed { listed(context, &leaf, window, &of_rows) } else { vec![] };
        for key in of_rows.into_iter().chain(listed) {
            if !found.iter().any(|f| is_same_key(f, &key)) {
                found.push(key);
            }
        }
    }
    found
}

fn keys_of_rows(context: &Context, leaf: &Leaf, window: Option<Window>) -> Vec<Vec<Value>> {
    let seen = context.seen(leaf.dataset(), &leaf.conditions);
    if leaf.steps.is_empty() {
        let inside = seen.iter().filter(|s| window.is_none_or(|w| lies_in(s, w))).collect();
        return counted(context, leaf, inside, true).into_iter().map(|seen| seen.keys.clone()).collect();
    }
    let Some(range) = range(context, leaf, window, true) else { return vec![] };
    let own = context.own_time(leaf.dataset());
    let mut found = Vec::new();
    for (unit, part) in units_shown(context, leaf, range, own) {
        for seen in counted(context, leaf, read(context, leaf, &seen, part), true) {
            let key = seen.keys.iter().zip(&unit).map(|(own, unit)| unit.clone().unwrap_or(own.clone()));
            found.push(key.collect());
        }
    }
    found
}

/// The units whose values may be shown, with the values of those groups that they stand for.
fn units_shown(
    context: &Context,
    leaf: &Leaf,
    range: Window,
    own: &[Option<Grain>],
) -> Vec<(Vec<Option<Value>>, Stretch)> {
    let grains: Vec<Grain> = own.iter().flatten().copied().collect();
    if grains.is_empty() {
        return vec![(vec![None; own.len()], window::whole(&leaf.steps, range))];
    }
    let week_start = context.world.week_start;
    let units = window::units(range, window::unit(&leaf.steps, &grains), week_start);
    let mut found: Vec<(Vec<Option<Value>>, Stretch)> = Vec::new();
    for unit in units {
        let values = own.iter().map(|g| g.map(|g| Value::Date(clock::bucket(unit.start, g, week_start)))).collect();
        match found.last_mut() {
            Some(first) if window::is_at_start(&leaf.steps) && first.0 == values => {}
            // Only the last unit of a period is shown.
            Some(last) if window::pick(&leaf.steps) == Some(Pick::Last) && last.0 == values => last.1 = unit.part,
            _ => found.push((values, unit.part)),
        }
    }
    found
}

/// The units of time that no row of the leaf is in, null in every other group; none under a
/// condition on another group.
fn listed(context: &Context, leaf: &Leaf, window: Option<Window>, of_rows: &[Vec<Value>]) -> Vec<Vec<Value>> {
    let (world, dataset) = (context.world, leaf.dataset());
    let own = context.own_time(dataset);
    let others = || (0..own.len()).filter(|i| own[*i].is_none() && !context.groups[*i].contains("__"));
    let restricts = |name: &str| others().any(|i| lookup::is_over_same(world, dataset, name, &context.groups[i]));
    if own.iter().all(Option::is_none) || leaf.conditions.iter().any(|c| c.names().into_iter().any(restricts)) {
        return vec![];
    }
    let Some(range) = range(context, leaf, window, false) else { return vec![] };
    let mut found: Vec<Vec<Value>> = Vec::new();
    for date in range.first.iter_days().take_while(|date| *date <= range.last) {
        let key: Vec<Value> = own
            .iter()
            .map(|grain| grain.map_or(Value::Null, |g| Value::Date(clock::bucket(date, g, world.week_start))))
            .collect();
        let is_of_unit = |row: &Vec<Value>| (0..own.len()).all(|i| own[i].is_none() || row[i].is_same_member(&key[i]));
        if !of_rows.iter().any(is_of_unit) && !found.iter().any(|f| is_same_key(f, &key)) {
            found.push(key);
        }
    }
    found
}

/// Whether a row is there at the question's clock; a row without a time is.
fn is_known(time: Option<Moment>, as_of: DateTime<Utc>, zone: Tz) -> bool {
    match time {
        None => true,
        Some(Moment::Instant(instant)) => instant <= as_of,
        Some(Moment::Date(date)) => date <= clock::day(zone, as_of),
    }
}
