//! The HTTP doors as a client meets them, without a model behind: what a status, a header or an
//! envelope must be whatever the question.

use std::net::SocketAddr;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{Request, Response, StatusCode};
use chrono::Utc;
use serde_json::{Value, json};
use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;
use sextant_server::app::App;
use sextant_server::http::{Settings, router};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

fn server() -> Router {
    let absent = Failure(Diagnostic::new(Code::NoModel, "no model").into());
    let settings = Settings { rows: 1_000, origins: vec!["http://app.test".into()] };
    let address = SocketAddr::from(([127, 0, 0, 1], 8080));
    router(App::new(Err(absent), Utc::now), &settings, address, CancellationToken::new())
}

fn post(path: &str) -> axum::http::request::Builder {
    Request::post(path).header("host", "127.0.0.1:8080").header("content-type", "application/json")
}

async fn send(request: Request<Body>) -> Response<Body> {
    server().oneshot(request).await.expect("infallible")
}

async fn json_of(response: Response<Body>) -> Value {
    assert_eq!(response.headers()["content-type"], "application/json");
    let bytes = to_bytes(response.into_body(), 1 << 24).await.expect("a body");
    serde_json::from_slice(&bytes).expect("JSON")
}

async fn refused(request: Request<Body>) -> (StatusCode, String) {
    let response = send(request).await;
    let status = response.status();
    let code = json_of(response).await["error"]["code"].as_str().expect("a code").to_string();
    (status, code)
}

fn body(value: Value) -> Body {
    Body::from(value.to_string())
}

#[tokio::test]
async fn every_refusal_of_the_open_api_is_json_under_its_status() {
    let get = |path: &str| Request::get(path).header("host", "localhost").body(Body::empty()).expect("a request");
    let bad = |status: StatusCode, code: &str| (status, code.to_string());
    assert_eq!(refused(get("/nowhere")).await, bad(StatusCode::NOT_FOUND, "not-found"));
    assert_eq!(refused(get("/api/v1/call")).await, bad(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed"));
    let text = Request::post("/api/v1/call").header("host", "localhost").header("content-type", "text/plain");
    let text = text.header("content-length", "2").body(Body::from("{}")).expect("a request");
    assert_eq!(refused(text).await, bad(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type"));
    let large = post("/mcp/tool/search").body(Body::from(vec![b' '; (1 << 20) + 1])).expect("a request");
    assert_eq!(refused(large).await, bad(StatusCode::PAYLOAD_TOO_LARGE, "request-too-large"));
    let junk = post("/mcp/tool/search").header("content-length", "1").body(Body::from("{")).expect("a request");
    assert_eq!(refused(junk).await, bad(StatusCode::BAD_REQUEST, "invalid-request"));
    let rebound = Request::get("/healthz").header("host", "evil.example").body(Body::empty()).expect("a request");
    assert_eq!(refused(rebound).await, bad(StatusCode::FORBIDDEN, "forbidden-origin"));
    let payload = json!({"method": "call_tool", "params": {"name": "search"}}).to_string();
    let sized = post("/api/v1/call").header("content-length", payload.len()).body(Body::from(payload));
    assert_eq!(refused(sized.expect("a request")).await, bad(StatusCode::BAD_REQUEST, "no-model"));
}

#[tokio::test]
async fn a_refused_method_names_the_allowed_one() {
    for (path, allowed) in [("/mcp", "POST"), ("/mcp/", "POST"), ("/mcp/tool/search", "POST"), ("/api/v1/call", "POST")]
    {
        for method in ["GET", "DELETE", "PUT"] {
            let request = Request::builder().method(method).uri(path).header("host", "localhost").body(Body::empty());
            let response = send(request.expect("a request")).await;
            assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{method} {path}");
            assert_eq!(response.headers()["allow"], allowed, "{method} {path}");
        }
    }
}

#[tokio::test]
async fn a_request_keeps_its_identifier_or_gets_one() {
    let own = Request::get("/healthz").header("host", "localhost").header("x-request-id", "abc-1").body(Body::empty());
    assert_eq!(send(own.expect("a request")).await.headers()["x-request-id"], "abc-1");
    let junk = Request::get("/healthz").header("host", "localhost").header("x-request-id", "a b").body(Body::empty());
    let given = send(junk.expect("a request")).await.headers()["x-request-id"].clone();
    assert_eq!(given.len(), 16);
    let refused = Request::get("/nowhere").header("host", "evil").body(Body::empty()).expect("a request");
    assert_eq!(send(refused).await.headers()["x-request-id"].len(), 16);
}

#[tokio::test]
async fn readiness_ends_when_the_server_stops() {
    let stop = CancellationToken::new();
    let absent = Failure(Diagnostic::new(Code::NoModel, "no model").into());
    let settings = Settings { rows: 1, origins: Vec::new() };
    let app = App::new(Err(absent), Utc::now);
    let router = router(app, &settings, SocketAddr::from(([127, 0, 0, 1], 1)), stop.clone());
    let ask = || Request::get("/readyz").header("host", "localhost").body(Body::empty()).expect("a request");
    assert_eq!(router.clone().oneshot(ask()).await.expect("infallible").status(), StatusCode::OK);
    stop.cancel();
    let response = router.oneshot(ask()).await.expect("infallible");
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(response.headers()["retry-after"], "1");
}

fn legacy(method: &str, params: Value) -> Request<Body> {
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    post("/mcp").header("mcp-protocol-version", "2025-11-25").body(body(message)).expect("a request")
}

fn modern(method: &str, name: Option<&str>, mut params: Value) -> Request<Body> {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {}
    });
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params});
    let mut request = post("/mcp").header("mcp-protocol-version", "2026-07-28").header("mcp-method", method);
    if let Some(name) = name {
        request = request.header("mcp-name", name);
    }
    request.body(body(message)).expect("a request")
}

