//! A comparison with the model's targets: which target each metric is held against, and what of it.

use chrono::Duration;

use super::super::super::field::FieldOf;
use super::super::super::request::MetricsRequest;
use super::super::super::resolved::{Change, Group, Sides, TargetOf};
use super::super::metrics::Asked;
use super::Times;
use crate::catalog::{Catalog, Metric};
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::expr::{Expr, Name};
use crate::model::Target;
use crate::time::granularity::Granularity;
use crate::time::range::{ResolvedTime, Window};
use crate::time::zone;

/// The target of each output; all of a question's metrics must have one.
pub(super) fn change(
    times: &Times<'_>,
    request: &MetricsRequest,
    outputs: &[Asked],
    groups: &[Group],
    range: &ResolvedTime,
) -> Result<Change, Diagnostic> {
    let catalog = &times.bound.catalog;
    let comparison = range.comparison.clone().expect("the comparison is target");
    let refused = |message: String| Diagnostic::new(Code::InvalidComparison, message).field("comparison");
    let Window { first, last, start, end, .. } = range.range;
    let zone = times.calendar.zone;
    if start != zone::day_start(first, zone) || end != zone::day_start(last + Duration::days(1), zone) {
        return Err(refused("a target is of whole days, the range is not".to_string())
            .received("target")
            .help("a range of days, such as mtd or last_month"));
    }
    if let Some(hours) = times.granularity.filter(|granularity| granularity.is_sub_day()) {
        return Err(refused(format!("targets are not planned by {hours}"))
            .received("target")
            .help("a granularity of a day or longer"));
    }
    let mut targets = Vec::with_capacity(outputs.len());
    for (output, asked) in outputs.iter().enumerate() {
        let metric = catalog.metric(asked.metric);
        if let Some(offset) = &asked.offset {
            return Err(refused(format!("`{}` {} has no target", metric.name, offset.words()))
                .help("a target is of the periods of the question: ask the metric as it is"));
        }
        if catalog.is_money(metric) && request.output.currency.is_some() && request.output.currency != catalog.currency
        {
            return Err(refused(format!("the target of `{}` is in the model's currency", metric.name))
                .help("ask without `currency`"));
        }
        match target(times, request, groups, metric, output) {
            Ok(found) => targets.push(found),
            // What only an order or a condition names is held against nothing.
            Err(_) if !asked.shown => {}
            Err(refused) => return Err(refused),
        }
    }
    // Everything is held against the whole range as asked.
    let sides = Some(Sides { current: 0, windows: Vec::new(), together: 0 });
    Ok(Change { comparison, sides, targets })
}

/// The target of a metric that can be asked by the question's groups and conditions: the one whose periods the
/// question groups by, else the first.
fn target(
    times: &Times<'_>,
    request: &MetricsRequest,
    groups: &[Group],
    metric: &Metric,
    output: usize,
) -> Result<TargetOf, Diagnostic> {
    let catalog = &times.bound.catalog;
    let all = catalog.targets.iter().enumerate();
    let of: Vec<(usize, &Target)> = all.filter(|(_, target)| is_of(catalog, target, metric)).collect();
    if of.is_empty() {
        let mut with: Vec<&str> = catalog.targets.iter().map(|target| target.metric.value.as_str()).collect();
        with.dedup();
        let help = match with.is_empty() {
            true => "the model has no `targets`; compare with a period, such as previous_period".to_string(),
            false => format!("metrics with a target: {}", with.join(", ")),
        };
        return Err(Diagnostic::new(Code::InvalidComparison, format!("`{}` has no target", metric.name))
            .field("comparison")
            .received("target")
            .help(help));
    }
    let mut refused = None;
    let mut found: Vec<TargetOf> = Vec::new();
    for (position, target) in of {
        match held(catalog, request, groups, target) {
            Ok((keys, conditions)) => found.push(TargetOf {
                output,
                target: position,
                granularity: target.granularity.value,
                keys,
                conditions,
            }),
            Err(fault) => refused = refused.or(Some(fault)),
        }
    }
    let best = found.iter().position(|of| Some(of.granularity) == times.granularity).unwrap_or(0);
    match found.into_iter().nth(best) {
        Some(target) => Ok(target),
        None => Err(refused.expect("a target that cannot be held against the question says why")),
    }
}

fn is_of(catalog: &Catalog, target: &Target, metric: &Metric) -> bool {
    catalog.metric_named(&target.metric.value).is_some_and(|found| found.id == metric.id)
}

/// The target's dimension of each group, and the conditions over its dimensions.
type Held = (Vec<Option<String>>, Vec<Expr<Name>>);

fn held(catalog: &Catalog, request: &MetricsRequest, groups: &[Group], target: &Target) -> Result<Held, Diagnostic> {
    let metric = &target.metric.value;
    if target.granularity.value < Granularity::Day {
        return Err(Diagnostic::new(
            Code::NotSupportedYet,
            format!("a target by {} is not supported yet", target.granularity.value),
        )
        .field("comparison")
        .help("targets of a day or longer"));
    }
    let is_split = |name: &str| target.dimensions.iter().any(|dimension| dimension.value == name);
    let not_split = |name: &str, field: &str| {
        let dimensions: Vec<&str> = target.dimensions.iter().map(|d| d.value.as_str()).collect();
        let help = match dimensions.is_empty() {
            true => "ask it without groups and conditions, or by metric_time".to_string(),
            false => format!("it is split by {}", dimensions.join(", ")),
        };
        Diagnostic::new(Code::DimensionNotAvailable, format!("the target of `{metric}` is not split by `{name}`"))
            .field(field.to_string())
            .received(name)
            .help(help)
    };
    let mut keys = Vec::with_capacity(groups.len());
    for group in groups {
        keys.push(match &group.field.of {
            FieldOf::MetricTime if group.is_series => None,
            FieldOf::Dimension { name, .. } if group.granularity.is_none() && is_split(name) => Some(name.clone()),
            FieldOf::MetricTime | FieldOf::Dimension { .. } | FieldOf::Metric(_) => {
                return Err(not_split(&group.key.name, "group_by"));
            }
        });
    }
    let mut conditions = Vec::new();
    for item in &request.where_ {
        let of_another = item.metric.as_deref().is_some_and(|name| {
            let asked = request.metrics.iter().find(|m| m.alias.as_deref() == Some(name));
            let name = asked.map_or(name, |asked| asked.name.as_str());
            catalog.metric_named(name).map(|found| found.id) != catalog.metric_named(metric).map(|found| found.id)
        });
        if of_another {
            continue;
        }
        for name in item.condition.refs() {
            let last = name.value.parts.last().map_or("", String::as_str);
            if !is_split(last) {
                return Err(not_split(&name.value.dotted(), &item.field));
            }
        }
        conditions.push(item.condition.clone());
    }
    Ok((keys, conditions))
}
