//! Values by unit become one a group: the first, the last or the mean of the units that have rows.

use datafusion::arrow::datatypes::DataType;
use datafusion::functions_aggregate::average::avg_udaf;
use datafusion::functions_aggregate::expr_fn::sum;
use datafusion::functions_aggregate::first_last::{first_value_udaf, last_value_udaf};
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast, ident, lit};
use sextant_semantics::model::metric::PeriodAggregation;
use sextant_semantics::query::spine::UNIT_COLUMN;

use super::LowerError;

/// A measure's column in a period, and the column of that period's count of rows.
pub(super) struct Value {
    pub(super) name: String,
    pub(super) rows: String,
}

/// `by_unit` has the keys, [`UNIT_COLUMN`], counts of rows and values; the result has no unit.
pub(super) fn pick(
    by_unit: LogicalPlan,
    how: PeriodAggregation,
    keys: &[String],
    counts: &[String],
    values: &[Value],
) -> Result<LogicalPlan, LowerError> {
    let groups: Vec<Expr> = keys.iter().map(ident).collect();
    let mut functions: Vec<Expr> = counts.iter().map(|name| sum(ident(name)).alias(name)).collect();
    for value in values {
        let has_rows = Some(Box::new(ident(&value.rows).gt(lit(0_i64))));
        let by_unit = vec![ident(UNIT_COLUMN).sort(true, false)];
        let of = ident(&value.name);
        let call = match how {
            PeriodAggregation::First => {
                AggregateFunction::new_udf(first_value_udaf(), vec![of], false, has_rows, by_unit, None)
            }
            PeriodAggregation::Last => {
                AggregateFunction::new_udf(last_value_udaf(), vec![of], false, has_rows, by_unit, None)
            }
            PeriodAggregation::Average => {
                let of = cast(of, DataType::Float64);
                AggregateFunction::new_udf(avg_udaf(), vec![of], false, has_rows, Vec::new(), None)
            }
        };
        functions.push(Expr::AggregateFunction(call).alias(&value.name));
    }
    Ok(LogicalPlanBuilder::from(by_unit).aggregate(groups, functions)?.build()?)
}
