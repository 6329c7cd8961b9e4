//! The open API: an operation's arguments in, the bare answer out, no handshake.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Extension, Router};
use serde_json::Value;
use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;
use tokio_util::sync::CancellationToken;

use super::{browse, reply, schema};
use crate::app::{App, Limits, REQUEST_BYTES};
use crate::error;
use crate::identity::caller::Caller;
use crate::request::{self, Question};

/// What the handlers share.
#[derive(Clone)]
pub struct Api {
    app: App,
    limits: Limits,
}

/// `POST /mcp/tool/<name>`, `POST /api/v1/call` and the browsing GETs. Each needs a caller among the extensions.
pub fn router(app: App, limits: Limits) -> Router {
    let api = Api { app, limits };
    Router::new()
        .route("/mcp/tool/{name}", post(tool))
        .route("/api/v1/call", post(call))
        .with_state(api.clone())
        .merge(browse::router(api))
}

/// `GET /api/v1/openapi.json`: the same for everybody, and it needs no caller.
pub fn description() -> Router {
    let document: Arc<Value> = Arc::new(schema::document());
    let described = move || {
        let document = document.clone();
        async move { reply::value(StatusCode::OK, &document) }
    };
    Router::new().route("/api/v1/openapi.json", get(described))
}

async fn tool(
    State(api): State<Api>,
    Extension(caller): Extension<Caller>,
    Path(name): Path<String>,
    request: Request,
) -> Response {
    let arguments = match body(request).await.and_then(|body| request::arguments(&body)) {
        Ok(arguments) => arguments,
        Err(failure) => return reply::failure(&failure),
    };
    match api.answer(&caller, Question { tool: name, arguments }).await {
        // Here the tool is part of the path: an unknown one is a path that does not exist.
        Err(failure) if failure.0.iter().any(|fault| fault.code == Code::UnknownTool) => {
            reply::failure_as(StatusCode::NOT_FOUND, &failure)
        }
        answer => written(answer),
    }
}

async fn call(State(api): State<Api>, Extension(caller): Extension<Caller>, request: Request) -> Response {
    match body(request).await.and_then(|body| request::call_tool(&body)) {
        Ok(question) => written(api.answer(&caller, question).await),
        Err(failure) => reply::failure(&failure),
    }
}

impl Api {
    pub(super) async fn answer(&self, caller: &Caller, question: Question) -> Result<Value, Failure> {
        // A caller who hangs up drops this future, which stops the work.
        self.app.call(caller, &question.tool, question.arguments, self.limits, CancellationToken::new()).await
    }
}

pub(super) fn written(answer: Result<Value, Failure>) -> Response {
    match answer {
        Ok(answer) => reply::value(StatusCode::OK, &answer),
        Err(failure) => reply::failure(&failure),
    }
}

/// The body of a request that says it is JSON, when it is not too large.
async fn body(request: Request) -> Result<Bytes, Failure> {
    let (parts, body) = request.into_parts();
    if let Some((key, _)) = browse::query(&parts.uri)?.into_iter().next() {
        let key: String = key.chars().take(80).collect();
        let fault = Diagnostic::new(Code::UnknownArgument, format!("unknown query parameter `{key}`"));
        return Err(Failure(fault.field(key).help("send arguments in the body, as one JSON object").into()));
    }
    if length(&parts.headers).is_some_and(|length| length > REQUEST_BYTES) {
        return Err(error::too_large("the body", REQUEST_BYTES));
    }
    let is_empty = length(&parts.headers).unwrap_or(0) == 0 && !parts.headers.contains_key(header::TRANSFER_ENCODING);
    if !is_empty && !is_json(&parts.headers) {
        let fault = Diagnostic::new(Code::UnsupportedMediaType, "the body is not declared as JSON");
        return Err(Failure(fault.field("Content-Type").help("send Content-Type: application/json").into()));
    }
    axum::body::to_bytes(body, REQUEST_BYTES).await.map_err(|fault| {
        // The two causes cannot be told apart by type; a broken connection has nobody left to answer.
        tracing::debug!(%fault, "a body was not read to its end");
        error::too_large("the body", REQUEST_BYTES)
    })
}

fn length(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn is_json(headers: &HeaderMap) -> bool {
    let Some(Ok(kind)) = headers.get(header::CONTENT_TYPE).map(|value| value.to_str()) else { return false };
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || essence.starts_with("application/") && essence.ends_with("+json")
}
