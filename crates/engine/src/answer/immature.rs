//! Immature cohorts: members whose age is not over, for whom no value is given.

use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Warning;
use sextant_semantics::query::computation::{ComputationId, Formula};
use sextant_semantics::query::resolved::{QueryTime, ResolvedQuery};

use super::decode::{RawRow, Table};

/// Why a value or a change is null.
pub fn reason() -> &'static str {
    Code::ImmatureCohort.as_str()
}

/// A cohort metric in a period that some member is immature in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Immature {
    /// The cohort metric, which the question may name only by a formula over it.
    metric: String,
    /// Position in [`QueryTime::periods`].
    period: usize,
    members: u64,
    immature: u64,
    /// Groups with members, and those of them with an immature one; none where nothing is grouped.
    groups: usize,
    null_groups: usize,
}

/// Whether a value is made of one of immature members.
pub fn is_immature(query: &ResolvedQuery, computation: ComputationId, row: &RawRow, period: usize) -> bool {
    let beneath = |id: &ComputationId| is_immature(query, *id, row, period);
    match &query.computations[computation.0].formula {
        Formula::Measure { .. } | Formula::OfGroups(_) => false,
        Formula::Ratio { numerator, denominator } => beneath(numerator) || beneath(denominator),
        Formula::Derived(of) => of.refs().into_iter().any(|id| beneath(id.value)),
        Formula::OfCohort { immature, .. } => count(row, *immature, period) > 0,
    }
}

/// The cohorts of a question that are immature: each once, in the question's range or else in what it is compared with.
pub fn found(query: &ResolvedQuery, table: &Table) -> Vec<Immature> {
    let mut found: Vec<Immature> = Vec::new();
    for computation in &query.computations {
        let Formula::OfCohort { members, immature, .. } = &computation.formula else { continue };
        if found.iter().any(|known| known.metric == computation.name) {
            continue;
        }
        found.extend((0..query.time.periods.len()).find_map(|period| {
            let of = |id: &ComputationId| match &table.total {
                Some(total) => count(total, *id, period),
                None => table.groups.iter().map(|row| count(row, *id, period)).sum(),
            };
            let has = |id: &ComputationId| table.groups.iter().filter(|row| count(row, *id, period) > 0).count();
            let (groups, null_groups) = (has(members), has(immature));
            let of = Immature {
                metric: computation.name.clone(),
                period,
                members: of(members),
                immature: of(immature),
                groups,
                null_groups,
            };
            (of.immature > 0).then_some(of)
        }));
    }
    found
}

fn count(row: &RawRow, id: ComputationId, period: usize) -> u64 {
    row.cells[id.0][period].as_f64().map_or(0, |count| count as u64)
}

impl Immature {
    /// How many members are immature, and of how many groups there is no value.
    pub fn warning(&self, time: &QueryTime) -> Warning {
        let Immature { metric, period, members, immature, groups, null_groups } = self;
        let compared = if *period == 0 { "" } else { " of the period that it is compared with" };
        let are = if *immature == 1 { "is" } else { "are" };
        let groups = match groups {
            0 => String::new(),
            1 => "; the only group has no value".to_string(),
            _ => format!("; {null_groups} of {groups} groups have no value"),
        };
        let clock = time.as_of.with_timezone(&time.calendar.zone).date_naive();
        let message = format!(
            "`{metric}`: {immature} of {members} members{compared} {are} younger than its age at {clock} or where the \
             data ends{groups}"
        );
        Warning::new(Code::ImmatureCohort, message)
    }
}
