//! Cohorts: things that enter at their first row, and what is theirs until an age is over.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use chrono::{NaiveDate, TimeDelta};

use super::clock;
use super::context::{Context, Seen, with_conditions};
use super::events;
use super::expr::Expr;
use super::follow::Row;
use super::leaf::Leaf;
use super::lookup::{self, Moment};
use super::value::Value;
use super::world::{Calculation, Cohort, Input, MetricKind};

/// What was found out for a question already; cohorts are told apart by where they stand.
#[derive(Default)]
pub struct Known {
    /// Those of some rows that are entries.
    entries: RefCell<HashMap<String, Rc<Vec<Row>>>>,
    /// The rows within the age of an entry.
    within: RefCell<HashMap<String, Rc<Vec<Row>>>>,
    times: RefCell<HashMap<(usize, usize), Option<Moment>>>,
}

/// Of these rows those that are the entry of their member.
pub fn entries(context: &Context, of: &Cohort, rows: &[Seen]) -> Vec<Seen> {
    let key = format!("{of:p}");
    let known = context.cohorts.entries.borrow().get(&key).map(Rc::clone);
    let first = known.unwrap_or_else(|| {
        let first = Rc::new(first_rows(context, of));
        context.cohorts.entries.borrow_mut().insert(key, Rc::clone(&first));
        first
    });
    rows.iter().filter(|seen| first.iter().any(|row| row.is_same(seen.row))).cloned().collect()
}

/// The earliest row of each member, of rows at one time that of the smallest key.
fn first_rows(context: &Context, of: &Cohort) -> Vec<Row> {
    let world = context.world;
    let entry = &world.metrics[of.entry.metric];
    let conditions: Vec<&Expr> = entry.filter.iter().chain(&of.entry.filter).collect();
    let MetricKind::Simple { dataset, .. } = entry.kind else { panic!("entries are a simple metric") };
    let candidates: Vec<(Row, Moment, Vec<Value>)> = context
        .known(dataset, &conditions)
        .iter()
        .filter_map(|row| Some((*row, time(context, *row)?, member(context, of, *row)?)))
        .collect();
    let is_first = |(row, at, who): &&(Row, Moment, Vec<Value>)| {
        let rivals = candidates.iter().filter(|(other, _, _)| !other.is_same(*row));
        let mut rivals = rivals.filter(|(_, _, other)| is_same(who, other));
        !rivals.any(|(other, then, _)| then.cmp(at).then_with(|| events::key(context, *other, *row)).is_lt())
    };
    candidates.iter().filter(is_first).map(|(row, _, _)| *row).collect()
}

/// What is known of members by their entries; nothing of none. Immature ones count like others.
pub fn value(context: &Context, of: &Cohort, members: &[Row], is_grouped: bool) -> Value {
    if members.is_empty() {
        return Value::Null;
    }
    let value = match of.calculation {
        Calculation::Average | Calculation::Total => measured(context, of, &of.input, &[], members, is_grouped),
        Calculation::Retention | Calculation::Retained => {
            let back = members.iter().filter(|entry| came_back(context, of, **entry)).count();
            Value::integer(back as i128)
        }
    };
    match of.calculation {
        Calculation::Average | Calculation::Retention => value.over(&Value::integer(members.len() as i128)),
        Calculation::Total | Calculation::Retained => value,
    }
}

/// Whether the age of a member is not over at the question's clock: its last day is, with its last second.
pub fn is_immature(context: &Context, of: &Cohort, entry: Row) -> bool {
    let over = clock::day_start(context.zone, end(context, of, entry));
    over > context.question.as_of + TimeDelta::seconds(1)
}

