//! `sextant audit-log`: who asked for what, and whether that was changed afterwards.

use chrono::{DateTime, Utc};
use serde_json::json;
use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;
use sextant_server::store::Store;
use sextant_server::store::audit::{Chain, Entry, Head, Record};

use crate::cli::{AuditLog, AuditLogAction, Place, TextFormat};
use crate::config::Config;
use crate::fault::Fault;
use crate::output::number::clean;
use crate::output::paint::Paint;
use crate::output::{self, table};

pub(crate) fn run(place: &Place, audit_log: &AuditLog) -> Result<(), Fault> {
    let store = Store::at(Config::of(place)?.state);
    match &audit_log.action {
        AuditLogAction::Verify { head } => verify(&store, head.as_deref(), audit_log.format),
        AuditLogAction::List { org, limit } => {
            org.as_deref().map(|org| store.known_organization(org)).transpose()?;
            list(&store.audit(org.as_deref(), *limit)?, audit_log.format)
        }
    }
}

/// A broken log ends the command with the status of what does not work.
fn verify(store: &Store, head: Option<&str>, format: TextFormat) -> Result<(), Fault> {
    let kept: Option<Head> = head.map(|text| text.parse().map_err(refusal)).transpose()?;
    let chain = store.verify_audit(kept.as_ref())?;
    let text = match (&chain, format) {
        (Chain::Whole(head), TextFormat::Json) => {
            let records = head.as_ref().map_or(0, |head| head.sequence);
            output::json::whole(&json!({"whole": true, "records": records, "head": head.as_ref().map(Head::to_string)}))
        }
        (Chain::Broken { sequence, how }, TextFormat::Json) => {
            output::json::whole(&json!({"whole": false, "sequence": sequence, "reason": how.to_string()}))
        }
        (Chain::Whole(None), TextFormat::Text) => "whole: no records yet\n".to_string(),
        (Chain::Whole(Some(head)), TextFormat::Text) => {
            format!("whole: {} record{}\nhead: {head}\n", head.sequence, if head.sequence == 1 { "" } else { "s" })
        }
        (Chain::Broken { sequence, how }, TextFormat::Text) => format!("BROKEN at record {sequence}: {how}\n"),
    };
    output::emit(&text)?;
    match chain {
        Chain::Whole(_) => Ok(()),
        Chain::Broken { .. } => Err(Fault::Ill),
    }
}

/// Records a change that was made at the command line, under the name that the operation has at the other doors.
pub(super) fn note(
    store: &Store,
    operation: &str,
    organization: &str,
    environment: &str,
    target: &str,
    at: DateTime<Utc>,
) -> Result<(), Failure> {
    store.append_audit(&[Record {
        at,
        caller: "local".into(),
        organization: organization.into(),
        environment: environment.into(),
        door: "command-line".into(),
        operation: operation.into(),
        outcome: "answered".into(),
        target: target.into(),
    }])
}

fn list(entries: &[Entry], format: TextFormat) -> Result<(), Fault> {
    if format == TextFormat::Json {
        return output::emit(&output::json::whole(&json!({ "records": entries })));
    }
    let mut lines = table::new_table(&Paint::stdout());
    lines.set_header(["", "at", "caller", "organization", "environment", "door", "operation", "target", "outcome"]);
    for Entry { sequence, record } in entries {
        let at = record.at.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
        let rest = [&record.caller, &record.organization, &record.environment, &record.door, &record.operation];
        let mut row = vec![sequence.to_string(), at];
        row.extend(rest.into_iter().chain([&record.target, &record.outcome]).map(|field| clean(field)));
        lines.add_row(row);
    }
    output::emit(&table::finish(&lines))
}

fn refusal(form: &str) -> Failure {
    let fault = Diagnostic::new(Code::InvalidArgument, "`--head` is no head of an audit log").field("--head");
    fault.help(form).into()
}
