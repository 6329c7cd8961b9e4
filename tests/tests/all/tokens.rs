//! A token that ends, in another process than those that serve its holder: each door refuses its next request.

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use libtest_mimic::{Failed, Trial};
use serde_json::{Value as Json, json};
use sextant_server::identity::scope::Scopes;
use sextant_server::store::Store;
use sextant_server::store::tokens::{NewToken, Owner, Token};
use sextant_tests::ask::Place;
use sextant_tests::doors::{self, Piped, Request, Said, Server};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("tokens::a_revoked_one_is_refused_at_every_door_from_the_next_request_on", revoked),
        Trial::test("tokens::an_expired_one_is_refused_at_every_door_from_the_next_request_on", expired),
    ]
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
    // A loaded machine may take long to start two processes; then the token is made anew to live longer.
    for seconds in [20, 60, 180] {
        let (began, life) = (Instant::now(), Duration::from_secs(seconds));
        let (_, text) = token(&state, Some(life))?;
        let mut doors = Doors::open(&state, text)?;
        let said = doors.ask()?;
        if began.elapsed() >= life {
            continue;
        }
        said.iter().try_for_each(answered)?;
        std::thread::sleep((life + Duration::from_millis(10)).saturating_sub(began.elapsed()));
        return doors.ask()?.iter().try_for_each(refused);
    }
    Err("the doors did not answer in three minutes".into())
}

/// A token of the one organization, which ends after `life`.
fn token(state: &Path, life: Option<Duration>) -> Result<(Token, String), Failed> {
    let now = Utc::now();
    let new = NewToken {
        name: "ends".into(),
        owner: Owner::Organization("default".into()),
        scopes: Scopes::MINIMAL,
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
