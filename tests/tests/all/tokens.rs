//! Tokens at the doors of the built binary: one that ends, in another process than those that serve its holder, is
//! refused from the next request on; and no log and no file holds one, whoever made it.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use libtest_mimic::{Failed, Trial};
use serde_json::{Value as Json, json};
use sextant_server::identity::scope::{Scope, Scopes};
use sextant_server::store::Store;
use sextant_server::store::tokens::{NewToken, Owner, Token};
use sextant_tests::ask::Place;
use sextant_tests::doors::{self, Piped, Request, Said, Server};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("tokens::a_revoked_one_is_refused_at_every_door_from_the_next_request_on", revoked),
        Trial::test("tokens::an_expired_one_is_refused_at_every_door_from_the_next_request_on", expired),
        Trial::test("tokens::no_log_and_no_file_holds_one_nor_what_was_asked_or_answered", untold),
    ]
}

/// Occurs in a question only.
const ASKED: &str = "zqxcanary";

/// At the log's finest level, tokens that were presented, made, mistyped and misplaced.
fn untold() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let state = folder.path().join("state.db");
    let (_, admin) = token_of(&state, Scopes::of([Scope::Admin]), None)?;
    let mut server = Server::start_for_tokens(&Place::of_world("commerce"), &state)?;
    server.bearer = Some(admin.clone());
    let mut secrets = vec![admin.clone()];
    for request in [
        Request::of("create_token", &json!({ "name": "made" })),
        Request::of("create_token", &json!({ "name": "made over MCP" })).over_mcp(),
    ] {
        let (_, body) = server.post_fully(&request)?;
        let made = body.split('"').find(|text| text.starts_with("sextant_oat_") && text.len() > 40);
        // Within the text content the quotes are written as \".
        let made = made.ok_or_else(|| format!("no token was made: {body}"))?;
        secrets.push(made.trim_end_matches('\\').to_string());
    }
    let question =
        json!({ "metric_names": ["orders"], "group_by": ["country"], "where": [format!("country = '{ASKED}'")] });
    let asked = Request::of("get_metrics", &question);
    for said in [server.tool(&asked)?, server.mcp(&asked)?] {
        answered(&("a question", said))?;
    }
    let misplaced = Request::of("get_metrics", &json!({ "metric_names": [admin] }));
    let refusals = [
        server.post("/mcp/tool/get_metrics", &json!(misplaced.arguments).to_string())?.1,
        server.post("/mcp", &misplaced.as_message(1).to_string())?.1,
        server.get(&format!("/api/v1/metrics?access_token={admin}"))?.1,
        server.get(&format!("/{admin}"))?.1,
        server.post(&format!("/mcp/tool/{admin}"), "{}")?.1,
    ];
    if let Some(refusal) = refusals.iter().find(|text| text.contains(&admin)) {
        return Err(format!("a refusal repeats the token: {refusal}").into());
    }
    let log = server.log();
    if log.len() < 500 || !log.contains("/mcp/tool/get_metrics") {
        return Err(format!("the log says too little to be looked through: {log}").into());
    }
    drop(server);
    let mut texts = vec![("the log".to_string(), log.into_bytes())];
    for entry in std::fs::read_dir(folder.path())? {
        let path = entry?.path();
        if path.is_file() {
            texts.push((path.display().to_string(), std::fs::read(path)?));
        }
    }
    for (name, bytes) in &texts {
        let holds = |part: &str| bytes.windows(part.len()).any(|window| window == part.as_bytes());
        if let Some(told) = secrets.iter().map(String::as_str).chain([ASKED]).find(|text| holds(text)) {
            let text = String::from_utf8_lossy(bytes);
            let line = text.lines().find(|line| line.contains(told)).unwrap_or_default();
            return Err(format!("{name} holds a token or a question: {line}").into());
        }
    }
    Ok(())
}

fn revoked() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let state = folder.path().join("state.db");
    let (token, text) = token(&state, None)?;
    let mut doors = Doors::open(&state, text)?;
    doors.ask()?.iter().try_for_each(answered)?;
    let place = Place::of_world("commerce");
    let mut revoke = doors::command(&place, &["token", "revoke", &token.id]);
    let status = revoke.env("SEXTANT_STATE", &state).stdin(Stdio::null()).stdout(Stdio::null()).status()?;
    assert!(status.success(), "`sextant token revoke` failed");
    doors.ask()?.iter().try_for_each(refused)
}

