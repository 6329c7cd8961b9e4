//! A resolved query as text: what each part of the request was taken to mean.

use std::fmt::Write;

use super::resolved::{OutputColumn, ResolvedQuery};
use crate::catalog::Catalog;
use crate::time::comparison::Compared;

/// One line a part.
pub fn text(query: &ResolvedQuery, catalog: &Catalog) -> String {
    let mut out = String::new();
    let mut line = |what: &str, text: String| {
        let _ = writeln!(out, "{what}: {text}");
    };
    for output in &query.outputs {
        let metric = catalog.metric(output.metric);
        let shown = if output.shown { "metric" } else { "metric (not shown)" };
        let named = if output.name == metric.name { String::new() } else { format!(" as {}", output.name) };
        line(shown, format!("{}{named} = {}", metric.name, output.definition(metric)));
    }
    for group in &query.groups {
        line("group", format!("{} ({})", group.key.name, group.key.data_type));
    }
    for fact in &query.facts {
        let dimension = catalog.dimension(fact.axis.dimension);
        let names: Vec<&str> = fact.measures.iter().map(|m| m.name.as_str()).collect();
        line(
            "rows of",
            format!(
                "{} on {}.{}, for {}",
                catalog.dataset(fact.dataset).name,
                catalog.dataset(dimension.dataset).name,
                dimension.name,
                names.join(", ")
            ),
        );
    }
    for filter in &query.filters {
        line("where", filter.clone());
    }
    for condition in &query.having {
        line("having", condition.map_refs(&mut |c: &OutputColumn| query.column_name(*c)).to_string());
    }
    let time = &query.time;
    line("as of", time.as_of.with_timezone(&time.calendar.zone).to_rfc3339());
    line("time zone", time.calendar.zone.name().to_string());
    match &time.range {
        Some(range) => line("time range", format!("{}..{}", range.range.first, range.range.last)),
        None => line("time range", "all data".to_string()),
    }
    for change in &time.changes {
        let windows: Vec<String> =
            change.comparison.windows.iter().map(|w| format!("{}..{}", w.window.first, w.window.last)).collect();
        let cut = match &change.comparison.compared {
            Compared::Whole => String::new(),
            Compared::UpTo { end, .. } => {
                format!(", both up to what has elapsed by {}", end.with_timezone(&time.calendar.zone).to_rfc3339())
            }
            Compared::Nothing => ", of which nothing has elapsed".to_string(),
        };
        line("compared with", format!("{} {}{cut}", change.comparison.mode.as_str(), windows.join(", ")));
    }
    let order: Vec<String> = query
        .order
        .iter()
        .map(|o| format!("{}{}", query.column_name(o.column), if o.descending { " descending" } else { "" }))
        .collect();
    if !order.is_empty() && !query.groups.is_empty() {
        line("order", format!("{}, nulls last", order.join(", ")));
    }
    if let Some(limit) = query.limit {
        line("limit", limit.to_string());
    }
    out
}
