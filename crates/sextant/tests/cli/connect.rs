//! `sextant connect`: what it writes, what it leaves alone, what it refuses, and that what it wrote works.

use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::process::{Answer, answer, repository, run, sextant_in};

const FILES: [(&str, &str); 6] = [
    ("claude", "config/Claude/claude_desktop_config.json"),
    ("claude-code", ".mcp.json"),
    ("codex", ".codex/config.toml"),
    ("cursor", ".cursor/mcp.json"),
    ("windsurf", ".codeium/windsurf/mcp_config.json"),
    ("vscode", ".vscode/mcp.json"),
];

/// The binary in `home`, which is also the user's, over the commerce model.
fn at_home(home: &Path) -> Command {
    let mut command = sextant_in(home);
    command.env("HOME", home).env("XDG_CONFIG_HOME", home.join("config"));
    command.env_remove("CODEX_HOME").env_remove("SEXTANT_API_KEY");
    command.env("SEXTANT_MODELS", repository().join("semantic-models/commerce"));
    command.env("SEXTANT_DATA", repository().join("fixtures/commerce"));
    command
}

fn connect(home: &Path, arguments: &[&str]) -> Answer {
    answer(&mut at_home(home), &[&["connect"], arguments].concat())
}

fn text(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()))
}

/// The servers of a file, whatever its language.
fn servers(path: &Path) -> Value {
    let text = text(path);
    let whole: Value = if path.extension().is_some_and(|end| end == "toml") {
        serde_json::to_value(toml::from_str::<toml::Value>(&text).expect("TOML")).expect("JSON")
    } else {
        serde_json::from_str(&text).expect("JSON")
    };
    let section = ["mcpServers", "servers", "mcp_servers"].iter().find_map(|key| whole.get(*key));
    section.cloned().expect("servers")
}

#[cfg(target_os = "linux")]
#[test]
fn every_client_finds_its_file_written_once_and_the_server_starts_from_it() {
    let home = tempfile::tempdir().expect("a directory");
    for (client, file) in FILES {
        let path = home.path().join(file);
        let first = connect(home.path(), &[client]);
        assert_eq!(first.status, 0, "{client}: {first:?}");
        assert!(first.out.starts_with(&format!("wrote {}\nnext: ", path.display())), "{client}: {}", first.out);
        let written = text(&path);
        let again = connect(home.path(), &[client]);
        assert_eq!((again.status, text(&path)), (0, written), "{client}");
        assert!(again.out.contains("says so already"), "{client}: {}", again.out);

        let entry = &servers(&path)["sextant"];
        let words: Vec<&str> = entry["args"].as_array().expect("args").iter().filter_map(Value::as_str).collect();
        assert_eq!(words, ["serve", "--stdio"], "{client}");
        // From another directory, with what the file says and nothing else.
        let elsewhere = tempfile::tempdir().expect("a directory");
        let mut command = Command::new(entry["command"].as_str().expect("a command"));
        command.args(words).current_dir(elsewhere.path()).env_clear();
        for (name, value) in entry["env"].as_object().expect("env") {
            command.env(name, value.as_str().expect("text"));
        }
        let initialize = json!({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {
            "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": {"name": client, "version": "1"}}});
        let output = run(command.stderr(Stdio::piped()), format!("{initialize}\n").as_bytes());
        let said: Value = serde_json::from_slice(&output.stdout).expect("one line of JSON-RPC");
        assert_eq!(said["result"]["serverInfo"]["name"], "sextant", "{client}: {said}");
    }
}

#[test]
fn other_servers_keys_and_comments_stay_and_the_old_file_is_kept() {
    let home = tempfile::tempdir().expect("a directory");
    let path = home.path().join("mcp.json");
    let before =
        "{\n  // mine\n  \"servers\": {\n    \"other\": { \"url\": \"http://x/mcp\" },\n  },\n  \"inputs\": []\n}\n";
    std::fs::write(&path, before).expect("writable");
    let file = path.to_string_lossy().into_owned();
    let dry = connect(home.path(), &["vscode", "--config", &file, "--dry-run"]);
    assert_eq!((dry.status, text(&path).as_str()), (0, before), "{dry:?}");
    let written = connect(home.path(), &["vscode", "--config", &file]);
    assert_eq!(written.status, 0, "{written:?}");
    let after = text(&path);
    assert_eq!(dry.out, after, "--dry-run prints what is written");
    for part in ["{\n  // mine\n", "\"other\": { \"url\": \"http://x/mcp\" },\n", "\"inputs\": []\n}\n"] {
        assert!(after.contains(part), "{after}");
    }
    assert_eq!(text(&home.path().join("mcp.json.bak")), before);
    let moved = connect(home.path(), &["vscode", "--config", &file, "--url", "http://127.0.0.1:8080"]);
    assert_eq!(moved.status, 0, "{moved:?}");
    assert!(text(&path).contains("\"url\": \"http://127.0.0.1:8080/mcp\"") && !text(&path).contains("command"));
}