fn expired() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let state = folder.path().join("state.db");
    doors::binary();
    // A loaded machine may take long to start two processes; then the token is made anew to live longer.
    for seconds in [20, 60, 180] {
        let (began, life) = (Instant::now(), Duration::from_secs(seconds));
        let (_, text) = token(&state, Some(life))?;
        let opened = Doors::open(&state, text).and_then(|mut doors| Ok((doors.ask()?, doors)));
        if began.elapsed() >= life {
            continue;
        }
        let (said, mut doors) = opened?;
        said.iter().try_for_each(answered)?;
        std::thread::sleep((life + Duration::from_millis(10)).saturating_sub(began.elapsed()));
        return doors.ask()?.iter().try_for_each(refused);
    }
    Err("the doors did not answer in three minutes".into())
}

/// A token of the one organization, which ends after `life`.
fn token(state: &Path, life: Option<Duration>) -> Result<(Token, String), Failed> {
    token_of(state, Scopes::MINIMAL, life)
}

fn token_of(state: &Path, scopes: Scopes, life: Option<Duration>) -> Result<(Token, String), Failed> {
    let now = Utc::now();
    let new = NewToken {
        name: "ends".into(),
        owner: Owner::Organization("default".into()),
        scopes,
        attributes: Default::default(),
        expires: life.map(|life| TimeDelta::from_std(life).map(|life| now + life)).transpose()?,
    };
    let made = Store::at(state.to_path_buf()).create_token(&new, now);
    let (token, text) = made.map_err(|fault| format!("{fault:?}"))?;
    Ok((token, text.expose().to_string()))
}

/// Every door of the built binary, each a process, for the holder of one token.
struct Doors {
    http: Server,
    piped: Piped,
}

impl Doors {
    fn open(state: &Path, text: String) -> Result<Doors, Failed> {
        let place = Place::of_world("commerce");
        let piped = Piped::start_for_token(&place, state, &text)?;
        let mut http = Server::start_for_tokens(&place, state)?;
        http.bearer = Some(text);
        Ok(Doors { http, piped })
    }

    /// One question at each: what the door is, and what it said.
    fn ask(&mut self) -> Result<Vec<(&'static str, Said)>, Failed> {
        let request = Request::of("resolve_time_range", &json!({ "time_range": "2026-11-01..2026-11-07" }));
        let (_, browsed) = self.http.get("/api/v1/metrics?limit=1")?;
        let (_, over_mcp) = self.http.post("/mcp", &request.clone().over_mcp().as_message(1).to_string())?;
        Ok(vec![
            ("open API", self.http.tool(&request)?),
            ("call_tool", self.http.call_tool(&request)?),
            ("browsing", doors::said(&browsed)?),
            ("MCP over HTTP", of_http(&over_mcp)),
            ("MCP over standard input", self.piped.mcp(&request.over_mcp())?),
        ])
    }
}

/// What MCP over HTTP says: one without an accepted token is refused before its message is read, with a bare error.
fn of_http(body: &str) -> Said {
    match doors::said(body) {
        Ok(Said::Error(error)) => Said::Error(error),
        Ok(Said::Answer(_) | Said::ErrorText(_)) | Err(_) => Said::Answer(body.to_string()),
    }
}

fn answered((door, said): &(&'static str, Said)) -> Result<(), Failed> {
    match said {
        Said::Answer(answer) if !answer.contains("\"error\"") => Ok(()),
        Said::Answer(_) | Said::Error(_) | Said::ErrorText(_) => Err(format!("{door}: {said:?}").into()),
    }
}

fn refused((door, said): &(&'static str, Said)) -> Result<(), Failed> {
    let code = match said {
        Said::Error(error) => serde_json::from_str::<Json>(error)?["code"].as_str().unwrap_or_default().to_string(),
        Said::ErrorText(text) => text.split(':').next().unwrap_or_default().to_string(),
        Said::Answer(_) => String::new(),
    };
    if code == "unauthenticated" { Ok(()) } else { Err(format!("{door}: {said:?}").into()) }
}
