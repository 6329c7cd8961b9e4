//! What one caller sees of a dataset: its rows behind the filters of the model's policies.
//!
//! The filters are part of the snapshot that a question is answered from, so that every reader of rows has them:
//! plans, statements, the ends of the data, keys, values of dimensions. Beneath a plan they stand in an operator of
//! their own that is a leaf to the engine ([`exec::VisibleRowsExec`]). Nothing that a question says of a row is
//! evaluated on a row that its caller does not see, so that no error, count or statistic can tell of one.

use std::sync::Arc;

use datafusion::arrow::array::{Array, AsArray, BooleanArray, RecordBatch, RecordBatchOptions};
use datafusion::arrow::compute::filter_record_batch;
use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::common::DFSchema;
use datafusion::error::DataFusionError;
use datafusion::execution::SessionState;
use datafusion::logical_expr::ident;
use datafusion::physical_expr::PhysicalExpr;
use sextant_semantics::catalog::bind::PhysicalColumn;
use sextant_semantics::code::{Class, Code};
use sextant_semantics::diagnostic::Diagnostic;
use sextant_semantics::query::visible::{Sight, Visible};

use crate::lower::expression::condition;
use crate::lower::typed::Typed;
use crate::source::schema::{DatasetSchema, SchemaColumn};
use crate::source::types::arrow_type;

pub(crate) mod exec;
pub(crate) mod table;

/// The rows of one dataset that one caller sees.
#[derive(Debug)]
pub(crate) struct Restriction {
    pub(crate) dataset: String,
    pub(crate) sight: Sight,
    /// What the filter reads, each column once.
    columns: Vec<SchemaColumn>,
    /// None where no row is seen.
    predicate: Option<Arc<dyn PhysicalExpr>>,
}

impl Restriction {
    /// Compiles what a caller sees of a dataset with these columns.
    pub(crate) fn new(
        state: &SessionState,
        dataset: &str,
        sight: Sight,
        schema: &DatasetSchema,
    ) -> Result<Restriction, Diagnostic> {
        let Visible::Where(filter) = &sight.rows else {
            return Ok(Restriction { dataset: dataset.to_string(), sight, columns: Vec::new(), predicate: None });
        };
        let mut columns: Vec<SchemaColumn> = Vec::new();
        for column in filter.refs() {
            let column = schema.require(dataset, &column.value.name)?;
            if !columns.contains(column) {
                columns.push(column.clone());
            }
        }
        let lowered = condition(filter, &mut |column: &PhysicalColumn| {
            Ok(Typed::new(ident(&column.name), arrow_type(column.data_type)))
        });
        let lowered = lowered.map_err(|error| error.diagnostic())?;
        let fields: Vec<Field> =
            columns.iter().map(|column| Field::new(&column.name, arrow_type(column.data_type), true)).collect();
        let compiled = DFSchema::try_from(Schema::new(fields))
            .and_then(|schema| state.create_physical_expr(lowered, &schema))
            .map_err(|error| {
                tracing::error!(%error, dataset, "a policy was not compiled");
                Diagnostic::new(Code::Internal, format!("the policy of `{dataset}` could not be applied"))
            })?;
        Ok(Restriction { dataset: dataset.to_string(), sight, columns, predicate: Some(compiled) })
    }

    /// Names the filter with the values of the caller in it.
    pub(crate) fn fingerprint(&self) -> u128 {
        let hash = blake3::hash(format!("{:?}", self.sight.rows).as_bytes());
        u128::from_le_bytes(hash.as_bytes()[..16].try_into().expect("a hash has 32 bytes"))
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
        let places = self.columns.iter().map(|column| batch.schema_ref().index_of(&column.name));
        let own = batch.project(&places.collect::<Result<Vec<_>, _>>()?)?;
        if own.num_columns() == 0 {
            // A filter over attributes alone.
            let one = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
            let own = RecordBatch::try_new_with_options(own.schema(), Vec::new(), &one)?;
            return Ok(evaluate(predicate, &own).unwrap_or_else(|_| BooleanArray::from(vec![false; batch.num_rows()])));
        }
        Ok(evaluate(predicate, &own).unwrap_or_else(|_| {
            let one = |row: usize| {
                let seen = evaluate(predicate, &own.slice(row, 1)).ok()?;
                Some(seen.is_valid(0) && seen.value(0))
            };
            (0..own.num_rows()).map(|row| Some(one(row).unwrap_or(false))).collect()
        }))
    }
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
