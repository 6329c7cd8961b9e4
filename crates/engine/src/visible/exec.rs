//! The operator that gives the visible rows of a dataset.
//!
//! To the engine's optimizer it is a leaf: the reader of files beneath it is not among its children, so that no
//! filter, limit, projection or dynamic filter of a question can move below it, and no statistic of hidden rows comes
//! out. The columns that are read are chosen where it is made.

use std::fmt;
use std::sync::Arc;

use datafusion::arrow::datatypes::SchemaRef;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_expr::{EquivalenceProperties, Partitioning, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{DisplayAs, DisplayFormatType, ExecutionPlan, ExecutionPlanProperties, PlanProperties};
use futures::StreamExt;

use super::{Restriction, redacted};
use crate::execute::fault::{DataFault, ExecuteError, fault};

/// The first columns of the visible rows of its input.
pub(super) struct VisibleRowsExec {
    input: Arc<dyn ExecutionPlan>,
    restriction: Arc<Restriction>,
    schema: SchemaRef,
    properties: Arc<PlanProperties>,
}

impl VisibleRowsExec {
    /// `input` gives the columns of `schema`, then those that the filter reads beside them.
    pub(super) fn new(input: Arc<dyn ExecutionPlan>, restriction: Arc<Restriction>, schema: SchemaRef) -> Self {
        let partitions = Partitioning::UnknownPartitioning(input.output_partitioning().partition_count());
        let properties = PlanProperties::new(
            EquivalenceProperties::new(Arc::clone(&schema)),
            partitions,
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        VisibleRowsExec { input, restriction, schema, properties: Arc::new(properties) }
    }
}

impl fmt::Debug for VisibleRowsExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VisibleRowsExec: {}", self.restriction.dataset)
    }
}

impl DisplayAs for VisibleRowsExec {
    /// The policy as written: attributes by their names.
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter) -> fmt::Result {
        let columns: Vec<&str> = self.schema.fields().iter().map(|field| field.name().as_str()).collect();
        let (dataset, text) = (&self.restriction.dataset, &self.restriction.sight.text);
        write!(f, "VisibleRowsExec: {dataset} [{}], policy={text}", columns.join(", "))
    }
}

impl ExecutionPlan for VisibleRowsExec {
    fn name(&self) -> &str {
        "VisibleRowsExec"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(self: Arc<Self>, _: Vec<Arc<dyn ExecutionPlan>>) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(self)
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        let restriction = Arc::clone(&self.restriction);
        let width = self.schema.fields().len();
        let rows = self.input.execute(partition, context)?.map(move |batch| match batch {
            Ok(batch) => restriction.keep(&batch, width),
            Err(error) => Err(of_files(&restriction.dataset, error)),
        });
        Ok(Box::pin(RecordBatchStreamAdapter::new(Arc::clone(&self.schema), rows)))
    }
}

/// A fault of reading the files without what it says of their rows.
fn of_files(dataset: &str, error: DataFusionError) -> DataFusionError {
    match fault(&error) {
        Some(ExecuteError::Data(DataFault(known))) => {
            DataFusionError::External(Box::new(DataFault(redacted(dataset, known))))
        }
        _ => error,
    }
}
