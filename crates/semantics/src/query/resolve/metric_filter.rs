//! Metrics of conditions: `metric(bookings, listing) > 2` keeps the rows of listings with more than two
//! bookings, all their data counted.
//!
//! Each distinct one is a question of its own, asked over all data up to the same clock and grouped by its
//! keys; its rows are then attached to the rows in question by equal keys.

use chrono::SecondsFormat;

use super::super::request::{GroupItem, MetricItem, MetricsRequest, OutputArguments, TimeArguments};
use super::super::resolved::ResolvedQuery;
use super::leaf::{Beside, Filter, Leaf, Measured};
use super::metrics::Flattener;
use super::{Context, groups, time};
use crate::catalog::bind::BoundCatalog;
use crate::catalog::id::DatasetId;
use crate::catalog::{Input, MetricKind};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::expr::{Expr, Name, metric_and_keys};

/// A metric of a condition with the query that gives it.
#[derive(Clone, Debug)]
pub(super) struct MetricByKeys {
    /// As written in the condition.
    pub name: String,
    pub query: ResolvedQuery,
}

/// Every metric that the conditions of a question and of its metrics name, each once.
pub(super) fn resolve(
    bound: &BoundCatalog,
    context: &Context,
    request: &MetricsRequest,
    flat: &Flattener,
    found: &mut Diagnostics,
) -> Vec<MetricByKeys> {
    let in_request = request.where_.iter().map(|item| (&item.condition, Some(item.field.as_str())));
    let of_leaves = flat.leaves.iter().flat_map(|leaf| &leaf.filters).map(|f| (&f.expr, f.field.as_deref()));
    let beside = flat.leaves.iter().flat_map(|leaf| of_beside(bound, leaf));
    let mut named: Vec<(String, Option<&str>)> = Vec::new();
    for (condition, field) in in_request.chain(of_leaves).chain(beside.map(|expr| (expr, None))) {
        for name in condition.refs().into_iter().filter(|name| name.value.metric_and_keys().is_some()) {
            let text = name.value.dotted();
            if !named.iter().any(|(known, _)| *known == text) {
                named.push((text, field));
            }
        }
    }
    let mut resolved = Vec::with_capacity(named.len());
    for (name, field) in named {
        let argument = if field.is_some() { "where" } else { groups::OF_MODEL };
        match one(bound, context, request, flat, (&name, argument)) {
            Ok(query) => resolved.push(MetricByKeys { name, query }),
            Err(refused) => {
                let of = |d: Diagnostic| match field {
                    Some(field) => Diagnostic { span: None, ..d }.field(field).received(name.clone()),
                    None => Diagnostic { message: format!("{} (in `{name}`)", d.message), field: None, ..d },
                };
                found.0.extend(refused.0.into_iter().map(of));
            }
        }
    }
    resolved
}

/// The conditions on what stands beside the rows of a leaf: on events, on entries, on rows within an age.
fn of_beside<'a>(bound: &'a BoundCatalog, leaf: &'a Leaf) -> Vec<&'a Expr<Name>> {
    let id = match &leaf.treatment.beside {
        None => return Vec::new(),
        Some(Beside::Events(id) | Beside::Members(id) | Beside::Age { cohort: id, .. }) => *id,
    };
    let inputs: Vec<&Input> = match &bound.catalog.metric(id).kind {
        MetricKind::Conversion(of) => vec![&of.conversion],
        MetricKind::Cohort(of) => vec![&of.entry, &of.input],
        MetricKind::Simple(_)
        | MetricKind::Ratio { .. }
        | MetricKind::Derived { .. }
        | MetricKind::Cumulative { .. }
        | MetricKind::Later(_) => Vec::new(),
    };
    let in_age: &[Filter] = if let Measured::InAge(_, filters) = &leaf.measured { filters } else { &[] };
    let own = inputs.into_iter().flat_map(|of| bound.catalog.metric(of.metric).filter.iter().chain(&of.filter));
    own.chain(in_age.iter().map(|filter| &filter.expr)).collect()
}

fn one(
    bound: &BoundCatalog,
    context: &Context,
    request: &MetricsRequest,
    flat: &Flattener,
    (name, argument): (&str, &str),
) -> Result<ResolvedQuery, Diagnostics> {
    let (metric, keys) = metric_and_keys(name).expect("only such names were gathered");
    if let Some(time) = keys.iter().find(|key| key.starts_with("metric_time")) {
        return Err(Diagnostic::new(Code::InvalidFilter, format!("`{time}` is no key of a metric in a condition"))
            .help("its keys are entities and dimensions; it counts all data")
            .into());
    }
    let datasets: Vec<DatasetId> =
        flat.leaves.iter().filter_map(|leaf| bound.catalog.metric(leaf.metric).dataset).collect();
    let as_of = time::clock_of(bound, context, &request.time, &datasets)?;
    let asked = MetricsRequest {
        metrics: vec![MetricItem::named(metric, "where")],
        group_by: keys.iter().map(|key| group(key, argument)).collect(),
        time: TimeArguments {
            as_of: Some(as_of.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
            timezone: request.time.timezone.clone(),
            ..TimeArguments::default()
        },
        order_by: Some(Vec::new()),
        totals: Some(false),
        output: OutputArguments { currency: request.output.currency.clone(), ..OutputArguments::default() },
        ..MetricsRequest::default()
    };
    super::resolve(bound, context, &asked)
}

fn group(key: &str, argument: &str) -> GroupItem {
    GroupItem { name: key.to_string(), grain: None, date_part: None, alias: None, field: argument.to_string() }
}
