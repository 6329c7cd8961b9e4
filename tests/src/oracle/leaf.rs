//! A simple metric beneath an asked one: which rows it reads for a window, and which of them it counts.

use chrono::NaiveDate;

use super::aggregate::aggregate;
use super::cell::Scope;
use super::clock::{self, Grain};
use super::context::{Context, Seen, is_same_key};
use super::expr::Expr;
use super::follow::Row;
use super::lookup::{self, Bucket, Moment};
use super::question::Window;
use super::value::Value;
use super::window::{self, Step, Stretch};
use super::world::{Balance, Cohort, Conversion, Level, Metric, MetricKind, Offset, Pick};
use super::{cohort, currency, events};

#[derive(Clone, Debug)]
pub struct Leaf<'a> {
    pub metric: &'a Metric,
    /// Every condition on the way down.
    pub conditions: Vec<&'a Expr>,
    /// Every step of time on the way down.
    pub steps: Vec<Step>,
    /// Every level of detail on the way down.
    pub levels: Vec<&'a Level>,
    /// The conversion whose events it is over, and the simple metric whose rows they follow.
    pub follows: Option<(&'a Conversion, &'a Metric)>,
    /// The cohort of whose members only the entries are read.
    pub enters: Option<&'a Cohort>,
}

impl<'a> Leaf<'a> {
    /// A simple metric by itself.
    pub fn of(metric: &'a Metric) -> Leaf<'a> {
        Leaf { metric, conditions: vec![], steps: vec![], levels: vec![], follows: None, enters: None }
    }

    /// Whose rows are read; events are counted at the rows that they follow.
    pub fn dataset(&self) -> usize {
        match self.follows.map_or(self.metric, |(_, base)| base).kind {
            MetricKind::Simple { dataset, .. } => dataset,
            _ => panic!("a leaf is a simple metric"),
        }
    }

    /// The bucket of each group that is the leaf's own time and that it is aggregated by.
    pub fn own_time(&self, context: &Context) -> Vec<Option<Bucket>> {
        let own = context.own_time(self.dataset()).iter().enumerate();
        own.map(|(i, bucket)| bucket.clone().filter(|_| context.is_kept(i, &self.levels))).collect()
    }

    fn balance(&self) -> Option<&Balance> {
        match &self.metric.kind {
            MetricKind::Simple { balance, .. } => balance.as_ref(),
            _ => None,
        }
    }

    /// The rows that pass those conditions which are about rows alone.
    pub fn seen(&self, context: &Context) -> std::rc::Rc<Vec<Seen>> {
        let of_rows = self.conditions.iter().copied().filter(|c| !self.is_of_units(context, c));
        let seen = context.seen(self.dataset(), &of_rows.collect::<Vec<_>>());
        match self.enters {
            Some(of) => std::rc::Rc::new(cohort::entries(context, of, &seen)),
            None => seen,
        }
    }

    /// The parts of those conditions that are about what is shown, not about what is read for it: of its time alone, and
    /// the others, which rows are held against at the time that they are read for.
    fn on_units(&self, context: &Context) -> (Vec<&'a Expr>, Vec<&'a Expr>) {
        let of_time = |c: &&Expr| c.names().into_iter().all(|name| context.is_own_time(name, self.dataset()));
        let conditions = self.conditions.iter().copied().filter(|c| self.is_of_units(context, c));
        conditions.flat_map(Expr::conjuncts).partition(of_time)
    }

    fn is_of_units(&self, context: &Context, condition: &Expr) -> bool {
        !self.steps.is_empty() && context.is_of_time(condition, self.dataset())
    }

    pub fn aggregate(&self, context: &Context, rows: &[Row]) -> Value {
        let MetricKind::Simple { aggregation, argument, .. } = &self.metric.kind else { panic!("a leaf is simple") };
        let value = |row: Row| {
            let value = lookup::column_value(context.world, row, argument.as_ref()?);
            Some(if self.metric.money { currency::converted(context, row, value) } else { value })
        };
        let rows: Vec<(Row, Option<Value>)> = rows.iter().map(|row| (*row, value(*row))).collect();
        aggregate(context.world, context.zone, &rows, *aggregation, self.metric.money)
    }
}

/// A part of a window: the first date of the unit that it is shown for, where there is one.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    pub unit: Option<NaiveDate>,
    pub shown: Stretch,
}

