//! What every cell of one question shares: its groups, and the rows that are there under some conditions.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

use super::cell::{self, Scope};
use super::clock;
use super::cohort;
use super::expr::Expr;
use super::follow::{self, Row};
use super::groups;
use super::lookup::{self, Bucket, Moment};
use super::question::Question;
use super::value::Value;
use super::world::{DimensionKind, Level, World};

pub struct Context<'a> {
    pub world: &'a World,
    pub question: &'a Question,
    pub zone: Tz,
    pub groups: Vec<String>,
    /// By dataset: the bucket of each group that is the dataset's own time.
    own: Vec<Vec<Option<Bucket>>>,
    /// Rows by dataset and conditions.
    seen: RefCell<HashMap<String, Rc<Vec<Seen>>>>,
    known: RefCell<HashMap<String, Rc<Vec<Row>>>>,
    /// Metrics by keys, by how conditions write them.
    by_keys: RefCell<HashMap<String, Rc<ByKeys>>>,
    pub cohorts: cohort::Known,
}

/// The keys of the groups that a metric has over all data, with its values.
type ByKeys = Vec<(Vec<Value>, Value)>;

/// A row that is there at the question's clock and passes some conditions; beyond bridges once for each
/// way in which it can be looked at.
#[derive(Clone, Debug)]
pub struct Seen {
    pub row: Row,
    /// The local day of its time; none where that is not known.
    pub day: Option<NaiveDate>,
    /// Its values of the question's groups.
    pub keys: Vec<Value>,
}

