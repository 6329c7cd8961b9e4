//! From a resolved query to its plan: facts become reads, joins, constraints and aggregates.

use std::collections::BTreeMap;

use super::add_up;
use super::{
    AgeRows, Aggregate, AggregateGroups, CombineAggregates, ComputeMetrics, EventRows, Members, MetricByKeys, Rows,
    SemanticPlan,
};
use crate::query::cohort::{After, Age, Counts};
use crate::query::events::{Events, Follow};
use crate::query::resolved::{self, Attached, Fact, MemberTimes, ResolvedQuery};
use crate::query::row::{KeySource, On, RowExpr, RowRef, Table, TimeColumn};

/// The plan that answers a query. It cannot fail: resolving found every fault of the user's.
pub fn plan(query: &ResolvedQuery) -> SemanticPlan {
    let inputs = query.facts.iter().map(aggregate).collect();
    SemanticPlan {
        root: ComputeMetrics {
            input: CombineAggregates {
                inputs,
                of_groups: query.of_groups.iter().map(of_groups).collect(),
                members: query.members.as_ref().map(members),
            },
            computations: query.computations.clone(),
        },
        periods: query.time.periods.clone(),
        keys: query.keys().map(|g| g.key.clone()).collect(),
        grouping: query.grouping,
        sets: query.slices.as_ref().map(|slices| slices.sets.clone()).unwrap_or_default(),
        calendar: query.time.calendar,
    }
}

fn of_groups(of: &resolved::OfGroups) -> AggregateGroups {
    let by_keys = |query: &ResolvedQuery| MetricByKeys { plan: plan(query), computation: of.computation };
    AggregateGroups {
        name: of.name.clone(),
        aggregation: of.aggregation,
        keys: of.keys.clone(),
        in_groups: of.in_groups.as_deref().map(by_keys),
        in_total: of.in_total.as_deref().map(by_keys),
    }
}

/// Reads the fact once, attaches what its expressions need, keeps the rows in question.
fn aggregate(fact: &Fact) -> Aggregate {
    let axis = fact.axis_column.clone();
    let mut rows = match &fact.windows {
        None => filtered(Rows::ConstrainTime { input: Box::new(entries(fact)), axis }, &fact.conditions),
        Some(windows) => {
            let input = filtered(entries(fact), &fact.conditions);
            let input = Box::new(add_up::by_time(fact, windows, input));
            let (spine, reads) = (windows.spine.clone(), windows.reads.clone());
            let columns = columns_used(fact, &[]);
            let by_unit = fact.tables.iter().filter(|attached| is_by_unit(attached));
            let joined = Rows::JoinOverTimeRange { input, axis, spine, reads };
            filtered(by_unit.fold(joined, |rows, of| attach(rows, of, &columns)), &windows.conditions)
        }
    };
    if let Some(events) = &fact.events {
        rows = Rows::AttachEvents { input: Box::new(rows), events: Box::new(event_rows(events)) };
    }
    if let Some(age) = fact.cohort.as_ref().and_then(|cohort| cohort.age.as_ref()) {
        rows = Rows::AttachWithinAge { input: Box::new(rows), age: Box::new(age_rows(age)) };
    }
    Aggregate {
        input: rows,
        keys: fact.keys.clone(),
        measures: fact.measures.clone(),
        pick: fact.windows.as_ref().and_then(|windows| windows.pick),
        level: fact.level.clone(),
        padding: fact.padding.clone(),
    }
}

fn filtered(rows: Rows, conditions: &[RowExpr]) -> Rows {
    match conditions {
        [] => rows,
        conditions => Rows::Where { input: Box::new(rows), conditions: conditions.to_vec() },
    }
}

/// The fact's rows; of a cohort, only the first of each member.
fn entries(fact: &Fact) -> Rows {
    let rows = joined(fact, &[]);
    match &fact.cohort {
        None => rows,
        Some(cohort) => {
            let (input, axis) = (Box::new(rows), fact.axis_column.clone());
            Rows::KeepFirst { input, axis, first: cohort.first.clone() }
        }
    }
}

