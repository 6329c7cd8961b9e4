//! A question as a SQL statement, beside the request that [`crate::worlds::write::request`] makes of it.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json};

use crate::oracle::question::Question;
use crate::oracle::world::World;

/// The arguments of `sql` that ask the question; `spelling` chooses among equal ways to write it.
pub fn request(world: &World, question: &Question, spelling: usize) -> Map<String, Json> {
    let mut out = Map::new();
    out.insert("query".into(), statement(world, question, spelling).into());
    if let Some(zone) = question.zone {
        out.insert("timezone".into(), zone.name().into());
    }
    out.insert("as_of".into(), question.as_of.to_rfc3339().into());
    out.insert("number_format".into(), "string".into());
    out
}

/// The statement alone.
pub fn statement(world: &World, question: &Question, spelling: usize) -> String {
    let name = |metric: usize| world.metrics[metric].name.as_str();
    let call = |metric: &str| match spelling % 3 {
        0 => format!("MEASURE({metric})"),
        1 => format!("AGG(\"{metric}\")"),
        _ => metric.to_string(),
    };
    let series = question.granularity.map(|grain| match spelling % 2 {
        0 => format!("metric_time__{}", grain.word()),
        _ => format!("DATE_TRUNC('{}', metric_time)", grain.word()),
    });
    let groups: Vec<String> = series.into_iter().chain(question.groups.iter().cloned()).collect();
    let mut filters: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    let mut conditions = time(question, spelling);
    for condition in &question.conditions {
        match condition.metric {
            Some(metric) => filters.entry(metric).or_default().push(format!("({})", condition.expr)),
            None => conditions.push(format!("({})", condition.expr)),
        }
    }
    let metrics = question.metrics.iter().map(|metric| match filters.get(metric) {
        Some(filter) => format!("MEASURE({}) FILTER (WHERE {})", name(*metric), filter.join(" AND ")),
        None => call(name(*metric)),
    });
    let columns: Vec<String> = groups.iter().cloned().chain(metrics).collect();
    let mut text = format!("SELECT {}\nFROM metrics", columns.join(", "));
    if !conditions.is_empty() {
        text += &format!("\nWHERE {}", conditions.join(" AND "));
    }
    if !groups.is_empty() {
        text += &match spelling % 4 {
            0 => "\nGROUP BY ALL".to_string(),
            1 => format!("\nGROUP BY {}", groups.join(", ")),
            _ => format!("\nGROUP BY {}", (1..=groups.len()).map(|i| i.to_string()).collect::<Vec<_>>().join(", ")),
        };
    }
    if !question.having.is_empty() {
        let having: Vec<String> = question.having.iter().map(|condition| format!("({condition})")).collect();
        text += &format!("\nHAVING {}", having.join(" AND "));
    }
    if !question.order.is_empty() {
        let keys =
            question.order.iter().map(|(column, descends)| format!("{column}{}", if *descends { " DESC" } else { "" }));
        text += &format!("\nORDER BY {}", keys.collect::<Vec<_>>().join(", "));
    }
    if let Some(limit) = question.limit {
        text += &format!("\nLIMIT {limit}");
    }
    text
}

/// The range and the comparison as conditions.
fn time(question: &Question, spelling: usize) -> Vec<String> {
    let range = question.range.map(|range| {
        let after = range.last.succ_opt().expect("a day after");
        match spelling % 3 {
            0 => format!("TIME_RANGE('{}..{}')", range.first, range.last),
            1 => format!("metric_time >= DATE '{}' AND metric_time < DATE '{after}'", range.first),
            _ => format!("metric_time BETWEEN '{}' AND '{}'", range.first, range.last),
        }
    });
    let comparison = question.comparison.as_ref().map(|comparison| format!("COMPARE('{}')", comparison.asked));
    range.into_iter().chain(comparison).collect()
}
