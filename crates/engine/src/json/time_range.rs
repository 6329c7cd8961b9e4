//! The answer of `resolve_time_range`: dates inclusive, instants half-open and in UTC.

use chrono::{DateTime, SecondsFormat, Utc, Weekday};
use serde_json::{Map, Value, json};
use sextant_semantics::diagnostic::{Diagnostic, Warning};
use sextant_semantics::query::request::time_range::{self, TimeRangeAnswer, TimeRangeRequest};
use sextant_semantics::time::calendar::Calendar;
use sextant_semantics::time::comparison::{Compared, ResolvedComparison};
use sextant_semantics::time::range::{Asked, NamedRange, Window};

/// The answer of `resolve_time_range`. `now` is the door's clock, `default` and `named` are the model's
/// calendar and ranges, where there is a model.
pub fn answer(
    request: &TimeRangeRequest,
    now: DateTime<Utc>,
    default: Option<&Calendar>,
    named: &[NamedRange],
) -> Result<Value, Diagnostic> {
    Ok(write(&time_range::resolve(request, now, default, named)?))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn ask(arguments: Value) -> Value {
        let now = DateTime::parse_from_rfc3339("2026-11-20T15:00:00-05:00").unwrap().to_utc();
        answer(&time_range::decode(arguments.as_object().unwrap()).unwrap(), now, None, &[]).unwrap()
    }

    #[test]
    fn a_range_and_its_comparison() {
        let found =
            ask(json!({"time_range": "last_7_days", "comparison": "previous_period", "timezone": "America/New_York"}));
        let expected = json!({
            "asked": "last_7_days",
            "start": "2026-11-13",
            "end": "2026-11-19",
            "days": 7,
            "start_instant": "2026-11-13T05:00:00Z",
            "end_instant": "2026-11-20T05:00:00Z",
            "timezone": "America/New_York",
            "as_of": "2026-11-20T15:00:00-05:00",
            "week_start": "monday",
            "includes_today": false,
            "complete": true,
            "warnings": [],
            "comparison": {
                "mode": "previous_period",
                "windows": [{
                    "start": "2026-11-06",
                    "end": "2026-11-12",
                    "days": 7,
                    "start_instant": "2026-11-06T05:00:00Z",
                    "end_instant": "2026-11-13T05:00:00Z",
                    "weekday_aligned": true,
                }],
                "warnings": [],
            },
        });
        assert_eq!(found, expected);
    }

    #[test]
    fn compared_is_absent_null_or_two_sided() {
        let compared = |as_of: &str, range: &str| {
            let found = ask(json!({"time_range": range, "comparison": "previous_period", "as_of": as_of}));
            found["comparison"].as_object().unwrap().get("compared").cloned()
        };
        assert_eq!(compared("2026-11-20T12:00:00Z", "last_week"), None);
        assert_eq!(compared("2026-11-16T00:00:00Z", "wtd"), Some(Value::Null));
        let part = json!({"end_instant": "2026-11-20T12:00:00Z", "window_end_instants": ["2026-11-13T12:00:00Z"]});
        assert_eq!(compared("2026-11-20T12:00:00Z", "wtd"), Some(part));
    }

    #[test]
    fn hours_and_dates_say_what_was_asked() {
        let found = ask(json!({"time_range": "last_6_hours"}));
        assert_eq!((&found["hours"], &found["end_instant"]), (&json!(6), &json!("2026-11-20T20:00:00Z")));
        let found = ask(json!({"start_date": "2026-11-01", "end_date": "2026-11-30"}));
        assert_eq!(found["asked"], json!({"start_date": "2026-11-01", "end_date": "2026-11-30"}));
        let codes: Vec<&Value> = found["warnings"].as_array().unwrap().iter().map(|warning| &warning["code"]).collect();
        assert_eq!(codes, [&json!("partial-period"), &json!("future-clamped")]);
    }
}
