//! Values by unit become one a group: the first, the last or the mean of the units that have a value.

use datafusion::arrow::datatypes::DataType;
use datafusion::functions_aggregate::expr_fn::{count, sum};
use datafusion::functions_aggregate::first_last::{first_value_udaf, last_value_udaf};
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, cast, ident};
use sextant_semantics::model::metric::PeriodAggregation;
use sextant_semantics::query::spine::UNIT_COLUMN;

use super::LowerError;
use super::double_sum::double_sum;

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
                // Not the engine's mean, whose last digits follow the order of rows.
                functions.push(count(of.clone()).alias(how_many(value)));
                let of = cast(of, DataType::Float64);
                AggregateFunction::new_udf(double_sum(), vec![of], false, has_value, Vec::new(), None)
            }
        };
        functions.push(Expr::AggregateFunction(call).alias(value));
    }
    let picked = values.iter().map(|value| match how {
        PeriodAggregation::First | PeriodAggregation::Last => ident(value),
        PeriodAggregation::Average => (ident(value) / cast(ident(how_many(value)), DataType::Float64)).alias(value),
    });
    let columns: Vec<Expr> = keys.iter().chain(counts).map(ident).chain(picked).collect();
    Ok(LogicalPlanBuilder::from(by_unit).aggregate(groups, functions)?.project(columns)?.build()?)
}

/// The column of how many units have a value.
fn how_many(value: &str) -> String {
    format!("{value}_units")
}
