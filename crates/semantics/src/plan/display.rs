//! A plan as text that reads like the field: one verb a line, inputs indented beneath.

use std::fmt::Write;

use super::{Aggregate, AggregateGroups, ComputeMetrics, KeySource, Measure, MemberTimes, Members, Rows, SemanticPlan};
use crate::catalog::Catalog;
use crate::catalog::aggregation::Aggregation;
use crate::catalog::id::DatasetId;
use crate::catalog::join_graph::Hop;
use crate::expr::{Expr, Kind};
use crate::model::metric::WindowChoice;
use crate::model::words::Word;
use crate::query::cohort::{After, Counts, First, Within};
use crate::query::computation::{Computation, ComputationId, Formula};
use crate::query::events::Follow;
use crate::query::period::{Interval, Period};
use crate::query::row::{Balance, ColumnRef, Grouping, On, RowExpr, RowRef, Table, TimeColumn};
use crate::query::spine::{Slot, Stretch, TimeSpine};
use crate::source::{SourceId, Span};
use crate::time::stored::StoredAs;
use chrono::Days;

/// The plan as text; names come from the catalog.
pub fn text(plan: &SemanticPlan, catalog: &Catalog) -> String {
    let mut out = String::new();
    write_plan(&mut out, 0, plan, catalog);
    out
}

fn write_plan(out: &mut String, depth: usize, plan: &SemanticPlan, catalog: &Catalog) {
    for (i, period) in plan.periods.iter().enumerate() {
        line(out, depth, &format!("period {i}: {}", self::period(period)));
    }
    let ComputeMetrics { input, computations } = &plan.root;
    let formulas: Vec<String> = computations.iter().map(|c| computation(c, plan)).collect();
    line(out, depth, &format!("compute metrics [{}]", formulas.join("; ")));
    let keys: Vec<&str> = plan.keys.iter().map(|k| k.name.as_str()).collect();
    let several = input.inputs.len() + input.of_groups.len() + usize::from(input.members.is_some()) > 1;
    let depth = if several {
        line(out, depth + 1, &format!("combine aggregated outputs on [{}], nulls equal", keys.join(", ")));
        depth + 2
    } else {
        depth + 1
    };
    for fact in &input.inputs {
        aggregate(out, depth, plan, fact, catalog);
    }
    for of in &input.of_groups {
        aggregate_groups(out, depth, plan, of, catalog);
    }
    if let Some(of) = &input.members {
        members(out, depth, plan, of, catalog);
    }
}

fn aggregate_groups(out: &mut String, depth: usize, plan: &SemanticPlan, of: &AggregateGroups, catalog: &Catalog) {
    let keys: Vec<&str> = of.keys.iter().map(|key| plan.keys[*key].name.as_str()).collect();
    if let Some(by_keys) = &of.in_groups {
        line(out, depth, &format!("aggregate groups by [{}]: {}", keys.join(", "), of.name));
        write_plan(out, depth + 1, &by_keys.plan, catalog);
    }
    if let Some(by_keys) = &of.in_total {
        let beside = if keys.is_empty() { ", beside every group" } else { "" };
        line(out, depth, &format!("aggregate groups in total{beside}: {}", of.name));
        write_plan(out, depth + 1, &by_keys.plan, catalog);
    }
}

fn line(out: &mut String, depth: usize, text: &str) {
    let _ = writeln!(out, "{}{text}", "  ".repeat(depth));
}

