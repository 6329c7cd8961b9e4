//! What can stop a question that was planned well, in our words: limits, the data, ourselves.
//!
//! The engine's own text may hold a cell that the caller must not see, so it goes to the log of
//! the process and never into an answer.

use std::time::Duration;

use datafusion::arrow::error::ArrowError;
use datafusion::error::DataFusionError;
use datafusion::object_store;
use datafusion::parquet::errors::ParquetError;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;
use tokio::task::JoinError;

/// Why a plan gave no rows.
#[derive(Debug, thiserror::Error)]
pub enum ExecuteError {
    #[error("the time limit of {0:?} is over")]
    Timeout(Duration),
    #[error("the caller went away")]
    Cancelled,
    #[error("more than {0} rows")]
    Rows(usize),
    #[error("more than {0} bytes of result")]
    Bytes(usize),
    #[error("out of memory")]
    Memory,
    #[error("an exact number beyond 38 digits")]
    NumericOverflow,
    #[error("a value that does not fit its type")]
    BadCell,
    #[error("a file that cannot be decoded")]
    InvalidFile,
    #[error("a file that cannot be read")]
    DataUnavailable,
    /// A fault of the data that the reader of a file has already put into words.
    #[error(transparent)]
    Data(#[from] DataFault),
    /// A fault of ours; the text is for the log.
    #[error("{0}")]
    Internal(String),
}

/// A diagnostic that travels through the engine as an error, from a file's reader to the answer.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{}: {}", .0.code, .0.message)]
pub struct DataFault(pub Diagnostic);

impl ExecuteError {
    /// What a caller may know.
    pub fn diagnostic(&self) -> Diagnostic {
        match self {
            ExecuteError::Timeout(limit) => {
                Diagnostic::new(Code::Timeout, format!("the question took longer than {} s", limit.as_secs_f64()))
                    .help("ask for a shorter time range or fewer groups, or raise the time limit")
            }
            ExecuteError::Cancelled => Diagnostic::new(Code::Cancelled, "the question was cancelled"),
            ExecuteError::Rows(limit) => Diagnostic::new(Code::RowLimit, format!("more than {limit} rows"))
                .help("group by fewer dimensions, choose a coarser granularity or filter"),
            ExecuteError::Bytes(limit) => {
                Diagnostic::new(Code::ResourcesExhausted, format!("a result of more than {limit} bytes"))
                    .help("group by fewer dimensions, choose a coarser granularity or filter")
            }
            ExecuteError::Memory => {
                Diagnostic::new(Code::ResourcesExhausted, "the question needed more memory than its limit")
                    .help("ask for a shorter time range or fewer groups, or raise the memory limit")
            }
            ExecuteError::NumericOverflow => {
                Diagnostic::new(Code::NumericOverflow, "an exact number went beyond 38 digits")
                    .help("cast the expression to float, or declare a smaller scale")
            }
            ExecuteError::BadCell => Diagnostic::new(Code::BadCell, "a value in the data does not fit its type")
                .help("declare the column as text and read it with TRY_CAST, or mend the data"),
            ExecuteError::InvalidFile => Diagnostic::new(Code::InvalidFile, "a file of the data cannot be decoded")
                .help("`sextant validate --data` names the file"),
            ExecuteError::DataUnavailable => {
                Diagnostic::new(Code::DataUnavailable, "a file of the data cannot be read")
                    .help("check that the files of the data root exist and can be read")
            }
            ExecuteError::Data(fault) => fault.0.clone(),
            ExecuteError::Internal(_) => {
                Diagnostic::new(Code::Internal, "the question could not be answered for a fault of ours")
                    .help("the log of the process holds the details")
            }
        }
    }

