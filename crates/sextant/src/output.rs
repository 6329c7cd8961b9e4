//! Answers on standard output: for people as tables with trends, for programs as JSON, CSV or Markdown.

pub(crate) mod paint;
pub(crate) mod number;
pub(crate) mod answer;
pub(crate) mod layout;
pub(crate) mod chart;
pub(crate) mod table;
pub(crate) mod csv;
pub(crate) mod json;
pub(crate) mod markdown;
pub(crate) mod audit;

use std::io::Write;

use serde_json::Value;

use crate::cli::Format;
use crate::fault::Fault;
use answer::Answer;
use audit::{Depth, View};
use paint::Paint;

/// Writes an answer in the format asked for; warnings go to standard error.
pub(crate) fn show(answer: &Value, format: Format) -> Result<(), Fault> {
    let view = Answer::of(answer);
    let text = match format {
        Format::Table => table::write(&view, &Paint::stdout()),
        Format::Json => json::whole(answer),
        Format::Jsonl => json::lines(&view),
        Format::Csv => csv::write(&view),
        Format::Markdown => markdown::write(&view),
    };
    emit(&text)?;
    match format {
        Format::Json => Ok(()),
        Format::Table | Format::Jsonl | Format::Csv | Format::Markdown => warn(&view),
    }
}

/// Writes an answer of audit_performance: as a page or a report, with its warnings, or as `show` does.
pub(crate) fn show_audit(answer: &Value, format: Format, depth: Depth) -> Result<(), Fault> {
    let view = View::of(answer);
    match format {
        Format::Table => emit(&audit::page::write(&view, depth, layout::terminal_width(), Paint::stdout())),
        Format::Markdown => emit(&audit::report::write(&view, depth)),
        Format::Json | Format::Jsonl | Format::Csv => show(answer, format),
    }
}

/// Writes text to standard output and flushes it.
pub(crate) fn emit(text: &str) -> Result<(), Fault> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

/// Writes a line for a person to standard error: progress, notes, warnings.
pub(crate) fn note(text: &str) -> Result<(), Fault> {
    Ok(writeln!(std::io::stderr().lock(), "{text}")?)
}

fn warn(view: &Answer<'_>) -> Result<(), Fault> {
    let paint = Paint::stderr();
    for warning in view.warnings() {
        note(&format!("{} {}: {}", paint.yellow("warning"), warning.code, warning.message))?;
    }
    Ok(())
}
