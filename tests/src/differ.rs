//! Holding an answer of the engine against the oracle's.

use std::cmp::Ordering;

use serde_json::Value as Json;

use crate::exact::Exact;
use crate::oracle::Answer;
use crate::oracle::answer::in_order;
use crate::oracle::question::Question;
use crate::oracle::value::Value;
use crate::oracle::world::World;

/// Relative difference up to which two doubles are one; sums of doubles depend on their order.
const TOLERANCE: f64 = 1e-9;

/// Differences between an envelope (asked with `number_format: string`) and the oracle's answer.
pub fn differences(world: &World, question: &Question, have: &Json, want: &Answer) -> Vec<String> {
    let names: Vec<&str> =
        have["columns"].as_array().into_iter().flatten().filter_map(|c| c["name"].as_str()).collect();
    if names != want.columns {
        return vec![format!("columns {names:?}, the oracle has {:?}", want.columns)];
    }
    let none = Vec::new();
    let rows = have["rows"].as_array().unwrap_or(&none);
    let mut found = row_differences(&names, rows, want, question.limit);
    for (i, figures) in want.totals.iter().enumerate() {
        let metric = &have["metrics"][i];
        let name = &world.metrics[question.metrics[i]].name;
        let mut parts = vec![("value", &metric["value"], &figures.value)];
        if question.comparison.is_some() {
            parts.push(("previous", &metric["previous"], &figures.previous));
            parts.push(("absolute", &metric["change"]["absolute"], &figures.change));
            parts.push(("percent", &metric["change"]["percent"], &figures.percent));
        }
        for (part, have, want) in parts {
            let is_chance = part == "percent" && is_of_nothing(&figures.previous);
            if !is_same(have, want) && !is_chance {
                found.push(format!("total {name}, {part}: {have} where the oracle has {want:?}"));
            }
        }
    }
    found
}

/// Differences between the rows and the first `limit` of the oracle's. Rows that the order ties, up to
/// the tolerance of doubles, may stand either way.
fn row_differences(names: &[&str], rows: &[Json], want: &Answer, limit: Option<usize>) -> Vec<String> {
    let count = want.rows.len().min(limit.unwrap_or(usize::MAX));
    let mut found = Vec::new();
    if rows.len() != count {
        found.push(format!("{} rows, the oracle has {count}", rows.len()));
    }
    let mut place = Vec::new();
    for (i, row) in rows.iter().enumerate() {
        let same = (0..want.rows.len()).find(|r| want.keys.iter().all(|k| is_same(&row[*k], &want.rows[*r][*k])));
        let Some(same) = same else {
            found.push(format!("row {i} is no row of the oracle: {row}"));
            continue;
        };
        place.push(same);
        let cells = &want.rows[same];
        for (j, want) in cells.iter().enumerate() {
            let metric = names[j].strip_suffix("__percent_change");
            let previous = metric.and_then(|of| names.iter().position(|name| *name == format!("{of}__previous")));
            let is_chance = previous.is_some_and(|previous| is_of_nothing(&cells[previous]));
            if !is_same(&row[j], want) && !is_chance {
                found.push(format!("row {i}, {}: {} where the oracle has {want:?}", names[j], row[j]));
            }
        }
    }
    let is_after = |a: usize, b: usize| follows(&want.rows[a], &want.rows[b], &want.order);
    for (i, pair) in place.windows(2).enumerate() {
        if is_after(pair[0], pair[1]) {
            found.push(format!("row {i} stands before row {}, in the oracle after it", i + 1));
        }
    }
    if let Some(last) = place.last() {
        let left_out = (0..want.rows.len()).find(|r| !place.contains(r) && is_after(*last, *r));
        found.extend(left_out.map(|r| format!("a row is left out that stands before the last: {:?}", want.rows[r])));
    }
    if place.iter().collect::<std::collections::HashSet<_>>().len() != place.len() {
        found.push("a row stands there twice".to_string());
    }
    found
}

/// Whether a row is after another in an order, by more than the tolerance.
fn follows(row: &[Value], other: &[Value], order: &[(usize, bool)]) -> bool {
    for (column, descends) in order {
        let (a, b) = (&row[*column], &other[*column]);
        // Which of two such doubles is the greater one is not for the oracle to say.
        let is_double = matches!((a, b), (Value::Double(_), _) | (_, Value::Double(_)));
        if is_double && matches!((a.as_f64(), b.as_f64()), (Some(a), Some(b)) if is_close(a, b)) {
            return false;
        }
        match in_order(a, b, *descends) {
            Ordering::Greater => return true,
            Ordering::Less => return false,
            Ordering::Equal => {}
        }
    }
    false
}

/// Whether a cell of an answer is the oracle's value; exact numbers to the last digit.
pub fn is_same(have: &Json, want: &Value) -> bool {
    let text = match have {
        Json::Null => return want.is_null(),
        Json::Bool(have) => return *want == Value::Boolean(*have),
        Json::String(text) => text.clone(),
        Json::Number(number) => number.to_string(),
        Json::Array(_) | Json::Object(_) => return false,
    };
    match want {
        Value::Exact(want) => Exact::parse(&text) == Some(*want),
        Value::Double(want) => text.parse::<f64>().is_ok_and(|have| is_close(have, *want)),
        Value::Text(want) => text == *want,
        Value::Date(want) => text == want.to_string(),
        Value::Wall(want) => text == want.format("%Y-%m-%dT%H:%M:%S").to_string(),
        Value::Null | Value::Boolean(_) => false,
    }
}

/// Whether two doubles are one number; what cancels to nearly nothing counts by its size, which sums of hundreds of
/// thousands leave at some 1e-9.
pub fn is_close(a: f64, b: f64) -> bool {
    (a - b).abs() <= TOLERANCE * a.abs().max(b.abs()).max(100.0)
}

/// Whether a percent is of a double that cancelled to nearly nothing: which side of zero that lies on is chance.
fn is_of_nothing(previous: &Value) -> bool {
    matches!(previous, Value::Double(previous) if is_close(*previous, 0.0))
}
