//! The JSON Schema of model files, for editors; written from the tables.

use serde_json::Value;

/// The schema of one model file.
pub fn schema() -> Value {
    Value::Null
}
