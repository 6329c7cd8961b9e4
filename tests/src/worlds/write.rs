//! A world as model text and files.

use std::path::Path;

use serde_json::{Value as Json, json};
use sextant_engine::write::{Column, write_parquet};

use super::write_metric::metric;
use crate::oracle::expr::Expr;
use crate::oracle::value::Value;
use crate::oracle::world::{ColumnKind, Dataset, DimensionKind, Entity, Format, Link, MetricKind, Stored, World};

/// Writes `model.yml` and one file a dataset into a folder.
pub fn write(world: &World, folder: &Path) -> std::io::Result<()> {
    std::fs::write(folder.join("model.yml"), model(world))?;
    for dataset in &world.datasets {
        match file(dataset) {
            (name, Some(text)) => std::fs::write(folder.join(name), text)?,
            (name, None) => {
                let columns: Vec<(String, Column)> =
                    (0..dataset.columns.len()).map(|c| (dataset.columns[c].name.clone(), column(dataset, c))).collect();
                write_parquet(&folder.join(name), &columns, 16).map_err(std::io::Error::other)?;
            }
        }
    }
    Ok(())
}

/// The model as JSON, which is YAML.
pub fn model(world: &World) -> String {
    let datasets: Vec<Json> = world.datasets.iter().enumerate().map(|(i, d)| dataset(world, i, d)).collect();
    let links: Vec<Json> = world.links.iter().map(|of| link(world, of)).collect();
    let shared: Vec<Json> = world
        .shared
        .iter()
        .map(|shared| {
            let of: Vec<String> =
                shared.of.iter().map(|(d, name)| format!("{}.{name}", world.datasets[*d].name)).collect();
            json!({"name": shared.name, "of": of})
        })
        .collect();
    let across = world.metrics.iter().filter(|m| !matches!(m.kind, MetricKind::Simple { .. }));
    let metrics: Vec<Json> = across.map(|m| metric(world, m)).collect();
    let mut text = json!({
        "version": 1,
        "name": "generated",
        "calendar": {"timezone": world.zone.name(), "week_start": if world.week_start == chrono::Weekday::Sun { "sunday" } else { "monday" }},
        "datasets": datasets,
    });
    if let Some(currency) = &world.currency {
        text["currency"] = currency.as_str().into();
    }
    if let Some(spine) = &world.spine {
        let names = spine.granularities.iter().map(|name| json!({"name": name, "column": name}));
        text["time_spines"] = json!([{
            "dataset": world.datasets[spine.dataset].name, "column": spine.day, "granularity": "day",
            "custom_granularities": names.collect::<Vec<_>>(),
        }]);
    }
    for (key, list) in [("relationships", links), ("dimensions", shared), ("metrics", metrics)] {
        if !list.is_empty() {
            text[key] = list.into();
        }
    }
    serde_json::to_string_pretty(&text).unwrap()
}

fn link(world: &World, link: &Link) -> Json {
    let mut out = json!({
        "name": link.name, "from": world.datasets[link.from].name, "from_columns": link.from_columns,
        "to": world.datasets[link.to].name, "to_columns": link.to_columns,
    });
    if link.is_bridge {
        out["cardinality"] = "many_to_many".into();
    }
    out
}

fn dataset(world: &World, index: usize, dataset: &Dataset) -> Json {
    let columns: Vec<Json> =
        dataset.columns.iter().map(|c| json!({"name": c.name, "type": column_type(c.kind, dataset.format)})).collect();
    let dimensions: Vec<Json> = dataset
        .dimensions
        .iter()
        .map(|d| {
            let mut out = json!({"name": d.name});
            if d.expr != Expr::name(&d.name) {
                out["expr"] = d.expr.to_string().into();
            }
            if d.partition {
                out["partition"] = true.into();
            }
            match d.kind {
                DimensionKind::Text => {}
                DimensionKind::Boolean => out["type"] = "boolean".into(),
                DimensionKind::Number => out["type"] = "number".into(),
                DimensionKind::Time(stored) => {
                    out["type"] = "time".into();
                    out["granularity"] = if stored == Stored::Date { "day" } else { "second" }.into();
                    if let Stored::Zone(zone) = stored {
                        out["stored_as"] = if zone == chrono_tz::UTC { "utc" } else { zone.name() }.into();
                    }
                }
            }
            out
        })
        .collect();
    let metrics: Vec<Json> = world
        .metrics
        .iter()
        .filter(|m| matches!(m.kind, MetricKind::Simple { dataset, .. } if dataset == index))
        .map(|m| metric(world, m))
        .collect();
    let source = match dataset.format {
        Format::Csv => json!({"csv": format!("{}.csv", dataset.name)}),
        Format::JsonLines => json!({"jsonl": format!("{}.jsonl", dataset.name)}),
        Format::Parquet => json!({"parquet": format!("{}.parquet", dataset.name)}),
    };
    let mut out = json!({"name": dataset.name, "source": source, "columns": columns});
    if !dataset.key.is_empty() {
        out["primary_key"] = json!(dataset.key);
    }
    if let Some(time) = &dataset.time {
        out["time"] = time.as_str().into();
    }
    if let Some((from, to)) = &dataset.validity {
        out["validity"] = json!({"from": from, "to": to});
    }
    if let Some(currency) = &dataset.currency {
        out["currency"] = json!({"column": currency.column, "rates": world.datasets[currency.rates].name});
    }
    let entity = |of: &Entity| match of.is_primary {
        true => json!({"name": of.name, "columns": of.columns, "kind": "primary"}),
        false => json!({"name": of.name, "columns": of.columns}),
    };
    let entities = dataset.entities.iter().map(entity).collect();
    for (key, list) in [("entities", entities), ("dimensions", dimensions), ("metrics", metrics)] {
        if !list.is_empty() {
            out[key] = list.into();
        }
    }
    out
}

