//! CAST and TRY_CAST between the types of models. Numbers round halves away from zero.

use datafusion::arrow::datatypes::DataType;
use datafusion::functions::math::expr_fn::round;
use datafusion::logical_expr::{Expr, cast as checked, lit, try_cast as null_where_it_fails};

use super::typed::{MAX_DIGITS, Number, Typed, decoded, is_text, number};

/// What becomes of a value that does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Misfit {
    /// The question fails.
    Fails,
    Null,
}

/// `of` as another type.
pub(super) fn cast_to(of: Typed, to: DataType, misfit: Misfit) -> Typed {
    let step = |of: Typed, to: DataType| -> Typed {
        if of.data_type == to {
            return of;
        }
        let cast: fn(Expr, DataType) -> Expr = match misfit {
            Misfit::Fails => checked,
            Misfit::Null => null_where_it_fails,
        };
        Typed::new(cast(of.expr, to.clone()), to)
    };
    let of = step(of.clone(), decoded(&of.data_type));
    if to.is_integer() {
        let whole = match number(&of.data_type) {
            Some(Number::Float) => Typed::new(round(vec![of.float().expr, lit(0_i64)]), DataType::Float64),
            Some(Number::Exact { scale, .. }) if scale > 0 => step(of, DataType::Decimal128(MAX_DIGITS, 0)),
            Some(Number::Exact { .. }) | None => of,
        };
        return step(whole, to);
    }
    match (&of.data_type, &to) {
        (DataType::Boolean, DataType::Decimal128(..)) => step(step(of, DataType::Int64), to),
        (DataType::Float16 | DataType::Float32, DataType::Decimal128(..)) => step(of.float(), to),
        _ => step(of, to),
    }
}

/// `of` as text: text as it is stored, anything else written out.
pub(super) fn to_text(of: Typed) -> Typed {
    if is_text(&of.data_type) {
        let data_type = decoded(&of.data_type);
        return of.cast(data_type);
    }
    of.cast(DataType::Utf8View)
}