fn aggregate(out: &mut String, depth: usize, plan: &SemanticPlan, fact: &Aggregate, catalog: &Catalog) {
    let tables = table_names(&fact.input, catalog);
    let keys: Vec<String> = plan
        .keys
        .iter()
        .zip(&fact.keys)
        .enumerate()
        .filter(|(position, _)| fact.level.as_ref().is_none_or(|kept| kept.contains(position)))
        .filter(|(_, (_, source))| **source != KeySource::Absent)
        .map(|(_, (key, source))| format!("{} = {}", key.name, key_source(source, &tables)))
        .collect();
    let sets = match plan.grouping {
        Grouping::Total => "in total".to_string(),
        Grouping::Groups => format!("by [{}]", keys.join(", ")),
        Grouping::GroupsAndTotal => format!("by [{}] and in total", keys.join(", ")),
        Grouping::Sets => {
            let is_there = |set: &&Vec<usize>| set.iter().all(|key| fact.keys[*key] != KeySource::Absent);
            let names = |set: &Vec<usize>| {
                let names: Vec<&str> = set.iter().map(|key| plan.keys[*key].name.as_str()).collect();
                format!("({})", names.join(", "))
            };
            let sets: Vec<String> = plan.sets.iter().filter(is_there).map(names).collect();
            format!("by [{}] in sets {}", keys.join(", "), sets.join(" "))
        }
    };
    let measures: Vec<String> = fact.measures.iter().map(|m| measure(m, &tables)).collect();
    let periods = match plan.periods.len() {
        1 => String::new(),
        n => format!(", each over {n} periods"),
    };
    let mut depth = depth;
    if let Some(padding) = &fact.padding {
        line(out, depth, &format!("join to time spine: {}, without rows too", units(&padding.spine, &tables)));
        depth += 1;
    }
    if let Some(pick) = fact.pick {
        line(out, depth, &format!("pick the {} of each group's units", pick.word()));
        depth += 1;
    }
    let sets = if fact.level.is_some() { format!("{sets}, beside every group,") } else { sets };
    line(out, depth, &format!("aggregate {sets}: [{}]{periods}", measures.join(", ")));
    rows(out, depth + 1, &fact.input, &tables, catalog);
}

fn rows(out: &mut String, depth: usize, node: &Rows, tables: &[String], catalog: &Catalog) {
    match node {
        Rows::Read { dataset, columns } => {
            line(out, depth, &format!("read {} [{}]", catalog.dataset(*dataset).name, columns.join(", ")));
            visible(out, depth + 1, *dataset, catalog);
        }
        Rows::Attach { input, hop, on, columns, .. } => {
            let by = match hop {
                Hop::ManyToOne(hop) => format!("{} (many to one)", catalog.relationship(hop.relationship()).name),
                Hop::Rates(_) => "the rate of a day or the last before it (many to one)".to_string(),
                Hop::Bridge(hop) => {
                    format!(
                        "{} (a bridge: each row counts once a group)",
                        catalog.relationship(hop.relationship()).name
                    )
                }
                Hop::Spine(_) => "the period of a time (many to one)".to_string(),
            };
            let on: Vec<String> = on.iter().map(|on| self::on(on, tables)).collect();
            let to = &catalog.dataset(hop.to()).name;
            let text = format!("attach {to} [{}] by {by} on {}", columns.join(", "), on.join(" and "));
            line(out, depth, &text);
            visible(out, depth + 2, hop.to(), catalog);
            rows(out, depth + 1, input, tables, catalog);
        }
        Rows::ConstrainTime { input, axis } => {
            line(out, depth, &format!("constrain time: {} in any period", time(axis, tables)));
            rows(out, depth + 1, input, tables, catalog);
        }
        Rows::JoinOverTimeRange { input, axis, spine, .. } => {
            let text =
                format!("join over time range: {} in the stretch of {}", time(axis, tables), units(spine, tables));
            line(out, depth, &text);
            rows(out, depth + 1, input, tables, catalog);
        }
        Rows::AddUpByTime { input, axis, keys, .. } => {
            let by = keys.iter().map(|key| key_source(key, tables));
            let by: Vec<String> = std::iter::once(format!("day of {}", time(axis, tables))).chain(by).collect();
            line(out, depth, &format!("add up by [{}]", by.join(", ")));
            rows(out, depth + 1, input, tables, catalog);
        }
        Rows::AttachEvents { input, events } => {
            let of = table_names(&events.rows, catalog);
            line(out, depth, &follow(&events.follow, tables, &of));
            line(out, depth + 1, &format!("events from {}", period(&events.reads)));
            rows(out, depth + 2, &events.rows, &of, catalog);
            rows(out, depth + 1, input, tables, catalog);
        }
        Rows::KeepFirst { input, axis, first } => {
            line(out, depth, &self::first(first, axis, tables));
            line(out, depth + 1, &format!("of rows from {}", period(&first.reads)));
            rows(out, depth + 1, input, tables, catalog);
        }
        Rows::AttachWithinAge { input, age } => {
            let of = table_names(&age.rows, catalog);
            line(out, depth, &within(&age.within, tables, &of));
            line(out, depth + 1, &format!("rows from {}", period(&age.reads)));
            rows(out, depth + 2, &age.rows, &of, catalog);
            rows(out, depth + 1, input, tables, catalog);
        }
        Rows::AttachMetric { input, name, keys, of, .. } => {
            let keys: Vec<String> = keys.iter().map(|key| row_expr(key, tables)).collect();
            line(out, depth, &format!("attach {name} on [{}] (one row a key)", keys.join(", ")));
            write_plan(out, depth + 1, &of.plan, catalog);
            rows(out, depth + 1, input, tables, catalog);
        }
        Rows::Where { input, conditions } => {
            let conditions: Vec<String> = conditions.iter().map(|c| row_expr(c, tables)).collect();
            line(out, depth, &format!("where {}", conditions.join(" and ")));
            rows(out, depth + 1, input, tables, catalog);
        }
    }
}

