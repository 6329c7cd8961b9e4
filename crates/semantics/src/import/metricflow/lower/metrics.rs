//! Measures and metrics as metrics of ours: a metric over a measure is a simple metric of its
//! dataset, and a measure that only other metrics are made of becomes a hidden one.

use std::collections::{BTreeSet, HashMap};

use super::super::draft::{self, Aggregated, Base, Kind, Measure, MeasureInput};
use super::super::fields::Report;
use super::{distinct, unknown, unused};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::expr::Literal;
use crate::model::Dataset;
use crate::model::metric::{Conversion, Cumulative, Derived, GrainName, Input, Metric, MetricKind, Ratio, Simple};
use crate::source::{Span, Spanned};

/// Puts simple metrics into their datasets and gives the others.
pub(super) fn lower(
    report: &Report,
    datasets: &mut [Dataset],
    measures: Vec<(usize, Measure)>,
    metrics: Vec<draft::Metric>,
) -> Vec<Metric> {
    let measures = distinct(report, "measure", measures, |(_, measure)| &measure.name);
    let mut metrics = distinct(report, "metric", metrics, |metric| &metric.name);
    let mut names: BTreeSet<String> = metrics.iter().map(|metric| metric.name.value.clone()).collect();
    for (_, measure) in measures.iter().filter(|(_, measure)| measure.creates_metric) {
        if names.insert(measure.name.value.clone()) {
            metrics.push(created(measure));
        } else if !metrics.iter().any(|metric| is_of(metric, measure)) {
            let message = format!("a metric beside measure `{}`, which creates one of its name", measure.name.value);
            let fault = Diagnostic::new(Code::DuplicateName, message).at(measure.name.span);
            report.fault(fault.help("remove `create_metric`, or rename the metric"));
        }
    }
    let mut lowering = Lowering {
        report,
        datasets: datasets.iter().enumerate().map(|(i, d)| (d.name.value.clone(), i)).collect(),
        measures: measures.into_iter().map(|(i, measure)| (measure.name.value.clone(), (i, measure))).collect(),
        simple: HashMap::new(),
        names,
        used: BTreeSet::new(),
        told: BTreeSet::new(),
        hidden: Vec::new(),
    };
    metrics.iter().for_each(|metric| lowering.remember(metric));
    let mut across = Vec::new();
    for metric in &metrics {
        match lowering.metric(metric) {
            Some((Some(dataset), metric)) => datasets[dataset].metrics.push(metric),
            Some((None, metric)) => across.push(metric),
            None => {}
        }
    }
    lowering.tell_unused();
    for (dataset, metric) in lowering.hidden {
        datasets[dataset].metrics.push(metric);
    }
    across
}

/// Whether a metric has the name of a measure and is made of it.
fn is_of(metric: &draft::Metric, measure: &Measure) -> bool {
    let name = &measure.name.value;
    metric.name.value == *name && matches!(&metric.kind, Kind::OfMeasure(input) if input.name.value == *name)
}

/// The metric that `create_metric` makes of a measure.
fn created(measure: &Measure) -> draft::Metric {
    draft::Metric {
        name: measure.name.clone(),
        label: measure.label.clone(),
        description: measure.description.clone(),
        synonyms: Vec::new(),
        owner: None,
        filter: Vec::new(),
        granularity: None,
        hidden: false,
        kind: Kind::OfMeasure(MeasureInput {
            span: measure.name.span,
            name: measure.name.clone(),
            filter: Vec::new(),
            join_to_timespine: None,
            fill_nulls_with: None,
        }),
        span: measure.span,
    }
}

/// What tells two metrics over one measure apart.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Use {
    measure: String,
    filter: Vec<String>,
    join_to_timespine: bool,
    /// The literal in its own words.
    fill_nulls_with: Option<String>,
}

impl Use {
    fn of(input: &MeasureInput, filter: &[Spanned<String>]) -> Use {
        let filters = filter.iter().chain(&input.filter);
        Use {
            measure: input.name.value.clone(),
            filter: filters.map(|filter| filter.value.clone()).collect(),
            join_to_timespine: input.join_to_timespine.as_ref().is_some_and(|flag| flag.value),
            fill_nulls_with: input.fill_nulls_with.as_ref().map(|fill| format!("{:?}", fill.value)),
        }
    }
}

