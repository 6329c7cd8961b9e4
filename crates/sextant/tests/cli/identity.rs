//! Tokens, organizations, partners, the audit log and backups on the command line.

use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use crate::process::{Answer, answer, sextant_in};

/// An operator's directory with a state file of its own.
struct Operator(tempfile::TempDir);

impl Operator {
    fn new() -> Operator {
        let operator = Operator(tempfile::tempdir().expect("a directory"));
        for place in ["acme/models", "acme/data", "zeta/models", "zeta/data"] {
            std::fs::create_dir_all(operator.path(place)).expect("a directory");
        }
        operator
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self) -> Command {
        let mut command = sextant_in(self.0.path());
        command.env("SEXTANT_STATE", self.path("state.db"));
        command
    }

    fn run(&self, line: &str) -> Answer {
        answer(&mut self.command(), &line.split(' ').collect::<Vec<_>>())
    }

    /// What a command that must succeed prints.
    fn done(&self, line: &str) -> String {
        let ended = self.run(line);
        assert_eq!(ended.status, 0, "{line}: {ended:?}");
        ended.out
    }

    fn json(&self, line: &str) -> Value {
        serde_json::from_str(&self.done(&format!("{line} --format json"))).expect("JSON")
    }

    /// Asserts that a command is refused with these words.
    fn refused(&self, line: &str, words: &[&str]) {
        let ended = self.run(line);
        assert_eq!((ended.status, ended.out.as_str()), (2, ""), "{line}: {ended:?}");
        for word in words {
            assert!(ended.err.contains(word), "{line}: {word}: {}", ended.err);
        }
    }

    fn two_organizations(&self) {
        self.done("org create acme --name Acme --models acme/models --data acme/data --currency EUR");
        self.done("org create zeta --models zeta/models --data zeta/data --timezone Europe/Berlin");
    }
}

#[test]
fn a_token_is_printed_once_alone_on_standard_output() {
    let operator = Operator::new();
    let made = operator.run("token create ci");
    let token = made.out.strip_suffix('\n').expect("a line");
    assert_eq!((made.status, token.len()), (0, "sextant_oat_".len() + 38), "{made:?}");
    assert!(token.starts_with("sextant_oat_") && !token.contains('\n'), "{token}");
    assert!(made.err.starts_with("`ci` (tok_") && made.err.contains("metrics:read feedback:write"), "{}", made.err);
    assert!(!made.err.contains(token), "{}", made.err);

    let listed = operator.json("token list");
    let of = &listed["tokens"][0];
    assert_eq!(of["scopes"], json!(["metrics:read", "feedback:write"]), "{listed}");
    assert_eq!(of["last_four"], token[token.len() - 4..], "{listed}");
    assert_eq!((&of["state"], &of["last_used"], &of["expires"]), (&json!("live"), &Value::Null, &Value::Null));
    let text = operator.done("token list");
    assert!(text.contains(&format!("sextant_oat_…{}", &token[token.len() - 4..])), "{text}");
    assert!(!format!("{listed}{text}").contains(&token[12..]), "a list never shows a token");
    for name in ["state.db", "state.db-wal"] {
        let bytes = std::fs::read(operator.path(name)).unwrap_or_default();
        assert!(!String::from_utf8_lossy(&bytes).contains(&token[12..]), "{name}");
    }
}

#[cfg(unix)]
#[test]
fn the_state_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let operator = Operator::new();
    operator.done("token create ci");
    let path = operator.path("state.db");
    let mode = || std::fs::metadata(&path).expect("a file").permissions().mode() & 0o777;
    assert_eq!(mode(), 0o600);
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("ours");
    operator.done("token list");
    assert_eq!(mode(), 0o600);
}

#[test]
fn tokens_of_every_kind_say_for_whom_they_are() {
    let operator = Operator::new();
    operator.two_organizations();
    operator.done("partner create agency --name Agency --organizations zeta,acme --default acme");
    for (arguments, prefix, wanted) in [
        ("token create a --org acme", "sextant_oat_", json!(["organization", "acme", null])),
        ("token create b --org acme --kind sandbox", "sextant_sbx_", json!(["sandbox", "acme", null])),
        ("token create c --partner agency", "sextant_pat_", json!(["partner", null, "agency"])),
        ("token create d --kind partner --partner agency", "sextant_pat_", json!(["partner", null, "agency"])),
    ] {
        let made = operator.json(arguments);
        let found = json!([made["kind"], made["organization"], made["partner"]]);
        assert_eq!(found, wanted, "{made}");
        assert!(made["token"].as_str().expect("a token").starts_with(prefix), "{made}");
    }
    let made = operator.json(
        "token create e --scopes metrics:read,query:sql --expires 90d --attribute country=DE --attribute country=AT \
         --attribute team=a",
    );
    assert_eq!(made["attributes"], json!({"country": ["DE", "AT"], "team": "a"}), "{made}");
    assert_eq!(made["scopes"], json!(["metrics:read", "query:sql"]), "{made}");
    assert!(made["expires"].is_string(), "{made}");
    assert_eq!(operator.json("token list --org acme")["tokens"].as_array().map(Vec::len), Some(2));
    assert_eq!(operator.json("token list")["tokens"].as_array().map(Vec::len), Some(5));

    operator.refused("token create x --org acne", &["no organization is called `acne`", "did you mean `acme`"]);
    operator.refused("token create x --partner agence", &["no partner is called `agence`", "did you mean `agency`"]);
    operator.refused("token create x --kind partner", &["needs `--partner`"]);
    operator.refused("token create x --kind sandbox --partner agency", &["for tokens of the kind `partner`"]);
    operator
        .refused("token create x --scopes metrics:rad", &["`metrics:rad` is no scope", "did you mean `metrics:read`"]);
    operator.refused("token create x --expires 2020-01-01", &["`2020-01-01` is over already"]);
    operator.refused("token create x --attribute DE", &["not of the form key=value"]);
    operator.refused("token create ", &["the name is empty"]);
    assert_eq!(operator.json("token list")["tokens"].as_array().map(Vec::len), Some(5), "nothing refused is kept");
}

