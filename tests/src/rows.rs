//! Rows that an independent source gave, and how an answer is held against them.
//!
//! A block of check rows is written by `check_rows.py`:
//! ```text
//! # 9f86d081884c7d65
//! region: text | sales: exact | share: double
//! "EAST" | 350 | 0.7777777777777778
//! null | 30 | null
//! ```
//! The first line ties the rows to the SQL and the data they were made from.

use serde_json::Value;

use crate::exact::Exact;

/// Relative difference up to which two doubles are one number.
const DOUBLE_TOLERANCE: f64 = 1e-12;

#[derive(Clone, Debug, PartialEq)]
pub struct Rows {
    pub fingerprint: String,
    pub columns: Vec<(String, Kind)>,
    pub rows: Vec<Vec<Cell>>,
}

/// How a column is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Boolean,
    /// Integers and decimals, to the last digit.
    Exact,
    Double,
    /// Dates and timestamps, by their ISO text.
    Time,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    Null,
    Text(String),
    Boolean(bool),
    Exact(Exact),
    Double(f64),
}

pub fn parse(block: &str) -> Result<Rows, String> {
    let mut lines = block.lines();
    let fingerprint = lines.next().and_then(|l| l.strip_prefix("# ")).ok_or("check rows start with `# fingerprint`")?;
    let header = lines.next().ok_or("check rows have no header")?;
    let columns = header
        .split(" | ")
        .map(|column| {
            let (name, kind) = column.rsplit_once(": ").ok_or(format!("no kind in `{column}`"))?;
            let kind = match kind {
                "text" => Kind::Text,
                "boolean" => Kind::Boolean,
                "exact" => Kind::Exact,
                "double" => Kind::Double,
                "time" => Kind::Time,
                other => return Err(format!("unknown kind `{other}`")),
            };
            Ok((name.to_string(), kind))
        })
        .collect::<Result<Vec<_>, String>>()?;
    let rows = lines
        .map(|line| {
            let cells: Vec<&str> = line.split(" | ").collect();
            if cells.len() != columns.len() {
                return Err(format!("`{line}` has {} cells, the header {}", cells.len(), columns.len()));
            }
            cells.iter().zip(&columns).map(|(cell, (_, kind))| parse_cell(cell, *kind)).collect()
        })
        .collect::<Result<Vec<_>, String>>()?;
    Ok(Rows { fingerprint: fingerprint.to_string(), columns, rows })
}

fn parse_cell(text: &str, kind: Kind) -> Result<Cell, String> {
    if text == "null" {
        return Ok(Cell::Null);
    }
    let bad = || format!("`{text}` is no {kind:?}");
    Ok(match kind {
        Kind::Text | Kind::Time => Cell::Text(serde_json::from_str(text).map_err(|_| bad())?),
        Kind::Boolean => Cell::Boolean(text.parse().map_err(|_| bad())?),
        Kind::Exact => Cell::Exact(Exact::parse(text).ok_or_else(bad)?),
        Kind::Double => Cell::Double(text.parse().map_err(|_| bad())?),
    })
}

/// The differences between an answer's `columns` and `rows` and the check's, none when they agree.
pub fn compare(answer: &Value, check: &Rows) -> Vec<String> {
    let names: Vec<&str> =
        answer["columns"].as_array().into_iter().flatten().filter_map(|c| c["name"].as_str()).collect();
    let wanted: Vec<&str> = check.columns.iter().map(|(name, _)| name.as_str()).collect();
    if names != wanted {
        return vec![format!("columns {names:?}, the check has {wanted:?}")];
    }
    let empty = Vec::new();
    let rows = answer["rows"].as_array().unwrap_or(&empty);
    let mut found = Vec::new();
    if rows.len() != check.rows.len() {
        found.push(format!("{} rows, the check has {}", rows.len(), check.rows.len()));
    }
    for (i, (row, want)) in rows.iter().zip(&check.rows).enumerate() {
        for (j, want) in want.iter().enumerate() {
            if !same(&row[j], want) {
                found.push(format!("row {i}, {}: {} where the check has {want:?}", wanted[j], row[j]));
            }
        }
    }
    found
}

/// Holds `metrics[]` against one row of totals: `m` is its value, `m__previous` the previous one,
/// `m__change` and `m__percent_change` the parts of its change, `m__compared` the part of the value that is compared.
pub fn compare_totals(answer: &Value, totals: &Rows) -> Vec<String> {
    let empty = Vec::new();
    let metrics = answer["metrics"].as_array().unwrap_or(&empty);
    let [row] = totals.rows.as_slice() else { return vec!["the totals check must give one row".to_string()] };
    let mut found = Vec::new();
    for ((name, _), want) in totals.columns.iter().zip(row) {
        let (metric, part) = match name.split_once("__") {
            Some((metric, part)) => (metric, part),
            None => (name.as_str(), "value"),
        };
        let Some(metric) = metrics.iter().find(|m| m["name"] == metric) else {
            found.push(format!("`metrics` has no `{metric}`"));
            continue;
        };
        let have = match part {
            "value" => &metric["value"],
            "previous" => &metric["previous"],
            "change" => &metric["change"]["absolute"],
            "percent_change" => &metric["change"]["percent"],
            "points" => &metric["change"]["points"],
            "compared" => &metric["compared_value"],
            "full_target" => &metric["full_target"],
            "per_day_current" => &metric["change"]["per_day"]["current"],
            "per_day_previous" => &metric["change"]["per_day"]["previous"],
            "per_day_absolute" => &metric["change"]["per_day"]["absolute"],
            "per_day_percent" => &metric["change"]["per_day"]["percent"],
            other => {
                found.push(format!("`{other}` is no part of a metric"));
                continue;
            }
        };
        if !same(have, want) {
            found.push(format!("total {name}: {have} where the check has {want:?}"));
        }
    }
    found
}

/// Whether a cell of an answer is the checked one. Numbers may be JSON numbers (the nearest double,
/// which is the exact decimal up to 15 digits) or, with `number_format: string`, exact text.
pub fn same(have: &Value, want: &Cell) -> bool {
    match (have, want) {
        (Value::Null, Cell::Null) => true,
        (Value::String(have), Cell::Text(want)) => have == want,
        (Value::Bool(have), Cell::Boolean(want)) => have == want,
        (Value::Number(have), Cell::Exact(want)) => {
            Exact::parse(&have.to_string()).is_some_and(|h| h == *want || h.to_f64() == want.to_f64())
        }
        (Value::String(have), Cell::Exact(want)) => Exact::parse(have) == Some(*want),
        (Value::Number(have), Cell::Double(want)) => have.as_f64().is_some_and(|h| close(h, *want)),
        (Value::String(have), Cell::Double(want)) => have.parse().is_ok_and(|h| close(h, *want)),
        _ => false,
    }
}

pub fn close(a: f64, b: f64) -> bool {
    a == b || (a - b).abs() <= DOUBLE_TOLERANCE * a.abs().max(b.abs())
}
