//! The answer of `resolve_time_range`: dates inclusive, instants half-open and in UTC.

use chrono::{DateTime, SecondsFormat, Utc, Weekday};
use serde_json::{Map, Value, json};
use sextant_semantics::diagnostic::{Diagnostic, Warning};
use sextant_semantics::query::request::time_range::{self, TimeRangeAnswer};
use sextant_semantics::time::calendar::Calendar;
use sextant_semantics::time::comparison::{Compared, ResolvedComparison};
use sextant_semantics::time::range::{Asked, NamedRange, Window};

/// Answers `resolve_time_range`. `now` is the door's clock, `default` and `named` are the model's
/// calendar and ranges, where there is a model.
pub fn answer(
    arguments: &Map<String, Value>,
    now: DateTime<Utc>,
    default: Option<&Calendar>,
    named: &[NamedRange],
) -> Result<Value, Diagnostic> {
    let request = time_range::decode(arguments)?;
    Ok(write(&time_range::resolve(&request, now, default, named)?))
}

fn write(answer: &TimeRangeAnswer) -> Value {
    let TimeRangeAnswer { time, calendar, as_of } = answer;
    let asked = match &time.asked {
        Asked::Nothing => Value::Null,
        Asked::Words(text) => json!(text),
        Asked::Dates { start_date, end_date } => json!({"start_date": start_date, "end_date": end_date}),
    };
    let mut out = Map::new();
    out.insert("asked".to_string(), asked);
    out.extend(window(&time.range));
    out.insert("timezone".to_string(), json!(calendar.zone.name()));
    out.insert(
        "as_of".to_string(),
        json!(as_of.with_timezone(&calendar.zone).to_rfc3339_opts(SecondsFormat::AutoSi, false)),
    );
    out.insert("week_start".to_string(), json!(if calendar.week_start == Weekday::Sun { "sunday" } else { "monday" }));
    out.insert("includes_today".to_string(), json!(time.includes_today));
    out.insert("complete".to_string(), json!(time.complete));
    out.insert("warnings".to_string(), warnings(&time.warnings));
    if let Some(found) = &time.comparison {
        out.insert("comparison".to_string(), comparison(found));
    }
    Value::Object(out)
}

fn comparison(comparison: &ResolvedComparison) -> Value {
    let windows = comparison.windows.iter().map(|found| {
        let mut out = window(&found.window);
        if let Some(aligned) = found.weekday_aligned {
            out.insert("weekday_aligned".to_string(), json!(aligned));
        }
        Value::Object(out)
    });
    let mut out = Map::new();
    out.insert("mode".to_string(), json!(comparison.mode.as_str()));
    out.insert("windows".to_string(), windows.collect());
    out.insert("warnings".to_string(), warnings(&comparison.warnings));
    match &comparison.compared {
        Compared::Whole => {}
        Compared::UpTo { end, window_ends } => {
            let ends: Vec<Value> = window_ends.iter().map(instant).collect();
            out.insert("compared".to_string(), json!({"end_instant": instant(end), "window_end_instants": ends}));
        }
        Compared::Nothing => {
            out.insert("compared".to_string(), Value::Null);
        }
    }
    Value::Object(out)
}

fn window(window: &Window) -> Map<String, Value> {
    let mut out = Map::new();
    out.insert("start".to_string(), json!(window.first.to_string()));
    out.insert("end".to_string(), json!(window.last.to_string()));
    out.insert("days".to_string(), json!(window.days()));
    if let Some(hours) = window.hours {
        out.insert("hours".to_string(), json!(hours));
    }
    out.insert("start_instant".to_string(), instant(&window.start));
    out.insert("end_instant".to_string(), instant(&window.end));
    out
}

fn warnings(warnings: &[Warning]) -> Value {
    warnings.iter().map(|warning| json!({"code": warning.code.as_str(), "message": warning.message})).collect()
}

fn instant(instant: &DateTime<Utc>) -> Value {
    json!(instant.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}
