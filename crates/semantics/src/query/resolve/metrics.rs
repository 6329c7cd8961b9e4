//! Metrics flattened: each named metric becomes computations over distinct measures.

use std::collections::HashMap;
use std::rc::Rc;

use super::super::computation::{Computation, ComputationId, Formula};
use super::super::request::{MetricItem, MetricsRequest};
use super::super::resolved::{OfGroups, Output, Part};
use super::super::spine::TimeStep;
use super::beneath::beneath;
use super::earlier;
use super::leaf::{Beside, Filter, Leaf, Measured, Treatment};
use super::metric_filter::MetricByKeys;
use super::time::TimeOfQuery;
use crate::catalog::aggregation::Aggregation;
use crate::catalog::bind::BoundCatalog;
use crate::catalog::id::MetricId;
use crate::catalog::{Conversion, Finer, Input, InputId, Level, Metric, MetricKind, NameKind};
use crate::code::Code;
use crate::data_type::DataType;
use crate::diagnostic::{Diagnostic, Diagnostics, Warning};
use crate::expr::{Expr, Kind, typing};
use crate::model::metric::{Format, Offset};

mod additivity;
mod cohort;

use cohort::Members;

/// A metric asked for, before the types of its computation are known.
pub(super) struct Asked {
    pub metric: MetricId,
    name: String,
    asked: String,
    pub node: usize,
    pub shown: bool,
    /// How much earlier it is read than the question's periods.
    pub offset: Option<Offset>,
}

impl Asked {
    /// Whether `column` is of it and not of the same metric at another time; `metric` is the metric's name.
    fn is_called(&self, column: &str, metric: &str) -> bool {
        let Some(offset) = &self.offset else { return true };
        let own = [self.name.clone(), Offset::column(Some(offset), metric)];
        Part::ALL
            .iter()
            .any(|part| column.strip_suffix(part.suffix()).is_some_and(|name| own.iter().any(|o| o == name)))
    }
}

/// A computation before its measures have places in facts.
#[derive(Clone, Debug)]
enum Node {
    Leaf(usize),
    Ratio(usize, usize),
    Derived(Expr<usize>),
    /// A value of a cohort, divided by the number of its members.
    PerMember(usize, usize),
    OfCohort {
        of: usize,
        members: usize,
        immature: usize,
    },
    /// Values of finer groups, by position among them; the second is the metric by the question's own groups.
    OfGroups(usize, usize),
}

/// A metric by more groups than the question's, whose values are aggregated once more.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct OfFiner {
    pub metric: MetricId,
    pub filters: Vec<Filter>,
    pub steps: Vec<TimeStep>,
    pub levels: Vec<Level>,
    pub finer: Finer,
}

/// What tells nodes apart: the metric, its conditions, its steps in time, its levels of detail and whose age it is of.
type Known = (MetricId, Vec<String>, Vec<TimeStep>, Vec<Level>, Option<(MetricId, Vec<String>, Vec<TimeStep>)>);

/// Turns metrics into nodes over leaves, each distinct one once.
pub(super) struct Flattener<'a> {
    bound: &'a BoundCatalog,
    pub leaves: Vec<Leaf>,
    nodes: Vec<(MetricId, Node)>,
    /// The metrics that conditions name, by their keys.
    pub by_keys: Rc<[MetricByKeys]>,
    known: HashMap<Known, usize>,
    /// The levels of detail that are open.
    levels: Vec<Level>,
    /// Each distinct one once.
    pub of_finer: Vec<OfFiner>,
    /// Whose rows within their age are measured.
    members: Option<Members>,
    pub warnings: Vec<Warning>,
    /// The currency of amounts, where one is named.
    pub currency: Option<String>,
}

impl<'a> Flattener<'a> {
    pub(super) fn new(bound: &'a BoundCatalog) -> Self {
        Flattener {
            bound,
            leaves: Vec::new(),
            nodes: Vec::new(),
            by_keys: Rc::new([]),
            known: HashMap::new(),
            levels: Vec::new(),
            of_finer: Vec::new(),
            members: None,
            warnings: Vec::new(),
            currency: bound.catalog.currency.clone(),
        }
    }

