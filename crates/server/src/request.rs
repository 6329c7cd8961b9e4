//! Bytes to questions: the bodies of the open API and the lines of batch.
//!
//! Only the envelope is read here; the arguments go on as they are, for the engine to read strictly.

use std::cell::RefCell;

use serde::Deserializer;
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde_json::{Map, Value, json};
use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::{Diagnostic, Diagnostics};

use crate::app::REQUEST_BYTES;
use crate::error;

/// A tool and what it is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    pub tool: String,
    pub arguments: Map<String, Value>,
}

/// One line of batch: the caller's `id` (null when it cannot be found) and the question.
#[derive(Clone, Debug)]
pub struct Line {
    pub id: Value,
    pub question: Result<Question, Failure>,
}

/// The body of `POST /mcp/tool/<name>`: the arguments. No body means none.
pub fn arguments(body: &[u8]) -> Result<Map<String, Value>, Failure> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Map::new());
    }
    match json(body, "the body")? {
        Value::Object(arguments) => Ok(arguments),
        other => Err(error::invalid_request(
            format!("the body is {}, not an object of arguments", kind(&other)),
            r#"send the arguments as a JSON object, for example {"metric_names": ["net_sales"]}"#,
        )),
    }
}

/// The body of `POST /api/v1/call`: `{"method": "call_tool", "params": {"name", "arguments"}}`.
pub fn call_tool(body: &[u8]) -> Result<Question, Failure> {
    let example =
        json!({"method": "call_tool", "params": {"name": "get_metrics", "arguments": {"metric_names": ["net_sales"]}}});
    let mut payload = object(json(body, "the body")?, "the body", &example)?;
    known(&payload, &["method", "params", "id", "jsonrpc"], "")?;
    match payload.get("method") {
        Some(Value::String(method)) if method == "call_tool" => {}
        Some(other) => {
            let fault = Diagnostic::new(Code::InvalidRequest, format!("unknown method {other}"));
            return Err(Failure(
                fault.field("method").received(other.clone()).help("`call_tool` is the one method").into(),
            ));
        }
        None => return Err(missing("method", &example)),
    }
    let params = payload.remove("params").ok_or_else(|| missing("params", &example))?;
    let mut params = object(params, "`params`", &example)?;
    known(&params, &["name", "arguments", "_meta"], "params.")?;
    let tool = text(params.remove("name"), "params.name")?;
    Ok(Question { tool, arguments: argument_map(params.remove("arguments"), "params.arguments")? })
}

/// One line of batch: `{"id", "tool", "arguments"}`. Never fails as a whole, so that a line always has an answer.
pub fn batch_line(line: &[u8]) -> Line {
    if line.len() > REQUEST_BYTES {
        return Line { id: leading_id(line), question: Err(error::too_large("the line", REQUEST_BYTES)) };
    }
    let example = json!({"id": 1, "tool": "get_metrics", "arguments": {"metric_names": ["net_sales"]}});
    match json(line, "the line").and_then(|value| object(value, "the line", &example)) {
        Err(failure) => Line { id: leading_id(line), question: Err(failure) },
        Ok(mut request) => Line { id: request.remove("id").unwrap_or(Value::Null), question: batch_question(request) },
    }
}

fn batch_question(mut request: Map<String, Value>) -> Result<Question, Failure> {
    known(&request, &["id", "tool", "arguments"], "")?;
    let tool = text(request.remove("tool"), "tool")?;
    Ok(Question { tool, arguments: argument_map(request.remove("arguments"), "arguments")? })
}

fn json(bytes: &[u8], what: &str) -> Result<Value, Failure> {
    let text = std::str::from_utf8(bytes).map_err(|fault| {
        let message = format!("{what} is not UTF-8 (byte {})", fault.valid_up_to());
        error::invalid_request(message, "send JSON in UTF-8")
    })?;
    if text.trim().is_empty() {
        return Err(error::invalid_request(format!("{what} is empty"), "send one JSON object"));
    }
    serde_json::from_str(text).map_err(|fault| {
        let message = format!("{what} is not JSON: {fault}");
        error::invalid_request(message, "send one JSON object")
    })
}

fn object(value: Value, what: &str, example: &Value) -> Result<Map<String, Value>, Failure> {
    match value {
        Value::Object(map) => Ok(map),
        other => {
            let message = format!("{what} is {}, not an object", kind(&other));
            let fault = Diagnostic::new(Code::InvalidRequest, message).help("send one JSON object");
            Err(Failure(fault.example(example.clone()).into()))
        }
    }
}

fn known(map: &Map<String, Value>, keys: &[&str], prefix: &str) -> Result<(), Failure> {
    let mut faults = Diagnostics::default();
    for key in map.keys().filter(|key| !keys.contains(&key.as_str())) {
        let names = keys.join("`, `");
        faults.push(
            Diagnostic::new(Code::UnknownArgument, format!("unknown key `{}`", short(key)))
                .field(format!("{prefix}{}", short(key)))
                .help(format!("the keys are `{names}`"))
                .suggest(key, keys.iter().copied()),
        );
    }
    faults.or(()).map_err(Failure)
}

