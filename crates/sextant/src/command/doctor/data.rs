//! The data: every dataset's files, cells and keys; how fresh it is; and a real question of each metric
//! that audits look at.

use std::time::Instant;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use sextant_engine::workspace::{CallContext, DatasetCheck, Failure, Workspace};
use sextant_semantics::diagnostic::Diagnostics;
use sextant_semantics::query::caller::Caller;
use sextant_server::wire;
use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use super::finding::{Finding, Report};

/// Metrics to ask for when the model names none for audits.
const SAMPLE: usize = 3;

/// Adds what the data gives, and names a metric that was answered.
pub(super) fn check(
    runtime: &Runtime,
    workspace: &Workspace,
    now: DateTime<Utc>,
    report: &mut Report,
) -> Option<String> {
    let datasets = runtime.block_on(workspace.check_datasets());
    let ask = |tool: &str, arguments: Map<String, Value>| {
        let cancel = CancellationToken::new();
        let context = CallContext { now, max_rows: None, max_bytes: None, caller: Caller::default(), cancel };
        runtime.block_on(workspace.call(tool, &arguments, &context))
    };
    let freshness = ask("get_freshness", Map::new());
    let fresh = freshness.as_ref().map_or(&Value::Null, |answer| &answer["datasets"]);
    for dataset in &datasets {
        report.extend(of_dataset(dataset, &fresh[&dataset.name]));
    }
    report.extend(misfits(&runtime.block_on(workspace.check_data()), &datasets));
    report.extend(of_freshness(fresh, workspace.catalog().as_of_data));
    let mut answered = None;
    for metric in sample(workspace) {
        let begun = Instant::now();
        let answer = ask("get_metrics", question(&metric));
        let is_answered = answer.is_ok();
        report.add(of_question(&metric, answer, begun.elapsed().as_millis()));
        if is_answered {
            answered.get_or_insert(metric);
        }
    }
    answered
}

fn of_dataset(dataset: &DatasetCheck, fresh: &Value) -> Vec<Finding> {
    let check = format!("dataset {}", dataset.name);
    if !dataset.faults.is_empty() {
        return dataset.faults.iter().map(|fault| Finding::of(check.clone(), fault)).collect();
    }
    let mut said = vec![count(dataset.files, "file"), count(dataset.columns, "column")];
    said.extend(dataset.rows.map(|rows| format!("{rows} rows")));
    if let (Some(from), Some(through)) = (fresh["data_from"].as_str(), fresh["data_through"].as_str()) {
        said.push(format!("{from} .. {through}"));
    }
    said.push(match dataset.keys {
        0 => "no key declared".to_string(),
        1 => "its key is unique".to_string(),
        keys => format!("its {keys} keys are unique"),
    });
    vec![Finding::ok(check, said.join(", "))]
}

pub(super) fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// What of the model does not fit the data beyond the datasets themselves: dimensions, metrics.
fn misfits(found: &Diagnostics, datasets: &[DatasetCheck]) -> Vec<Finding> {
    let is_told = |message: &str| datasets.iter().any(|dataset| dataset.faults.iter().any(|f| f.message == message));
    found.iter().filter(|fault| !is_told(&fault.message)).map(|fault| Finding::of("model over data", fault)).collect()
}

fn of_freshness(fresh: &Value, stands_at_the_end: bool) -> Vec<Finding> {
    let datasets = fresh.as_object().into_iter().flatten();
    let mut findings = Vec::new();
    for (name, state) in datasets {
        let through = state["data_through"].as_str().unwrap_or("an unknown day");
        if state["possibly_late"] == true && !stands_at_the_end {
            let message = format!("the newest row of `{name}` is of {through}, later than its gaps usually are long");
            let help = "put the newer files into the data root, or ask with as_of: data";
            findings.push(Finding::warn("freshness", message, help));
        }
        if state["future_rows"] == true && !stands_at_the_end {
            let message = format!("`{name}` has rows later than the clock, up to {through}; they are not read");
            findings.push(Finding::warn("freshness", message, "see whether the clock or the extract is wrong"));
        }
    }
    if findings.is_empty() {
        let message = if stands_at_the_end { "questions stand at the end of the data" } else { "as new as usual" };
        findings.push(Finding::ok("freshness", message));
    }
    findings
}

/// What audits look at, else the first metrics that can be asked.
fn sample(workspace: &Workspace) -> Vec<String> {
    let catalog = workspace.catalog();
    if !catalog.audit_metrics.is_empty() {
        return catalog.audit_metrics.iter().map(|id| catalog.metric(*id).name.clone()).collect();
    }
    let shown = catalog.metrics().iter().filter(|metric| !metric.hidden && metric.not_yet.is_empty());
    shown.take(SAMPLE).map(|metric| metric.name.clone()).collect()
}

/// The question that is asked of each metric, here and through an assistant's door.
pub(super) fn question(metric: &str) -> Map<String, Value> {
    let asked = json!({ "metric_names": [metric], "time_range": "last_7_days", "align_to_granularity": true });
    asked.as_object().cloned().unwrap_or_default()
}

fn of_question(metric: &str, answer: Result<Value, Failure>, milliseconds: u128) -> Finding {
    let check = format!("question {metric}");
    match answer {
        Ok(answer) => {
            let metric = &answer["metrics"][0];
            if metric["value"].is_null() {
                let reason = metric["null_reason"].as_str().unwrap_or("no value");
                let help = "see the lines on freshness above; ask with as_of: data for the end of the data";
                return Finding::warn(check, format!("answered null for last_7_days ({reason})"), help);
            }
            Finding::ok(check, format!("answered for last_7_days in {milliseconds} ms"))
        }
        Err(failure) => match failure.0.iter().next() {
            Some(fault) => Finding::of(check, fault),
            None => Finding::fail(check, wire::error_text(&failure), "run again with SEXTANT_LOG=debug"),
        },
    }
}
