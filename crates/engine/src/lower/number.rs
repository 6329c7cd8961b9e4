//! Arithmetic: exact where both sides are, real division, null instead of a division by zero.
//!
//! Integers compute as decimals of 38 digits, so that nothing wraps: what is longer is an error
//! of the question.

use datafusion::arrow::datatypes::DataType;
use datafusion::functions::core::expr_fn::nullif;
use datafusion::functions::math::expr_fn::{abs, ceil, floor, iszero, round};
use datafusion::logical_expr::{Expr, Operator, binary_expr, cast, lit, when};
use datafusion::scalar::ScalarValue;

use super::LowerError;
use super::typed::{MAX_DIGITS, Number, Typed};

/// `left + right`, `left - right` or `left * right`.
pub(super) fn arithmetic(left: Typed, op: Operator, right: Typed) -> Result<Typed, LowerError> {
    let (Number::Exact { precision: p1, scale: s1 }, Number::Exact { precision: p2, scale: s2 }) =
        (left.number()?, right.number()?)
    else {
        return Ok(Typed::new(binary_expr(left.float().expr, op, right.float().expr), DataType::Float64));
    };
    let (precision, scale) = if op == Operator::Multiply {
        (p1.saturating_add(p2).saturating_add(1), s1.saturating_add(s2))
    } else {
        let scale = s1.max(s2);
        ((scale + (p1 as i8 - s1).max(p2 as i8 - s2)) as u8 + 1, scale)
    };
    if scale > MAX_DIGITS as i8 {
        return Err(LowerError::NumericOverflow);
    }
    let data_type = DataType::Decimal128(precision.min(MAX_DIGITS), scale);
    let constant = left.is_literal() || right.is_literal();
    let expr = binary_expr(decimal(left)?.expr, op, decimal(right)?.expr);
    Ok(if constant { of_type(expr, data_type) } else { Typed::new(expr, data_type) })
}

/// Holds the type fast: the engine simplifies `a * 1` to `a` and `a * 0` to `0` of other digits.
fn of_type(expr: Expr, data_type: DataType) -> Typed {
    Typed::new(cast(expr, data_type.clone()), data_type)
}

/// Real division in doubles; null where the divisor is zero of either sign.
pub(crate) fn divide(left: Typed, right: Typed) -> Result<Typed, LowerError> {
    left.number()?;
    right.number()?;
    let divisor = right.float().expr;
    let quotient = binary_expr(left.float().expr, Operator::Divide, divisor.clone());
    let expr = when(iszero(divisor), lit(ScalarValue::Float64(None))).otherwise(quotient)?;
    Ok(Typed::new(expr, DataType::Float64))
}

/// The remainder with the sign of the dividend; null where the divisor is zero.
pub(super) fn modulo(left: Typed, right: Typed) -> Result<Typed, LowerError> {
    let (Number::Exact { precision: p1, scale: s1 }, Number::Exact { precision: p2, scale: s2 }) =
        (left.number()?, right.number()?)
    else {
        let divisor = right.float().expr;
        let remainder = binary_expr(left.float().expr, Operator::Modulo, divisor.clone());
        let expr = when(iszero(divisor), lit(ScalarValue::Float64(None))).otherwise(remainder)?;
        return Ok(Typed::new(expr, DataType::Float64));
    };
    let scale = s1.max(s2);
    let precision = ((p1 as i8 - s1).min(p2 as i8 - s2) + scale).clamp(1, MAX_DIGITS as i8) as u8;
    let zero = lit(ScalarValue::Decimal128(Some(0), p2, s2));
    let divisor = nullif(decimal(right)?.expr, zero);
    let expr = binary_expr(decimal(left)?.expr, Operator::Modulo, divisor);
    Ok(of_type(expr, DataType::Decimal128(precision, scale)))
}

