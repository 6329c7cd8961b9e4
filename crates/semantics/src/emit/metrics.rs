//! Metrics over columns of measures: formulas written out.

use super::dialect::{Dialect, divide, refused};
use super::expression::{expression, together};
use super::layout::Layout;
use super::piece::{Sql, Typed};
use crate::diagnostic::Diagnostic;
use crate::expr::{BinaryOp, Expr, Kind, Literal};
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

/// A computation where nothing was read: its formula over what measures fill nulls with; none where that is null.
pub(super) fn of_nothing(
    dialect: Dialect,
    plan: &SemanticPlan,
    id: ComputationId,
) -> Result<Option<Typed>, Diagnostic> {
    let computation = &plan.root.computations[id.0];
    let of = |id: ComputationId| of_nothing(dialect, plan, id);
    let found = match &computation.formula {
        Formula::Measure { .. } | Formula::OfGroups(_) | Formula::OfCohort { .. } => None,
        Formula::Ratio { numerator, denominator } => {
            of(*numerator)?.zip(of(*denominator)?).map(|(over, under)| divide(dialect, over, under))
        }
        Formula::Derived(formula) => {
            let refs = formula.refs().into_iter().map(|id| of(*id.value)).collect::<Result<Vec<_>, _>>()?;
            let is_null = refs.iter().all(Option::is_none) && !refs.is_empty() && passes_nulls(formula);
            let null = |id: &ComputationId| {
                let data_type = plan.root.computations[id.0].data_type;
                Typed::new(dialect.null(data_type), data_type)
            };
            let known = |id: &ComputationId| Ok(of(*id)?.unwrap_or_else(|| null(id)));
            if is_null { None } else { Some(expression(dialect, formula, &mut |id| known(id))?) }
        }
    };
    match (found, &computation.fill) {
        (None, Some(fill)) => Ok(Some(dialect.literal(fill)?)),
        (None, None) => Ok(None),
        (Some(found), fill) => Ok(Some(filled(dialect, found, fill.as_ref())?)),
    }
}

/// Whether a formula over nulls alone is null.
fn passes_nulls(of: &Expr<ComputationId>) -> bool {
    match of.kind.as_ref() {
        Kind::Ref(_) | Kind::Literal(_) => true,
        Kind::Negate(of) => passes_nulls(of),
        Kind::Binary { op: BinaryOp::Add | BinaryOp::Subtract | BinaryOp::Multiply, left, right } => {
            passes_nulls(left) && passes_nulls(right)
        }
        Kind::Binary { op: BinaryOp::Divide, left, .. } => passes_nulls(left) && !left.refs().is_empty(),
        _ => false,
    }
}
