//! What the handlers beside the tools need to know of the model, asked through the same seam as every question.

use serde_json::{Map, Value, json};
use sextant_engine::workspace::Failure;
use tokio_util::sync::CancellationToken;

use crate::app::{App, Limits};
use crate::identity::caller::Caller;

/// The model as an asker sees it. The answers are the operations' own.
pub(super) struct Catalog<'a> {
    pub app: &'a App,
    pub caller: Caller,
    pub limits: Limits,
    pub cancel: CancellationToken,
}

impl Catalog<'_> {
    /// `list_metrics`, whole.
    pub(super) async fn metrics(&self) -> Result<Vec<Value>, Failure> {
        let mut answer = self.ask("list_metrics", json!({})).await?;
        Ok(taken(&mut answer, "metrics"))
    }

    /// `describe_metric`.
    pub(super) async fn metric(&self, name: &str) -> Result<Value, Failure> {
        self.ask("describe_metric", json!({ "name": name })).await
    }

    /// `list_dimensions`: of one metric, or all.
    pub(super) async fn dimensions(&self, metric: Option<&str>) -> Result<Vec<Value>, Failure> {
        let arguments = metric.map_or(json!({}), |metric| json!({ "metric_names": [metric] }));
        let mut answer = self.ask("list_dimensions", arguments).await?;
        Ok(taken(&mut answer, "dimensions"))
    }

    /// `list_saved_queries`.
    pub(super) async fn saved_queries(&self) -> Result<Vec<Value>, Failure> {
        let mut answer = self.ask("list_saved_queries", json!({})).await?;
        Ok(taken(&mut answer, "saved_queries"))
    }

    async fn ask(&self, operation: &str, arguments: Value) -> Result<Value, Failure> {
        let arguments = match arguments {
            Value::Object(arguments) => arguments,
            _ => Map::new(),
        };
        self.app.call(&self.caller, operation, arguments, self.limits, self.cancel.clone()).await
    }
}

fn taken(answer: &mut Value, key: &str) -> Vec<Value> {
    match answer[key].take() {
        Value::Array(items) => items,
        _ => Vec::new(),
    }
}

/// The name of a metric or a dimension that can be asked for.
pub(super) fn name(item: &Value) -> Option<&str> {
    item["name"].as_str().filter(|_| item["askable"] != false)
}
