//! Aggregations as aggregate functions of the engine, with types that neither wrap nor round early.
//!
//! An aggregation is one or two functions inside the aggregate and a formula over their results
//! after it: averages divide exact sums last, counts tell no rows from none counted.

use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::functions::core::expr_fn::coalesce;
use datafusion::functions_aggregate::approx_distinct::approx_distinct_udaf;
use datafusion::functions_aggregate::count::count_udaf;
use datafusion::functions_aggregate::first_last::{first_value_udaf, last_value_udaf};
use datafusion::functions_aggregate::median::median_udaf;
use datafusion::functions_aggregate::min_max::{max_udaf, min_udaf};
use datafusion::functions_aggregate::sum::sum_udaf;
use datafusion::logical_expr::expr::AggregateFunction;
use datafusion::logical_expr::{AggregateUDF, Expr, SortExpr, is_not_null, lit, when};
use datafusion::scalar::ScalarValue;
use sextant_semantics::catalog::aggregation::Aggregation;

use super::LowerError;
use super::double_sum::double_sum;
use super::exact_sum::exact_sum;
use super::number::{decimal, divide};
use super::percentile::percentile;
use super::typed::{MAX_DIGITS, Number, Typed, decoded};

/// What one measure aggregates over one period.
pub(super) struct Aggregated {
    /// Functions for the aggregate, in the order of `finish`'s columns.
    pub(super) functions: Vec<Expr>,
    pub(super) finish: Finish,
}

/// The measure's value over the results of its functions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finish {
    /// The first function's result.
    Value,
    /// An exact sum as a decimal of 38 digits with this scale.
    Sum { scale: i8 },
    /// The first result by the second.
    Average,
    /// The first result, null in a group where the second, a count of rows, is 0.
    Count,
}

/// Digits of a row's value up to which a sum of 38 digits cannot wrap: it takes 170 million rows
/// of the largest values to reach 128 bits.
const SAFE_DIGITS: u8 = 30;
/// Digits of a row's amount of money that is stored as a float.
const MONEY_DIGITS: u8 = 28;

/// The functions of an aggregation over the rows where `condition` is true, all rows without one.
/// `order` is that of rows, for the first and the last.
pub(super) fn aggregate(
    aggregation: Aggregation,
    argument: Option<Typed>,
    money_scale: Option<u8>,
    order: &[Expr],
    condition: Option<Expr>,
) -> Result<Aggregated, LowerError> {
    let calls = Calls { condition };
    let Some(argument) = argument.map(plain) else {
        return match aggregation {
            Aggregation::Count => Ok(calls.count(vec![calls.rows(), calls.rows()])),
            _ => Err(LowerError::Unbound("the argument of an aggregation")),
        };
    };
    match aggregation {
        Aggregation::Sum => {
            let (function, of, finish) = sum_of(money(argument, money_scale))?;
            Ok(Aggregated { functions: vec![calls.over(function, of)], finish })
        }
        Aggregation::Min => Ok(calls.one(min_udaf(), money(argument, money_scale).expr)),
        Aggregation::Max => Ok(calls.one(max_udaf(), money(argument, money_scale).expr)),
        Aggregation::Count => Ok(calls.count(vec![calls.over(count_udaf(), argument.expr), calls.rows()])),
        Aggregation::CountDistinct => Ok(calls.count(vec![calls.distinct(argument.expr), calls.rows()])),
        Aggregation::ApproxCountDistinct => {
            let counted = calls.over(approx_distinct_udaf(), argument.expr);
            Ok(calls.count(vec![counted, calls.rows()]))
        }
        Aggregation::Average => {
            let argument = money(argument, money_scale);
            let values = calls.over(count_udaf(), argument.expr.clone());
            let (function, of, _) = sum_of(argument)?;
            Ok(Aggregated { functions: vec![calls.over(function, of), values], finish: Finish::Average })
        }
        Aggregation::Median => Ok(calls.one(median_udaf(), argument.float().expr)),
        Aggregation::Percentile { fraction, discrete } => {
            Ok(calls.one(percentile(fraction, discrete), argument.float().expr))
        }
        Aggregation::SumBoolean => {
            // A row whose boolean is not known is a row that is not true.
            let ones = argument.cast(DataType::Boolean).cast(DataType::Int64).expr;
            Ok(calls.one(sum_udaf(), coalesce(vec![ones, lit(0_i64)])))
        }
        Aggregation::First => calls.in_order(first_value_udaf(), money(argument, money_scale), order),
        Aggregation::Last => calls.in_order(last_value_udaf(), money(argument, money_scale), order),
    }
}

/// Calls of aggregate functions over the rows where a condition is true.
struct Calls {
    condition: Option<Expr>,
}

impl Calls {
    fn over(&self, function: Arc<AggregateUDF>, of: Expr) -> Expr {
        call(function, of, Rows { distinct: false, condition: self.condition.clone(), order: Vec::new() })
    }

    fn distinct(&self, of: Expr) -> Expr {
        call(count_udaf(), of, Rows { distinct: true, condition: self.condition.clone(), order: Vec::new() })
    }

