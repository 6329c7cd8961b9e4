//! What a metric's formula splits its change into: the terms of a sum, or the factors of a product.

use super::super::super::audit::Factor;
use super::super::super::computation::ComputationId;
use crate::expr::{BinaryOp, Expr, Kind, Literal};

/// The terms of a sum with their coefficients; none where it is no sum of other metrics.
pub(super) fn terms(expr: &Expr<ComputationId>, times: f64) -> Option<Vec<(f64, ComputationId)>> {
    match expr.kind.as_ref() {
        Kind::Ref(of) => Some(vec![(times, *of)]),
        Kind::Negate(of) => terms(of, -times),
        Kind::Binary { op: BinaryOp::Add, left, right } => Some([terms(left, times)?, terms(right, times)?].concat()),
        Kind::Binary { op: BinaryOp::Subtract, left, right } => {
            Some([terms(left, times)?, terms(right, -times)?].concat())
        }
        Kind::Binary { op: BinaryOp::Multiply, left, right } => match (number(left), number(right)) {
            (Some(by), None) => terms(right, times * by),
            (None, Some(by)) => terms(left, times * by),
            _ => None,
        },
        Kind::Call { function: crate::expr::Function::Coalesce, arguments } => match arguments.as_slice() {
            [of, other] if number(other) == Some(0.0) => terms(of, times),
            _ => None,
        },
        _ => None,
    }
}

/// The factors of a product; none where it is no product of other metrics alone.
pub(super) fn factors(expr: &Expr<ComputationId>, inverted: bool) -> Option<Vec<Factor>> {
    match expr.kind.as_ref() {
        Kind::Ref(of) => Some(vec![Factor { of: *of, inverted }]),
        Kind::Binary { op: BinaryOp::Multiply, left, right } => {
            Some([factors(left, inverted)?, factors(right, inverted)?].concat())
        }
        Kind::Binary { op: BinaryOp::Divide, left, right } => {
            Some([factors(left, inverted)?, factors(right, !inverted)?].concat())
        }
        _ => None,
    }
}

fn number(expr: &Expr<ComputationId>) -> Option<f64> {
    match expr.kind.as_ref() {
        Kind::Literal(Literal::Integer(value)) => Some(*value as f64),
        Kind::Literal(Literal::Float(value)) => Some(*value),
        Kind::Literal(Literal::Decimal { unscaled, scale }) => Some(*unscaled as f64 / 10_f64.powi(i32::from(*scale))),
        Kind::Negate(of) => Some(-number(of)?),
        _ => None,
    }
}
