//! Joins that pause: without it, a join that multiplies rows keeps its thread until it has given the last one, and
//! nothing can stop it. The engine's own rule lets leaves pause; one batch of a leaf can become billions of rows above.

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::config::ConfigOptions;
use datafusion::common::tree_node::{Transformed, TransformedResult, TreeNode, TreeNodeRecursion};
use datafusion::error::Result;
use datafusion::execution::{RecordBatchStream, SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::PhysicalExpr;
use datafusion::physical_optimizer::PhysicalOptimizerRule;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, PlanProperties};
use futures::Stream;

/// How long a join may go on before others get their turn, and before a stop is heard.
const TURN: Duration = Duration::from_millis(10);

/// Puts a pause above every join. The last rule: nothing looks at the plan after it.
#[derive(Debug)]
pub(super) struct PauseJoins;

impl PhysicalOptimizerRule for PauseJoins {
    fn name(&self) -> &str {
        "pause_joins"
    }

    fn optimize(&self, plan: Arc<dyn ExecutionPlan>, _: &ConfigOptions) -> Result<Arc<dyn ExecutionPlan>> {
        let paused = |plan: Arc<dyn ExecutionPlan>| {
            let multiplies = plan.name().ends_with("JoinExec") || plan.name() == "UnnestExec";
            Ok(if multiplies {
                Transformed::yes(Arc::new(PauseExec { input: plan }) as _)
            } else {
                Transformed::no(plan)
            })
        };
        plan.transform_up(paused).data()
    }

    fn schema_check(&self) -> bool {
        true
    }
}

/// Gives what its input gives.
#[derive(Debug)]
struct PauseExec {
    input: Arc<dyn ExecutionPlan>,
}

impl DisplayAs for PauseExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("PauseExec")
    }
}

impl ExecutionPlan for PauseExec {
    fn name(&self) -> &str {
        "PauseExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        self.input.properties()
    }

    fn maintains_input_order(&self) -> Vec<bool> {
        vec![true]
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        vec![&self.input]
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, mut children: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(children.pop().map_or(self as _, |input| Arc::new(PauseExec { input }) as _))
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let rows = self.input.execute(partition, context)?;
        Ok(Box::pin(Paused { rows, since: None }))
    }
}

/// A stream that lets go of its thread when its turn is over.
struct Paused {
    rows: SendableRecordBatchStream,
    /// When the turn began; none between turns.
    since: Option<Instant>,
}

impl Stream for Paused {
    type Item = Result<RecordBatch>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let since = *self.since.get_or_insert_with(Instant::now);
        if since.elapsed() >= TURN {
            self.since = None;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let rows = self.rows.as_mut().poll_next(context);
        if rows.is_pending() {
            self.since = None;
        }
        rows
    }
}

impl RecordBatchStream for Paused {
    fn schema(&self) -> SchemaRef {
        self.rows.schema()
    }
}
