//! How fresh the data of an answer is, dataset by dataset.

use chrono::NaiveDate;
use serde_json::{Map, Value as Json, json};

/// One dataset's end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Freshness {
    pub dataset: String,
    /// Local date of the newest row, or of the declared watermark; `None` without rows.
    pub data_through: Option<NaiveDate>,
    /// Whether the data reaches the end of the range, as far as it is known.
    pub complete: bool,
}

/// `{"orders": {"data_through": "2026-11-19", "complete": true}}`.
pub fn write(freshness: &[Freshness]) -> Json {
    let mut out = Map::new();
    for of in freshness {
        let through = of.data_through.map_or(Json::Null, |date| json!(date.to_string()));
        out.insert(of.dataset.clone(), json!({"data_through": through, "complete": of.complete}));
    }
    Json::Object(out)
}
