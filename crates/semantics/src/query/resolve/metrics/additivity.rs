//! What the values of a metric's days and groups add up to: sums and counts, and what is linear in them.

use super::{Flattener, Node};
use crate::catalog::MetricKind;
use crate::catalog::aggregation::Aggregation;
use crate::expr::{BinaryOp, Expr, Kind, Literal};
use crate::query::resolved::Additivity;

impl Flattener<'_> {
    /// What the values of a node's days and groups add up to.
    pub(in crate::query::resolve) fn additivity(&self, node: usize) -> Additivity {
        match &self.nodes[node].1 {
            Node::Leaf(leaf) if self.leaves[*leaf].treatment.is_of_its_own_time() => Additivity::NonAdditive,
            Node::Leaf(_) => match &self.bound.catalog.metric(self.nodes[node].0).kind {
                MetricKind::Simple(measure) if measure.balance.is_some() => Additivity::NonAdditive,
                MetricKind::Simple(measure) => match measure.aggregation {
                    Aggregation::Sum | Aggregation::Count | Aggregation::SumBoolean => Additivity::Additive,
                    Aggregation::Min
                    | Aggregation::Max
                    | Aggregation::CountDistinct
                    | Aggregation::ApproxCountDistinct
                    | Aggregation::Average
                    | Aggregation::Median
                    | Aggregation::Percentile { .. }
                    | Aggregation::First
                    | Aggregation::Last => Additivity::NonAdditive,
                },
                MetricKind::Ratio { .. }
                | MetricKind::Derived { .. }
                | MetricKind::Cumulative { .. }
                | MetricKind::Conversion(_)
                | MetricKind::Cohort(_)
                | MetricKind::Later(_) => Additivity::NonAdditive,
            },
            Node::Ratio(numerator, denominator) => match (self.additivity(*numerator), self.additivity(*denominator)) {
                (Additivity::NonAdditive, _) | (_, Additivity::NonAdditive) => Additivity::NonAdditive,
                _ => Additivity::Ratio,
            },
            Node::Derived(expr) => self.additivity_of(expr),
            Node::OfGroups(..) | Node::PerMember(..) | Node::OfCohort { .. } => Additivity::NonAdditive,
        }
    }

    /// Sums and differences of additive inputs, also times a constant, are additive.
    fn additivity_of(&self, expr: &Expr<usize>) -> Additivity {
        let inputs: Vec<Additivity> = expr.refs().iter().map(|r| self.additivity(*r.value)).collect();
        if inputs.contains(&Additivity::NonAdditive) {
            return Additivity::NonAdditive;
        }
        if inputs.iter().all(|a| *a == Additivity::Additive) && linear(expr) {
            Additivity::Additive
        } else {
            Additivity::Ratio
        }
    }
}

fn linear(expr: &Expr<usize>) -> bool {
    match expr.kind.as_ref() {
        Kind::Ref(_) => true,
        Kind::Negate(of) => linear(of),
        Kind::Binary { op: BinaryOp::Add | BinaryOp::Subtract, left, right } => linear(left) && linear(right),
        Kind::Binary { op: BinaryOp::Multiply, left, right } => {
            (constant(left) && linear(right)) || (linear(left) && constant(right))
        }
        Kind::Binary { op: BinaryOp::Divide, left, right } => linear(left) && constant(right),
        Kind::Call { function: crate::expr::Function::Coalesce, arguments } => match arguments.as_slice() {
            [of, other] => linear(of) && matches!(other.kind.as_ref(), Kind::Literal(Literal::Integer(0))),
            _ => false,
        },
        _ => false,
    }
}

fn constant(expr: &Expr<usize>) -> bool {
    matches!(expr.kind.as_ref(), Kind::Literal(Literal::Integer(_) | Literal::Decimal { .. } | Literal::Float(_)))
}
