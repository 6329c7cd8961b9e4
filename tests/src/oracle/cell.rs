//! One cell of an answer: a metric over the rows of one group and one window, worked out from those of
//! the simple metrics beneath it.

use super::cohort;
use super::context::Context;
use super::expr::Expr;
use super::follow::Row;
use super::leaf::{self, Leaf, leaf_value};
use super::question::Window;
use super::value::Value;
use super::window::Step;
use super::world::{Cohort, Conversion, Input, Level, Metric, MetricKind, World};

/// Which rows a cell is about.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    pub window: Option<Window>,
    /// The values of the question's groups; `None` is the total.
    pub key: Option<&'a [Value]>,
}

/// What was met on the way down from an asked metric.
#[derive(Clone, Debug, Default)]
struct Way<'a> {
    conditions: Vec<&'a Expr>,
    steps: Vec<Step>,
    levels: Vec<&'a Level>,
}

impl<'a> Way<'a> {
    fn of(context: &Context<'a>, metric: usize) -> Way<'a> {
        Way { conditions: conditions(context, metric), ..Way::default() }
    }

    fn through(&self, metric: &'a Metric) -> Way<'a> {
        let conditions = self.conditions.iter().copied().chain(&metric.filter).collect();
        Way { conditions, ..self.clone() }
    }

    fn to(&self, metric: &Metric, input: &'a Input) -> Way<'a> {
        let own = match metric.kind {
            MetricKind::Cumulative { over, pick, .. } => Some(Step::Accumulate(over, pick)),
            _ => None,
        };
        let steps = self.steps.iter().copied().chain(own).chain(input.offset.map(Step::Offset));
        Way {
            conditions: self.conditions.iter().copied().chain(&input.filter).collect(),
            steps: steps.collect(),
            levels: self.levels.iter().copied().chain(&input.level).collect(),
        }
    }

    fn leaf(self, metric: &'a Metric) -> Leaf<'a> {
        Leaf { conditions: self.conditions, steps: self.steps, levels: self.levels, ..Leaf::of(metric) }
    }

    /// The events of a conversion, which are counted at the rows that they follow.
    fn events(self, world: &'a World, of: &'a Conversion) -> Leaf<'a> {
        let base = &world.metrics[of.base.metric];
        let way = Way { conditions: [self.conditions, of.base.filter.iter().collect()].concat(), ..self };
        let conditions = way.through(base).conditions;
        Leaf { conditions, follows: Some((of, base)), ..way.leaf(&world.metrics[of.events.metric]) }
    }

    /// The entries of a cohort, of which the conditions on the way down are.
    fn entries(self, world: &'a World, of: &'a Cohort) -> Leaf<'a> {
        Leaf { enters: Some(of), ..self.leaf(&world.metrics[of.entry.metric]) }
    }
}

/// The value of a metric that the question asks for.
pub fn asked(context: &Context, metric: usize, scope: Scope) -> Value {
    value(context, metric, &Way::of(context, metric), scope)
}

/// The request's conditions that hold for an asked metric.
pub fn conditions<'a>(context: &Context<'a>, metric: usize) -> Vec<&'a Expr> {
    let question = context.question;
    let held = question.conditions.iter().filter(|c| c.metric.is_none() || c.metric == Some(metric));
    held.map(|c| &c.expr).collect()
}

fn value<'a>(context: &Context<'a>, metric: usize, way: &Way<'a>, scope: Scope) -> Value {
    let world = context.world;
    let metric = &world.metrics[metric];
    let way = way.through(metric);
    let input = |of: &'a Input| value(context, of.metric, &way.to(metric, of), scope);
    let value = match &metric.kind {
        MetricKind::Simple { .. } => leaf_value(context, &way.clone().leaf(metric), scope),
        MetricKind::Ratio { numerator, denominator } => input(numerator).over(&input(denominator)),
        MetricKind::Derived { formula, inputs } => formula.evaluate(&|name| {
            input(inputs.iter().find(|i| i.alias == name).unwrap_or_else(|| panic!("no input {name}")))
        }),
        MetricKind::Cumulative { input: of, .. } => input(of),
        MetricKind::Conversion(of) => {
            let events = leaf_value(context, &way.clone().events(world, of), scope);
            let events = filled(events, world.metrics[of.events.metric].fill);
            if of.is_rate { events.over(&input(&of.base)) } else { events }
        }
        MetricKind::Cohort(of) => {
            let leaf = way.clone().entries(world, of);
            let is_grouped = leaf::is_grouped(context, &leaf, scope);
            cohort::value(context, of, &members(context, &leaf, scope), is_grouped)
        }
    };
    // Neither a filling nor a formula gives a value where one of an immature cohort is missing.
    if are_immature(context, metric, &way, scope) { Value::Null } else { filled(value, metric.fill) }
}

/// Whether an asked metric is made of a cohort with a member, in a group and window, whose age is not over.
pub fn is_immature(context: &Context, metric: usize, scope: Scope) -> bool {
    let metric_of = &context.world.metrics[metric];
    are_immature(context, metric_of, &Way::of(context, metric).through(metric_of), scope)
}

/// The same of a metric somewhere beneath; `way` has been through it.
fn are_immature<'a>(context: &Context<'a>, metric: &'a Metric, way: &Way<'a>, scope: Scope) -> bool {
    let world = context.world;
    if let MetricKind::Cohort(of) = &metric.kind {
        let members = members(context, &way.clone().entries(world, of), scope);
        return members.iter().any(|entry| cohort::is_immature(context, of, *entry));
    }
    metric.kind.inputs().into_iter().any(|input| {
        let below = &world.metrics[input.metric];
        are_immature(context, below, &way.to(metric, input).through(below), scope)
    })
}

/// The entries of the members in one group and window.
fn members(context: &Context, leaf: &Leaf, scope: Scope) -> Vec<Row> {
    leaf::sets(context, leaf, scope).concat()
}

fn filled(value: Value, fill: Option<i128>) -> Value {
    match (value, fill) {
        (Value::Null, Some(fill)) => Value::integer(fill),
        (value, _) => value,
    }
}

/// The simple metrics beneath an asked metric, which give the answer its groups: what is aggregated by fewer
/// groups stands beside those that it has by itself.
pub fn leaves<'a>(context: &Context<'a>, metric: usize) -> Vec<Leaf<'a>> {
    leaves_below(context.world, metric, &Way::of(context, metric))
}

fn leaves_below<'a>(world: &'a World, metric: usize, way: &Way<'a>) -> Vec<Leaf<'a>> {
    let metric = &world.metrics[metric];
    let way = way.through(metric);
    let below = |input: &'a Input| leaves_below(world, input.metric, &Way { levels: vec![], ..way.to(metric, input) });
    match &metric.kind {
        MetricKind::Simple { .. } => vec![way.leaf(metric)],
        MetricKind::Conversion(of) => {
            let mut found = below(&of.base);
            found.push(way.clone().events(world, of));
            found
        }
        MetricKind::Cohort(of) => vec![way.entries(world, of)],
        MetricKind::Ratio { .. } | MetricKind::Derived { .. } | MetricKind::Cumulative { .. } => {
            metric.kind.inputs().into_iter().flat_map(below).collect()
        }
    }
}
