//! Computations: how measures become metrics.

use crate::data_type::DataType;
use crate::expr::{Expr, Literal};

/// A computation of the plan, by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ComputationId(pub usize);

/// One value a group and period.
#[derive(Clone, Debug, PartialEq)]
pub struct Computation {
    /// A metric's name, for people.
    pub name: String,
    pub formula: Formula,
    /// What a null becomes.
    pub fill: Option<Literal>,
    pub data_type: DataType,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Formula {
    /// An aggregated measure: `input.inputs[fact].measures[measure]`.
    Measure {
        fact: usize,
        measure: usize,
    },
    /// Real division, last and in doubles; null where the denominator is zero or null.
    Ratio {
        numerator: ComputationId,
        denominator: ComputationId,
    },
    Derived(Expr<ComputationId>),
    /// Values of finer groups, aggregated: `input.of_groups[position]`.
    OfGroups(usize),
    /// A value of members: null without any, and, whatever fills nulls, as long as one of them is immature.
    OfCohort {
        of: ComputationId,
        /// How many there are.
        members: ComputationId,
        /// How many of them have an age that is not over.
        immature: ComputationId,
    },
}
