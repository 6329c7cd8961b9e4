//! Answers that need more input first: what is asked, the answers that come back, and the state that a
//! client carries and must not be able to change.

use rmcp::ErrorData;
use rmcp::model::{InputRequests, InputRequiredResult, InputResponses};
use serde_json::{Map, Value, json};

/// Only this process seals and opens states.
const KEY: [u8; 32] = *b"sextant conformance fixture only";

/// Asks for one text.
pub(crate) fn elicitation(key: &str, message: &str, field: &str) -> (String, Value) {
    let schema = json!({ "type": "object", "properties": { field: { "type": "string" } }, "required": [field] });
    asked(key, "elicitation/create", json!({ "message": message, "requestedSchema": schema }))
}

/// Asks for a yes or a no.
pub(crate) fn confirmation(key: &str) -> (String, Value) {
    let schema = json!({ "type": "object", "properties": { "ok": { "type": "boolean" } }, "required": ["ok"] });
    asked(key, "elicitation/create", json!({ "message": "Please confirm", "requestedSchema": schema }))
}

pub(crate) fn sampling(key: &str, question: &str) -> (String, Value) {
    let message = json!({ "role": "user", "content": { "type": "text", "text": question } });
    asked(key, "sampling/createMessage", json!({ "messages": [message], "maxTokens": 100 }))
}

pub(crate) fn roots(key: &str) -> (String, Value) {
    asked(key, "roots/list", json!({}))
}

fn asked(key: &str, method: &str, params: Value) -> (String, Value) {
    (key.to_string(), json!({ "method": method, "params": params }))
}

pub(crate) fn required(
    asked: impl IntoIterator<Item = (String, Value)>,
    state: Option<&str>,
) -> Result<InputRequiredResult, ErrorData> {
    let asked: Map<String, Value> = asked.into_iter().collect();
    let asked: InputRequests = serde_json::from_value(Value::Object(asked))
        .map_err(|fault| ErrorData::internal_error(fault.to_string(), None))?;
    Ok(InputRequiredResult::new(Some(asked), state.map(seal)))
}

/// The answer to what was asked under `key`, when it is one.
pub(crate) fn answer<'a>(answers: Option<&'a InputResponses>, key: &str) -> Option<&'a Value> {
    answers?.get(key).filter(|answer| answer.is_object())
}

fn seal(state: &str) -> String {
    format!("{state}.{}", blake3::keyed_hash(&KEY, state.as_bytes()))
}

/// The state that was sealed, or a refusal when it was changed on its way.
pub(crate) fn open(sealed: Option<&str>) -> Result<Option<&str>, ErrorData> {
    let Some(sealed) = sealed else { return Ok(None) };
    let state = sealed.split_once('.').map(|(state, _)| state).filter(|state| seal(state) == sealed);
    state.map(Some).ok_or_else(|| ErrorData::invalid_params("requestState was changed", None))
}
