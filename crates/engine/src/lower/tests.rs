//! Questions over small tables, their answers worked out by hand.

use serde_json::{Map, Value, json};
use sextant_semantics::query::caller::Caller;
use tokio_util::sync::CancellationToken;

use crate::workspace::{CallContext, Workspace};

mod aggregations;
mod traps;
mod shape;

/// A model over files of its own.
struct Shop {
    workspace: Workspace,
    _data: tempfile::TempDir,
}

impl Shop {
    fn open(model: &str, files: &[(&str, &str)]) -> Shop {
        let data = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(data.path().join(name), text).unwrap();
        }
        let texts = vec![("model.yml".to_string(), model.to_string())];
        let workspace = Workspace::open(texts, data.path().to_path_buf()).unwrap_or_else(|f| panic!("{f:#?}"));
        Shop { workspace, _data: data }
    }

    async fn call(&self, tool: &str, arguments: Value) -> Result<Value, String> {
        let context = CallContext {
            now: "2026-03-10T12:00:00Z".parse().unwrap(),
            max_rows: None,
            max_bytes: None,
            caller: Caller::default(),
            cancel: CancellationToken::new(),
        };
        let arguments: Map<String, Value> = serde_json::from_value(arguments).unwrap();
        let answer = self.workspace.call(tool, &arguments, &context).await;
        answer.map_err(|failure| failure.0.iter().map(|d| d.code.as_str()).collect::<Vec<_>>().join(" "))
    }

    /// The rows of an answer.
    async fn rows(&self, arguments: Value) -> Value {
        let shown = arguments.to_string();
        let answer = self.call("get_metrics", arguments).await.unwrap_or_else(|codes| panic!("{codes}: {shown}"));
        answer["rows"].clone()
    }

    /// The values of the metrics over the whole range.
    async fn totals(&self, arguments: Value) -> Value {
        let shown = arguments.to_string();
        let answer = self.call("get_metrics", arguments).await.unwrap_or_else(|codes| panic!("{codes}: {shown}"));
        answer["metrics"].as_array().unwrap().iter().map(|metric| metric["value"].clone()).collect()
    }

    async fn stage(&self, stage: &str, arguments: Value) -> String {
        let answer =
            self.call("explain", json!({"stage": stage, "tool": "get_metrics", "arguments": arguments})).await.unwrap();
        answer["text"].as_str().unwrap().to_string()
    }
}