    /// The metrics asked for, in order; the same one twice is one output.
    pub(super) fn outputs(&mut self, request: &MetricsRequest, found: &mut Diagnostics) -> Vec<Asked> {
        let mut outputs: Vec<Asked> = Vec::new();
        for item in &request.metrics {
            match self.output(request, item) {
                Ok(output) => {
                    let same = |o: &Asked| o.name == output.name && o.node == output.node;
                    if !outputs.iter().any(same) {
                        outputs.push(output);
                    }
                }
                Err(refused) => found.push(refused),
            }
        }
        for item in request.where_.iter().filter(|w| w.metric.is_some()) {
            let name = item.metric.as_deref().unwrap_or_default();
            if !request.metrics.iter().any(|m| self.same_metric(&m.name, m.alias.as_deref(), name)) {
                let asked = request.metrics.iter().map(|m| m.alias.as_deref().unwrap_or(&m.name));
                found.push(
                    Diagnostic::new(Code::InvalidFilter, format!("the filter of `{name}` filters nothing"))
                        .field(item.field.clone())
                        .help("a filter on one metric names a metric of `metric_names`")
                        .suggest(name, asked),
                );
            }
        }
        outputs
    }

    fn same_metric(&self, name: &str, alias: Option<&str>, wanted: &str) -> bool {
        let id = |name: &str| self.bound.catalog.metric_named(name).map(|found| found.id);
        alias == Some(wanted) || name == wanted || (id(name).is_some() && id(name) == id(wanted))
    }

    fn output(&mut self, request: &MetricsRequest, item: &MetricItem) -> Result<Asked, Diagnostic> {
        let refused = |d: Diagnostic| d.field(item.field.clone()).received(item.name.clone());
        let named = self.bound.catalog.require_metric(&item.name).map_err(refused)?;
        let metric = self.bound.catalog.metric(named.id);
        if named.kind == NameKind::Deprecated {
            let message = format!("`{}` is a deprecated name of `{}`", item.name, metric.name);
            self.warnings.push(Warning::new(Code::DeprecatedName, message));
        }
        let inherited: Vec<Filter> = request
            .where_
            .iter()
            .filter(|w| w.metric.as_deref().is_some_and(|m| self.same_metric(&item.name, item.alias.as_deref(), m)))
            .map(|w| Filter { expr: w.condition.clone(), field: Some(w.field.clone()) })
            .collect();
        let steps: Vec<TimeStep> =
            earlier::offset(&self.bound.catalog, item)?.map(TimeStep::Offset).into_iter().collect();
        let node = self.flatten(named.id, &inherited, &steps).map_err(|d| d.field(item.field.clone()))?;
        let (offset, asked) = (item.offset.clone(), item.name.clone());
        let name = item.alias.clone().unwrap_or_else(|| Offset::column(offset.as_ref(), &metric.name));
        Ok(Asked { metric: named.id, name, asked, node, shown: true, offset })
    }

    /// Metrics that only `having` and `order_by` name.
    pub(super) fn unselected(
        &mut self,
        request: &MetricsRequest,
        outputs: &[Asked],
        found: &mut Diagnostics,
    ) -> Vec<Asked> {
        let mut names: Vec<(String, String)> = Vec::new();
        for item in &request.having {
            names.extend(item.condition.refs().iter().map(|r| (r.value.dotted(), item.field.clone())));
        }
        for item in request.order_by.iter().flatten() {
            names.push((item.column.clone(), item.field.clone()));
        }
        let mut extra: Vec<Asked> = Vec::new();
        for (name, field) in names {
            let bare = name.split("__").next().unwrap_or(&name).to_string();
            let Some(named) = self.bound.catalog.metric_named(&bare) else {
                continue;
            };
            let metric = self.bound.catalog.metric(named.id);
            let known = outputs.iter().chain(&extra).any(|o| {
                o.name == bare || o.name == metric.name || (o.metric == named.id && o.is_called(&name, &metric.name))
            });
            if known || metric.hidden {
                continue;
            }
            match self.flatten(named.id, &[], &[]) {
                Ok(node) => {
                    let name = metric.name.clone();
                    extra.push(Asked { metric: named.id, name, asked: bare, node, shown: false, offset: None })
                }
                Err(refused) => found.push(refused.field(field)),
            }
        }
        extra
    }

