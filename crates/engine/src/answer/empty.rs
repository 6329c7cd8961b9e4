//! The side of a pair that has no rows: null, or what metrics fill nulls with.

use sextant_semantics::expr::{BinaryOp, Expr, Function, Kind, Literal};
use sextant_semantics::query::computation::{ComputationId, Formula};
use sextant_semantics::query::resolved::ResolvedQuery;

use super::decode::RawRow;
use super::value::Value;

/// A row that no measure read anything for, in any period.
pub fn empty(query: &ResolvedQuery) -> RawRow {
    let mut values: Vec<Value> = Vec::with_capacity(query.computations.len());
    for computation in &query.computations {
        let value = match &computation.formula {
            Formula::Measure { .. } | Formula::Ratio { .. } | Formula::OfGroups(_) | Formula::OfCohort { .. } => {
                Value::Null
            }
            Formula::Derived(formula) => of_nothing(formula, &values),
        };
        values.push(match (value, &computation.fill) {
            (Value::Null, Some(fill)) => literal(fill),
            (value, _) => value,
        });
    }
    let periods = query.time.periods.len();
    RawRow {
        keys: Vec::new(),
        set: 0,
        rows: vec![0; periods],
        cells: values.into_iter().map(|value| vec![value; periods]).collect(),
    }
}

/// A formula over values that are null or filled. Sums, differences and `coalesce` keep what was
/// filled; every other formula over nothing is null.
fn of_nothing(formula: &Expr<ComputationId>, values: &[Value]) -> Value {
    match formula.kind.as_ref() {
        Kind::Ref(id) => values[id.0].clone(),
        Kind::Literal(value) => literal(value),
        Kind::Negate(of) => Value::integer(0).minus(&of_nothing(of, values)),
        Kind::Binary { op: BinaryOp::Add, left, right } => {
            let right = Value::integer(0).minus(&of_nothing(right, values));
            of_nothing(left, values).minus(&right)
        }
        Kind::Binary { op: BinaryOp::Subtract, left, right } => {
            of_nothing(left, values).minus(&of_nothing(right, values))
        }
        Kind::Call { function: Function::Coalesce, arguments } => {
            let mut known = arguments.iter().map(|a| of_nothing(a, values)).filter(|v| !v.is_null());
            known.next().unwrap_or(Value::Null)
        }
        _ => Value::Null,
    }
}

fn literal(value: &Literal) -> Value {
    match value {
        Literal::Integer(value) => Value::integer(*value),
        Literal::Decimal { unscaled, scale } => Value::Exact { unscaled: *unscaled, scale: *scale },
        Literal::Float(value) => Value::float(*value),
        Literal::Null
        | Literal::Boolean(_)
        | Literal::Text(_)
        | Literal::Date(_)
        | Literal::Timestamp(_)
        | Literal::Interval { .. } => Value::Null,
    }
}
