//! The server over a real socket: statuses, headers, and the same bytes as batch.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::process::{NOW, Running, commerce, line_until, run};

struct Server {
    address: SocketAddr,
    process: Running,
}

fn serve() -> Server {
    Server::start(&mut commerce())
}

struct Reply {
    status: u16,
    headers: String,
    body: String,
}

impl Server {
    /// Starts the server on a free port and waits until it says where.
    fn start(command: &mut Command) -> Server {
        command.args(["serve", "--http", "127.0.0.1:0", "--auth", "none"]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut process = Running(command.spawn().expect("the binary starts"));
        let mut said = process.0.stderr.take().expect("a pipe");
        let line = line_until(&mut said, |line| line.starts_with("listening on http://"));
        // Whatever it says later must not block it.
        std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
        let address = line.trim_start_matches("listening on http://").split(' ').next().expect("an address");
        Server { address: address.parse().expect("an address"), process }
    }

    fn send(&self, text: &str, body: &[u8]) -> Reply {
        let mut stream = TcpStream::connect(self.address).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a timeout");
        stream.write_all(text.as_bytes()).expect("writable");
        // A refused body may be answered before it is read to its end.
        let _ = stream.write_all(body);
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("readable");
        let text = String::from_utf8(bytes).expect("UTF-8");
        let (head, body) = text.split_once("\r\n\r\n").expect("a head");
        let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        Reply { status, headers: head.to_lowercase(), body: body.to_string() }
    }

    fn post(&self, path: &str, extra: &str, body: &str) -> Reply {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/json\r\n{extra}Content-Length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        self.send(&head, body.as_bytes())
    }

    fn get(&self, path: &str) -> Reply {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", self.address), b"")
    }
}

fn headline() -> Value {
    json!({"metric_names": ["net_sales", "blended_roas"], "time_range": "last_7_days", "as_of": NOW, "max_bytes": 1_000_000})
}

/// The answer that batch gives, as text.
fn batch(tool: &str, arguments: &Value) -> String {
    let line = json!({"id": 0, "tool": tool, "arguments": arguments});
    let output = run(commerce().arg("batch"), format!("{line}\n").as_bytes());
    let answer: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert!(answer.get("result").is_some(), "{answer}");
    answer["result"].to_string()
}

#[test]
fn every_door_gives_the_bytes_of_batch() {
    let server = serve();
    let questions = [
        ("get_metrics", headline()),
        (
            "get_metrics",
            json!({"metric_names": ["net_sales"], "time_range": "last_7_days", "granularity": "day", "group_by": ["channel"],
            "comparison": "previous_period", "as_of": NOW, "max_bytes": 1_000_000}),
        ),
        ("audit_performance", json!({"time_range": "last_28_days", "as_of": NOW, "max_bytes": 1_000_000})),
        ("search", json!({"query": "roas"})),
    ];
    for (tool, arguments) in questions {
        let expected = batch(tool, &arguments);
        let by_path = server.post(&format!("/mcp/tool/{tool}"), "", &arguments.to_string());
        assert_eq!((by_path.status, &by_path.body), (200, &expected), "{tool}");
        assert!(by_path.headers.contains("content-type: application/json"));
        assert!(by_path.headers.contains("x-request-id: "));
        let payload = json!({"method": "call_tool", "params": {"name": tool, "arguments": arguments}});
        let by_payload = server.post("/api/v1/call", "", &payload.to_string());
        assert_eq!((by_payload.status, &by_payload.body), (200, &expected), "{tool}");
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": tool, "arguments": arguments}});
        let by_mcp = server.post("/mcp", "MCP-Protocol-Version: 2025-11-25\r\n", &message.to_string());
        let result: Value = serde_json::from_str::<Value>(&by_mcp.body).expect("JSON")["result"].clone();
        assert_eq!(result["structuredContent"].to_string(), expected, "{tool}");
        assert_eq!(result["content"][0]["text"], expected, "{tool}");
        assert_eq!(result["isError"], false, "{tool}");
    }
}

#[test]
fn operations_are_served_and_unknown_ones_are_not_found() {
    let server = serve();
    assert_eq!(server.post("/mcp/tool/resolve_time_range", "", r#"{"time_range":"yesterday"}"#).status, 200);
    assert_eq!(server.post("/mcp/tool/list_metrics", "", "").status, 200);
    let unknown = server.post("/mcp/tool/get_metric", "", "{}");
    assert_eq!(unknown.status, 404, "{}", unknown.body);
    assert!(unknown.body.contains("unknown-tool") && unknown.body.contains("get_metrics"), "{}", unknown.body);
    let call = server.post("/api/v1/call", "", r#"{"method":"call_tool","params":{"name":"get_metric"}}"#);
    assert_eq!(call.status, 400, "{}", call.body);
}

#[test]
fn what_is_wrong_has_its_status() {
    let server = serve();
    assert_eq!(server.get("/healthz").status, 200);
    assert_eq!(server.get("/readyz").status, 200);
    assert_eq!(server.get("/nowhere").status, 404);
    let get = server.get("/mcp");
    assert!(get.status == 405 && get.headers.contains("allow: post"), "{}", get.headers);
    let refused = server.post("/mcp/tool/get_metrics", "", r#"{"metric_names":["net_sale"]}"#);
    let error: Value = serde_json::from_str(&refused.body).expect("JSON");
    assert_eq!((refused.status, error["error"]["code"].as_str()), (400, Some("unknown-metric")));
    assert_eq!(error["error"]["did_you_mean"][0], "net_sales");
    let large = server.post("/mcp/tool/get_metrics", "", &" ".repeat((1 << 20) + 1));
    assert_eq!(large.status, 413);
    let text = "POST /api/v1/call HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\n";
    assert_eq!(server.send(text, b"{}").status, 415);
    let evil = "GET /healthz HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    assert_eq!(server.send(evil, b"").status, 403);
    let page = server.post("/api/v1/call", "Origin: http://evil.example\r\n", "{}");
    assert_eq!(page.status, 403);
}

#[cfg(unix)]
#[test]
fn termination_ends_the_server_well() {
    let mut server = serve();
    let id = server.process.0.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().expect("kill").success());
    let begun = Instant::now();
    loop {
        if let Some(status) = server.process.0.try_wait().expect("a status") {
            return assert_eq!(status.code(), Some(0));
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "the server goes on after SIGTERM");
        std::thread::sleep(Duration::from_millis(50));
    }
}
