//! Slow and broken questions: a caller who leaves stops the work, a limit ends it, a panic is one question's.

use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use serde_json::{Map, Value, json};
use sextant_engine::workspace::CallContext;
use sextant_semantics::code::Code;
use sextant_server::app::{Answer, Answering, App, Limits};
use sextant_server::http::{self, Settings};
use sextant_server::identity::caller::{Caller, Door};
use sextant_server::mcp::{McpServer, Standing, stdio};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

/// Answers as its arguments say: never, after a while, or not at all; and tells when work begins and stops.
pub(crate) struct StandIn {
    begun: Semaphore,
    stopped: Semaphore,
}

/// Gives a permit when the work ends, however it does.
struct Stopping<'a>(&'a Semaphore);

impl Drop for Stopping<'_> {
    fn drop(&mut self) {
        self.0.add_permits(1);
    }
}

struct Shared(Arc<StandIn>);

impl Answer for Shared {
    fn answer<'a>(&'a self, _: &'a str, arguments: &'a Map<String, Value>, _: &'a CallContext) -> Answering<'a> {
        Box::pin(async move {
            let _stopping = Stopping(&self.0.stopped);
            self.0.begun.add_permits(1);
            match arguments.get("query").and_then(Value::as_str) {
                Some("never") => std::future::pending().await,
                Some("slow") => tokio::time::sleep(Duration::from_millis(2_500)).await,
                Some("broken") => panic!("a fault of ours"),
                Some(_) | None => {}
            }
            Ok(json!({ "results": [], "total": 0, "truncated": false }))
        })
    }
}

pub(crate) fn app() -> (App, Arc<StandIn>) {
    let stand_in = Arc::new(StandIn { begun: Semaphore::new(0), stopped: Semaphore::new(0) });
    (App::new(Ok(Arc::new(Shared(stand_in.clone()))), Utc::now), stand_in)
}

/// Waits for the signal, at most ten seconds.
async fn signalled(semaphore: &Semaphore) {
    let permit = tokio::time::timeout(Duration::from_secs(10), semaphore.acquire()).await;
    permit.expect("a signal in time").expect("open").forget();
}

async fn listen(app: App) -> TcpStream {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = listener.local_addr().expect("an address");
    let settings = Settings::open(10, Vec::new());
    tokio::spawn(http::serve(listener, app, settings, CancellationToken::new()));
    TcpStream::connect(address).await.expect("a connection")
}

fn post(path: &str, body: &Value) -> String {
    let body = body.to_string();
    let length = body.len();
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}

fn message(id: i64, query: &str, meta: Value) -> Value {
    let params = json!({ "name": "search", "arguments": { "query": query }, "_meta": meta });
    json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params })
}

#[tokio::test]
async fn a_connection_that_closes_stops_its_question() {
    for (path, body) in [("/mcp/tool/search", json!({"query": "never"})), ("/mcp", message(1, "never", json!({})))] {
        let (app, stand_in) = app();
        let mut stream = listen(app).await;
        stream.write_all(post(path, &body).as_bytes()).await.expect("writable");
        signalled(&stand_in.begun).await;
        assert_eq!(stand_in.stopped.available_permits(), 0, "{path}");
        drop(stream);
        signalled(&stand_in.stopped).await;
    }
}

#[tokio::test]
async fn a_cancelled_notification_stops_its_question_and_the_connection_goes_on() {
    let (app, stand_in) = app();
    let (near, far) = tokio::io::duplex(1 << 16);
    let (input, output) = tokio::io::split(far);
    tokio::spawn(stdio::serve_between(
        McpServer::new(app, Limits::mcp(10), Standing::Always(Caller::local(Door::Stdio))),
        input,
        output,
    ));
    let (answers, mut asks) = tokio::io::split(near);
    let mut answers = BufReader::new(answers).lines();
    let initialize = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}});
    let initialized = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    for ask in [initialize, initialized, message(1, "never", json!({}))] {
        asks.write_all(format!("{ask}\n").as_bytes()).await.expect("writable");
    }
    signalled(&stand_in.begun).await;
    let cancelled = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}});
    asks.write_all(format!("{cancelled}\n").as_bytes()).await.expect("writable");
    signalled(&stand_in.stopped).await;
    asks.write_all(format!("{}\n", message(2, "now", json!({}))).as_bytes()).await.expect("writable");
    loop {
        let line = answers.next_line().await.expect("readable").expect("an answer");
        let answer: Value = serde_json::from_str(&line).expect("JSON");
        assert_ne!(answer["id"], 1, "a cancelled question has no answer");
        if answer["id"] == 2 {
            return assert_eq!(answer["result"]["isError"], false);
        }
    }
}

#[tokio::test]
async fn a_question_ends_with_its_time() {
    let (app, stand_in) = app();
    let limits = Limits { time: Some(Duration::from_millis(50)), ..Limits::api(10) };
    let Value::Object(arguments) = json!({"query": "never"}) else { unreachable!("an object") };
    let failure = app
        .call(&Caller::local(Door::Api), "search", arguments, limits, CancellationToken::new())
        .await
        .expect_err("a limit");
    assert_eq!(failure.0.0[0].code, Code::Timeout);
    signalled(&stand_in.stopped).await;
}

#[tokio::test]
async fn a_panic_is_the_fault_of_one_question() {
    let (app, _) = app();
    let mut stream = listen(app).await;
    for (query, status) in [("broken", "500"), ("now", "200")] {
        stream.write_all(post("/mcp/tool/search", &json!({"query": query})).as_bytes()).await.expect("writable");
        let mut bytes = vec![0; 4_096];
        let read = stream.read(&mut bytes).await.expect("readable");
        let reply = String::from_utf8_lossy(&bytes[..read]).into_owned();
        assert!(reply.starts_with(&format!("HTTP/1.1 {status} ")), "{reply}");
        assert!(!reply.contains("a fault of ours"), "the cause stays in the log: {reply}");
    }
}

#[tokio::test]
async fn a_slow_question_tells_of_its_progress_when_asked_to() {
    let (app, _) = app();
    let mut stream = listen(app).await;
    let ask = message(1, "slow", json!({"progressToken": "p"}));
    stream.write_all(post("/mcp", &ask).as_bytes()).await.expect("writable");
    let mut text = String::new();
    while !text.contains("structuredContent") {
        let mut bytes = vec![0; 4_096];
        let read = tokio::time::timeout(Duration::from_secs(20), stream.read(&mut bytes)).await;
        text.push_str(&String::from_utf8_lossy(&bytes[..read.expect("in time").expect("readable")]));
    }
    let progress = text.find("notifications/progress").expect("progress is told");
    assert!(progress < text.find("structuredContent").expect("an answer"), "{text}");
    assert!(text.contains(r#""progressToken":"p""#) && text.contains("text/event-stream"), "{text}");
}
