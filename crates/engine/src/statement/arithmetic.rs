//! Arithmetic as everywhere in a model: division is of real numbers and null by zero, and whole numbers do not
//! wrap.

use datafusion::arrow::datatypes::DataType;
use datafusion::common::DFSchema;
use datafusion::error::Result;
use datafusion::functions::expr_fn::nullif;
use datafusion::logical_expr::planner::{ExprPlanner, PlannerResult, RawBinaryExpr};
use datafusion::logical_expr::{Expr, ExprSchemable, Operator, binary_expr, cast, lit};
use datafusion::sql::sqlparser::ast::BinaryOperator;

/// Plans `/`, `%`, `+`, `-` and `*`.
#[derive(Debug)]
pub(super) struct Arithmetic;

/// Digits of the decimals that whole numbers are computed as: the sum, difference and product of two of them fit.
const WHOLE: DataType = DataType::Decimal128(19, 0);

impl ExprPlanner for Arithmetic {
    fn plan_binary_op(&self, raw: RawBinaryExpr, schema: &DFSchema) -> Result<PlannerResult<RawBinaryExpr>> {
        let operator = match raw.op {
            BinaryOperator::Divide => Operator::Divide,
            BinaryOperator::Modulo => Operator::Modulo,
            BinaryOperator::Plus => Operator::Plus,
            BinaryOperator::Minus => Operator::Minus,
            BinaryOperator::Multiply => Operator::Multiply,
            _ => return Ok(PlannerResult::Original(raw)),
        };
        let types = (raw.left.get_type(schema), raw.right.get_type(schema));
        let (Ok(left), Ok(right)) = types else { return Ok(PlannerResult::Original(raw)) };
        if operator == Operator::Divide && is_number(&left) && is_number(&right) {
            let divisor = nullif(cast(raw.right, DataType::Float64), lit(0.0));
            return Ok(planned(cast(raw.left, DataType::Float64), operator, divisor));
        }
        if operator == Operator::Modulo && left.is_integer() && right.is_integer() {
            let divisor = nullif(cast(raw.right, DataType::Int64), lit(0_i64));
            return Ok(planned(cast(raw.left, DataType::Int64), operator, divisor));
        }
        if is_wide(&left) && is_wide(&right) && !(is_literal(&raw.left) && is_literal(&raw.right)) {
            return Ok(planned(cast(raw.left, WHOLE), operator, cast(raw.right, WHOLE)));
        }
        Ok(PlannerResult::Original(raw))
    }
}

fn planned(left: Expr, operator: Operator, right: Expr) -> PlannerResult<RawBinaryExpr> {
    PlannerResult::Planned(binary_expr(left, operator, right))
}

fn is_number(of: &DataType) -> bool {
    of.is_numeric() || of.is_null()
}

fn is_wide(of: &DataType) -> bool {
    matches!(of, DataType::Int64 | DataType::UInt64)
}

fn is_literal(expr: &Expr) -> bool {
    matches!(expr, Expr::Literal(..))
}
