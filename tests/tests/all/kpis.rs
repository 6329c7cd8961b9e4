//! The pages on the commerce model's metrics: what the model says of each is written here from the
//! model, so that no page goes stale; what people should know stands below it, written by hand.
//!
//! `UPDATE=1` writes the upper part of every page, and the lines of the index, anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::PathBuf;

use libtest_mimic::{Failed, Trial};
use serde_json::{Map, Value, json};
use sextant_engine::workspace::Workspace;
use sextant_semantics::catalog::aggregation::Aggregation;
use sextant_semantics::catalog::{Catalog, Metric, MetricKind};
use sextant_tests::ask::{self, Place};

/// Where the pages lie, and how one is told from its neighbours.
const DIRECTORY: &str = "docs/kpis";
/// What every page says by hand.
const WANTED: [&str; 2] = ["## What it tells", "## When it misleads"];
/// Characters that a page's own words have at least.
const WORDS: usize = 120;
/// The day after the checked-in extract ends.
const NOW: &str = "2026-11-20T09:00:00-05:00";

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("pages::kpis_are_what_the_model_says", pages), Trial::test("pages::kpis_are_all_listed", index)]
}

fn pages() -> Result<(), Failed> {
    let workspace =
        ask::open(&Place::of_world("commerce")).map_err(|error| format!("the model is refused: {error}"))?;
    let update = std::env::var_os("UPDATE").is_some();
    let mut problems = Vec::new();
    let mut wanted = BTreeSet::from(["index.md".to_string()]);
    for metric in workspace.catalog().metrics().iter().filter(|metric| !metric.hidden) {
        let file = format!("{}.md", metric.name);
        let path = directory().join(&file);
        let have = std::fs::read_to_string(&path).unwrap_or_default();
        wanted.insert(file);
        // Below the first heading of the second level everything is written by hand.
        let (head, own) = have.find("\n## ").map_or((have.as_str(), ""), |at| have.split_at(at + 1));
        let now = head_of(&workspace, metric)?;
        if update && head != now {
            std::fs::write(&path, format!("{now}{own}"))?;
        } else if head != now {
            problems.push(format!("{}: UPDATE=1 writes what the model says now", metric.name));
        }
        if WANTED.iter().any(|heading| !own.contains(heading)) || own.len() < WORDS {
            problems.push(format!("{}: says too little by itself; it needs {}", metric.name, WANTED.join(" and ")));
        }
    }
    for entry in std::fs::read_dir(directory())? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if !wanted.contains(&name) {
            problems.push(format!("{DIRECTORY}/{name} is about no metric of the model"));
        }
    }
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n").into()) }
}

fn index() -> Result<(), Failed> {
    let workspace =
        ask::open(&Place::of_world("commerce")).map_err(|error| format!("the model is refused: {error}"))?;
    let path = directory().join("index.md");
    let text = std::fs::read_to_string(&path)?;
    let mut lines: BTreeMap<String, String> = BTreeMap::new();
    for metric in workspace.catalog().metrics().iter().filter(|metric| !metric.hidden) {
        let about = metric.description.as_deref().unwrap_or_default();
        lines.insert(metric.name.clone(), format!("- [{}]({}.md): {about}", label(metric), metric.name));
    }
    let mut written = String::new();
    for line in text.lines() {
        let name = line.strip_prefix("- [").and_then(|rest| rest.split_once("](")?.1.split_once(".md)"));
        let kept = match name {
            Some((name, _)) => lines.remove(name).unwrap_or_else(|| format!("- {name} is unknown or listed twice")),
            None => line.to_string(),
        };
        written += &(kept + "\n");
    }
    if !lines.is_empty() {
        let names: Vec<&str> = lines.keys().map(String::as_str).collect();
        return Err(format!("{DIRECTORY}/index.md does not list {}", names.join(", ")).into());
    }
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &written)?;
    } else if written != text {
        return Err(format!("{DIRECTORY}/index.md is not what the model says; UPDATE=1 writes it").into());
    }
    Ok(())
}

fn directory() -> PathBuf {
    ask::repository().join(DIRECTORY)
}

fn label(metric: &Metric) -> String {
    metric.label.clone().unwrap_or_else(|| metric.name.clone())
}

