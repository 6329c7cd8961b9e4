//! Where the tools' schemas come from: the request vocabulary and the answer's writer.

use serde_json::Value;
use sextant_engine::json::schema;
use sextant_semantics::query::request;

/// The JSON Schema of a tool's arguments.
pub fn input(tool: &str) -> Value {
    request::schema(tool).expect("every tool stands in the table of arguments")
}

/// The JSON Schema of a tool's answer.
pub fn output(tool: &str) -> Value {
    schema::schema(tool).expect("every tool's answer has a schema")
}
