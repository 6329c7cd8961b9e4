//! Holding an answer of the engine against the oracle's.

use serde_json::Value as Json;

use crate::exact::Exact;
use crate::oracle::Answer;
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
    let mut found = Vec::new();
    if rows.len() != want.rows.len() {
        found.push(format!("{} rows, the oracle has {}", rows.len(), want.rows.len()));
    }
    for (i, (row, want)) in rows.iter().zip(&want.rows).enumerate() {
        for (j, want) in want.iter().enumerate() {
            if !is_same(&row[j], want) {
                found.push(format!("row {i}, {}: {} where the oracle has {want:?}", names[j], row[j]));
            }
        }
    }
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
            if !is_same(have, want) {
                found.push(format!("total {name}, {part}: {have} where the oracle has {want:?}"));
            }
        }
    }
    found
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

/// Whether two doubles are one number; what cancels to nearly nothing counts by its size.
pub fn is_close(a: f64, b: f64) -> bool {
    (a - b).abs() <= TOLERANCE * a.abs().max(b.abs()).max(1.0)
}
