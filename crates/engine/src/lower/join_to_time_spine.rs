//! Aggregates beside every unit of a time spine, so that units without rows are listed: a full outer
//! join on the time keys, null-safe. The other keys of a unit without rows are null.

use datafusion::common::{Column, NullEquality};
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::functions_aggregate::expr_fn::max;
use datafusion::logical_expr::{Expr, JoinType, LogicalPlan, LogicalPlanBuilder, ident, lit, when};
use sextant_semantics::plan::{KeySource, SemanticPlan};
use sextant_semantics::query::resolved::Padding;

use super::fact::{key_column, rows_column};
use super::join_over_time_range::{in_period, table};
use super::rows::{self, Scope};
use super::typed::decoded;
use super::{LowerError, Tables};

const AGGREGATED: &str = "aggregated";
const LISTED: &str = "listed";

/// `aggregated` (the columns of a fact) with a row for every unit of the padding.
pub(super) fn join(
    plan: &SemanticPlan,
    scope: &Scope<'_>,
    padding: &Padding,
    aggregated: LogicalPlan,
    tables: &Tables,
) -> Result<LogicalPlan, LowerError> {
    let listed = units(plan, scope, padding, tables)?;
    let names: Vec<String> = aggregated.schema().fields().iter().map(|field| field.name().clone()).collect();
    let time_keys: Vec<String> =
        (0..padding.keys.len()).filter(|key| padding.keys[*key].is_some()).map(key_column).collect();
    // The total is listed on neither side twice: it pairs with no unit.
    let on: Vec<String> = time_keys.iter().cloned().chain(["__total".to_string()]).collect();
    let left = LogicalPlanBuilder::from(aggregated).alias(AGGREGATED)?;
    let right = LogicalPlanBuilder::from(listed).alias(LISTED)?.build()?;
    let keys = |side: &str| on.iter().map(|key| Column::new(Some(side), key)).collect::<Vec<_>>();
    let joined = left.join_detailed(
        right,
        JoinType::Full,
        (keys(AGGREGATED), keys(LISTED)),
        None,
        NullEquality::NullEqualsNull,
    )?;
    let of = |side: &str, name: &str| Expr::Column(Column::new(Some(side), name));
    let columns = names.iter().map(|name| {
        let own = of(AGGREGATED, name);
        let is_rows = (0..plan.periods.len()).any(|period| *name == rows_column(period));
        let expr: Expr = if on.contains(name) || is_rows { coalesce(vec![own, of(LISTED, name)]) } else { own };
        expr.alias(name)
    });
    Ok(joined.project(columns.collect::<Vec<_>>())?.build()?)
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
            None => continue,
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