fn age_rows(age: &Age) -> AgeRows {
    let within = &age.within;
    let itself = match &within.counts {
        Counts::Members(After::OtherThan(keys)) => keys.as_slice(),
        Counts::Members(After::Later) | Counts::Rows => &[],
    };
    let keys = within.same.iter().chain(itself).map(|(_, far)| far);
    let used: Vec<&RowExpr> = keys.chain(&within.values).collect();
    AgeRows {
        rows: filtered(joined(&age.fact, &used), &age.fact.conditions),
        axis: age.fact.axis_column.clone(),
        reads: age.reads.clone(),
        within: within.clone(),
    }
}

fn event_rows(events: &Events) -> EventRows {
    let follow = &events.follow;
    let keys = follow.same.iter().map(|(_, far)| far);
    let used: Vec<&RowExpr> = keys.chain(&follow.values).collect();
    EventRows {
        rows: filtered(joined(&events.fact, &used), &events.fact.conditions),
        axis: events.fact.axis_column.clone(),
        reads: events.reads.clone(),
        follow: follow.clone(),
    }
}

/// The fact's rows with what their own columns lead to; `more` are expressions over them beside its own.
fn joined(fact: &Fact, more: &[&RowExpr]) -> Rows {
    let columns = columns_used(fact, more);
    let read = Rows::Read { dataset: fact.dataset, columns: columns.get(&Table::FACT).cloned().unwrap_or_default() };
    let by_row = fact.tables.iter().filter(|attached| !is_by_unit(attached));
    let mut rows = by_row.fold(read, |rows, attached| attach(rows, attached, &columns));
    for (position, metric) in fact.attached_metrics.iter().enumerate() {
        let computation = metric.query.outputs[0].computation;
        rows = Rows::AttachMetric {
            input: Box::new(rows),
            position,
            name: metric.name.clone(),
            keys: metric.keys.clone(),
            of: Box::new(MetricByKeys { plan: plan(&metric.query), computation }),
        };
    }
    rows
}

/// What is found by a unit of the spine is joined where rows have their units.
fn is_by_unit(attached: &Attached) -> bool {
    attached.on.iter().flat_map(On::columns).any(|column| column.table == Table::SPINE)
}

fn attach(rows: Rows, attached: &Attached, columns: &BTreeMap<Table, Vec<String>>) -> Rows {
    Rows::Attach {
        input: Box::new(rows),
        hop: attached.hop.clone(),
        on: attached.on.clone(),
        table: attached.table,
        columns: columns.get(&attached.table).cloned().unwrap_or_default(),
    }
}

/// Reads what the groups are of, attaches what they need, keeps the rows of the range.
fn members(of: &resolved::Members) -> Members {
    let spine = match &of.times {
        Some(MemberTimes::Spine { table, .. }) => Some(*table),
        Some(MemberTimes::Calendar(_)) | None => None,
    };
    let mut shown = Used(BTreeMap::new());
    of.keys.iter().for_each(|key| shown.key(key));
    of.conditions.iter().for_each(|condition| shown.row(condition));
    let columns = shown.sorted();
    let mut read = Used(columns.clone());
    of.axis.iter().for_each(|axis| read.time(axis));
    if let Some(MemberTimes::Spine { column, .. }) = &of.times {
        read.time(column);
    }
    for column in of.tables.iter().flat_map(|attached| &attached.on).flat_map(On::columns) {
        read.add(column.table, &column.column);
    }
    let read = read.sorted();
    let columns_of = |table: Table| read.get(&table).cloned().unwrap_or_default();
    // What is found by a period is joined where periods stand beside rows, which is after all else.
    let rows = of.base.map(|dataset| {
        let mut rows = Rows::Read { dataset, columns: columns_of(Table::FACT) };
        for attached in &of.tables {
            rows = Rows::Attach {
                input: Box::new(rows),
                hop: attached.hop.clone(),
                on: attached.on.clone(),
                table: attached.table,
                columns: columns_of(attached.table),
            };
        }
        match &of.axis {
            Some(axis) => Rows::ConstrainTime { input: Box::new(rows), axis: axis.clone() },
            None => rows,
        }
    });
    let of_rows = columns.iter().filter(|(table, _)| Some(**table) != spine && **table != Table::SPINE);
    Members {
        rows,
        columns: of_rows.flat_map(|(table, names)| names.iter().map(|name| (*table, name.clone()))).collect(),
        times: of.times.clone(),
        spine_columns: spine.map(columns_of).unwrap_or_default(),
        conditions: of.conditions.clone(),
        keys: of.keys.clone(),
    }
}

