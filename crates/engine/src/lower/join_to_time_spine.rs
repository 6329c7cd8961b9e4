//! Aggregates beside every unit of a time spine, so that units without rows are listed, in each period
//! those in which that period has no rows. The other keys of a unit without rows are null.

use datafusion::functions_aggregate::expr_fn::{max, sum};
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::logical_expr::expr::WindowFunction;
use datafusion::logical_expr::{
    Expr, ExprFunctionExt, LogicalPlan, LogicalPlanBuilder, WindowFunctionDefinition, ident, lit, when,
};
use datafusion::scalar::ScalarValue;
use sextant_semantics::plan::{KeySource, SemanticPlan};
use sextant_semantics::query::resolved::Padding;

use super::fact::{key_column, rows_column};
use super::join_over_time_range::{in_period, table};
use super::rows::{self, Scope};
use super::typed::decoded;
use super::{LowerError, Tables};

/// `aggregated` (the columns of a fact) with a row for every unit of the padding.
pub(super) fn join(
    plan: &SemanticPlan,
    scope: &Scope<'_>,
    padding: &Padding,
    aggregated: LogicalPlan,
    tables: &Tables,
) -> Result<LogicalPlan, LowerError> {
    let periods = 0..plan.periods.len();
    let rows: Vec<String> = periods.clone().map(rows_column).collect();
    let keys: Vec<String> =
        ["__total".to_string()].into_iter().chain((0..padding.keys.len()).map(key_column)).collect();
    // The total is a group of its own: it pairs with no unit.
    let on = (0..padding.keys.len()).filter(|key| padding.keys[*key].is_some()).map(key_column);
    let on: Vec<String> = ["__total".to_string()].into_iter().chain(on).collect();
    let both = beside(&aggregated, units(plan, scope, padding, tables)?, &on, &rows)?;
    let by: Vec<Expr> =
        [ident("__total")].into_iter().chain(distinct(padding).map(|key| ident(key_column(key)))).collect();
    let read = periods.clone().map(|period| {
        let of = WindowFunction::new(WindowFunctionDefinition::AggregateUDF(sum_udaf()), vec![ident(&rows[period])]);
        let by = by.clone();
        Ok(Expr::from(of).partition_by(by).build()?.alias(read_column(period)))
    });
    let both = LogicalPlanBuilder::from(both).window(read.collect::<Result<Vec<_>, LowerError>>()?)?.build()?;
    let is_listed =
        |period: usize| ident(listed_column(period)).gt(lit(0_i64)).and(ident(read_column(period)).eq(lit(0_i64)));
    let wanted = periods.map(is_listed).fold(ident(OWN), Expr::or);
    let names: Vec<String> = aggregated.schema().fields().iter().map(|field| field.name().clone()).collect();
    let columns = names.iter().map(|name| match rows.iter().position(|rows| rows == name) {
        Some(period) => {
            let one = when(is_listed(period), lit(1_i64)).otherwise(ident(name))?;
            Ok(when(ident(OWN), ident(name)).otherwise(one)?.alias(name))
        }
        None => Ok(ident(name)),
    });
    let columns = columns.collect::<Result<Vec<_>, LowerError>>()?;
    let is_value = |name: &&String| !keys.contains(name) && !rows.contains(name);
    let functions: Vec<Expr> = rows
        .iter()
        .map(|name| sum(ident(name)).alias(name))
        .chain(names.iter().filter(is_value).map(|name| max(ident(name)).alias(name)))
        .collect();
    // A unit that is listed in one period may have rows with null keys in another.
    let groups: Vec<Expr> = keys.iter().map(ident).collect();
    let result = LogicalPlanBuilder::from(both).filter(wanted)?.project(columns)?.aggregate(groups, functions)?;
    Ok(result.project(names.iter().map(ident).collect::<Vec<_>>())?.build()?)
}

/// The time keys without those that are told by an earlier one: merging a union in the order of two equal keys is
/// refused by the planner's own check where a plan has one partition (DataFusion 55.2).
fn distinct(padding: &Padding) -> impl Iterator<Item = usize> {
    let keys = &padding.keys;
    (0..keys.len()).filter(|key| keys[*key].is_some() && !keys[..*key].contains(&keys[*key]))
}

/// Whether a row is one of the fact's, not a unit.
const OWN: &str = "__own";

fn listed_column(period: usize) -> String {
    format!("__listed_p{period}")
}

fn read_column(period: usize) -> String {
    format!("__read_p{period}")
}

/// The fact's rows above its units, which have nulls but for the time keys `on`.
fn beside(
    aggregated: &LogicalPlan,
    units: LogicalPlan,
    on: &[String],
    rows: &[String],
) -> Result<LogicalPlan, LowerError> {
    let (mut own, mut added) = (Vec::new(), Vec::new());
    for field in aggregated.schema().fields() {
        let name = field.name();
        own.push(ident(name));
        added.push(match (on.contains(name), rows.contains(name)) {
            (true, _) => ident(name),
            (false, true) => lit(0_i64).alias(name),
            (false, false) => lit(ScalarValue::try_from(field.data_type())?).alias(name),
        });
    }
    for (period, name) in rows.iter().enumerate() {
        own.push(lit(0_i64).alias(listed_column(period)));
        added.push(ident(name).alias(listed_column(period)));
    }
    own.push(lit(true).alias(OWN));
    added.push(lit(false).alias(OWN));
    let units = LogicalPlanBuilder::from(units).project(added)?.build()?;
    Ok(LogicalPlanBuilder::from(aggregated.clone()).project(own)?.union(units)?.build()?)
}

/// The distinct time keys of all units that pass the conditions; a unit counts as one row of its period.
fn units(
    plan: &SemanticPlan,
    scope: &Scope<'_>,
    padding: &Padding,
    tables: &Tables,
) -> Result<LogicalPlan, LowerError> {
    let mut spine = table(&padding.spine)?;
    for (attached, columns) in &padding.tables {
        spine = rows::attach(scope, spine, &attached.hop, &attached.on, attached.table, columns, tables)?;
    }
    if let Some(all) = scope.all(&padding.conditions, spine.schema())? {
        spine = LogicalPlanBuilder::from(spine).filter(all)?.build()?;
    }
    let mut columns = vec![lit(false).alias("__total")];
    let mut names = vec!["__total".to_string()];
    for (position, key) in padding.keys.iter().enumerate() {
        let value = match key {
            Some(KeySource::Bucket { time, granularity }) => scope.time(time, spine.schema())?.bucket(*granularity)?,
            Some(KeySource::DatePart { time, part }) => scope.time(time, spine.schema())?.part(*part)?,
            Some(KeySource::Value(of)) => scope.value(of, spine.schema())?,
            Some(KeySource::Absent) | None => continue,
        };
        let data_type = decoded(&value.data_type);
        columns.push(value.cast(data_type).expr.alias(key_column(position)));
        names.push(key_column(position));
    }
    let periods = (0..plan.periods.len()).map(|period| {
        let one = when(in_period(period), lit(1_i64)).otherwise(lit(0_i64));
        Ok(one?.alias(rows_column(period)))
    });
    columns.extend(periods.collect::<Result<Vec<_>, LowerError>>()?);
    let keys: Vec<Expr> = names.iter().map(ident).collect();
    let counts = (0..plan.periods.len())
        .map(|period| max(ident(rows_column(period))).alias(rows_column(period)))
        .collect::<Vec<_>>();
    Ok(LogicalPlanBuilder::from(spine).project(columns)?.aggregate(keys, counts)?.build()?)
}