pub fn leaf_value(context: &Context, leaf: &Leaf, scope: Scope) -> Value {
    let is_grouped = is_grouped(context, leaf, scope);
    let over = |rows: &[Row]| {
        if rows.is_empty() && is_grouped {
            return Value::Null;
        }
        leaf.aggregate(context, rows)
    };
    let mut sets = sets(context, leaf, scope);
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

/// Whether a leaf is aggregated by some group.
pub fn is_grouped(context: &Context, leaf: &Leaf, scope: Scope) -> bool {
    scope.key.is_some_and(|key| (0..key.len()).any(|i| context.is_kept(i, &leaf.levels)))
}

/// The rows that a leaf counts in one group, for each part of the window that is shown there.
pub fn sets(context: &Context, leaf: &Leaf, scope: Scope) -> Vec<Vec<Row>> {
    let seen = leaf.seen(context);
    if leaf.steps.is_empty() {
        let inside = seen.iter().filter(|s| scope.window.is_none_or(|w| lies_in(s, w))).collect();
        return vec![rows_of(context, leaf, inside, scope.key)];
    }
    // What a condition on time leaves of one unit is read together: the last time of a balance is the unit's.
    let parts = shown(context, leaf, scope);
    let units = parts.chunk_by(|a, b| a.unit.is_some() && a.unit == b.unit);
    let of_unit = |parts: &[Part]| parts.iter().flat_map(|part| read(context, leaf, &seen, *part)).collect();
    let mut sets: Vec<Vec<Row>> = units.map(|parts| rows_of(context, leaf, of_unit(parts), scope.key)).collect();
    if sets.is_empty() {
        sets.push(vec![]);
    }
    sets
}

pub fn lies_in(seen: &Seen, window: Window) -> bool {
    seen.day.is_some_and(|day| (window.first..=window.last).contains(&day))
}

/// The rows that are read for a part that is shown.
pub fn read<'s>(context: &Context, leaf: &Leaf, seen: &'s [Seen], part: Part) -> Vec<&'s Seen> {
    let of = window::read(&leaf.steps, part.shown, context.world.week_start);
    let (_, held) = leaf.on_units(context);
    let inside = seen.iter().filter(|s| s.day.is_some_and(|day| of.holds(day)));
    inside.filter(|s| held.iter().all(|c| context.is_true(c, s.row, Some(part.unit)))).collect()
}

/// The parts of a window that are shown in one group, in order.
fn shown(context: &Context, leaf: &Leaf, scope: Scope) -> Vec<Part> {
    let Some(range) = range(context, leaf, scope.window, true) else { return vec![] };
    let own = leaf.own_time(context);
    match scope.key {
        Some(key) if own.iter().any(Option::is_some) => {
            let is_of_key = |part: &Part| {
                let mut pairs = own.iter().zip(key);
                let unit = part.unit.expect("units have a day");
                pairs.all(|(b, key)| b.as_ref().is_none_or(|b| b.value(context.world, unit).is_same_member(key)))
            };
            let parts = units(context, leaf, range).into_iter().filter(is_of_key);
            parts.take(if window::is_at_start(&leaf.steps) { 1 } else { usize::MAX }).collect()
        }
        _ => whole(context, leaf, range),
    }
}

/// The units of a range whose values are shown where groups are of the leaf's time.
pub fn units(context: &Context, leaf: &Leaf, range: Window) -> Vec<Part> {
    let buckets: Vec<Bucket> = leaf.own_time(context).iter().flatten().cloned().collect();
    let grain = if is_day_by_day(context, leaf) { Grain::Day } else { window::unit(&leaf.steps, &buckets) };
    let of_run = |run| window::units(run, grain, context.world.week_start);
    let units = runs(context, leaf, range).into_iter().flat_map(of_run);
    units.map(|unit| Part { unit: Some(unit.start), shown: unit.part }).collect()
}

/// What is shown for the whole of a range; where values are those of days, its last day.
pub fn whole(context: &Context, leaf: &Leaf, range: Window) -> Vec<Part> {
    let runs = runs(context, leaf, range);
    let part = |run: &Window| {
        let shown = window::whole(&leaf.steps, *run);
        Part { unit: shown.first, shown }
    };
    match window::is_by_day(&leaf.steps) {
        true => runs.last().map(part).into_iter().collect(),
        false => runs.iter().map(part).collect(),
    }
}

/// The days of a range that pass the conditions on time alone; those that follow each other are one, unless rows are
/// held against each.
fn runs(context: &Context, leaf: &Leaf, range: Window) -> Vec<Window> {
    let (of_time, _) = leaf.on_units(context);
    let apart = is_day_by_day(context, leaf);
    let any = Row::new(leaf.dataset(), 0);
    let mut found: Vec<Window> = Vec::new();
    for day in range.first.iter_days().take_while(|day| *day <= range.last) {
        if !of_time.iter().all(|c| context.is_true(c, any, Some(Some(day)))) {
            continue;
        }
        match found.last_mut() {
            Some(run) if run.last.succ_opt() == Some(day) && !apart => run.last = day,
            _ => found.push(Window { first: day, last: day }),
        }
    }
    found
}

