//! What a question reads: simple metrics under their conditions, and how their rows are read in time.

use super::super::spine::TimeStep;
use crate::catalog::id::{DatasetId, MetricId};
use crate::catalog::{Axis, Level};
use crate::data_type::DataType;
use crate::expr::{Expr, Name};
use crate::model::metric::PeriodAggregation;

/// A simple metric under all the conditions put on it; distinct within a question.
#[derive(Clone, Debug)]
pub(super) struct Leaf {
    pub metric: MetricId,
    pub filters: Vec<Filter>,
    pub treatment: Treatment,
    pub measured: Measured,
}

/// What of a leaf's rows is measured.
#[derive(Clone, Debug)]
pub(super) enum Measured {
    /// The leaf's metric, of the rows or of the events that follow them.
    Metric,
    /// How many members of a cohort there are.
    Members,
    /// How many of them have an age that is not over.
    Immature,
    /// How many came back.
    Returned,
    /// A simple metric over the rows of members within their age, under these conditions.
    InAge(MetricId, Vec<Filter>),
}

/// What stands beside the rows of a fact, or instead of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Beside {
    /// The events of a conversion metric, measured instead of the rows.
    Events(MetricId),
    /// The rows are the members of a cohort metric.
    Members(MetricId),
    /// Beside members, rows of this dataset on this axis within their age.
    Age { cohort: MetricId, dataset: DatasetId, axis: Axis },
}

/// How the rows of a leaf are read in time; leaves of one dataset and axis that are treated alike are one fact.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Treatment {
    /// From the question's units to what is read for them; none reads each row once, in its own period.
    pub steps: Vec<TimeStep>,
    /// Whether units without rows are listed.
    pub is_padded: bool,
    /// What is measured beside these rows.
    pub beside: Option<Beside>,
    /// The groups it is aggregated by instead of the question's, one within the other.
    pub levels: Vec<Level>,
}

/// A condition on the rows of one measure, and the argument it came from, if any.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Filter {
    pub expr: Expr<Name>,
    pub field: Option<String>,
}

impl Beside {
    /// What a metric of it is called.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Beside::Events(_) => "conversion",
            Beside::Members(_) | Beside::Age { .. } => "cohort",
        }
    }
}

impl Treatment {
    /// Whether its values do not add up over ranges or groups.
    pub(super) fn is_of_its_own_time(&self) -> bool {
        !self.steps.is_empty() || self.beside.is_some() || !self.levels.is_empty()
    }

    /// What a period's value is picked by, of a metric that accumulates.
    pub(super) fn pick(&self) -> Option<PeriodAggregation> {
        self.steps.iter().find_map(|step| match step {
            TimeStep::Accumulate { pick, .. } => Some(*pick),
            TimeStep::Offset(_) => None,
        })
    }

    /// The type of a measure's value once it is so treated.
    pub(super) fn data_type(&self, of: DataType) -> DataType {
        if self.pick() == Some(PeriodAggregation::Average) { DataType::Float } else { of }
    }
}