/// The filters of a dataset's policies, which are there however it is read.
fn visible(out: &mut String, depth: usize, dataset: DatasetId, catalog: &Catalog) {
    if let Some(text) = catalog.dataset(dataset).policy_text() {
        line(out, depth, &format!("only rows that the caller may see: {text}"));
    }
}

fn on(on: &On, tables: &[String]) -> String {
    match on {
        On::Equal { near, far } => format!("{} = {}", column(near, tables), column(far, tables)),
        On::Is { far, text } => format!("{} = '{text}'", column(far, tables)),
        On::SameBucket { near, far, granularity } => {
            format!("{granularity} of {} = {granularity} of {}", time(near, tables), time(far, tables))
        }
        On::ValidAt { at, from, to } => {
            format!("{} within {} and {}", time(at, tables), time(from, tables), time(to, tables))
        }
    }
}

fn members(out: &mut String, depth: usize, plan: &SemanticPlan, of: &Members, catalog: &Catalog) {
    let spine = match &of.times {
        Some(MemberTimes::Spine { dataset, table, .. }) => Some((*table, *dataset)),
        Some(MemberTimes::Calendar(_)) | None => None,
    };
    let tables = match (&of.rows, spine) {
        (Some(rows), spine) => table_names_beside(rows, spine, catalog),
        // The spine's table is the second one; nothing speaks of the first.
        (None, Some((_, dataset))) => vec![catalog.dataset(dataset).name.clone(); 2],
        (None, None) => Vec::new(),
    };
    let keys =
        plan.keys.iter().zip(&of.keys).map(|(key, source)| format!("{} = {}", key.name, key_source(source, &tables)));
    line(out, depth, &format!("list members by [{}]", keys.collect::<Vec<_>>().join(", ")));
    let mut depth = depth + 1;
    if !of.conditions.is_empty() {
        let conditions: Vec<String> = of.conditions.iter().map(|c| row_expr(c, &tables)).collect();
        line(out, depth, &format!("where {}", conditions.join(" and ")));
        depth += 1;
    }
    match &of.times {
        Some(MemberTimes::Spine { dataset, within, .. }) => {
            let within = within.as_ref().map_or_else(String::new, |within| format!(" within {}", period(within)));
            let text = format!(
                "beside every period of {} [{}]{within}",
                catalog.dataset(*dataset).name,
                of.spine_columns.join(", ")
            );
            line(out, depth, &text);
        }
        Some(MemberTimes::Calendar(spine)) => line(out, depth, &format!("beside every {} of the range", spine.unit)),
        None => {}
    }
    if let Some(of) = &of.rows {
        rows(out, depth, of, &tables, catalog);
    }
}

fn follow(of: &Follow, tables: &[String], of_events: &[String]) -> String {
    let pair = |(near, far): &(RowExpr, RowExpr)| format!("{} = {}", row_expr(near, tables), row_expr(far, of_events));
    let same: Vec<String> = of.same.iter().map(pair).collect();
    let window = of.window.map_or_else(String::new, |w| format!(" within {} {}s", w.count, w.unit));
    let row = format!("{} of {}", of.row_time.granularity, time(&of.row_time.time, tables));
    let event = format!("{} of {}", of.event_time.granularity, time(&of.event_time.time, of_events));
    format!("attach each event to the latest row with {}, its {event} after {row}{window}", same.join(" and "))
}

fn first(of: &First, axis: &TimeColumn, tables: &[String]) -> String {
    let list = |of: &[RowExpr]| of.iter().map(|expr| row_expr(expr, tables)).collect::<Vec<_>>();
    let order = [vec![time(axis, tables)], list(&of.ties)].concat();
    let conditions = list(&of.conditions);
    let conditions = if conditions.is_empty() { String::new() } else { format!(" where {}", conditions.join(" and ")) };
    format!("keep the first row of each [{}] by {}{conditions}", list(&of.by).join(", "), order.join(", "))
}