struct Lowering<'a> {
    report: &'a Report,
    /// Places of datasets by the names of their semantic models.
    datasets: HashMap<String, usize>,
    /// Measures with the place of their dataset.
    measures: HashMap<String, (usize, Measure)>,
    /// Simple metrics by what they make of a measure.
    simple: HashMap<Use, String>,
    /// Names of metrics.
    names: BTreeSet<String>,
    /// Measures that metrics are made of.
    used: BTreeSet<String>,
    /// Labels and descriptions of measures that a metric has.
    told: BTreeSet<Span>,
    /// Metrics that no file names, with the place of their dataset.
    hidden: Vec<(usize, Metric)>,
}

impl Lowering<'_> {
    /// Lets other metrics be made of a metric over a measure; the one of the measure's name first.
    fn remember(&mut self, metric: &draft::Metric) {
        let Kind::OfMeasure(input) = &metric.kind else { return };
        if metric.granularity.is_some() {
            return;
        }
        let found = self.simple.entry(Use::of(input, &metric.filter)).or_insert_with(|| metric.name.value.clone());
        if metric.name.value == input.name.value {
            *found = metric.name.value.clone();
        }
    }

    /// The metric with the place of its dataset, if it stands in one.
    fn metric(&mut self, of: &draft::Metric) -> Option<(Option<usize>, Metric)> {
        let kind = match &of.kind {
            Kind::OfMeasure(input) => {
                let (dataset, metric) = self.of_measure(of, input)?;
                return Some((Some(dataset), metric));
            }
            Kind::OfRows { semantic_model, aggregated, join_to_timespine, fill_nulls_with } => {
                let dataset = self.datasets.get(&semantic_model.value).copied();
                if dataset.is_none() {
                    let known = self.datasets.keys().map(String::as_str);
                    unknown(self.report, "semantic model", semantic_model, known);
                }
                let joined = (join_to_timespine.clone(), fill_nulls_with.clone());
                return Some((Some(dataset?), simple(of, of.filter.clone(), aggregated, joined)));
            }
            Kind::Ratio { numerator, denominator } => {
                MetricKind::Ratio(Ratio { numerator: numerator.clone(), denominator: denominator.clone() })
            }
            Kind::Derived { expr, inputs } => {
                MetricKind::Derived(Derived { expr: expr.clone(), inputs: inputs.clone() })
            }
            Kind::Cumulative { input, window, grain_to_date, period_agg } => MetricKind::Cumulative(Cumulative {
                input: self.input(input)?,
                window: window.clone(),
                grain_to_date: grain_to_date.clone().map(|grain| grain.map(GrainName::Standard)),
                period_agg: Some(period_agg.clone()),
            }),
            Kind::Conversion { base, conversion, entity, window, calculation, constant_properties } => {
                let (base, conversion) = (self.input(base), self.input(conversion));
                MetricKind::Conversion(Conversion {
                    base: base?,
                    conversion: conversion?,
                    entity: entity.clone(),
                    window: window.clone(),
                    calculation: calculation.clone(),
                    constant_properties: constant_properties.clone(),
                })
            }
        };
        Some((None, metric(of, of.filter.clone(), kind)))
    }

    /// Tells the measures that no metric is made of, since nobody can ask for them, and the words of
    /// others that their metrics have words of their own for.
    fn tell_unused(&self) {
        for (_, measure) in self.measures.values().filter(|(_, m)| self.used.contains(&m.name.value)) {
            let words = [("label", &measure.label), ("description", &measure.description)];
            for (key, text) in words.into_iter().filter_map(|(key, text)| Some((key, text.as_ref()?))) {
                if !self.told.contains(&text.span) {
                    self.report.count(&format!("`{key}` of a measure whose metrics have their own"), text.span);
                }
            }
        }
        for (_, measure) in self.measures.values().filter(|(_, m)| !self.used.contains(&m.name.value)) {
            let fact = format!("measure `{}` is not read: no metric is made of it", measure.name.value);
            self.report.loss(measure.name.span, fact, "add `create_metric: true`, or a metric of it");
        }
    }

    fn of_measure(&mut self, of: &draft::Metric, input: &MeasureInput) -> Option<(usize, Metric)> {
        self.used.insert(input.name.value.clone());
        let Some((dataset, measure)) = self.measures.get(&input.name.value) else {
            unknown(self.report, "measure", &input.name, self.measures.keys().map(String::as_str));
            return None;
        };
        let filter = of.filter.iter().chain(&input.filter).cloned().collect();
        let joined = (input.join_to_timespine.clone(), input.fill_nulls_with.clone());
        let mut metric = simple(of, filter, &measure.aggregated, joined);
        for (own, of_measure) in [(&mut metric.label, &measure.label), (&mut metric.description, &measure.description)]
        {
            match of_measure {
                Some(text) if own.is_none() => {
                    self.told.insert(text.span);
                    *own = Some(text.clone());
                }
                Some(text) if own.as_ref() == Some(text) => {
                    self.told.insert(text.span);
                }
                Some(_) | None => {}
            }
        }
        Some((*dataset, metric))
    }

    /// The metric that a measure, as it is used, is: one of the files, or a hidden one.
    fn input(&mut self, base: &Base) -> Option<Input> {
        let input = match base {
            Base::Metric(input) => return Some(input.clone()),
            Base::Measure(input) => input,
        };
        let used = Use::of(input, &[]);
        if let Some(name) = self.simple.get(&used) {
            return Some(Input { span: input.span, ..Input::named(Spanned::new(name.clone(), input.name.span)) });
        }
        let measure = &input.name.value;
        let name = match self.names.contains(measure) {
            false => measure.clone(),
            true => unused(&format!("{measure}_measure"), |name| self.names.contains(name)),
        };
        let of = draft::Metric {
            name: Spanned::new(name.clone(), input.name.span),
            label: None,
            description: None,
            synonyms: Vec::new(),
            owner: None,
            filter: Vec::new(),
            granularity: None,
            hidden: true,
            kind: Kind::OfMeasure(input.clone()),
            span: input.span,
        };
        let hidden = self.of_measure(&of, input)?;
        self.hidden.push(hidden);
        self.names.insert(name.clone());
        self.simple.insert(used, name.clone());
        Some(Input { span: input.span, ..Input::named(Spanned::new(name, input.name.span)) })
    }
}

