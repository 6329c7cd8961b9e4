//! Runs a logical plan under limits: time, memory, rows, bytes and the caller's patience.
//!
//! Queries run on threads of their own, so that work on data never starves a server's network.
//! When the caller goes away the work is dropped with the future. A panic inside the engine is a
//! fault of this question and of no other.

use std::time::Duration;

use datafusion::arrow::array::{Array, ArrayRef};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::displayable;
use datafusion::prelude::SessionContext;
use futures::StreamExt;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::session::Session;

pub(crate) mod fault;
pub(crate) mod memory;

pub use fault::ExecuteError;

/// How much one question may take. Memory is limited where its session is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    pub time: Duration,
    pub rows: usize,
    /// Bytes of the collected result, as Arrow holds it.
    pub bytes: usize,
}

impl Limits {
    /// 30 seconds, a million rows, 256 MiB.
    pub const STANDARD: Limits = Limits { time: Duration::from_secs(30), rows: 1_000_000, bytes: 256 << 20 };
}

/// The rows of `plan`, or the first limit or fault that it met.
pub(crate) async fn execute(
    session: &Session,
    plan: LogicalPlan,
    limits: &Limits,
    cancel: &CancellationToken,
) -> Result<Vec<RecordBatch>, ExecuteError> {
    let limits = *limits;
    let context = session.context.clone();
    let work = async move { collect(&context, plan, &limits).await };
    on_query_threads(session, work, limits.time, cancel).await
}

/// The physical plan as the engine would run it, one line an operator.
pub(crate) async fn physical_plan(
    session: &Session,
    plan: LogicalPlan,
    limits: &Limits,
    cancel: &CancellationToken,
) -> Result<String, ExecuteError> {
    let context = session.context.clone();
    let work = async move {
        let physical = context.state().create_physical_plan(&plan).await?;
        Ok(displayable(physical.as_ref()).indent(false).to_string())
    };
    on_query_threads(session, work, limits.time, cancel).await
}

/// Runs `work` on the query threads until it ends, `time` is over or `cancel` is set.
/// Dropping the future drops the work at its next pause.
async fn on_query_threads<T: Send + 'static>(
    session: &Session,
    work: impl Future<Output = Result<T, ExecuteError>> + Send + 'static,
    time: Duration,
    cancel: &CancellationToken,
) -> Result<T, ExecuteError> {
    let mut task = JoinSet::new();
    task.spawn_on(work, &session.queries);
    let joined = tokio::select! {
        biased;
        () = cancel.cancelled() => return Err(ExecuteError::Cancelled),
        joined = task.join_next() => joined.expect("one task was spawned"),
        () = tokio::time::sleep(time) => return Err(ExecuteError::Timeout(time)),
    };
    joined.unwrap_or_else(|error| Err(ExecuteError::from(error)))
}

async fn collect(
    context: &SessionContext,
    plan: LogicalPlan,
    limits: &Limits,
) -> Result<Vec<RecordBatch>, ExecuteError> {
    let state = context.state();
    let physical = state.create_physical_plan(&plan).await?;
    let mut stream = datafusion::physical_plan::execute_stream(physical, state.task_ctx())?;
    let mut batches = Vec::new();
    let (mut rows, mut bytes) = (0_usize, 0_usize);
    while let Some(batch) = stream.next().await {
        let batch = batch?;
        rows += batch.num_rows();
        bytes += own_bytes(&batch);
        if rows > limits.rows {
            return Err(ExecuteError::Rows(limits.rows));
        }
        if bytes > limits.bytes {
            return Err(ExecuteError::Bytes(limits.bytes));
        }
        batches.push(batch);
    }
    Ok(batches)
}

/// Bytes of the batch's own rows: batches are often slices of one buffer, which must count once.
fn own_bytes(batch: &RecordBatch) -> usize {
    let of =
        |column: &ArrayRef| column.to_data().get_slice_memory_size().unwrap_or_else(|_| column.get_array_memory_size());
    batch.columns().iter().map(of).sum()
}

#[cfg(test)]
mod tests;
