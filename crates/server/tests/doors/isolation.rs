//! Whatever happens in one organization, another's answers stay the same to the byte.
//!
//! Thousands of calls over every operation and door, right and wrong ones, are made for one organization, by each who
//! may; then the data, the models, the tokens, users and partners of two others are changed, with names and values that occur nowhere else, and the
//! same calls are made again. `CALLS=5000` makes as many as a release must stand.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};
use sextant_server::app::Limits;
use sextant_server::identity::authenticate::Authenticator;
use sextant_server::identity::headers::Wishes;
use sextant_server::identity::scope::{Scope, Scopes};
use sextant_server::identity::secret::Secret;
use sextant_server::mcp::{McpServer, Standing, stdio};
use sextant_server::operations;
use sextant_server::store::Store;
use sextant_server::store::organizations::NewOrganization;
use sextant_server::store::tokens::Owner;
use sextant_server::store::users::Membership;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, ReadHalf, WriteHalf};

use crate::organizations::{MODEL, Served, UNLIMITED, now, served_from, shop, write};

/// Occurs in what other organizations have, and nowhere else.
const CANARY: &str = "zqxcanary";
const CALLS: usize = 600;

/// What is logged, at every level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A seeded choice; the same calls in every round.
struct Choice(u64);

impl Choice {
    fn below(&mut self, count: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % count as u64) as usize
    }

    fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}

/// Names of this organization, of others, and of nobody.
const NAMES: [&str; 5] = ["revenue", "revenu", "zqxcanary_metric", "country", "zqxcanary_country"];

fn arguments(choice: &mut Choice, operation: &str, cursors: &[String]) -> Value {
    let name = *choice.of(&NAMES);
    let range = *choice.of(&["2026-11-01..2026-11-19", "last_7_days", "mtd", "someday"]);
    let question = json!({ "metric_names": [name], "time_range": range });
    match operation {
        "get_metrics" => match choice.below(5) {
            0 => json!({ "metric_names": ["revenue"], "group_by": [*choice.of(&["country", "zqxcanary_country"])] }),
            1 => json!({ "metric_names": ["revenue"], "time_range": range, "granularity": "day" }),
            2 => json!({ "metric_names": ["revenue"], "where": [format!("country = '{name}'")] }),
            3 => json!({ "metric_names": ["revenue"], "organization_id": "third" }),
            _ => question,
        },
        "audit_performance" => json!({ "metric_names": [name], "time_range": "2026-11-10..2026-11-16" }),
        "search" => match choice.below(3) {
            0 => json!({ "query": name, "limit": 1, "cursor": choice.of(cursors) }),
            1 => json!({ "query": *choice.of(&["", "DE", "zqxcanary", "revenue by country"]) }),
            _ => json!({ "query": name, "kind": "dimension_value" }),
        },
        "execute" => {
            json!({ "operation": *choice.of(&["get_metrics", "list_metrics", "nothing"]), "arguments": question })
        }
        "fetch" => json!({ "id": format!("{}:{name}", choice.of(&["metric", "dimension", "dimension_value"])) }),
        "describe_metric" => json!({ "name": name }),
        "list_dimensions" => json!({ "metric_names": [name] }),
        "get_dimension_values" => json!({ "dimension": name }),
        "sql" => json!({ "query": *choice.of(&[
            "SELECT MEASURE(revenue) FROM metrics",
            "SELECT * FROM orders",
            "SELECT * FROM zqxcanary_orders",
            "SELECT CAST(country AS INTEGER) FROM orders",
        ]) }),
        "explain" => {
            json!({ "arguments": question, "stage": *choice.of(&["resolved", "semantic", "logical", "physical", "sql"]) })
        }
        "resolve_time_range" => json!({ "time_range": range }),
        "revoke_token" => json!({ "id": "tok_zqxcanary" }),
        "create_user" => json!({ "email": "not an address" }),
        "create_organization" | "update_organization" | "create_partner" | "update_partner" => json!({ "id": "third" }),
        // What adds something differs by what it added.
        "submit_mcp_feedback" | "create_token" | "update_user" => json!({ "no_such_argument": name }),
        _ => json!({}),
    }
}

/// MCP over standard input and output, for the holder of a token.
struct Stdio {
    input: WriteHalf<DuplexStream>,
    output: BufReader<ReadHalf<DuplexStream>>,
}

