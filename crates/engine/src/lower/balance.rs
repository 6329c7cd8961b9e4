//! Balances: of each partition only the rows at its first or last time count.
//!
//! The extreme time is a window over the rows that a measure sees in a period, worked out before
//! anything is aggregated; a row then counts where its time is the extreme. A group has partitions
//! of its own within each bucket, which the total has not.

use datafusion::functions_aggregate::min_max::{max_udaf, min_udaf};
use datafusion::logical_expr::expr::WindowFunction;
use datafusion::logical_expr::{
    Expr, ExprFunctionExt, LogicalPlan, LogicalPlanBuilder, WindowFunctionDefinition, ident, when,
};
use sextant_semantics::model::metric::WindowChoice;
use sextant_semantics::plan::{Aggregate, Balance};
use sextant_semantics::query::spine::UNIT_COLUMN;

use super::LowerError;
use super::fact::key_column;
use super::join_over_time_range::IS_TOTAL;
use super::rows::Scope;
use super::typed::decoded;

/// Which aggregate a condition is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Of {
    Groups,
    Total,
}

/// The same rows with the extreme times of every balance as columns; `seen` says for each measure
/// and period which rows it sees, all where it is `None`.
pub(super) fn with_extremes(
    scope: &Scope<'_>,
    of: &Aggregate,
    rows: LogicalPlan,
    seen: &[Vec<Option<Expr>>],
) -> Result<LogicalPlan, LowerError> {
    let balances = || of.measures.iter().enumerate().filter_map(|(m, of)| Some((m, of.balance.as_ref()?)));
    if balances().next().is_none() {
        return Ok(rows);
    }
    let mut columns: Vec<Expr> = rows.schema().columns().into_iter().map(Expr::Column).collect();
    for (measure, balance) in balances() {
        let time = scope.time(&balance.time, rows.schema())?.bucket(balance.granularity)?;
        columns.push(time.expr.alias(time_column(measure)));
        for (position, by) in balance.by.iter().enumerate() {
            let value = scope.value(by, rows.schema())?;
            let data_type = decoded(&value.data_type);
            columns.push(value.cast(data_type).expr.alias(by_column(measure, position)));
        }
        // What a period shows of a row must outlive this projection.
        for (period, seen) in seen[measure].iter().enumerate() {
            let time = scope.time(&balance.time, rows.schema())?.bucket(balance.granularity)?.expr;
            let time = match seen {
                Some(seen) => when(seen.clone(), time).end()?,
                None => time,
            };
            columns.push(time.alias(seen_column(measure, period)));
        }
    }
    let rows = LogicalPlanBuilder::from(rows).project(columns)?.build()?;
    let mut plan = LogicalPlanBuilder::from(rows);
    for (measure, balance) in balances() {
        let by = (0..balance.by.len()).map(|position| ident(by_column(measure, position)));
        // Rows that stand in windows of a time spine are other rows for each unit.
        let unit = of.spine().map(|_| [ident(IS_TOTAL), ident(UNIT_COLUMN)]);
        let by: Vec<Expr> = by.chain(unit.into_iter().flatten()).collect();
        let bucket: Vec<Expr> = balance.buckets.iter().map(|key| ident(key_column(*key))).collect();
        for (part, more) in [(Of::Total, None), (Of::Groups, Some(bucket).filter(|bucket| !bucket.is_empty()))] {
            if part == Of::Groups && more.is_none() {
                continue;
            }
            let by: Vec<Expr> = by.iter().cloned().chain(more.into_iter().flatten()).collect();
            let windows = (0..seen[measure].len()).map(|period| {
                let extreme = extreme(balance, measure, period, by.clone())?;
                Ok(extreme.alias(extreme_column(part, measure, period)))
            });
            // The engine takes the windows of one node to have one partition.
            plan = plan.window(windows.collect::<Result<Vec<_>, LowerError>>()?)?;
        }
    }
    Ok(plan.build()?)
}

/// Whether a row stands at the extreme time of its partition.
pub(super) fn at_extreme(balance: &Balance, of: Of, measure: usize, period: usize) -> Expr {
    let of = if balance.buckets.is_empty() { Of::Total } else { of };
    ident(time_column(measure)).eq(ident(extreme_column(of, measure, period)))
}

fn extreme(balance: &Balance, measure: usize, period: usize, by: Vec<Expr>) -> Result<Expr, LowerError> {
    let function = match balance.choice {
        WindowChoice::First => min_udaf(),
        WindowChoice::Last => max_udaf(),
    };
    let function = WindowFunctionDefinition::AggregateUDF(function);
    let of = WindowFunction::new(function, vec![ident(seen_column(measure, period))]);
    Ok(Expr::from(of).partition_by(by).build()?)
}

fn time_column(measure: usize) -> String {
    format!("__t{measure}")
}

fn by_column(measure: usize, position: usize) -> String {
    format!("__b{measure}_{position}")
}

fn seen_column(measure: usize, period: usize) -> String {
    format!("__t{measure}_p{period}")
}

fn extreme_column(of: Of, measure: usize, period: usize) -> String {
    match of {
        Of::Groups => format!("__x{measure}_p{period}"),
        Of::Total => format!("__y{measure}_p{period}"),
    }
}
