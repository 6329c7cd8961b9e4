//! Semantic plans as logical plans of the engine.

use datafusion::arrow::datatypes::DataType;
use datafusion::error::DataFusionError;

pub(crate) mod typed;
mod literal;
mod number;
mod date;
mod cast;
mod function;
pub(crate) mod expression;
mod percentile;
mod aggregate;
mod time;

/// Why a plan could not be lowered. All but an overflow are faults of ours: the plan was checked.
#[derive(Debug, thiserror::Error)]
pub enum LowerError {
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
