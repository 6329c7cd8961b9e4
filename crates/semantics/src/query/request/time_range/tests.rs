//! Decoding `resolve_time_range`, and what a model gives it.

use serde_json::json;

use super::*;

fn ask(arguments: Value) -> Result<TimeRangeAnswer, Diagnostic> {
    let now = as_of::instant("2026-11-20T20:00:00Z").unwrap();
    decode(arguments.as_object().unwrap()).and_then(|request| resolve(&request, now, None, &[]))
}

fn dates(arguments: Value) -> String {
    let found = ask(arguments).unwrap().time.range;
    format!("{}..{}", found.first, found.last)
}

#[track_caller]
fn refuse(arguments: Value, code: Code, field: &str) -> Diagnostic {
    let fault = ask(arguments).unwrap_err();
    assert_eq!((fault.code, fault.field.as_deref()), (code, Some(field)), "{fault:?}");
    fault
}

#[test]
fn scalars_are_read_from_their_text() {
    assert_eq!(dates(json!({"time_range": 2025})), dates(json!({"time_range": "2025"})));
    assert_eq!(
        dates(json!({"time_range": "mtd", "complete_days_only": "true", "include_today": null})),
        "2026-11-01..2026-11-19"
    );
    refuse(json!({"time_range": true}), Code::InvalidTimeRange, "time_range");
    refuse(json!({"time_range": ["mtd"]}), Code::InvalidArgument, "time_range");
    refuse(json!({"time_range": "mtd", "include_today": 1}), Code::InvalidArgument, "include_today");
    refuse(json!({"time_range": "mtd", "as_of": 2026}), Code::InvalidAsOf, "as_of");
}

#[test]
fn unknown_arguments_are_refused_with_the_nearest() {
    let fault = refuse(json!({"timerange": "mtd"}), Code::UnknownArgument, "timerange");
    assert_eq!(fault.did_you_mean[0], "time_range");
    refuse(json!({"time_range": "mtd", "granularity": "fortnight"}), Code::GranularityNotAvailable, "granularity");
    refuse(json!({"time_range": "mtd", "week_start": "friday"}), Code::InvalidArgument, "week_start");
    refuse(json!({"time_range": "mtd", "watermark": "2026-11-20"}), Code::InvalidArgument, "watermark");
    refuse(json!({"time_range": "mtd", "data": {"first": "2026-11-20"}}), Code::InvalidArgument, "data");
    refuse(json!({"time_range": "mtd", "timezone": "Mars"}), Code::InvalidTimezone, "timezone");
    for start in ["02-29", "13-01", "2-1", "", "00-10", "02-00"] {
        refuse(json!({"time_range": "mtd", "fiscal_year_start": start}), Code::InvalidModel, "fiscal_year_start");
    }
}

#[test]
fn names_come_as_a_list_or_by_name_and_hide_those_of_the_model() {
    let list = json!([{"name": "push", "start": "2026-08-01", "end": "2026-08-31"}]);
    let by_name = json!({"push": {"start": "2026-08-01", "end": "2026-08-31"}});
    assert_eq!(dates(json!({"time_range": "push", "named": list})), "2026-08-01..2026-08-31");
    assert_eq!(dates(json!({"time_range": "Push", "named": by_name})), "2026-08-01..2026-08-31");
    let word = json!({"today": {"start": "2026-08-01", "end": "2026-08-31"}});
    refuse(json!({"time_range": "push", "named": word}), Code::InvalidModel, "named");
    refuse(json!({"time_range": "push", "named": "push"}), Code::InvalidArgument, "named");

    let of_model = [NamedRange {
        name: "push".to_string(),
        first: "2025-08-01".parse().unwrap(),
        last: "2025-08-31".parse().unwrap(),
    }];
    let first = |arguments: Value| {
        let request = decode(arguments.as_object().unwrap()).unwrap();
        let now = as_of::instant("2026-11-20T20:00:00Z").unwrap();
        resolve(&request, now, None, &of_model).unwrap().time.range.first.to_string()
    };
    assert_eq!(first(json!({"time_range": "push"})), "2025-08-01");
    assert_eq!(first(json!({"time_range": "push", "named": by_name})), "2026-08-01");
}

#[test]
fn the_model_gives_what_is_absent() {
    let mut model = Calendar::in_zone(chrono_tz::Asia::Tokyo);
    model.week_start = Weekday::Sun;
    let answer = |arguments: Value| {
        let request = decode(arguments.as_object().unwrap()).unwrap();
        resolve(&request, as_of::instant("2026-11-20T20:00:00Z").unwrap(), Some(&model), &[]).unwrap()
    };
    // It is Saturday 21 November in Tokyo.
    let found = answer(json!({"time_range": "wtd"}));
    assert_eq!(found.time.range.first.to_string(), "2026-11-15");
    assert_eq!(found.time.range.last.to_string(), "2026-11-21");
    let found = answer(json!({"time_range": "wtd", "timezone": "UTC", "week_start": "Monday"}));
    assert_eq!(found.time.range.first.to_string(), "2026-11-16");
    assert_eq!((found.calendar.zone, found.time.range.last.to_string()), (chrono_tz::UTC, "2026-11-20".to_string()));
}

#[test]
fn as_of_data_stands_at_the_end_of_the_last_day() {
    let data = json!({"first": "2009-12-01", "last": "2011-12-09"});
    let arguments = json!({"time_range": "last_7_days", "as_of": "data", "data": data, "timezone": "Europe/London"});
    assert_eq!(dates(arguments), "2011-12-03..2011-12-09");
    assert_eq!(dates(json!({"data": data})), "2009-12-01..2011-12-09");
    refuse(json!({"time_range": "last_7_days", "as_of": "data"}), Code::InvalidAsOf, "as_of");
    refuse(json!({}), Code::DataUnavailable, "time_range");
}
