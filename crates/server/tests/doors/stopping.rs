//! A real statement that would run for minutes over the shipped model stops at work when its caller leaves: not the
//! answer alone, but every task of its plan.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::Utc;
use serde_json::{Value, json};
use sextant_engine::workspace::Workspace;
use sextant_semantics::code::Code;
use sextant_server::app::{App, Limits};
use sextant_server::http::{self, Settings};
use sextant_server::identity::caller::{Caller, Door};
use sextant_server::mcp::{McpServer, Standing, stdio};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

/// 1506³ pairs of rows.
const SLOW: &str = "SELECT count(*) AS n FROM order_lines a CROSS JOIN order_lines b CROSS JOIN order_lines c \
                    WHERE a.qty + b.qty * c.qty > 3";

/// What an idle machine stays far below (200 ms); a loaded one gets the benefit of the doubt.
const PATIENCE: Duration = Duration::from_secs(5);

fn workspace() -> Arc<Workspace> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read = |path: PathBuf| {
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        (name, std::fs::read_to_string(path).expect("readable"))
    };
    let files = std::fs::read_dir(root.join("semantic-models/commerce")).expect("the shipped model");
    let texts = files.map(|file| read(file.expect("an entry").path())).collect();
    Arc::new(Workspace::open(texts, root.join("fixtures/commerce")).expect("the shipped model opens"))
}

fn app(workspace: &Arc<Workspace>) -> App {
    App::new(Ok(workspace.clone()), Utc::now)
}

/// Waits until the plan is at work.
async fn begun(workspace: &Workspace) {
    let started = Instant::now();
    while workspace.running() == 0 {
        assert!(started.elapsed() < Duration::from_secs(60), "the statement did not begin");
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    // Into the joins, past listing and planning.
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(workspace.running() > 0, "the statement ended by itself");
}

/// How long until nothing of the plan is left.
async fn stopped(workspace: &Workspace, how: &str) {
    let left = Instant::now();
    while workspace.running() > 0 {
        assert!(left.elapsed() < PATIENCE, "{how}: {} tasks are still at work", workspace.running());
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let milliseconds = left.elapsed().as_secs_f64() * 1e3;
    writeln!(std::io::stderr(), "{how}: nothing ran after {milliseconds:.1} ms").expect("standard error");
}

fn call(id: i64) -> Value {
    let params = json!({ "name": "get_metrics", "arguments": { "query": SLOW } });
    json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_connection_that_closes_stops_the_plan() {
    let workspace = workspace();
    for (path, body) in [("/mcp", call(1)), ("/mcp/tool/sql", json!({ "query": SLOW }))] {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("an address");
        let settings = Settings::open(10, Vec::new());
        tokio::spawn(http::serve(listener, app(&workspace), settings, CancellationToken::new()));
        let mut stream = TcpStream::connect(address).await.expect("a connection");
        let (body, length) = (body.to_string(), body.to_string().len());
        let head = format!("POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n");
        let ask = format!("{head}Content-Length: {length}\r\n\r\n{body}");
        stream.write_all(ask.as_bytes()).await.expect("writable");
        begun(&workspace).await;
        drop(stream);
        stopped(&workspace, path).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_notification_stops_the_plan() {
    let workspace = workspace();
    let (near, far) = tokio::io::duplex(1 << 16);
    let (input, output) = tokio::io::split(far);
    tokio::spawn(stdio::serve_between(
        McpServer::new(app(&workspace), Limits::mcp(10), Standing::Always(Caller::local(Door::Stdio))),
        input,
        output,
    ));
    let (_answers, mut asks) = tokio::io::split(near);
    let initialize = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}});
    let initialized = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    for ask in [initialize, initialized, call(1)] {
        asks.write_all(format!("{ask}\n").as_bytes()).await.expect("writable");
    }
    begun(&workspace).await;
    let cancelled = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 1}});
    asks.write_all(format!("{cancelled}\n").as_bytes()).await.expect("writable");
    stopped(&workspace, "notifications/cancelled").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_limit_of_time_stops_the_plan() {
    let workspace = workspace();
    let limits = Limits { time: Some(Duration::from_secs(3)), ..Limits::api(10) };
    let Value::Object(arguments) = json!({ "query": SLOW }) else { unreachable!("an object") };
    let app = app(&workspace);
    let asked = tokio::spawn(async move {
        app.call(&Caller::local(Door::Api), "sql", arguments, limits, CancellationToken::new()).await
    });
    begun(&workspace).await;
    let failure = asked.await.expect("no panic").expect_err("a limit");
    assert_eq!(failure.0.0[0].code, Code::Timeout);
    stopped(&workspace, "the limit of time").await;
}
