//! One fact: its rows with keys and what is aggregated as columns, then every measure over every period and key.

use super::aggregate::{self, Call, IsTotal, count_rows};
use super::dialect::{Dialect, refused};
use super::layout::Layout;
use super::piece::{Sql, Typed};
use super::rows::{self, Scope};
use super::select::{Names, Select, Writer};
use super::spine;
use crate::catalog::Catalog;
use crate::data_type::DataType;
use crate::diagnostic::Diagnostic;
use crate::model::metric::PeriodAggregation;
use crate::plan::{Aggregate, Grouping, KeySource, SemanticPlan};

/// The rows' columns that measures are made of.
struct Columns {
    /// Whether a row counts in each period; none where all rows do.
    periods: Vec<Option<Sql>>,
    measures: Vec<Column>,
    is_total: Option<Sql>,
    unit: Option<Sql>,
}

struct Column {
    argument: Option<Typed>,
    filter: Option<Sql>,
    order: Vec<Sql>,
}

/// Writes the fact at this position; gives the name of its rows, one a group and one for the total.
pub(super) fn write(
    writer: &mut Writer,
    plan: &SemanticPlan,
    catalog: &Catalog,
    layout: &Layout,
    position: usize,
) -> Result<String, Diagnostic> {
    let dialect = writer.dialect;
    let of = &plan.root.input.inputs[position];
    refuse(dialect, plan, of)?;
    let scope = Scope::new(dialect, plan, catalog, of);
    let dataset = &catalog.dataset(of.dataset()).name;
    let mut select = Select::default();
    let units = match of.spine() {
        Some(spine) => {
            let named = writer.named(&format!("{dataset}_units"), spine::units(dialect, spine)?)?;
            Some(format!("{named} AS {}", dialect.identifier(spine::ALIAS)))
        }
        None => None,
    };
    rows::write(&scope, &of.input, units.as_deref(), &mut select)?;
    let columns = columns(&scope, of, layout, &mut select)?;
    let rows = writer.named(&format!("{dataset}_rows"), vec![select])?;
    let parts = match (plan.grouping, &columns.is_total) {
        (Grouping::GroupsAndTotal, Some(is_total)) => {
            // A row stands beside a unit for its group, and beside one for the total.
            let total = aggregated(dialect, layout, position, of, &columns, &rows, Part::Total(is_total.clone()))?;
            let groups =
                aggregated(dialect, layout, position, of, &columns, &rows, Part::Groups(Some(is_total.not())))?;
            let groups = picked(writer, dialect, layout, position, of, groups)?;
            vec![total, groups]
        }
        (Grouping::GroupsAndTotal, None) => {
            vec![aggregated(dialect, layout, position, of, &columns, &rows, Part::Both)?]
        }
        (Grouping::Groups | Grouping::Sets, is_total) => {
            let not_total = is_total.as_ref().map(Sql::not);
            let groups = aggregated(dialect, layout, position, of, &columns, &rows, Part::Groups(not_total))?;
            vec![picked(writer, dialect, layout, position, of, groups)?]
        }
        (Grouping::Total, _) => {
            vec![aggregated(dialect, layout, position, of, &columns, &rows, Part::Only)?]
        }
    };
    writer.named(&format!("{dataset}_measures"), parts)
}

fn refuse(dialect: Dialect, plan: &SemanticPlan, of: &Aggregate) -> Result<(), Diagnostic> {
    let what = if plan.grouping == Grouping::Sets {
        "an audit, several groupings at once,"
    } else if of.level.is_some() {
        "a measure at fewer groups than the question's"
    } else if of.padding.is_some() {
        "a measure that lists units without rows"
    } else if of.measures.iter().any(|measure| measure.balance.is_some()) {
        "a balance, the first or the last count of each thing,"
    } else {
        return Ok(());
    };
    Err(refused(what, dialect))
}