    /// A metric that another one needs and nobody asked for.
    pub(super) fn unasked(&mut self, id: MetricId) -> Result<Asked, Diagnostic> {
        let name = self.bound.catalog.metric(id).name.clone();
        let node = self.flatten(id, &[], &[])?;
        Ok(Asked { metric: id, asked: name.clone(), name, node, shown: false, offset: None })
    }

    pub(super) fn flatten(
        &mut self,
        id: MetricId,
        inherited: &[Filter],
        steps: &[TimeStep],
    ) -> Result<usize, Diagnostic> {
        let bound = self.bound;
        let metric = bound.catalog.metric(id);
        if let Some(later) = metric.not_yet.first() {
            return Err(not_yet(metric, later.what));
        }
        let mut filters = inherited.to_vec();
        filters.extend(metric.filter.iter().map(|expr| Filter { expr: expr.clone(), field: None }));
        let members = self.members.as_ref().map(Members::key);
        let key = (id, texts(&filters), steps.to_vec(), self.levels.clone(), members);
        if let Some(known) = self.known.get(&key) {
            return Ok(*known);
        }
        let node = match &metric.kind {
            MetricKind::Simple(measure) => {
                if measure.aggregation == Aggregation::ApproxCountDistinct {
                    let message = format!("`{}` is an estimate of a distinct count, mostly within 2 %", metric.name);
                    self.warnings.push(Warning::new(Code::Approximate, message));
                }
                if self.members.is_some() {
                    self.in_age(metric, filters)?
                } else {
                    let treatment = self.treatment(metric, steps, None);
                    self.leaf(id, filters, treatment, Measured::Metric)
                }
            }
            MetricKind::Ratio { numerator, denominator } => {
                let numerator = self.input(numerator, &filters, steps)?;
                Node::Ratio(numerator, self.input(denominator, &filters, steps)?)
            }
            MetricKind::Derived { expr, inputs } => {
                let nodes: Vec<usize> =
                    inputs.iter().map(|i| self.input(i, &filters, steps)).collect::<Result<_, _>>()?;
                Node::Derived(expr.map_refs(&mut |input: &InputId| nodes[input.0]))
            }
            MetricKind::Cumulative { input, over, period_agg } => {
                if steps.iter().any(|step| matches!(step, TimeStep::Accumulate { .. })) {
                    return Err(accumulated_twice(metric));
                }
                let step = TimeStep::Accumulate { over: *over, pick: *period_agg };
                let of = self.input(input, &filters, &[steps, &[step]].concat())?;
                Node::Derived(Expr::new(Kind::Ref(of), metric.span))
            }
            MetricKind::Conversion(of) => {
                let base = self.input(&of.base, &filters, steps)?;
                let events = self.events(id, of, &filters, steps)?;
                match of.is_rate {
                    true => Node::Ratio(events, base),
                    false => Node::Derived(Expr::new(Kind::Ref(events), metric.span)),
                }
            }
            MetricKind::Cohort(of) => self.cohort(id, of, &filters, steps)?,
            MetricKind::Later(word) => return Err(not_yet(metric, word)),
        };
        self.nodes.push((id, node));
        self.known.insert(key, self.nodes.len() - 1);
        Ok(self.nodes.len() - 1)
    }

    /// The measure of the events that follow the rows of a base metric.
    fn events(
        &mut self,
        id: MetricId,
        of: &Conversion,
        filters: &[Filter],
        steps: &[TimeStep],
    ) -> Result<usize, Diagnostic> {
        let catalog = &self.bound.catalog;
        let (base, events) = (catalog.metric(of.base.metric), catalog.metric(of.conversion.metric));
        if let Some(later) = events.not_yet.first() {
            return Err(not_yet(events, later.what));
        }
        let own = of.base.filter.iter().chain(&base.filter).map(|expr| Filter { expr: expr.clone(), field: None });
        let filters = filters.iter().cloned().chain(own).collect();
        let offset = of.conversion.offset.clone().map(TimeStep::Offset);
        let steps: Vec<TimeStep> = steps.iter().cloned().chain(offset).collect();
        let treatment = self.treatment(events, &steps, Some(Beside::Events(id)));
        let node = self.leaf(base.id, filters, treatment, Measured::Metric);
        self.nodes.push((events.id, node));
        Ok(self.nodes.len() - 1)
    }

