//! Expressions that ours do not say: the dimension, the metric or the saved query that has one is left out, and with it
//! the metrics that are made of it. Everything else answers.

use std::collections::BTreeSet;

use super::fields::Report;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::expr::parse::parse;
use crate::model::{Dataset, LeftOut, LeftOutKind, Metric, MetricKind, Model, SavedQuery};
use crate::source::Spanned;
use crate::yaml::Node;

/// Takes out of the model what cannot be computed.
pub(super) fn sift(report: &Report, model: &mut Model) {
    let mut found = Vec::new();
    for dataset in &mut model.datasets {
        let lost = dimensions(report, dataset);
        let timeless = |metric: &Metric| of_lost_time(metric, dataset.time.as_ref(), &lost);
        let kept = std::mem::take(&mut dataset.metrics).into_iter();
        let kept = kept.filter(|metric| {
            let reason = refused(report, metric).or_else(|| timeless(metric));
            keep(metric, reason, &mut found)
        });
        dataset.metrics = kept.collect();
        found.extend(lost);
    }
    model.metrics.retain(|metric| keep(metric, refused(report, metric), &mut found));
    drop_dependents(model, &mut found);
    model.saved_queries.retain(|query| is_sound(report, query));
    for LeftOut { kind, name, reason } in &found {
        let noun = match kind {
            LeftOutKind::Metric => "metric",
            LeftOutKind::Dimension { .. } => "dimension",
        };
        let span = reason.span.expect("every expression stands in a file");
        let help = reason.help.clone().unwrap_or_default();
        report.loss(span, format!("{noun} `{name}` is left out: {}", reason.message), &help);
        report.leave_out(name);
    }
    model.left_out.extend(found);
}

fn keep(metric: &Metric, reason: Option<Diagnostic>, found: &mut Vec<LeftOut>) -> bool {
    let Some(reason) = reason else { return true };
    let reason = Diagnostic { span: reason.span.or(Some(metric.name.span)), ..reason };
    found.push(LeftOut { kind: LeftOutKind::Metric, name: metric.name.value.clone(), reason });
    false
}

/// Takes out the dimensions of a dataset whose values are no expression of ours, and gives them.
fn dimensions(report: &Report, dataset: &mut Dataset) -> Vec<LeftOut> {
    let mut lost = Vec::new();
    let kind = LeftOutKind::Dimension { dataset: dataset.name.value.clone() };
    dataset.dimensions.retain(|dimension| {
        let Some(reason) = dimension.expr.as_ref().and_then(|expr| fault(report, expr)) else { return true };
        lost.push(LeftOut { kind: kind.clone(), name: dimension.name.value.clone(), reason });
        false
    });
    lost
}

/// Why a simple metric has no time axis any more.
fn of_lost_time(metric: &Metric, default: Option<&Spanned<String>>, lost: &[LeftOut]) -> Option<Diagnostic> {
    let MetricKind::Simple(simple) = &metric.kind else { return None };
    let balance = simple.non_additive_dimension.as_ref();
    let others = balance.iter().flat_map(|of| std::iter::once(&of.name).chain(&of.group_by));
    let named = metric.time.as_ref().or(default).into_iter().chain(others);
    let time = named.into_iter().find(|name| lost.iter().any(|other| other.name == name.value))?;
    Some(Diagnostic::new(Code::NotImported, format!("it reads `{}`, which is left out", time.value)).at(time.span))
}

/// Why a metric's own words are not ours.
fn refused(report: &Report, metric: &Metric) -> Option<Diagnostic> {
    let own = match &metric.kind {
        MetricKind::Simple(simple) => simple.expr.as_ref(),
        MetricKind::Derived(derived) => Some(&derived.expr),
        MetricKind::Ratio(_) | MetricKind::Cumulative(_) | MetricKind::Conversion(_) | MetricKind::Cohort(_) => None,
    };
    let inputs = metric.kind.inputs();
    let texts = own.into_iter().chain(&metric.filter).chain(inputs.iter().flat_map(|input| &input.filter));
    // All are looked at, for the first stands for all of them.
    let faults: Vec<Diagnostic> = texts.filter_map(|text| fault(report, text)).collect();
    faults.into_iter().next()
}

/// Why a text is no expression of ours; what reading its templates found says more than what is left of them.
fn fault(report: &Report, text: &Spanned<String>) -> Option<Diagnostic> {
    report.refusal(text.span).or_else(|| parse(&text.value, text.span).err())
}

/// Metrics that are made of one that was left out are left out with it.
fn drop_dependents(model: &mut Model, found: &mut Vec<LeftOut>) {
    loop {
        let lost: BTreeSet<String> =
            found.iter().filter(|of| of.kind == LeftOutKind::Metric).map(|of| of.name.clone()).collect();
        let before = found.len();
        let reason = |metric: &Metric| {
            let inputs = metric.kind.inputs();
            let input = inputs.iter().map(|input| &input.name).find(|name| lost.contains(&name.value))?;
            let message = format!("it is made of `{}`, which is left out", input.value);
            Some(Diagnostic::new(Code::NotImported, message).at(input.span))
        };
        for metrics in model.datasets.iter_mut().map(|of| &mut of.metrics).chain([&mut model.metrics]) {
            metrics.retain(|metric| keep(metric, reason(metric), found));
        }
        if found.len() == before {
            return;
        }
    }
}

/// Whether the names and the conditions of a saved query are ours; a loss where they are not.
fn is_sound(report: &Report, query: &SavedQuery) -> bool {
    let items = |key: &str| query.query.get(key).map(Node::items).unwrap_or_default().iter();
    let conditions = items("where").filter_map(|node| Some(Spanned::new(node.scalar()?.text.clone(), node.span)));
    let names = items("group_by").chain(items("order_by"));
    let in_names = names.filter_map(|node| report.refusal(node.span));
    let faults: Vec<Diagnostic> = in_names.chain(conditions.filter_map(|text| fault(report, &text))).collect();
    let reason = faults.into_iter().next();
    let Some(reason) = reason else { return true };
    let span = reason.span.unwrap_or(query.name.span);
    let message = format!("saved query `{}` is left out: {}", query.name.value, reason.message);
    report.loss(span, message, &reason.help.unwrap_or_default());
    report.leave_out(&query.name.value);
    false
}