    fn rows(&self) -> Expr {
        count_rows(self.condition.clone())
    }

    fn one(&self, function: Arc<AggregateUDF>, of: Expr) -> Aggregated {
        Aggregated { functions: vec![self.over(function, of)], finish: Finish::Value }
    }

    fn count(&self, functions: Vec<Expr>) -> Aggregated {
        Aggregated { functions, finish: Finish::Count }
    }

    /// The first or the last of the rows whose value and place in the order are known.
    fn in_order(&self, function: Arc<AggregateUDF>, of: Typed, order: &[Expr]) -> Result<Aggregated, LowerError> {
        let time = order.first().ok_or(LowerError::Unbound("an order of rows"))?;
        let known = is_not_null(of.expr.clone()).and(is_not_null(time.clone()));
        let condition = Some(self.condition.clone().into_iter().fold(known, Expr::and));
        let order = order.iter().map(|by| by.clone().sort(true, false)).collect();
        let function = call(function, of.expr, Rows { distinct: false, condition, order });
        Ok(Aggregated { functions: vec![function], finish: Finish::Value })
    }
}

/// The number of rows where a condition is true.
pub(super) fn count_rows(condition: Option<Expr>) -> Expr {
    call(count_udaf(), lit(1_i64), Rows { distinct: false, condition, order: Vec::new() })
}

/// The sum of integers that are known, where a condition is true.
pub(super) fn sum_known(of: Typed, condition: Option<Expr>) -> Expr {
    call(sum_udaf(), of.expr, Rows { distinct: false, condition, order: Vec::new() })
}

/// The sum of counts, 0 over none, where a condition is true.
pub(super) fn sum_counts(of: Expr, condition: Option<Expr>) -> Result<Expr, LowerError> {
    let of = match condition {
        Some(condition) => when(condition, of).otherwise(lit(0_i64))?,
        None => of,
    };
    Ok(call(sum_udaf(), of, Rows { distinct: false, condition: None, order: Vec::new() }))
}

/// Which rows a function sees, and how.
struct Rows {
    distinct: bool,
    condition: Option<Expr>,
    order: Vec<SortExpr>,
}

/// Made in one go: the engine's builders take DISTINCT and the order away from a function that is
/// given a filter afterwards.
fn call(function: Arc<AggregateUDF>, of: Expr, rows: Rows) -> Expr {
    let filter = rows.condition.map(Box::new);
    Expr::AggregateFunction(AggregateFunction::new_udf(function, vec![of], rows.distinct, filter, rows.order, None))
}

impl Finish {
    /// The measure's value over `columns`, the results of its functions; `is_total` says of a row
    /// whether it is the total over no keys.
    pub(super) fn value(self, columns: &[Typed], is_total: &Expr) -> Result<Typed, LowerError> {
        let column = |position: usize| columns.get(position).cloned().ok_or(LowerError::Unbound("an aggregate"));
        match self {
            Finish::Value => column(0),
            Finish::Sum { scale } => Ok(column(0)?.cast(DataType::Decimal128(MAX_DIGITS, scale))),
            Finish::Average => divide(column(0)?, column(1)?),
            Finish::Count => {
                let counted = column(0)?.cast(DataType::Int64);
                let has_rows = column(1)?.expr.gt(lit(0_i64)).or(is_total.clone());
                let expr = when(has_rows, counted.expr).otherwise(lit(ScalarValue::Int64(None)))?;
                Ok(Typed::new(expr, DataType::Int64))
            }
        }
    }

    /// The value over no rows and no keys.
    pub(super) fn of_nothing(self, data_type: &DataType) -> Result<ScalarValue, LowerError> {
        match self {
            Finish::Count => Ok(ScalarValue::Int64(Some(0))),
            Finish::Value | Finish::Sum { .. } | Finish::Average => Ok(ScalarValue::try_from(data_type)?),
        }
    }
}

/// A sum of a number: the function, what it sums, and what makes its result 38 digits.
fn sum_of(of: Typed) -> Result<(Arc<AggregateUDF>, Expr, Finish), LowerError> {
    match of.number()? {
        Number::Float => Ok((double_sum(), of.float().expr, Finish::Value)),
        Number::Exact { precision, scale } if precision <= SAFE_DIGITS => {
            Ok((sum_udaf(), decimal(of)?.expr, Finish::Sum { scale }))
        }
        Number::Exact { precision, scale } => Ok((exact_sum(precision, scale), decimal(of)?.expr, Finish::Value)),
    }
}

/// An amount of money that is stored as a float, as the decimal that it means.
fn money(of: Typed, scale: Option<u8>) -> Typed {
    match (scale, &of.data_type) {
        (Some(scale), DataType::Float16 | DataType::Float32 | DataType::Float64) => {
            of.float().cast(DataType::Decimal128(MONEY_DIGITS, scale as i8))
        }
        _ => of,
    }
}

/// A value as it is, where the column codes it.
fn plain(of: Typed) -> Typed {
    let data_type = decoded(&of.data_type);
    of.cast(data_type)
}