impl Stdio {
    async fn start(served: &Served, token: &str) -> Stdio {
        let wishes = Wishes::read(Some("full-access"), None, None).expect("wishes");
        let authenticator = Arc::new(Authenticator::new(served.store.clone()));
        let standing = Standing::OfToken { authenticator, token: Secret::new(token.to_string()), wishes };
        let server = McpServer::new(served.app.clone(), Limits::mcp(1_000), standing);
        let (ours, theirs) = tokio::io::duplex(1 << 22);
        let (read, written) = tokio::io::split(theirs);
        tokio::spawn(stdio::serve_between(server, read, written));
        let (output, input) = tokio::io::split(ours);
        let mut stdio = Stdio { input, output: BufReader::new(output) };
        let client = json!({ "name": "test", "version": "1" });
        let hello = json!({ "protocolVersion": "2025-11-25", "capabilities": {}, "clientInfo": client });
        stdio.ask(&json!({ "jsonrpc": "2.0", "id": 0, "method": "initialize", "params": hello })).await;
        let known = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        stdio.input.write_all(format!("{known}\n").as_bytes()).await.expect("a line is sent");
        stdio
    }

    async fn ask(&mut self, message: &Value) -> String {
        self.input.write_all(format!("{message}\n").as_bytes()).await.expect("a line is sent");
        let mut line = String::new();
        self.output.read_line(&mut line).await.expect("a line comes back");
        line
    }
}

/// Every call of a round with what came back.
async fn round(served: &Served, token: &str, calls: usize, cursors: &[String]) -> Vec<(String, String)> {
    let mut choice = Choice(7);
    let mut stdio = Stdio::start(served, token).await;
    let full = [("X-Sextant-Access-Mode", "full-access")];
    let mut seen = Vec::new();
    for number in 0..calls {
        let operation = choice.of(operations::ALL);
        let arguments = arguments(&mut choice, operation.name, cursors);
        let params = json!({ "name": operation.name, "arguments": arguments });
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params });
        let said = match choice.below(6) {
            0 => served.mcp(token, &full, "tools/call", params.clone()).await.body.to_string(),
            1 => stdio.ask(&message).await,
            2 => {
                let method = *choice.of(&["tools/list", "resources/list", "prompts/list"]);
                served.mcp(token, &full, method, json!({})).await.body.to_string()
            }
            3 => {
                let reference = json!({ "type": "ref/resource", "uri": "metric://{name}" });
                let argument = json!({ "name": "name", "value": *choice.of(&["", "r", "zqx"]) });
                let asked = json!({ "ref": reference, "argument": argument });
                served.mcp(token, &full, "completion/complete", asked).await.body.to_string()
            }
            4 => {
                let path =
                    *choice.of(&["metrics", "metrics/zqxcanary_metric", "dimensions/country/values", "freshness"]);
                let get = Request::get(format!("/api/v1/{path}")).header("authorization", format!("Bearer {token}"));
                served.send(get.body(Body::empty()).expect("a request")).await.body.to_string()
            }
            _ => served.ask(token, &full, operation.name, arguments.clone()).await.body.to_string(),
        };
        seen.push((format!("call {number}: {} {arguments}", operation.name), said));
    }
    seen
}

/// The rounds of all holders, half of the calls in all.
async fn rounds(served: &Served, holders: &[String], calls: usize, cursors: &[String]) -> Vec<(String, String)> {
    let mut all = Vec::new();
    for token in holders {
        all.extend(round(served, token, calls / 2 / holders.len(), cursors).await);
    }
    all
}

/// Changes everything of the organizations `default` and `third`, and asks both.
async fn disturb(served: &Served, third: &TempDir, own: &[String]) {
    let model = MODEL.replace("revenue", "zqxcanary_metric").replace("name: country", "name: zqxcanary_country");
    for folder in [served.folders[0].path(), third.path()] {
        let rows: Vec<String> =
            (1..20).map(|day| format!("2026-11-{day:02},{CANARY}-{day},{}", day * 1_000_003)).collect();
        write(folder, &rows.join("\n"));
        std::fs::write(folder.join("models/shop.yml"), &model).expect("a model");
        let data = folder.join("data/orders.csv");
        let text = std::fs::read_to_string(&data).expect("data").replace("country", "zqxcanary_country");
        std::fs::write(data, text).expect("data");
    }
    for organization in ["default", "third"] {
        let (kept, token) = served.token(Owner::Organization(organization.into()), "admin");
        // The change of a model is seen after a second at most; asked for, at once.
        let full = [("X-Sextant-Access-Mode", "full-access")];
        let reloaded = served.ask(&token, &full, "reload_models", json!({})).await;
        assert!(reloaded.status.is_success(), "{}", reloaded.body);
        let asked = json!({ "metric_names": ["zqxcanary_metric"], "group_by": ["zqxcanary_country"] });
        let theirs = served.ask(&token, &[], "get_metrics", asked).await;
        assert!(theirs.body.to_string().contains(CANARY), "{}", theirs.body);
        assert!(!own.contains(&token));
        served.store.revoke_token(&kept.id, now()).expect("revoked");
        // One that stays, a user and a partner.
        served.token(Owner::Organization(organization.into()), "metrics:read");
        let email = format!("{CANARY}.{organization}@x.example");
        let membership = membership(organization);
        served.store.create_user(&email, CANARY, &[membership], now()).expect("a user");
        let partner = format!("partner-of-{organization}");
        served.store.create_partner(&partner, CANARY, &[organization.into()], organization, now()).expect("a partner");
    }
    served.store.disable_organization("third", now()).expect("disabled");
}