/// The input over the rows of members, worked out from those of the simple metrics beneath it.
fn measured(
    context: &Context,
    of: &Cohort,
    input: &Input,
    outer: &[&Expr],
    members: &[Row],
    is_grouped: bool,
) -> Value {
    let metric = &context.world.metrics[input.metric];
    let conditions: Vec<&Expr> = outer.iter().copied().chain(&input.filter).chain(&metric.filter).collect();
    let below = |input: &Input| measured(context, of, input, &conditions, members, is_grouped);
    let value = match &metric.kind {
        MetricKind::Simple { dataset, .. } => {
            let of_member = |entry: &Row| within(context, of, *entry, *dataset, &conditions).as_ref().clone();
            let rows: Vec<Row> = members.iter().flat_map(of_member).collect();
            match rows.is_empty() && is_grouped {
                true => Value::Null,
                false => Leaf::of(metric).aggregate(context, &rows),
            }
        }
        MetricKind::Ratio { numerator, denominator } => below(numerator).over(&below(denominator)),
        MetricKind::Derived { formula, inputs } => formula.evaluate(&|name| {
            below(inputs.iter().find(|i| i.alias == name).unwrap_or_else(|| panic!("no input {name}")))
        }),
        MetricKind::Cumulative { .. } | MetricKind::Conversion(_) | MetricKind::Cohort(_) => {
            panic!("no input of a cohort")
        }
    };
    match (value, metric.fill) {
        (Value::Null, Some(fill)) => Value::integer(fill),
        (value, _) => value,
    }
}

/// Whether another row of the entry's dataset, or a later one of another, is the member's within its age.
fn came_back(context: &Context, of: &Cohort, entry: Row) -> bool {
    let metric = &context.world.metrics[of.input.metric];
    let MetricKind::Simple { dataset, .. } = metric.kind else { panic!("who comes back does so by rows") };
    let conditions: Vec<&Expr> = of.input.filter.iter().chain(&metric.filter).collect();
    within(context, of, entry, dataset, &conditions)
        .iter()
        .any(|row| if dataset == entry.dataset { !row.is_same(entry) } else { is_later(context, entry, *row) })
}

/// The rows of a dataset that are the member's within its age.
fn within(context: &Context, of: &Cohort, entry: Row, dataset: usize, conditions: &[&Expr]) -> Rc<Vec<Row>> {
    let key = format!("{of:p} {} {}", entry.row, with_conditions(dataset, conditions));
    if let Some(known) = context.cohorts.within.borrow().get(&key) {
        return Rc::clone(known);
    }
    let known = context.known(dataset, conditions);
    let found = Rc::new(known.iter().copied().filter(|row| is_within(context, of, entry, *row)).collect::<Vec<_>>());
    context.cohorts.within.borrow_mut().insert(key, Rc::clone(&found));
    found
}

/// Whether a row is the member's, not before its entry and on a day of its age.
fn is_within(context: &Context, of: &Cohort, entry: Row, row: Row) -> bool {
    let (Some(who), Some(whose)) = (member(context, of, entry), member(context, of, row)) else { return false };
    let (Some(from), Some(at)) = (time(context, entry), time(context, row)) else { return false };
    let is_after = match (from, at) {
        (Moment::Instant(from), Moment::Instant(at)) => from <= at,
        (from, at) => from.day(context.zone) <= at.day(context.zone),
    };
    is_same(&who, &whose) && is_after && at.day(context.zone) < end(context, of, entry)
}

/// By instants where both have a time of day, otherwise by days.
fn is_later(context: &Context, entry: Row, row: Row) -> bool {
    match (time(context, entry), time(context, row)) {
        (Some(Moment::Instant(from)), Some(Moment::Instant(at))) => from < at,
        (Some(from), Some(at)) => from.day(context.zone) < at.day(context.zone),
        _ => false,
    }
}

/// The first day after a member's age.
fn end(context: &Context, of: &Cohort, entry: Row) -> NaiveDate {
    let day = time(context, entry).expect("an entry has a time").day(context.zone);
    clock::after(day, of.age.count, of.age.unit)
}

fn time(context: &Context, row: Row) -> Option<Moment> {
    let find = || lookup::time(context.world, context.zone, row);
    *context.cohorts.times.borrow_mut().entry((row.dataset, row.row)).or_insert_with(find)
}

/// Whose row it is; of nobody where that is not known.
fn member(context: &Context, of: &Cohort, row: Row) -> Option<Vec<Value>> {
    let who = events::entity(context, row, &of.entity);
    (!who.iter().any(Value::is_null)).then_some(who)
}

fn is_same(a: &[Value], b: &[Value]) -> bool {
    a.iter().zip(b).all(|(a, b)| a.is_same_member(b))
}
