//! Saved queries: a request that names one is the saved request with what it says itself on top.

use super::super::request::{self, MetricsRequest, OutputArguments, TimeArguments};
use crate::catalog::bind::BoundCatalog;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};

/// The request with its saved query read in. Lists and times that it gives itself take the place
/// of the saved ones; its conditions are ANDed to the saved ones.
pub fn expand(bound: &BoundCatalog, asked: &MetricsRequest) -> Result<MetricsRequest, Diagnostics> {
    let Some(name) = &asked.saved_query else {
        return Ok(asked.clone());
    };
    let Some(saved) = bound.catalog.saved_queries.iter().find(|q| q.name.value == *name) else {
        let known = bound.catalog.saved_queries.iter().map(|q| q.name.value.as_str());
        return Err(Diagnostic::new(Code::UnknownSavedQuery, format!("unknown saved query `{name}`"))
            .field("saved_query")
            .received(name.clone())
            .suggest(name, known)
            .help("`list_saved_queries` gives them all")
            .into());
    };
    let saved = request::decode_saved(&saved.query.to_json())?;
    let mut where_ = saved.where_;
    where_.extend(asked.where_.iter().cloned());
    let mut having = saved.having;
    having.extend(asked.having.iter().cloned());
    Ok(MetricsRequest {
        chart: asked.chart,
        metrics: if asked.metrics.is_empty() { saved.metrics } else { asked.metrics.clone() },
        saved_query: None,
        query: asked.query.clone(),
        time: times(saved.time, &asked.time),
        group_by: if asked.group_by.is_empty() && !asked.no_groups { saved.group_by } else { asked.group_by.clone() },
        no_groups: asked.no_groups,
        where_,
        having,
        order_by: asked.order_by.clone().or(saved.order_by),
        limit: asked.limit.or(saved.limit),
        cursor: asked.cursor.clone(),
        include_empty: asked.include_empty || saved.include_empty,
        totals: asked.totals.or(saved.totals),
        output: output(saved.output, &asked.output),
    })
}

fn output(saved: OutputArguments, asked: &OutputArguments) -> OutputArguments {
    OutputArguments {
        currency: asked.currency.clone().or(saved.currency),
        response_format: asked.response_format.or(saved.response_format),
        number_format: asked.number_format.or(saved.number_format),
        max_bytes: asked.max_bytes.or(saved.max_bytes),
        explain: asked.explain || saved.explain,
    }
}

fn times(saved: TimeArguments, asked: &TimeArguments) -> TimeArguments {
    let own_range = asked.time_range.is_some() || asked.start_date.is_some() || asked.end_date.is_some();
    let range = if own_range { asked.clone() } else { saved.clone() };
    TimeArguments {
        time_range: range.time_range,
        start_date: range.start_date,
        end_date: range.end_date,
        granularity: asked.granularity.clone().or(saved.granularity),
        comparison: asked.comparison.clone().or(saved.comparison),
        timezone: asked.timezone.clone().or(saved.timezone),
        as_of: asked.as_of.clone().or(saved.as_of),
        include_today: asked.include_today || saved.include_today,
        complete_days_only: asked.complete_days_only || saved.complete_days_only,
        align_to_granularity: asked.align_to_granularity || saved.align_to_granularity,
    }
}