fn argument_map(value: Option<Value>, field: &str) -> Result<Map<String, Value>, Failure> {
    match value {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(map)) => Ok(map),
        Some(other) => {
            let fault = Diagnostic::new(Code::InvalidRequest, format!("`{field}` is {}, not an object", kind(&other)));
            Err(Failure(fault.field(field).received(other).help("send the arguments as a JSON object").into()))
        }
    }
}

fn text(value: Option<Value>, field: &str) -> Result<String, Failure> {
    match value {
        Some(Value::String(text)) => Ok(text),
        Some(other) => {
            let fault = Diagnostic::new(Code::InvalidRequest, format!("`{field}` is {}, not a text", kind(&other)));
            Err(Failure(fault.field(field).received(other).help("name a tool, for example get_metrics").into()))
        }
        None => {
            let fault = Diagnostic::new(Code::InvalidRequest, format!("`{field}` is missing")).field(field);
            Err(Failure(fault.help("name a tool, for example get_metrics").into()))
        }
    }
}

fn missing(field: &str, example: &Value) -> Failure {
    let fault = Diagnostic::new(Code::InvalidRequest, format!("`{field}` is missing"));
    Failure(fault.field(field).help("send the payload of the example").example(example.clone()).into())
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

fn short(key: &str) -> String {
    key.chars().take(80).collect()
}

/// The `id` of a line that cannot be read to its end, when it stands before the fault.
fn leading_id(line: &[u8]) -> Value {
    struct Keys<'a>(&'a RefCell<Value>);
    impl<'de> Visitor<'de> for Keys<'_> {
        type Value = ();

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
            while let Some(key) = map.next_key::<String>()? {
                if key == "id" {
                    *self.0.borrow_mut() = map.next_value()?;
                } else {
                    map.next_value::<IgnoredAny>()?;
                }
            }
            Ok(())
        }
    }
    let id = RefCell::new(Value::Null);
    // The fault is known already; only what stands before it is wanted.
    let _ = serde_json::Deserializer::from_slice(line).deserialize_map(Keys(&id));
    id.into_inner()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::error_text;

    fn refusal<T: std::fmt::Debug>(result: Result<T, Failure>) -> String {
        error_text(&result.expect_err("a refusal"))
    }

    #[test]
    fn the_documented_payload_is_taken_literally() {
        let body =
            br#"{"method":"call_tool","params":{"name":"get_metrics","arguments":{"metric_names":["net_sales"]}}}"#;
        let question = call_tool(body).expect("a question");
        assert_eq!(question.tool, "get_metrics");
        assert_eq!(question.arguments["metric_names"], json!(["net_sales"]));
    }

    #[test]
    fn another_method_a_missing_name_and_a_misspelt_key_are_refused_by_name() {
        let method = refusal(call_tool(br#"{"method":"tools/call","params":{}}"#));
        assert_eq!(
            method,
            r#"invalid-request: unknown method "tools/call" (method, received "tools/call"); `call_tool` is the one method"#
        );
        let name = refusal(call_tool(br#"{"method":"call_tool","params":{}}"#));
        assert!(name.starts_with("invalid-request: `params.name` is missing (params.name)"), "{name}");
        let key = refusal(call_tool(br#"{"method":"call_tool","param":{}}"#));
        assert!(key.contains("unknown key `param` (param)") && key.contains("did you mean `params`"), "{key}");
    }

    #[test]
    fn every_line_gets_its_id_back_when_it_can_be_found() {
        assert_eq!(batch_line(br#"{"id":7,"tool":"search"}"#).id, json!(7));
        assert_eq!(batch_line(br#"{"tool":"search"}"#).id, Value::Null);
        assert_eq!(batch_line(br#"{"id":"a","tool":"search","arguments":{"#).id, json!("a"));
        assert_eq!(batch_line(b"{\"id\":\"a\",\"tool\":\"\xff\"}").id, json!("a"));
        let mut long = br#"{"id":[1],"tool":""#.to_vec();
        long.resize(REQUEST_BYTES + 1, b'x');
        let line = batch_line(&long);
        assert_eq!(line.id, json!([1]));
        assert!(refusal(line.question).starts_with("request-too-large: the line is larger than 1048576 bytes"));
    }

    #[test]
    fn what_is_not_a_question_says_why() {
        assert!(refusal(batch_line(b"").question).starts_with("invalid-request: the line is empty"));
        assert!(refusal(batch_line(b"[1]").question).starts_with("invalid-request: the line is a list, not an object"));
        assert!(refusal(batch_line(b"\xff").question).starts_with("invalid-request: the line is not UTF-8 (byte 0)"));
        assert!(refusal(batch_line(b"{").question).starts_with("invalid-request: the line is not JSON: EOF"));
        let arguments = batch_line(br#"{"id":1,"tool":"search","arguments":[]}"#);
        assert!(refusal(arguments.question).contains("`arguments` is a list, not an object"));
    }
}
