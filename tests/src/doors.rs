//! The doors of the built binary, started as processes and driven as a client would.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::ask::{Place, repository};

/// How long a door may take to start or to answer on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The built binary; `cargo test` alone would test a stale one. `SEXTANT_BIN` names another.
pub fn binary() -> &'static PathBuf {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        if let Some(given) = std::env::var_os("SEXTANT_BIN") {
            return PathBuf::from(given);
        }
        // With the features of the tests, so that nothing is built twice.
        let built = Command::new(env!("CARGO"))
            .args(["build", "--quiet", "--workspace", "--bins", "--examples"])
            .current_dir(repository())
            .status();
        assert!(built.is_ok_and(|status| status.success()), "`cargo build` failed");
        // target/<profile>/deps/all-… -> target/<profile>/sextant
        let profile = std::env::current_exe().unwrap().parent().unwrap().parent().unwrap().to_path_buf();
        profile.join(format!("sextant{}", std::env::consts::EXE_SUFFIX))
    })
}

/// A command of the binary over a place, away from the caller's environment.
pub fn command(place: &Place, arguments: &[&str]) -> Command {
    let mut command = Command::new(binary());
    command.args(arguments).arg("--models").arg(&place.models).arg("--data").arg(&place.data);
    command.args(place.caller.iter().flat_map(|pair| ["--caller", pair]));
    for name in ["SEXTANT_MODELS", "SEXTANT_DATA", "SEXTANT_API_KEY", "SEXTANT_URL"] {
        command.env_remove(name);
    }
    // Nothing of a test is kept in the user's own state.
    command.env("SEXTANT_STATE", std::env::temp_dir().join(format!("sextant-tests-{}.db", std::process::id())));
    command.env("NO_COLOR", "1").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What a door said to one request.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// The bytes of the answer.
    Answer(String),
    /// The bytes of the `error` object.
    Error(String),
    /// A refusal that a door gives only as text.
    ErrorText(String),
}

/// One request of `{"tool", "arguments"}`.
#[derive(Clone, Debug)]
pub struct Request {
    pub tool: String,
    pub arguments: Map<String, Value>,
}

impl Request {
    /// A call of a tool or an operation; arguments that are no object are none.
    pub fn of(tool: &str, arguments: &Value) -> Request {
        Request { tool: tool.to_string(), arguments: arguments.as_object().cloned().unwrap_or_default() }
    }

    /// The same as MCP takes it: a tool by itself, any other operation through `execute`.
    pub fn over_mcp(self) -> Request {
        match sextant_server::operations::ALL.iter().any(|of| of.is_tool && of.name == self.tool) {
            true => self,
            false => Request::of("execute", &json!({ "operation": self.tool, "arguments": self.arguments })),
        }
    }

    /// MCP's `tools/call`.
    pub fn as_message(&self, id: i64) -> Value {
        let params = json!({ "name": self.tool, "arguments": self.arguments });
        json!({ "jsonrpc": "2.0", "id": id, "method": "tools/call", "params": params })
    }
}

/// Runs one command to its end with a text on standard input; gives its standard output.
fn run(mut command: Command, input: impl Into<Vec<u8>>) -> Result<String, String> {
    let mut child = command.spawn().map_err(|e| e.to_string())?;
    let mut stdin = child.stdin.take().ok_or("no standard input")?;
    let input = input.into();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().map_err(|e| e.to_string())?;
    // A process that ends before it has read everything closes the pipe; its answer says why.
    let _ = writer.join();
    String::from_utf8(output.stdout).map_err(|e| e.to_string())
}

/// Asks through `sextant batch`: one process, one line a request.
pub fn batch(place: &Place, requests: &[Request]) -> Result<Vec<Said>, String> {
    let line =
        |(i, r): (usize, &Request)| json!({"id": i, "tool": r.tool, "arguments": r.arguments}).to_string() + "\n";
    let input: String = requests.iter().enumerate().map(line).collect();
    let output = run(command(place, &["batch"]), input)?;
    let lines: Vec<&str> = output.lines().collect();
    if lines.len() != requests.len() {
        return Err(format!("batch gave {} lines for {} requests", lines.len(), requests.len()));
    }
    lines.iter().enumerate().map(|(i, line)| batch_line(i, line)).collect()
}

/// Whatever bytes through one `sextant batch`; its lines.
pub fn batch_lines(place: &Place, input: Vec<u8>) -> Result<Vec<String>, String> {
    Ok(run(command(place, &["batch"]), input)?.lines().map(str::to_string).collect())
}

fn batch_line(i: usize, line: &str) -> Result<Said, String> {
    let inner = |start: &str| line.strip_prefix(start).and_then(|l| l.strip_suffix('}'));
    if let Some(answer) = inner(&format!("{{\"id\":{i},\"result\":")) {
        return Ok(Said::Answer(answer.to_string()));
    }
    match inner(&format!("{{\"id\":{i},\"error\":")) {
        Some(error) => Ok(Said::Error(error.to_string())),
        None => Err(format!("batch line {i} is neither a result nor an error: {line}")),
    }
}

