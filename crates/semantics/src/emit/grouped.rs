//! Measures over rows: one SELECT for the groups, the total, or both at once.

use super::aggregate::{self, Call, IsTotal, count_rows};
use super::dialect::Dialect;
use super::fact::{Column, Columns};
use super::layout::Layout;
use super::marks;
use super::piece::{Sql, Typed};
use super::select::{Select, Writer};
use super::spine;
use crate::data_type::DataType;
use crate::diagnostic::Diagnostic;
use crate::model::metric::PeriodAggregation;
use crate::plan::Aggregate;

/// Which of a fact's results a SELECT gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// The only row.
    Only,
    /// The total, beside groups.
    Total,
    Groups,
    /// The groups and the total.
    Both,
}

pub(super) fn aggregated(
    dialect: Dialect,
    layout: &Layout,
    (position, of): (usize, &Aggregate),
    columns: &Columns,
    rows: &str,
    part: Part,
) -> Result<Select, Diagnostic> {
    let mut select = Select::from(rows);
    let keys: Vec<Sql> = columns.kept.iter().map(|key| dialect.name(&layout.keys[*key].name)).collect();
    let list: Vec<&str> = keys.iter().map(Sql::text).collect();
    if marks::are_needed(of) {
        // A group exists only where a measure counts one of its rows.
        let counted: Option<Vec<Sql>> =
            (0..columns.periods.len()).map(|period| marks::counted(columns, period)).collect();
        select.filter.extend(counted.and_then(Sql::any));
    }
    let (total, is_total) = match part {
        Part::Only => (Sql::atom("TRUE"), IsTotal::Always),
        Part::Total => {
            select.filter.extend(columns.is_total.clone());
            (Sql::atom("TRUE"), IsTotal::Always)
        }
        Part::Groups => {
            select.filter.extend(columns.is_total.as_ref().map(Sql::not));
            let unit = columns.unit.iter().filter(|_| of.pick.is_some()).map(Sql::text);
            select.group = Some(list.iter().copied().chain(unit).collect::<Vec<_>>().join(", "));
            (Sql::atom("FALSE"), IsTotal::Never)
        }
        Part::Both => {
            select.group = Some(format!("GROUPING SETS (({}), ())", list.join(", ")));
            let first = keys.first().cloned().unwrap_or_else(|| Sql::atom("1"));
            let is_total = Sql::compare("=", &Sql::call("GROUPING", &[&first]), &Sql::atom("1"));
            (is_total.clone(), IsTotal::Where(is_total))
        }
    };
    let has_keys = matches!(part, Part::Groups | Part::Both);
    if let Some(name) = layout.total.as_ref().filter(|_| part != Part::Only) {
        select.column(total, name);
    }
    for (key, sql) in columns.kept.iter().zip(&keys) {
        let key = &layout.keys[*key];
        select.column(if has_keys { sql.clone() } else { dialect.null(key.data_type) }, &key.name);
    }
    if let (Part::Groups, true, Some(unit)) = (part, of.pick.is_some(), &columns.unit) {
        select.column(unit.clone(), spine::UNIT);
    }
    if of.level.is_none() {
        for (period, name) in layout.rows.iter().enumerate() {
            let counted = if of.measures.iter().any(|measure| measure.balance.is_some()) {
                marks::counted(columns, period)
            } else {
                None
            };
            let counted = counted.or_else(|| columns.periods[period].clone());
            select.column(count_rows(dialect, counted.as_ref()), name);
        }
    }
    for (at, (measure, column)) in of.measures.iter().zip(&columns.measures).enumerate() {
        for (period, in_period) in columns.periods.iter().enumerate() {
            let value = if measure.over.as_ref().is_some_and(|over| !over.contains(&period)) {
                dialect.null(measure.data_type)
            } else {
                let marked = marked(column, period, part);
                let call = Call {
                    dialect,
                    measure,
                    argument: column.argument.clone(),
                    order: column.order.clone(),
                    condition: Sql::all(in_period.iter().chain(&column.filter).cloned().chain(marked)),
                    is_total: is_total.clone(),
                };
                call.value()?
            };
            select.column(value, layout.measure(position, at, period));
        }
    }
    Ok(select)
}

/// The marks of a row that counts.
fn marked(column: &Column, period: usize, part: Part) -> impl Iterator<Item = Sql> {
    let extreme = column.extremes.get(period).cloned().flatten();
    extreme.into_iter().chain(column.once.clone()).map(move |mark| match part {
        Part::Only | Part::Total => mark.total,
        Part::Groups | Part::Both => mark.groups,
    })
}

/// One row a group of values by unit, where a group has several units.
pub(super) fn picked(
    writer: &mut Writer,
    layout: &Layout,
    (position, of): (usize, &Aggregate),
    columns: &Columns,
    by_unit: Select,
) -> Result<Select, Diagnostic> {
    let dialect = writer.dialect;
    let Some(how) = of.pick else { return Ok(by_unit) };
    let name = writer.named("by_unit", vec![by_unit])?;
    let mut select = Select::from(&name);
    let keys: Vec<Sql> = columns.kept.iter().map(|key| dialect.name(&layout.keys[*key].name)).collect();
    if let Some(total) = &layout.total {
        select.column(Sql::atom("FALSE"), total);
    }
    for (key, sql) in columns.kept.iter().zip(&keys) {
        select.column(sql.clone(), &layout.keys[*key].name);
    }
    for name in layout.rows.iter().filter(|_| of.level.is_none()) {
        select.column(Sql::call("SUM", &[&dialect.name(name)]), name);
    }
    for (at, measure) in of.measures.iter().enumerate() {
        for period in 0..layout.periods.len() {
            let name = layout.measure(position, at, period);
            let value = dialect.name(name);
            let known = value.followed_by("IS NOT NULL");
            let unit = [dialect.name(spine::UNIT)];
            let one = match how {
                PeriodAggregation::First => aggregate::first(dialect, &value, &known, &unit, false)?,
                PeriodAggregation::Last => aggregate::first(dialect, &value, &known, &unit, true)?,
                PeriodAggregation::Average => {
                    let value = dialect.cast(Typed::new(value, measure.data_type), DataType::Float).sql;
                    Sql::call("AVG", &[&value])
                }
            };
            select.column(one, name);
        }
    }
    select.group = Some(keys.iter().map(Sql::text).collect::<Vec<_>>().join(", "));
    Ok(select)
}