fn membership(organization: &str) -> Membership {
    Membership { organization: organization.into(), scopes: Scopes::of(Scope::ALL), attributes: serde_json::Map::new() }
}

/// Tokens of everybody who may ask for `acme`: of the organization, its sandbox, a user, and a partner.
fn holders(served: &Served) -> [String; 4] {
    let user = served.store.create_user("own@acme.example", "Own", &[membership("acme")], now()).expect("a user");
    served.store.create_partner("agency", "Agency", &["acme".into()], "acme", now()).expect("a partner");
    let user = Owner::User { user: user.id, organization: "acme".into(), grant: None };
    [
        served.token(Owner::Organization("acme".into()), "admin").1,
        served.token(Owner::Sandbox("acme".into()), "admin").1,
        served.token(user, "admin").1,
        served.token(Owner::Partner("agency".into()), "metrics:read query:sql feedback:write tokens:manage").1,
    ]
}

#[test]
fn what_others_have_changes_nothing() {
    let log = Log::default();
    let written = log.clone();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_ansi(false);
    let subscriber = subscriber.with_writer(move || written.clone()).finish();
    // Of this test alone: its runtime has one thread, and blocking work inherits nothing that is not asked for.
    let _logged = tracing::subscriber::set_default(subscriber);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(calls(&log));
}

async fn calls(log: &Log) {
    let calls: usize = std::env::var("CALLS").ok().map_or(CALLS, |text| text.parse().expect("a number"));
    let state = tempfile::tempdir().expect("a directory");
    let served = served_from(Arc::new(Store::at(state.path().join("state.db"))), UNLIMITED);
    let third = shop("2026-11-02,CH,9");
    let new = NewOrganization {
        id: "third".into(),
        name: "Third".into(),
        models: third.path().join("models"),
        data: third.path().join("data"),
        sandbox_data: None,
        timezone: None,
        currency: None,
    };
    served.store.create_organization(&new, now()).expect("an organization");
    let holders = holders(&served);
    let (_, theirs) = served.token(Owner::Organization("default".into()), "metrics:read");
    let mut cursors = vec!["nonsense".to_string()];
    for holder in [&holders[0], &theirs] {
        let page = served.ask(holder, &[], "search", json!({ "query": "revenue", "limit": 1 })).await;
        cursors.push(page.body["next_cursor"].as_str().expect("a cursor").to_string());
    }
    let before = rounds(&served, &holders, calls, &cursors).await;
    disturb(&served, &third, &holders).await;
    let after = rounds(&served, &holders, calls, &cursors).await;

    assert!(before.len() >= calls * 9 / 20 && before.len() == after.len());
    for ((asked, one), (again, other)) in before.iter().zip(&after) {
        assert_eq!((asked, one), (again, other));
    }
    let answered = before.iter().filter(|(_, said)| !said.contains("\"error\"") && !said.contains("isError\":true"));
    assert!(answered.count() * 10 > before.len() * 4, "most calls were refused");
    for (asked, said) in before.iter().chain(&after).filter(|(asked, _)| !asked.contains(CANARY)) {
        // Paths and completions that name a canary themselves may have it back.
        let is_echo = said.contains("unknown metric `zqxcanary_metric`");
        assert!(is_echo || !said.contains(CANARY), "{asked}: {said}");
    }
    // No secret is anywhere but with whom it was given to.
    for secret in holders.iter().chain([&theirs]) {
        let held = log.0.lock().unwrap_or_else(PoisonError::into_inner);
        assert!(held.len() > 10_000, "the log holds {} bytes", held.len());
        assert!(!contains(&held, secret.as_bytes()), "the log holds a token");
        for entry in std::fs::read_dir(state.path()).expect("a directory") {
            let bytes = std::fs::read(entry.expect("an entry").path()).expect("a file");
            assert!(!contains(&bytes, secret.as_bytes()), "the state holds a token");
        }
        assert!(
            before.iter().chain(&after).all(|(_, said)| !said.contains(secret.as_str())),
            "an answer holds a token"
        );
    }
    let held = log.0.lock().unwrap_or_else(PoisonError::into_inner);
    assert!(!contains(&held, CANARY.as_bytes()) || log_names_only_requests(&held), "the log holds another's data");
}

/// Canaries that requests themselves named may be in the log; values of the data may not.
fn log_names_only_requests(log: &[u8]) -> bool {
    (1..20).all(|day| !contains(log, format!("{CANARY}-{day}").as_bytes()))
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