/// Asks through `sextant call`.
pub fn call(place: &Place, request: &Request) -> Result<Said, String> {
    let arguments = Value::Object(request.arguments.clone()).to_string();
    let output = run(command(place, &["call", &request.tool, "-"]), arguments)?;
    said(output.trim_end_matches('\n'))
}

/// What a reply to `tools/call` says; the structured content must be in the text too.
fn said_by_mcp(body: &str) -> Result<Said, String> {
    let reply: Value = serde_json::from_str(body).map_err(|e| format!("{e}: {body}"))?;
    // What a caller's scopes do not allow is refused before there is a result.
    if let (Some(text), true) = (reply["error"]["message"].as_str(), reply["error"]["data"]["code"].is_string()) {
        return Ok(Said::ErrorText(text.to_string()));
    }
    let result = &reply["result"];
    let text = result["content"][0]["text"].as_str().ok_or_else(|| format!("no text content: {body}"))?;
    if result["isError"] == true {
        return Ok(Said::ErrorText(text.to_string()));
    }
    if !body.contains(&format!("\"structuredContent\":{text}")) {
        return Err(format!("the structured content is not the text: {body}"));
    }
    Ok(Said::Answer(text.to_string()))
}

/// A body that is a bare answer or `{"error": …}`.
pub fn said(body: &str) -> Result<Said, String> {
    match body.strip_prefix("{\"error\":").and_then(|b| b.strip_suffix('}')) {
        Some(error) => Ok(Said::Error(error.to_string())),
        None if body.starts_with('{') => Ok(Said::Answer(body.to_string())),
        None => Err(format!("neither an answer nor an error: {body}")),
    }
}

/// `sextant serve --http` on a free port, stopped when dropped.
pub struct Server {
    child: Child,
    pub address: String,
    /// The token that requests show.
    pub bearer: Option<String>,
    /// What the process has said on standard error since it listens.
    log: Arc<Mutex<String>>,
}

impl Server {
    /// One that asks nobody who calls.
    pub fn start(place: &Place) -> Result<Server, String> {
        Server::of(command(place, &["serve", "--http", "127.0.0.1:0", "--auth", "none"]))
    }

    /// One that answers the tokens of a state file.
    pub fn start_for_tokens(place: &Place, state: &Path) -> Result<Server, String> {
        let mut command = command(place, &["serve", "--http", "127.0.0.1:0"]);
        // All that is ever logged, so that a test may look for what must not be.
        command.env("SEXTANT_STATE", state).env("SEXTANT_LOG", "trace");
        Server::of(command)
    }

    pub fn log(&self) -> String {
        self.log.lock().unwrap().clone()
    }

    fn of(mut command: Command) -> Result<Server, String> {
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let mut child = command.spawn().map_err(|e| e.to_string())?;
        let mut lines = BufReader::new(child.stderr.take().ok_or("no standard error")?).lines();
        let mut said = String::new();
        while let Some(Ok(line)) = lines.next() {
            if let Some(rest) = line.split("http://").nth(1) {
                let address = rest.split_whitespace().next().unwrap_or(rest).to_string();
                // The pipe is read on, so that the server never waits for its log to be taken.
                let log = Arc::new(Mutex::new(String::new()));
                let written = Arc::clone(&log);
                std::thread::spawn(move || {
                    lines.map_while(Result::ok).for_each(|line| *written.lock().unwrap() += &(line + "\n"));
                });
                return Ok(Server { child, address, bearer: None, log });
            }
            said += &line;
        }
        let _ = child.wait();
        Err(format!("the server did not start: {said}"))
    }

    /// The open API.
    pub fn tool(&self, request: &Request) -> Result<Said, String> {
        let body = Value::Object(request.arguments.clone()).to_string();
        let (_, answer) = self.post(&format!("/mcp/tool/{}", request.tool), &body)?;
        said(&answer)
    }

    /// The documented payload: `{"method": "call_tool", "params": {…}}`.
    pub fn call_tool(&self, request: &Request) -> Result<Said, String> {
        let params = json!({"name": request.tool, "arguments": request.arguments});
        let (_, answer) = self.post("/api/v1/call", &json!({"method": "call_tool", "params": params}).to_string())?;
        said(&answer)
    }

    /// MCP's `tools/call`, without a session: the structured content must be in the text too.
    pub fn mcp(&self, request: &Request) -> Result<Said, String> {
        let (_, body) = self.post("/mcp", &request.as_message(1).to_string())?;
        said_by_mcp(&body)
    }

