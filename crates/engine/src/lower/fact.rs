//! One fact: every measure over every period and key, in one pass over its rows.

use std::collections::HashMap;

use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, and, ident, lit, when};
use datafusion::scalar::ScalarValue;
use sextant_semantics::plan::{Aggregate, Grouping, KeySource, Measure, SemanticPlan};
use sextant_semantics::query::spine::UNIT_COLUMN;

use super::aggregate::{Aggregated, Finish, aggregate, count_rows};
use super::balance::{self, Of};
use super::join_over_time_range::IS_TOTAL;
use super::rows::{self, Scope};
use super::sets::SET;
use super::typed::{Typed, decoded};
use super::{LowerError, Tables, add_up_by_time, bridge, join_to_time_spine, pick, sets};

/// A fact's plan: `__total`, `__k{i}`, `__rows_p{p}` and `__f{f}_m{m}_p{p}`; `__set` too where there are several
/// groupings.
pub(super) struct Fact {
    pub(super) plan: LogicalPlan,
    /// How each measure's value was made.
    pub(super) finishes: Vec<Finish>,
}

/// Lowers the fact at position `fact` of the plan.
pub(super) fn lower(plan: &SemanticPlan, fact: usize, of: &Aggregate, tables: &Tables) -> Result<Fact, LowerError> {
    match plan.grouping {
        Grouping::Sets if !sets::is_one_pass(of) => sets::apart(plan, fact, of, tables),
        Grouping::Sets | Grouping::Total | Grouping::Groups | Grouping::GroupsAndTotal => pass(plan, fact, of, tables),
    }
}

/// One pass over the fact's rows.
pub(super) fn pass(plan: &SemanticPlan, fact: usize, of: &Aggregate, tables: &Tables) -> Result<Fact, LowerError> {
    let scope = Scope::new(plan, of);
    let rows = rows::lower(&scope, &of.input, tables)?;
    let (rows, filters) = match of.added_up() {
        // What passes the filters was added up.
        Some(_) => (rows, vec![None; of.measures.len()]),
        None => kept(&scope, &of.measures, rows)?,
    };
    let rows = bridge::with_marks(of, with_keys(&scope, of, rows)?, &filters)?;
    let seen = seen(&scope, of, &rows, &filters)?;
    let rows = counted(of, balance::with_extremes(&scope, of, rows, &seen)?, &seen)?;
    let grouping = if of.level.as_ref().is_some_and(Vec::is_empty) { Grouping::Total } else { plan.grouping };
    let rows = match grouping {
        Grouping::Sets => sets::once_each(rows, &sets::sets_of(plan, of))?,
        Grouping::GroupsAndTotal if of.spine().is_none() => sets::once_each(rows, &sets::total_and(kept_keys(of)))?,
        Grouping::Total | Grouping::Groups | Grouping::GroupsAndTotal => rows,
    };
    let mut functions = Functions::default();
    let counts = rows_read(&scope, of, &rows, &seen, &mut functions)?;
    let measures = measures(&scope, grouping, of, &rows, &seen, &mut functions)?;
    let keys: Vec<Expr> = kept_keys(of).into_iter().map(|key| ident(key_column(key))).collect();
    let keys = if grouping == Grouping::Sets { sets::keys(plan, of) } else { keys };
    let (groups, is_total) = groups(grouping, of, &keys);
    let aggregated = LogicalPlanBuilder::from(rows).aggregate(groups, functions.aliased())?.build()?;

    let result = |position: &usize| -> Result<Typed, LowerError> {
        let name = Functions::column(*position);
        let data_type = aggregated.schema().field_with_unqualified_name(&name)?.data_type().clone();
        Ok(Typed::new(ident(name), data_type))
    };
    let mut columns = vec![is_total.clone().alias("__total")];
    match grouping {
        Grouping::Sets => columns.extend(sets::columns(plan, of)?),
        Grouping::Total | Grouping::Groups | Grouping::GroupsAndTotal => columns.extend(keys),
    }
    if of.pick.is_some() {
        columns.push(ident(UNIT_COLUMN));
    }
    for (period, position) in counts.iter().enumerate() {
        columns.push(result(position)?.expr.alias(rows_column(period)));
    }
    let mut finishes = Vec::with_capacity(measures.len());
    for (measure, periods) in measures.iter().enumerate() {
        let value = |of: &Measured, positions: &[usize]| -> Result<Typed, LowerError> {
            let results = positions.iter().map(result).collect::<Result<Vec<_>, _>>()?;
            of.finish.value(&results, &is_total)
        };
        let Some(first) = periods.iter().flatten().next() else {
            return Err(LowerError::Unbound("a measure's period"));
        };
        let absent = lit(ScalarValue::try_from(&value(first, &first.groups)?.data_type)?);
        for (period, measured) in periods.iter().enumerate() {
            let value = match measured {
                None => absent.clone(),
                Some(of) if of.groups == of.total => value(of, &of.groups)?.expr,
                Some(of) => {
                    when(is_total.clone(), value(of, &of.total)?.expr).otherwise(value(of, &of.groups)?.expr)?
                }
            };
            columns.push(value.alias(measure_column(fact, measure, period)));
        }
        finishes.push(first.finish);
    }
    let by_unit = LogicalPlanBuilder::from(aggregated).project(columns)?.build()?;
    let mut plan_of_fact = picked(plan, fact, of, by_unit)?;
    if let Some(padding) = &of.padding {
        plan_of_fact = join_to_time_spine::join(plan, &scope, padding, plan_of_fact, tables)?;
    }
    Ok(Fact { plan: plan_of_fact, finishes })
}

