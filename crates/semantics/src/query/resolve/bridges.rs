//! What an answer says where its facts lead over a bridge.

use super::super::resolved::Fact;
use super::super::row::{KeySource, RowExpr, RowRef, Table};
use crate::catalog::Catalog;
use crate::catalog::bind::BoundCatalog;
use crate::catalog::join_graph::Bridge;
use crate::code::Code;
use crate::diagnostic::Warning;

/// A warning for each bridge, once: what it does to groups, or else to conditions.
pub(super) fn warnings(bound: &BoundCatalog, facts: &[Fact]) -> Vec<Warning> {
    let mut found: Vec<(&Bridge, bool)> = Vec::new();
    for fact in facts {
        for table in &fact.tables {
            let Some(bridge) = table.hop.bridge() else { continue };
            let groups = are_grouped_beyond(fact, table.table);
            match found.iter_mut().find(|(known, _)| *known == bridge) {
                Some((_, so_far)) => *so_far |= groups,
                None => found.push((bridge, groups)),
            }
        }
    }
    found.into_iter().map(|(bridge, groups)| warning(&bound.catalog, bridge, groups)).collect()
}

fn warning(catalog: &Catalog, bridge: &Bridge, groups: bool) -> Warning {
    let (from, to) = (&catalog.dataset(bridge.from()).name, &catalog.dataset(bridge.end()).name);
    let name = &catalog.relationship(bridge.relationship()).name;
    let what = if groups {
        "a row counts once in each group that it belongs to, so the total is not the sum of the groups"
    } else {
        "a row counts once where any of its partners passes"
    };
    Warning::new(Code::Bridge, format!("`{name}` ties `{from}` and `{to}` many to many: {what}"))
}

/// Whether a key of the fact stands in a table, or in one that is reached from it.
fn are_grouped_beyond(fact: &Fact, bridge: Table) -> bool {
    let mut beyond = vec![bridge];
    // Tables are attached after those that they are reached from.
    for table in &fact.tables {
        if table.on.iter().flat_map(|on| on.columns()).any(|column| beyond.contains(&column.table)) {
            beyond.push(table.table);
        }
    }
    fact.keys.iter().any(|key| tables(key).iter().any(|table| beyond.contains(table)))
}

fn tables(key: &KeySource) -> Vec<Table> {
    match key {
        KeySource::Bucket { time, .. } | KeySource::DatePart { time, .. } => {
            time.expr.refs().iter().map(|column| column.value.table).collect()
        }
        KeySource::Value(value) => of_value(value),
        KeySource::Absent => Vec::new(),
    }
}

fn of_value(value: &RowExpr) -> Vec<Table> {
    let of = |reference: &RowRef| match reference {
        RowRef::Column(column) => vec![column.table],
        RowRef::LocalTime(time) | RowRef::Bucket { time, .. } => {
            time.expr.refs().iter().map(|column| column.value.table).collect()
        }
        RowRef::Metric { .. } | RowRef::Event { .. } => Vec::new(),
    };
    value.refs().iter().flat_map(|reference| of(reference.value)).collect()
}