    fn leaf(&mut self, metric: MetricId, filters: Vec<Filter>, treatment: Treatment, measured: Measured) -> Node {
        self.leaves.push(Leaf { metric, filters, treatment, measured });
        Node::Leaf(self.leaves.len() - 1)
    }

    fn input(&mut self, input: &Input, filters: &[Filter], steps: &[TimeStep]) -> Result<usize, Diagnostic> {
        let mut all = filters.to_vec();
        all.extend(input.filter.iter().map(|expr| Filter { expr: expr.clone(), field: None }));
        let offset = input.offset.clone().map(TimeStep::Offset);
        let steps: Vec<TimeStep> = steps.iter().cloned().chain(offset).collect();
        if let Some(finer) = &input.finer {
            return self.of_finer(OfFiner {
                metric: input.metric,
                filters: all,
                steps,
                levels: self.levels.clone(),
                finer: finer.clone(),
            });
        }
        let Some(level) = &input.level else { return self.flatten(input.metric, &all, &steps) };
        // Its own groups are there too, so that the total stands beside each of them.
        self.flatten(input.metric, &all, &steps)?;
        self.levels.push(level.clone());
        let node = self.flatten(input.metric, &all, &steps);
        self.levels.pop();
        node
    }

    /// Values of finer groups; the metric by the question's own is there too, for its groups and its time.
    fn of_finer(&mut self, of: OfFiner) -> Result<usize, Diagnostic> {
        let catalog = &self.bound.catalog;
        let is_cohort = |id: &MetricId| matches!(catalog.metric(*id).kind, MetricKind::Cohort(_));
        if beneath(catalog, of.metric).iter().any(is_cohort) {
            // An immature one among them would be left out in silence.
            return Err(not_yet(catalog.metric(of.metric), "finer groups of a cohort"));
        }
        let own = self.flatten(of.metric, &of.filters, &of.steps)?;
        let position = match self.of_finer.iter().position(|known| *known == of) {
            Some(known) => known,
            None => {
                self.of_finer.push(of.clone());
                self.of_finer.len() - 1
            }
        };
        let known = |node: &(MetricId, Node)| matches!(node.1, Node::OfGroups(at, _) if at == position);
        if let Some(known) = self.nodes.iter().position(known) {
            return Ok(known);
        }
        self.nodes.push((of.metric, Node::OfGroups(position, own)));
        Ok(self.nodes.len() - 1)
    }

    fn treatment(&self, metric: &Metric, steps: &[TimeStep], beside: Option<Beside>) -> Treatment {
        let is_padded = metric.join_to_timespine && self.levels.is_empty();
        Treatment { steps: steps.to_vec(), is_padded, beside, levels: self.levels.clone() }
    }

    /// The computations of all nodes; `places[leaf]` is the fact and the measure of each leaf.
    pub(super) fn computations(
        &self,
        places: &[(usize, usize)],
        of_groups: &[OfGroups],
        found: &mut Diagnostics,
    ) -> Vec<Computation> {
        let mut computations: Vec<Computation> = Vec::new();
        for (metric, node) in &self.nodes {
            let metric = self.bound.catalog.metric(*metric);
            let (formula, data_type) = match node {
                Node::Leaf(leaf) => {
                    let (fact, measure) = places[*leaf];
                    match self.type_of(*leaf, metric.id) {
                        Ok(data_type) => (Formula::Measure { fact, measure }, data_type),
                        Err(refused) => {
                            found.push(refused);
                            continue;
                        }
                    }
                }
                Node::Ratio(numerator, denominator) | Node::PerMember(numerator, denominator) => {
                    let (numerator, denominator) = (ComputationId(*numerator), ComputationId(*denominator));
                    (Formula::Ratio { numerator, denominator }, DataType::Float)
                }
                Node::OfCohort { of, members, immature } => {
                    let [of, members, immature] = [of, members, immature].map(|node| ComputationId(*node));
                    let data_type = computations.get(of.0).map_or(DataType::Null, |of| of.data_type);
                    (Formula::OfCohort { of, members, immature }, data_type)
                }
                Node::OfGroups(position, _) => {
                    // Where it was refused, it is among the findings.
                    let Some(of) = of_groups.get(*position) else { continue };
                    let (formula, data_type) = (Formula::OfGroups(*position), of.data_type);
                    computations.push(Computation { name: of.name.clone(), formula, fill: None, data_type });
                    continue;
                }
                Node::Derived(expr) => {
                    let over = expr.map_refs(&mut |node| ComputationId(*node));
                    let typed = typing::coerce(over, &mut |id: &ComputationId| {
                        computations.get(id.0).map_or(DataType::Null, |c: &Computation| c.data_type)
                    });
                    match typed {
                        Ok((expr, data_type)) => (Formula::Derived(expr), data_type),
                        Err(refused) => {
                            found.push(refused);
                            continue;
                        }
                    }
                }
            };
            let (name, fill) = self.called(metric, node);
            computations.push(Computation { name, formula, fill, data_type });
        }
        computations
    }

