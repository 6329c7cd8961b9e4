//! `having`: conditions on the rows of an answer, with the meaning that conditions on data have.

use std::collections::BTreeMap;

use datafusion::arrow::array::{Array, AsArray};
use datafusion::prelude::ident;
use sextant_semantics::data_type::DataType;
use sextant_semantics::query::resolved::{OutputColumn, Part, ResolvedQuery};

use super::evaluate::Columns;
use super::pair::PairedRow;
use crate::execute::ExecuteError;
use crate::lower::expression::condition;
use crate::lower::typed::{Typed, arrow_type};

/// Keeps the rows for which every condition of the query is true.
pub fn retain(query: &ResolvedQuery, rows: &mut Vec<PairedRow>) -> Result<(), ExecuteError> {
    if query.having.is_empty() || rows.is_empty() {
        return Ok(());
    }
    let used = query.having.iter().flat_map(|having| having.refs()).map(|used| *used.value);
    let used: BTreeMap<String, OutputColumn> = used.map(|column| (query.column_name(column), column)).collect();
    let columns = used.into_iter().map(|(name, column)| {
        let values = rows.iter().map(|row| super::at(row, column)).collect();
        (name, arrow_type(type_of(query, column)), values)
    });
    let columns = Columns::of(columns.collect(), rows.len())?;
    let mut keep = vec![true; rows.len()];
    for having in &query.having {
        let lowered = condition(having, &mut |column: &OutputColumn| {
            Ok(Typed::new(ident(query.column_name(*column)), arrow_type(type_of(query, *column))))
        });
        let verdict = columns.evaluate(lowered.map_err(|error| ExecuteError::Internal(error.to_string()))?)?;
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
