//! Feedback: kept for the operator, and only ever added to.

use chrono::{DateTime, Days, NaiveTime, SecondsFormat, Utc};
use rusqlite::{Row, params};
use serde_json::{Value, json};
use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;

use super::Store;
use crate::identity::limits;

/// Pieces of feedback of one organization that are kept, and that are taken on one day (UTC). No organization uses up
/// what others may say.
const MOST_FEEDBACK: i64 = 10_000;
const MOST_A_DAY: i64 = 200;

/// One piece of feedback as it is kept.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Feedback {
    pub(crate) id: String,
    /// Whose caller said it.
    pub(crate) organization: String,
    pub(crate) at: DateTime<Utc>,
    pub(crate) category: &'static str,
    pub(crate) comment: String,
    pub(crate) tool_name: Option<String>,
    pub(crate) answer_id: Option<String>,
    pub(crate) severity: Option<&'static str>,
    pub(crate) tags: Vec<String>,
}

const COLUMNS: &str = "id, organization, at, category, comment, tool_name, answer_id, severity, tags";

impl Store {
    pub(crate) fn keep_feedback(&self, feedback: &Feedback) -> Result<(), Failure> {
        self.settle(|transaction| {
            let at = feedback.at.to_rfc3339_opts(SecondsFormat::Millis, true);
            let count = "SELECT count(*), count(*) FILTER (WHERE substr(at, 1, 10) = substr(?2, 1, 10)) \
                         FROM feedback WHERE organization = ?1";
            let counts = transaction.query_row(count, [&feedback.organization, &at], |row| {
                Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
            })?;
            if counts.0 >= MOST_FEEDBACK {
                return Ok(Err(full()));
            }
            if counts.1 >= MOST_A_DAY {
                return Ok(Err(enough_for(feedback.at)));
            }
            let tags = Value::from(feedback.tags.clone()).to_string();
            transaction.execute(
                "INSERT INTO feedback (id, organization, at, category, comment, tool_name, answer_id, severity, tags) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
                params![
                    feedback.id,
                    feedback.organization,
                    at,
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
        "organization": text("organization")?,
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
    let message = format!("{MOST_FEEDBACK} pieces of feedback of the organization are kept already");
    Diagnostic::new(Code::StoreFull, message).help("tell the operator directly").into()
}

/// Until the day ends, in UTC.
fn enough_for(at: DateTime<Utc>) -> Failure {
    let midnight = (at.date_naive() + Days::new(1)).and_time(NaiveTime::MIN).and_utc();
    let message = format!("{MOST_A_DAY} pieces of feedback of the organization were kept today");
    limits::later(message, (midnight - at).to_std().unwrap_or_default())
}
