//! Structured requests and their SQL twins, made together at random: they mean the same plan.

#![allow(clippy::disallowed_methods, reason = "a run may be made longer")]

use proptest::prelude::*;

use super::*;

/// A request in parts, from which both forms are written.
#[derive(Clone, Debug)]
struct Asked {
    metrics: Vec<(&'static str, bool)>,
    /// Of the first metric.
    offset: Option<&'static str>,
    groups: Vec<&'static str>,
    grain: Option<&'static str>,
    conditions: Vec<&'static str>,
    having: Vec<&'static str>,
    range: Option<usize>,
    compared: bool,
    order: Option<(usize, bool)>,
    limit: Option<u64>,
    spelling: usize,
}

const METRICS: [&str; 8] = ["gross", "orders_count", "mean_amount", "buyers", "net", "aov", "done_rate", "order_count"];
const GROUPS: [&str; 5] = ["channel", "status", "orders.country", "customers.region", "ordered_at__month"];
const CONDITIONS: [&str; 6] = [
    "channel = 'email'",
    "status IN ('done', 'open')",
    "customers.region IS NOT NULL",
    "channel = 'a' OR status = 'b'",
    "NOT (channel LIKE 'a%')",
    "lower(status) != 'x'",
];
const HAVING: [&str; 3] = ["gross > 10", "orders_count BETWEEN 1 AND 5", "gross IS NOT NULL"];
/// As `time_range` and as WHERE.
const RANGES: [(&str, &str); 5] = [
    ("last_7_days", "TIME_RANGE('last_7_days')"),
    ("last_30_days", "time_range = 'last_30_days'"),
    ("2026-03-01..2026-03-31", "metric_time >= DATE '2026-03-01' AND metric_time < DATE '2026-04-01'"),
    ("2026-03-01..2026-03-31", "metric_time BETWEEN '2026-03-01' AND '2026-03-31'"),
    ("2026-05-10..2026-05-10", "metric_time = DATE '2026-05-10'"),
];

fn asked() -> impl Strategy<Value = Asked> {
    let metrics = proptest::sample::subsequence(METRICS.to_vec(), 1..4)
        .prop_flat_map(|names| names.into_iter().map(|name| (Just(name), any::<bool>())).collect::<Vec<_>>());
    let groups = proptest::sample::subsequence(GROUPS.to_vec(), 0..4).prop_shuffle();
    let grain = proptest::option::of(proptest::sample::select(vec!["day", "week", "month", "quarter", "year"]));
    let conditions = proptest::sample::subsequence(CONDITIONS.to_vec(), 0..3);
    let having = proptest::sample::subsequence(HAVING.to_vec(), 0..2);
    let range = proptest::option::of(0..RANGES.len());
    let order = proptest::option::of((0..8_usize, any::<bool>()));
    let limit = proptest::option::of(1..50_u64);
    let offset = proptest::option::weighted(0.2, proptest::sample::select(vec!["1 month", "7 days", "2 quarters"]));
    let rest = (range, any::<bool>(), order, limit, 0..4_usize, offset);
    (metrics, groups, grain, conditions, having, rest)
        .prop_map(|(metrics, groups, grain, conditions, having, (range, compared, order, limit, spelling, offset))| {
            Asked {
                compared: compared && range.is_some(),
                offset: offset.filter(|_| range.is_some()),
                metrics: metrics.into_iter().filter(|(name, _)| *name != "order_count").collect(),
                groups,
                grain,
                conditions,
                having,
                range,
                order,
                limit,
                spelling,
            }
        })
        .prop_filter("a metric", |asked| !asked.metrics.is_empty())
}

fn arguments(asked: &Asked) -> Value {
    let metrics =
        asked.metrics.iter().enumerate().map(|(i, (name, alias))| match (alias, asked.offset.filter(|_| i == 0)) {
            (true, None) => json!({"name": name, "alias": format!("m{i}")}),
            (false, None) => json!(name),
            (true, Some(offset)) => json!({"name": name, "alias": format!("m{i}"), "offset_window": offset}),
            (false, Some(offset)) => json!({"name": name, "offset_window": offset}),
        });
    let mut out = json!({
        "metric_names": metrics.collect::<Vec<_>>(),
        "group_by": asked.groups,
        "where": asked.conditions,
        "having": asked.having,
    });
    if let Some(grain) = asked.grain {
        out["granularity"] = json!(grain);
    }
    if let Some(range) = asked.range {
        out["time_range"] = json!(RANGES[range].0);
    }
    if asked.compared {
        out["comparison"] = json!("previous_period");
    }
    if let Some((column, descending)) = order_of(asked) {
        out["order_by"] = json!([{"column": column, "direction": if descending { "desc" } else { "asc" }}]);
    }
    if let Some(limit) = asked.limit {
        out["limit"] = json!(limit);
    }
    out
}

/// The ordered column by its name in a request.
fn order_of(asked: &Asked) -> Option<(String, bool)> {
    let (place, descending) = asked.order?;
    let grain = asked.grain.map(|grain| format!("metric_time__{grain}"));
    let groups = grain.into_iter().chain(asked.groups.iter().map(|group| group.to_string()));
    let metrics = asked.metrics.iter().enumerate().map(|(i, (name, _))| match asked.offset.filter(|_| i == 0) {
        Some(offset) => format!("{name}__{}_earlier", offset.replace(' ', "_")),
        None => name.to_string(),
    });
    let columns: Vec<String> = groups.chain(metrics).collect();
    Some((columns[place % columns.len()].clone(), descending))
}

fn statement(asked: &Asked) -> String {
    let call = |name: &str| match asked.spelling {
        _ if asked.offset.is_some() && asked.metrics[0].0 == name => {
            format!("MEASURE({name}, offset => '{}')", asked.offset.unwrap_or_default())
        }
        0 => format!("MEASURE({name})"),
        1 => format!("agg({name})"),
        2 => name.to_string(),
        _ => format!("AGGREGATE(m.\"{name}\")"),
    };
    let groups: Vec<String> = asked
        .grain
        .map(|grain| match asked.spelling {
            0 => format!("metric_time__{grain}"),
            _ => format!("DATE_TRUNC('{grain}', metric_time)"),
        })
        .into_iter()
        .chain(asked.groups.iter().map(|group| group.to_string()))
        .collect();
    let metrics = asked.metrics.iter().enumerate().map(|(i, (name, alias))| match alias {
        true => format!("{} AS m{i}", call(name)),
        false => call(name),
    });
    let columns: Vec<String> = groups.iter().cloned().chain(metrics).collect();
    let mut conditions: Vec<String> = asked.range.map(|range| RANGES[range].1.to_string()).into_iter().collect();
    if asked.compared {
        conditions.push("COMPARE('previous_period')".to_string());
    }
    conditions.extend(asked.conditions.iter().map(|condition| format!("({condition})")));
    let mut text = format!("SELECT {} FROM metrics m", columns.join(", "));
    if !conditions.is_empty() {
        text += &format!(" WHERE {}", conditions.join(" AND "));
    }
    if !groups.is_empty() {
        text += &match asked.spelling {
            0 => " GROUP BY ALL".to_string(),
            1 => format!(" GROUP BY {}", groups.join(", ")),
            _ => format!(" GROUP BY {}", (1..=groups.len()).map(|i| i.to_string()).collect::<Vec<_>>().join(", ")),
        };
    }
    if !asked.having.is_empty() {
        text += &format!(" HAVING {}", asked.having.iter().map(|c| format!("({c})")).collect::<Vec<_>>().join(" AND "));
    }
    if let Some((column, descending)) = order_of(asked) {
        let is_group = column.contains("__") || asked.groups.contains(&column.as_str());
        let is_group = is_group && !column.ends_with("_earlier");
        let name = if column.ends_with("_earlier") { asked.metrics[0].0.to_string() } else { column.clone() };
        let written = if is_group { column } else { call(&name) };
        text += &format!(" ORDER BY {written}{}", if descending { " DESC" } else { "" });
    }
    if let Some(limit) = asked.limit {
        text += &format!(" LIMIT {limit}");
    }
    text
}

/// `TWINS=3000` makes three thousand.
fn cases() -> u32 {
    std::env::var("TWINS").ok().and_then(|n| n.parse().ok()).unwrap_or(500)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn requests_and_their_twins_have_one_plan(asked in asked()) {
        let bound = bound();
        let text = statement(&asked);
        prop_assert_eq!(plan_of_statement(&bound, &text), plan_of_arguments(&bound, arguments(&asked)), "{}", text);
    }
}
