//! Makes and revokes tokens as fast as it can and says each on standard output once it is kept, until it is killed:
//! `token_writer STATE`. The test of crashes (`tests/all/crash.rs`) holds the file against what was said.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::Utc;
use sextant_server::identity::scope::Scopes;
use sextant_server::store::Store;
use sextant_server::store::audit::{AuditLog, Record};
use sextant_server::store::tokens::{NewToken, Owner};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let state = std::env::args_os().nth(1).map(PathBuf::from).ok_or("the state file is the one argument")?;
    let store = Arc::new(Store::at(state));
    let log = AuditLog::new(Arc::clone(&store))?;
    let new = NewToken {
        name: "crash".into(),
        owner: Owner::Organization("default".into()),
        scopes: Scopes::MINIMAL,
        attributes: Default::default(),
        expires: None,
    };
    let mut recorded = 0;
    for count in 1_u64.. {
        let (token, text) = store.create_token(&new, Utc::now()).map_err(|fault| format!("{fault:?}"))?;
        say("created", text.expose())?;
        log.record(record("create_token"));
        recorded += 1;
        if count % 3 == 0 {
            store.revoke_token(&token.id, Utc::now()).map_err(|fault| format!("{fault:?}"))?;
            say("revoked", text.expose())?;
            log.record(record("revoke_token"));
            recorded += 1;
        }
        if count % 5 == 0 {
            log.flush();
            say("recorded", &recorded.to_string())?;
        }
    }
    Ok(())
}

fn say(what: &str, of: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{what} {of}")?;
    out.flush()
}

fn record(operation: &str) -> Record {
    Record {
        at: Utc::now(),
        caller: "local".into(),
        organization: "default".into(),
        environment: "production".into(),
        door: "command-line".into(),
        operation: operation.into(),
        outcome: "answered".into(),
        target: String::new(),
    }
}
