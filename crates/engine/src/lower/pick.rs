//! Values by unit become one a group: the first, the last or the mean of the units that have a value.

use datafusion::arrow::datatypes::DataType;
use datafusion::functions_aggregate::average::avg_udaf;
use datafusion::functions_aggregate::expr_fn::sum;
use datafusion::functions_aggregate::first_last::{first_value_udaf, last_value_udaf};
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast, ident};
use sextant_semantics::model::metric::PeriodAggregation;
use sextant_semantics::query::spine::UNIT_COLUMN;

use super::LowerError;

/// `by_unit` has the keys, [`UNIT_COLUMN`], counts of rows and values; the result has no unit.
pub(super) fn pick(
    by_unit: LogicalPlan,
    how: PeriodAggregation,
    keys: &[String],
    counts: &[String],
    values: &[String],
) -> Result<LogicalPlan, LowerError> {
    let groups: Vec<Expr> = keys.iter().map(ident).collect();
    let mut functions: Vec<Expr> = counts.iter().map(|name| sum(ident(name)).alias(name)).collect();
    for value in values {
        // Of this measure: a unit may have rows of others alone.
        let has_value = Some(Box::new(ident(value).is_not_null()));
        let by_unit = vec![ident(UNIT_COLUMN).sort(true, false)];
        let of = ident(value);
        let call = match how {
            PeriodAggregation::First => {
                AggregateFunction::new_udf(first_value_udaf(), vec![of], false, has_value, by_unit, None)
            }
            PeriodAggregation::Last => {
                AggregateFunction::new_udf(last_value_udaf(), vec![of], false, has_value, by_unit, None)
            }
            PeriodAggregation::Average => {
                let of = cast(of, DataType::Float64);
                AggregateFunction::new_udf(avg_udaf(), vec![of], false, has_value, Vec::new(), None)
            }
        };
        functions.push(Expr::AggregateFunction(call).alias(value));
    }
    Ok(LogicalPlanBuilder::from(by_unit).aggregate(groups, functions)?.build()?)
}
