//! A request held against the catalog: what was asked becomes what it means.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};

use crate::catalog::bind::BoundCatalog;
use crate::catalog::id::{CustomGranularityId, DatasetId};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics, Warning};
use crate::expr::{Expr, Literal};
use crate::query::audit::Audit;
use crate::query::request::{AuditRequest, MetricsRequest, Request};
use crate::query::resolved::{Order, OutputColumn, ResolvedQuery};
use crate::query::row::Grouping;

mod attach;
mod audit;
mod balance;
mod bridges;
mod by_day;
mod beneath;
mod columns;
mod conditions;
mod measures;
mod earlier;
mod events;
mod cohort;
mod currency;
mod groups;
mod leaf;
mod level;
mod members;
mod metric_filter;
mod metrics;
mod of_groups;
mod on_time;
mod rows;
mod saved;
mod spines;
mod time;
mod windows;

#[cfg(test)]
mod tests;

pub(in crate::query) use attach::{comparable, key_types};
pub use saved::expand;

/// What a question is resolved against besides the catalog.
#[derive(Clone, Debug)]
pub struct Context {
    /// The door's clock.
    pub now: DateTime<Utc>,
    /// What is known of each dataset's time axis, by [`DatasetId::index`].
    pub extents: Vec<Option<Extent>>,
    /// The days of each custom granularity that the question is read by, by `CustomGranularityId::index`.
    pub periods: Vec<Option<CustomPeriods>>,
}

/// The periods of a custom granularity, day by day.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CustomPeriods {
    /// Days in order, each with the number of its period; numbers count up.
    pub days: Vec<(NaiveDate, usize)>,
    /// What each period is called, by its number, with the number of the first one that is called so.
    pub names: Vec<(Literal, usize)>,
}

impl CustomPeriods {
    /// The periods of days in order, each with what its period is called.
    pub fn new(named: Vec<(NaiveDate, Literal)>) -> CustomPeriods {
        let mut first_of: HashMap<String, usize> = HashMap::new();
        let mut periods = CustomPeriods::default();
        for (day, name) in named {
            if periods.names.last().is_none_or(|(last, _)| *last != name) {
                let number = periods.names.len();
                let first = *first_of.entry(format!("{name:?}")).or_insert(number);
                periods.names.push((name, first));
            }
            periods.days.push((day, periods.names.len() - 1));
        }
        periods
    }

    /// The day of the same place in the period so many earlier; none where that period is not there or shorter.
    pub fn earlier(&self, day: NaiveDate, count: u32) -> Option<NaiveDate> {
        let at = self.days.binary_search_by_key(&day, |(day, _)| *day).ok()?;
        let period = self.days[at].1;
        let wanted = period.checked_sub(usize::try_from(count).ok()?)?;
        let first = |number: usize| self.days.partition_point(|(_, period)| *period < number);
        let found = self.days.get(first(wanted) + at - first(period))?;
        (found.1 == wanted).then_some(found.0)
    }

    /// The first day of the period that holds a day; none where no period does.
    pub fn start_of(&self, day: NaiveDate) -> Option<NaiveDate> {
        let at = self.days.binary_search_by_key(&day, |(day, _)| *day).ok()?;
        let period = self.days[at].1;
        Some(self.days[self.days.partition_point(|(_, number)| *number < period)].0)
    }

    /// What the period that holds a day is called, and the number of the first one that is called so; none where no
    /// period does, or it has no name.
    pub fn name_of(&self, day: NaiveDate) -> Option<(&Literal, usize)> {
        let at = self.days.binary_search_by_key(&day, |(day, _)| *day).ok()?;
        let (name, first) = &self.names[self.days[at].1];
        (*name != Literal::Null).then_some((name, *first))
    }
}

/// The custom granularities that metrics of a request are read by, as far as its metric names are known.
pub fn read_by(bound: &BoundCatalog, request: &MetricsRequest) -> Vec<CustomGranularityId> {
    beneath::read_by(&bound.catalog, request)
}

/// The oldest and newest fact of a dataset on its time axis, and how far it is complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    pub first: Moment,
    pub last: Moment,
    /// The declared watermark, less its lag.
    pub watermark: Option<DateTime<Utc>>,
}

/// A fact's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// On a date axis.
    Date(NaiveDate),
    Instant(DateTime<Utc>),
}

