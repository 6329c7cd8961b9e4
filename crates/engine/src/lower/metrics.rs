//! Metrics from aligned measures: formulas in projections, each over those before it.

use datafusion::functions::core::expr_fn::coalesce;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder, ident, lit, when};
use datafusion::scalar::ScalarValue;
use sextant_semantics::plan::{Grouping, SemanticPlan};
use sextant_semantics::query::computation::{Computation, ComputationId, Formula};

use super::LowerError;
use super::aggregate_groups::value_column;
use super::expression::expression;
use super::fact::{key_column, measure_column, rows_column};
use super::literal::literal;
use super::number::divide;
use super::sets::SET;
use super::typed::{Typed, unify};

/// The columns of [`sextant_semantics::plan::ComputeMetrics`] over the combined facts.
pub(super) fn compute(plan: &SemanticPlan, combined: LogicalPlan) -> Result<LogicalPlan, LowerError> {
    let computations = &plan.root.computations;
    let levels = levels(computations);
    let mut kept = vec!["__total".to_string()];
    kept.extend((plan.grouping == Grouping::Sets).then(|| SET.to_string()));
    kept.extend((0..plan.keys.len()).map(key_column));
    kept.extend((0..plan.periods.len()).map(rows_column));
    let mut done: Vec<String> = Vec::new();
    let mut input = combined;
    for level in 0..=levels.iter().copied().max().unwrap_or(0) {
        let mut columns: Vec<Expr> = kept.iter().chain(&done).map(ident).collect();
        for (position, computation) in
            computations.iter().enumerate().filter(|(position, _)| levels[*position] == level)
        {
            for period in 0..plan.periods.len() {
                let name = computation_column(position, period);
                let value = filled(computation, value(computation, period, &input)?)?;
                columns.push(matured(&immature_beneath(computations, position), period, value)?.expr.alias(&name));
                done.push(name);
            }
        }
        input = LogicalPlanBuilder::from(input).project(columns)?.build()?;
    }
    let all = (0..computations.len())
        .flat_map(|position| (0..plan.periods.len()).map(move |period| computation_column(position, period)));
    let columns: Vec<Expr> = kept.iter().cloned().chain(all).map(ident).collect();
    Ok(LogicalPlanBuilder::from(input).project(columns)?.build()?)
}

/// How many steps of computation lie before each; measures are at 0.
fn levels(computations: &[Computation]) -> Vec<usize> {
    let mut levels: Vec<usize> = Vec::with_capacity(computations.len());
    for computation in computations {
        let level = match &computation.formula {
            Formula::Measure { .. } | Formula::OfGroups(_) => 0,
            Formula::Ratio { numerator, denominator } => 1 + levels[numerator.0].max(levels[denominator.0]),
            Formula::OfCohort { of, members, immature } => {
                1 + [of, members, immature].map(|id| levels[id.0]).into_iter().fold(0, usize::max)
            }
            Formula::Derived(of) => 1 + of.refs().iter().map(|of| levels[of.value.0]).max().unwrap_or(0),
        };
        levels.push(level);
    }
    levels
}

fn value(computation: &Computation, period: usize, input: &LogicalPlan) -> Result<Typed, LowerError> {
    let column = |name: String| -> Result<Typed, LowerError> {
        let data_type = input.schema().field_with_unqualified_name(&name)?.data_type().clone();
        Ok(Typed::new(ident(name), data_type))
    };
    let mut earlier = |id: &ComputationId| column(computation_column(id.0, period));
    match &computation.formula {
        Formula::Measure { fact, measure } => column(measure_column(*fact, *measure, period)),
        Formula::OfGroups(position) => column(value_column(*position, period)),
        Formula::Ratio { .. } | Formula::OfCohort { .. } | Formula::Derived(_) => formula(computation, &mut earlier),
    }
}

/// A formula over what `earlier` gives for the computations before it, none being a measure; nulls are not filled.
pub(crate) fn formula(
    computation: &Computation,
    earlier: &mut dyn FnMut(&ComputationId) -> Result<Typed, LowerError>,
) -> Result<Typed, LowerError> {
    match &computation.formula {
        Formula::Measure { .. } | Formula::OfGroups(_) => Err(LowerError::Unbound("a measure")),
        Formula::Ratio { numerator, denominator } => divide(earlier(numerator)?, earlier(denominator)?),
        Formula::OfCohort { of, members, .. } => {
            let (of, members) = (earlier(of)?, earlier(members)?);
            let nothing = lit(ScalarValue::try_from(&of.data_type)?);
            Ok(Typed::new(when(members.expr.gt(lit(0_i64)), of.expr).otherwise(nothing)?, of.data_type))
        }
        Formula::Derived(of) => expression(of, &mut |id| earlier(id)),
    }
}

/// What a null becomes, where the metric says.
pub(crate) fn filled(computation: &Computation, value: Typed) -> Result<Typed, LowerError> {
    let Some(fill) = &computation.fill else { return Ok(value) };
    let (value, fill, data_type) = unify(value, literal(fill)?)?;
    Ok(Typed::new(coalesce(vec![value.expr, fill.expr]), data_type))
}

/// A value of members, or a formula over one, as long as none of them is immature, else null.
fn matured(immature: &[ComputationId], period: usize, value: Typed) -> Result<Typed, LowerError> {
    let is_immature = immature.iter().map(|id| ident(computation_column(id.0, period)).gt(lit(0_i64)));
    let Some(is_immature) = is_immature.reduce(Expr::or) else { return Ok(value) };
    let nothing = lit(ScalarValue::try_from(&value.data_type)?);
    Ok(Typed::new(when(is_immature, nothing).otherwise(value.expr)?, value.data_type))
}

/// The counts of immature members of every cohort that a computation is made of, each once.
fn immature_beneath(computations: &[Computation], position: usize) -> Vec<ComputationId> {
    let beneath = |id: &ComputationId| immature_beneath(computations, id.0);
    let mut found = match &computations[position].formula {
        Formula::Measure { .. } | Formula::OfGroups(_) => Vec::new(),
        Formula::Ratio { numerator, denominator } => [beneath(numerator), beneath(denominator)].concat(),
        Formula::OfCohort { immature, .. } => vec![*immature],
        Formula::Derived(of) => of.refs().into_iter().flat_map(|id| beneath(id.value)).collect(),
    };
    found.sort();
    found.dedup();
    found
}

pub(super) fn computation_column(computation: usize, period: usize) -> String {
    format!("__c{computation}_p{period}")
}
