//! `applied`: what a question was taken to mean.

use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;
use serde_json::{Map, Value as Json, json};
use sextant_semantics::query::request::NumberFormat;
use sextant_semantics::query::resolved::{Change, OutputColumn, QueryTime, ResolvedQuery, TargetOf};
use sextant_semantics::time::comparison::Compared;
use sextant_semantics::time::range::{Asked, Window};

use super::number;
use crate::answer::value::Value;

/// The resolved range, comparison, filters, groups and defaults.
pub fn applied(query: &ResolvedQuery, currency: Option<&str>, concise: bool) -> Json {
    let time = &query.time;
    let mut out = Map::new();
    out.insert("time_range".into(), time_range(time));
    out.insert("comparison".into(), comparison(query));
    if concise {
        return Json::Object(out);
    }
    out.insert("filters".into(), json!(query.filters));
    let groups: Vec<&str> = query.groups.iter().map(|g| g.key.name.as_str()).collect();
    out.insert("group_by".into(), json!(groups));
    out.insert("granularity".into(), time.granularity.map_or(Json::Null, |g| json!(g.as_str())));
    if !query.having.is_empty() {
        let having: Vec<String> = query
            .having
            .iter()
            .map(|h| h.map_refs(&mut |c: &OutputColumn| query.column_name(*c)).to_string())
            .collect();
        out.insert("having".into(), json!(having));
    }
    if !query.groups.is_empty() {
        let order = query.order.iter().map(|o| {
            let name = query.column_name(o.column);
            if o.descending { format!("-{name}") } else { name }
        });
        out.insert("order_by".into(), json!(order.collect::<Vec<_>>()));
    }
    if let Some(limit) = query.limit {
        out.insert("limit".into(), json!(limit));
    }
    if let Some(max_bytes) = query.output.max_bytes {
        out.insert("max_bytes".into(), json!(max_bytes));
    }
    if let Some(currency) = currency {
        out.insert("currency".into(), json!(currency));
    }
    out.insert("defaults_used".into(), json!(query.defaults_used));
    if !query.notes.is_empty() {
        out.insert("read_as".into(), json!(query.notes));
    }
    out.insert("as_of".into(), json!(instant(time.as_of, time.calendar.zone)));
    Json::Object(out)
}

fn time_range(time: &QueryTime) -> Json {
    let mut out = Map::new();
    let asked = match time.range.as_ref().map(|r| &r.asked) {
        None | Some(Asked::Nothing) => Json::Null,
        Some(Asked::Words(words)) => json!(words),
        Some(Asked::Dates { start_date, end_date }) => json!({"start_date": start_date, "end_date": end_date}),
    };
    out.insert("asked".into(), asked);
    if let Some(range) = &time.range {
        window(&mut out, &range.range, time.calendar.zone);
    }
    out.insert("timezone".into(), json!(time.calendar.zone.name()));
    out.insert("week_start".into(), json!(week_start(time.calendar.week_start)));
    if let Some(range) = &time.range {
        out.insert("includes_today".into(), json!(range.includes_today));
        out.insert("complete".into(), json!(range.complete));
    }
    Json::Object(out)
}

fn window(out: &mut Map<String, Json>, window: &Window, zone: Tz) {
    out.insert("start".into(), json!(window.first.to_string()));
    out.insert("end".into(), json!(window.last.to_string()));
    match window.hours {
        Some(hours) => {
            out.insert("hours".into(), json!(hours));
            out.insert("start_instant".into(), json!(instant(window.start, zone)));
            out.insert("end_instant".into(), json!(instant(window.end, zone)));
        }
        None => {
            out.insert("days".into(), json!(window.days()));
        }
    }
}

fn comparison(query: &ResolvedQuery) -> Json {
    let time = &query.time;
    let zone = time.calendar.zone;
    let Some(first) = time.changes.first() else {
        return Json::Null;
    };
    let comparison = &first.comparison;
    let mut out = Map::new();
    out.insert("asked".into(), json!(comparison.mode.as_str()));
    match comparison.windows.as_slice() {
        [] => {}
        [only] => {
            window(&mut out, &only.window, zone);
            if let Some(aligned) = only.weekday_aligned {
                out.insert("weekday_aligned".into(), json!(aligned));
            }
        }
        several => {
            let windows = several.iter().map(|w| {
                let mut out = Map::new();
                window(&mut out, &w.window, zone);
                Json::Object(out)
            });
            out.insert("windows".into(), Json::Array(windows.collect()));
        }
    }
    if !first.targets.is_empty() {
        let target =
            |of: &TargetOf| json!({"metric": query.outputs[of.output].name, "granularity": of.granularity.as_str()});
        out.insert("targets".into(), Json::Array(first.targets.iter().map(target).collect()));
    }
    match time.changes.as_slice() {
        [only] => match compared(query, only) {
            None => {}
            Some(part) => {
                out.insert("compared".into(), part.map_or(Json::Null, Json::Object));
            }
        },
        // Sources are not equally fresh: what is compared is said metric by metric.
        several => {
            let parts = several.iter().enumerate().map(|(i, change)| {
                let of = query.outputs.iter().filter(|output| output.shown && output.change == Some(i));
                let metrics: Vec<&str> = of.map(|output| output.name.as_str()).collect();
                let mut part = Map::from_iter([("metrics".to_string(), json!(metrics))]);
                match compared(query, change) {
                    None => part.extend(whole(query, change)),
                    Some(Some(of)) => part.extend(of),
                    Some(None) => part.extend([("end".to_string(), Json::Null)]),
                }
                Json::Object(part)
            });
            out.insert("compared".into(), Json::Array(parts.collect()));
        }
    }
    Json::Object(out)
}

/// Up to where the range and its windows are compared: none where all of them is, nothing where none of it is.
fn compared(query: &ResolvedQuery, change: &Change) -> Option<Option<Map<String, Json>>> {
    match &change.comparison.compared {
        Compared::Whole => None,
        Compared::UpTo { end, window_ends } => Some(Some(part(query, *end, window_ends))),
        Compared::Nothing => Some(None),
    }
}

fn whole(query: &ResolvedQuery, change: &Change) -> Map<String, Json> {
    let ends: Vec<DateTime<Utc>> = change.comparison.windows.iter().map(|w| w.window.end).collect();
    query.time.range.as_ref().map_or_else(Map::new, |range| part(query, range.range.end, &ends))
}

fn part(query: &ResolvedQuery, end: DateTime<Utc>, window_ends: &[DateTime<Utc>]) -> Map<String, Json> {
    let zone = query.time.calendar.zone;
    let ends: Vec<String> = window_ends.iter().map(|e| instant(*e, zone)).collect();
    let mut out = Map::new();
    out.insert("end".into(), json!(instant(end, zone)));
    out.insert("window_ends".into(), json!(ends));
    if let Some(range) = query.time.range.as_ref().map(|range| &range.range) {
        let share = (end - range.start).num_seconds() as f64 / (range.end - range.start).num_seconds() as f64;
        out.insert("elapsed".into(), number::write(&Value::float(share), NumberFormat::Number));
    }
    out
}

fn instant(instant: DateTime<Utc>, zone: Tz) -> String {
    instant.with_timezone(&zone).to_rfc3339_opts(SecondsFormat::AutoSi, false)
}

fn week_start(day: chrono::Weekday) -> &'static str {
    if day == chrono::Weekday::Sun { "sunday" } else { "monday" }
}