/// The upper part of a page: everything that the model says, and a question that the engine answers.
fn head_of(workspace: &Workspace, metric: &Metric) -> Result<String, Failed> {
    let catalog = workspace.catalog();
    let mut page = format!("# {}\n\n{}\n\n", label(metric), metric.description.as_deref().unwrap_or_default());
    let mut names = vec![format!("`{}`", metric.name)];
    names.extend(metric.aliases.iter().map(|alias| format!("`{alias}`")));
    let described = described(workspace, metric)?;
    let dimensions = dimensions(&described);
    let by: Vec<String> = dimensions.iter().map(|name| format!("`{name}`")).collect();
    let rows = [
        ("name", names.join(", ")),
        ("formula", linked(catalog, metric)),
        ("counted from", grain(catalog, metric)),
        ("adds up", additive(catalog, metric).to_string()),
        ("good when it", direction(&described)),
        ("shown as", shown(&described)),
        ("by", by.join(", ")),
    ];
    page.push_str("| | |\n|---|---|\n");
    for (name, what) in rows {
        writeln!(page, "| {name} | {} |", what.replace('|', "\\|"))?;
    }
    let example = example(metric, &dimensions);
    let mut asked = example.clone();
    asked.insert("as_of".into(), NOW.into());
    ask::call(workspace, "get_metrics", &asked).map_err(|error| format!("{}: {error}", metric.name))?;
    let lines: Vec<String> = example.iter().map(|(key, value)| format!("  \"{key}\": {}", spaced(value))).collect();
    write!(page, "\nAsk `get_metrics`:\n\n```json\n{{\n{}\n}}\n```\n\n", lines.join(",\n"))?;
    Ok(page)
}

/// What `describe_metric` says.
fn described(workspace: &Workspace, metric: &Metric) -> Result<Value, Failed> {
    let arguments: Map<String, Value> = [("name".to_string(), json!(metric.name))].into_iter().collect();
    Ok(ask::call(workspace, "describe_metric", &arguments).map_err(|error| error.to_string())?)
}

/// What it is grouped by: its dimensions, without the things that rows merely belong to.
fn dimensions(described: &Value) -> Vec<String> {
    let all = described["dimensions"].as_array().into_iter().flatten().filter(|one| one["type"] != "entity");
    all.filter_map(|one| one["name"].as_str()).map(str::to_string).collect()
}

