//! Rows of which only some count, told by windows over the rows: of a balance those at the first or the last time of
//! their thing, of rows that a bridge repeats one of each.
//!
//! A group has partitions of its own, which the total has not, so that each has marks of its own.

use super::dialect::Dialect;
use super::fact::{Column, Columns};
use super::layout::Layout;
use super::piece::Sql;
use super::select::{Names, Select, Writer};
use crate::diagnostic::Diagnostic;
use crate::model::metric::WindowChoice;
use crate::plan::{Aggregate, Balance};

/// Whether a row counts, in a group and in the total.
#[derive(Clone, Debug)]
pub(super) struct Mark {
    pub(super) groups: Sql,
    pub(super) total: Sql,
}

/// Whether some measure counts only marked rows.
pub(super) fn are_needed(of: &Aggregate) -> bool {
    of.repeats_rows() || of.measures.iter().any(|measure| measure.balance.is_some())
}

/// Writes the rows with their marks; gives their name.
pub(super) fn write(
    writer: &mut Writer,
    layout: &Layout,
    of: &Aggregate,
    columns: &mut Columns,
    rows: &str,
) -> Result<String, Diagnostic> {
    let dialect = writer.dialect;
    let mut select = Select::from(rows);
    let mut names = Names::default();
    for name in &columns.all {
        select.column(dialect.name(names.fresh(name).as_str()), name.clone());
    }
    let mut put = |wanted: String, sql: Sql| select.reuse(dialect, 0, &mut names, &wanted, sql);
    let mut found = Vec::with_capacity(of.measures.len());
    for (measure, column) in of.measures.iter().zip(&columns.measures) {
        let once = columns.row.as_ref().map(|row| {
            let numbers = once(dialect, layout, columns, column, row);
            let one = Sql::atom("1");
            Mark {
                groups: Sql::compare("=", &put(format!("{}_in_group", measure.name), numbers.groups), &one),
                total: Sql::compare("=", &put(format!("{}_in_total", measure.name), numbers.total), &one),
            }
        });
        let mut extremes = Vec::with_capacity(columns.periods.len());
        for (period, in_period) in columns.periods.iter().enumerate() {
            let balance = measure.balance.as_ref().zip(column.told.as_ref());
            extremes.push(balance.map(|(balance, (time, by))| {
                let seen = Sql::all(in_period.iter().chain(&column.filter).cloned());
                let extreme = extreme(dialect, layout, columns, balance, (time, by), seen);
                let name = format!("{}_at_{}", measure.name, layout.periods[period]);
                let total = put(format!("{name}_total"), extreme.total);
                Mark {
                    groups: Sql::compare("=", time, &put(name, extreme.groups)),
                    total: Sql::compare("=", time, &total),
                }
            }));
        }
        found.push((extremes, once));
    }
    for (column, (extremes, once)) in columns.measures.iter_mut().zip(found) {
        (column.extremes, column.once) = (extremes, once);
    }
    writer.named("marked_rows", vec![select])
}

/// The number of each repetition of a row among those that pass the measure's filter.
fn once(dialect: Dialect, layout: &Layout, columns: &Columns, column: &Column, row: &Sql) -> Mark {
    let passes = column.filter.iter().map(|filter| Sql::call("COALESCE", &[filter, &Sql::atom("FALSE")]));
    let same = std::iter::once(row.clone()).chain(columns.of_unit()).chain(columns.period.clone()).chain(passes);
    let total: Vec<Sql> = same.collect();
    let keys = columns.kept.iter().map(|key| dialect.name(&layout.keys[*key].name));
    let groups: Vec<Sql> = total.iter().cloned().chain(keys).collect();
    // One dialect numbers nothing without an order.
    let order = if dialect == Dialect::Snowflake { " ORDER BY NULL" } else { "" };
    let number = |by: &[Sql]| over(&Sql::atom("ROW_NUMBER()"), by, order);
    Mark { groups: number(&groups), total: number(&total) }
}

/// The first or the last time of each thing among the rows that are seen.
fn extreme(
    dialect: Dialect,
    layout: &Layout,
    columns: &Columns,
    balance: &Balance,
    (time, by): (&Sql, &[Sql]),
    seen: Option<Sql>,
) -> Mark {
    let time = seen.map_or(time.clone(), |seen| Sql::when(&seen, time));
    let function = match balance.choice {
        WindowChoice::First => "MIN",
        WindowChoice::Last => "MAX",
    };
    let call = Sql::call(function, &[&time]);
    let total: Vec<Sql> = by.iter().cloned().chain(columns.of_unit()).collect();
    let buckets = balance.buckets.iter().map(|key| dialect.name(&layout.keys[*key].name));
    let groups: Vec<Sql> = total.iter().cloned().chain(buckets).collect();
    Mark { groups: over(&call, &groups, ""), total: over(&call, &total, "") }
}

/// Whether some measure counts a row in a period; `None` where one counts all rows.
pub(super) fn counted(columns: &Columns, period: usize) -> Option<Sql> {
    let of_measures = columns.measures.iter().map(|column| {
        let extreme = column.extremes.get(period).and_then(Option::as_ref).map(|mark| mark.groups.clone());
        Sql::all(columns.periods[period].iter().chain(&column.filter).cloned().chain(extreme))
    });
    let all: Option<Vec<Sql>> = of_measures.collect();
    all.and_then(|mut all| {
        all.dedup();
        Sql::any(all)
    })
}

/// A function over the rows that have these the same.
fn over(function: &Sql, by: &[Sql], order: &str) -> Sql {
    let by: Vec<&str> = by.iter().map(Sql::text).collect();
    let by = if by.is_empty() { String::new() } else { format!("PARTITION BY {}", by.join(", ")) };
    Sql::atom(format!("{} OVER ({by}{order})", function.text()))
}