fn column_type(kind: ColumnKind, format: Format) -> &'static str {
    match kind {
        // As wide as the file writes it.
        ColumnKind::Money if format == Format::Parquet => "decimal(18, 2)",
        ColumnKind::Integer => "integer",
        ColumnKind::Money => "decimal(12, 2)",
        ColumnKind::Rate => "decimal(18, 8)",
        ColumnKind::Float => "float",
        ColumnKind::Text => "text",
        ColumnKind::Boolean => "boolean",
        ColumnKind::Date => "date",
        ColumnKind::Timestamp => "timestamp",
    }
}

/// File name and text of a dataset; no text of a format that has none.
pub fn file(dataset: &Dataset) -> (String, Option<String>) {
    match dataset.format {
        Format::Csv => {
            let names: Vec<&str> = dataset.columns.iter().map(|c| c.name.as_str()).collect();
            let mut text = names.join(",") + "\n";
            for row in &dataset.rows {
                text += &(row.iter().map(cell).collect::<Vec<_>>().join(",") + "\n");
            }
            (format!("{}.csv", dataset.name), Some(text))
        }
        Format::JsonLines => {
            let mut text = String::new();
            for row in &dataset.rows {
                let fields: Vec<String> =
                    dataset.columns.iter().zip(row).map(|(c, v)| format!("\"{}\":{}", c.name, json_cell(v))).collect();
                text += &format!("{{{}}}\n", fields.join(","));
            }
            (format!("{}.jsonl", dataset.name), Some(text))
        }
        Format::Parquet => (format!("{}.parquet", dataset.name), None),
    }
}

/// The values of a column as Parquet holds them.
fn column(dataset: &Dataset, column: usize) -> Column {
    let cells = || dataset.rows.iter().map(|row| &row[column]);
    let unscaled = |value: &Value, scale: u32| match value {
        Value::Exact(value) => value.unscaled_at(scale),
        _ => None,
    };
    match dataset.columns[column].kind {
        ColumnKind::Integer => Column::Integer(cells().map(|v| unscaled(v, 0).map(|v| v as i64)).collect()),
        ColumnKind::Money => Column::Decimal { scale: 2, values: cells().map(|v| unscaled(v, 2)).collect() },
        ColumnKind::Rate => Column::Decimal { scale: 8, values: cells().map(|v| unscaled(v, 8)).collect() },
        ColumnKind::Float => Column::Float(cells().map(Value::as_f64).collect()),
        ColumnKind::Text => {
            Column::Text(cells().map(|v| if let Value::Text(text) = v { Some(text.clone()) } else { None }).collect())
        }
        ColumnKind::Boolean => {
            Column::Boolean(cells().map(|v| if let Value::Boolean(truth) = v { Some(*truth) } else { None }).collect())
        }
        ColumnKind::Date => {
            Column::Date(cells().map(|v| if let Value::Date(date) = v { Some(*date) } else { None }).collect())
        }
        ColumnKind::Timestamp => {
            Column::Timestamp(cells().map(|v| if let Value::Wall(at) = v { Some(*at) } else { None }).collect())
        }
    }
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Boolean(value) => value.to_string(),
        Value::Exact(value) => value.to_string(),
        Value::Double(value) => value.to_string(),
        Value::Text(value) if value.contains([',', '"', '\n']) => format!("\"{}\"", value.replace('"', "\"\"")),
        Value::Text(value) => value.clone(),
        Value::Date(value) => value.to_string(),
        Value::Wall(value) => value.format("%Y-%m-%d %H:%M:%S").to_string(),
    }
}

fn json_cell(value: &Value) -> String {
    match value {
        Value::Null => "null".to_string(),
        Value::Text(text) => json!(text).to_string(),
        Value::Date(_) | Value::Wall(_) => format!("\"{}\"", cell(value)),
        Value::Boolean(_) | Value::Exact(_) | Value::Double(_) => cell(value),
    }
}
