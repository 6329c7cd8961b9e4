//! A world as model text and files, and a question as a request.

use std::path::Path;

use serde_json::{Map, Value as Json, json};
use sextant_engine::write::{Column, write_parquet};

use crate::oracle::expr::{Comparison, Expr};
use crate::oracle::question::{Condition, Question};
use crate::oracle::value::Value;
use crate::oracle::world::{
    Aggregation, Balance, ColumnKind, Dataset, DimensionKind, Format, Input, Length, Metric, MetricKind, Offset, Over,
    Pick, Stored, World,
};

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
    let links: Vec<Json> = world
        .links
        .iter()
        .map(|link| {
            json!({"name": link.name, "from": world.datasets[link.from].name, "from_columns": link.from_columns,
                   "to": world.datasets[link.to].name, "to_columns": link.to_columns})
        })
        .collect();
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
    for (key, list) in [("relationships", links), ("dimensions", shared), ("metrics", metrics)] {
        if !list.is_empty() {
            text[key] = list.into();
        }
    }
    serde_json::to_string_pretty(&text).unwrap()
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
    for (key, list) in [("dimensions", dimensions), ("metrics", metrics)] {
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
        ColumnKind::Float => "float",
        ColumnKind::Text => "text",
        ColumnKind::Boolean => "boolean",
        ColumnKind::Date => "date",
        ColumnKind::Timestamp => "timestamp",
    }
}

fn metric(world: &World, metric: &Metric) -> Json {
    let mut out = json!({"name": metric.name});
    match &metric.kind {
        MetricKind::Simple { aggregation, argument, balance, .. } => {
            if let Some(Balance { time, is_last, by }) = balance {
                let choice = if *is_last { "last" } else { "first" };
                out["non_additive_dimension"] = json!({"name": time, "window_agg": choice});
                if !by.is_empty() {
                    out["non_additive_dimension"]["group_by"] = json!(by);
                }
            }
            out["type"] = "simple".into();
            let (word, percentile) = match aggregation {
                Aggregation::Sum => ("sum", None),
                Aggregation::Min => ("min", None),
                Aggregation::Max => ("max", None),
                Aggregation::Count => ("count", None),
                Aggregation::CountDistinct => ("count_distinct", None),
                Aggregation::ApproxCountDistinct => ("approx_count_distinct", None),
                Aggregation::Average => ("average", None),
                Aggregation::Median => ("median", None),
                Aggregation::Percentile(p) | Aggregation::DiscretePercentile(p) => ("percentile", Some(*p)),
                Aggregation::SumBoolean => ("sum_boolean", None),
                Aggregation::First => ("first", None),
                Aggregation::Last => ("last", None),
            };
            out["agg"] = word.into();
            if let Some(p) = percentile {
                out["percentile"] = p.into();
            }
            if matches!(aggregation, Aggregation::DiscretePercentile(_)) {
                out["percentile_type"] = "discrete".into();
            }
            if let Some(argument) = argument {
                out["expr"] = argument.to_string().into();
            }
        }
        MetricKind::Ratio { numerator, denominator } => {
            out["type"] = "ratio".into();
            out["numerator"] = input(world, numerator);
            out["denominator"] = input(world, denominator);
        }
        MetricKind::Derived { formula, inputs } => {
            out["type"] = "derived".into();
            out["expr"] = formula.to_string().into();
            out["input_metrics"] = inputs.iter().map(|i| input(world, i)).collect();
        }
        MetricKind::Cumulative { input: of, over, pick } => {
            out["type"] = "cumulative".into();
            out["input_metric"] = input(world, of);
            match over {
                Over::AllTime => {}
                Over::ToDate(grain) => out["grain_to_date"] = grain.word().into(),
                Over::Trailing(length) => out["window"] = text_of(*length).into(),
            }
            match pick {
                Pick::First => out["period_agg"] = "first".into(),
                Pick::Average => out["period_agg"] = "average".into(),
                // What a model means that does not say.
                Pick::Last => {}
            }
        }
    }
    if metric.listed {
        out["join_to_timespine"] = true.into();
    }
    if let Some(filter) = &metric.filter {
        out["filter"] = filter.to_string().into();
    }
    if let Some(fill) = metric.fill {
        out["fill_nulls_with"] = (fill as i64).into();
    }
    if metric.percent {
        out["format"] = "percent".into();
    } else if metric.money {
        out["format"] = "currency".into();
        out["unit"] = "USD".into();
    }
    out
}

