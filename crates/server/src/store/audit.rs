//! The audit log: one record a call, each bound to the one before it by its hash.
//!
//! A record says who asked for what and how it ended, never with which arguments and never what was answered. The
//! chain shows what was changed, taken out or moved afterwards; that its end was cut off, or that all of it was
//! written anew, shows only who keeps a [`Head`] elsewhere.

mod chain;
mod writer;

use chrono::{DateTime, Utc};
use rusqlite::{OptionalExtension, Row, params};
use serde::Serialize;
use sextant_engine::workspace::Failure;

use super::Store;
use super::tokens::{instant, text, unreadable};
use crate::identity::caller::Caller;
use crate::identity::token;
use crate::operations;

pub use chain::{Break, Chain, Head};
pub use writer::AuditLog;

/// Characters of a field at most.
const LONGEST_FIELD: usize = 200;

/// One call, allowed or not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Record {
    pub at: DateTime<Utc>,
    /// The identifier of a token, or `local`.
    pub caller: String,
    /// Empty when nobody could be told.
    pub organization: String,
    pub environment: String,
    pub door: String,
    pub operation: String,
    /// `answered`, or the code of the refusal.
    pub outcome: String,
    /// What was changed or made, by its identifier; empty where it is nothing that is kept.
    pub target: String,
}

impl Record {
    /// What a caller called and how it ended; never what was asked or answered.
    pub(crate) fn of(caller: &Caller, operation: &str, refused: Option<&Failure>, at: DateTime<Utc>) -> Record {
        let outcome = match refused {
            None => "answered",
            Some(failure) => failure.0.iter().next().map_or("internal", |fault| fault.code.as_str()),
        };
        Record {
            at,
            caller: caller.name.clone(),
            organization: caller.organization.clone(),
            environment: caller.environment.as_str().to_string(),
            door: caller.door.as_str().to_string(),
            // A name that is none of ours is the caller's text.
            operation: operations::find(operation).map_or("unknown", |operation| operation.name).to_string(),
            outcome: outcome.to_string(),
            target: String::new(),
        }
    }
}

/// A record with its place in the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Entry {
    pub sequence: i64,
    #[serde(flatten)]
    pub record: Record,
}

impl Record {
    /// The fields in the order in which they are hashed; those of a caller's making made fit to be kept.
    fn fields(&self) -> [String; 8] {
        let kept = [&self.caller, &self.organization, &self.environment, &self.door, &self.operation, &self.outcome];
        let [caller, organization, environment, door, operation, outcome] = kept.map(|field| fit(field));
        [text(self.at), caller, organization, environment, door, operation, outcome, fit(&self.target)]
    }
}

/// A field without control characters and tokens, and not too long.
fn fit(field: &str) -> String {
    if token::occurs_in(field) {
        return "[redacted]".into();
    }
    field.chars().filter(|letter| !letter.is_control()).take(LONGEST_FIELD).collect()
}

impl Store {
    /// Appends the records in one transaction. The chain's end is read inside of it: several processes may append.
    pub fn append_audit(&self, records: &[Record]) -> Result<(), Failure> {
        self.write(|transaction| {
            let end = "SELECT sequence, hash FROM audit_log ORDER BY sequence DESC LIMIT 1";
            let end = transaction.query_row(end, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
            let (mut sequence, mut previous): (i64, Vec<u8>) = end.unwrap_or_else(|| (0, chain::START.to_vec()));
            let mut insert = transaction.prepare_cached(
                "INSERT INTO audit_log (sequence, at, caller, organization, environment, door, operation, outcome, \
                 target, previous, hash) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            )?;
            for record in records {
                sequence = sequence.saturating_add(1);
                let fields = record.fields();
                let hash = chain::seal(&previous, sequence, &fields);
                let [at, caller, organization, environment, door, operation, outcome, target] = &fields;
                insert.execute(params![
                    sequence,
                    at,
                    caller,
                    organization,
                    environment,
                    door,
                    operation,
                    outcome,
                    target,
                    previous,
                    hash
                ])?;
                previous = hash.to_vec();
            }
            Ok(())
        })
    }

    /// The newest records, those of one organization if it is named, in the order of the log.
    pub fn audit(&self, organization: Option<&str>, limit: usize) -> Result<Vec<Entry>, Failure> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.with(|connection| {
            let mut query = connection.prepare_cached(
                "SELECT * FROM (SELECT * FROM audit_log WHERE ?1 IS NULL OR organization = ?1 \
                 ORDER BY sequence DESC LIMIT ?2) ORDER BY sequence",
            )?;
            query.query_map(params![organization, limit], read)?.collect()
        })
    }

    /// Walks the whole chain, and holds it against a head that was kept elsewhere.
    pub fn verify_audit(&self, kept: Option<&Head>) -> Result<Chain, Failure> {
        self.with(|connection| chain::walk(connection, kept))
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let record = Record {
        at: instant(row, "at")?.ok_or_else(|| unreadable("at", std::fmt::Error))?,
        caller: row.get("caller")?,
        organization: row.get("organization")?,
        environment: row.get("environment")?,
        door: row.get("door")?,
        operation: row.get("operation")?,
        outcome: row.get("outcome")?,
        target: row.get("target")?,
    };
    Ok(Entry { sequence: row.get("sequence")?, record })
}

#[cfg(test)]
mod tests;
