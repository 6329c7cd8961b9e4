//! `sextant backup`: a copy of the state file, made while servers use it.

use chrono::Utc;
use sextant_server::store::{Store, backup};

use super::audit_log;
use crate::cli::{Backup, Place};
use crate::config::Config;
use crate::fault::Fault;
use crate::output;

pub(crate) fn run(place: &Place, asked: &Backup) -> Result<(), Fault> {
    let state = Config::of(place)?.state;
    let contents = backup::backup(&state, &asked.file)?;
    audit_log::note(&Store::at(state), "backup", "", "production", "", Utc::now())?;
    output::emit(&format!("wrote {}: {}\n", asked.file.display(), counted(&contents)))
}

/// `2 organizations, 1 token, 10 records of the audit log`.
pub(super) fn counted(contents: &backup::Contents) -> String {
    let plural = |count: i64, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let records = plural(contents.audit_records, "record");
    let organizations = plural(contents.organizations, "organization");
    format!("{organizations}, {}, {records} of the audit log", plural(contents.tokens, "token"))
}
