//! The binary as an assistant starts it: MCP over standard input and output, with itself.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::data;
use super::finding::Finding;
use crate::config::Config;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(60);
const CHECK: &str = "stdio";

/// Starts the binary as `sextant connect` writes it, lists its tools and calls one.
pub(super) fn check(config: &Config, answered: Option<&str>) -> Finding {
    match talk(config, answered) {
        Ok((tools, called, milliseconds)) => {
            Finding::ok(CHECK, format!("started, {tools} tools listed, `{called}` called, in {milliseconds} ms"))
        }
        Err(fault) => {
            let help = "run `sextant serve --stdio` with SEXTANT_LOG=debug and see what it says on standard error";
            Finding::fail(CHECK, format!("the binary does not speak MCP with itself: {fault}"), help)
        }
    }
}

fn talk(config: &Config, answered: Option<&str>) -> Result<(usize, &'static str, u128), String> {
    let begun = Instant::now();
    let mut process = start(config).map_err(|fault| format!("it does not start: {fault}"))?;
    let outcome = converse(&mut process, answered);
    // Whatever was said, it is not left running; after a good end this changes nothing.
    let _ = process.kill();
    let _ = process.wait();
    let (tools, called) = outcome?;
    Ok((tools, called, begun.elapsed().as_millis()))
}

fn start(config: &Config) -> std::io::Result<Child> {
    let absolute = |path: &Path| std::path::absolute(path);
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["serve", "--stdio"]);
    if let Some(format) = config.model_format {
        command.args(["--model-format", format.as_str()]);
    }
    command.env("SEXTANT_MODELS", absolute(&config.models.path)?).env("SEXTANT_DATA", absolute(&config.data.path)?);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()
}

fn converse(process: &mut Child, answered: Option<&str>) -> Result<(usize, &'static str), String> {
    let mut input = process.stdin.take().ok_or("no standard input")?;
    let output = process.stdout.take().ok_or("no standard output")?;
    let (lines, answers) = channel();
    std::thread::spawn(move || {
        for line in BufReader::new(output).lines().map_while(Result::ok) {
            if lines.send(line).is_err() {
                break;
            }
        }
    });
    let mut say = |message: Value| {
        writeln!(input, "{message}").and_then(|()| input.flush()).map_err(|fault| format!("it stops reading: {fault}"))
    };
    say(json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
        "protocolVersion": "2025-11-25", "capabilities": {},
        "clientInfo": {"name": "sextant doctor", "version": env!("CARGO_PKG_VERSION")}}}))?;
    result(&answers, 1)?;
    say(json!({"jsonrpc": "2.0", "method": "notifications/initialized"}))?;
    say(json!({"jsonrpc": "2.0", "id": 2, "method": "tools/list"}))?;
    let tools = result(&answers, 2)?["tools"].as_array().map_or(0, Vec::len);
    // A metric that is answered here must be answered there; without one, what needs no data.
    let (tool, arguments) = match answered {
        Some(metric) => ("get_metrics", Value::Object(data::question(metric))),
        None => ("search", json!({ "query": "" })),
    };
    say(json!({"jsonrpc": "2.0", "id": 3, "method": "tools/call", "params": {"name": tool, "arguments": arguments}}))?;
    let called = result(&answers, 3)?;
    if called["isError"] == true {
        return Err(format!("`{tool}` refuses: {}", called["content"][0]["text"].as_str().unwrap_or_default()));
    }
    Ok((tools, tool))
}

/// The result of the request of that id; everything else on standard output must be JSON too.
fn result(answers: &Receiver<String>, id: i64) -> Result<Value, String> {
    loop {
        let line = answers.recv_timeout(PATIENCE).map_err(|_| format!("no answer to request {id}"))?;
        let message: Value = serde_json::from_str(&line)
            .map_err(|_| "standard output carries a line that is not JSON-RPC".to_string())?;
        if message["id"] != id {
            continue;
        }
        return match message.get("result") {
            Some(result) => Ok(result.clone()),
            None => Err(message["error"]["message"].as_str().unwrap_or("an error without a message").to_string()),
        };
    }
}
