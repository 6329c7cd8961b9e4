//! Tools that the suite calls.

use std::time::Duration;

use rmcp::model::{
    CallToolRequestParams, CallToolResponse, CallToolResult, ClientCapabilities, ContentBlock, InputRequiredResult,
    JsonObject, LoggingLevel, LoggingMessageNotificationParam, ProgressNotificationParam, ResourceContents, Tool,
};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, RoleServer};
use serde_json::{Value, json};

use crate::{Change, Fixture, content, input, is_modern};

/// Between one notification and the next.
const PAUSE: Duration = Duration::from_millis(50);

const NAMES: [&str; 26] = [
    "test_simple_text",
    "test_image_content",
    "test_audio_content",
    "test_embedded_resource",
    "test_multiple_content_types",
    "test_tool_with_logging",
    "test_logging_tool",
    "test_error_handling",
    "test_tool_with_progress",
    "test_sampling",
    "test_elicitation",
    "test_elicitation_sep1034_defaults",
    "test_elicitation_sep1330_enums",
    "test_missing_capability",
    "test_streaming_elicitation",
    "test_trigger_tool_change",
    "test_trigger_prompt_change",
    "test_input_required_result_elicitation",
    "test_input_required_result_sampling",
    "test_input_required_result_list_roots",
    "test_input_required_result_request_state",
    "test_input_required_result_multiple_inputs",
    "test_input_required_result_multi_round",
    "test_input_required_result_tampered_state",
    "test_input_required_result_capabilities",
    "json_schema_2020_12_tool",
];

pub(crate) fn all() -> Vec<Tool> {
    NAMES.map(|name| Tool::new(name, "Called by the conformance suite", schema(name))).into()
}

fn schema(name: &str) -> JsonObject {
    let schema = match name {
        "test_sampling" => required_text("prompt"),
        "test_elicitation" => required_text("message"),
        "json_schema_2020_12_tool" => all_keywords(),
        _ => json!({ "type": "object", "properties": {}, "additionalProperties": false }),
    };
    match schema {
        Value::Object(schema) => schema,
        _ => unreachable!("a schema is an object"),
    }
}

fn required_text(name: &str) -> Value {
    json!({ "type": "object", "properties": { name: { "type": "string" } }, "required": [name] })
}

