//! Collected batches become the answer: pairing, order, limit, changes, totals.
//!
//! Pure: the same batches, query and page give the same answer.

use std::cmp::Ordering;

use sextant_semantics::data_type::DataType;
use sextant_semantics::query::computation::{ComputationId, Formula};
use sextant_semantics::query::resolved::{OutputColumn, Part, ResolvedQuery};
use sextant_semantics::query::row::Grouping;

mod absent;
pub mod change;
pub mod condition;
pub mod decode;
mod evaluate;
mod gather;
pub mod immature;
pub mod pair;
pub mod spellings;
pub mod target;
pub mod value;

use change::Figures;
use decode::{RawRow, Table};
use immature::Immature;
use pair::PairedRow;
use target::Targets;
use value::Value;

use crate::execute::ExecuteError;

/// What a question's data says, before it is written as JSON.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// One an output of the query, shown or not: the metric over the whole range, where totals
    /// were asked for.
    pub totals: Option<Vec<Figures>>,
    /// Why a metric over the whole range is null; one an output, empty without totals.
    pub null_reasons: Vec<Option<&'static str>>,
    pub columns: Vec<Column>,
    /// Cohorts with members whose age is not over.
    pub immature: Vec<Immature>,
    /// All rows after `having`, order and limit; a page is cut from them.
    pub rows: Vec<Vec<Value>>,
    /// Whether an exact number has more digits than a JSON number keeps.
    pub rounded: bool,
}

/// A column of the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    pub name: String,
    pub data_type: DataType,
    pub of: ColumnOf,
}

/// What a column shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnOf {
    Group(usize),
    /// The bucket that a series' row is held against.
    PreviousBucket(usize),
    /// Its fiscal name, such as `FY2026-Q3`.
    Label(usize),
    Metric(usize, Part),
    /// `new` or `lost`; null for members of both sides.
    ChangeKind,
}

/// The answer that `table`, the rows of the query's plan, holds, against `targets` where those are asked.
pub fn answer(query: &ResolvedQuery, table: &Table, targets: &[Targets]) -> Result<Answer, ExecuteError> {
    let totals = table.total.as_ref().map(|row| pair::totals(query, row, targets));
    let null_reasons = match &table.total {
        Some(row) => query.outputs.iter().map(|o| null_reason(query, o.computation, row)).collect(),
        None => Vec::new(),
    };
    let immature = immature::found(query, table);
    let mut rows = match (query.grouping, &table.total) {
        (Grouping::Total | Grouping::Sets, Some(total)) => vec![pair::only(query, total, targets)],
        (Grouping::Total | Grouping::Sets, None) => Vec::new(),
        (Grouping::Groups | Grouping::GroupsAndTotal, _) => pair::rows(query, &table.groups, targets)?,
    };
    condition::retain(query, &mut rows)?;
    rows.sort_by(|a, b| compare(query, a, b));
    if let Some(limit) = query.limit {
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    }
    let columns = columns(query);
    let rows: Vec<Vec<Value>> = rows.iter().map(|row| columns.iter().map(|c| cell(query, row, c)).collect()).collect();
    let exact = totals.iter().flatten().flat_map(Figures::values).chain(rows.iter().flatten());
    let rounded = exact.into_iter().any(Value::is_long);
    Ok(Answer { totals, null_reasons, columns, immature, rows, rounded })
}

/// Why a value over no keys is null; none where it is not.
fn null_reason(query: &ResolvedQuery, computation: ComputationId, row: &RawRow) -> Option<&'static str> {
    let value = |id: ComputationId| &row.cells[id.0][0];
    if !value(computation).is_null() {
        return None;
    }
    if immature::is_immature(query, computation, row, 0) {
        return Some(immature::reason());
    }
    Some(match &query.computations[computation.0].formula {
        Formula::Measure { .. } | Formula::OfGroups(_) => "no-data",
        Formula::Ratio { denominator, .. } if value(*denominator).as_f64().is_none_or(|d| d == 0.0) => "no-denominator",
        Formula::Ratio { .. } => "no-numerator",
        Formula::Derived(_) => "no-value",
        Formula::OfCohort { members, .. } if value(*members).as_f64().is_none_or(|members| members == 0.0) => "no-data",
        Formula::OfCohort { of, .. } => return null_reason(query, *of, row),
    })
}