fn within(of: &Within, tables: &[String], of_rows: &[String]) -> String {
    let pair = |(near, far): &(RowExpr, RowExpr)| format!("{} = {}", row_expr(near, tables), row_expr(far, of_rows));
    let same: Vec<String> = of.same.iter().map(pair).collect();
    let same = same.join(" and ");
    let age = format!("{} {}s", of.age.count, of.age.unit);
    let (entry, row) = (time(&of.entry_time.time, tables), time(&of.row_time.time, of_rows));
    match &of.counts {
        Counts::Rows => format!("attach each row with {same}, its {row} within {age} from {entry}"),
        Counts::Members(After::Later) => {
            format!("keep entries that a later row follows with {same}, its {row} within {age} from {entry}")
        }
        Counts::Members(After::OtherThan(_)) => {
            format!("keep entries that another row follows with {same}, its {row} within {age} from {entry}")
        }
    }
}

/// A name for each table: the dataset's, numbered where one dataset is joined twice.
fn table_names(rows: &Rows, catalog: &Catalog) -> Vec<String> {
    table_names_beside(rows, None, catalog)
}

/// As [`table_names`], with a table that is none of the rows'.
fn table_names_beside(rows: &Rows, other: Option<(Table, DatasetId)>, catalog: &Catalog) -> Vec<String> {
    let mut datasets: Vec<(Table, DatasetId)> = other.into_iter().collect();
    let mut at = rows;
    loop {
        match at {
            Rows::Read { dataset, .. } => {
                datasets.push((Table::FACT, *dataset));
                break;
            }
            Rows::Attach { input, hop, table, .. } => {
                datasets.push((*table, hop.to()));
                at = input;
            }
            Rows::ConstrainTime { input, .. }
            | Rows::JoinOverTimeRange { input, .. }
            | Rows::AddUpByTime { input, .. }
            | Rows::AttachMetric { input, .. }
            | Rows::AttachEvents { input, .. }
            | Rows::KeepFirst { input, .. }
            | Rows::AttachWithinAge { input, .. }
            | Rows::Where { input, .. } => at = input,
        }
    }
    datasets.sort();
    let mut names: Vec<String> = Vec::new();
    for (_, dataset) in datasets {
        let name = &catalog.dataset(dataset).name;
        let taken = names.iter().filter(|n| n.split('#').next() == Some(name.as_str())).count();
        names.push(if taken == 0 { name.clone() } else { format!("{name}#{}", taken + 1) });
    }
    names
}

/// The units of a spine, the conditions that they pass, and the stretches read for the first of them.
fn units(spine: &TimeSpine, tables: &[String]) -> String {
    let stretch = |slot: &Slot| match slot.reads {
        Stretch::Dates { first, end } => {
            format!("{}..{}", first.map_or_else(String::new, |first| first.to_string()), end - Days::new(1))
        }
        Stretch::Instants { start, end } => {
            format!("{}..{}", start.map_or_else(String::new, |start| start.to_rfc3339()), end.to_rfc3339())
        }
    };
    let some: Vec<String> = spine.slots.iter().take(2).map(stretch).collect();
    let more = if spine.slots.len() > 2 { ", …" } else { "" };
    let passed: Vec<String> = spine.passed.iter().map(|condition| row_expr(condition, tables)).collect();
    let passed = if passed.is_empty() { String::new() } else { format!(" that pass {}", passed.join(" and ")) };
    format!("{} units of a {}{passed} ({}{more})", spine.slots.len(), spine.unit, some.join(", "))
}

fn key_source(source: &KeySource, tables: &[String]) -> String {
    match source {
        KeySource::Bucket { time, granularity } => format!("{granularity} of {}", self::time(time, tables)),
        KeySource::DatePart { time, part } => format!("{part} of {}", self::time(time, tables)),
        KeySource::Value(expr) => row_expr(expr, tables),
        KeySource::Absent => "absent".to_string(),
    }
}

