//! MCP over standard input and output: JSON-RPC and nothing else, and a good end.

use serde_json::{Value, json};

use crate::process::{NOW, commerce, run};

fn session(messages: &[Value]) -> (Vec<Value>, i32) {
    let input: String = messages.iter().map(|message| format!("{message}\n")).collect();
    let output = run(commerce().args(["serve", "--stdio"]).env("SEXTANT_LOG", "debug"), input.as_bytes());
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    let answers = text.lines().map(|line| serde_json::from_str(line).expect("only JSON on standard output")).collect();
    (answers, output.status.code().expect("an exit status"))
}

#[test]
fn no_input_is_a_good_end() {
    assert_eq!(session(&[]), (Vec::new(), 0));
}

#[test]
fn what_was_asked_before_the_end_of_input_is_answered() {
    let initialize = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}});
    let initialized = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
    let list = json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list"});
    let arguments = json!({"metric_names": ["net_sales"], "time_range": "last_7_days", "as_of": NOW});
    let call = json!({"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"name": "get_metrics", "arguments": arguments}});
    let (answers, status) = session(&[initialize, initialized, list, call]);
    assert_eq!(status, 0);
    let of = |id: i64| {
        answers.iter().find(|answer| answer["id"] == id).unwrap_or_else(|| panic!("no answer {id}: {answers:?}"))
    };
    assert_eq!(of(1)["result"]["serverInfo"]["name"], "sextant");
    assert_eq!(of(2)["result"]["tools"].as_array().map(Vec::len), Some(6));
    let result = &of(3)["result"];
    assert_eq!(result["isError"], false, "{result}");
    assert_eq!(result["content"][0]["text"], result["structuredContent"].to_string());
}

#[test]
fn the_current_revision_needs_no_handshake() {
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {}
    });
    let discover = json!({"jsonrpc": "2.0", "id": 1, "method": "server/discover", "params": {"_meta": meta}});
    let call = json!({"jsonrpc": "2.0", "id": 2, "method": "tools/call", "params": {
        "name": "search", "arguments": {"query": "sales"}, "_meta": meta}});
    let (answers, status) = session(&[discover, call]);
    assert_eq!(status, 0);
    assert_eq!(answers.len(), 2, "{answers:?}");
    assert!(answers.iter().all(|answer| answer.get("result").is_some()), "{answers:?}");
}