#[tokio::test]
async fn every_supported_revision_can_initialize_and_the_oldest_gets_another() {
    for (asked, answered) in [
        ("2025-11-25", "2025-11-25"),
        ("2025-06-18", "2025-06-18"),
        ("2025-03-26", "2025-03-26"),
        ("2024-11-05", "2025-11-25"),
        ("2099-01-01", "2025-11-25"),
    ] {
        let params = json!({"protocolVersion": asked, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}});
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params});
        let response = send(post("/mcp").body(body(message)).expect("a request")).await;
        assert_eq!(response.status(), StatusCode::OK, "{asked}");
        assert!(!response.headers().contains_key("mcp-session-id"), "{asked}");
        let answer = json_of(response).await;
        assert_eq!(answer["result"]["protocolVersion"], answered, "{asked}: {answer}");
        assert_eq!(answer["result"]["serverInfo"]["name"], "sextant");
        assert!(answer["result"]["instructions"].is_string());
    }
}

#[tokio::test]
async fn discovery_names_every_revision_and_may_be_cached_privately() {
    let answer = json_of(send(modern("server/discover", None, json!({}))).await).await;
    let result = &answer["result"];
    assert_eq!(
        result["supportedVersions"],
        json!(["2025-03-26", "2025-06-18", "2025-11-25", "2026-07-28"]),
        "{answer}"
    );
    assert!(result["ttlMs"].as_u64().is_some_and(|ttl| ttl > 0));
    assert_eq!(result["cacheScope"], "private");
    assert_eq!(result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "sextant");
    assert_eq!(result["capabilities"], json!({"tools": {}}));
}