/// Puts keys, arguments, filters and periods into the SELECT of rows.
fn columns(scope: &Scope<'_>, of: &Aggregate, layout: &Layout, select: &mut Select) -> Result<Columns, Diagnostic> {
    let dialect = scope.dialect;
    let mut names = Names::default();
    for (key, source) in layout.keys.iter().zip(&of.keys) {
        let value = match source {
            KeySource::Bucket { time, granularity } => scope.time(time)?.key(*granularity)?.sql,
            KeySource::DatePart { time, part } => scope.time(time)?.part(*part)?.sql,
            KeySource::Value(of) => scope.value(of)?.sql,
            KeySource::Absent => dialect.null(key.data_type),
        };
        select.column(value, names.fresh(&key.name));
    }
    let mut named = |wanted: &str, sql: Sql, select: &mut Select| {
        // Not a key: that is null in the total.
        let others = select.columns.iter().skip(layout.keys.len());
        let known = others.into_iter().find(|(of, _)| *of == sql).map(|(_, name)| name.clone());
        let name = known.unwrap_or_else(|| {
            let name = names.fresh(wanted);
            select.column(sql, name.clone());
            name
        });
        dialect.name(&name)
    };
    let mut filters = of.measures.iter().map(|of| scope.all(&of.filter)).collect::<Result<Vec<_>, _>>()?;
    let any: Option<Vec<Sql>> = filters.iter().cloned().collect();
    if let Some(mut any) = any {
        // A group exists only where a measure has rows.
        any.dedup();
        if any.len() == 1 {
            filters = vec![None; filters.len()];
        }
        select.filter.extend(Sql::any(any));
    }
    let mut periods = Vec::with_capacity(layout.periods.len());
    let flags = match (layout.periods.len(), of.spine()) {
        (1, _) => vec![None],
        (count, Some(_)) => (0..count).map(|period| Some(spine::in_period(dialect, period))).collect(),
        (_, None) => scope.periods()?.into_iter().map(Some).collect(),
    };
    for (flag, name) in flags.into_iter().zip(&layout.periods) {
        periods.push(flag.map(|flag| named(&format!("in_{name}"), flag, select)));
    }
    let mut measures = Vec::with_capacity(of.measures.len());
    for (measure, filter) in of.measures.iter().zip(filters) {
        let argument = match &measure.argument {
            Some(of) => {
                let value = aggregate::argument(dialect, measure, scope.value(of)?);
                Some(Typed::new(named(&measure.name, value.sql, select), value.data_type))
            }
            None => None,
        };
        let filter = filter.map(|filter| named(&format!("{}_counts", measure.name), filter, select));
        let order = measure.order.iter().enumerate().map(|(position, by)| {
            let by = scope.value(by)?;
            let name = named(&format!("{}_order_{}", measure.name, position + 1), by.sql, select);
            Ok(dialect.by_bytes(&Typed::new(name, by.data_type)))
        });
        let order = order.collect::<Result<Vec<_>, Diagnostic>>()?;
        measures.push(Column { argument, filter, order });
    }
    let is_total = of.spine().map(|_| named(spine::IS_TOTAL, spine::is_total(dialect).sql, select));
    let unit = of.pick.map(|_| named(spine::UNIT, spine::column(dialect, spine::UNIT), select));
    if select.columns.is_empty() {
        select.column(Sql::atom("1"), "row");
    }
    Ok(Columns { periods, measures, is_total, unit })
}

/// Which of a fact's results a SELECT gives.
enum Part {
    /// The only row.
    Only,
    /// The total, of the rows where this is true.
    Total(Sql),
    /// The groups, of the rows where this is true.
    Groups(Option<Sql>),
    /// The groups and the total.
    Both,
}

fn aggregated(
    dialect: Dialect,
    layout: &Layout,
    position: usize,
    of: &Aggregate,
    columns: &Columns,
    rows: &str,
    part: Part,
) -> Result<Select, Diagnostic> {
    let mut select = Select::from(rows);
    let keys: Vec<Sql> = layout.keys.iter().map(|key| dialect.name(&key.name)).collect();
    let list: Vec<&str> = keys.iter().map(Sql::text).collect();
    let truth = |text: &str| Sql::atom(text);
    let (total, is_total, has_keys) = match part {
        Part::Only => (truth("TRUE"), IsTotal::Always, false),
        Part::Total(condition) => {
            select.filter.push(condition);
            (truth("TRUE"), IsTotal::Always, false)
        }
        Part::Groups(condition) => {
            select.filter.extend(condition);
            let unit = columns.unit.iter().map(Sql::text);
            select.group = Some(list.iter().copied().chain(unit).collect::<Vec<_>>().join(", "));
            (truth("FALSE"), IsTotal::Never, true)
        }
        Part::Both => {
            select.group = Some(format!("GROUPING SETS (({}), ())", list.join(", ")));
            let first = keys.first().cloned().unwrap_or_else(|| truth("1"));
            let is_total = Sql::compare("=", &Sql::call("GROUPING", &[&first]), &Sql::atom("1"));
            (is_total.clone(), IsTotal::Where(is_total), true)
        }
    };
    if let Some(name) = &layout.total {
        select.column(total, name);
    }
    for (key, sql) in layout.keys.iter().zip(&keys) {
        select.column(if has_keys { sql.clone() } else { dialect.null(key.data_type) }, &key.name);
    }
    if let (true, Some(unit)) = (has_keys, &columns.unit) {
        select.column(unit.clone(), spine::UNIT);
    }
    for (period, name) in layout.rows.iter().enumerate() {
        select.column(count_rows(dialect, columns.periods[period].as_ref()), name);
    }
    for (at, (measure, column)) in of.measures.iter().zip(&columns.measures).enumerate() {
        for (period, in_period) in columns.periods.iter().enumerate() {
            let value = if measure.over.as_ref().is_some_and(|over| !over.contains(&period)) {
                dialect.null(measure.data_type)
            } else {
                let call = Call {
                    dialect,
                    measure,
                    argument: column.argument.clone(),
                    order: column.order.clone(),
                    condition: Sql::all(in_period.iter().chain(&column.filter).cloned()),
                    is_total: is_total.clone(),
                };
                call.value()?
            };
            select.column(value, layout.measure(position, at, period));
        }
    }
    Ok(select)
}

/// One row a group of values by unit, where a group has several units.
fn picked(
    writer: &mut Writer,
    dialect: Dialect,
    layout: &Layout,
    position: usize,
    of: &Aggregate,
    by_unit: Select,
) -> Result<Select, Diagnostic> {
    let Some(how) = of.pick else { return Ok(by_unit) };
    let name = writer.named("by_unit", vec![by_unit])?;
    let mut select = Select::from(&name);
    let keys: Vec<Sql> = layout.keys.iter().map(|key| dialect.name(&key.name)).collect();
    if let Some(total) = &layout.total {
        select.column(Sql::atom("FALSE"), total);
    }
    for (key, sql) in layout.keys.iter().zip(&keys) {
        select.column(sql.clone(), &key.name);
    }
    for name in &layout.rows {
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
