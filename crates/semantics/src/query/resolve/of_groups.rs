//! Values of finer groups, aggregated once more: the average of what each customer bought.
//!
//! The metric is a question of its own, by the groups of the question and the finer ones, over the same periods and
//! under the same conditions; the total has one by the finer groups alone, for a customer that bought in two channels
//! is two finer groups by channel and one in all.

use super::super::request::MetricsRequest;
use super::super::resolved::{Group, OfGroups, ResolvedQuery};
use super::super::row::Grouping;
use super::groups::{self, Wanted};
use super::metrics::{Flattener, OfFiner};
use super::rows::FactBuilder;
use super::spines::Spines;
use super::{conditions, level, measures, metric_filter};
use crate::catalog::aggregation::Aggregation;
use crate::catalog::bind::{self, BoundCatalog};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::metric::GroupAggregation;
use crate::model::words::Word;

/// Those of a question; an audit has none.
pub(super) fn of_question(
    of: &Spines<'_>,
    request: &MetricsRequest,
    flat: &Flattener,
    by: (&[Wanted], &[Group]),
    found: &mut Diagnostics,
) -> Vec<OfGroups> {
    match of.grouping {
        Grouping::Sets => refuse(of.bound, flat, found),
        Grouping::Total | Grouping::Groups | Grouping::GroupsAndTotal => resolve(of, request, flat, by, found),
    }
}

/// Each of the flattener's, in its order.
pub(super) fn resolve(
    of: &Spines<'_>,
    request: &MetricsRequest,
    flat: &Flattener,
    (wanted, groups): (&[Wanted], &[Group]),
    found: &mut Diagnostics,
) -> Vec<OfGroups> {
    let mut resolved = Vec::with_capacity(flat.of_finer.len());
    for finer in &flat.of_finer {
        match one(of, request, flat, (wanted, groups), finer) {
            Ok(one) => resolved.push(one),
            Err(refused) => {
                let metric = &of.bound.catalog.metric(finer.metric).name;
                let within = |d: Diagnostic| Diagnostic {
                    message: format!("{} (`{metric}` per {})", d.message, finer.finer.dimensions.join(", ")),
                    ..d
                };
                found.0.extend(refused.0.into_iter().map(within));
            }
        }
    }
    resolved
}

/// The refusal of what an audit does not break down.
pub(super) fn refuse(bound: &BoundCatalog, flat: &Flattener, found: &mut Diagnostics) -> Vec<OfGroups> {
    for of in &flat.of_finer {
        let metric = &bound.catalog.metric(of.metric).name;
        let fact = format!("an audit of `{metric}` per {} is not supported yet", of.finer.dimensions.join(", "));
        found.push(
            Diagnostic::new(Code::NotSupportedYet, fact)
                .field("metric_names")
                .help("ask it with `get_metrics` and a comparison"),
        );
    }
    Vec::new()
}

fn one(
    spines: &Spines<'_>,
    request: &MetricsRequest,
    flat: &Flattener,
    (wanted, groups): (&[Wanted], &[Group]),
    of: &OfFiner,
) -> Result<OfGroups, Diagnostics> {
    let bound = spines.bound;
    let kept = level::kept(&bound.catalog, groups, &of.levels).unwrap_or_else(|| (0..groups.len()).collect());
    let in_groups = spines.grouping != Grouping::Total && !kept.is_empty();
    let in_total = spines.grouping != Grouping::Groups || kept.is_empty();
    let finer = |of_question: Vec<Wanted>| -> Result<ResolvedQuery, Diagnostics> {
        let all = groups::with_finer(bound, of_question, &of.finer.dimensions, request)?;
        by_finer(spines, request, flat, &all, of)
    };
    let own = || kept.iter().map(|position| wanted[*position].clone()).collect();
    let in_groups = if in_groups { Some(Box::new(finer(own())?)) } else { None };
    let in_total = if in_total { Some(Box::new(finer(Vec::new())?)) } else { None };
    let query = in_groups.as_ref().or(in_total.as_ref()).expect("a question asks for groups or a total");
    let (computation, value) = query.computations.iter().enumerate().next_back().expect("a metric is a computation");
    let aggregation = aggregation(of.finer.aggregation);
    let metric = bound.catalog.metric(of.metric);
    Ok(OfGroups {
        name: format!("{} of {} per {}", of.finer.aggregation.word(), metric.name, of.finer.dimensions.join(", ")),
        aggregation,
        data_type: bind::aggregate_type(metric, aggregation, Some(value.data_type), None)?,
        keys: kept,
        in_groups,
        in_total,
        computation: super::super::computation::ComputationId(computation),
    })
}

/// The metric by these groups; its computation is the last one.
fn by_finer(
    spines: &Spines<'_>,
    request: &MetricsRequest,
    outer: &Flattener,
    wanted: &[Wanted],
    of: &OfFiner,
) -> Result<ResolvedQuery, Diagnostics> {
    let Spines { bound, context, time, .. } = *spines;
    let mut found = Diagnostics::default();
    let mut flat = Flattener::new(bound);
    flat.currency = outer.currency.clone();
    flat.flatten(of.metric, &of.filters, &of.steps)?;
    flat.by_keys = metric_filter::resolve(bound, context, request, &flat, &mut found).into();
    let mut facts = FactBuilder::for_leaves(bound, &flat, groups::is_sub_day(wanted));
    for fact in &mut facts {
        // A unit without rows has no finer groups.
        fact.treatment.is_padded = false;
    }
    let groups = groups::resolve(bound, &mut facts, wanted, &mut found);
    level::set(&bound.catalog, &groups, &mut facts);
    conditions::conditions(bound, &mut facts, request, &mut found);
    if !found.is_empty() {
        return Err(found);
    }
    let spines = Spines { bound, context, time, grouping: Grouping::Groups };
    let (facts, places) = measures::measures(bound, facts, &flat, &spines, &mut found);
    let of_groups = resolve(&spines, request, &flat, (wanted, &groups), &mut found);
    let computations = flat.computations(&places, &of_groups, &mut found);
    if !found.is_empty() {
        return Err(found);
    }
    Ok(ResolvedQuery {
        outputs: Vec::new(),
        groups,
        grouping: Grouping::Groups,
        slices: None,
        facts,
        of_groups,
        members: None,
        computations,
        having: Vec::new(),
        order: Vec::new(),
        limit: None,
        cursor: None,
        time: time.clone(),
        output: request.output.clone(),
        currency: flat.currency,
        filters: Vec::new(),
        defaults_used: Vec::new(),
        notes: Vec::new(),
        warnings: Vec::new(),
    })
}

fn aggregation(of: GroupAggregation) -> Aggregation {
    match of {
        GroupAggregation::Sum => Aggregation::Sum,
        GroupAggregation::Average => Aggregation::Average,
        GroupAggregation::Median => Aggregation::Median,
        GroupAggregation::Min => Aggregation::Min,
        GroupAggregation::Max => Aggregation::Max,
        GroupAggregation::Count => Aggregation::Count,
    }
}
