//! Schemas of the answers that are no envelope: lists, one metric, times, stages.

use serde_json::{Value as Json, json};

use super::{anything, boolean, integer, list, object, text, warning};

pub(super) fn metrics() -> Json {
    object(
        "The metrics, by name.",
        json!({
            "metrics": list("Metrics.", one_metric(json!({}), &["name", "askable"])),
            "total": integer("Metrics in all."),
            "truncated": boolean("Whether there are more."),
            "next_cursor": anything("Cursor of the next page, or null."),
            "read_as": read_as(),
        }),
        &["metrics", "total", "truncated", "next_cursor"],
    )
}

pub(super) fn metric() -> Json {
    let more = json!({
        "aliases": list("Other names that answer as it.", json!({"type": "string"})),
        "deprecated_names": list("Former names.", json!({"type": "string"})),
        "synonyms": list("Words that people say for it.", json!({"type": "string"})),
        "owner": text("Who answers for the definition."),
        "dimensions": list("What it can be grouped and filtered by.", dimension()),
        "read_as": read_as(),
    });
    one_metric(more, &["name", "type", "format", "direction", "definition", "askable", "dimensions"])
}

fn one_metric(more: Json, required: &[&str]) -> Json {
    let mut properties = json!({
        "name": text("Its name."),
        "label": text("Its name for people."),
        "description": text("What it means."),
        "type": text("simple, ratio, derived, cumulative, conversion or cohort."),
        "format": text("number, currency, percent, ratio or duration."),
        "unit": text("A currency or a word."),
        "direction": text("Which way is good: up, down or neutral."),
        "definition": text("Its formula."),
        "askable": boolean("Whether this version can answer it."),
    });
    if let (Json::Object(all), Json::Object(more)) = (&mut properties, more) {
        all.extend(more);
    }
    object("One metric.", properties, required)
}

pub(super) fn dimensions() -> Json {
    object(
        "The dimensions.",
        json!({
            "metrics": list("The metrics that all of them fit.", json!({"type": "string"})),
            "dimensions": list("Dimensions.", dimension()),
            "read_as": read_as(),
        }),
        &["dimensions"],
    )
}

fn dimension() -> Json {
    object(
        "One dimension.",
        json!({
            "name": text("As group_by and where take it."),
            "label": text("Its name for people."),
            "description": text("What it means."),
            "type": text("categorical, time or entity."),
            "granularity": text("The finest one of a time dimension."),
            "via": {"description": "The relationships that lead to it."},
            "bridge": text("The many-to-many relationship on the way."),
            "of": list("Where it stands.", json!({"type": "string"})),
            "askable": boolean("Whether this version can answer it."),
        }),
        &["name"],
    )
}

pub(super) fn dimension_values() -> Json {
    let value = object(
        "One value.",
        json!({"value": anything("It, or null."), "rows": integer("Rows that have it.")}),
        &["value", "rows"],
    );
    object(
        "The most frequent values of a dimension.",
        json!({
            "dimension": text("Its name."),
            "values": list("Values, the most frequent first.", value),
            "total_values": integer("Values in all."),
            "truncated": boolean("Whether there are more."),
            "warnings": list("What to know of the values.", warning()),
            "read_as": read_as(),
        }),
        &["dimension", "values", "total_values", "truncated"],
    )
}

pub(super) fn saved_queries() -> Json {
    let query = object(
        "One saved query.",
        json!({
            "name": text("Its name."),
            "label": text("Its name for people."),
            "description": text("What it asks."),
            "query": {"type": "object", "description": "Its arguments."},
        }),
        &["name", "query"],
    );
    object(
        "The saved queries.",
        json!({"saved_queries": list("Saved queries.", query), "read_as": read_as()}),
        &["saved_queries"],
    )
}

pub(super) fn freshness() -> Json {
    object(
        "How far the data reaches.",
        json!({
            "datasets": {"type": "object", "description": "Each dataset: files, rows, first and last date, or an error."},
            "snapshot": text("The data, by its files."),
            "read_as": read_as(),
        }),
        &["datasets", "snapshot"],
    )
}

pub(super) fn explanation() -> Json {
    object(
        "One stage of how a question is answered.",
        json!({
            "stage": text("resolved, semantic, logical, physical or sql."),
            "dialect": text("Of stage sql: the warehouse."),
            "text": text("The stage."),
            "read_as": read_as(),
        }),
        &["stage", "text"],
    )
}

pub(super) fn time_range() -> Json {
    let mut range = window();
    let more = json!({
        "asked": {"description": "As it was asked, or null."},
        "timezone": text("Whose days."),
        "as_of": text("The instant taken for now."),
        "week_start": text("monday or sunday."),
        "includes_today": boolean("Whether it ends today."),
        "complete": boolean("Whether it is over."),
        "warnings": list("What to know before relying on it.", warning()),
        "comparison": {"type": "object", "description": "The comparison: mode, windows, warnings, and what is compared."},
        "read_as": read_as(),
    });
    if let (Json::Object(all), Json::Object(more)) = (&mut range, more) {
        all.extend(more);
    }
    let required = ["asked", "start", "end", "timezone", "as_of", "complete", "warnings"];
    object("Dates, inclusive, and instants, half-open.", range, &required)
}

fn window() -> Json {
    json!({
        "start": text("First day."),
        "end": text("Last day, included."),
        "days": integer("Days."),
        "hours": integer("Hours, of a range of hours."),
        "start_instant": text("First instant."),
        "end_instant": text("First instant after it."),
    })
}

/// Of every answer without `applied`.
fn read_as() -> Json {
    list("Slips of the request and what they were read as.", json!({"type": "string"}))
}
