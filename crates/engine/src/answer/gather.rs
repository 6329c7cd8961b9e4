//! Rows of several windows as one: what a bucket of a time series is held against.
//!
//! Measures are added up over the windows and formulas computed from the sums, as they are over a period that holds
//! all windows. Distinct counts and the like do not add up; of them each window keeps its own value.

use datafusion::prelude::ident;
use sextant_semantics::query::computation::{Computation, ComputationId, Formula};
use sextant_semantics::query::resolved::{ResolvedQuery, Sides};

use super::decode::{self, RawRow};
use super::evaluate::Columns;
use super::immature;
use super::value::Value;
use crate::execute::ExecuteError;
use crate::lower::metrics::{filled, formula};
use crate::lower::typed::{Typed, arrow_type};

/// One row for each list of windows' rows, newest window first; a window without such a bucket has none.
pub(super) fn gathered(query: &ResolvedQuery, rows: &[Vec<Option<&RawRow>>]) -> Result<Vec<RawRow>, ExecuteError> {
    let periods = query.time.periods.len();
    let empty = RawRow {
        set: 0,
        keys: Vec::new(),
        rows: vec![0; periods],
        cells: vec![vec![Value::Null; periods]; query.computations.len()],
    };
    let mut gathered = vec![empty; rows.len()];
    let mut done: Vec<usize> = Vec::new();
    for sides in query.time.changes.iter().filter_map(|change| change.sides.as_ref()) {
        if done.contains(&sides.together) {
            continue;
        }
        done.push(sides.together);
        for (into, of) in gathered.iter_mut().zip(rows) {
            add_up(query, sides, of, into);
        }
        if sides.windows.len() > 1 {
            compute(query, sides.together, &mut gathered)?;
        }
    }
    Ok(gathered)
}

/// The windows' own values, and the sums of measures over all of them.
fn add_up(query: &ResolvedQuery, sides: &Sides, of: &[Option<&RawRow>], into: &mut RawRow) {
    let rows: Vec<(usize, &RawRow)> =
        sides.windows.iter().zip(of).filter_map(|(window, row)| Some((*window, (*row)?))).collect();
    for (window, row) in &rows {
        into.rows[*window] = row.rows[*window];
        for (cells, of) in into.cells.iter_mut().zip(&row.cells) {
            cells[*window] = of[*window].clone();
        }
    }
    if sides.windows.len() < 2 {
        return;
    }
    into.rows[sides.together] = rows.iter().map(|(window, row)| row.rows[*window]).sum();
    for (computation, cells) in query.computations.iter().zip(&mut into.cells) {
        if matches!(computation.formula, Formula::Measure { .. }) {
            let of = rows.iter().map(|(window, _)| cells[*window].clone());
            cells[sides.together] = of.fold(Value::Null, |sum, value| sum.plus(&value));
        }
    }
}

/// The formulas over the measures of one period.
pub(super) fn compute(query: &ResolvedQuery, period: usize, rows: &mut [RawRow]) -> Result<(), ExecuteError> {
    for (position, computation) in query.computations.iter().enumerate() {
        if matches!(computation.formula, Formula::Measure { .. } | Formula::OfGroups(_)) || rows.is_empty() {
            continue;
        }
        let values = evaluate(query, computation, period, rows)?;
        let is_of_cohort = matches!(computation.formula, Formula::OfCohort { .. });
        for (row, value) in rows.iter_mut().zip(values) {
            let is_immature = is_of_cohort && immature::is_immature(query, ComputationId(position), row, period);
            row.cells[position][period] = if is_immature { Value::Null } else { value };
        }
    }
    Ok(())
}

fn evaluate(
    query: &ResolvedQuery,
    computation: &Computation,
    period: usize,
    rows: &[RawRow],
) -> Result<Vec<Value>, ExecuteError> {
    let name = |id: &ComputationId| format!("__c{}", id.0);
    let mut used: Vec<ComputationId> = match &computation.formula {
        Formula::Measure { .. } | Formula::OfGroups(_) => Vec::new(),
        Formula::Ratio { numerator, denominator } => vec![*numerator, *denominator],
        Formula::OfCohort { of, members, immature } => vec![*of, *members, *immature],
        Formula::Derived(of) => of.refs().iter().map(|reference| *reference.value).collect(),
    };
    used.sort();
    used.dedup();
    let columns = used.iter().map(|id| {
        let values = rows.iter().map(|row| &row.cells[id.0][period]).collect();
        (name(id), arrow_type(query.computations[id.0].data_type), values)
    });
    let columns = Columns::of(columns.collect(), rows.len())?;
    let mut earlier =
        |id: &ComputationId| Ok(Typed::new(ident(name(id)), arrow_type(query.computations[id.0].data_type)));
    let lowered = formula(computation, &mut earlier).and_then(|value| filled(computation, value));
    let lowered = lowered.map_err(|error| ExecuteError::Internal(error.to_string()))?;
    decode::values(&columns.evaluate(lowered.expr)?)
}