    fn internal(error: &impl std::fmt::Display) -> ExecuteError {
        let text = error.to_string();
        tracing::error!(error = text, "a query failed");
        ExecuteError::Internal(text)
    }
}

impl From<JoinError> for ExecuteError {
    fn from(error: JoinError) -> Self {
        if error.is_cancelled() { ExecuteError::Cancelled } else { ExecuteError::internal(&error) }
    }
}

impl From<DataFusionError> for ExecuteError {
    fn from(error: DataFusionError) -> Self {
        fault(&error).unwrap_or_else(|| ExecuteError::internal(&error))
    }
}

/// The fault that `error` means; `None` for one of ours.
pub(crate) fn fault(error: &DataFusionError) -> Option<ExecuteError> {
    match error {
        DataFusionError::ArrowError(error, _) => arrow_fault(error),
        DataFusionError::ParquetError(error) => parquet_fault(error),
        DataFusionError::ObjectStore(error) => object_store_fault(error),
        DataFusionError::IoError(error) => Some(io_fault(&error.to_string())),
        DataFusionError::ResourcesExhausted(_) => Some(ExecuteError::Memory),
        DataFusionError::External(error) => external_fault(error.as_ref()),
        DataFusionError::Context(_, error) | DataFusionError::Diagnostic(_, error) => fault(error),
        DataFusionError::Shared(error) => fault(error),
        DataFusionError::Collection(errors) => errors.iter().find_map(fault),
        DataFusionError::Execution(text) => number_fault(text),
        DataFusionError::ExecutionJoin(_)
        | DataFusionError::SQL(..)
        | DataFusionError::NotImplemented(_)
        | DataFusionError::Internal(_)
        | DataFusionError::Plan(_)
        | DataFusionError::Configuration(_)
        | DataFusionError::SchemaError(..)
        | DataFusionError::Substrait(_)
        | DataFusionError::Ffi(_) => None,
    }
}

fn arrow_fault(error: &ArrowError) -> Option<ExecuteError> {
    match error {
        ArrowError::ArithmeticOverflow(_) => Some(ExecuteError::NumericOverflow),
        ArrowError::CastError(text) | ArrowError::ParseError(text) => {
            Some(number_fault(text).unwrap_or(ExecuteError::BadCell))
        }
        ArrowError::ComputeError(text) | ArrowError::InvalidArgumentError(text) => number_fault(text),
        ArrowError::ParquetError(_) => Some(ExecuteError::InvalidFile),
        ArrowError::CsvError(_) | ArrowError::JsonError(_) => Some(ExecuteError::BadCell),
        ArrowError::IoError(text, _) => Some(io_fault(text)),
        ArrowError::ExternalError(error) => external_fault(error.as_ref()),
        _ => None,
    }
}

/// The engine tells an overflow from other faults of a cast or an operator by its text alone.
fn number_fault(text: &str) -> Option<ExecuteError> {
    let overflow = [
        "Overflowing on",
        "Overflow happened",
        "rithmetic overflow",
        "too large to store in a Decimal",
        "too small to store in a Decimal",
    ];
    overflow.iter().any(|part| text.contains(part)).then_some(ExecuteError::NumericOverflow)
}

/// A full temporary directory is a limit of ours; any other failure to read is the data's.
fn io_fault(text: &str) -> ExecuteError {
    if text.contains("spilling process") { ExecuteError::Memory } else { ExecuteError::DataUnavailable }
}

fn parquet_fault(error: &ParquetError) -> Option<ExecuteError> {
    match error {
        ParquetError::External(error) => external_fault(error.as_ref()).or(Some(ExecuteError::InvalidFile)),
        _ => Some(ExecuteError::InvalidFile),
    }
}

fn object_store_fault(error: &object_store::Error) -> Option<ExecuteError> {
    match error {
        object_store::Error::Generic { source, .. } => {
            external_fault(source.as_ref()).or(Some(ExecuteError::DataUnavailable))
        }
        _ => Some(ExecuteError::DataUnavailable),
    }
}

fn external_fault(error: &(dyn std::error::Error + Send + Sync + 'static)) -> Option<ExecuteError> {
    if let Some(known) = error.downcast_ref::<DataFault>() {
        return Some(ExecuteError::Data(known.clone()));
    }
    if let Some(inner) = error.downcast_ref::<DataFusionError>() {
        return fault(inner);
    }
    if let Some(inner) = error.downcast_ref::<ArrowError>() {
        return arrow_fault(inner);
    }
    if let Some(inner) = error.downcast_ref::<ParquetError>() {
        return parquet_fault(inner);
    }
    if let Some(inner) = error.downcast_ref::<object_store::Error>() {
        return object_store_fault(inner);
    }
    error.downcast_ref::<std::io::Error>().map(|error| io_fault(&error.to_string()))
}