#[test]
fn a_token_is_revoked_by_what_may_be_known_of_it() {
    let operator = Operator::new();
    let ids: Vec<Value> =
        ["one", "two", "two"].map(|name| operator.json(&format!("token create {name}"))).into_iter().collect();
    let last_four = ids[0]["last_four"].as_str().expect("four");
    let said = operator.done(&format!("token revoke {last_four}"));
    assert!(said.contains("is refused from now on") && said.contains("`one`"), "{said}");
    assert!(operator.done("token revoke one").contains("was revoked already"));
    let (first, second) = (ids[1]["id"].as_str().expect("an id"), ids[2]["id"].as_str().expect("an id"));
    operator.refused("token revoke two", &["`two` means 2 tokens", first, second]);
    operator.done(&format!("token revoke {first}"));
    assert!(operator.done("token revoke two").contains(second), "one of the name is left");
    operator.refused("token revoke thre", &["no token has", "sextant token list"]);
    let states = operator.json("token list");
    let states: Vec<&Value> = states["tokens"].as_array().expect("tokens").iter().map(|one| &one["state"]).collect();
    assert_eq!(states, ["revoked"; 3]);
}

#[test]
fn a_token_typed_as_an_argument_is_refused_and_not_repeated() {
    let operator = Operator::new();
    let token = operator.done("token create ci").trim().to_string();
    for line in [
        format!("token revoke {token}"),
        format!("token create {token}"),
        format!("token list --org {token}"),
        format!("token list --{token}"),
        format!("doctor --url https://example.com/?key={token}"),
        format!("token revoke {}", &token[..30]),
    ] {
        let ended = operator.run(&line);
        assert_eq!((ended.status, ended.out.as_str()), (2, ""), "{ended:?}");
        assert!(ended.err.contains("an argument holds an access token"), "{}", ended.err);
        assert!(ended.err.contains("SEXTANT_API_KEY") && !ended.err.contains(&token[12..20]), "{}", ended.err);
    }
    assert_eq!(operator.json("token list")["tokens"][0]["state"], "live");
}

#[test]
fn organizations_are_made_changed_and_disabled() {
    let operator = Operator::new();
    operator.two_organizations();
    let listed = operator.json("org list");
    let ids: Vec<&Value> = listed["organizations"].as_array().expect("a list").iter().map(|one| &one["id"]).collect();
    assert_eq!(ids, ["default", "acme", "zeta"]);
    let acme = &listed["organizations"][1];
    let models = operator.0.path().canonicalize().expect("there").join("acme/models");
    assert_eq!(PathBuf::from(acme["models"].as_str().expect("a path")).canonicalize().expect("absolute"), models);
    assert_eq!((&acme["currency"], &acme["timezone"]), (&json!("EUR"), &Value::Null));
    assert!(operator.done("org list").contains("(the server's)"));

    operator.done("org set acme --data zeta/data --timezone America/New_York --unset currency --name Acme-Inc");
    let acme = &operator.json("org list")["organizations"][1];
    assert!(acme["data"].as_str().expect("a path").ends_with("zeta/data"), "{acme}");
    assert_eq!(
        json!([acme["name"], acme["timezone"], acme["currency"]]),
        json!(["Acme-Inc", "America/New_York", null])
    );

    operator.done("token create ci --org acme");
    operator.done("org disable acme");
    assert_eq!(operator.json("token list")["tokens"][0]["state"], "disabled");
    operator.done("org enable acme");
    assert_eq!(operator.json("token list")["tokens"][0]["state"], "live");

    operator.refused("org create third --data acme/data", &["needs `--models`"]);
    operator.refused("org create third --models acme/models --data nowhere", &["is not a directory", "(data)"]);
    operator
        .refused("org create Third --models acme/models --data acme/data", &["`Third` is no identifier", "acme-eu"]);
    operator.refused("org create acme --models acme/models --data acme/data", &["`acme` exists already"]);
    operator.refused("org set acme --timezone Berlin", &["`Berlin`", "Europe/Berlin"]);
    operator.refused("org set acne --name x", &["no organization is called `acne`", "did you mean `acme`"]);
    operator.refused("org set default --models acme/models", &["`default` has no places of its own"]);
}

