//! JSON Schemas of the answers, beside their one writer.
//!
//! Values that may be null, and cells, have no `type`: some clients cannot read a list of types. They say what
//! they are not, since a schema that says nothing is taken for a mistake.

use serde_json::{Value as Json, json};

mod listing;

/// The schema of the answer of a tool or operation; none for those that a workspace does not answer.
pub fn schema(tool: &str) -> Option<Json> {
    match tool {
        "get_metrics" | "run_saved_query" | "sql" => Some(envelope(metric())),
        "audit_performance" => Some(envelope(audited_metric())),
        "list_metrics" => Some(listing::metrics()),
        "describe_metric" => Some(listing::metric()),
        "list_dimensions" => Some(listing::dimensions()),
        "get_dimension_values" => Some(listing::dimension_values()),
        "list_saved_queries" => Some(listing::saved_queries()),
        "get_freshness" => Some(listing::freshness()),
        "explain" => Some(listing::explanation()),
        "resolve_time_range" => Some(listing::time_range()),
        _ => None,
    }
}

/// What both questions answer. An audit says more of each metric.
fn envelope(metric: Json) -> Json {
    object(
        "Metrics over the whole range, and rows when grouped.",
        json!({
            "metrics": list("Each over the whole range.", metric),
            "columns": list("Of rows, in order.", column()),
            "rows": {"type": "array", "description": "Of this page, one value a column.", "items": {"type": "array"}},
            "row_count": integer("Rows on this page."),
            "total_rows": integer("Rows in all."),
            "truncated": boolean("Whether rows are held back."),
            "next_cursor": anything("Of the next page, or null."),
            "highlights": {"type": "array", "description": "What stands out, most severe first."},
            "applied": {"type": "object", "description": "What the request was taken to mean: windows, filters, groups, defaults."},
            "freshness": {"type": "object", "description": "Each dataset's last date."},
            "warnings": list("What to know before relying on the numbers.", warning()),
            "environment": text(""),
            "model_version": text(""),
            "snapshot": text(""),
            "answer_id": text(""),
            "explain": {"type": "object"},
        }),
        &["metrics", "columns", "rows", "row_count", "truncated", "next_cursor", "highlights", "applied"],
    )
}

fn metric() -> Json {
    let change = object(
        "Between the two periods.",
        json!({
            "absolute": anything("Current less previous, or null."),
            "percent": anything("A fraction of the previous value, or null."),
            "points": anything("Percentage points, of percent metrics."),
            "null_reason": text(""),
            "impact": text("favourable, unfavourable or neutral."),
            "per_day": {"type": "object", "description": "Both sides a day, where they are not equally long."},
        }),
        &["absolute", "percent", "impact"],
    );
    object(
        "",
        json!({
            "name": text(""),
            "asked": text(""),
            "label": text(""),
            "value": anything("Over the whole range, or null."),
            "null_reason": text(""),
            "format": text("number, currency, percent, ratio or duration."),
            "unit": text(""),
            "direction": text("Which way is good: up, down or neutral."),
            "compared_value": anything("Of the part of the range that is compared."),
            "previous": anything("Over the comparison, or null; of a target, its part for the range."),
            "full_target": anything(""),
            "change": change,
            "definition": text(""),
        }),
        &["name"],
    )
}

/// A metric with what an audit finds out about its change.
fn audited_metric() -> Json {
    let mut metric = metric();
    let found = json!({
        "significance": {"type": "object", "description": "Level, method and every number that decided."},
        "parts": {"type": "object", "description": "What its own formula splits the change into."},
        "drivers": {"type": "array", "description": "Members of dimensions with their contribution, the most telling dimension first."},
        "driver_dimensions": {"type": "array", "description": "What each dimension tells, and what its other members hold."},
        "drivers_unavailable": {"type": "array", "description": "Dimensions that the metric has not, with the reason."},
    });
    if let (Some(properties), Json::Object(found)) = (metric["properties"].as_object_mut(), found) {
        properties.extend(found);
    }
    metric
}

fn column() -> Json {
    let properties = json!({
        "name": text(""),
        "type": text(""),
        "unit": text(""),
    });
    object("", properties, &["name", "type"])
}

fn warning() -> Json {
    object("", json!({"code": text(""), "message": text("")}), &["code", "message"])
}

/// A closed object.
pub fn object(description: &str, properties: Json, required: &[&str]) -> Json {
    let shape = json!({
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    });
    described(description, shape)
}

/// A list.
pub fn list(description: &str, items: Json) -> Json {
    described(description, json!({"type": "array", "items": items}))
}

/// A text.
pub fn text(description: &str) -> Json {
    described(description, json!({"type": "string"}))
}

/// A whole number.
pub fn integer(description: &str) -> Json {
    described(description, json!({"type": "integer"}))
}

/// True or false.
pub fn boolean(description: &str) -> Json {
    described(description, json!({"type": "boolean"}))
}

/// A number, an exact text or null.
pub fn anything(description: &str) -> Json {
    described(description, json!({"not": {"type": "object"}}))
}

/// With its description, where the name does not say it all: these schemas are read with every list of tools.
fn described(description: &str, mut schema: Json) -> Json {
    if let (false, Json::Object(map)) = (description.is_empty(), &mut schema) {
        map.insert("description".into(), description.into());
    }
    schema
}
