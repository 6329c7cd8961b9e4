//! The arguments of the operations that look into the model, and of the calendar's own question.

use super::{Argument, Shape};

pub(super) static SEARCH: [Argument; 4] = [
    Argument::new("query", Shape::Text, "Words to look for; empty lists everything", r#""net sales""#)
        .not(&["q", "search", "text", "term", "keywords"]),
    Argument::new(
        "kind",
        Shape::Word(&["metric", "dimension", "dimension_value", "saved_query", "operation", "documentation"]),
        "Only results of this kind",
        r#""metric""#,
    )
    .not(&["type", "kinds"]),
    Argument::new("limit", Shape::Count { least: 1, most: 100 }, "Results at most (default 20)", "20").not(&[
        "top",
        "n",
        "max_results",
    ]),
    Argument::new("cursor", Shape::Text, "next_cursor of the previous page", r#""eyJ...""#)
        .not(&["next_cursor", "page"]),
];

pub(super) static LIST_METRICS: [Argument; 3] = [
    Argument::new("search", Shape::Text, "Part of a name, label or description", r#""sales""#).not(&["query", "q"]),
    Argument::new("limit", Shape::Count { least: 1, most: 1_000 }, "Metrics at most", "50"),
    Argument::new("cursor", Shape::Text, "next_cursor of the previous page", r#""eyJ...""#)
        .not(&["next_cursor", "page"]),
];

pub(super) static DESCRIBE_METRIC: [Argument; 1] =
    [Argument::new("name", Shape::Text, "Metric name", r#""net_sales""#).required().not(&[
        "metric",
        "metric_name",
        "metric_names",
        "id",
    ])];

pub(super) static DIMENSION_VALUES: [Argument; 3] = [
    Argument::new("dimension", Shape::Text, "Dimension name", r#""country""#)
        .required()
        .not(&["name", "field", "column"]),
    Argument::new("search", Shape::Text, "Part of a value", r#""uni""#).not(&["query", "q", "prefix"]),
    Argument::new("limit", Shape::Count { least: 1, most: 1_000 }, "Values at most (default 100)", "50")
        .not(&["top", "n"]),
];

pub(super) static EXPLAIN: [Argument; 4] = [
    Argument::new(
        "stage",
        Shape::Word(&["resolved", "semantic", "logical", "physical", "sql"]),
        "Stage to show (default semantic)",
        r#""semantic""#,
    ),
    Argument::new(
        "dialect",
        Shape::Word(&["duckdb", "postgres", "snowflake", "bigquery"]),
        "Warehouse whose SQL stage sql shows (default duckdb)",
        r#""duckdb""#,
    ),
    Argument::new(
        "tool",
        Shape::Word(&["get_metrics", "audit_performance"]),
        "Tool to explain (default get_metrics)",
        r#""get_metrics""#,
    )
    .not(&["name", "operation"]),
    Argument::new("arguments", Shape::Arguments, "Arguments of that tool", r#"{"metric_names": ["net_sales"]}"#)
        .required()
        .not(&["request", "params"]),
];

pub(super) static CALENDAR: [Argument; 5] = [
    Argument::new("week_start", Shape::Word(&["monday", "sunday"]), "First day of weeks", r#""monday""#),
    Argument::new("fiscal_year_start", Shape::Text, "First day of fiscal years, as MM-DD", r#""02-01""#),
    Argument::new(
        "named",
        Shape::List { of: &Shape::Object(&NAMED_RANGE), most: 1_000, item: "named ranges" },
        "Ranges with names of their own",
        r#"[{"name": "bfcm", "start": "2025-11-28", "end": "2025-12-01"}]"#,
    ),
    Argument::new(
        "data",
        Shape::Object(&EXTENT),
        "First and last day that have data",
        r#"{"first": "2024-01-01", "last": "2026-11-19"}"#,
    ),
    Argument::new(
        "watermark",
        Shape::Text,
        "Instant up to which the data is complete",
        r#""2026-11-20T06:00:00-05:00""#,
    ),
];

static NAMED_RANGE: [Argument; 3] = [
    Argument::new("name", Shape::Text, "Name of the range", r#""bfcm""#).required(),
    Argument::new("start", Shape::Text, "First day", r#""2025-11-28""#).required(),
    Argument::new("end", Shape::Text, "Last day, included", r#""2025-12-01""#).required(),
];

static EXTENT: [Argument; 2] = [
    Argument::new("first", Shape::Text, "First day", r#""2024-01-01""#).required(),
    Argument::new("last", Shape::Text, "Last day", r#""2026-11-19""#).required(),
];