/// The columns in order: groups as asked, then each metric with its comparison.
fn columns(query: &ResolvedQuery) -> Vec<Column> {
    let compared = !query.time.changes.is_empty();
    let mut columns = Vec::new();
    for (i, group) in query.groups.iter().enumerate() {
        let name = group.key.name.clone();
        columns.push(Column { name: name.clone(), data_type: group.key.data_type, of: ColumnOf::Group(i) });
        if group.granularity.is_some_and(has_label) {
            let label = Column { name: format!("{name}__label"), data_type: DataType::Text, of: ColumnOf::Label(i) };
            columns.push(label);
        }
        if compared && group.is_series && !query.time.is_against_targets() {
            let of = ColumnOf::PreviousBucket(i);
            columns.push(Column { name: format!("{name}__previous"), data_type: group.key.data_type, of });
        }
    }
    for (i, output) in query.outputs.iter().enumerate().filter(|(_, o)| o.shown) {
        let data_type = query.output_type(output);
        for part in Part::ALL {
            let exists = part.exists(&query.time, output.percent);
            if exists {
                let data_type = match part {
                    Part::Value | Part::Previous | Part::Change => data_type,
                    Part::PercentChange | Part::Points => DataType::Float,
                    // A part of a target is a double.
                    Part::FullTarget => data_type,
                };
                let name = format!("{}{}", output.name, part.suffix());
                columns.push(Column { name, data_type, of: ColumnOf::Metric(i, part) });
            }
        }
    }
    if compared && !query.time.is_against_targets() && query.groups.iter().any(|g| !g.is_series) {
        columns.push(Column { name: "change_kind".to_string(), data_type: DataType::Text, of: ColumnOf::ChangeKind });
    }
    columns
}

fn has_label(granularity: sextant_semantics::time::granularity::Granularity) -> bool {
    use sextant_semantics::time::granularity::Granularity;
    matches!(granularity, Granularity::FiscalQuarter | Granularity::FiscalYear)
}

fn cell(query: &ResolvedQuery, row: &PairedRow, column: &Column) -> Value {
    match column.of {
        ColumnOf::Group(i) => row.keys[i].clone(),
        ColumnOf::PreviousBucket(_) => row.previous_bucket.clone(),
        ColumnOf::Label(i) => label(query, i, &row.keys[i]),
        ColumnOf::Metric(i, part) => row.figures[i].part(part).clone(),
        ColumnOf::ChangeKind => row.kind.map_or(Value::Null, |kind| Value::Text(kind.as_str().to_string())),
    }
}

fn label(query: &ResolvedQuery, group: usize, key: &Value) -> Value {
    let Some(granularity) = query.groups[group].granularity else {
        return Value::Null;
    };
    match key {
        Value::Date(date) => {
            let label = sextant_semantics::time::bucket::label(*date, granularity, &query.time.calendar);
            label.map_or(Value::Null, Value::Text)
        }
        _ => Value::Null,
    }
}

/// The query's order: nulls last both ways; groups break ties, so it is total.
fn compare(query: &ResolvedQuery, a: &PairedRow, b: &PairedRow) -> Ordering {
    for order in &query.order {
        let (left, right) = (at(a, order.column), at(b, order.column));
        let ordering = match (left.is_null(), right.is_null()) {
            (true, true) => Ordering::Equal,
            (true, false) => Ordering::Greater,
            (false, true) => Ordering::Less,
            (false, false) if order.descending => right.compare(left),
            (false, false) => left.compare(right),
        };
        if ordering != Ordering::Equal {
            return ordering;
        }
    }
    a.previous_bucket.compare(&b.previous_bucket)
}

/// A row's value in a column of the answer.
fn at(row: &PairedRow, column: OutputColumn) -> &Value {
    match column {
        OutputColumn::Group(i) => &row.keys[i],
        OutputColumn::Metric(i, part) => row.figures[i].part(part),
    }
}
