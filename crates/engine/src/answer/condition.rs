//! `having`: conditions on the rows of an answer, with the meaning that conditions on data have.

use std::collections::BTreeSet;
use std::sync::Arc;

use datafusion::arrow::array::{Array, ArrayRef, AsArray};
use datafusion::arrow::datatypes::{Field, Schema};
use datafusion::arrow::record_batch::RecordBatch;
use datafusion::common::{DFSchema, ScalarValue};
use datafusion::execution::context::ExecutionProps;
use datafusion::logical_expr::Expr;
use datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext;
use datafusion::physical_expr::create_physical_expr;
use datafusion::prelude::ident;
use sextant_semantics::data_type::DataType;
use sextant_semantics::query::resolved::{OutputColumn, Part, ResolvedQuery};

use super::pair::PairedRow;
use super::value::Value;
use crate::execute::ExecuteError;
use crate::lower::expression::condition;
use crate::lower::typed::{Typed, arrow_type};

/// Keeps the rows for which every condition of the query is true.
pub fn retain(query: &ResolvedQuery, rows: &mut Vec<PairedRow>) -> Result<(), ExecuteError> {
    if query.having.is_empty() || rows.is_empty() {
        return Ok(());
    }
    let used: BTreeSet<String> =
        query.having.iter().flat_map(|h| h.refs()).map(|r| query.column_name(*r.value)).collect();
    let columns: Vec<(String, OutputColumn)> = query
        .having
        .iter()
        .flat_map(|h| h.refs())
        .map(|r| (query.column_name(*r.value), *r.value))
        .filter(|(name, _)| used.contains(name))
        .collect();
    let mut fields: Vec<Field> = Vec::new();
    let mut arrays: Vec<ArrayRef> = Vec::new();
    for (name, column) in columns {
        if fields.iter().any(|f| *f.name() == name) {
            continue;
        }
        let data_type = arrow_type(type_of(query, column));
        let scalars = rows.iter().map(|row| scalar(super::at(row, column), &data_type));
        let array = ScalarValue::iter_to_array(scalars.collect::<Result<Vec<_>, ExecuteError>>()?)?;
        fields.push(Field::new(name, data_type, true));
        arrays.push(array);
    }
    let options = datafusion::arrow::record_batch::RecordBatchOptions::new().with_row_count(Some(rows.len()));
    let batch = RecordBatch::try_new_with_options(Arc::new(Schema::new(fields)), arrays, &options)
        .map_err(|error| ExecuteError::Internal(error.to_string()))?;
    let schema = DFSchema::try_from(batch.schema().as_ref().clone())?;
    let mut keep = vec![true; rows.len()];
    for having in &query.having {
        let lowered: Expr = condition(having, &mut |column: &OutputColumn| {
            Ok(Typed::new(ident(query.column_name(*column)), arrow_type(type_of(query, *column))))
        })
        .map_err(|error| ExecuteError::Internal(error.to_string()))?;
        let physical =
            create_physical_expr(&lowered, &schema, &ExecutionProps::new(), &PhysicalPlanningContext::default())?;
        let verdict = physical.evaluate(&batch)?.into_array(rows.len())?;
        let verdict = verdict.as_boolean();
        for (i, kept) in keep.iter_mut().enumerate() {
            *kept &= !verdict.is_null(i) && verdict.value(i);
        }
    }
    let mut keep = keep.into_iter();
    rows.retain(|_| keep.next().unwrap_or(false));
    Ok(())
}

fn type_of(query: &ResolvedQuery, column: OutputColumn) -> DataType {
    match column {
        OutputColumn::Group(i) => query.groups[i].key.data_type,
        OutputColumn::Metric(_, Part::PercentChange | Part::Points | Part::FullTarget) => DataType::Float,
        OutputColumn::Metric(i, Part::Previous | Part::Change) => match query.output_type(&query.outputs[i]) {
            // The mean of several windows, and a target by its days, is a double.
            exact if exact.is_number() && averages(query, i) => DataType::Float,
            other => other,
        },
        OutputColumn::Metric(i, Part::Value) => query.output_type(&query.outputs[i]),
    }
}

fn averages(query: &ResolvedQuery, output: usize) -> bool {
    let change = query.outputs[output].change.map(|c| &query.time.changes[c]);
    query.time.is_against_targets() || change.and_then(|c| c.sides.as_ref()).is_some_and(|s| s.windows.len() > 1)
}

/// A value as a scalar of exactly this Arrow type.
pub(super) fn scalar(
    value: &Value,
    data_type: &datafusion::arrow::datatypes::DataType,
) -> Result<ScalarValue, ExecuteError> {
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
