//! A workspace over files of its own: how far data reaches, how late it is, and files that change.

use std::fs;

use serde_json::{Map, Value, json};
use tokio_util::sync::CancellationToken;

use super::ask::Stage;
use super::{CallContext, Failure, Workspace};
use crate::source::tests::Root;
use sextant_semantics::query::caller::Caller;
use sextant_semantics::query::request;

mod changes;
mod extents;
mod late;
mod seen;

/// Noon in New York on the Tuesday after the data.
const NOW: &str = "2026-03-10T16:00:00Z";

/// A model of one dataset `orders` with metrics `revenue` and `orders`, and refunds beside it.
fn model(source: &str, time: &str) -> String {
    format!(
        r#"version: 1
name: store
calendar: {{timezone: America/New_York, week_start: monday}}
datasets:
  - name: orders
    source: {source}
    time: at
    columns:
      - {{name: amount, type: integer}}
    dimensions:
      - {time}
    metrics:
      - {{name: revenue, type: simple, agg: sum, expr: amount, direction: up}}
      - {{name: orders, type: simple, agg: count, direction: up}}
  - name: refunds
    source: {{csv: refunds.csv}}
    time: day
    columns:
      - {{name: amount, type: integer}}
      - {{name: day, type: date}}
    dimensions:
      - {{name: day, type: time, granularity: day}}
    metrics:
      - {{name: returns, type: simple, agg: sum, expr: amount, direction: down}}
"#
    )
}

const DATE: &str = "{name: at, type: time, granularity: day, expr: to_date(day)}";

fn open(root: &Root, model: String) -> Workspace {
    root.write("refunds.csv", "amount,day\n1,2026-03-08\n2,2026-03-09\n");
    let texts = vec![("model.yml".to_string(), model)];
    Workspace::open(texts, root.path().to_path_buf()).unwrap_or_else(|failure| panic!("{failure:#?}"))
}

fn context(now: &str) -> CallContext {
    CallContext {
        now: now.parse().unwrap(),
        max_rows: None,
        max_bytes: None,
        caller: Caller::default(),
        cancel: CancellationToken::new(),
    }
}

fn map(arguments: Value) -> Map<String, Value> {
    serde_json::from_value(arguments).unwrap()
}

async fn call(workspace: &Workspace, tool: &str, arguments: Value) -> Result<Value, Failure> {
    workspace.call(tool, &map(arguments), &context(NOW)).await
}

/// The values of metrics over the whole range.
async fn totals(workspace: &Workspace, arguments: Value) -> Vec<Value> {
    let answer = call(workspace, "get_metrics", arguments).await.unwrap_or_else(|failure| panic!("{failure:#?}"));
    answer["metrics"].as_array().unwrap().iter().map(|metric| metric["value"].clone()).collect()
}

/// Codes and messages of an answer's warnings.
fn warnings(answer: &Value) -> Vec<String> {
    let warnings = answer["warnings"].as_array().unwrap().iter();
    let text = |warning: &Value, key: &str| warning[key].as_str().unwrap().to_string();
    warnings.map(|warning| format!("{}: {}", text(warning, "code"), text(warning, "message"))).collect()
}
