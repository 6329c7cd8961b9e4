//! Plain columns as CSV and as JSON lines.

use std::fmt::Write as _;
use std::io::Write;

use super::{Column, WriteError};

pub(super) fn csv(out: &mut impl Write, columns: &[(String, Column)], rows: usize) -> Result<(), WriteError> {
    let mut line = String::new();
    for (index, (name, _)) in columns.iter().enumerate() {
        separate(&mut line, index);
        csv_text(&mut line, name);
    }
    line.push('\n');
    out.write_all(line.as_bytes())?;
    for row in 0..rows {
        line.clear();
        for (index, (_, column)) in columns.iter().enumerate() {
            separate(&mut line, index);
            match cell(column, row) {
                Cell::Null => {}
                Cell::Text(text) => csv_text(&mut line, text),
                Cell::Number(text) | Cell::Moment(text) => line.push_str(&text),
                Cell::Boolean(value) => line.push_str(if value { "true" } else { "false" }),
            }
        }
        line.push('\n');
        out.write_all(line.as_bytes())?;
    }
    Ok(())
}

pub(super) fn json_lines(out: &mut impl Write, columns: &[(String, Column)], rows: usize) -> Result<(), WriteError> {
    let keys: Vec<String> = columns.iter().map(|(name, _)| json_text(name)).collect();
    let mut line = String::new();
    for row in 0..rows {
        line.clear();
        line.push('{');
        for (index, (name, column)) in columns.iter().enumerate() {
            separate(&mut line, index);
            line.push_str(&keys[index]);
            line.push(':');
            match cell(column, row) {
                Cell::Null => line.push_str("null"),
                Cell::Text(text) => line.push_str(&json_text(text)),
                Cell::Moment(text) => line.push_str(&json_text(&text)),
                Cell::Number(text) if text.ends_with(|last: char| last.is_ascii_digit()) => line.push_str(&text),
                Cell::Number(_) => return Err(WriteError::Value(name.clone())),
                Cell::Boolean(value) => line.push_str(if value { "true" } else { "false" }),
            }
        }
        line.push_str("}\n");
        out.write_all(line.as_bytes())?;
    }
    Ok(())
}

/// One value; numbers and moments as the text that both formats show.
enum Cell<'a> {
    Null,
    Text(&'a str),
    Number(String),
    Moment(String),
    Boolean(bool),
}

fn cell(column: &Column, row: usize) -> Cell<'_> {
    let found = match column {
        Column::Integer(values) => values[row].map(|value| Cell::Number(value.to_string())),
        Column::Decimal { scale, values } => values[row].map(|value| Cell::Number(decimal(value, *scale))),
        Column::Float(values) => values[row].map(|value| Cell::Number(value.to_string())),
        Column::Text(values) => values[row].as_deref().map(Cell::Text),
        Column::Boolean(values) => values[row].map(Cell::Boolean),
        Column::Date(values) => values[row].map(|value| Cell::Moment(value.format("%Y-%m-%d").to_string())),
        Column::Timestamp(values) => {
            values[row].map(|value| Cell::Moment(value.format("%Y-%m-%dT%H:%M:%S%.f").to_string()))
        }
        Column::Instant(values) => {
            values[row].map(|value| Cell::Moment(value.format("%Y-%m-%dT%H:%M:%S%.fZ").to_string()))
        }
    };
    found.unwrap_or(Cell::Null)
}

/// `value` times 10^-scale with all digits of the scale: -1205 at scale 2 is `-12.05`.
fn decimal(value: i128, scale: u8) -> String {
    let scale = usize::from(scale);
    let digits = format!("{:0width$}", value.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let sign = if value < 0 { "-" } else { "" };
    if fraction.is_empty() { format!("{sign}{whole}") } else { format!("{sign}{whole}.{fraction}") }
}

fn separate(line: &mut String, index: usize) {
    if index > 0 {
        line.push(',');
    }
}

/// Quoted where it must be: separators, quotes, line ends, outer spaces, and the empty text.
fn csv_text(line: &mut String, text: &str) {
    let plain = !text.is_empty() && !text.contains([',', '"', '\n', '\r']) && text.trim() == text;
    if plain {
        line.push_str(text);
    } else {
        line.push('"');
        line.push_str(&text.replace('"', "\"\""));
        line.push('"');
    }
}

fn json_text(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            control if control < ' ' => {
                let _ = write!(quoted, "\\u{:04x}", control as u32);
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}
