//! The `query` argument of the tools: the statement, with the arguments that may stand beside it.

use super::{Lifted, Places, Statement, read};
use crate::catalog::Catalog;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::query::request::{AuditRequest, MetricsRequest, TimeArguments};

/// What `query` of get_metrics asks. The arguments of time and of the answer's form may stand beside it, and hold
/// for every question for metrics in it; all others are the statement's.
pub fn metrics(catalog: &Catalog, asked: &MetricsRequest) -> Result<Statement, Diagnostics> {
    let text = asked.query.as_deref().unwrap_or_default();
    let beside = [
        (!asked.metrics.is_empty(), "metric_names"),
        (asked.saved_query.is_some(), "saved_query"),
        (!asked.group_by.is_empty() || asked.no_groups, "group_by"),
        (!asked.where_.is_empty(), "where"),
        (!asked.having.is_empty(), "having"),
        (asked.order_by.is_some(), "order_by"),
        (asked.limit.is_some(), "limit"),
    ];
    if let Some((_, argument)) = beside.into_iter().find(|(given, _)| *given) {
        return Err(contradiction(argument).into());
    }
    let mut statement = read(catalog, text)?;
    complete(&mut statement, asked)?;
    Ok(statement)
}

fn complete(statement: &mut Statement, asked: &MetricsRequest) -> Result<(), Diagnostic> {
    match statement {
        Statement::Metrics(lifted) => {
            one(lifted, &asked.time)?;
            let request = &mut lifted.request;
            request.cursor = asked.cursor.clone();
            request.include_empty = asked.include_empty;
            request.totals = asked.totals.or(request.totals);
            request.output = asked.output.clone();
            Ok(())
        }
        Statement::Query(composed) => {
            for lifted in &mut composed.lifted {
                one(lifted, &asked.time)?;
                lifted.request.include_empty = asked.include_empty;
                lifted.request.output.currency = asked.output.currency.clone();
            }
            Ok(())
        }
        Statement::Explain { of, .. } => complete(of, asked),
    }
}

/// The arguments of time, as far as the statement does not say them itself.
fn one(lifted: &mut Lifted, asked: &TimeArguments) -> Result<(), Diagnostic> {
    let own = &mut lifted.request.time;
    let has_range = asked.time_range.is_some() || asked.start_date.is_some() || asked.end_date.is_some();
    if has_range && own.time_range.is_some() {
        let argument = if asked.time_range.is_some() { "time_range" } else { "start_date" };
        return Err(contradiction(argument));
    }
    if asked.comparison.is_some() && own.comparison.is_some() {
        return Err(contradiction("comparison"));
    }
    if asked.granularity.is_some() {
        return Err(contradiction("granularity"));
    }
    *own = TimeArguments {
        time_range: own.time_range.take().or_else(|| asked.time_range.clone()),
        comparison: own.comparison.take().or_else(|| asked.comparison.clone()),
        granularity: own.granularity.take(),
        ..asked.clone()
    };
    Ok(())
}

fn contradiction(argument: &str) -> Diagnostic {
    Diagnostic::new(Code::InvalidArgument, format!("`{argument}` beside `query`, which says it itself"))
        .field(argument)
        .help("write it into the statement, or ask with the other arguments and without `query`")
}

/// What `query` of audit_performance asks: the metrics, groups, conditions and times of one SELECT over metrics.
pub fn audit(catalog: &Catalog, asked: &AuditRequest) -> Result<(AuditRequest, Places), Diagnostics> {
    let text = asked.query.as_deref().unwrap_or_default();
    let beside = [(!asked.metrics.is_empty(), "metric_names"), (!asked.where_.is_empty(), "where")];
    if let Some((_, argument)) = beside.into_iter().find(|(given, _)| *given) {
        return Err(contradiction(argument).into());
    }
    let Statement::Metrics(mut lifted) = read(catalog, text)? else {
        let fault = Diagnostic::new(Code::InvalidQuery, "an audit of more than one SELECT over metrics").field("query");
        return Err(fault
            .help("an audit takes SELECT MEASURE(net_sales) FROM metrics WHERE …; the rest is get_metrics'")
            .into());
    };
    one(&mut lifted, &asked.time)?;
    let Lifted { request, mut places, .. } = *lifted;
    let of_results = [
        (!request.having.is_empty(), "HAVING"),
        (request.order_by.is_some(), "ORDER BY"),
        (request.limit.is_some(), "LIMIT"),
    ];
    if let Some((_, clause)) = of_results.into_iter().find(|(given, _)| *given) {
        let fault = Diagnostic::new(Code::InvalidQuery, format!("`{clause}` in an audit")).field("query");
        return Err(fault.help("an audit orders what it finds itself; leave the clause out").into());
    }
    if let Some(item) = request.metrics.iter().find(|item| item.offset.is_some()) {
        let fault =
            Diagnostic::new(Code::NotSupportedYet, "a metric at an offset in an audit").field(item.field.clone());
        return Err(
            places.locate(fault.help("an audit compares with COMPARE; a derived metric may have an offset").into())
        );
    }
    if asked.dimensions.is_some() && !request.group_by.is_empty() {
        return Err(contradiction("dimensions").into());
    }
    for (field, _) in &mut places.0 {
        if let Some(rest) = field.strip_prefix("group_by") {
            *field = format!("dimensions{rest}");
        }
    }
    let groups = request.group_by.into_iter().map(|group| {
        let field = group.field.replace("group_by", "dimensions");
        crate::query::request::GroupItem { field, ..group }
    });
    let groups: Vec<_> = groups.collect();
    let dimensions = if groups.is_empty() { asked.dimensions.clone() } else { Some(groups) };
    let audit = AuditRequest {
        metrics: request.metrics,
        query: None,
        time: request.time,
        dimensions,
        where_: request.where_,
        ..asked.clone()
    };
    Ok((audit, places))
}
