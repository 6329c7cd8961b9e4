//! The commands of the pages that people copy from: every `sh` block of the README and of the quick
//! start runs, in order, in a copy of a fresh clone, with the built binary as `sextant`.
//!
//! `cargo run -- X` is run as `sextant X`, `cargo test` is not entered again. A block marked `sh server`
//! starts a server for the blocks after it; each line of one marked `sh refused` ends with the status of a
//! refusal. A `yaml` block that begins with a path is that file; a `json`
//! block of MCP servers is started and asked to initialize. Compared are success and a few words.

use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};

/// Words that the output of a block holds, by a piece of its text. Every block is in the table, and
/// every row of the table in a block.
const WORDS: &[(&str, &str, &[&str])] = &[
    ("README.md", "cargo run -- demo", &["Net sales", "Blended ROAS", "Next:"]),
    ("README.md", "--time last_7_days --compare previous_period", &["Net sales", "Blended ROAS", "previous_period"]),
    ("README.md", "sextant sql", &["day", "sales", "smoothed"]),
    ("README.md", "sextant audit --time last_28_days", &["Net sales", "metrics tested", "--format json"]),
    ("README.md", "| sextant batch", &["{\"id\":1,\"result\":{\"metrics\":[{\"name\":\"net_sales\""]),
    ("README.md", "curl -s", &["{\"metrics\":[{\"name\":\"net_sales\"", "\"freshness\""]),
    (
        "README.md",
        "sextant query net_sale ",
        &["unknown-metric", "did you mean `net_sales`", "fan-out", "`units_sold`"],
    ),
    ("README.md", "sextant query net_sales_mtd", &["Inventory on hand", "sales_trailing_28d"]),
    ("README.md", "--models my-model", &["3 metrics, no faults", "revenue", "order_value"]),
    ("docs/quick-start.md", "cargo run -- demo", &["Next:"]),
    ("docs/quick-start.md", "sextant list metrics", &["net_sales", "channel"]),
    ("docs/quick-start.md", "--granularity week", &["Net sales", "channel", "conversion_rate"]),
    ("docs/quick-start.md", "sextant audit --time last_28_days", &["Net sales", "Orders"]),
    ("docs/quick-start.md", "sextant explain", &["last_7_days", "aggregate"]),
    ("docs/quick-start.md", "--print-request", &["\"tool\":\"get_metrics\"", "\"id\":\"a\"", "\"id\":\"b\""]),
    ("docs/quick-start.md", "shop/data", &["Köln", "Bonn"]),
    ("docs/api.md", "cargo run -- demo", &["Next:"]),
    ("docs/api.md", "\"comparison\": \"previous_period\"", &["{\"metrics\":[{\"name\":\"net_sales\"", "\"impact\""]),
    ("docs/api.md", "call_tool", &["\"significance\"", "\"highlights\""]),
    ("docs/api.md", "/api/v1/metrics?search=roas", &["blended_roas", "\"dimensions\"", "\"values\"", "\"comparison\""]),
    ("docs/api.md", "max_bytes", &["\"truncated\":true", "\"next_cursor\":\""]),
    ("docs/api.md", "net_sale\"", &["unknown-metric", "\"did_you_mean\":[\"net_sales\","]),
];

/// The port that the pages name, and that a free one takes the place of.
const PORT: &str = "8080";
/// Where the pages say the clone is.
const ELSEWHERE: &str = "/path/to/sextant";
/// The exit status of a refused question.
const REFUSED: i32 = 2;
/// How long a server may take until it listens.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn trials() -> Vec<Trial> {
    ["README.md", "docs/quick-start.md", "docs/api.md"]
        .map(|page| Trial::test(format!("readme::{page}"), move || run(page)))
        .into_iter()
        .collect()
}

/// One fenced block of a page.
struct Block {
    info: String,
    text: String,
    line: usize,
}

