//! What every door calls: one question, answered under the door's limits, at the clock's instant.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use sextant_engine::workspace::{CallContext, Failure, Workspace};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::error;
use crate::operations::run::{Ground, run};
use crate::store::Store;

/// Rows of a page over the network unless the operator says otherwise.
pub const DEFAULT_ROWS: usize = 1_000;
/// Rows of a page over the network at most.
pub const MOST_ROWS: usize = 50_000;
/// Bytes of an answer over MCP, unless the request says: what the common clients show whole.
pub const MCP_BYTES: usize = 30_000;
/// Bytes of an answer over the open API, unless the request says.
pub const API_BYTES: usize = 1 << 20;
/// Bytes of one request at every door.
pub const REQUEST_BYTES: usize = 1 << 20;
/// How long a question may take over the network.
pub const NETWORK_TIME: Duration = Duration::from_secs(30);

/// What one door allows an answer to hold and to cost; absent means without a limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub rows: Option<usize>,
    pub bytes: Option<usize>,
    pub time: Option<Duration>,
}

impl Limits {
    /// The command line and batch: the asker's own machine and patience.
    pub fn local(rows: Option<usize>) -> Self {
        Limits { rows, bytes: None, time: None }
    }

    pub fn mcp(rows: usize) -> Self {
        Limits { rows: Some(rows), bytes: Some(MCP_BYTES), time: Some(NETWORK_TIME) }
    }

    pub fn api(rows: usize) -> Self {
        Limits { rows: Some(rows), bytes: Some(API_BYTES), time: Some(NETWORK_TIME) }
    }
}

/// An answer on its way.
pub type Answering<'a> = Pin<Box<dyn Future<Output = Result<Value, Failure>> + Send + 'a>>;

/// What answers questions: a workspace, or a stand-in where a test needs a slow or a broken one.
pub trait Answer: Send + Sync + 'static {
    fn answer<'a>(
        &'a self,
        tool: &'a str,
        arguments: &'a Map<String, Value>,
        context: &'a CallContext,
    ) -> Answering<'a>;

    /// The workspace that it is; none of a stand-in.
    fn workspace(&self) -> Option<&Workspace> {
        None
    }
}

impl Answer for Workspace {
    fn answer<'a>(
        &'a self,
        tool: &'a str,
        arguments: &'a Map<String, Value>,
        context: &'a CallContext,
    ) -> Answering<'a> {
        Box::pin(self.call(tool, arguments, context))
    }

    fn workspace(&self) -> Option<&Workspace> {
        Some(self)
    }
}

/// The one workspace behind all doors of a process. Cheap to clone.
#[derive(Clone)]
pub struct App {
    ground: Ground,
    clock: fn() -> DateTime<Utc>,
}

impl App {
    /// A workspace, or why there is none: questions that need no model are answered all the same.
    pub fn new(workspace: Result<Arc<dyn Answer>, Failure>, clock: fn() -> DateTime<Utc>) -> Self {
        App { ground: Ground { workspace, store: Arc::new(Store::in_memory()) }, clock }
    }

    /// Keeps state in this store, in place of memory that ends with the process.
    pub fn with_store(mut self, store: Store) -> Self {
        self.ground.store = Arc::new(store);
        self
    }

    /// Answers one question. The clock is read once; dropping the future, or cancelling the token,
    /// stops the work. A panic beneath is an internal fault of this question alone.
    pub async fn call(
        &self,
        tool: &str,
        arguments: Map<String, Value>,
        limits: Limits,
        cancel: CancellationToken,
    ) -> Result<Value, Failure> {
        let cancel = cancel.child_token();
        let _stop_when_dropped = cancel.clone().drop_guard();
        let context =
            CallContext { now: (self.clock)(), max_rows: limits.rows, max_bytes: limits.bytes, cancel: cancel.clone() };
        let ground = self.ground.clone();
        let name = tool.to_string();
        // Dropping the set aborts the work at its next pause, wherever it is.
        let mut work = JoinSet::new();
        work.spawn(async move { run(&ground, &name, &arguments, &context).await });
        let joined = tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(error::cancelled()),
            joined = work.join_next() => joined.expect("one task was spawned"),
            () = over(limits.time) => return Err(error::timeout(limits.time.unwrap_or_default().as_secs())),
        };
        joined.unwrap_or_else(|fault| {
            tracing::error!(tool, %fault, "a question ended in a fault of ours");
            Err(error::internal())
        })
    }
}

/// Ends when the time is over; never without a limit.
async fn over(time: Option<Duration>) {
    match time {
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
    }
}