impl<'a> Context<'a> {
    pub fn new(world: &'a World, question: &'a Question) -> Context<'a> {
        let zone = question.zone.unwrap_or(world.zone);
        let groups = question.all_groups();
        let datasets = 0..world.datasets.len();
        let timed = |dataset: usize| world.datasets[dataset].time.is_some();
        let own = |dataset| if timed(dataset) { own_time(world, dataset, &groups) } else { vec![None; groups.len()] };
        let own = datasets.map(own).collect();
        let (seen, known, by_keys) = (RefCell::default(), RefCell::default(), RefCell::default());
        Context { world, question, zone, groups, own, seen, known, by_keys, cohorts: cohort::Known::default() }
    }

    /// The rows of a dataset that are known and pass conditions, with their groups.
    pub fn seen(&self, dataset: usize, conditions: &[&Expr]) -> Rc<Vec<Seen>> {
        let key = with_conditions(dataset, conditions);
        if let Some(known) = self.seen.borrow().get(&key) {
            return Rc::clone(known);
        }
        let rows = self.known(dataset, conditions);
        let seen = rows.iter().map(|row| Seen {
            row: *row,
            day: lookup::time(self.world, self.zone, *row).map(|time| time.day(self.zone)),
            keys: self.groups.iter().map(|group| lookup::value(self.world, self.zone, *row, group)).collect(),
        });
        let seen = Rc::new(seen.collect::<Vec<_>>());
        self.seen.borrow_mut().insert(key, Rc::clone(&seen));
        seen
    }

    /// The rows of a dataset that are known and pass conditions, whatever groups they see.
    pub fn known(&self, dataset: usize, conditions: &[&Expr]) -> Rc<Vec<Row>> {
        let key = with_conditions(dataset, conditions);
        if let Some(known) = self.known.borrow().get(&key) {
            return Rc::clone(known);
        }
        let rows = (0..self.world.datasets[dataset].rows.len()).map(|row| Row::new(dataset, row));
        let looked_at = rows.flat_map(|row| {
            let ways = follow::ways_of(self.world, self.zone, row);
            (0..ways).map(move |way| Row { way, ..row })
        });
        let known = looked_at.filter(|row| {
            let time = lookup::time(self.world, self.zone, *row);
            is_known(time, self.question.as_of, self.zone) && conditions.iter().all(|c| self.is_true(c, *row, None))
        });
        let known = Rc::new(known.collect::<Vec<_>>());
        self.known.borrow_mut().insert(key, Rc::clone(&known));
        known
    }

    /// Whether a condition is true of a row, whose own time is that of the unit it is shown for, if there is one.
    pub fn is_true(&self, condition: &Expr, row: Row, unit: Option<Option<NaiveDate>>) -> bool {
        let lookup = |name: &str| match name.strip_prefix("metric(") {
            Some(call) => self.metric_of(row, call.trim_end_matches(')')),
            None => self.dimension_of(row, name, unit),
        };
        condition.truth(&lookup) == Some(true)
    }

    /// The value of a dimension in a condition; a time, which is held against dates, is its day.
    fn dimension_of(&self, row: Row, name: &str, unit: Option<Option<NaiveDate>>) -> Value {
        let (base, bucket) = name.split_once("__").unwrap_or((name, "day"));
        let is_time = base == "metric_time"
            || lookup::find(self.world, row.dataset, base)
                .is_some_and(|found| matches!(found.dimension.kind, DimensionKind::Time(_)));
        match unit {
            Some(unit) if is_time && lookup::is_axis(self.world, row.dataset, base) => {
                unit.map_or(Value::Null, |day| Bucket::of(bucket).value(self.world, day))
            }
            _ if is_time => lookup::value(self.world, self.zone, row, &format!("{base}__{bucket}")),
            _ => lookup::value(self.world, self.zone, row, name),
        }
    }

    /// Whether a condition speaks of the own time of a dataset's rows.
    pub fn is_of_time(&self, condition: &Expr, dataset: usize) -> bool {
        condition.names().into_iter().any(|name| self.is_own_time(name, dataset))
    }

    pub fn is_own_time(&self, name: &str, dataset: usize) -> bool {
        lookup::is_axis(self.world, dataset, name.split("__").next().unwrap_or(name))
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
            currency: self.question.currency.clone(),
        };
        let context = Context::new(self.world, &question);
        let value = |key: &[Value]| cell::asked(&context, metric, Scope { window: None, key: Some(key) });
        groups::keys(&context, metric, None).into_iter().map(|key| (key.clone(), value(&key))).collect()
    }

    /// The bucket of each group that is a dataset's own time, in the order of the groups.
    pub fn own_time(&self, dataset: usize) -> &[Option<Bucket>] {
        &self.own[dataset]
    }

    /// Whether a group remains at some levels within each other.
    pub fn is_kept(&self, group: usize, levels: &[&Level]) -> bool {
        let group = self.groups[group].split("__").next().unwrap_or_default();
        let last = group.rsplit('.').next().unwrap_or_default();
        let names_it = |names: &[String]| names.iter().any(|name| name == group || name == last);
        levels.iter().all(|level| match level {
            Level::Without(names) => !names_it(names),
            Level::Only(names) => names_it(names),
        })
    }
}

pub fn with_conditions(dataset: usize, conditions: &[&Expr]) -> String {
    conditions.iter().fold(dataset.to_string(), |key, condition| format!("{key} AND {condition}"))
}

/// The bucket of each group that is a dataset's own time, in the order of the groups.
fn own_time(world: &World, dataset: usize, groups: &[String]) -> Vec<Option<Bucket>> {
    let bucket = |group: &String| {
        let (name, bucket) = group.split_once("__")?;
        lookup::is_axis(world, dataset, name).then(|| Bucket::of(bucket))
    };
    groups.iter().map(bucket).collect()
}

pub fn is_same_key(a: &[Value], b: &[Value]) -> bool {
    a.iter().zip(b).all(|(a, b)| a.is_same_member(b))
}

/// Whether a row is there at the question's clock; a row without a time is.
fn is_known(time: Option<Moment>, as_of: DateTime<Utc>, zone: Tz) -> bool {
    match time {
        None => true,
        Some(Moment::Instant(instant)) => instant <= as_of,
        Some(Moment::Date(date)) => date <= clock::day(zone, as_of),
    }
}