fn run(page: &str) -> Result<(), Failed> {
    let clone = Clone::make()?;
    let text = std::fs::read_to_string(repository().join(page)).map_err(|fault| format!("{page}: {fault}"))?;
    let port = free_port()?;
    let mut unseen: Vec<&str> = WORDS.iter().filter(|w| w.0 == page).map(|w| w.1).collect();
    // Stopped when the page is over.
    let mut servers: Vec<Server> = Vec::new();
    for block in blocks(&text) {
        let place = format!("{page}:{}", block.line);
        let text = block.text.replace(PORT, &port.to_string());
        match block.info.as_str() {
            "sh" | "sh refused" => {
                let wanted: Vec<_> = WORDS.iter().filter(|w| w.0 == page && block.text.contains(w.1)).collect();
                if wanted.is_empty() {
                    return Err(format!("{place}: no words are expected of this block; add it to the table").into());
                }
                unseen.retain(|piece| !block.text.contains(piece));
                if text.contains("curl ") && !is_installed("curl") {
                    eprintln!("{place}: left out, there is no curl here");
                    continue;
                }
                let said = if block.info == "sh" { clone.shell(&text) } else { clone.refused(&text) };
                let said = said.map_err(|fault| format!("{place}: {fault}"))?;
                for word in wanted.iter().flat_map(|w| w.2) {
                    if !said.contains(word) {
                        return Err(format!("{place}: `{word}` is not in what was printed:\n{said}").into());
                    }
                }
            }
            "sh server" => servers.push(clone.serve(&text, port).map_err(|fault| format!("{place}: {fault}"))?),
            "yaml" => clone.write_model(&text)?,
            "json" if text.contains("mcpServers") => {
                clone.initialize(&text).map_err(|fault| format!("{place}: {fault}"))?;
            }
            _ => {}
        }
    }
    if let Some(piece) = unseen.first() {
        return Err(format!("{page}: no block has `{piece}`").into());
    }
    Ok(())
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The binary beside this test in the target directory.
fn binary() -> Result<PathBuf, Failed> {
    let own = std::env::current_exe().map_err(|fault| format!("where this test stands: {fault}"))?;
    let profile = own.parent().and_then(Path::parent).ok_or("this test stands in no target directory")?;
    let binary = profile.join(format!("sextant{}", std::env::consts::EXE_SUFFIX));
    if binary.is_file() {
        return Ok(binary);
    }
    Err(format!("{} is missing; `cargo test --workspace` and `cargo build --workspace` make it", binary.display())
        .into())
}

/// The fenced blocks of a page, in order.
fn blocks(markdown: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut open: Option<Block> = None;
    for (i, line) in markdown.lines().enumerate() {
        match (line.strip_prefix("```"), open.as_mut()) {
            (Some(info), None) => {
                open = Some(Block { info: info.trim().to_string(), text: String::new(), line: i + 1 });
            }
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some(block)) => {
                block.text.push_str(line);
                block.text.push('\n');
            }
            (None, None) => {}
        }
    }
    blocks
}

/// What a fresh clone holds, as far as the pages need it, in a directory of its own.
struct Clone {
    directory: tempfile::TempDir,
    binary: PathBuf,
}

impl Clone {
    fn make() -> Result<Clone, Failed> {
        let binary = binary()?;
        let directory = tempfile::tempdir()?;
        std::fs::copy(repository().join("sextant.toml"), directory.path().join("sextant.toml"))?;
        copy(&repository().join("semantic-models"), &directory.path().join("semantic-models"))?;
        Ok(Clone { directory, binary })
    }

