//! `sextant doctor` over a good store, and over the same store with one fault planted at a time.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::process::{Answer, NOW, Running, answer, commerce, line_until, sextant_in};

const MODEL: &str = "version: 1
name: shop
calendar: {timezone: UTC}
datasets:
  - name: orders
    source: {csv: \"orders/*.csv\"}
    primary_key: [id]
    columns: [{name: id, type: integer}, {name: day, type: date}, {name: amount, type: \"decimal(12, 2)\"}, {name: weight, type: integer}]
    time: day
    dimensions: [{name: day, type: time}, {name: shop}]
    metrics:
      - {name: revenue, type: simple, agg: sum, expr: amount}
audit: {metrics: [revenue], dimensions: [shop]}
";
const TODAY: &str = "2026-03-11T09:00:00Z";

/// A store with ten days of orders.
struct Store(tempfile::TempDir);

impl Store {
    fn new() -> Store {
        let store = Store(tempfile::tempdir().expect("a directory"));
        let lines = (1..=10).map(|day| format!("{day},2026-03-{day:02},{day}.50,{day},north\n"));
        store.write("semantic-models/shop.yml", MODEL);
        store.write("data/orders/march.csv", &format!("id,day,amount,weight,shop\n{}", lines.collect::<String>()));
        store
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
        std::fs::write(path, text).expect("a file");
    }

    fn command(&self) -> Command {
        let mut command = sextant_in(self.0.path());
        command.env("HOME", self.path("home")).env("XDG_CONFIG_HOME", self.path("home/.config"));
        command.env_remove("CODEX_HOME").env_remove("SEXTANT_API_KEY");
        command
    }

    fn doctor(&self, flags: &[&str]) -> (Answer, Value) {
        let arguments = [&["doctor", "--now", TODAY, "--format", "json"], flags].concat();
        let ended = answer(&mut self.command(), &arguments);
        let report = serde_json::from_str(&ended.out).unwrap_or_else(|_| panic!("{ended:?}"));
        (ended, report)
    }

    /// Asserts that exactly these checks are told with this level, each with these words and a next action.
    fn told(&self, flags: &[&str], level: &str, wanted: &[(&str, &str, &str)]) {
        let (ended, report) = self.doctor(flags);
        assert_eq!(ended.status, if level == "fail" { 8 } else { 0 }, "{report:#}");
        let found = of_level(&report, level);
        for (check, message, help) in wanted {
            let one = found.iter().find(|one| one["check"] == *check).unwrap_or_else(|| panic!("{check}: {report:#}"));
            assert!(one["message"].as_str().expect("text").contains(message), "{check}: {one:#}");
            assert!(one["help"].as_str().expect("a next action").contains(help), "{check}: {one:#}");
        }
    }
}

fn of_level<'a>(report: &'a Value, level: &str) -> Vec<&'a Value> {
    report["checks"].as_array().expect("checks").iter().filter(|check| check["level"] == level).collect()
}

#[test]
fn a_good_store_is_well_on_every_count() {
    let store = Store::new();
    let (ended, report) = store.doctor(&[]);
    assert_eq!(ended.status, 0, "{report:#}");
    assert_eq!((&report["warnings"], &report["failed"]), (&json!(0), &json!(0)), "{report:#}");
    let checks: Vec<&str> = of_level(&report, "ok").iter().filter_map(|check| check["check"].as_str()).collect();
    assert_eq!(
        checks,
        [
            "configuration",
            "model",
            "data root",
            "dataset orders",
            "freshness",
            "question revenue",
            "stdio",
            "assistants"
        ]
    );
    let of = |name: &str| {
        let check = of_level(&report, "ok").into_iter().find(|check| check["check"] == name).expect("a check");
        check["message"].as_str().expect("text").to_string()
    };
    assert_eq!(of("dataset orders"), "1 file, 5 columns, 2026-03-01 .. 2026-03-10, its key is unique");
    assert!(of("question revenue").starts_with("answered for last_7_days in "), "{report:#}");
    assert!(of("stdio").contains("`get_metrics` called"), "{report:#}");
    let text = answer(&mut store.command(), &["doctor", "--now", TODAY]);
    assert!(text.out.ends_with("8 checks: 8 ok, 0 to look at, 0 failed\n"), "{}", text.out);
}

#[test]
fn the_shipped_model_is_well() {
    let home = tempfile::tempdir().expect("a directory");
    let mut command = commerce();
    command.env("HOME", home.path()).env("XDG_CONFIG_HOME", home.path()).current_dir(home.path());
    let ended = answer(&mut command, &["doctor", "--now", NOW, "--format", "json"]);
    let report: Value = serde_json::from_str(&ended.out).expect("JSON");
    assert_eq!((ended.status, &report["failed"]), (0, &json!(0)), "{report:#}");
    let questions = of_level(&report, "ok")
        .iter()
        .filter(|c| c["check"].as_str().is_some_and(|c| c.starts_with("question ")))
        .count();
    assert_eq!(questions, 7, "one of each audit metric: {report:#}");
}

#[test]
fn a_missing_data_root_is_named() {
    let store = Store::new();
    std::fs::rename(store.path("data"), store.path("elsewhere")).expect("a directory");
    let root = store.path("data");
    store.told(
        &[],
        "fail",
        &[("data root", &root.to_string_lossy(), "--data DIR"), ("dataset orders", "data-unavailable", "")],
    );
    let elsewhere = store.path("elsewhere");
    let (ended, report) = store.doctor(&["--data", &elsewhere.to_string_lossy()]);
    assert_eq!(ended.status, 0, "{report:#}");
}

#[test]
fn a_missing_file_of_a_source_is_named() {
    let store = Store::new();
    std::fs::remove_file(store.path("data/orders/march.csv")).expect("a file");
    store.told(&[], "fail", &[("dataset orders", "`orders`", ""), ("question revenue", "data-unavailable", "")]);
}

#[test]
fn a_key_that_stands_twice_is_named() {
    let store = Store::new();
    store.write("data/orders/april.csv", "id,day,amount,weight,shop\n3,2026-03-10,1,1,south\n");
    store.told(&[], "fail", &[("dataset orders", "duplicate-key", "")]);
}

#[test]
fn a_cell_that_cannot_be_read_is_named_and_not_shown() {
    let store = Store::new();
    store.write("data/orders/april.csv", "id,day,amount,weight,shop\n11,2026-03-10,1,heavy,south\n");
    store.told(&[], "fail", &[("dataset orders", "bad-cell", "")]);
    let (_, report) = store.doctor(&[]);
    assert!(!report.to_string().contains("heavy"), "the cell itself is not shown: {report:#}");
}

#[test]
fn broken_yaml_is_shown_with_its_line_and_the_rest_is_still_checked() {
    let store = Store::new();
    store.write("semantic-models/shop.yml", &MODEL.replace("time: day", "tme: day"));
    let (ended, report) = store.doctor(&[]);
    assert_eq!(ended.status, 8, "{report:#}");
    let model = of_level(&report, "fail").into_iter().find(|check| check["check"] == "model").expect("the fault");
    assert!(model["message"].as_str().expect("text").starts_with("unknown-key: "), "{model:#}");
    assert!(model["details"].as_str().expect("carets").contains("shop.yml:9:5"), "{model:#}");
    assert!(of_level(&report, "ok").iter().any(|check| check["check"] == "data root"), "{report:#}");
    store.write("semantic-models/shop.yml", "version: [1\n");
    store.told(&[], "fail", &[("model", "invalid-yaml", "")]);
    store.write("sextant.toml", "model = \"x\"\n");
    store.told(&[], "fail", &[("configuration", "unknown field `model`", "the keys are")]);
}

#[test]
fn stale_data_and_rows_of_the_future_are_to_look_at() {
    let store = Store::new();
    let ask = |now: &str| {
        let ended = answer(&mut store.command(), &["doctor", "--now", now, "--format", "json"]);
        (ended.status, serde_json::from_str::<Value>(&ended.out).expect("JSON"))
    };
    let (status, late) = ask("2026-05-01T09:00:00Z");
    assert_eq!(status, 0, "{late:#}");
    let warned = of_level(&late, "warn");
    let fresh = warned.iter().find(|check| check["check"] == "freshness").expect("a warning");
    assert!(fresh["message"].as_str().expect("text").contains("`orders` is of 2026-03-10"), "{fresh:#}");
    assert!(fresh["help"].as_str().expect("text").contains("newer files"), "{fresh:#}");
    assert!(warned.iter().any(|check| check["check"] == "question revenue"), "{late:#}");
    let (_, early) = ask("2026-03-05T09:00:00Z");
    assert!(
        of_level(&early, "warn")
            .iter()
            .any(|c| c["message"].as_str().is_some_and(|m| m.contains("later than the clock"))),
        "{early:#}"
    );
}

#[test]
fn what_an_assistant_was_told_is_held_against_the_disk() {
    let store = Store::new();
    let file = "home/.cursor/mcp.json";
    let written = answer(&mut store.command(), &["connect", "cursor"]);
    assert_eq!(written.status, 0, "{written:?}");
    let good = std::fs::read_to_string(store.path(file)).expect("a file");
    let (_, report) = store.doctor(&[]);
    assert!(of_level(&report, "ok").iter().any(|check| check["check"] == "client cursor"), "{report:#}");
    let binary = env!("CARGO_BIN_EXE_sextant");
    let data = store.path("data").to_string_lossy().into_owned();
    for (from, to, message) in [
        (binary, "/nowhere/sextant", "`command` is `/nowhere/sextant`, which does not exist"),
        (binary, "no-such-sextant", "not on the PATH"),
        (data.as_str(), "/nowhere/data", "its data directory `/nowhere/data` does not exist"),
        ("SEXTANT_MODELS", "SEXTANT_MODEL", "names no model directory"),
    ] {
        assert!(good.contains(from), "{good}");
        store.write(file, &good.replace(from, to));
        let level = if message.starts_with("names") { "warn" } else { "fail" };
        store.told(&[], level, &[("client cursor", message, "sextant connect cursor")]);
    }
    store.write(file, "{\"mcpServers\": ");
    store.told(&[], "fail", &[("client cursor", "does not parse", "mend it")]);
    store.write(file, r#"{"mcpServers": {"metrics": {"command": "npx", "args": ["-y", "other"]}}}"#);
    let (_, report) = store.doctor(&[]);
    assert!(!report.to_string().contains("client cursor"), "other servers are nobody's business: {report:#}");
    store.write("told.toml", "[mcp_servers.sextant]\nurl = \"http://127.0.0.1:9/mcp\"\n");
    let told = store.path("told.toml");
    store.told(
        &["--config", &told.to_string_lossy()],
        "warn",
        &[("client codex", "nothing answers at 127.0.0.1:9", "sextant serve --http")],
    );
    // The file of Claude Code's user, in which much else stands.
    store.write(".claude.json", r#"{"tips": 3, "mcpServers": {"shop": {"command": "/nowhere/sextant"}}}"#);
    store.told(
        &["--config", ".claude.json"],
        "fail",
        &[(
            "client",
            "`shop` in .claude.json: `command` is `/nowhere/sextant`",
            "sextant connect CLIENT --config .claude.json",
        )],
    );
    store.told(&["--config", "absent.json"], "fail", &[("assistants", "absent.json does not exist", "--config")]);
}

#[test]
fn a_server_is_called_and_a_port_with_nothing_behind_it_is_named() {
    let store = Store::new();
    // A port that was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port");
    let nothing = format!("http://{free}");
    store.told(&["--url", &nothing], "fail", &[("server", "nothing answers at", "sextant serve --http")]);

    let mut command = store.command();
    command.args(["serve", "--http", "127.0.0.1:0", "--auth", "none"]).stdin(Stdio::null()).stderr(Stdio::piped());
    let mut process = Running(command.spawn().expect("the binary starts"));
    let mut said = process.0.stderr.take().expect("a pipe");
    let line = line_until(&mut said, |line| line.starts_with("listening on "));
    let url = line.trim_start_matches("listening on ").split(' ').next().expect("an address").to_string();
    let (ended, report) = store.doctor(&["--url", &format!("{url}/mcp")]);
    assert_eq!(ended.status, 0, "{report:#}");
    let server: Vec<&Value> = of_level(&report, "ok").into_iter().filter(|check| check["check"] == "server").collect();
    assert_eq!(server.len(), 2, "alive, and its tools: {report:#}");
    assert!(server[1]["message"].as_str().expect("text").contains("tools at /mcp"), "{report:#}");
    store.told(&["--url", "https://example.com"], "warn", &[("server", "https is not spoken here", "curl")]);
}
