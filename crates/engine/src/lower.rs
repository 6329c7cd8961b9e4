//! Semantic plans as logical plans of the engine.
//!
//! One scan a dataset and time axis, left joins along many-to-one hops, filtered aggregates of one
//! pass for every measure and period, a union of the facts' aggregates grouped again on the keys,
//! and projections that compute the metrics. Plain nodes and functions only, but for percentiles
//! and sums that would otherwise wrap or depend on the order of rows; no SQL text is made anywhere.
//!
//! Columns inside a plan: `t{n}.name` of a joined table, `__k{i}` of a key, `__set` of a grouping, `__a{n}` of an aggregate
//! function, `__f{f}_m{m}_p{p}` of a fact's measure in a period, `__c{c}_p{p}` of a computation.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::arrow::datatypes::DataType;
use datafusion::catalog::TableProvider;
use datafusion::error::DataFusionError;
use datafusion::logical_expr::LogicalPlan;
use sextant_semantics::catalog::id::DatasetId;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;
use sextant_semantics::plan::SemanticPlan;

pub(crate) mod typed;
mod literal;
mod number;
mod date;
mod cast;
mod function;
pub(crate) mod expression;
mod percentile;
mod double_sum;
pub(crate) mod exact_sum;
mod aggregate;
mod attach_events;
mod attach_metric;
mod attach_within_age;
mod balance;
pub(crate) mod time;
mod rates_by_day;
mod rows;
mod join_over_time_range;
mod add_up_by_time;
mod keep_first;
mod pick;
mod join_to_time_spine;
mod fact;
mod sets;
mod combine;
mod aggregate_groups;
mod bridge;
mod members;
pub(crate) mod metrics;

/// The tables that a plan reads.
pub(crate) type Tables = BTreeMap<DatasetId, Arc<dyn TableProvider>>;

/// The logical plan that gives the columns of [`sextant_semantics::plan::ComputeMetrics`].
pub(crate) fn lower(plan: &SemanticPlan, tables: &Tables) -> Result<LogicalPlan, LowerError> {
    on_a_deep_stack(|| whole(plan, tables))?
}

/// A plan, or one that stands within another.
fn whole(plan: &SemanticPlan, tables: &Tables) -> Result<LogicalPlan, LowerError> {
    let inputs = &plan.root.input.inputs;
    let facts = inputs.iter().enumerate().map(|(fact, aggregate)| fact::lower(plan, fact, aggregate, tables));
    let facts: Vec<fact::Fact> = facts.collect::<Result<_, _>>()?;
    // Members count as rows where nothing else does.
    let rows = i64::from(facts.is_empty());
    let members = plan.root.input.members.as_ref().map(|of| members::lower(plan, of, rows, tables));
    let combined = combine::combine(plan, facts, members.transpose()?)?;
    let of_groups = plan.root.input.of_groups.iter().enumerate();
    let combined = of_groups.into_iter().try_fold(combined, |combined, (position, of)| {
        aggregate_groups::beside(plan, combined, position, of, tables)
    })?;
    metrics::compute(plan, combined)
}

/// Why a plan could not be lowered. All but an overflow are faults of ours: the plan was checked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LowerError {
    #[error("an exact number beyond 38 digits")]
    NumericOverflow,
    /// An operand of a type that its operator does not take.
    #[error("wanted {wanted}, found {found}")]
    Mismatch { wanted: String, found: DataType },
    #[error("an expression of more than 1000 levels")]
    TooDeep,
    /// Something that binding should have resolved.
    #[error("{0} was not bound")]
    Unbound(&'static str),
    #[error(transparent)]
    Engine(#[from] DataFusionError),
}

impl LowerError {
    fn mismatch(wanted: &str, found: &DataType) -> LowerError {
        LowerError::Mismatch { wanted: wanted.to_string(), found: found.clone() }
    }

    /// What a caller may know.
    pub(crate) fn diagnostic(&self) -> Diagnostic {
        match self {
            LowerError::NumericOverflow => {
                Diagnostic::new(Code::NumericOverflow, "an expression has more than 38 digits after the point")
                    .help("cast its operands to fewer digits, or to float")
            }
            LowerError::TooDeep => Diagnostic::new(Code::QueryTooLarge, "an expression has more than 1000 levels")
                .help("split it into several dimensions or metrics"),
            LowerError::Mismatch { .. } | LowerError::Unbound(_) | LowerError::Engine(_) => {
                tracing::error!(error = %self, "a plan was not lowered");
                Diagnostic::new(Code::Internal, "the question could not be planned for a fault of ours")
                    .help("the log of the process holds the details")
            }
        }
    }
}

/// Levels that an expression's tree may have.
const MAX_DEPTH: usize = 1_000;

/// Runs `work` where a tree of [`MAX_DEPTH`] levels does not overflow the stack, whatever thread
/// the caller is on.
fn on_a_deep_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, LowerError> {
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("lower".into()).stack_size(64 << 20).spawn_scoped(scope, work);
        let joined = thread.map_err(DataFusionError::from)?.join();
        joined.map_err(|panic| std::panic::resume_unwind(panic))
    })
}

#[cfg(test)]
mod tests;