/// `-of`; a literal stays one, so that columns still meet a constant.
pub(super) fn negate(of: Typed) -> Result<Typed, LowerError> {
    let negated = match &of.expr {
        Expr::Literal(ScalarValue::Int64(Some(value)), _) => value.checked_neg().map(|v| ScalarValue::Int64(Some(v))),
        Expr::Literal(ScalarValue::Float64(Some(value)), _) => Some(ScalarValue::Float64(Some(-value))),
        Expr::Literal(ScalarValue::Decimal128(Some(value), precision, scale), _) => {
            Some(ScalarValue::Decimal128(Some(-value), *precision, *scale))
        }
        _ => None,
    };
    if let Some(value) = negated {
        return Ok(Typed::scalar(value));
    }
    let of = match of.number()? {
        Number::Exact { .. } => decimal(of)?,
        Number::Float => of.float(),
    };
    Ok(Typed::new(Expr::Negative(Box::new(of.expr)), of.data_type))
}

pub(super) fn absolute(of: Typed) -> Result<Typed, LowerError> {
    let of = match of.number()? {
        Number::Exact { .. } => decimal(of)?,
        Number::Float => of.float(),
    };
    Ok(Typed::new(abs(of.expr), of.data_type))
}

/// Rounds halves away from zero to `digits` after the point; to the left of it when negative.
pub(super) fn round_to(of: Typed, digits: i8) -> Result<Typed, LowerError> {
    let (precision, scale) = match of.number()? {
        Number::Float => {
            let expr = round(vec![of.float().expr, lit(i64::from(digits))]);
            return Ok(Typed::new(expr, DataType::Float64));
        }
        Number::Exact { precision, scale } => (precision, scale),
    };
    let of = decimal(of)?;
    if digits >= scale {
        return Ok(of);
    }
    let whole = (precision as i8 - scale).max(0) as u8;
    if digits >= 0 {
        return Ok(of.cast(DataType::Decimal128((whole + 1 + digits as u8).min(MAX_DIGITS), digits)));
    }
    let places = digits.unsigned_abs();
    if places > whole {
        let zero = arithmetic(of, Operator::Multiply, Typed::scalar(ScalarValue::Int64(Some(0))))?;
        return Ok(zero.cast(DataType::Decimal128(1, 0)));
    }
    // Moved right by the places, rounded to whole numbers, and moved back: exact at each step.
    let fraction = Typed::scalar(ScalarValue::Decimal128(Some(1), places, places as i8));
    let moved = arithmetic(of, Operator::Multiply, fraction)?;
    let rounded = moved.cast(DataType::Decimal128((whole + 1).min(MAX_DIGITS), 0));
    let power = ScalarValue::Decimal128(Some(10_i128.pow(u32::from(places))), places + 1, 0);
    arithmetic(rounded, Operator::Multiply, Typed::scalar(power))
}

/// The same with digits that are not known before the rows: in doubles.
pub(super) fn round_to_each(of: Typed, digits: Typed) -> Typed {
    Typed::new(round(vec![of.float().expr, digits.cast(DataType::Int64).expr]), DataType::Float64)
}

pub(super) fn floor_of(of: Typed) -> Result<Typed, LowerError> {
    to_whole(of, floor)
}

pub(super) fn ceil_of(of: Typed) -> Result<Typed, LowerError> {
    to_whole(of, ceil)
}

fn to_whole(of: Typed, function: impl Fn(Expr) -> Expr) -> Result<Typed, LowerError> {
    match of.number()? {
        Number::Float => Ok(Typed::new(function(of.float().expr), DataType::Float64)),
        Number::Exact { scale, .. } if scale <= 0 => Ok(of),
        Number::Exact { precision, scale } => {
            // One digit more, for what is carried: 99.99 to 100.
            let wide = of.cast(DataType::Decimal128((precision + 1).min(MAX_DIGITS), scale));
            let whole = DataType::Decimal128((precision - scale as u8 + 1).min(MAX_DIGITS), 0);
            Ok(Typed::new(function(wide.expr), wide.data_type).cast(whole))
        }
    }
}

/// An exact number as a decimal of its own digits.
pub(super) fn decimal(of: Typed) -> Result<Typed, LowerError> {
    match of.number()? {
        Number::Float => Err(LowerError::mismatch("an exact number", &of.data_type)),
        Number::Exact { precision, scale } => Ok(of.cast(DataType::Decimal128(precision, scale))),
    }
}
