//! Where the tools' schemas come from: the request vocabulary and the answer's writer.

use serde_json::{Value, json};
use sextant_semantics::query::request;

use crate::operations;

/// The JSON Schema of a tool's arguments.
pub fn input(tool: &str) -> Value {
    request::schema(tool).expect("every tool stands in the table of arguments")
}

/// The JSON Schema of a tool's answer.
pub fn output(tool: &str) -> Value {
    let operation = operations::find(tool).expect("every tool is an operation");
    let any = || json!({ "type": "object", "description": "The answer of the operation, as it gives it." });
    operation.answer().unwrap_or_else(any)
}
