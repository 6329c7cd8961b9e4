//! Metrics of a project: from a formula with aggregates to simple metrics and formulas over them.

use super::{Project, Target, formula, free, number};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::expr::{BinaryOp, Expr, Kind, Name};
use crate::model::Aggregation;
use crate::model::words::Word;
use crate::source::{Span, Spanned};
use crate::yaml::Node;
use crate::yaml::make::Map;

/// One metric in our own format.
pub(crate) struct Metric {
    pub(crate) name: Spanned<String>,
    /// The dataset whose rows it aggregates; absent for formulas.
    pub(crate) home: Option<usize>,
    /// Whether it has the time axis of its dataset.
    pub(crate) needs_time: bool,
    /// Metrics that it is made of.
    pub(crate) inputs: Vec<String>,
    /// Its place among those of its home, where it is known.
    pub(crate) at: Option<usize>,
    /// Every key but the name.
    pub(crate) map: Map,
}

/// One aggregate with what its names mean.
pub(crate) struct Part {
    pub(crate) agg: Aggregation,
    pub(crate) home: usize,
    pub(crate) argument: Option<Expr<Target>>,
    pub(crate) filter: Option<Expr<Target>>,
    pub(crate) percentile: Option<(Spanned<String>, bool)>,
    pub(crate) span: Span,
}

/// A formula with what its names mean.
pub(crate) struct Parts {
    pub(crate) rest: Expr<Target>,
    pub(crate) calls: Vec<Part>,
}

impl Metric {
    pub(crate) fn into_node(self) -> Node {
        let mut map = Map::new(self.map.span);
        map.set("name", Node::of(&self.name));
        map.extend(self.map);
        map.into_node()
    }
}

/// Metrics with known places at these, the others as they come.
pub(super) fn in_order(metrics: Vec<Metric>) -> Vec<Metric> {
    let (mut placed, mut ordered): (Vec<Metric>, Vec<Metric>) = metrics.into_iter().partition(|m| m.at.is_some());
    placed.sort_by_key(|m| m.at);
    for metric in placed {
        let before = ordered.iter().enumerate().filter(|(_, m)| m.home == metric.home);
        let at = before.map(|(i, _)| i).nth(metric.at.unwrap_or(usize::MAX)).unwrap_or(ordered.len());
        ordered.insert(at, metric);
    }
    ordered
}

impl Parts {
    /// Finds what every name of a formula means. `resolve` is told whether the name stands within
    /// an aggregate; `home` chooses the dataset of a call from its argument and its filter.
    pub(crate) fn of(
        formula: &formula::Formula,
        resolve: &mut impl FnMut(&Name, Span, bool) -> Result<Target, Diagnostic>,
        home: impl Fn(Option<&Expr<Target>>, Option<&Expr<Target>>, Span) -> Result<usize, Diagnostic>,
    ) -> Result<Parts, Diagnostic> {
        let mut inside = |expr: &Expr<Name>| {
            expr.try_substitute(&mut |name, span| Ok(Expr::new(Kind::Ref(resolve(name, span, true)?), span)))
        };
        let mut calls = Vec::new();
        for call in &formula.calls {
            let argument = call.argument.as_ref().map(&mut inside).transpose()?;
            let filter = call.filter.as_ref().map(&mut inside).transpose()?;
            let home = home(argument.as_ref(), filter.as_ref(), call.span)?;
            let (agg, percentile, span) = (call.agg, call.percentile.clone(), call.span);
            calls.push(Part { agg, home, argument, filter, percentile, span });
        }
        let rest = formula.rest.try_substitute(&mut |name: &Name, span| {
            let target = match formula::call_of(name) {
                Some(call) => Target::Call(call),
                None => resolve(name, span, false)?,
            };
            Ok::<_, Diagnostic>(Expr::new(Kind::Ref(target), span))
        })?;
        Ok(Parts { rest, calls })
    }
}