fn measure(measure: &Measure, tables: &[String]) -> String {
    let argument = measure.argument.as_ref().map_or_else(|| "*".to_string(), |a| row_expr(a, tables));
    let argument = match measure.money_scale {
        Some(scale) => format!("{argument} as decimal(38, {scale})"),
        None => argument,
    };
    let call = match measure.aggregation {
        Aggregation::Sum => format!("sum({argument})"),
        Aggregation::Min => format!("min({argument})"),
        Aggregation::Max => format!("max({argument})"),
        Aggregation::Count => format!("count({argument})"),
        Aggregation::CountDistinct => format!("count(distinct {argument})"),
        Aggregation::ApproxCountDistinct => format!("approximate count(distinct {argument})"),
        Aggregation::Average => format!("average({argument})"),
        Aggregation::Median => format!("median({argument})"),
        Aggregation::Percentile { fraction, discrete: false } => format!("percentile({argument}, {fraction})"),
        Aggregation::Percentile { fraction, discrete: true } => format!("percentile_discrete({argument}, {fraction})"),
        Aggregation::SumBoolean => format!("count_true({argument})"),
        Aggregation::First => format!("first({argument})"),
        Aggregation::Last => format!("last({argument})"),
    };
    let filter: Vec<String> = measure.filter.iter().map(|f| row_expr(f, tables)).collect();
    let filter = if filter.is_empty() { String::new() } else { format!(" where {}", filter.join(" and ")) };
    let balance = measure.balance.as_ref().map_or_else(String::new, |of| balance(of, tables));
    format!("{} = {call}{filter}{balance}", measure.name)
}

fn balance(of: &Balance, tables: &[String]) -> String {
    let choice = match of.choice {
        WindowChoice::First => "first",
        WindowChoice::Last => "last",
    };
    let by: Vec<String> = of.by.iter().map(|e| row_expr(e, tables)).collect();
    let by = if by.is_empty() { String::new() } else { format!(" by [{}]", by.join(", ")) };
    let bucket = if of.buckets.is_empty() { "" } else { " in its bucket" };
    format!(" at the {choice} {} of {}{by}{bucket}", of.granularity, time(&of.time, tables))
}

fn computation(computation: &Computation, plan: &SemanticPlan) -> String {
    let name = |id: ComputationId| plan.root.computations[id.0].name.clone();
    let formula = match &computation.formula {
        Formula::Measure { fact, measure } => {
            let of = &plan.root.input.inputs[*fact].measures[*measure].name;
            if plan.root.input.inputs.len() > 1 { format!("{of} of input {fact}") } else { of.clone() }
        }
        Formula::Ratio { numerator, denominator } => format!("{} / {}", name(*numerator), name(*denominator)),
        Formula::Derived(expr) => expr.map_refs(&mut |id: &ComputationId| name(*id)).to_string(),
        Formula::OfGroups(position) => plan.root.input.of_groups[*position].name.clone(),
        Formula::OfCohort { of, members, immature } => {
            format!("{} where there are {} and no {}", name(*of), name(*members), name(*immature))
        }
    };
    let fill = match &computation.fill {
        Some(fill) => {
            format!(", null is {}", Expr::<String>::new(Kind::Literal(fill.clone()), Span::new(SourceId(0), 0, 0)))
        }
        None => String::new(),
    };
    format!("{} = {formula}{fill}", computation.name)
}

fn row_expr(expr: &RowExpr, tables: &[String]) -> String {
    let words = expr.map_refs(&mut |reference: &RowRef| match reference {
        RowRef::Column(column) => self::column(column, tables),
        RowRef::LocalTime(time) => format!("local({})", self::time(time, tables)),
        RowRef::Bucket { time, granularity } => format!("{granularity}({})", self::time(time, tables)),
        RowRef::Metric { position, .. } => format!("metric {position}"),
        RowRef::Event { position, .. } => format!("event value {position}"),
    });
    words.to_string()
}

fn time(time: &TimeColumn, tables: &[String]) -> String {
    let expr = time.expr.map_refs(&mut |c: &ColumnRef| column(c, tables)).to_string();
    match time.stored {
        StoredAs::Date | StoredAs::Instant => expr,
        StoredAs::WallClock(zone) => format!("{expr} ({zone})"),
    }
}

fn column(column: &ColumnRef, tables: &[String]) -> String {
    if column.table == Table::SPINE {
        return "spine.unit".to_string();
    }
    format!("{}.{}", tables[column.table.0 as usize], column.column)
}

fn period(period: &Period) -> String {
    let stretches: Vec<String> = period.intervals.iter().map(interval).collect();
    if stretches.is_empty() { "nothing".to_string() } else { stretches.join(" and ") }
}

fn interval(interval: &Interval) -> String {
    let start =
        interval.start.map_or_else(|| "the beginning".to_string(), |s| s.format("%Y-%m-%dT%H:%M:%SZ").to_string());
    let end = interval.end.format("%Y-%m-%dT%H:%M:%S%.fZ");
    let dates = match &interval.dates {
        Some(dates) => {
            let first = dates.first.map_or_else(String::new, |d| d.to_string());
            format!(", dates {first}..{}", dates.last)
        }
        None => ", no whole day".to_string(),
    };
    format!("{start} to {end}{dates}")
}
