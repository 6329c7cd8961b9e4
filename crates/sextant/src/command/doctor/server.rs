//! A running server: whether it lives, and whether it lists its tools over MCP.

use serde_json::{Value, json};

use super::finding::Finding;
use super::http::{self, Address, Reply};

const CHECK: &str = "server";

/// Calls a server by the address that people type: of the server, or of its MCP endpoint.
pub(super) fn check(url: &str) -> Vec<Finding> {
    if url.starts_with("https://") {
        let help = "ask it with curl -sS: /healthz, then POST to /mcp";
        return vec![Finding::warn(CHECK, format!("`{url}` is not called: https is not spoken here"), help)];
    }
    let Some(address) = Address::of(url) else {
        let message = format!("`{url}` is not an address of http");
        return vec![Finding::fail(CHECK, message, "give it as http://127.0.0.1:8080")];
    };
    let above = address.path.trim_end_matches('/').trim_end_matches("/mcp").to_string();
    let lives = lives(&address, &above);
    let is_alive = lives.level == super::finding::Level::Ok;
    let mut findings = vec![lives];
    if is_alive {
        findings.push(tools(&address, &above));
    }
    findings
}

/// Whether anything that says it is well listens there.
pub(super) fn lives(address: &Address, above: &str) -> Finding {
    let place = &address.authority;
    match http::get(address, &format!("{above}/healthz")) {
        Ok(Reply { status: 200, .. }) => Finding::ok(CHECK, format!("{place} is alive")),
        Ok(Reply { status: 403, .. }) => {
            let help = "name it as 127.0.0.1 or localhost; other names need a proxy that sets Host";
            Finding::fail(CHECK, format!("{place} refuses this name for it (403)"), help)
        }
        Ok(Reply { status, .. }) => {
            let help = "see that the port is that of `sextant serve --http`, not of another program";
            Finding::fail(CHECK, format!("{place} answers /healthz with {status}"), help)
        }
        Err(fault) => {
            let help = format!("start it: sextant serve --http {place}");
            Finding::fail(CHECK, format!("nothing answers at {place}: {fault}"), help)
        }
    }
}

fn tools(address: &Address, above: &str) -> Finding {
    // A key leaves this machine only encrypted, which is not spoken here.
    let key = std::env::var("SEXTANT_API_KEY").ok().filter(|_| address.is_local());
    let key = key.filter(|key| !key.is_empty() && !key.contains(['\r', '\n']));
    let bearer = key.map_or_else(String::new, |key| format!("Authorization: Bearer {key}\r\n"));
    let headers = format!("MCP-Protocol-Version: 2025-11-25\r\n{bearer}");
    let body = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).to_string();
    let path = format!("{above}/mcp");
    let help = "see what the server says on standard error with SEXTANT_LOG=debug";
    match http::post(address, &path, &headers, &body) {
        Ok(Reply { status: 200, body }) => {
            let answer: Value = serde_json::from_str(&body).unwrap_or(Value::Null);
            match answer["result"]["tools"].as_array() {
                Some(tools) => Finding::ok(CHECK, format!("{} tools at {path}", tools.len())),
                None => Finding::fail(CHECK, format!("{path} answers tools/list without tools"), help),
            }
        }
        Ok(Reply { status: 401 | 403, .. }) => {
            let help = "set SEXTANT_API_KEY to a key that it knows";
            Finding::fail(CHECK, format!("{path} does not let this caller in"), help)
        }
        Ok(Reply { status, .. }) => Finding::fail(CHECK, format!("{path} answers tools/list with {status}"), help),
        Err(fault) => Finding::fail(CHECK, format!("{path} does not answer: {fault}"), help),
    }
}
