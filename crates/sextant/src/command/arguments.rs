//! Flags to the arguments of a request: the same names, nothing decided.

use chrono::{NaiveDateTime, TimeZone};
use serde_json::{Map, Value, json};
use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;

use crate::cli::{Audit, MinLevel, Question, When};
use crate::fault::Fault;
use crate::session::Session;

/// The arguments of get_metrics.
pub(crate) fn get_metrics(question: &Question) -> Map<String, Value> {
    let mut arguments = Map::new();
    list(&mut arguments, "metric_names", &question.metrics);
    text(&mut arguments, "saved_query", question.saved_query.as_ref());
    text(&mut arguments, "currency", question.currency.as_ref());
    when(&mut arguments, &question.when);
    text(&mut arguments, "granularity", question.granularity.as_ref());
    list(&mut arguments, "group_by", &question.by);
    list(&mut arguments, "where", &question.filters);
    list(&mut arguments, "having", &question.having);
    list(&mut arguments, "order_by", &question.order);
    if let Some(limit) = question.limit {
        arguments.insert("limit".into(), limit.into());
    }
    flag(&mut arguments, "include_empty", question.include_empty);
    if question.no_totals {
        arguments.insert("totals".into(), false.into());
    }
    arguments
}

/// The arguments of audit_performance.
pub(crate) fn audit_performance(audit: &Audit) -> Map<String, Value> {
    let mut arguments = Map::new();
    list(&mut arguments, "metric_names", &audit.metrics);
    text(&mut arguments, "currency", audit.currency.as_ref());
    when(&mut arguments, &audit.when);
    list(&mut arguments, "dimensions", &audit.dimensions);
    list(&mut arguments, "where", &audit.filters);
    if let Some(level) = audit.min_level {
        let word = match level {
            MinLevel::None => "none",
            MinLevel::Notable => "notable",
            MinLevel::Major => "major",
        };
        arguments.insert("min_level".into(), word.into());
    }
    if let Some(most) = audit.max_highlights {
        arguments.insert("max_highlights".into(), most.into());
    }
    arguments
}

/// The arguments that say a period.
pub(crate) fn when(arguments: &mut Map<String, Value>, when: &When) {
    text(arguments, "time_range", when.range.as_ref());
    text(arguments, "start_date", when.start.as_ref());
    text(arguments, "end_date", when.end.as_ref());
    text(arguments, "comparison", when.compare.as_ref());
    text(arguments, "timezone", when.timezone.as_ref());
    flag(arguments, "include_today", when.include_today);
    flag(arguments, "complete_days_only", when.complete_days_only);
    flag(arguments, "align_to_granularity", when.align_to_granularity);
    text(arguments, "as_of", when.now.as_ref());
}

/// A local `--now` becomes an instant: in the question's zone, else the model's.
pub(crate) fn settle_now(arguments: &mut Map<String, Value>, session: &Session) -> Result<(), Fault> {
    let Some(Value::String(now)) = arguments.get("as_of") else { return Ok(()) };
    let Some(local) = local_time(now) else { return Ok(()) };
    let zone = match arguments.get("timezone") {
        Some(Value::String(zone)) => zone.clone(),
        _ => model_zone(session)?,
    };
    let zone: chrono_tz::Tz = zone.parse().map_err(|_| {
        let fault = Diagnostic::new(Code::InvalidTimezone, format!("unknown time zone `{zone}`"));
        Failure(fault.field("--timezone").help("give an IANA name, for example America/New_York").into())
    })?;
    let instant = zone.from_local_datetime(&local).earliest().ok_or_else(|| {
        let fault = Diagnostic::new(Code::InvalidAsOf, format!("`{local}` does not exist in {zone}"));
        Failure(fault.field("--now").help("give an offset, for example 2026-11-20T15:00:00-05:00").into())
    })?;
    arguments.insert("as_of".into(), instant.to_rfc3339().into());
    Ok(())
}

fn local_time(text: &str) -> Option<NaiveDateTime> {
    ["%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M"]
        .iter()
        .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
}

fn model_zone(session: &Session) -> Result<String, Fault> {
    let Value::Object(question) = json!({ "time_range": "yesterday" }) else { return Ok("UTC".into()) };
    let answer = session.call("resolve_time_range", question, None)?;
    Ok(answer["timezone"].as_str().unwrap_or("UTC").to_string())
}

pub(crate) fn list(arguments: &mut Map<String, Value>, name: &str, items: &[String]) {
    if !items.is_empty() {
        arguments.insert(name.into(), json!(items));
    }
}

fn text(arguments: &mut Map<String, Value>, name: &str, value: Option<&String>) {
    if let Some(value) = value {
        arguments.insert(name.into(), value.clone().into());
    }
}

fn flag(arguments: &mut Map<String, Value>, name: &str, on: bool) {
    if on {
        arguments.insert(name.into(), true.into());
    }
}