/// The columns that are read of each table, sorted, join keys included.
fn columns_used(fact: &Fact, more: &[&RowExpr]) -> BTreeMap<Table, Vec<String>> {
    let mut used = Used(BTreeMap::new());
    for attached in &fact.tables {
        for column in attached.on.iter().flat_map(On::columns) {
            used.add(column.table, &column.column);
        }
    }
    used.time(&fact.axis_column);
    for key in &fact.keys {
        used.key(key);
    }
    let in_measures = fact.measures.iter().flat_map(|m| m.argument.iter().chain(&m.filter).chain(&m.order));
    let on_units = fact.windows.iter().flat_map(|windows| &windows.conditions);
    fact.conditions.iter().chain(on_units).chain(in_measures).for_each(|expr| used.row(expr));
    fact.attached_metrics.iter().flat_map(|m| &m.keys).for_each(|expr| used.row(expr));
    more.iter().for_each(|expr| used.row(expr));
    if let Some(Follow { same, ties, .. }) = fact.events.as_ref().map(|events| &events.follow) {
        same.iter().map(|(near, _)| near).chain(ties).for_each(|expr| used.row(expr));
    }
    if let Some(cohort) = &fact.cohort {
        let first = &cohort.first;
        first.by.iter().chain(&first.ties).chain(&first.conditions).for_each(|expr| used.row(expr));
        if let Some(within) = cohort.age.as_ref().map(|age| &age.within) {
            within.same.iter().for_each(|(near, _)| used.row(near));
        }
    }
    for balance in fact.measures.iter().filter_map(|m| m.balance.as_ref()) {
        used.time(&balance.time);
        balance.by.iter().for_each(|expr| used.row(expr));
    }
    used.sorted()
}

struct Used(BTreeMap<Table, Vec<String>>);

impl Used {
    fn sorted(mut self) -> BTreeMap<Table, Vec<String>> {
        for columns in self.0.values_mut() {
            columns.sort();
            columns.dedup();
        }
        self.0
    }

    fn key(&mut self, key: &KeySource) {
        match key {
            KeySource::Bucket { time, .. } | KeySource::DatePart { time, .. } => self.time(time),
            KeySource::Value(expr) => self.row(expr),
            KeySource::Absent => {}
        }
    }

    fn add(&mut self, table: Table, column: &str) {
        // The spine is made by the plan, not read.
        if table == Table::SPINE {
            return;
        }
        self.0.entry(table).or_default().push(column.to_string());
    }

    fn time(&mut self, time: &TimeColumn) {
        time.expr.for_each_ref(&mut |column, _| self.add(column.table, &column.column));
    }

    fn row(&mut self, expr: &RowExpr) {
        for reference in expr.refs() {
            match reference.value {
                RowRef::Column(column) => self.add(column.table, &column.column),
                RowRef::LocalTime(time) | RowRef::Bucket { time, .. } => self.time(time),
                RowRef::Metric { .. } | RowRef::Event { .. } => {}
            }
        }
    }
}
