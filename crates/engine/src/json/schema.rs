//! JSON Schemas of the answers, beside their one writer.
//!
//! Values that may be null, and cells, have no `type`: some clients cannot read a list of types.

use serde_json::{Value as Json, json};

/// The schema of a tool's answer; none for tools whose answer has no fixed shape.
pub fn schema(tool: &str) -> Option<Json> {
    match tool {
        "get_metrics" | "audit_performance" | "run_saved_query" => Some(envelope()),
        "search" => Some(search()),
        _ => None,
    }
}

fn envelope() -> Json {
    object(
        "The answer: metrics over the whole range, and rows when grouped.",
        json!({
            "metrics": list("Each metric over the whole range.", metric()),
            "columns": list("Columns of rows, in order.", column()),
            "rows": {"type": "array", "description": "Rows of this page, one value a column.", "items": {"type": "array"}},
            "row_count": integer("Rows on this page."),
            "total_rows": integer("Rows of the whole answer."),
            "truncated": boolean("Whether the page holds rows back."),
            "next_cursor": anything("Cursor of the next page, or null."),
            "highlights": {"type": "array", "description": "What stands out, most severe first."},
            "applied": {"type": "object", "description": "What the request was taken to mean: windows, filters, groups, defaults."},
            "freshness": {"type": "object", "description": "Each dataset's last date and whether the range is complete."},
            "warnings": list("What to know before relying on the numbers.", warning()),
            "environment": text("production or sandbox."),
            "model_version": text("The definitions, by content."),
            "snapshot": text("The data, by its files."),
            "answer_id": text("This answer: request, clock, data and model."),
            "explain": {"type": "object", "description": "Stages of the plan, when asked for."},
        }),
        &["metrics", "columns", "rows", "row_count", "truncated", "next_cursor", "highlights", "applied"],
    )
}

fn metric() -> Json {
    let per_day = object(
        "Both sides by their days, where they are not equally long.",
        json!({
            "current": anything("The current value, a day."),
            "previous": anything("The previous value, a day."),
            "absolute": anything("Current less previous."),
            "percent": anything("A fraction of the previous value, or null."),
        }),
        &["current", "previous", "absolute", "percent"],
    );
    let change = object(
        "The change between the two periods.",
        json!({
            "absolute": anything("Current less previous, or null."),
            "percent": anything("A fraction of the previous value, or null."),
            "points": anything("Percentage points, of percent metrics."),
            "null_reason": text("Why a change is null."),
            "impact": text("favourable, unfavourable or neutral."),
            "per_day": per_day,
        }),
        &["absolute", "percent", "impact"],
    );
    object(
        "One metric.",
        json!({
            "name": text("Its name, or the alias that was given."),
            "asked": text("The name as it was asked."),
            "label": text("Its name for people."),
            "value": anything("Its value over the whole range, or null."),
            "null_reason": text("Why the value is null."),
            "format": text("number, currency, percent, ratio or duration."),
            "unit": text("A currency or a word."),
            "direction": text("Which way is good: up, down or neutral."),
            "compared_value": anything("The part of the range that is compared, where only a part has elapsed."),
            "previous": anything("Its value over the comparison, or null; of a target, the part for the days of the range."),
            "full_target": anything("The targets of all periods that the range touches."),
            "change": change,
            "significance": {"type": "object", "description": "Of an audit: level, method and every number that decided."},
            "parts": {"type": "object", "description": "Of an audit: what the metric's own formula splits the change into."},
            "drivers": {"type": "array", "description": "Of an audit: members of dimensions with their contribution, the most telling dimension first."},
            "driver_dimensions": {"type": "array", "description": "Of an audit: what each dimension tells, and what its other members hold."},
            "drivers_unavailable": {"type": "array", "description": "Of an audit: dimensions that the metric has not, with the reason."},
            "definition": text("Its formula."),
        }),
        &["name"],
    )
}

fn column() -> Json {
    let properties = json!({
        "name": text("Its name."),
        "type": text("boolean, integer, decimal, float, text, date or timestamp."),
        "unit": text("A currency or a word."),
    });
    object("One column.", properties, &["name", "type"])
}

fn warning() -> Json {
    let properties = json!({"code": text("A stable word."), "message": text("One fact.")});
    object("One warning.", properties, &["code", "message"])
}

fn search() -> Json {
    let result = object(
        "One match and the call that uses it.",
        json!({
            "kind": text("metric, dimension or saved_query."),
            "id": text("Its identifier."),
            "name": text("Its name."),
            "title": text("Its name for people."),
            "description": anything("What it is, or null."),
            "definition": text("Its formula."),
            "call": {"type": "object", "description": "The tool and the arguments that use it."},
        }),
        &["kind", "id", "name", "title", "call"],
    );
    object(
        "What matches, best first.",
        json!({
            "results": list("Matches.", result),
            "total": integer("Matches in all."),
            "truncated": boolean("Whether there are more."),
            "next_cursor": anything("Cursor of the next page, or null."),
        }),
        &["results", "total", "truncated"],
    )
}

fn object(description: &str, properties: Json, required: &[&str]) -> Json {
    json!({
        "type": "object",
        "description": description,
        "properties": properties,
        "required": required,
        "additionalProperties": false,
    })
}

fn list(description: &str, items: Json) -> Json {
    json!({"type": "array", "description": description, "items": items})
}

fn text(description: &str) -> Json {
    json!({"type": "string", "description": description})
}

fn integer(description: &str) -> Json {
    json!({"type": "integer", "description": description})
}

fn boolean(description: &str) -> Json {
    json!({"type": "boolean", "description": description})
}

fn anything(description: &str) -> Json {
    json!({"description": description})
}
