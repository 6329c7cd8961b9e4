//! Lowered expressions over values of an answer, with the meaning that they have over data.

use std::sync::Arc;

use datafusion::arrow::array::ArrayRef;
use datafusion::arrow::datatypes::{DataType, Field, Schema};
use datafusion::arrow::record_batch::{RecordBatch, RecordBatchOptions};
use datafusion::common::{DFSchema, DFSchemaRef, ScalarValue};
use datafusion::execution::context::ExecutionProps;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::logical_expr::simplify::SimplifyContext;
use datafusion::optimizer::simplify_expressions::ExprSimplifier;
use datafusion::physical_expr::create_physical_expr;

use super::value::Value;
use crate::execute::ExecuteError;

/// Named columns of values.
pub(super) struct Columns {
    batch: RecordBatch,
    schema: DFSchemaRef,
    rows: usize,
}

impl Columns {
    /// Columns of `rows` values each, with the types that they have in expressions.
    pub(super) fn of(columns: Vec<(String, DataType, Vec<&Value>)>, rows: usize) -> Result<Columns, ExecuteError> {
        let mut fields: Vec<Field> = Vec::with_capacity(columns.len());
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(columns.len());
        for (name, data_type, values) in columns {
            let scalars = values.into_iter().map(|value| scalar(value, &data_type));
            arrays.push(ScalarValue::iter_to_array(scalars.collect::<Result<Vec<_>, ExecuteError>>()?)?);
            fields.push(Field::new(name, data_type, true));
        }
        let options = RecordBatchOptions::new().with_row_count(Some(rows));
        let batch = RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)
            .map_err(|error| ExecuteError::Internal(error.to_string()))?;
        let schema = Arc::new(DFSchema::try_from(batch.schema().as_ref().clone())?);
        Ok(Columns { batch, schema, rows })
    }

    /// One value a row.
    pub(super) fn evaluate(&self, of: Expr) -> Result<ArrayRef, ExecuteError> {
        // Some functions, such as `coalesce`, are only evaluated as what they are simplified to (55.2).
        let context = SimplifyContext::builder().with_schema(Arc::clone(&self.schema)).build();
        let simple = ExprSimplifier::new(context).simplify(of)?;
        let props = ExecutionProps::new();
        let physical = create_physical_expr(&simple, &self.schema, &props, &PhysicalPlanningContext::default())?;
        Ok(physical.evaluate(&self.batch)?.into_array(self.rows)?)
    }
}

/// A value as a scalar of exactly this type.
fn scalar(value: &Value, data_type: &DataType) -> Result<ScalarValue, ExecuteError> {
    let plain = match value {
        Value::Null => ScalarValue::Null,
        Value::Boolean(value) => ScalarValue::Boolean(Some(*value)),
        Value::Exact { unscaled, scale } => ScalarValue::Decimal128(Some(*unscaled), 38, *scale as i8),
        Value::Float(value) => ScalarValue::Float64(Some(*value)),
        Value::Text(text) => ScalarValue::Utf8(Some(text.clone())),
        Value::Date(date) => ScalarValue::Date32(Some(date.to_epoch_days())),
        Value::Local(local) => ScalarValue::TimestampMicrosecond(Some(local.and_utc().timestamp_micros()), None),
        Value::Instant(instant) => {
            ScalarValue::TimestampMicrosecond(Some(instant.timestamp_micros()), Some("UTC".into()))
        }
    };
    Ok(plain.cast_to(data_type)?)
}
