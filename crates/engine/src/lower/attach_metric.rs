//! A metric attached to rows: its values by keys, from a plan of their own, left-joined on equal keys.

use datafusion::logical_expr::{Expr, JoinType, LogicalPlan, LogicalPlanBuilder, Operator, binary_expr, ident};
use sextant_semantics::plan::{MetricByKeys, RowExpr};

use super::fact::key_column;
use super::metrics::computation_column;
use super::rows::Scope;
use super::typed::{Typed, unify};
use super::{LowerError, Tables, whole};

/// The rows of `input` with the metric's value as [`value_column`]; null where no row has the keys.
pub(super) fn attach(
    scope: &Scope<'_>,
    input: LogicalPlan,
    position: usize,
    keys: &[RowExpr],
    of: &MetricByKeys,
    tables: &Tables,
) -> Result<LogicalPlan, LowerError> {
    let by_keys = whole(&of.plan, tables)?;
    let far_key = |key: usize| format!("{}_k{key}", value_column(position));
    let mut columns: Vec<Expr> = (0..keys.len()).map(|key| ident(key_column(key)).alias(far_key(key))).collect();
    columns.push(ident(computation_column(of.computation.0, 0)).alias(value_column(position)));
    let by_keys = LogicalPlanBuilder::from(by_keys).project(columns)?.build()?;
    let mut on = Vec::with_capacity(keys.len());
    for (position, key) in keys.iter().enumerate() {
        let name = far_key(position);
        let data_type = by_keys.schema().field_with_unqualified_name(&name)?.data_type().clone();
        let (near, far, _) = unify(scope.value(key, input.schema())?, Typed::new(ident(name), data_type))?;
        on.push(binary_expr(near.expr, Operator::Eq, far.expr));
    }
    Ok(LogicalPlanBuilder::from(input).join_on(by_keys, JoinType::Left, on)?.build()?)
}

/// The column of an attached metric's value.
pub(super) fn value_column(position: usize) -> String {
    format!("__v{position}")
}