/// The datasets whose extents a request needs, as far as its metric names are known.
pub fn datasets_of(bound: &BoundCatalog, request: &MetricsRequest) -> Vec<DatasetId> {
    if request.metrics.is_empty() {
        return members::datasets_of(bound, request);
    }
    beneath::datasets_of(&bound.catalog, request)
}

/// What `request` means, or everything that is wrong with it.
///
/// A saved query must have been expanded with [`expand`].
pub fn resolve(
    bound: &BoundCatalog,
    context: &Context,
    request: &MetricsRequest,
) -> Result<ResolvedQuery, Diagnostics> {
    if let Some(refused) = not_yet(request) {
        return Err(refused.into());
    }
    if request.metrics.is_empty() {
        return without_metrics(bound, context, request);
    }
    Ok(question(bound, context, request, None)?.0)
}

/// What an audit asks, `request` being its question, and how the answer is judged.
pub fn audit(
    bound: &BoundCatalog,
    context: &Context,
    audit: &AuditRequest,
    request: &MetricsRequest,
) -> Result<(ResolvedQuery, Audit), Diagnostics> {
    if let Some(refused) = not_yet(request) {
        return Err(refused.into());
    }
    let (query, judged) = question(bound, context, request, Some(audit))?;
    Ok((query, judged.expect("an audit was asked for")))
}

fn question(
    bound: &BoundCatalog,
    context: &Context,
    request: &MetricsRequest,
    audit: Option<&AuditRequest>,
) -> Result<(ResolvedQuery, Option<Audit>), Diagnostics> {
    let mut found = Diagnostics::default();
    let mut flat = metrics::Flattener::new(bound);
    flat.currency = currency::target(&bound.catalog, request)?;
    let mut outputs = flat.outputs(request, &mut found);
    outputs.extend(flat.unselected(request, &outputs, &mut found));
    if audit.is_some() {
        outputs.extend(audit::samples(bound, &mut flat, &outputs)?);
    }
    let wanted = groups::fields(bound, request, &mut found);
    flat.by_keys = metric_filter::resolve(bound, context, request, &flat, &mut found).into();
    if !found.is_empty() {
        return Err(found);
    }
    let mut facts = rows::FactBuilder::for_leaves(bound, &flat, groups::is_sub_day(&wanted));
    let groups = groups::resolve(bound, &mut facts, &wanted, &mut found);
    let asking = audit.map(|audit| audit::place_slices(bound, &mut facts, audit, &mut found));
    let keys = asking.as_ref().map_or(&groups, |asking| &asking.slices.groups);
    level::set(&bound.catalog, keys, &mut facts);
    conditions::conditions(bound, &mut facts, request, &mut found);
    let time = time::resolve(bound, context, request, &facts, &flat, &outputs, &groups, &mut found);
    let (Some(mut time), true) = (time, found.is_empty()) else {
        return Err(found);
    };
    let readings = asking.as_ref().map(|asking| audit::readings(context, &flat, &facts, asking, &outputs, &mut time));
    let grouping = grouping(asking.is_some(), !groups.is_empty(), request.totals.unwrap_or(true));
    let spines = spines::Spines { bound, context, time: &time.query, grouping };
    let (mut facts, places): (Vec<_>, Vec<_>) = measures::measures(bound, facts, &flat, &spines, &mut found);
    let of_groups = of_groups::of_question(&spines, request, &flat, (&wanted, &groups), &mut found);
    let computations = flat.computations(&places, &of_groups, &mut found);
    if !found.is_empty() {
        return Err(found);
    }
    let outputs = flat.finish(outputs, &time);
    let resolved =
        audit::Resolved { bound, flat: &flat, outputs: &outputs, computations: &computations, places: &places };
    let judged = match (audit, asking, readings) {
        (Some(audit), Some(asking), Some(readings)) => Some(resolved.audit(audit, asking, readings, &mut facts)),
        _ => None,
    };
    let (judged, slices) = judged.unzip();
    let members = members::beside(bound, request, &wanted, &groups, &time.query)?;
    let of_results =
        columns::Columns { bound, groups: &groups, outputs: &outputs, computations: &computations, time: &time.query };
    let (having, order) = results(&of_results, request)?;
    let default_order = (request.order_by.is_none() && !groups.is_empty()).then_some("order_by");
    let defaults_used = time.defaults_used.into_iter().chain(default_order).collect();
    let warnings = flat.warnings.into_iter().chain(time.warnings).chain(bridges::warnings(bound, &facts)).collect();
    let query = ResolvedQuery {
        outputs,
        groups,
        grouping,
        slices,
        facts,
        of_groups,
        members,
        computations,
        having,
        order,
        limit: request.limit,
        cursor: request.cursor.clone(),
        time: time.query,
        output: request.output.clone(),
        currency: flat.currency,
        filters: request.where_.iter().map(conditions::canonical).collect(),
        defaults_used,
        notes: Vec::new(),
        warnings,
    };
    Ok((query, judged))
}