    /// A command here, with `sextant` on the path and nothing of the caller's configuration.
    fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        let own = self.binary.parent().map(Path::to_path_buf);
        let inherited = std::env::var_os("PATH").unwrap_or_default();
        let path = std::env::join_paths(own.into_iter().chain(std::env::split_paths(&inherited)));
        command.env("PATH", path.unwrap_or(inherited)).env("NO_COLOR", "1").current_dir(self.directory.path());
        for name in ["SEXTANT_MODELS", "SEXTANT_DATA", "SEXTANT_LOG"] {
            command.env_remove(name);
        }
        command
    }

    /// What a block prints, once every command of it has succeeded.
    fn shell(&self, text: &str) -> Result<String, String> {
        match self.run(text)? {
            (Some(0), said) => Ok(said),
            (status, said) => Err(format!("status {status:?} of\n{text}\n{said}")),
        }
    }

    /// What the lines of a block print, once each has been refused.
    fn refused(&self, text: &str) -> Result<String, String> {
        let mut all = String::new();
        for line in text.lines().filter(|line| !line.is_empty()) {
            match self.run(line)? {
                (Some(REFUSED), said) => all.push_str(&said),
                (status, said) => return Err(format!("status {status:?} of\n{line}\n{said}")),
            }
        }
        Ok(all)
    }

    /// The status of a text of commands, and what they print.
    fn run(&self, text: &str) -> Result<(Option<i32>, String), String> {
        const CARGO: &str = r#"cargo() {
            case "$1 $2" in
                "run --") shift 2; sextant "$@" ;;
                "test --workspace") ;;
                *) echo "cargo $* is not known here" >&2; return 1 ;;
            esac
        }"#;
        let mut command = self.command("sh");
        command.args(["-e", "-c", &format!("{CARGO}\n{text}")]).stdin(Stdio::null());
        let Output { status, stdout, stderr } = command.output().map_err(|fault| format!("sh: {fault}"))?;
        let said = String::from_utf8_lossy(&stdout).into_owned() + &String::from_utf8_lossy(&stderr);
        Ok((status.code(), said))
    }

    /// Starts a server and waits until it listens.
    fn serve(&self, text: &str, port: u16) -> Result<Server, String> {
        let mut command = self.command("sh");
        command.args(["-c", &format!("exec {}", text.trim())]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut server = Server(command.spawn().map_err(|fault| format!("sh: {fault}"))?);
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if let Ok(Some(status)) = server.0.try_wait() {
                return Err(format!("the server ended with {status}"));
            }
            if begun.elapsed() > PATIENCE {
                return Err(format!("the server does not listen on port {port}"));
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(server)
    }

    /// Writes a block whose first line is `# directory/file.yml` as that file.
    fn write_model(&self, text: &str) -> Result<(), Failed> {
        let first = text.lines().next().unwrap_or_default();
        let Some(path) = first.strip_prefix("# ").filter(|p| p.ends_with(".yml") && !p.contains(' ')) else {
            return Ok(());
        };
        let path = self.directory.path().join(path);
        std::fs::create_dir_all(path.parent().ok_or("a path without a directory")?)?;
        Ok(std::fs::write(path, text)?)
    }

    /// Starts every server of an MCP configuration, and expects it to answer `initialize`.
    fn initialize(&self, configuration: &str) -> Result<(), String> {
        let binary = self.binary.to_string_lossy();
        let text = configuration
            .replace(&format!("{ELSEWHERE}/target/debug/sextant"), &binary)
            .replace(ELSEWHERE, &self.directory.path().to_string_lossy());
        let read: serde_json::Value = serde_json::from_str(&text).map_err(|fault| fault.to_string())?;
        let servers = read["mcpServers"].as_object().filter(|servers| !servers.is_empty());
        for (name, server) in servers.ok_or("a configuration without servers")? {
            let program = server["command"].as_str().ok_or("a server without a command")?;
            let arguments = server["args"].as_array().into_iter().flatten().filter_map(|a| a.as_str());
            let mut command = self.command(program);
            // A client starts it wherever it stands itself.
            command.args(arguments).current_dir(std::env::temp_dir());
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
            let mut child = command.spawn().map_err(|fault| format!("{name}: {fault}"))?;
            let hello = serde_json::json!({
                "jsonrpc": "2.0", "id": 1, "method": "initialize",
                "params": {"protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": "page", "version": "1"}},
            });
            let mut input = child.stdin.take().ok_or("no standard input")?;
            writeln!(input, "{hello}").map_err(|fault| format!("{name}: {fault}"))?;
            drop(input);
            let output = child.wait_with_output().map_err(|fault| format!("{name}: {fault}"))?;
            let said = String::from_utf8_lossy(&output.stdout);
            if !said.contains("serverInfo") {
                return Err(format!("{name}: {said}{}", String::from_utf8_lossy(&output.stderr)));
            }
        }
        Ok(())
    }
}

/// A running server, ended with this value.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing left to do.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        let (source, target) = (entry.path(), to.join(entry.file_name()));
        if entry.file_type()?.is_dir() {
            copy(&source, &target)?;
        } else {
            std::fs::copy(source, target)?;
        }
    }
    Ok(())
}

fn is_installed(program: &str) -> bool {
    Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// A port that was free a moment ago.
fn free_port() -> Result<u16, Failed> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