fn input(world: &World, input: &Input) -> Json {
    let mut out = json!({"name": world.metrics[input.metric].name});
    if !input.alias.is_empty() {
        out["alias"] = input.alias.as_str().into();
    }
    match input.offset {
        None => {}
        Some(Offset::Window(length)) => out["offset_window"] = text_of(length).into(),
        Some(Offset::ToGrain(grain)) => out["offset_to_grain"] = grain.word().into(),
    }
    if let Some(filter) = &input.filter {
        out["filter"] = filter.to_string().into();
    }
    out
}

fn text_of(length: Length) -> String {
    format!("{} {}{}", length.count, length.unit.word(), if length.count == 1 { "" } else { "s" })
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

/// The arguments of `get_metrics` that ask a question.
pub fn request(world: &World, question: &Question) -> Map<String, Json> {
    let mut out = Map::new();
    let mut put = |key: &str, value: Json| {
        out.insert(key.to_string(), value);
    };
    let name = |metric: &usize| world.metrics[*metric].name.clone();
    put("metric_names", question.metrics.iter().map(name).collect::<Vec<_>>().into());
    if let Some(grain) = question.granularity {
        put("granularity", grain.word().into());
    }
    if !question.groups.is_empty() {
        put("group_by", question.groups.clone().into());
    }
    if !question.conditions.is_empty() {
        put("where", question.conditions.iter().map(|c| condition(world, c)).collect::<Vec<_>>().into());
    }
    if !question.having.is_empty() {
        put("having", question.having.iter().map(|h| Json::from(h.to_string())).collect::<Vec<_>>().into());
    }
    if !question.order.is_empty() {
        let item = |(column, descends): &(String, bool)| format!("{}{column}", if *descends { "-" } else { "" });
        put("order_by", question.order.iter().map(item).collect::<Vec<_>>().into());
    }
    if let Some(limit) = question.limit {
        put("limit", limit.into());
    }
    if let Some(range) = question.range {
        put("time_range", format!("{}..{}", range.first, range.last).into());
    }
    if let Some(comparison) = &question.comparison {
        put("comparison", comparison.asked.as_str().into());
    }
    if let Some(zone) = question.zone {
        put("timezone", zone.name().into());
    }
    put("as_of", question.as_of.to_rfc3339().into());
    put("number_format", "string".into());
    out
}

fn condition(world: &World, condition: &Condition) -> Json {
    match (condition.metric, condition.structured) {
        (Some(metric), _) => json!({"metric": world.metrics[metric].name, "where": condition.expr.to_string()}),
        (None, true) => structured(&condition.expr).unwrap_or_else(|| condition.expr.to_string().into()),
        (None, false) => condition.expr.to_string().into(),
    }
}

/// `{dimension, op, value}` where the condition has that form.
fn structured(expr: &Expr) -> Option<Json> {
    let name = |of: &Expr| match of {
        Expr::Name(name) => Some(name.clone()),
        _ => None,
    };
    let values = |values: &[Value]| values.iter().map(literal).collect::<Vec<_>>();
    Some(match expr {
        Expr::Compare(comparison, of, value) if *comparison != Comparison::Same => match value.as_ref() {
            Expr::Literal(value) => json!({"dimension": name(of)?, "op": comparison.symbol(), "value": literal(value)}),
            _ => return None,
        },
        Expr::In(of, list) => json!({"dimension": name(of)?, "op": "in", "values": values(list)}),
        Expr::NotIn(of, list) => json!({"dimension": name(of)?, "op": "not_in", "values": values(list)}),
        Expr::Between(of, low, high) => {
            json!({"dimension": name(of)?, "op": "between", "values": [literal(low), literal(high)]})
        }
        Expr::StartsWith(of, prefix) => json!({"dimension": name(of)?, "op": "starts_with", "value": prefix}),
        Expr::IsNull(of) => json!({"dimension": name(of)?, "op": "is_null"}),
        Expr::IsNotNull(of) => json!({"dimension": name(of)?, "op": "is_not_null"}),
        _ => return None,
    })
}

fn literal(value: &Value) -> Json {
    match value {
        Value::Null => Json::Null,
        Value::Boolean(value) => json!(value),
        Value::Exact(value) => serde_json::from_str(&value.to_string()).unwrap(),
        Value::Double(value) => json!(value),
        Value::Text(value) => json!(value),
        Value::Date(value) => json!(value.to_string()),
        Value::Wall(value) => json!(value.to_string()),
    }
}
