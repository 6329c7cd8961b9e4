//! What compiling a question costs: request to resolved query and plan, and to a logical plan over a
//! fresh snapshot of the files; and an audit against one scan of what it reads. Prints medians and ratios of one run.
//!
//! `cargo run -p sextant-benches [--release] -- MODELS DATA`

#![allow(clippy::print_stdout, reason = "a benchmark prints its figures")]

mod audit;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use sextant_engine::workspace::{CallContext, Workspace};
use tokio_util::sync::CancellationToken;

/// Rounds that are timed, after one that is not.
const ROUNDS: usize = 200;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let models = PathBuf::from(arguments.next().unwrap_or_else(|| "semantic-models/commerce".into()));
    let data = PathBuf::from(arguments.next().unwrap_or_else(|| "fixtures/commerce".into()));
    let texts = texts(&models)?;
    let opened = Instant::now();
    let workspace = Workspace::open(texts, data).map_err(|failure| format!("{failure:?}"))?;
    println!("load model {:>28.2} ms", millis(opened.elapsed()));
    let runtime = tokio::runtime::Runtime::new()?;
    for (name, request) in questions() {
        let stages = ["resolved", "semantic", "logical"];
        let medians: Vec<Duration> = stages
            .iter()
            .map(|stage| {
                let mut call = request.clone();
                call.insert("stage".into(), json!(stage));
                runtime.block_on(median(&workspace, "explain", &call))
            })
            .collect();
        let asked = arguments_of(&request);
        let answered = runtime.block_on(median(&workspace, "get_metrics", &asked));
        println!(
            "{name:<24} request to plan {:>7.2} ms   to logical plan {:>7.2} ms   to answer {:>7.2} ms   plan/answer {:>5.2}",
            millis(medians[1]),
            millis(medians[2]),
            millis(answered),
            medians[2].as_secs_f64() / answered.as_secs_f64(),
        );
    }
    let ratios = runtime.block_on(audit::against_a_scan(&workspace));
    println!(
        "audit of 10 metrics by 3 dimensions {:>7.1} ms   one scan of the same columns {:>7.1} ms   ratio {:>5.2}",
        millis(ratios.audit),
        millis(ratios.scan),
        ratios.ratio(),
    );
    Ok(())
}

async fn median(workspace: &Workspace, tool: &str, arguments: &Map<String, Value>) -> Duration {
    let mut times = Vec::with_capacity(ROUNDS);
    for round in 0..=ROUNDS {
        let elapsed = once(workspace, tool, arguments).await;
        if round > 0 {
            times.push(elapsed);
        }
    }
    times.sort();
    times[times.len() / 2]
}

/// One call; a refused one ends the benchmark.
pub(crate) async fn once(workspace: &Workspace, tool: &str, arguments: &Map<String, Value>) -> Duration {
    let now: DateTime<Utc> = "2026-11-20T15:00:00-05:00".parse().expect("an instant");
    let cancel = CancellationToken::new();
    let context = CallContext { now, max_rows: None, max_bytes: None, caller: Default::default(), cancel };
    let start = Instant::now();
    let answer = workspace.call(tool, arguments, &context).await;
    let elapsed = start.elapsed();
    match answer {
        Ok(_) => elapsed,
        Err(failure) => panic!("refused: {failure:?}"),
    }
}

fn questions() -> Vec<(&'static str, Map<String, Value>)> {
    let ask = |arguments: Value| {
        let mut call = Map::new();
        call.insert("tool".into(), json!("get_metrics"));
        call.insert("arguments".into(), arguments);
        call
    };
    vec![
        ("one metric", ask(json!({"metric_names": ["orders"], "time_range": "last_7_days"}))),
        (
            "net_sales, blended_roas",
            ask(json!({"metric_names": ["net_sales", "blended_roas"], "time_range": "last_7_days"})),
        ),
        (
            "by day and channel",
            ask(json!({
                "metric_names": ["net_sales", "blended_roas"], "time_range": "last_28_days", "granularity": "day",
                "group_by": ["channel"], "comparison": "previous_period",
            })),
        ),
    ]
}

fn arguments_of(call: &Map<String, Value>) -> Map<String, Value> {
    call.get("arguments").and_then(Value::as_object).cloned().unwrap_or_default()
}

fn texts(directory: &Path) -> std::io::Result<Vec<(String, String)>> {
    let mut texts = Vec::new();
    for entry in std::fs::read_dir(directory)? {
        let path = entry?.path();
        if path.extension().is_some_and(|e| e == "yml" || e == "yaml") {
            let name = path.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
            texts.push((name, std::fs::read_to_string(&path)?));
        }
    }
    texts.sort();
    Ok(texts)
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}
