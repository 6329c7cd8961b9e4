//! Values that a metric has for finer groups, aggregated to the groups of the plan: each finer group is one value,
//! in each period in which some measure read a row of it.

use datafusion::logical_expr::{Expr, JoinType, LogicalPlan, LogicalPlanBuilder, Operator, binary_expr, ident, lit};
use datafusion::scalar::ScalarValue;
use sextant_semantics::plan::{AggregateGroups, MetricByKeys, SemanticPlan};

use super::aggregate::{Aggregated, aggregate};
use super::fact::{key_column, rows_column};
use super::metrics::computation_column;
use super::typed::{Typed, arrow_type};
use super::{LowerError, Tables, whole};

/// The rows of `combined` with the values of those that have the same keys, the total's beside the total.
pub(super) fn beside(
    plan: &SemanticPlan,
    combined: LogicalPlan,
    position: usize,
    of: &AggregateGroups,
    tables: &Tables,
) -> Result<LogicalPlan, LowerError> {
    let mut parts = Vec::new();
    for (by_keys, is_total) in of.in_groups.iter().map(|of| (of, false)).chain(of.in_total.iter().map(|of| (of, true)))
    {
        parts.push(values(plan, position, of, by_keys, is_total, tables)?);
    }
    let mut parts = parts.into_iter();
    let first = parts.next().ok_or(LowerError::Unbound("what is aggregated of groups"))?;
    let values = parts.try_fold(LogicalPlanBuilder::from(first), LogicalPlanBuilder::union)?.build()?;
    let keys = match of.keys.as_slice() {
        [] => Vec::new(),
        keys => std::iter::once("__total".to_string()).chain(keys.iter().map(|key| key_column(*key))).collect(),
    };
    let far = |name: &str| format!("{name}_of_g{position}");
    let periods = (0..plan.periods.len()).map(|period| value_column(position, period));
    let shown: Vec<Expr> = periods.map(ident).collect();
    let renamed = keys.iter().map(|name| ident(name).alias(far(name))).chain(shown.iter().cloned());
    let values = LogicalPlanBuilder::from(values).project(renamed.collect::<Vec<_>>())?.build()?;
    let on = keys.iter().map(|name| binary_expr(ident(name), Operator::IsNotDistinctFrom, ident(far(name))));
    let on: Vec<Expr> = if keys.is_empty() { vec![lit(true)] } else { on.collect() };
    let columns: Vec<Expr> = combined.schema().columns().into_iter().map(Expr::Column).chain(shown).collect();
    Ok(LogicalPlanBuilder::from(combined).join_on(values, JoinType::Left, on)?.project(columns)?.build()?)
}

/// `__total`, the plan's keys that it has, and the values of one grouping.
fn values(
    plan: &SemanticPlan,
    position: usize,
    of: &AggregateGroups,
    by_keys: &MetricByKeys,
    is_total: bool,
    tables: &Tables,
) -> Result<LogicalPlan, LowerError> {
    let finer = whole(&by_keys.plan, tables)?;
    let own = if is_total { 0 } else { of.keys.len() };
    let mut functions: Vec<Expr> = Vec::new();
    let mut finishes = Vec::with_capacity(plan.periods.len());
    for period in 0..plan.periods.len() {
        let name = computation_column(by_keys.computation.0, period);
        let data_type = finer.schema().field_with_unqualified_name(&name)?.data_type().clone();
        let is_there = ident(rows_column(period)).gt(lit(0_i64));
        let Aggregated { functions: parts, finish } =
            aggregate(of.aggregation, Some(Typed::new(ident(name), data_type)), None, &[], Some(is_there))?;
        let first = functions.len();
        functions.extend(parts.into_iter().enumerate().map(|(part, call)| call.alias(part_column(first + part))));
        finishes.push((first..functions.len(), finish));
    }
    let groups: Vec<Expr> = (0..own).map(|key| ident(key_column(key))).collect();
    let aggregated = LogicalPlanBuilder::from(finer).aggregate(groups, functions)?.build()?;
    let mut columns = vec![lit(is_total).alias("__total")];
    for (place, key) in of.keys.iter().enumerate() {
        let data_type = arrow_type(plan.keys[*key].data_type);
        let value = match is_total {
            true => lit(ScalarValue::try_from(&data_type)?),
            false => datafusion::logical_expr::cast(ident(key_column(place)), data_type),
        };
        columns.push(value.alias(key_column(*key)));
    }
    for (period, (parts, finish)) in finishes.into_iter().enumerate() {
        let results = parts.map(|part| {
            let name = part_column(part);
            let data_type = aggregated.schema().field_with_unqualified_name(&name)?.data_type().clone();
            Ok(Typed::new(ident(name), data_type))
        });
        let results = results.collect::<Result<Vec<_>, LowerError>>()?;
        let value = finish.value(&results, &lit(is_total))?;
        columns.push(value.expr.alias(value_column(position, period)));
    }
    Ok(LogicalPlanBuilder::from(aggregated).project(columns)?.build()?)
}

/// The column of a value in a period.
pub(super) fn value_column(position: usize, period: usize) -> String {
    format!("__g{position}_p{period}")
}

fn part_column(part: usize) -> String {
    format!("__a{part}")
}