/// Whether what is only moved is read day by day, for conditions that hold rows against the day they are read for.
fn is_day_by_day(context: &Context, leaf: &Leaf) -> bool {
    let (_, held) = leaf.on_units(context);
    !window::is_by_day(&leaf.steps) && held.iter().any(|c| leaf.is_of_units(context, c))
}

/// The dates of a window up to the clock; of all data, those that the world's spine has, or the dataset's
/// time, and as far after them as offsets move them.
pub fn range(context: &Context, leaf: &Leaf, window: Option<Window>, moved: bool) -> Option<Window> {
    let (world, today) = (context.world, clock::day(context.zone, context.question.as_of));
    let mut range = match (window, &world.spine) {
        (Some(window), _) => window,
        (None, Some(spine)) => {
            let rows = 0..world.datasets[spine.dataset].rows.len();
            let days = || rows.clone().map(|row| Row::new(spine.dataset, row).cell(world, &spine.day).clone());
            let ends = (days().min_by(Value::order)?, days().max_by(Value::order)?);
            let (Value::Date(first), Value::Date(last)) = ends else { panic!("a spine has dates") };
            Window { first, last }
        }
        (None, None) => {
            let days = || lookup::axis_days(world, context.zone, leaf.dataset());
            Window { first: days().min()?, last: days().max()? }
        }
    };
    if window.is_none() && world.spine.is_none() && moved {
        for step in &leaf.steps {
            if let Step::Offset(Offset::Window(length)) = step {
                range.last = clock::after(range.last, length.count, length.unit);
            }
        }
    }
    range.last = range.last.min(today);
    (range.first <= range.last).then_some(range)
}

/// Of the rows that a leaf reads those that it counts, in one group: each once, however it is looked at.
fn rows_of(context: &Context, leaf: &Leaf, read: Vec<&Seen>, key: Option<&[Value]>) -> Vec<Row> {
    let own = leaf.own_time(context);
    let is_of_key = |seen: &Seen| {
        key.is_none_or(|key| {
            (0..key.len()).all(|i| {
                !context.is_kept(i, &leaf.levels) || is_by_unit(leaf, &own, i) || seen.keys[i].is_same_member(&key[i])
            })
        })
    };
    let mut found: Vec<Row> = Vec::new();
    for (seen, counted) in counted(context, leaf, read, key.is_some()) {
        if is_of_key(seen) && !found.iter().any(|known| known.is_same(counted)) {
            found.push(counted);
        }
    }
    found
}

/// Whether a group is that of the unit which is shown, whatever the row's own time.
pub fn is_by_unit(leaf: &Leaf, own: &[Option<Bucket>], group: usize) -> bool {
    !leaf.steps.is_empty() && own[group].is_some()
}

/// What a leaf counts of the rows that are read, each with the row that it stands for in its group.
pub fn counted<'s>(context: &Context, leaf: &Leaf, read: Vec<&'s Seen>, grouped: bool) -> Vec<(&'s Seen, Row)> {
    match leaf.follows {
        Some((of, _)) => events::followed(context, of, &read),
        None => balanced(context, leaf, read, grouped).into_iter().map(|seen| (seen, seen.row)).collect(),
    }
}

/// Of a balance the rows at the first or last time of their partition; in groups, a bucket of the
/// same time is a part of the partition.
fn balanced<'s>(context: &Context, leaf: &Leaf, read: Vec<&'s Seen>, grouped: bool) -> Vec<&'s Seen> {
    let Some(balance) = leaf.balance() else { return read };
    let (world, dataset) = (context.world, leaf.dataset());
    let own = leaf.own_time(context);
    let buckets: Vec<usize> = (0..context.groups.len())
        .filter(|i| grouped && context.is_kept(*i, &leaf.levels) && !is_by_unit(leaf, &own, *i))
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
        .map(|seen| (seen, partition(seen), lookup::moment_of(world, context.zone, seen.row, &balance.time)))
        .collect();
    let is_extreme = |(_, partition, time): &&(&Seen, Vec<Value>, Option<Moment>)| {
        let peers = timed.iter().filter(|(_, other, _)| is_same_key(partition, other)).filter_map(|(_, _, t)| *t);
        let extreme = if balance.is_last { peers.max() } else { peers.min() };
        time.is_some() && *time == extreme
    };
    timed.iter().filter(is_extreme).map(|(seen, _, _)| *seen).collect()
}
