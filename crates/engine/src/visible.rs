//! What one caller sees of a dataset: its rows behind the filters of the model's policies.
//!
//! The filters are part of the snapshot that a question is answered from, so that every reader of rows has them:
//! plans, statements, the ends of the data, keys, values of dimensions. Beneath a plan they stand in an operator of
//! their own that is a leaf to the engine ([`exec::VisibleRowsExec`]). Nothing that a question says of a row is
//! evaluated on a row that its caller does not see, so that no error, count or statistic can tell of one. What a filter
//! needs of the rows that a row belongs to is looked up in memory ([`belonged`]), so that a restriction is complete in
//! itself wherever rows are read.

use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray, BooleanArray, RecordBatch, RecordBatchOptions};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::common::DFSchema;
use datafusion::error::DataFusionError;
use datafusion::execution::SessionState;
use datafusion::logical_expr::ident;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use datafusion::physical_expr::PhysicalExpr;
use sextant_semantics::catalog::id::DatasetId;
use sextant_semantics::code::{Class, Code};
use sextant_semantics::diagnostic::Diagnostic;
use sextant_semantics::query::visible::{ColumnOf, SeenRef, Sight, Visible};
use sextant_semantics::time::calendar::Calendar;

use crate::lower::expression::{condition, expression};
use crate::lower::time::wall_clock;
use crate::lower::typed::Typed;
use crate::snapshot::DatasetSnapshot;
use crate::source::cache::SourceCache;
use crate::source::schema::{DatasetSchema, SchemaColumn};
use crate::source::types::arrow_type;

mod belonged;
pub(crate) mod exec;
pub(crate) mod table;

use belonged::{Belonged, Layout};

/// The rows of one dataset that one caller sees.
#[derive(Debug)]
pub(crate) struct Restriction {
    pub(crate) dataset: String,
    pub(crate) sight: Sight,
    /// What the filter reads of the dataset itself, each column once.
    columns: Vec<SchemaColumn>,
    /// The rows that those belong to, each after what points at it.
    tables: Vec<Belonged>,
    /// Over the columns of the dataset, then those of each table, named by their places. None where no row is seen.
    predicate: Option<Arc<dyn PhysicalExpr>>,
}

/// What restrictions are made with.
pub(crate) struct Maker<'a> {
    pub(crate) state: &'a SessionState,
    pub(crate) calendar: &'a Calendar,
    /// Every row of the datasets that filters reach.
    pub(crate) whole: &'a dyn Fn(DatasetId) -> Result<Arc<DatasetSnapshot>, Diagnostic>,
    /// Bytes that what is read of one of them may take.
    pub(crate) most_bytes: usize,
}

impl Restriction {
    /// Compiles what a caller sees of a dataset with these columns.
    pub(crate) fn new(
        maker: &Maker<'_>,
        dataset: &str,
        sight: Sight,
        schema: &DatasetSchema,
    ) -> Result<Restriction, Diagnostic> {
        let Visible::Where(filter) = &sight.rows else {
            let (columns, tables) = (Vec::new(), Vec::new());
            return Ok(Restriction { dataset: dataset.to_string(), sight, columns, tables, predicate: None });
        };
        let Layout { own, tables, columns } = Layout::of(maker, dataset, schema, filter, &sight.steps)?;
        let place = |of: &ColumnOf| {
            let at = columns.iter().position(|(table, column)| *table == of.table && column.name == of.column.name);
            let at = at.expect("a column of the filter is in its layout");
            Ok(Typed::new(ident(name_of(at)), arrow_type(of.column.data_type)))
        };
        let lowered = condition(filter, &mut |of: &SeenRef| match of {
            SeenRef::Column(of) => place(of),
            SeenRef::WallClock { of, stored } => {
                wall_clock(expression(of, &mut |of: &ColumnOf| place(of))?, *stored, maker.calendar)
            }
        });
        let lowered = lowered.map_err(|error| error.diagnostic())?;
        let fields = columns.iter().enumerate();
        let fields = fields.map(|(at, (_, column))| Field::new(name_of(at), arrow_type(column.data_type), true));
        let compiled = DFSchema::try_from(Schema::new(fields.collect::<Vec<_>>()))
            .and_then(|schema| {
                // Some functions, such as `coalesce`, are only evaluated as what they are simplified to (55.2).
                let context = SimplifyContext::builder().with_schema(Arc::new(schema.clone())).build();
                maker.state.create_physical_expr(ExprSimplifier::new(context).simplify(lowered)?, &schema)
            })
            .map_err(|error| {
                tracing::error!(%error, dataset, "a policy was not compiled");
                Diagnostic::new(Code::Internal, format!("the policy of `{dataset}` could not be applied"))
            })?;
        Ok(Restriction { dataset: dataset.to_string(), sight, columns: own, tables, predicate: Some(compiled) })
    }

