//! The HTTP server: MCP at `/mcp`, the open API, the documentation, and the two probes.
//!
//! A web page must not reach the server through a visitor's browser, so Host and Origin are checked on
//! every path; who calls is settled on every path that answers questions.

pub mod address;
pub mod authenticate;
pub mod browse;
pub mod documentation;
pub mod guard;
pub mod methods;
pub mod open_api;
pub(crate) mod peer;
pub mod reply;
pub mod request_id;
pub mod schema;

use std::net::SocketAddr;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::Response;
use axum::routing::{get, post};
use rmcp::ServerHandler;
use serde_json::json;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::catch_panic::CatchPanicLayer;

use crate::app::{App, Limits};
use crate::error;
use crate::identity::caller::{Caller, Door};
use crate::mcp::streamable::Endpoint;
use crate::mcp::{McpServer, Standing};
use crate::operations;
use crate::{oauth, page};
use authenticate::Admission;
use guard::Guard;

/// What an operator decides about the server.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Rows of a page, at most [`crate::app::MOST_ROWS`].
    pub rows: usize,
    /// Web origins, besides the server's own, whose pages may call it: `http://localhost:6274`.
    pub origins: Vec<String>,
    /// Names, besides those of the loopback, under which the server is reached.
    pub hosts: Vec<String>,
    /// How callers are known.
    pub admission: Admission,
}

impl Settings {
    /// A server on a loopback address that answers everybody who reaches it.
    pub fn open(rows: usize, origins: Vec<String>) -> Settings {
        Settings { rows, origins, hosts: Vec::new(), admission: Admission::Everybody(Caller::local(Door::Api)) }
    }
}

/// Serves until `stop` is cancelled, then finishes what was begun.
pub async fn serve(
    listener: TcpListener,
    app: App,
    settings: Settings,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let router = router(app, &settings, listener.local_addr()?, stop.clone());
    let router = router.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, router).with_graceful_shutdown(async move { stop.cancelled().await }).await
}

/// Every path of a server that listens at `address`.
pub fn router(app: App, settings: &Settings, address: SocketAddr, stop: CancellationToken) -> Router {
    let server = McpServer::new(app.clone(), Limits::mcp(settings.rows), Standing::OfRequest);
    let asked = settings.admission.at(Door::Api, open_api::router(app, Limits::api(settings.rows)));
    let mut beside = asked.merge(open_api::description()).merge(documentation::router());
    if let Admission::Tokens(tokens) = &settings.admission {
        beside = beside.merge(oauth::router(tokens.authority.clone())).merge(page::router(tokens.authority.clone()));
    }
    transport(server, beside, settings, address, stop)
}

/// Everything between the network and an MCP handler, with other paths `beside` it. The server and
/// the fixture of the protocol's conformance suite differ in their handlers alone.
pub fn transport<H: ServerHandler + Clone>(
    server: H,
    beside: Router,
    settings: &Settings,
    address: SocketAddr,
    stop: CancellationToken,
) -> Router {
    let guard = Guard::new(address, settings.hosts.clone(), settings.origins.clone());
    // Requests in flight outlive `stop`: the MCP service gets a token of its own.
    let never = CancellationToken::new();
    let mcp = Endpoint::new(server, guard.hosts(), guard.origins(), authenticate::lacks_scope, never);
    let answer = move |request: Request| {
        let mcp = mcp.clone();
        async move { mcp.post(request).await }
    };
    let mcp = Router::new().route("/mcp", post(answer.clone())).route("/mcp/", post(answer));
    Router::new()
        .merge(settings.admission.at(Door::Mcp, mcp))
        .merge(beside)
        .route("/healthz", get(|| async { reply::value(StatusCode::OK, &json!({ "status": "ok" })) }))
        .route("/readyz", get(ready).with_state(stop))
        .fallback(not_found)
        .method_not_allowed_fallback(methods::not_allowed)
        .layer(methods::cross_origin(&settings.origins))
        .layer(from_fn_with_state(guard, guard::check))
        .layer(CatchPanicLayer::custom(|_| reply::failure(&error::internal())))
        .layer(from_fn(request_id::stamp))
}

async fn ready(State(stop): State<CancellationToken>) -> Response {
    if stop.is_cancelled() {
        let fault = Diagnostic::new(Code::Cancelled, "the server is stopping").help("ask again in a moment");
        return reply::failure(&sextant_engine::workspace::Failure(fault.into()));
    }
    reply::value(StatusCode::OK, &json!({ "status": "ready" }))
}

async fn not_found(request: Request) -> Response {
    let path: String = request.uri().path().chars().take(120).collect();
    let known =
        ["/mcp", "/docs", "/llms.txt", "/llms-full.txt", "/api/v1/openapi.json", "/api/v1/call", "/api/v1/operations"];
    let known = known.into_iter().chain(["/healthz", "/readyz"]).map(str::to_string);
    let known = known.chain(operations::ALL.iter().map(|operation| operation.path()));
    let known: Vec<String> = known.chain(browse::ALL.iter().map(|browse| browse.path.to_string())).collect();
    let fault = Diagnostic::new(Code::NotFound, format!("nothing is served at `{path}`"))
        .help("POST /mcp/tool/<name> takes questions; /api/v1/openapi.json and /docs say what else is here")
        .suggest(&path, known.iter().map(String::as_str));
    reply::failure(&sextant_engine::workspace::Failure(fault.into()))
}