impl Project<'_> {
    /// A metric of a formula: one aggregate is a simple metric, anything more is a formula over
    /// hidden ones. `map` has the keys that say nothing about how the metric is computed.
    pub(crate) fn add_formula(&mut self, name: &Spanned<String>, parts: Parts, map: Map) -> Result<(), Diagnostic> {
        if let (Kind::Ref(Target::Call(0)), [part]) = (parts.rest.kind.as_ref(), parts.calls.as_slice()) {
            let metric = self.simple(name.clone(), part, map)?;
            self.metrics.push(metric);
            return Ok(());
        }
        let before = self.metrics.len();
        let made = self.add_parts(name, &parts);
        let (names, rest) = match made {
            Ok(made) => made,
            Err(refused) => {
                self.metrics.truncate(before);
                return Err(refused);
            }
        };
        if names.is_empty() {
            self.metrics.truncate(before);
            let fault = Diagnostic::new(Code::UnsupportedExpression, "it aggregates nothing");
            return Err(fault.at(parts.rest.span).help("a metric is an aggregate, or a formula of aggregates"));
        }
        let metric = derived(name, &names, &rest, parts.rest.span, map);
        self.metrics.push(metric);
        Ok(())
    }

    /// The hidden metrics of a formula's aggregates, and the formula over metrics.
    fn add_parts(&mut self, name: &Spanned<String>, parts: &Parts) -> Result<(Vec<String>, Expr<Name>), Diagnostic> {
        let mut of_call: Vec<String> = Vec::new();
        for part in &parts.calls {
            let wanted = format!("{}_{}", name.value, part.agg.word());
            let hidden_name = free(&wanted, |taken| self.metric_names.contains(taken));
            let mut map = Map::new(part.span);
            map.set("hidden", Node::flag(true, part.span));
            let metric = self.simple(Spanned::new(hidden_name.clone(), name.span), part, map)?;
            let same = |other: &&Metric| {
                let keys =
                    |m: &Metric| ["agg", "expr", "filter", "percentile", "percentile_type"].map(|key| text_of(m, key));
                other.home == metric.home && other.map.has("hidden") && keys(other) == keys(&metric)
            };
            let twin = self.metrics.iter().filter(|m| of_call.contains(&m.name.value)).find(same);
            match twin.map(|m| m.name.value.clone()) {
                Some(twin) => of_call.push(twin),
                None => {
                    self.metric_names.insert(hidden_name.clone());
                    of_call.push(hidden_name);
                    self.metrics.push(metric);
                }
            }
        }
        let mut inputs: Vec<String> = Vec::new();
        let rest = parts.rest.try_substitute(&mut |target, span| {
            let input = match target {
                Target::Call(call) => of_call[*call].clone(),
                Target::Metric(metric) => metric.clone(),
                Target::Column { .. } | Target::Dimension { .. } => {
                    let message = "a column stands outside of an aggregate".to_string();
                    return Err(Diagnostic::new(Code::UnsupportedExpression, message)
                        .at(span)
                        .help("say how its values become one: SUM, AVG, MIN, MAX, COUNT"));
                }
            };
            inputs.push(input.clone());
            Ok(Expr::new(Kind::Ref(Name { parts: vec![input] }), span))
        })?;
        Ok((inputs, rest))
    }

    /// The simple metric of one aggregate.
    pub(crate) fn simple(&mut self, name: Spanned<String>, part: &Part, mut map: Map) -> Result<Metric, Diagnostic> {
        map.set("type", Node::text("simple", part.span));
        map.set("agg", Node::text(part.agg.word(), part.span));
        if let Some(argument) = &part.argument {
            map.set("expr", Node::text(self.measure(part.home, argument)?, argument.span));
        }
        if let Some(condition) = &part.filter {
            let filter = self.filter(part.home, condition, &name.value)?;
            map.set("filter", Node::text(filter, condition.span));
        }
        if let Some((share, discrete)) = &part.percentile {
            map.set("percentile", number(share));
            map.set("percentile_type", Node::text(if *discrete { "discrete" } else { "continuous" }, share.span));
        }
        Ok(Metric { name, home: Some(part.home), needs_time: true, inputs: Vec::new(), at: None, map })
    }
}

/// A formula over metrics; the quotient of two is a ratio.
fn derived(name: &Spanned<String>, inputs: &[String], rest: &Expr<Name>, span: Span, mut map: Map) -> Metric {
    let quotient = match rest.kind.as_ref() {
        Kind::Binary { op: BinaryOp::Divide, left, right } => match (left.kind.as_ref(), right.kind.as_ref()) {
            (Kind::Ref(left), Kind::Ref(right)) if left != right => Some((left.dotted(), right.dotted())),
            _ => None,
        },
        _ => None,
    };
    match quotient {
        Some((numerator, denominator)) => {
            map.set("type", Node::text("ratio", span));
            map.set("numerator", Node::text(numerator, span));
            map.set("denominator", Node::text(denominator, span));
        }
        None => {
            map.set("type", Node::text("derived", span));
            map.set("expr", Node::text(rest.to_string(), span));
        }
    }
    Metric { name: name.clone(), home: None, needs_time: false, inputs: inputs.to_vec(), at: None, map }
}

fn text_of(metric: &Metric, key: &str) -> Option<String> {
    metric.map.get(key).and_then(Node::scalar).map(|scalar| scalar.text.clone())
}
