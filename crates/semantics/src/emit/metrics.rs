//! Metrics over columns of measures: formulas written out.

use super::dialect::{Dialect, divide, refused};
use super::expression::{expression, together};
use super::layout::Layout;
use super::piece::{Sql, Typed};
use crate::diagnostic::Diagnostic;
use crate::expr::{BinaryOp, Expr, Function, Kind, Literal};
use crate::plan::SemanticPlan;
use crate::query::computation::{ComputationId, Formula};

/// Characters of a formula; a longer one would not be read.
const LONGEST: usize = 20_000;

/// A computation in a period.
pub(super) fn value(
    dialect: Dialect,
    plan: &SemanticPlan,
    layout: &Layout,
    id: ComputationId,
    period: usize,
) -> Result<Typed, Diagnostic> {
    let computation = &plan.root.computations[id.0];
    let of = |id: ComputationId| value(dialect, plan, layout, id, period);
    let found = match &computation.formula {
        Formula::Measure { fact, measure } => {
            let data_type = plan.root.input.inputs[*fact].measures[*measure].data_type;
            Typed::new(dialect.name(layout.measure(*fact, *measure, period)), data_type)
        }
        Formula::Ratio { numerator, denominator } => divide(dialect, of(*numerator)?, of(*denominator)?),
        Formula::Derived(formula) => expression(dialect, formula, &mut |id| of(*id))?,
        Formula::OfGroups(_) => return Err(refused("values of finer groups as one", dialect)),
        Formula::OfCohort { .. } => return Err(refused("a cohort", dialect)),
    };
    if found.sql.text().len() > LONGEST {
        return Err(refused(format!("the formula of `{}`, longer than can be read,", computation.name), dialect));
    }
    filled(dialect, found, computation.fill.as_ref())
}

/// What a null becomes, where the metric says.
fn filled(dialect: Dialect, of: Typed, fill: Option<&Literal>) -> Result<Typed, Diagnostic> {
    let Some(fill) = fill else { return Ok(of) };
    let fill = dialect.literal(fill)?;
    let data_type = together([of.data_type, fill.data_type]);
    Ok(Typed::new(Sql::call("COALESCE", &[&of.sql, &fill.sql]), data_type))
}

/// A computation where nothing was read: what its metrics fill nulls with, through sums, differences and `coalesce`;
/// none where that is null.
pub(super) fn of_nothing(dialect: Dialect, plan: &SemanticPlan, id: ComputationId) -> Result<Option<Sql>, Diagnostic> {
    let computation = &plan.root.computations[id.0];
    let found = match &computation.formula {
        Formula::Measure { .. } | Formula::Ratio { .. } | Formula::OfGroups(_) | Formula::OfCohort { .. } => None,
        Formula::Derived(formula) => formula_of_nothing(dialect, plan, formula)?,
    };
    match (found, &computation.fill) {
        (None, Some(fill)) => Ok(Some(dialect.literal(fill)?.sql)),
        (found, _) => Ok(found),
    }
}

fn formula_of_nothing(
    dialect: Dialect,
    plan: &SemanticPlan,
    of: &Expr<ComputationId>,
) -> Result<Option<Sql>, Diagnostic> {
    let inner = |of: &Expr<ComputationId>| formula_of_nothing(dialect, plan, of);
    Ok(match of.kind.as_ref() {
        Kind::Ref(id) => of_nothing(dialect, plan, *id)?,
        Kind::Literal(literal @ (Literal::Integer(_) | Literal::Decimal { .. } | Literal::Float(_))) => {
            Some(dialect.literal(literal)?.sql)
        }
        Kind::Negate(of) => inner(of)?.map(|of| of.negated()),
        Kind::Binary { op: BinaryOp::Add, left, right } => {
            inner(left)?.zip(inner(right)?).map(|(left, right)| left.add(&right))
        }
        Kind::Binary { op: BinaryOp::Subtract, left, right } => {
            inner(left)?.zip(inner(right)?).map(|(left, right)| left.minus(&right))
        }
        Kind::Call { function: Function::Coalesce, arguments } => {
            let mut first = None;
            for argument in arguments {
                first = first.or(inner(argument)?);
            }
            first
        }
        _ => None,
    })
}