    /// The process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// One call of who may change something, by the path of the tool: its status and body.
    pub fn post_fully(&self, request: &Request) -> Result<(u16, String), String> {
        let body = Value::Object(request.arguments.clone()).to_string();
        let full = "X-Sextant-Access-Mode: full-access\r\n";
        let path = format!("/mcp/tool/{}", request.tool);
        reply(self.send("POST", &path, full, &body)?).map_err(|fault| format!("POST {path}: {fault}"))
    }

    /// Sends one POST of JSON; the reply is to be read from the connection.
    pub fn begin(&self, path: &str, body: &str) -> Result<TcpStream, String> {
        self.send("POST", path, "", body)
    }

    fn send(&self, method: &str, path: &str, more: &str, body: &str) -> Result<TcpStream, String> {
        let failed = |e: std::io::Error| format!("{method} {path}: {e}");
        let authorization = self.bearer.as_ref().map(|token| format!("Authorization: Bearer {token}\r\n"));
        let authorization = authorization.unwrap_or_default();
        let mut stream = TcpStream::connect(&self.address).map_err(failed)?;
        stream.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\n{authorization}{more}Content-Type: application/json\r\n\
             Accept: application/json, text/event-stream\r\nMCP-Protocol-Version: 2025-06-18\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n",
            self.address,
            body.len()
        );
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).map_err(failed)?;
        Ok(stream)
    }

    /// Status and body of one POST of JSON.
    pub fn post(&self, path: &str, body: &str) -> Result<(u16, String), String> {
        reply(self.begin(path, body)?).map_err(|fault| format!("POST {path}: {fault}"))
    }

    /// Status and body of one GET.
    pub fn get(&self, path: &str) -> Result<(u16, String), String> {
        reply(self.send("GET", path, "", "")?).map_err(|fault| format!("GET {path}: {fault}"))
    }
}

/// Status and body of what comes back until the connection ends.
fn reply(mut stream: TcpStream) -> Result<(u16, String), String> {
    let mut reply = String::new();
    stream.read_to_string(&mut reply).map_err(|e| e.to_string())?;
    let (head, body) = reply.split_once("\r\n\r\n").ok_or_else(|| format!("no HTTP reply: {reply}"))?;
    let status = head.split_whitespace().nth(1).and_then(|s| s.parse().ok()).ok_or("no status")?;
    let is_chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
    Ok((status, if is_chunked { unchunked(body)? } else { body.to_string() }))
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server of MCP over standard input and output, stopped with this value.
pub struct Piped {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Piped {
    /// Starts the server and introduces a client.
    pub fn start(place: &Place) -> Result<Piped, String> {
        Piped::of(command(place, &["serve", "--stdio"]))
    }

    /// Starts it for the holder of a token of a state file.
    pub fn start_for_token(place: &Place, state: &Path, token: &str) -> Result<Piped, String> {
        let mut command = command(place, &["serve", "--stdio"]);
        command.env("SEXTANT_STATE", state).env("SEXTANT_API_KEY", token);
        Piped::of(command)
    }

    fn of(mut command: Command) -> Result<Piped, String> {
        let mut child = command.stderr(Stdio::null()).spawn().map_err(|e| e.to_string())?;
        let input = child.stdin.take().ok_or("no standard input")?;
        let output = BufReader::new(child.stdout.take().ok_or("no standard output")?);
        let mut piped = Piped { child, input, output };
        let client = json!({"name": "doors", "version": "1"});
        let params = json!({"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": client});
        piped.send(&json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": params}))?;
        piped.line()?;
        piped.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"}))?;
        Ok(piped)
    }

    /// MCP's `tools/call`.
    pub fn mcp(&mut self, request: &Request) -> Result<Said, String> {
        self.send(&request.as_message(1))?;
        said_by_mcp(&self.line()?)
    }

    /// The process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// One message, without waiting for what it brings.
    pub fn send(&mut self, message: &Value) -> Result<(), String> {
        writeln!(self.input, "{message}").map_err(|e| format!("standard input: {e}"))
    }

    /// The next line; nothing but JSON-RPC stands on standard output.
    fn line(&mut self) -> Result<String, String> {
        let mut line = String::new();
        self.output.read_line(&mut line).map_err(|e| format!("standard output: {e}"))?;
        let is_message = line.starts_with("{\"jsonrpc\":\"2.0\"") && line.ends_with('\n');
        if is_message { Ok(line) } else { Err(format!("no JSON-RPC message: {line}")) }
    }
}

impl Drop for Piped {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn unchunked(mut rest: &str) -> Result<String, String> {
    let mut body = String::new();
    loop {
        let (size, after) = rest.split_once("\r\n").ok_or("a chunk without a size")?;
        let size = usize::from_str_radix(size.trim(), 16).map_err(|e| e.to_string())?;
        if size == 0 {
            return Ok(body);
        }
        body += after.get(..size).ok_or("a chunk that is cut short")?;
        rest = after[size..].trim_start_matches("\r\n");
    }
}
