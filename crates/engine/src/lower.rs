//! Semantic plans as logical plans of the engine.

use datafusion::arrow::datatypes::DataType;
use datafusion::error::DataFusionError;

mod typed;
mod literal;
mod number;
mod date;
mod cast;
mod function;
pub(crate) mod expression;

/// Why a plan could not be lowered. All but an overflow are faults of ours: the plan was checked.
#[derive(Debug, thiserror::Error)]
pub enum LowerError {
    #[error("an exact number beyond 38 digits")]
    NumericOverflow,
    /// An operand of a type that its operator does not take.
    #[error("wanted {wanted}, found {found}")]
    Mismatch { wanted: String, found: DataType },
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