    /// Names the filter with the values of the caller in it, and the files that it reads beside the dataset's own.
    pub(crate) fn fingerprint(&self) -> u128 {
        let beside: Vec<u128> = self.reads().map(|dataset| dataset.state()).collect();
        let hash = blake3::hash(format!("{:?} {:?} {beside:?}", self.sight.rows, self.sight.steps).as_bytes());
        u128::from_le_bytes(hash.as_bytes()[..16].try_into().expect("a hash has 32 bytes"))
    }

    /// The datasets that the filter reads beside its own.
    pub(crate) fn reads(&self) -> impl Iterator<Item = &Arc<DatasetSnapshot>> {
        self.tables.iter().map(|table| &table.read)
    }

    /// Reads what the filter needs of other datasets; before any row is held against it. Files are read.
    pub(crate) fn prepare(&self, cache: &SourceCache) -> Result<(), Diagnostic> {
        self.tables.iter().try_for_each(|table| table.prepare(&self.dataset, cache))
    }

    /// The columns that must be read beside the wanted ones, after them.
    pub(crate) fn beside(&self, wanted: &[&str]) -> Vec<SchemaColumn> {
        self.columns.iter().filter(|column| !wanted.contains(&column.name.as_str())).cloned().collect()
    }

    /// The first `wanted` columns of the rows that are seen. The batch holds the filter's columns by their names.
    pub(crate) fn keep(&self, batch: &RecordBatch, wanted: usize) -> Result<RecordBatch, DataFusionError> {
        let seen = self.seen(batch)?;
        let columns: Vec<usize> = (0..wanted).collect();
        if wanted == 0 {
            let rows = RecordBatchOptions::new().with_row_count(Some(seen.true_count()));
            return Ok(RecordBatch::try_new_with_options(Arc::new(Schema::empty()), Vec::new(), &rows)?);
        }
        Ok(filter_record_batch(&batch.project(&columns)?, &seen)?)
    }

    /// Which rows are seen. One on which the filter is null, or fails, is not.
    fn seen(&self, batch: &RecordBatch) -> Result<BooleanArray, DataFusionError> {
        let Some(predicate) = &self.predicate else {
            return Ok(BooleanArray::from(vec![false; batch.num_rows()]));
        };
        let wide = self.wide(batch)?;
        Ok(evaluate(predicate, &wide).unwrap_or_else(|_| {
            let one = |row: usize| {
                let seen = evaluate(predicate, &wide.slice(row, 1)).ok()?;
                Some(seen.is_valid(0) && seen.value(0))
            };
            (0..wide.num_rows()).map(|row| Some(one(row).unwrap_or(false))).collect()
        }))
    }

    /// The columns that the filter reads, those of the rows that a row belongs to among them.
    fn wide(&self, batch: &RecordBatch) -> Result<RecordBatch, DataFusionError> {
        let mut columns: Vec<ArrayRef> = Vec::new();
        for column in &self.columns {
            columns.push(Arc::clone(batch.column(batch.schema_ref().index_of(&column.name)?)));
        }
        for table in &self.tables {
            let found = table.of(&columns)?;
            columns.extend(found);
        }
        let named = columns.iter().enumerate();
        let fields = named.map(|(at, column)| Field::new(name_of(at), column.data_type().clone(), true));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        // A filter over attributes alone has no columns.
        let rows = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        Ok(RecordBatch::try_new_with_options(schema, columns, &rows)?)
    }
}

/// The name of a column of a predicate, by its place.
fn name_of(place: usize) -> String {
    format!("c{place}")
}

fn evaluate(predicate: &Arc<dyn PhysicalExpr>, batch: &RecordBatch) -> Result<BooleanArray, DataFusionError> {
    let found = predicate.evaluate(batch)?.into_array(batch.num_rows())?;
    match found.as_boolean_opt() {
        Some(found) => Ok(found.clone()),
        None => Err(DataFusionError::Internal("the filter of a policy is no condition".to_string())),
    }
}

/// A fault of a dataset's files as somebody may know it who does not see all of its rows: no path, no place, no count.
pub(crate) fn redacted(dataset: &str, fault: Diagnostic) -> Diagnostic {
    match fault.code.class() {
        Class::Data if fault.code != Code::DuplicateKey => {
            Diagnostic::new(fault.code, format!("the data of dataset `{dataset}` cannot be read"))
                .help("`sextant validate --data` says where and why")
        }
        Class::Data | Class::Model | Class::Request | Class::Limit | Class::Warning => fault,
    }
}

#[cfg(test)]
mod tests;
