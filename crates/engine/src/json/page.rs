//! Pages: the part of an answer's rows that one door gives, and the cursor to the next.

use sextant_semantics::diagnostic::Diagnostic;

use super::cursor::Cursors;
use crate::answer::Answer;
use crate::answer::value::Value;

/// Rows `from..to` of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    pub from: usize,
    pub to: usize,
    /// Whether the door's caps kept rows back.
    pub truncated: bool,
    pub next: Option<String>,
}

impl Page {
    pub fn len(&self) -> usize {
        self.to - self.from
    }

    pub fn is_empty(&self) -> bool {
        self.from == self.to
    }
}

/// The page that a cursor asks for, under a door's caps. `answer_id` binds a cursor to its
/// question, clock, data and model.
pub fn page(
    cursors: &Cursors,
    answer: &Answer,
    cursor: Option<&str>,
    answer_id: &str,
    max_rows: Option<usize>,
    max_bytes: Option<usize>,
) -> Result<Page, Diagnostic> {
    let from = match cursor {
        Some(cursor) => cursors.read(&[answer_id], cursor)?.min(answer.rows.len()),
        None => 0,
    };
    let mut to = answer.rows.len().min(max_rows.map_or(usize::MAX, |max| from.saturating_add(max)));
    if let Some(max_bytes) = max_bytes {
        let mut bytes = 0;
        for (i, row) in answer.rows[from..to].iter().enumerate() {
            bytes += row.iter().map(width).sum::<usize>() + 2;
            if bytes > max_bytes && i > 0 {
                to = from + i;
                break;
            }
        }
    }
    let truncated = to < answer.rows.len();
    Ok(Page { from, to, truncated, next: truncated.then(|| cursors.write(&[answer_id], to)) })
}

/// About the bytes that a value takes as JSON, with its comma.
fn width(value: &Value) -> usize {
    match value {
        Value::Null | Value::Boolean(_) => 5,
        Value::Exact { .. } | Value::Float(_) => 17,
        Value::Text(text) => text.len() + 3,
        Value::Date(_) => 13,
        Value::Local(_) | Value::Instant(_) => 30,
    }
}