    /// The outputs with all that is known of them now.
    pub(super) fn finish(&self, asked: Vec<Asked>, time: &TimeOfQuery) -> Vec<Output> {
        asked
            .into_iter()
            .enumerate()
            .map(|(i, asked)| Output {
                metric: asked.metric,
                name: asked.name,
                asked: asked.asked,
                computation: ComputationId(asked.node),
                shown: asked.shown,
                additivity: self.additivity(asked.node),
                unit: self.unit(asked.metric, asked.node),
                percent: self.bound.catalog.metric(asked.metric).format == Format::Percent,
                change: time.change_of_output.get(i).copied().flatten(),
                offset: asked.offset,
            })
            .collect()
    }

    /// The unit of a metric; of amounts that have a currency of their own, the one that they are given in.
    fn unit(&self, metric: MetricId, node: usize) -> Option<String> {
        let catalog = &self.bound.catalog;
        let metric = catalog.metric(metric);
        let has_currency = |leaf: usize| {
            let leaf = catalog.metric(self.leaves[leaf].measures());
            catalog.is_money(leaf) && leaf.dataset.is_some_and(|dataset| catalog.dataset(dataset).currency.is_some())
        };
        let is_money = metric.format == Format::Currency || catalog.is_money(metric);
        if is_money && self.currency.is_some() && self.leaves_of(node).into_iter().any(has_currency) {
            return self.currency.clone();
        }
        metric.unit.clone()
    }

    /// The two nodes of a ratio; none of anything else.
    pub(super) fn ratio(&self, node: usize) -> Option<(usize, usize)> {
        match &self.nodes[node].1 {
            Node::Ratio(numerator, denominator) => Some((*numerator, *denominator)),
            Node::Derived(expr) => match expr.kind.as_ref() {
                Kind::Ref(of) => self.ratio(*of),
                _ => None,
            },
            Node::Leaf(_) | Node::OfGroups(..) | Node::PerMember(..) | Node::OfCohort { .. } => None,
        }
    }

    /// The leaves that an output is made of.
    pub(super) fn leaves_of(&self, node: usize) -> Vec<usize> {
        match &self.nodes[node].1 {
            Node::Leaf(leaf) => vec![*leaf],
            Node::OfGroups(_, own) => self.leaves_of(*own),
            Node::Ratio(a, b) | Node::PerMember(a, b) => [self.leaves_of(*a), self.leaves_of(*b)].concat(),
            Node::OfCohort { of, members, immature } => {
                [of, members, immature].into_iter().flat_map(|node| self.leaves_of(*node)).collect()
            }
            Node::Derived(expr) => expr.refs().iter().flat_map(|r| self.leaves_of(*r.value)).collect(),
        }
    }
}

/// Conditions as texts, sorted, each once.
fn texts(filters: &[Filter]) -> Vec<String> {
    let mut texts: Vec<String> = filters.iter().map(|f| f.expr.to_string()).collect();
    texts.sort();
    texts.dedup();
    texts
}

fn accumulated_twice(metric: &Metric) -> Diagnostic {
    Diagnostic::new(Code::InvalidModel, format!("`{}` accumulates a metric that accumulates already", metric.name))
        .at(metric.span)
        .help("take the innermost metric as `input_metric`")
}

fn not_yet(metric: &Metric, what: &str) -> Diagnostic {
    Diagnostic::new(Code::NotSupportedYet, format!("metric `{}` is not supported yet: `{what}`", metric.name))
        .help("`list_metrics` says which metrics can be asked")
}
