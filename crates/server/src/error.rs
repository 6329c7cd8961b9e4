//! Refusals that the doors themselves make, before any question reaches a model.

use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;

/// A body or a line that is not the JSON it should be.
pub fn invalid_request(message: impl Into<String>, help: impl Into<String>) -> Failure {
    Failure(Diagnostic::new(Code::InvalidRequest, message).help(help).into())
}

/// A body or a line over `limit` bytes.
pub fn too_large(what: &str, limit: usize) -> Failure {
    let help = "name fewer metrics, groups or filters in one request";
    Failure(Diagnostic::new(Code::RequestTooLarge, format!("{what} is larger than {limit} bytes")).help(help).into())
}

/// The question took longer than the door waits.
pub fn timeout(seconds: u64) -> Failure {
    let help = "ask for a shorter time_range, fewer metrics or a coarser granularity";
    Failure(Diagnostic::new(Code::Timeout, format!("no answer within {seconds} seconds")).help(help).into())
}

/// The caller went away or took the question back.
pub fn cancelled() -> Failure {
    Failure(Diagnostic::new(Code::Cancelled, "the question was cancelled").into())
}

/// A fault of ours: the cause is in the log, never in the answer.
pub fn internal() -> Failure {
    let help = "the server's log has the cause";
    Failure(Diagnostic::new(Code::Internal, "the answer could not be made").help(help).into())
}
