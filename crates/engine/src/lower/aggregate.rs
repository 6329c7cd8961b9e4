//! Aggregations as aggregate functions of the engine, with types that neither wrap nor round early.
//!
//! An aggregation is one or two functions inside the aggregate and a formula over their results
//! after it: averages divide exact sums last, counts tell no rows from none counted.

use datafusion::arrow::datatypes::DataType;
use datafusion::functions_aggregate::expr_fn::{count, count_distinct, first_value, last_value, max, median, min, sum};
use datafusion::logical_expr::{Expr, ExprFunctionExt, SortExpr, and, cast, is_not_null, lit, when};
use datafusion::scalar::ScalarValue;
use sextant_semantics::catalog::aggregation::Aggregation;

use super::LowerError;
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
    /// An exact sum as a decimal of 38 digits with this scale; an error beyond them.
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
    let filtered = |function: Expr| with_filter(function, condition.clone());
    let one = |function: Expr| -> Result<Aggregated, LowerError> {
        Ok(Aggregated { functions: vec![filtered(function)?], finish: Finish::Value })
    };
    let rows = || filtered(count(lit(1_i64)));
    let Some(argument) = argument.map(plain) else {
        return match aggregation {
            Aggregation::Count => Ok(Aggregated { functions: vec![rows()?, rows()?], finish: Finish::Count }),
            _ => Err(LowerError::Unbound("the argument of an aggregation")),
        };
    };
    match aggregation {
        Aggregation::Sum => {
            let (function, finish) = exact_sum(money(argument, money_scale))?;
            Ok(Aggregated { functions: vec![filtered(function)?], finish })
        }
        Aggregation::Min => one(min(money(argument, money_scale).expr)),
        Aggregation::Max => one(max(money(argument, money_scale).expr)),
        Aggregation::Count => {
            Ok(Aggregated { functions: vec![filtered(count(argument.expr))?, rows()?], finish: Finish::Count })
        }
        Aggregation::CountDistinct => {
            Ok(Aggregated { functions: vec![filtered(count_distinct(argument.expr))?, rows()?], finish: Finish::Count })
        }
        Aggregation::Average => {
            let argument = money(argument, money_scale);
            let values = filtered(count(argument.expr.clone()))?;
            let (function, _) = exact_sum(argument)?;
            Ok(Aggregated { functions: vec![filtered(function)?, values], finish: Finish::Average })
        }
        Aggregation::Median => one(median(argument.float().expr)),
        Aggregation::Percentile { fraction, discrete } => one(percentile(argument.float().expr, fraction, discrete)),
        Aggregation::SumBoolean => one(sum(argument.cast(DataType::Boolean).cast(DataType::Int64).expr)),
        Aggregation::First => {
            let argument = money(argument, money_scale);
            let known = known_rows(&argument.expr, order, condition.clone());
            let function = first_value(argument.expr, ascending(order));
            Ok(Aggregated { functions: vec![with_filter(function, Some(known))?], finish: Finish::Value })
        }
        Aggregation::Last => {
            let argument = money(argument, money_scale);
            let known = known_rows(&argument.expr, order, condition.clone());
            let function = last_value(argument.expr, ascending(order));
            Ok(Aggregated { functions: vec![with_filter(function, Some(known))?], finish: Finish::Value })
        }
    }
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
                let counted = column(0)?;
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

/// The sum of a number and what makes its result 38 digits.
fn exact_sum(of: Typed) -> Result<(Expr, Finish), LowerError> {
    match of.number()? {
        Number::Float => Ok((sum(of.float().expr), Finish::Value)),
        Number::Exact { precision, scale } if precision <= SAFE_DIGITS => {
            Ok((sum(decimal(of)?.expr), Finish::Sum { scale }))
        }
        Number::Exact { scale, .. } => {
            let wide = DataType::Decimal256(MAX_DIGITS, scale);
            Ok((sum(cast(decimal(of)?.expr, wide)), Finish::Sum { scale }))
        }
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

/// Rows whose value and place in the order are known.
fn known_rows(value: &Expr, order: &[Expr], condition: Option<Expr>) -> Expr {
    let known = is_not_null(value.clone());
    let known = order.first().map_or(known.clone(), |time| and(known, is_not_null(time.clone())));
    match condition {
        Some(condition) => and(condition, known),
        None => known,
    }
}

fn ascending(order: &[Expr]) -> Vec<SortExpr> {
    order.iter().map(|by| by.clone().sort(true, false)).collect()
}

fn with_filter(function: Expr, condition: Option<Expr>) -> Result<Expr, LowerError> {
    match condition {
        Some(condition) => Ok(function.filter(condition).build()?),
        None => Ok(function),
    }
}
