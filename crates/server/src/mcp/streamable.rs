//! MCP over Streamable HTTP: one stateless endpoint that answers POST with JSON.
//!
//! The protocol library is strict where common clients are not; what is normalised here is what an
//! HTTP client sends, never what a question means.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rmcp::ServerHandler;
use rmcp::model::ClientJsonRpcMessage;
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::app::REQUEST_BYTES;

/// What may refuse a message before the handler sees it.
pub type Refuse = fn(&Parts, &Value) -> Option<Response>;

/// The endpoint of a handler, ready to be mounted.
#[derive(Clone)]
pub struct Endpoint<H: ServerHandler + Clone> {
    service: StreamableHttpService<H, NeverSessionManager>,
    refuse: Refuse,
}

/// JSON-RPC codes of a body that never becomes a request.
const PARSE_ERROR: i32 = -32700;
const INVALID_REQUEST: i32 = -32600;

impl<H: ServerHandler + Clone> Endpoint<H> {
    /// `hosts` and `origins` are the names under which the server may be reached and called from.
    pub fn new(server: H, hosts: Vec<String>, origins: Vec<String>, refuse: Refuse, stop: CancellationToken) -> Self {
        let config = StreamableHttpServerConfig::default()
            .with_legacy_session_mode(false)
            .with_json_response(true)
            .with_max_request_body_bytes(REQUEST_BYTES)
            .with_allowed_hosts(hosts)
            .with_allowed_origins(origins)
            .enforce_origin_validation()
            .with_cancellation_token(stop);
        let factory = move || Ok(server.clone());
        let service = StreamableHttpService::new(factory, Arc::new(NeverSessionManager::default()), config);
        Endpoint { service, refuse }
    }

    /// Answers one POST.
    pub async fn post(&self, request: Request) -> Response {
        let (mut parts, body) = request.into_parts();
        // Answers are JSON whatever a client prefers; the library wants both types named.
        parts.headers.insert(header::ACCEPT, HeaderValue::from_static("application/json, text/event-stream"));
        let Ok(bytes) = axum::body::to_bytes(body, REQUEST_BYTES).await else {
            let message = format!("the body is larger than {REQUEST_BYTES} bytes");
            return fault(StatusCode::PAYLOAD_TOO_LARGE, INVALID_REQUEST, &message, Value::Null);
        };
        match check(&bytes) {
            Err(response) => return *response,
            Ok(message) => {
                if let Some(refused) = (self.refuse)(&parts, &message) {
                    return refused;
                }
            }
        }
        let request = axum::http::Request::from_parts(parts, Body::from(bytes));
        self.service.handle(request).await.into_response()
    }
}

/// The message; what the library would call an unsupported media type is refused in JSON-RPC's words.
fn check(bytes: &Bytes) -> Result<Value, Box<Response>> {
    let refuse = |code, message: &str, id| Err(Box::new(fault(StatusCode::BAD_REQUEST, code, message, id)));
    let message: Value = match serde_json::from_slice(bytes) {
        Ok(message) => message,
        Err(fault) => return refuse(PARSE_ERROR, &format!("the body is not JSON: {fault}"), Value::Null),
    };
    if message.is_array() {
        return refuse(INVALID_REQUEST, "one message a request: batches are not served", Value::Null);
    }
    let id = message.get("id").filter(|id| id.is_string() || id.is_number()).cloned().unwrap_or(Value::Null);
    if ClientJsonRpcMessage::deserialize(&message).is_err() {
        return refuse(INVALID_REQUEST, "the body is not a JSON-RPC 2.0 message of the protocol", id);
    }
    Ok(message)
}

fn fault(status: StatusCode, code: i32, message: &str, id: Value) -> Response {
    let body = json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } });
    (status, axum::Json(body)).into_response()
}
