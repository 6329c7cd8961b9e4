//! Cohort metrics flattened: their members are counted, and their input is measured within an age.

use super::{Beside, Filter, Flattener, Leaf, Measured, Node, not_yet, texts};
use crate::catalog::id::MetricId;
use crate::catalog::{Cohort, Metric, MetricKind};
use crate::data_type::DataType;
use crate::diagnostic::Diagnostic;
use crate::expr::Literal;
use crate::model::metric::Calculation;
use crate::query::spine::TimeStep;

/// Whose rows within their age are measured: the members of a cohort under conditions on their entries.
#[derive(Clone, Debug)]
pub(super) struct Members {
    cohort: MetricId,
    filters: Vec<Filter>,
    /// Of the entries.
    steps: Vec<TimeStep>,
}

impl Members {
    /// What tells them from others.
    pub(super) fn key(&self) -> (MetricId, Vec<String>, Vec<TimeStep>) {
        (self.cohort, texts(&self.filters), self.steps.clone())
    }
}

impl Flattener<'_> {
    /// All conditions from outside are conditions on entries: they pick among members and never move an entry.
    pub(super) fn cohort(
        &mut self,
        id: MetricId,
        of: &Cohort,
        filters: &[Filter],
        steps: &[TimeStep],
    ) -> Result<Node, Diagnostic> {
        let (catalog, bound) = (&self.bound.catalog, self.bound);
        let (metric, input) = (catalog.metric(id), catalog.metric(of.input.metric));
        if let Some(later) = [catalog.metric(of.entry.metric), input].iter().find_map(|metric| metric.not_yet.first()) {
            return Err(not_yet(metric, later.what));
        }
        if steps.iter().any(|step| matches!(step, TimeStep::Accumulate { .. })) {
            return Err(not_yet(metric, "a cumulative metric of a cohort"));
        }
        let cohort = Members { cohort: id, filters: filters.to_vec(), steps: steps.to_vec() };
        let members = self.counted(&cohort, of, Beside::Members(id), Measured::Members)?;
        let immature = self.counted(&cohort, of, Beside::Members(id), Measured::Immature)?;
        let value = match of.calculation {
            Calculation::Retention | Calculation::Retained => {
                let dataset = input.dataset.expect("the catalog refuses members who come back without rows");
                let axis = input.axis.clone().expect("the catalog refuses a simple metric without an axis");
                self.counted(&cohort, of, Beside::Age { cohort: id, dataset, axis }, Measured::Returned)?
            }
            Calculation::Average | Calculation::Total | Calculation::ConversionRate | Calculation::Conversions => {
                let own = of.input.filter.iter().map(|expr| Filter { expr: expr.clone(), field: None });
                let outer = self.members.replace(cohort);
                let node = self.flatten(bound.catalog.metric(of.input.metric).id, &own.collect::<Vec<_>>(), &[]);
                self.members = outer;
                node?
            }
        };
        let is_share = matches!(of.calculation, Calculation::Average | Calculation::Retention);
        let of = if is_share {
            self.nodes.push((id, Node::PerMember(value, members)));
            self.nodes.len() - 1
        } else {
            value
        };
        Ok(Node::OfCohort { of, members, immature })
    }

    /// A simple metric over the rows of members within their age, under these conditions on the rows.
    pub(super) fn in_age(&mut self, metric: &Metric, filters: Vec<Filter>) -> Result<Node, Diagnostic> {
        let members = self.members.clone().expect("only inside of a cohort");
        let MetricKind::Cohort(of) = &self.bound.catalog.metric(members.cohort).kind else {
            unreachable!("members are those of a cohort metric");
        };
        let dataset = metric.dataset.expect("a simple metric stands in a dataset");
        let axis = metric.axis.clone().expect("the catalog refuses a simple metric without an axis");
        let beside = Beside::Age { cohort: members.cohort, dataset, axis };
        let cohort = self.bound.catalog.metric(members.cohort);
        let treatment = self.treatment(cohort, &members.steps, Some(beside));
        Ok(self.leaf(of.entry.metric, members.filters, treatment, Measured::InAge(metric.id, filters)))
    }

    fn counted(
        &mut self,
        members: &Members,
        of: &Cohort,
        beside: Beside,
        measured: Measured,
    ) -> Result<usize, Diagnostic> {
        let cohort = self.bound.catalog.metric(members.cohort);
        let treatment = self.treatment(cohort, &members.steps, Some(beside));
        let node = self.leaf(of.entry.metric, members.filters.clone(), treatment, measured);
        self.nodes.push((cohort.id, node));
        Ok(self.nodes.len() - 1)
    }

    /// The type of a leaf of this simple metric.
    pub(super) fn type_of(&self, leaf: usize, metric: MetricId) -> Result<DataType, Diagnostic> {
        let leaf = &self.leaves[leaf];
        match &leaf.measured {
            Measured::Members | Measured::Immature | Measured::Returned => Ok(DataType::Integer),
            Measured::Metric | Measured::InAge(..) => {
                Ok(leaf.treatment.data_type(self.bound.measure(metric)?.data_type))
            }
        }
    }

    /// What a computation is called, and what a null of it becomes: where nobody came back it is nobody.
    pub(super) fn called(&self, metric: &Metric, node: &Node) -> (String, Option<Literal>) {
        match node {
            Node::Leaf(leaf) => match &self.leaves[*leaf].measured {
                Measured::Metric | Measured::InAge(..) => (metric.name.clone(), metric.fill.clone()),
                Measured::Members => ("members".to_string(), None),
                Measured::Immature => ("immature members".to_string(), None),
                Measured::Returned => ("members who came back".to_string(), Some(Literal::Integer(0))),
            },
            Node::PerMember(..) => (format!("{} for each member", metric.name), None),
            Node::Ratio(..) | Node::Derived(_) | Node::OfGroups(..) | Node::OfCohort { .. } => {
                (metric.name.clone(), metric.fill.clone())
            }
        }
    }
}

impl Leaf {
    /// The simple metric whose rows are measured.
    pub(in super::super) fn measures(&self) -> MetricId {
        match &self.measured {
            Measured::InAge(metric, _) => *metric,
            Measured::Metric | Measured::Members | Measured::Immature | Measured::Returned => self.metric,
        }
    }
}
