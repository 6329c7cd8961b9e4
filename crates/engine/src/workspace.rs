//! One model over one data root: what every door calls.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use sextant_semantics::diagnostic::Diagnostics;
use tokio_util::sync::CancellationToken;

/// A model and the data it speaks of, ready to answer. Cheap to share behind an `Arc`.
pub struct Workspace {
    root: PathBuf,
}

/// What a door gives along with a call. A door reads the clock once per request.
#[derive(Clone, Debug)]
pub struct CallContext {
    pub now: DateTime<Utc>,
    /// Rows a page may hold; `None` for the command line and batch.
    pub max_rows: Option<usize>,
    /// Bytes an answer may hold unless the request says; `None` for the command line and batch.
    pub max_bytes: Option<usize>,
    pub cancel: CancellationToken,
}

/// A refusal: the faults found, the first one first.
#[derive(Clone, Debug)]
pub struct Failure(pub Diagnostics);

impl Workspace {
    /// Reads and checks the model texts (`(path relative to the model directory, text)`); opens no data.
    pub fn open(texts: Vec<(String, String)>, root: PathBuf) -> Result<Workspace, Failure> {
        let _ = texts;
        Ok(Workspace { root })
    }

    /// The directory that sources are relative to.
    pub fn root(&self) -> &std::path::Path {
        &self.root
    }

    /// Runs one tool or operation (`get_metrics`, `audit_performance`, `search`, `resolve_time_range`,
    /// `list_metrics`, `describe_metric`, `list_dimensions`, `get_dimension_values`, `get_freshness`,
    /// `list_saved_queries`, `run_saved_query`, `explain`) and gives the bare envelope.
    pub async fn call(
        &self,
        tool: &str,
        arguments: &Map<String, Value>,
        context: &CallContext,
    ) -> Result<Value, Failure> {
        let _ = (tool, arguments, context);
        Err(Failure(Diagnostics::default()))
    }
}