fn simple(
    of: &draft::Metric,
    filter: Vec<Spanned<String>>,
    aggregated: &Aggregated,
    (join_to_timespine, fill_nulls_with): (Option<Spanned<bool>>, Option<Spanned<Literal>>),
) -> Metric {
    let kind = MetricKind::Simple(Simple {
        agg: aggregated.agg.clone(),
        expr: Some(aggregated.expr.clone()),
        percentile: aggregated.percentile.clone(),
        percentile_type: aggregated.percentile_type.clone(),
        non_additive_dimension: aggregated.non_additive_dimension.clone(),
        scale: None,
    });
    Metric { time: aggregated.time.clone(), join_to_timespine, fill_nulls_with, ..metric(of, filter, kind) }
}

fn metric(of: &draft::Metric, filter: Vec<Spanned<String>>, kind: MetricKind) -> Metric {
    Metric {
        name: of.name.clone(),
        label: of.label.clone(),
        description: of.description.clone(),
        synonyms: of.synonyms.clone(),
        aliases: Vec::new(),
        deprecated_names: Vec::new(),
        owner: of.owner.clone(),
        unit: None,
        format: None,
        direction: None,
        filter,
        time: None,
        granularity: of.granularity.clone().map(|grain| grain.map(GrainName::Standard)),
        join_to_timespine: None,
        fill_nulls_with: None,
        materiality: None,
        min_sample: None,
        sample: None,
        settles_after: None,
        attribution_window: None,
        hidden: of.hidden,
        tests: Vec::new(),
        kind,
        span: of.span,
    }
}