#[test]
fn partners_are_made_changed_and_disabled() {
    let operator = Operator::new();
    operator.two_organizations();
    operator.done("partner create agency --organizations zeta,acme");
    operator.done("partner set agency --name Agency --default acme");
    let listed = operator.json("partner list");
    let agency = &listed["partners"][0];
    assert_eq!(
        json!([agency["name"], agency["organizations"], agency["default_organization"]]),
        json!(["Agency", ["acme", "zeta"], "acme"])
    );
    operator.refused("partner set agency --organizations zeta", &["default organization `acme` is not among"]);
    operator.refused("partner create other --organizations acme,nobody", &["no organization is called `nobody`"]);
    operator.refused("partner disable agent", &["no partner is called `agent`"]);
    operator.done("token create hub --partner agency");
    operator.done("partner disable agency");
    assert_eq!(operator.json("token list")["tokens"][0]["state"], "disabled");
    assert!(operator.done("partner list").contains("disabled"));
}

#[test]
fn a_backup_is_put_back_and_tells_what_comes_back_with_it() {
    let operator = Operator::new();
    let ended = operator.run("backup a.backup");
    assert_eq!((ended.status, ended.err.contains("there is no state file")), (2, true), "{ended:?}");
    let id = operator.json("token create leaked")["id"].as_str().expect("an id").to_string();
    let said = operator.done("backup a.backup");
    assert_eq!(said, "wrote a.backup: 1 organization, 1 token, 1 record of the audit log\n");
    operator.refused("backup a.backup", &["`a.backup` exists already"]);
    operator.done("token revoke leaked");
    operator.done("token create later");
    let restored = operator.run("restore a.backup");
    assert_eq!(restored.status, 0, "{restored:?}");
    assert!(restored.out.contains(": 1 organization, 1 token,") && restored.out.contains(".replaced-"), "{restored:?}");
    assert!(restored.err.contains(&format!("is accepted again: sextant token revoke {id}")), "{}", restored.err);
    let tokens = operator.json("token list");
    assert_eq!(tokens["tokens"].as_array().map(Vec::len), Some(1));
    std::fs::write(operator.path("b.backup"), "no database").expect("a file");
    operator.refused("restore b.backup", &["`b.backup` is no backup"]);
    assert_eq!(operator.json("token list"), tokens);
}

#[test]
fn changes_at_the_command_line_are_in_the_audit_log() {
    let operator = Operator::new();
    operator.two_organizations();
    operator.done("token create ci --org acme --kind sandbox");
    operator.done("partner create agency --organizations acme");
    operator.done("org disable acme");
    operator.done("token revoke ci");
    operator.done("token revoke ci");
    operator.refused("token revoke nobody", &["no token"]);
    let listed = operator.json("audit-log list");
    let rows: Vec<Value> = listed["records"]
        .as_array()
        .expect("records")
        .iter()
        .map(|one| json!([one["sequence"], one["operation"], one["organization"], one["environment"]]))
        .collect();
    assert_eq!(
        rows,
        [
            json!([1, "create_organization", "acme", "production"]),
            json!([2, "create_organization", "zeta", "production"]),
            json!([3, "create_token", "acme", "sandbox"]),
            json!([4, "create_partner", "default", "production"]),
            json!([5, "update_organization", "acme", "production"]),
            json!([6, "revoke_token", "acme", "sandbox"]),
        ]
    );
    let head = operator.json("audit-log verify")["head"].as_str().expect("a head").to_string();
    assert!(operator.done("audit-log verify").starts_with("whole: 6 records\nhead: 6:"));
    operator.done("org enable acme");
    operator.done(&format!("audit-log verify --head {head}"));
    assert_eq!(operator.json("audit-log list --org zeta")["records"].as_array().map(Vec::len), Some(1));
    let text = operator.done("audit-log list --limit 1");
    assert!(text.contains("update_organization") && !text.contains("create_token"), "{text}");
}

#[test]
fn an_empty_audit_log_is_whole_and_a_head_that_is_none_is_refused() {
    let operator = Operator::new();
    assert_eq!(operator.done("audit-log verify"), "whole: no records yet\n");
    assert_eq!(operator.json("audit-log list"), json!({"records": []}));
    operator.refused("audit-log verify --head 5", &["`--head` is no head of an audit log", "64 hexadecimal digits"]);
    let cut = operator.run(&format!("audit-log verify --head 5:{}", "0".repeat(64)));
    assert_eq!(
        (cut.status, cut.out.as_str()),
        (8, "BROKEN at record 1: the log ends before it: its tail was cut off\n")
    );
}