pub(crate) async fn call(
    fixture: &Fixture,
    request: CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    let blocks = match request.name.as_ref() {
        "test_simple_text" => vec![ContentBlock::text("This is a simple text response for testing.")],
        "test_image_content" => vec![ContentBlock::image(content::PNG, "image/png")],
        "test_audio_content" => vec![ContentBlock::audio(content::WAV, "audio/wav")],
        "test_embedded_resource" => vec![embedded("test://embedded-resource", "text/plain", EMBEDDED)],
        "test_multiple_content_types" => vec![
            ContentBlock::text("Multiple content types test:"),
            ContentBlock::image(content::PNG, "image/png"),
            embedded("test://mixed-content-resource", "application/json", r#"{"test":"data","value":123}"#),
        ],
        "test_tool_with_logging" | "test_logging_tool" => log(context).await,
        "test_tool_with_progress" => progress(context).await,
        "test_trigger_tool_change" => changed(fixture, Change::Tools),
        "test_trigger_prompt_change" => changed(fixture, Change::Prompts),
        "json_schema_2020_12_tool" => vec![ContentBlock::text("The arguments fit.")],
        "test_error_handling" => return Ok(refused("This tool intentionally returns an error for testing")),
        "test_sampling"
        | "test_elicitation"
        | "test_elicitation_sep1034_defaults"
        | "test_elicitation_sep1330_enums" => {
            return Ok(refused("this server never sends a request to a client"));
        }
        "test_missing_capability" => return missing_capability(context),
        name => return with_input(name, &request, context),
    };
    Ok(CallToolResult::success(blocks).into())
}

const EMBEDDED: &str = "This is an embedded resource content.";

fn embedded(uri: &str, kind: &str, text: &str) -> ContentBlock {
    ContentBlock::resource(ResourceContents::text(text, uri).with_mime_type(kind))
}

fn refused(text: &str) -> CallToolResponse {
    CallToolResult::error(vec![ContentBlock::text(text)]).into()
}

/// A log is told of in the earlier revision, and in the newest when the request asks for it.
async fn log(context: &RequestContext<RoleServer>) -> Vec<ContentBlock> {
    let told = !is_modern(context) || context.meta.log_level().is_some();
    for message in ["Tool execution started", "Tool processing data", "Tool execution completed"] {
        if told {
            let note = LoggingMessageNotificationParam::new(LoggingLevel::Info, json!(message));
            // A client that left hears nothing.
            let _ = context.peer.notify_logging_message(note).await;
        }
        tokio::time::sleep(PAUSE).await;
    }
    vec![ContentBlock::text("Logged.")]
}

async fn progress(context: &RequestContext<RoleServer>) -> Vec<ContentBlock> {
    for done in [0.0, 50.0, 100.0] {
        if let Some(token) = context.meta.get_progress_token() {
            // A client that left hears nothing.
            let _ = context.peer.notify_progress(ProgressNotificationParam::new(token, done).with_total(100.0)).await;
        }
        tokio::time::sleep(PAUSE).await;
    }
    vec![ContentBlock::text("Done.")]
}

/// Tells the streams that listen; none may.
fn changed(fixture: &Fixture, change: Change) -> Vec<ContentBlock> {
    let listening = fixture.changes.send(change).unwrap_or(0);
    vec![ContentBlock::text(format!("{listening} streams listen"))]
}

fn missing_capability(context: &RequestContext<RoleServer>) -> Result<CallToolResponse, ErrorData> {
    if context.client_capabilities().is_some_and(|declared| declared.sampling.is_some()) {
        return Ok(CallToolResult::success(vec![ContentBlock::text("Declared.")]).into());
    }
    let needed = ClientCapabilities::builder().enable_sampling().build();
    Err(ErrorData::missing_required_client_capability(needed))
}

/// Tools that ask first, and go on with what comes back.
fn with_input(
    name: &str,
    request: &CallToolRequestParams,
    context: &RequestContext<RoleServer>,
) -> Result<CallToolResponse, ErrorData> {
    let state = input::open(request.request_state.as_deref())?;
    let answer = |key: &str| input::answer(request.input_responses.as_ref(), key);
    let name_asked = || input::elicitation("user_name", "What is your name?", "name");
    let asked = match name {
        "test_input_required_result_elicitation" => match answer("user_name") {
            Some(answer) => return done(&format!("Hello, {}!", answer["content"]["name"])),
            None => input::required([name_asked()], None),
        },
        "test_streaming_elicitation" => input::required([name_asked()], None),
        "test_input_required_result_sampling" => match answer("capital_question") {
            Some(answer) => return done(&answer["content"]["text"].to_string()),
            None => input::required([input::sampling("capital_question", "What is the capital of France?")], None),
        },
        "test_input_required_result_list_roots" => match answer("client_roots") {
            Some(answer) => return done(&answer["roots"].to_string()),
            None => input::required([input::roots("client_roots")], None),
        },
        "test_input_required_result_request_state" | "test_input_required_result_tampered_state" => {
            match (state, answer("confirm")) {
                (Some("confirm"), Some(_)) => return done("state-ok"),
                _ => input::required([input::confirmation("confirm")], Some("confirm")),
            }
        }
        "test_input_required_result_multiple_inputs" => {
            let answered = ["user_name", "greeting", "client_roots"].iter().all(|key| answer(key).is_some());
            match (state, answered) {
                (Some("several"), true) => return done("All came back."),
                _ => {
                    let greeting = input::sampling("greeting", "Generate a greeting");
                    input::required([name_asked(), greeting, input::roots("client_roots")], Some("several"))
                }
            }
        }
        "test_input_required_result_multi_round" => match (state, answer("step1"), answer("step2")) {
            (Some("second"), _, Some(_)) => return done("Both steps are done."),
            (Some("first"), Some(_), _) => {
                let ask = input::elicitation("step2", "Step 2: What is your favorite color?", "color");
                input::required([ask], Some("second"))
            }
            _ => input::required([input::elicitation("step1", "Step 1: What is your name?", "name")], Some("first")),
        },
        "test_input_required_result_capabilities" => declared_only(context),
        _ => return Err(ErrorData::invalid_params("unknown tool", None)),
    };
    asked.map(CallToolResponse::from)
}

fn done(text: &str) -> Result<CallToolResponse, ErrorData> {
    Ok(CallToolResult::success(vec![ContentBlock::text(text)]).into())
}

/// Asks for everything that the client says it can give, and for nothing else.
fn declared_only(context: &RequestContext<RoleServer>) -> Result<InputRequiredResult, ErrorData> {
    let declared = context.client_capabilities().unwrap_or_default();
    let name = declared.elicitation.is_some().then(|| input::elicitation("user_name", "What is your name?", "name"));
    let greeting = declared.sampling.is_some().then(|| input::sampling("greeting", "Generate a greeting"));
    input::required(name.into_iter().chain(greeting), None)
}

/// A schema with the keywords of JSON Schema 2020-12 that a transport must not lose.
fn all_keywords() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": {
            "address": {
                "$anchor": "addressDef",
                "type": "object",
                "properties": { "street": { "type": "string" }, "city": { "type": "string" } }
            }
        },
        "properties": {
            "name": { "type": "string" },
            "address": { "$ref": "#/$defs/address" },
            "contactMethod": { "type": "string", "enum": ["phone", "email"] },
            "phone": { "type": "string" },
            "email": { "type": "string" }
        },
        "allOf": [{ "anyOf": [{ "required": ["phone"] }, { "required": ["email"] }] }],
        "if": { "properties": { "contactMethod": { "const": "phone" } }, "required": ["contactMethod"] },
        "then": { "required": ["phone"] },
        "else": { "required": ["email"] },
        "additionalProperties": false
    })
}