/// What rows are grouped by, and whether a group is the total over no keys.
///
/// Rows in windows of a time spine stand there once for their unit and once for the total, others once for each
/// grouping.
fn groups(grouping: Grouping, of: &Aggregate, keys: &[Expr]) -> (Vec<Expr>, Expr) {
    if of.spine().is_some() {
        let unit = of.pick.map(|_| ident(UNIT_COLUMN));
        return ([ident(IS_TOTAL)].into_iter().chain(keys.iter().cloned()).chain(unit).collect(), ident(IS_TOTAL));
    }
    match grouping {
        Grouping::Total => (vec![], lit(true)),
        Grouping::Groups => (keys.to_vec(), lit(false)),
        Grouping::GroupsAndTotal | Grouping::Sets => {
            ([ident(SET)].into_iter().chain(keys.iter().cloned()).collect(), ident(SET).eq(lit(0_i64)))
        }
    }
}

/// One row a group of values by unit, where a group has several units.
fn picked(plan: &SemanticPlan, fact: usize, of: &Aggregate, by_unit: LogicalPlan) -> Result<LogicalPlan, LowerError> {
    let Some(how) = of.pick else { return Ok(by_unit) };
    let periods = 0..plan.periods.len();
    let keys: Vec<String> =
        ["__total".to_string()].into_iter().chain(kept_keys(of).into_iter().map(key_column)).collect();
    let counts: Vec<String> = periods.clone().map(rows_column).collect();
    let values: Vec<String> = (0..of.measures.len())
        .flat_map(|measure| periods.clone().map(move |period| (measure, period)))
        .map(|(measure, period)| measure_column(fact, measure, period))
        .collect();
    pick::pick(by_unit, how, &keys, &counts, &values)
}

/// Positions of the keys that a fact is aggregated by.
pub(super) fn kept_keys(of: &Aggregate) -> Vec<usize> {
    of.level.clone().unwrap_or_else(|| (0..of.keys.len()).collect())
}

pub(super) fn key_column(key: usize) -> String {
    format!("__k{key}")
}

pub(super) fn rows_column(period: usize) -> String {
    format!("__rows_p{period}")
}

pub(super) fn measure_column(fact: usize, measure: usize, period: usize) -> String {
    format!("__f{fact}_m{measure}_p{period}")
}

/// Rows that pass the filter of some measure, and what each measure has yet to filter.
pub(super) fn kept(
    scope: &Scope<'_>,
    measures: &[Measure],
    rows: LogicalPlan,
) -> Result<(LogicalPlan, Vec<Option<Expr>>), LowerError> {
    let filters = measures.iter().map(|measure| scope.all(&measure.filter, rows.schema()));
    let filters = filters.collect::<Result<Vec<_>, _>>()?;
    let mut any: Vec<Expr> = Vec::new();
    for filter in &filters {
        match filter {
            None => return Ok((rows, filters)),
            Some(filter) if any.contains(filter) => {}
            Some(filter) => any.push(filter.clone()),
        }
    }
    let alike = any.len() == 1;
    let Some(any) = any.into_iter().reduce(Expr::or) else { return Ok((rows, filters)) };
    let rows = LogicalPlanBuilder::from(rows).filter(any)?.build()?;
    Ok((rows, if alike { vec![None; filters.len()] } else { filters }))
}

