//! Feedback: kept for the operator, and only ever added to.

use chrono::{DateTime, SecondsFormat, Utc};
use rusqlite::{Row, params};
use serde_json::{Value, json};
use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;

use super::Store;

/// Pieces of feedback that one file keeps.
const MOST_FEEDBACK: i64 = 10_000;
/// One piece of feedback as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Feedback {
    pub(crate) id: String,
    pub(crate) at: DateTime<Utc>,
    pub(crate) category: &'static str,
    pub(crate) comment: String,
    pub(crate) tool_name: Option<String>,
    pub(crate) answer_id: Option<String>,
    pub(crate) severity: Option<&'static str>,
    pub(crate) tags: Vec<String>,
}

const COLUMNS: &str = "id, at, category, comment, tool_name, answer_id, severity, tags";

impl Store {
    pub(crate) fn keep_feedback(&self, feedback: &Feedback) -> Result<(), Failure> {
        self.settle(|transaction| {
            let kept: i64 = transaction.query_row("SELECT count(*) FROM feedback", [], |row| row.get(0))?;
            if kept >= MOST_FEEDBACK {
                return Ok(Err(full()));
            }
            let tags = Value::from(feedback.tags.clone()).to_string();
            transaction.execute(
                "INSERT INTO feedback (id, at, category, comment, tool_name, answer_id, severity, tags) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![
                    feedback.id,
                    feedback.at.to_rfc3339_opts(SecondsFormat::Millis, true),
                    feedback.category,
                    feedback.comment,
                    feedback.tool_name,
                    feedback.answer_id,
                    feedback.severity,
                    tags,
                ],
            )?;
            Ok(Ok(()))
        })
    }

    /// What was said last, the newest first: for the operator alone.
    pub(crate) fn feedback(&self, limit: usize) -> Result<Vec<Value>, Failure> {
        self.with(|connection| {
            let sql = format!("SELECT {COLUMNS} FROM feedback ORDER BY at DESC, id LIMIT ?1");
            let mut query = connection.prepare_cached(&sql)?;
            query.query_map([i64::try_from(limit).unwrap_or(i64::MAX)], read)?.collect()
        })
    }
}

fn read(row: &Row<'_>) -> rusqlite::Result<Value> {
    let text = |name: &str| row.get::<_, Option<String>>(name);
    let tags: Vec<String> = serde_json::from_str(&text("tags")?.unwrap_or_default()).unwrap_or_default();
    Ok(json!({
        "id": text("id")?,
        "at": text("at")?,
        "category": text("category")?,
        "comment": text("comment")?,
        "tool_name": text("tool_name")?,
        "answer_id": text("answer_id")?,
        "severity": text("severity")?,
        "tags": tags,
    }))
}

fn full() -> Failure {
    let fault = Diagnostic::new(Code::StoreFull, format!("{MOST_FEEDBACK} pieces of feedback are kept already"));
    fault.help("the operator can keep the state file and start another one with --state").into()
}