/// Conditions on results, and their order.
fn results(
    columns: &columns::Columns<'_>,
    request: &MetricsRequest,
) -> Result<(Vec<Expr<OutputColumn>>, Vec<Order>), Diagnostics> {
    let mut found = Diagnostics::default();
    let having = columns.having(request, &mut found);
    let order = columns.order(request, &mut found);
    columns.distinct(&mut found);
    if found.is_empty() { Ok((having, order)) } else { Err(found) }
}

fn without_metrics(
    bound: &BoundCatalog,
    context: &Context,
    request: &MetricsRequest,
) -> Result<ResolvedQuery, Diagnostics> {
    if request.group_by.is_empty() && request.time.granularity.is_none() {
        return Err(nothing_asked().into());
    }
    members::values(bound, context, request)
}

fn grouping(has_slices: bool, has_groups: bool, totals: bool) -> Grouping {
    match (has_groups, totals) {
        _ if has_slices => Grouping::Sets,
        (false, _) => Grouping::Total,
        (true, true) => Grouping::GroupsAndTotal,
        (true, false) => Grouping::Groups,
    }
}

/// The metric query that an audit asks: the model's audit set over the last seven days against the
/// period before, unless told.
pub fn audit_request(
    bound: &BoundCatalog,
    audit: &AuditRequest,
) -> Result<(MetricsRequest, Vec<Warning>), Diagnostics> {
    let mut request = MetricsRequest {
        metrics: audit.metrics.clone(),
        query: audit.query.clone(),
        time: audit.time.clone(),
        where_: audit.where_.clone(),
        output: audit.output.clone(),
        ..MetricsRequest::default()
    };
    if request.time.time_range.is_none() && request.time.start_date.is_none() && request.time.end_date.is_none() {
        request.time.time_range = Some("last_7_days".to_string());
    }
    if request.time.comparison.is_none() {
        request.time.comparison = Some("previous_period".to_string());
    }
    let mut warnings = Vec::new();
    if request.metrics.is_empty() {
        let (metrics, left_out) = beneath::audit_set(bound, audit);
        request.metrics = metrics;
        warnings = left_out;
        if request.metrics.is_empty() {
            return Err(Diagnostic::new(Code::EmptyQuery, "no metric of the audit set can be asked so")
                .field("metric_names")
                .help("name the metrics, or give the model an `audit: {metrics: […]}`")
                .into());
        }
    }
    Ok((request, warnings))
}

/// The request inside of a tool's arguments, for tools that ask for metrics.
pub fn metrics_request(
    bound: &BoundCatalog,
    request: &Request,
) -> Option<Result<(MetricsRequest, Vec<Warning>), Diagnostics>> {
    match request {
        Request::GetMetrics(metrics) => Some(expand(bound, metrics).map(|expanded| (expanded, Vec::new()))),
        Request::AuditPerformance(audit) => Some(audit_request(bound, audit)),
        _ => None,
    }
}

fn not_yet(request: &MetricsRequest) -> Option<Diagnostic> {
    let refuse = |field: &str, help: &str| {
        Some(
            Diagnostic::new(Code::NotSupportedYet, format!("`{field}` is not supported yet"))
                .field(field)
                .help(help.to_string()),
        )
    };
    if request.query.is_some() {
        return refuse(
            "query",
            "a saved query is written in arguments, such as `metrics` and `group_by`; ask SQL itself",
        );
    }
    None
}

fn nothing_asked() -> Diagnostic {
    Diagnostic::new(Code::EmptyQuery, "no metric is named").field("metric_names").help(
        "name at least one metric, or dimensions in `group_by` for their values; `list_metrics` gives every metric",
    )
}