#[test]
fn a_key_is_named_and_never_written() {
    let home = tempfile::tempdir().expect("a directory");
    for (client, _) in FILES.iter().filter(|(client, _)| *client != "claude") {
        let arguments = ["connect", client, "--url", "https://example.com", "--with-key", "--print"];
        let printed = answer(at_home(home.path()).env("SEXTANT_API_KEY", "sextant_oat_secret"), &arguments);
        assert_eq!(printed.status, 0, "{printed:?}");
        assert!(printed.out.contains("SEXTANT_API_KEY") && !printed.out.contains("secret"), "{}", printed.out);
        assert!(printed.out.contains("https://example.com/mcp"), "{}", printed.out);
    }
    let refused = connect(home.path(), &["claude", "--url", "https://example.com", "--with-key"]);
    assert_eq!(refused.status, 2, "{refused:?}");
    assert!(refused.err.contains("Claude Desktop reads no variables"), "{}", refused.err);
}

#[test]
fn a_file_that_does_not_parse_is_refused_and_left_alone() {
    let home = tempfile::tempdir().expect("a directory");
    for (client, name, broken, place) in [
        ("claude", "a.json", "{\"mcpServers\": {\n  // no comments here\n}}", "line 2 column 3"),
        ("cursor", "b.json", "{\"mcpServers\": []}", "`mcpServers` is not an object"),
        ("codex", "c.toml", "model = \"x\"\nmodel = \"y\"\n", "line 2"),
    ] {
        let path = home.path().join(name);
        std::fs::write(&path, broken).expect("writable");
        let ended = connect(home.path(), &[client, "--config", &path.to_string_lossy()]);
        assert_eq!((ended.status, text(&path).as_str()), (2, broken), "{ended:?}");
        assert!(ended.err.starts_with("invalid-argument: `") && ended.err.contains(place), "{}", ended.err);
        assert!(ended.err.contains("it is left as it is"), "{}", ended.err);
        assert!(!home.path().join(format!("{name}.bak")).exists());
    }
}

#[test]
fn pages_say_their_steps_and_how_the_server_is_reached() {
    let home = tempfile::tempdir().expect("a directory");
    for client in ["chatgpt", "make"] {
        let told = connect(home.path(), &[client]);
        assert_eq!(told.status, 0, "{told:?}");
        assert!(told.out.contains("public https address") && told.out.contains("--allowed-host"), "{}", told.out);
        let public = connect(home.path(), &[client, "--url", "https://metrics.example.com"]);
        assert!(public.out.contains("https://metrics.example.com/mcp"), "{}", public.out);
    }
    let n8n = connect(home.path(), &["n8n", "--url", "http://127.0.0.1:9000"]);
    assert!(n8n.out.contains("Endpoint: http://127.0.0.1:9000/mcp\n"), "{}", n8n.out);
}

#[test]
fn a_model_that_is_not_there_is_not_connected() {
    let home = tempfile::tempdir().expect("a directory");
    let arguments = ["connect", "cursor"];
    let ended = answer(at_home(home.path()).env("SEXTANT_MODELS", home.path().join("absent")), &arguments);
    assert_eq!(ended.status, 3, "{ended:?}");
    assert!(ended.err.starts_with("no-model: ") && !home.path().join(".cursor").exists(), "{}", ended.err);
    let wrong = connect(home.path(), &["cursor", "--url", "localhost:8080"]);
    assert_eq!(wrong.status, 2, "{wrong:?}");
    assert!(wrong.err.contains("not an address"), "{}", wrong.err);
}
