//! Which facts are added up by day before windows read them: those of which every measure is told from parts.
//!
//! A sum of sums is the sum of the rows, as are counts, the least and the greatest; a distinct count, a median or a
//! quotient of doubles is not.

use super::{KeySource, Measure, RowExpr, RowRef, Rows, Table, TimeColumn};
use crate::catalog::aggregation::Aggregation;
use crate::data_type::DataType;
use crate::query::resolved::{Attached, Fact, Windows};
use crate::query::row::On;

/// The rows of a fact, added up where its windows can be told from days.
pub(super) fn by_time(fact: &Fact, windows: &Windows, rows: Rows) -> Rows {
    match keys(fact, windows) {
        Some(keys) => Rows::AddUpByTime {
            input: Box::new(rows),
            axis: fact.axis_column.clone(),
            reads: windows.reads.clone(),
            keys,
            measures: fact.measures.clone(),
        },
        None => rows,
    }
}

/// The keys that rows have by themselves; `None` where rows must be read one by one.
fn keys(fact: &Fact, windows: &Windows) -> Option<Vec<KeySource>> {
    let is_repeated = fact.tables.iter().any(|attached| attached.hop.bridge().is_some());
    let is_told = fact.events.is_none()
        && fact.cohort.is_none()
        && !windows.spine.unit.is_sub_day()
        && !is_repeated
        && fact.measures.iter().all(of_parts)
        && fact.measures.iter().flat_map(|m| &m.filter).all(|filter| of_units(filter, &fact.tables) == Some(false))
        && windows.conditions.iter().all(|condition| of_units(condition, &fact.tables) == Some(true));
    if !is_told {
        return None;
    }
    let is_kept = |key: &usize| fact.level.as_ref().is_none_or(|kept| kept.contains(key));
    let mut own = Vec::new();
    for key in (0..fact.keys.len()).filter(is_kept) {
        let key = &fact.keys[key];
        let is_of_units = match key {
            KeySource::Bucket { time, .. } | KeySource::DatePart { time, .. } => time_of_units(time, &fact.tables),
            KeySource::Value(expr) => of_units(expr, &fact.tables)?,
            KeySource::Absent => true,
        };
        if !is_of_units && !own.contains(key) {
            own.push(key.clone());
        }
    }
    Some(own)
}

/// Whether a measure is told from the values of parts of its rows.
fn of_parts(measure: &Measure) -> bool {
    let distributes = match measure.aggregation {
        // Doubles are rounded once, over all rows.
        Aggregation::Sum => measure.data_type != DataType::Float,
        Aggregation::Min | Aggregation::Max | Aggregation::Count | Aggregation::SumBoolean => true,
        Aggregation::CountDistinct
        | Aggregation::ApproxCountDistinct
        | Aggregation::Average
        | Aggregation::Median
        | Aggregation::Percentile { .. }
        | Aggregation::First
        | Aggregation::Last => false,
    };
    distributes && measure.balance.is_none() && measure.amount.is_none()
}

/// Whether an expression is over units of the spine and what is found by them; `None` over both these and rows.
fn of_units(expr: &RowExpr, tables: &[Attached]) -> Option<bool> {
    let refs = expr.refs();
    let mut all = refs.iter().map(|reference| match reference.value {
        RowRef::Column(column) => is_by_unit(column.table, tables),
        RowRef::LocalTime(time) | RowRef::Bucket { time, .. } => time_of_units(time, tables),
        RowRef::Metric { .. } | RowRef::Event { .. } => false,
    });
    let Some(first) = all.next() else { return Some(false) };
    all.all(|of| of == first).then_some(first)
}

fn time_of_units(time: &TimeColumn, tables: &[Attached]) -> bool {
    time.expr.refs().iter().any(|column| is_by_unit(column.value.table, tables))
}

fn is_by_unit(table: Table, tables: &[Attached]) -> bool {
    let found = tables.iter().filter(|attached| attached.table == table).flat_map(|attached| &attached.on);
    table == Table::SPINE || found.flat_map(On::columns).any(|column| column.table == Table::SPINE)
}