/// The same rows with the keys as columns, each worked out once.
fn with_keys(scope: &Scope<'_>, of: &Aggregate, rows: LogicalPlan) -> Result<LogicalPlan, LowerError> {
    if of.keys.is_empty() {
        return Ok(rows);
    }
    let mut columns: Vec<Expr> = rows.schema().columns().into_iter().map(Expr::Column).collect();
    if of.pick.is_some() {
        // The total is of one unit in each period, and one row of all periods.
        let unit = rows.schema().field_with_unqualified_name(UNIT_COLUMN)?.data_type().clone();
        let of_groups = when(ident(IS_TOTAL), lit(ScalarValue::try_from(&unit)?)).otherwise(ident(UNIT_COLUMN))?;
        columns.retain(|column| !matches!(column, Expr::Column(column) if column.name == UNIT_COLUMN));
        columns.push(of_groups.alias(UNIT_COLUMN));
    }
    for position in kept_keys(of) {
        let key = &of.keys[position];
        let added_up = of.added_up().and_then(|keys| keys.iter().position(|added| added == key));
        let value = match (added_up, key) {
            (Some(added), _) => add_up_by_time::key(rows.schema(), added)?,
            (None, KeySource::Bucket { time, granularity }) => scope.time(time, rows.schema())?.bucket(*granularity)?,
            (None, KeySource::DatePart { time, part }) => scope.time(time, rows.schema())?.part(*part)?,
            (None, KeySource::Value(of)) => scope.value(of, rows.schema())?,
            (None, KeySource::Absent) => continue,
        };
        let data_type = decoded(&value.data_type);
        let key = value.cast(data_type.clone()).expr;
        let key = match of.spine() {
            None => key,
            Some(_) => when(ident(IS_TOTAL), lit(ScalarValue::try_from(&data_type)?)).otherwise(key)?,
        };
        columns.push(key.alias(key_column(position)));
    }
    Ok(LogicalPlanBuilder::from(rows).project(columns)?.build()?)
}

/// A row's place in a period; `None` where all rows that were kept lie in it.
fn place_in(periods: &[Expr], period: usize) -> Option<Expr> {
    let all_alike = periods.iter().all(|other| *other == periods[period]);
    (!all_alike).then(|| periods[period].clone())
}

/// The counts of rows by period: of those that a measure counts there, where balances leave some out.
fn rows_read(
    scope: &Scope<'_>,
    of: &Aggregate,
    rows: &LogicalPlan,
    seen: &[Vec<Option<Expr>>],
    functions: &mut Functions,
) -> Result<Vec<usize>, LowerError> {
    let periods = scope.periods(of, rows.schema())?;
    let has_balance = of.measures.iter().any(|measure| measure.balance.is_some());
    let mut positions = Vec::with_capacity(periods.len());
    for period in 0..periods.len() {
        let counted = if has_balance { counted_in(of, seen, period) } else { None };
        let counted = counted.or_else(|| place_in(&periods, period));
        positions.push(functions.add(match of.added_up() {
            Some(_) => add_up_by_time::rows(counted)?,
            None => count_rows(counted),
        }));
    }
    Ok(positions)
}

/// Whether some measure counts a row in a period; `None` where one counts all rows.
fn counted_in(of: &Aggregate, seen: &[Vec<Option<Expr>>], period: usize) -> Option<Expr> {
    let mut any: Option<Expr> = None;
    for (measure, by_period) in seen.iter().enumerate() {
        let balance = of.measures[measure].balance.as_ref();
        let at_extreme = balance.map(|of| balance::at_extreme(of, Of::Groups, measure, period));
        let counts = by_period[period].iter().cloned().chain(at_extreme).reduce(and)?;
        any = Some(any.map_or(counts.clone(), |any| any.or(counts)));
    }
    any
}

/// A measure in one period.
struct Measured {
    /// Of its functions among all, for a group and for the total; mostly the same.
    groups: Vec<usize>,
    total: Vec<usize>,
    finish: Finish,
}

