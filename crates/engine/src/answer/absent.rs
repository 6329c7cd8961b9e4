//! Sides of a row that the plan gave no row for: null, or what metrics fill nulls with.
//!
//! What is aggregated by fewer groups stands beside every row of the answer, on each of its sides: it is that of any
//! row with the same of these groups, since the plan puts it beside all of them.

use std::collections::HashMap;

use sextant_semantics::expr::Literal;
use sextant_semantics::query::computation::{Computation, Formula};
use sextant_semantics::query::resolved::ResolvedQuery;

use super::decode::RawRow;
use super::gather;
use super::pair::KeyText;
use super::value::Value;
use crate::execute::ExecuteError;

/// Sides without rows, each distinct one once.
pub(super) struct Absent<'a> {
    query: &'a ResolvedQuery,
    levels: Vec<Level<'a>>,
    /// By the row that gives each level its values.
    known: HashMap<Vec<Option<usize>>, usize>,
    rows: Vec<RawRow>,
}

/// Computations that are aggregated by these groups alone.
struct Level<'a> {
    groups: Vec<usize>,
    computations: Vec<usize>,
    /// The first row that has the same of these groups.
    rows: HashMap<Vec<KeyText>, usize>,
    of: &'a [RawRow],
}

impl<'a> Absent<'a> {
    pub(super) fn of(query: &'a ResolvedQuery, rows: &'a [RawRow]) -> Absent<'a> {
        let mut levels: Vec<Level<'a>> = Vec::new();
        for (position, computation) in query.computations.iter().enumerate() {
            let Some(groups) = level(query, computation) else { continue };
            match levels.iter_mut().find(|level| level.groups == groups) {
                Some(level) => level.computations.push(position),
                None => levels.push(Level::new(groups, position, rows)),
            }
        }
        Absent { query, levels, known: HashMap::new(), rows: Vec::new() }
    }

    /// The position of the side with these keys in [`Absent::rows`].
    pub(super) fn side(&mut self, keys: &[Value]) -> usize {
        let sources: Vec<Option<usize>> = self.levels.iter().map(|level| level.source(keys)).collect();
        if let Some(known) = self.known.get(&sources) {
            return *known;
        }
        let side = self.measured(&sources);
        self.rows.push(side);
        self.known.insert(sources, self.rows.len() - 1);
        self.rows.len() - 1
    }

    /// All sides, with their formulas computed.
    pub(super) fn rows(self) -> Result<Vec<RawRow>, ExecuteError> {
        let mut rows = self.rows;
        for period in 0..self.query.time.periods.len() {
            gather::compute(self.query, period, &mut rows)?;
        }
        Ok(rows)
    }

    /// A side with its measures, nothing else computed.
    fn measured(&self, sources: &[Option<usize>]) -> RawRow {
        let periods = self.query.time.periods.len();
        let nothing = |of: &Computation| vec![of.fill.as_ref().map_or(Value::Null, literal); periods];
        let mut cells: Vec<Vec<Value>> = self.query.computations.iter().map(nothing).collect();
        for (level, source) in self.levels.iter().zip(sources) {
            let Some(source) = source.map(|source| &level.of[source]) else { continue };
            for computation in &level.computations {
                cells[*computation] = source.cells[*computation].clone();
            }
        }
        RawRow { keys: Vec::new(), set: 0, rows: vec![0; periods], cells }
    }
}

impl<'a> Level<'a> {
    fn new(groups: Vec<usize>, computation: usize, of: &'a [RawRow]) -> Level<'a> {
        let mut rows = HashMap::new();
        for (position, row) in of.iter().enumerate() {
            rows.entry(kept(&groups, &row.keys)).or_insert(position);
        }
        Level { groups, computations: vec![computation], rows, of }
    }

    fn source(&self, keys: &[Value]) -> Option<usize> {
        self.rows.get(&kept(&self.groups, keys)).copied()
    }
}

fn kept(groups: &[usize], keys: &[Value]) -> Vec<KeyText> {
    groups.iter().map(|group| KeyText::of(&keys[*group])).collect()
}

/// The groups that a measure is aggregated by; none where it is by all of the question's.
fn level(query: &ResolvedQuery, computation: &Computation) -> Option<Vec<usize>> {
    match &computation.formula {
        Formula::Measure { fact, .. } => query.facts[*fact].level.clone(),
        Formula::OfGroups(position) => {
            let keys = &query.of_groups[*position].keys;
            (keys.len() < query.groups.len()).then(|| keys.clone())
        }
        Formula::Ratio { .. } | Formula::Derived(_) | Formula::OfCohort { .. } => None,
    }
}

fn literal(value: &Literal) -> Value {
    match value {
        Literal::Integer(value) => Value::integer(*value),
        Literal::Decimal { unscaled, scale } => Value::Exact { unscaled: *unscaled, scale: *scale },
        Literal::Float(value) => Value::float(*value),
        Literal::Null
        | Literal::Boolean(_)
        | Literal::Text(_)
        | Literal::Date(_)
        | Literal::Timestamp(_)
        | Literal::Interval { .. } => Value::Null,
    }
}