#[tokio::test]
async fn the_tools_are_the_same_in_both_eras_but_for_the_cache_hints() {
    let old = json_of(send(legacy("tools/list", json!({}))).await).await;
    let new = json_of(send(modern("tools/list", None, json!({}))).await).await;
    assert_eq!(old["result"]["tools"], new["result"]["tools"]);
    let names: Vec<&str> = old["result"]["tools"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|tool| tool["name"].as_str().expect("a name"))
        .collect();
    assert_eq!(names, ["audit_performance", "get_metrics", "search"]);
    assert_eq!(new["result"]["cacheScope"], "private");
    assert!(new["result"]["ttlMs"].as_u64().is_some_and(|ttl| ttl > 0));
    assert!(old["result"].get("cacheScope").is_none() && old["result"].get("ttlMs").is_none());
    for answer in [old, new] {
        assert_eq!(answer["result"]["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "sextant");
    }
}

#[tokio::test]
async fn a_refusal_of_a_tool_says_everything_in_its_text() {
    for request in [
        legacy("tools/call", json!({"name": "search", "arguments": {}})),
        modern("tools/call", Some("search"), json!({"name": "search", "arguments": {}})),
    ] {
        let response = send(request).await;
        assert_eq!(response.status(), StatusCode::OK);
        let answer = json_of(response).await;
        let result = &answer["result"];
        assert_eq!(result["isError"], true, "{answer}");
        assert_eq!(result["content"][0]["text"], "no-model: no model");
        assert_eq!(result["_meta"]["sextant/error"]["code"], "no-model");
        assert!(result.get("structuredContent").is_none());
    }
}

#[tokio::test]
async fn an_unknown_tool_is_a_protocol_error_with_the_list() {
    let answer = json_of(send(legacy("tools/call", json!({"name": "get_metric", "arguments": {}}))).await).await;
    assert_eq!(answer["error"]["code"], -32602, "{answer}");
    assert_eq!(answer["error"]["data"]["available"], json!(["audit_performance", "get_metrics", "search"]));
    let shape = json_of(send(legacy("tools/call", json!({"name": "search", "arguments": []}))).await).await;
    assert_eq!(shape["error"]["code"], -32602, "{shape}");
}

#[tokio::test]
async fn what_is_not_declared_is_not_found() {
    for method in ["prompts/list", "resources/list", "resources/templates/list", "completion/complete", "call_tool"] {
        let params = match method {
            "completion/complete" => {
                json!({"ref": {"type": "ref/prompt", "name": "x"}, "argument": {"name": "a", "value": ""}})
            }
            _ => json!({}),
        };
        let answer = json_of(send(legacy(method, params)).await).await;
        assert_eq!(answer["error"]["code"], -32601, "{method}: {answer}");
    }
}

#[tokio::test]
async fn clients_that_accept_anything_or_say_nothing_are_answered_in_json() {
    for accept in [None, Some("*/*"), Some("application/json"), Some("text/event-stream"), Some("text/html")] {
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
        let mut request = post("/mcp");
        if let Some(accept) = accept {
            request = request.header("accept", accept);
        }
        let response = send(request.body(body(message)).expect("a request")).await;
        assert_eq!(response.status(), StatusCode::OK, "{accept:?}");
        assert_eq!(json_of(response).await["result"], json!({}), "{accept:?}");
    }
}

#[tokio::test]
async fn a_foreign_origin_or_host_reaches_nothing() {
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
    for (host, origin, status) in [
        ("127.0.0.1:8080", None, 200),
        ("127.0.0.1:8080", Some("http://127.0.0.1:8080"), 200),
        ("localhost:8080", Some("http://localhost:8080"), 200),
        ("127.0.0.1:8080", Some("http://app.test"), 200),
        ("127.0.0.1:8080", Some("http://evil.example"), 403),
        ("127.0.0.1:8080", Some("http://localhost:3000"), 403),
        ("127.0.0.1:8080", Some("null"), 403),
        ("evil.example", None, 403),
        ("evil.example:8080", Some("http://evil.example:8080"), 403),
    ] {
        let mut request = Request::post("/mcp").header("host", host).header("content-type", "application/json");
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let response = send(request.body(body(message.clone())).expect("a request")).await;
        assert_eq!(response.status().as_u16(), status, "{host} {origin:?}");
        // Only a page of an origin that the operator named may read the answer.
        let told = response.headers().get("access-control-allow-origin").and_then(|value| value.to_str().ok());
        assert_eq!(told, origin.filter(|origin| *origin == "http://app.test"), "{host} {origin:?}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_message_gets_the_words_of_json_rpc() {
    for (text, status, code) in [
        ("{", 400, -32700),
        ("", 400, -32700),
        ("[]", 400, -32600),
        ("{}", 400, -32600),
        (r#"{"jsonrpc":"1.0","id":4,"method":"ping"}"#, 400, -32600),
    ] {
        let response = send(post("/mcp").body(Body::from(text)).expect("a request")).await;
        assert_eq!(response.status().as_u16(), status, "{text}");
        assert_eq!(json_of(response).await["error"]["code"], code, "{text}");
    }
    let large = Body::from(vec![b' '; (1 << 20) + 1]);
    assert_eq!(send(post("/mcp").body(large).expect("a request")).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let notification = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let response = send(post("/mcp").body(body(notification)).expect("a request")).await;
    assert_eq!(response.status(), StatusCode::ACCEPTED);
}
