//! What lies beneath the metrics that a request names: other metrics, datasets, granularities; and the metrics of
//! an audit that names none.

use super::super::request::{AuditRequest, MetricItem, MetricsRequest};
use super::conditions;
use super::metrics::Flattener;
use super::rows::FactBuilder;
use crate::catalog::bind::BoundCatalog;
use crate::catalog::id::{CustomGranularityId, DatasetId, MetricId};
use crate::catalog::{Catalog, Offset};
use crate::code::Code;
use crate::diagnostic::{Diagnostics, Warning};
use crate::expr::{Expr, Name};

/// The custom granularities that metrics of a request are offset by.
pub(super) fn offset_by(catalog: &Catalog, request: &MetricsRequest) -> Vec<CustomGranularityId> {
    let mut open: Vec<MetricId> =
        request.metrics.iter().filter_map(|m| catalog.metric_named(&m.name)).map(|m| m.id).collect();
    let mut seen: Vec<MetricId> = Vec::new();
    let mut found = Vec::new();
    while let Some(id) = open.pop() {
        if seen.contains(&id) {
            continue;
        }
        seen.push(id);
        for input in catalog.metric(id).kind.inputs() {
            if let Some(Offset::Custom { granularity, .. }) = &input.offset {
                found.extend(catalog.custom_granularity_named(granularity).map(|granularity| granularity.id));
            }
            open.push(input.metric);
        }
    }
    found.sort();
    found.dedup();
    found
}

/// The datasets that the metrics of a request aggregate, as far as their names are known.
pub(super) fn datasets_of(catalog: &Catalog, request: &MetricsRequest) -> Vec<DatasetId> {
    let by_keys = |filters: &mut dyn Iterator<Item = &Expr<Name>>| -> Vec<MetricId> {
        let names = filters.flat_map(|filter| filter.refs());
        let named = names.filter_map(|name| catalog.metric_named(name.value.metric_and_keys()?.0));
        named.map(|metric| metric.id).collect()
    };
    let mut open: Vec<MetricId> =
        request.metrics.iter().filter_map(|m| catalog.metric_named(&m.name)).map(|m| m.id).collect();
    open.extend(by_keys(&mut request.where_.iter().map(|item| &item.condition)));
    let mut seen: Vec<MetricId> = Vec::new();
    while let Some(id) = open.pop() {
        if !seen.contains(&id) {
            seen.push(id);
            let metric = catalog.metric(id);
            let inputs = metric.kind.inputs();
            open.extend(by_keys(&mut metric.filter.iter().chain(inputs.iter().flat_map(|i| &i.filter))));
            open.extend(inputs.iter().map(|input| input.metric));
        }
    }
    let mut datasets: Vec<DatasetId> = seen.iter().filter_map(|id| catalog.metric(*id).dataset).collect();
    datasets.extend(catalog.time_spines().iter().map(|spine| spine.dataset));
    datasets.sort();
    datasets.dedup();
    datasets
}

/// A metric and all that it is made of.
pub(super) fn beneath(catalog: &Catalog, id: MetricId) -> Vec<MetricId> {
    let mut found = vec![id];
    let mut next = 0;
    while next < found.len() {
        let inputs = catalog.metric(found[next]).kind.inputs().into_iter().map(|input| input.metric);
        let new: Vec<MetricId> = inputs.filter(|id| !found.contains(id)).collect();
        found.extend(new);
        next += 1;
    }
    found
}

/// The model's audit metrics that can see every filter, and a warning for each that cannot.
pub(super) fn audit_set(bound: &BoundCatalog, audit: &AuditRequest) -> (Vec<MetricItem>, Vec<Warning>) {
    let mut metrics = Vec::new();
    let mut left_out = Vec::new();
    for (i, id) in bound.catalog.audit_metrics.iter().enumerate() {
        let metric = bound.catalog.metric(*id);
        let item = MetricItem { name: metric.name.clone(), alias: None, field: format!("metric_names[{i}]") };
        match cannot_ask(bound, audit, &item) {
            Some(why) => {
                left_out.push(Warning::new(Code::MetricLeftOut, format!("`{}` is left out: {why}", metric.name)));
            }
            None => metrics.push(item),
        }
    }
    (metrics, left_out)
}

/// Why a metric of the default set cannot be asked under the audit's filters.
fn cannot_ask(bound: &BoundCatalog, audit: &AuditRequest, item: &MetricItem) -> Option<String> {
    let request =
        MetricsRequest { metrics: vec![item.clone()], where_: audit.where_.clone(), ..MetricsRequest::default() };
    let mut found = Diagnostics::default();
    let mut flat = Flattener::new(bound);
    flat.outputs(&request, &mut found);
    if found.is_empty() {
        let mut facts = FactBuilder::for_leaves(bound, &flat, false);
        conditions::conditions(bound, &mut facts, &request, &mut found);
    }
    found.0.into_iter().find(|d| d.code != Code::InvalidFilter).map(|d| d.message)
}
