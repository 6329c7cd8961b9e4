//! Keep first: of the rows of each thing the earliest, before anything is asked of them.

use datafusion::functions_window::rank::rank_udwf;
use datafusion::logical_expr::expr::WindowFunction;
use datafusion::logical_expr::{
    Expr, ExprFunctionExt, LogicalPlan, LogicalPlanBuilder, SortExpr, WindowFunctionDefinition, ident, lit,
};
use sextant_semantics::plan::TimeColumn;
use sextant_semantics::query::cohort::First;
use sextant_semantics::time::stored::StoredAs;

use super::LowerError;
use super::rows::Scope;
use super::time::in_period;

/// The place of a row among those of its thing.
const PLACE: &str = "__place";

/// The rows of `input` that are the first of their thing; `scope` is that of rows of all time.
pub(super) fn keep(
    scope: &Scope<'_>,
    input: LogicalPlan,
    axis: &TimeColumn,
    of: &First,
) -> Result<LogicalPlan, LowerError> {
    let raw = scope.raw(&axis.expr, input.schema())?;
    let mut looked_at = in_period(&raw, axis.stored, &of.reads)?.and(raw.expr.clone().is_not_null());
    let by = of.by.iter().map(|expr| scope.plain(expr, input.schema())).collect::<Result<Vec<Expr>, _>>()?;
    for thing in &by {
        looked_at = looked_at.and(thing.clone().is_not_null());
    }
    if let Some(conditions) = scope.all(&of.conditions, input.schema())? {
        looked_at = looked_at.and(conditions);
    }
    let at = match axis.stored {
        StoredAs::Date => raw.expr,
        StoredAs::Instant | StoredAs::WallClock(_) => scope.time(axis, input.schema())?.utc()?.expr,
    };
    let mut order: Vec<SortExpr> = vec![at.sort(true, false)];
    for tie in &of.ties {
        order.push(scope.plain(tie, input.schema())?.sort(true, false));
    }
    let columns: Vec<Expr> = input.schema().columns().into_iter().map(Expr::Column).collect();
    // A join that repeats a row gives its repetitions one rank.
    let rank = Expr::from(WindowFunction::new(WindowFunctionDefinition::WindowUDF(rank_udwf()), Vec::new()));
    let place = rank.partition_by(by).order_by(order).build()?.alias(PLACE);
    let placed = LogicalPlanBuilder::from(input).filter(looked_at)?.window(vec![place])?;
    Ok(placed.filter(ident(PLACE).eq(lit(1_u64)))?.project(columns)?.build()?)
}
