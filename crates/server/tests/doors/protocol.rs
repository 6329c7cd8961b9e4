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

/// As clients see them: sorted.
const TOOLS: [&str; 6] = ["audit_performance", "execute", "fetch", "get_metrics", "search", "submit_mcp_feedback"];

fn server() -> Router {
    let absent = Failure(Diagnostic::new(Code::NoModel, "no model").into());
    let settings = Settings::open(1_000, vec!["http://app.test".into()]);
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
    let settings = Settings::open(1, Vec::new());
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
    assert_eq!(result["capabilities"], json!({"completions": {}, "prompts": {}, "resources": {}, "tools": {}}));
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
    assert_eq!(names, TOOLS);
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
    assert_eq!(answer["error"]["data"]["available"], json!(TOOLS));
    let shape = json_of(send(legacy("tools/call", json!({"name": "search", "arguments": []}))).await).await;
    assert_eq!(shape["error"]["code"], -32602, "{shape}");
}

#[tokio::test]
async fn what_is_not_declared_is_not_found() {
    for (method, params) in [
        ("call_tool", json!({})),
        ("logging/setLevel", json!({"level": "info"})),
        ("resources/subscribe", json!({"uri": "catalog://"})),
        ("resources/unsubscribe", json!({"uri": "catalog://"})),
        ("tasks/get", json!({"taskId": "1"})),
        ("skills/list", json!({})),
        ("sampling/createMessage", json!({})),
    ] {
        // The library wants the name of what is asked for in a header before it looks at the method.
        let name = params.get("uri").or(params.get("taskId")).and_then(Value::as_str).map(str::to_string);
        for request in [legacy(method, params.clone()), modern(method, name.as_deref(), params.clone())] {
            let response = send(request).await;
            let status = response.status();
            let answer = json_of(response).await;
            assert_eq!(answer["error"]["code"], -32601, "{method}: {answer}");
            assert_eq!(answer["id"], 1, "{method}: {status}");
        }
    }
    let listen = json!({"notifications": {"toolsListChanged": true}});
    let answer = json_of(send(modern("subscriptions/listen", None, listen)).await).await;
    assert_eq!(answer["error"]["code"], -32601, "{answer}");
    // What the newest revision has taken away.
    for method in ["ping", "initialize"] {
        let response = send(modern(method, None, json!({}))).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{method}");
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

#[tokio::test]
async fn every_result_says_who_answered_and_who_may_keep_it() {
    let metric = json!({"ref": {"type": "ref/prompt", "name": "explain_metric_change"},
        "argument": {"name": "comparison", "value": "prev"}});
    for (method, name, params, may_be_kept) in [
        ("tools/list", None, json!({}), true),
        ("prompts/list", None, json!({}), true),
        ("prompts/get", Some("weekly_performance_review"), json!({"name": "weekly_performance_review"}), false),
        ("resources/list", None, json!({}), true),
        ("resources/templates/list", None, json!({}), true),
        ("resources/read", Some("ui://sextant/chart"), json!({"uri": "ui://sextant/chart"}), true),
        ("completion/complete", None, metric, false),
        ("tools/call", Some("search"), json!({"name": "search", "arguments": {}}), false),
    ] {
        let old = json_of(send(legacy(method, params.clone())).await).await;
        let new = json_of(send(modern(method, name, params)).await).await;
        for answer in [&old, &new] {
            let info = &answer["result"]["_meta"]["io.modelcontextprotocol/serverInfo"];
            assert_eq!(info["name"], "sextant", "{method}: {answer}");
        }
        assert_eq!(new["result"]["resultType"], "complete", "{method}");
        let scope = may_be_kept.then_some("private");
        assert_eq!(new["result"]["cacheScope"].as_str(), scope, "{method}: {new}");
        assert_eq!(new["result"]["ttlMs"].is_u64(), may_be_kept, "{method}: {new}");
        for key in ["cacheScope", "ttlMs", "resultType"] {
            assert!(old["result"].get(key).is_none(), "{method} {key}: {old}");
        }
    }
}

#[tokio::test]
async fn prompts_are_listed_filled_in_and_refused_by_name() {
    let listed = json_of(send(legacy("prompts/list", json!({}))).await).await;
    let prompts = listed["result"]["prompts"].as_array().expect("prompts");
    let names: Vec<&Value> = prompts.iter().map(|prompt| &prompt["name"]).collect();
    assert_eq!(names, ["explain_metric_change", "weekly_performance_review"]);
    assert_eq!(prompts[0]["arguments"][0]["required"], true);
    let arguments = json!({"time_range": "last_week"});
    let filled = legacy("prompts/get", json!({"name": "weekly_performance_review", "arguments": arguments}));
    let text = json_of(send(filled).await).await["result"]["messages"][0]["content"]["text"].to_string();
    assert!(text.contains(r#"{\"time_range\":\"last_week\",\"comparison\":\"previous_period\"}"#), "{text}");
    for (params, said) in [
        (json!({"name": "weekly"}), "unknown prompt `weekly`"),
        (json!({"name": "explain_metric_change"}), "argument `metric` is missing"),
        (json!({"name": "weekly_performance_review", "arguments": {"metric": "x"}}), "unknown argument `metric`"),
        (json!({"name": "weekly_performance_review", "arguments": {"time_range": 7}}), "is not a text"),
        (json!({"name": "explain_metric_change", "arguments": {"metric": "x"}}), "no-model"),
    ] {
        let answer = json_of(send(legacy("prompts/get", params.clone())).await).await;
        assert_eq!(answer["error"]["code"], -32602, "{params}: {answer}");
        let message = answer["error"]["message"].as_str().expect("a message");
        assert!(message.contains(said), "{params}: {message}");
    }
}

#[tokio::test]
async fn resources_without_a_model_are_the_chart_alone() {
    let listed = json_of(send(legacy("resources/list", json!({}))).await).await;
    assert_eq!(listed["result"]["resources"].as_array().map(Vec::len), Some(1), "{listed}");
    assert_eq!(listed["result"]["resources"][0]["mimeType"], "text/html;profile=mcp-app");
    let templates = json_of(send(legacy("resources/templates/list", json!({}))).await).await;
    assert_eq!(templates["result"]["resourceTemplates"][0]["uriTemplate"], "metric://{name}");
    let old = json_of(send(legacy("resources/read", json!({"uri": "metric://"}))).await).await;
    assert_eq!((&old["error"]["code"], &old["error"]["data"]["uri"]), (&json!(-32002), &json!("metric://")), "{old}");
    let new = modern("resources/read", Some("file:///etc/passwd"), json!({"uri": "file:///etc/passwd"}));
    assert_eq!(json_of(send(new).await).await["error"]["code"], -32602);
    let cursor = json_of(send(legacy("resources/list", json!({"cursor": "x"}))).await).await;
    assert_eq!(cursor["error"]["code"], -32602, "{cursor}");
}

#[tokio::test]
async fn words_are_completed_and_nothing_else_is() {
    let ask = |kind: Value, name: &str, typed: &str| {
        legacy("completion/complete", json!({"ref": kind, "argument": {"name": name, "value": typed}}))
    };
    let prompt = || json!({"type": "ref/prompt", "name": "weekly_performance_review"});
    let found = json_of(send(ask(prompt(), "time_range", "month")).await).await;
    assert_eq!(found["result"]["completion"]["values"], json!(["last_month", "this_month"]), "{found}");
    let none = json_of(send(ask(json!({"type": "ref/resource", "uri": "metric://{name}"}), "name", "n")).await).await;
    assert_eq!(none["result"]["completion"]["values"], json!([]), "{none}");
    for refused in [ask(prompt(), "metric", ""), ask(json!({"type": "ref/resource", "uri": "x://"}), "name", "")] {
        assert_eq!(json_of(send(refused).await).await["error"]["code"], -32602);
    }
}

/// The page is shown inside other people's windows: it must reach nothing, and take no text for markup.
#[tokio::test]
async fn the_chart_is_one_page_without_another_origin() {
    let read = legacy("resources/read", json!({"uri": "ui://sextant/chart"}));
    let answer = json_of(send(read).await).await;
    let content = &answer["result"]["contents"][0];
    assert_eq!(content["_meta"]["ui"]["csp"], json!({}));
    let page = content["text"].as_str().expect("a page");
    assert!(page.starts_with("<!DOCTYPE html>") && page.contains("color-scheme: light dark"));
    assert!(page.contains("default-src 'none'"));
    let origins = page.matches("://").count() - page.matches("http://www.w3.org/2000/svg").count();
    assert_eq!(origins, 0, "the page names another origin");
    for reach in [
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "fetch(",
        "src=",
        "href=",
        "@import",
        "url(",
    ] {
        assert!(!page.contains(reach), "{reach}");
    }
    let tools = json_of(send(legacy("tools/list", json!({}))).await).await;
    for tool in tools["result"]["tools"].as_array().expect("tools") {
        let is_drawn = ["get_metrics", "audit_performance"].contains(&tool["name"].as_str().expect("a name"));
        assert_eq!(tool["_meta"]["ui"]["resourceUri"] == "ui://sextant/chart", is_drawn, "{}", tool["name"]);
    }
}

/// Every client reads the list before anything else, and many keep it by its bytes.
#[tokio::test]
async fn the_list_of_tools_is_small_and_always_the_same() {
    let mut seen = Vec::new();
    for _ in 0..3 {
        let response = send(legacy("tools/list", json!({}))).await;
        seen.push(to_bytes(response.into_body(), 1 << 24).await.expect("a body"));
    }
    assert!(seen.windows(2).all(|pair| pair[0] == pair[1]));
    assert!(seen[0].len() <= 24 << 10, "{} bytes", seen[0].len());
}

#[tokio::test]
async fn no_header_of_a_session_is_given_or_needed() {
    for request in [legacy("tools/list", json!({})), modern("tools/list", None, json!({}))] {
        assert!(!send(request).await.headers().contains_key("mcp-session-id"));
    }
    let mut stale = legacy("tools/list", json!({}));
    stale.headers_mut().insert("mcp-session-id", "0".parse().expect("a value"));
    assert_eq!(send(stale).await.status(), StatusCode::OK);
}