/// Which rows each measure sees in each period; `None` where it sees all that were kept.
fn seen(
    scope: &Scope<'_>,
    of: &Aggregate,
    rows: &LogicalPlan,
    filters: &[Option<Expr>],
) -> Result<Vec<Vec<Option<Expr>>>, LowerError> {
    let periods = scope.periods(of, rows.schema())?;
    let of = |filter: &Option<Expr>| {
        let by_period = (0..periods.len()).map(|period| match (place_in(&periods, period), filter.clone()) {
            (Some(place), Some(filter)) => Some(and(place, filter)),
            (place, filter) => place.or(filter),
        });
        by_period.collect()
    };
    Ok(filters.iter().map(of).collect())
}

/// Rows that some measure counts, where each counts only some: a group exists only where one does.
fn counted(of: &Aggregate, rows: LogicalPlan, seen: &[Vec<Option<Expr>>]) -> Result<LogicalPlan, LowerError> {
    if of.measures.iter().all(|measure| measure.balance.is_none()) {
        return Ok(rows);
    }
    let periods = seen.first().map_or(0, Vec::len);
    let counted: Option<Vec<Expr>> = (0..periods).map(|period| counted_in(of, seen, period)).collect();
    let any = counted.and_then(|counted| counted.into_iter().reduce(Expr::or));
    let Some(any) = any else { return Ok(rows) };
    Ok(LogicalPlanBuilder::from(rows).filter(any)?.build()?)
}

/// By measure and period; none where it is not aggregated over that period.
fn measures(
    scope: &Scope<'_>,
    grouping: Grouping,
    of: &Aggregate,
    rows: &LogicalPlan,
    seen: &[Vec<Option<Expr>>],
    functions: &mut Functions,
) -> Result<Vec<Vec<Option<Measured>>>, LowerError> {
    let mut found = Vec::with_capacity(of.measures.len());
    for (position, (measure, seen)) in of.measures.iter().zip(seen).enumerate() {
        let argument = match of.added_up() {
            Some(_) => None,
            None => measure.argument.as_ref().map(|argument| scope.value(argument, rows.schema())).transpose()?,
        };
        let order = measure.order.iter().map(|by| Ok(scope.value(by, rows.schema())?.expr));
        let order = order.collect::<Result<Vec<_>, LowerError>>()?;
        let mut by_period = Vec::with_capacity(seen.len());
        for (period, seen) in seen.iter().enumerate() {
            if measure.over.as_ref().is_some_and(|over| !over.contains(&period)) {
                by_period.push(None);
                continue;
            }
            let mut over = |part: Of| -> Result<(Vec<usize>, Finish), LowerError> {
                let balance = measure.balance.as_ref();
                let at_extreme = balance.map(|of| balance::at_extreme(of, part, position, period));
                let once = bridge::counts(of, position, part);
                let condition = seen.iter().cloned().chain(at_extreme).chain(once).reduce(and);
                let Aggregated { functions: parts, finish } = match of.added_up() {
                    Some(_) => add_up_by_time::merged(measure, position, rows.schema(), condition)?,
                    None => aggregate(measure.aggregation, argument.clone(), measure.money_scale, &order, condition)?,
                };
                Ok((parts.into_iter().map(|part| functions.add(part)).collect(), finish))
            };
            let (groups, finish) = over(if grouping == Grouping::Total { Of::Total } else { Of::Groups })?;
            let total = if grouping == Grouping::GroupsAndTotal { over(Of::Total)?.0 } else { groups.clone() };
            by_period.push(Some(Measured { groups, total, finish }));
        }
        found.push(by_period);
    }
    Ok(found)
}

/// The aggregate functions of a fact, each once.
#[derive(Default)]
struct Functions {
    list: Vec<Expr>,
    positions: HashMap<Expr, usize>,
}

impl Functions {
    fn add(&mut self, function: Expr) -> usize {
        let next = self.list.len();
        *self.positions.entry(function.clone()).or_insert_with(|| {
            self.list.push(function);
            next
        })
    }

    fn column(position: usize) -> String {
        format!("__a{position}")
    }

    fn aliased(self) -> Vec<Expr> {
        self.list.into_iter().enumerate().map(|(position, of)| of.alias(Functions::column(position))).collect()
    }
}