/// The formula, with the metrics that it names as links to their pages.
fn linked(catalog: &Catalog, metric: &Metric) -> String {
    let mut out = String::new();
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut rest = metric.definition.as_str();
    while let Some(start) = rest.find(is_part) {
        let end = rest[start..].find(|c| !is_part(c)).map_or(rest.len(), |length| start + length);
        let word = &rest[start..end];
        out.push_str(&rest[..start]);
        // Words of a sentence that happen to be metrics of one word are links all the same.
        let other = catalog.metrics().iter().find(|other| other.name == word && !other.hidden && other.id != metric.id);
        match other {
            Some(other) if !matches!(metric.kind, MetricKind::Simple(_)) => {
                out.push_str(&format!("[{}]({}.md)", other.name, other.name));
            }
            _ => out.push_str(word),
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    out.replace('*', "×")
}

/// The simple metrics beneath a metric, itself where it is one.
fn leaves<'a>(catalog: &'a Catalog, metric: &'a Metric) -> Vec<&'a Metric> {
    if let MetricKind::Simple(_) = metric.kind {
        return vec![metric];
    }
    metric.kind.inputs().into_iter().flat_map(|input| leaves(catalog, catalog.metric(input.metric))).collect()
}

/// The rows beneath, and the time by which they count.
fn grain(catalog: &Catalog, metric: &Metric) -> String {
    let mut seen = Vec::new();
    for leaf in leaves(catalog, metric) {
        let Some(dataset) = leaf.dataset.map(|id| &catalog.dataset(id).name) else { continue };
        let axis = leaf.axis.as_ref().map(|axis| {
            let dimension = catalog.dimension(axis.dimension);
            format!(" by `{}.{}`", catalog.dataset(dimension.dataset).name, dimension.name)
        });
        let text = format!("`{dataset}`{}", axis.unwrap_or_default());
        if !seen.contains(&text) {
            seen.push(text);
        }
    }
    seen.join(", ")
}

/// Whether the values of parts may be added.
fn additive(catalog: &Catalog, metric: &Metric) -> &'static str {
    const EVERYWHERE: &str = "over time and over groups";
    match &metric.kind {
        MetricKind::Simple(measure) if measure.balance.is_some() => {
            "over groups, not over time: a period has the value of its last count"
        }
        MetricKind::Simple(measure) => match measure.aggregation {
            Aggregation::Sum | Aggregation::Count | Aggregation::SumBoolean => EVERYWHERE,
            Aggregation::CountDistinct | Aggregation::ApproxCountDistinct => {
                "no: what is distinct is counted anew for each group and period"
            }
            Aggregation::Min
            | Aggregation::Max
            | Aggregation::Average
            | Aggregation::Median
            | Aggregation::Percentile { .. }
            | Aggregation::First
            | Aggregation::Last => "no: it is computed anew from the rows of each group and period",
        },
        MetricKind::Ratio { .. } => {
            "no: it is all of the numerator over all of the denominator, never a mean of ratios"
        }
        MetricKind::Derived { inputs, .. } => {
            let is_sum = !metric.definition.contains(['/', '*'])
                && inputs.iter().all(|input| {
                    input.offset.is_none() && additive(catalog, catalog.metric(input.metric)) == EVERYWHERE
                });
            if is_sum { EVERYWHERE } else { "no: it is computed from its parts for each group and period" }
        }
        MetricKind::Cumulative { input, .. } => match additive(catalog, catalog.metric(input.metric)) == EVERYWHERE {
            true => "over groups, not over time: neighbouring days share most of what they hold",
            false => "no",
        },
        MetricKind::Conversion(_) => "no: every group is matched by itself",
        MetricKind::Cohort(_) => "no: every cohort is followed by itself",
        MetricKind::Later(_) => "not known",
    }
}

fn direction(described: &Value) -> String {
    let words = match described["direction"].as_str() {
        Some("up") => "rises",
        Some("down") => "falls",
        Some(_) | None => "neither rises nor falls by itself",
    };
    words.to_string()
}

fn shown(described: &Value) -> String {
    let format = described["format"].as_str().unwrap_or_default();
    match (format, described["unit"].as_str()) {
        ("percent", _) => "a percentage; in JSON a fraction, 0.25 for 25 %".to_string(),
        ("currency", Some(unit)) => format!("an amount in {unit}"),
        ("number", None) => "a number".to_string(),
        ("number", Some(unit)) => format!("a number of {unit}"),
        (other, _) => format!("a {other}"),
    }
}

/// A question worth asking: a comparison by the first telling dimension.
fn example(metric: &Metric, dimensions: &[String]) -> Map<String, Value> {
    let telling = ["channel", "products.category", "category", "country", "device", "warehouse", "platform"];
    let by = telling.iter().find(|name| dimensions.iter().any(|known| known == *name));
    let mut arguments = Map::new();
    arguments.insert("metric_names".into(), json!([metric.name]));
    match metric.kind {
        MetricKind::Cohort(_) => {
            arguments.insert("time_range".into(), "last_12_months".into());
            arguments.insert("granularity".into(), "month".into());
        }
        MetricKind::Cumulative { .. } => {
            arguments.insert("time_range".into(), "last_28_days".into());
            arguments.insert("granularity".into(), "day".into());
        }
        MetricKind::Simple(_)
        | MetricKind::Ratio { .. }
        | MetricKind::Derived { .. }
        | MetricKind::Conversion(_)
        | MetricKind::Later(_) => {
            arguments.insert("time_range".into(), "last_28_days".into());
            arguments.insert("comparison".into(), "previous_period".into());
            if let Some(by) = by {
                arguments.insert("group_by".into(), json!([by]));
            }
        }
    }
    arguments
}

/// JSON on one line as people write it.
fn spaced(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let inner: Vec<String> = map.iter().map(|(key, value)| format!("\"{key}\": {}", spaced(value))).collect();
            format!("{{{}}}", inner.join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(spaced).collect::<Vec<_>>().join(", ")),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.to_string(),
    }
}
