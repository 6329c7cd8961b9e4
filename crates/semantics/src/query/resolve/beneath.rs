//! What lies beneath the metrics that a request names: other metrics, datasets, granularities; and the metrics of
//! an audit that names none.

use super::super::field::{self, Field, parse_grain};
use super::super::request::{AuditRequest, MetricItem, MetricsRequest};
use super::metrics::Flattener;
use super::rows::FactBuilder;
use super::{conditions, earlier, of_groups};
use crate::catalog::bind::BoundCatalog;
use crate::catalog::id::{CustomGranularityId, DatasetId, MetricId};
use crate::catalog::{Accumulation, Catalog, Grain, Input, MetricKind, Offset};
use crate::code::Code;
use crate::diagnostic::{Diagnostics, Warning};
use crate::expr::{Expr, Name};
use crate::time::comparison::Mode;

/// The custom granularities whose days the metrics of a request are read by: those that inputs are offset by, or start
/// with, and that totals to date start with.
pub(super) fn read_by(catalog: &Catalog, request: &MetricsRequest) -> Vec<CustomGranularityId> {
    let mut open = named_in(catalog, request);
    let mut seen: Vec<MetricId> = Vec::new();
    let mut found: Vec<CustomGranularityId> =
        request.metrics.iter().filter_map(|item| earlier::custom(catalog, item)).collect();
    // Which units pass a condition is told before rows are read.
    let mut of_conditions = named(catalog, request.where_.iter().map(|item| &item.condition));
    let mut is_windowed = request.metrics.iter().any(|item| item.offset.is_some());
    while let Some(id) = open.pop() {
        if seen.contains(&id) {
            continue;
        }
        seen.push(id);
        let metric = catalog.metric(id);
        of_conditions.extend(named(catalog, &metric.filter));
        is_windowed |= matches!(metric.kind, MetricKind::Cumulative { .. });
        if let MetricKind::Cumulative { over, .. } = metric.kind {
            // The last day of a group is shown.
            found.extend(grouped(catalog, request));
            if let Accumulation::ToDate(Grain::Custom(id)) = over {
                found.push(id);
            }
        }
        for input in metric.kind.inputs() {
            of_conditions.extend(named(catalog, &input.filter));
            is_windowed |= input.offset.is_some();
            match &input.offset {
                Some(Offset::Custom { granularity: id, .. }) => found.push(*id),
                Some(Offset::ToGrain(grain)) => {
                    // What stands at the start of a period is shown by the first day of a group.
                    found.extend(grouped(catalog, request));
                    if let Grain::Custom(id) = grain {
                        found.push(*id);
                    }
                }
                Some(Offset::Window(_)) | None => {}
            }
            open.push(input.metric);
        }
    }
    if is_windowed {
        found.extend(of_conditions);
    }
    found.sort();
    found.dedup();
    found
}

/// The custom granularities that conditions name.
fn named<'a>(catalog: &Catalog, conditions: impl IntoIterator<Item = &'a Expr<Name>>) -> Vec<CustomGranularityId> {
    let names = conditions.into_iter().flat_map(|condition| condition.refs());
    let grains = names.filter_map(|name| Field::parse(catalog, &name.value.dotted()).ok().map(|field| field.grain));
    grains.filter_map(custom).collect()
}

fn custom(grain: field::Grain) -> Option<CustomGranularityId> {
    match grain {
        field::Grain::Custom(id) => Some(id),
        field::Grain::Unsaid | field::Grain::Bucket(_) | field::Grain::Part(_) => None,
    }
}

/// The custom granularities that a request groups by.
fn grouped(catalog: &Catalog, request: &MetricsRequest) -> Vec<CustomGranularityId> {
    let words = request.group_by.iter().flat_map(|item| {
        let suffix = Field::parse(catalog, &item.name).ok().map(|field| field.grain);
        let said = item.grain.as_deref().and_then(|word| parse_grain(catalog, word));
        suffix.into_iter().chain(said)
    });
    words.filter_map(custom).collect()
}

/// The metrics that a request names anywhere, as far as the names are known.
fn named_in(catalog: &Catalog, request: &MetricsRequest) -> Vec<MetricId> {
    let asked = request.metrics.iter().map(|item| item.name.clone());
    let having = request.having.iter().flat_map(|item| item.condition.refs()).map(|name| name.value.dotted());
    let order = request.order_by.iter().flatten().map(|item| item.column.clone());
    let bare = |name: String| name.split("__").next().map(str::to_string).unwrap_or(name);
    let by_keys = request.where_.iter().flat_map(|item| item.condition.refs());
    let by_keys = by_keys.filter_map(|name| Some(name.value.metric_and_keys()?.0.to_string()));
    let names = asked.chain(having.chain(order).map(bare)).chain(by_keys);
    names.filter_map(|name| catalog.metric_named(&name)).map(|metric| metric.id).collect()
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
    all(catalog, id, |kind| kind.inputs())
}

/// As [`beneath`], of what the time of a question is about: of a cohort its entries.
pub(super) fn of_its_time(catalog: &Catalog, id: MetricId) -> Vec<MetricId> {
    all(catalog, id, |kind| match kind {
        MetricKind::Cohort(of) => vec![&of.entry],
        other => other.inputs(),
    })
}

fn all(catalog: &Catalog, id: MetricId, inputs: impl Fn(&MetricKind) -> Vec<&Input>) -> Vec<MetricId> {
    let mut found = vec![id];
    let mut next = 0;
    while next < found.len() {
        let inputs = inputs(&catalog.metric(found[next]).kind).into_iter().map(|input| input.metric);
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
        let item = MetricItem::named(&metric.name, &format!("metric_names[{i}]"));
        match cannot_ask(bound, audit, &item) {
            Some(why) => {
                left_out.push(Warning::new(Code::MetricLeftOut, format!("`{}` is left out: {why}", metric.name)));
            }
            None => metrics.push(item),
        }
    }
    (metrics, left_out)
}

/// Why a metric of the default set cannot be asked under the audit's filters, or against targets.
fn cannot_ask(bound: &BoundCatalog, audit: &AuditRequest, item: &MetricItem) -> Option<String> {
    let against_targets = audit.time.comparison.as_deref().and_then(Mode::parse) == Some(Mode::Target);
    let has_target = bound.catalog.targets.iter().any(|target| target.metric.value == item.name);
    if against_targets && !has_target {
        return Some("it has no target".to_string());
    }
    let request =
        MetricsRequest { metrics: vec![item.clone()], where_: audit.where_.clone(), ..MetricsRequest::default() };
    let mut found = Diagnostics::default();
    let mut flat = Flattener::new(bound);
    flat.outputs(&request, &mut found);
    if found.is_empty() {
        of_groups::refuse(bound, &flat, &mut found);
    }
    if found.is_empty() {
        let mut facts = FactBuilder::for_leaves(bound, &flat, false);
        conditions::conditions(bound, &mut facts, &request, &mut found);
    }
    found.0.into_iter().find(|d| d.code != Code::InvalidFilter).map(|d| d.message)
}
