//! The vocabulary as a table: what each range means on Friday 2026-11-20 15:00 in New York, in
//! weeks from Monday and fiscal years from February, unless a line says otherwise.

use chrono::{DateTime, NaiveDate, Utc, Weekday};
use serde_json::json;

use super::*;
use crate::time::calendar::FiscalYearStart;

/// What a table line is resolved against.
#[derive(Clone)]
pub(crate) struct World {
    pub(crate) now: &'static str,
    pub(crate) calendar: Calendar,
    pub(crate) data: Option<(&'static str, &'static str)>,
    pub(crate) watermark: Option<&'static str>,
}

impl World {
    pub(crate) fn friday() -> World {
        let mut calendar = Calendar::in_zone(chrono_tz::America::New_York);
        calendar.fiscal_year_start = FiscalYearStart { month: 2, day: 1 };
        World { now: "2026-11-20T15:00:00-05:00", calendar, data: None, watermark: None }
    }

    pub(crate) fn at(now: &'static str) -> World {
        World { now, ..World::friday() }
    }

    fn sundays() -> World {
        let mut world = World::friday();
        world.calendar.week_start = Weekday::Sun;
        world
    }

    pub(crate) fn ask(&self, arguments: &TimeArguments) -> Result<ResolvedTime, Diagnostic> {
        let named = [
            NamedRange { name: "bfcm2025".to_string(), first: day("2025-11-28"), last: day("2025-12-01") },
            NamedRange { name: "xmas".to_string(), first: day("2026-12-01"), last: day("2026-12-31") },
        ];
        let context = TimeContext {
            now: instant(self.now),
            calendar: &self.calendar,
            named: &named,
            data: self.data.map(|(first, last)| DataExtent { first: day(first), last: day(last) }),
            watermark: self.watermark.map(instant),
        };
        resolve(arguments, &context)
    }
}

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(crate) fn instant(text: &str) -> DateTime<Utc> {
    as_of::instant(text).unwrap()
}

pub(crate) fn range(text: &str) -> TimeArguments {
    TimeArguments { time_range: Some(text.to_string()), ..TimeArguments::default() }
}

fn dates(start: Option<&str>, end: Option<&str>) -> TimeArguments {
    TimeArguments {
        start_date: start.map(str::to_string),
        end_date: end.map(str::to_string),
        ..TimeArguments::default()
    }
}

pub(crate) fn codes(warnings: &[Warning]) -> String {
    let mut codes: Vec<&str> = warnings.iter().map(|warning| warning.code.as_str()).collect();
    codes.sort_unstable();
    codes.join(" ")
}

/// `first..last`, and the codes of the warnings.
#[track_caller]
fn check(world: &World, arguments: &TimeArguments, expected: &str, warned: &str) {
    let resolved = world.ask(arguments).unwrap_or_else(|fault| panic!("{arguments:?}: {fault:?}"));
    assert_eq!(format!("{}..{}", resolved.range.first, resolved.range.last), expected, "{arguments:?}");
    assert_eq!(codes(&resolved.warnings), warned, "{arguments:?}");
}

#[track_caller]
fn refuse(world: &World, arguments: &TimeArguments, code: Code, field: &str) -> Diagnostic {
    let fault = world.ask(arguments).expect_err(&format!("{arguments:?}"));
    assert_eq!((fault.code, fault.field.as_deref()), (code, Some(field)), "{fault:?}");
    fault
}

#[test]
fn words() {
    let partial = "partial-period";
    for (words, expected, warned) in [
        ("today", "2026-11-20..2026-11-20", partial),
        ("yesterday", "2026-11-19..2026-11-19", ""),
        ("last_7_days last_7d -7d 7daysAgo trailing_7_days LAST_7_DAY", "2026-11-13..2026-11-19", ""),
        ("last_1_day 1dayAgo", "2026-11-19..2026-11-19", ""),
        ("last_3660_days", "2016-11-12..2026-11-19", ""),
        ("this_week wtd", "2026-11-16..2026-11-20", partial),
        ("last_week last_1_week", "2026-11-09..2026-11-15", ""),
        ("last_2_weeks", "2026-11-02..2026-11-15", ""),
        ("this_month mtd", "2026-11-01..2026-11-20", partial),
        ("this_quarter qtd", "2026-10-01..2026-11-20", partial),
        ("this_year ytd", "2026-01-01..2026-11-20", partial),
        ("last_month", "2026-10-01..2026-10-31", ""),
        ("last_quarter", "2026-07-01..2026-09-30", ""),
        ("last_year", "2025-01-01..2025-12-31", ""),
        ("last_12_months", "2025-11-01..2026-10-31", ""),
        ("last_2_quarters", "2026-04-01..2026-09-30", ""),
        ("trailing_365_days", "2025-11-20..2026-11-19", ""),
        ("fiscal_ytd this_fiscal_year", "2026-02-01..2026-11-20", partial),
        ("fiscal_qtd this_fiscal_quarter", "2026-11-01..2026-11-20", partial),
        ("last_fiscal_quarter", "2026-08-01..2026-10-31", ""),
        ("last_fiscal_year", "2025-02-01..2026-01-31", ""),
        ("bfcm2025 BFCM2025", "2025-11-28..2025-12-01", ""),
    ] {
        for word in words.split(' ') {
            check(&World::friday(), &range(word), expected, warned);
        }
    }
    check(&World::sundays(), &range("wtd"), "2026-11-15..2026-11-20", partial);
    check(&World::sundays(), &range("last_week"), "2026-11-08..2026-11-14", "");
}

#[test]
fn spellings() {
    for text in ["Last 7 days", "  last-7-days ", "LAST_7_DAYS", "last   7 days", "trailing 7 days", "last 7d"] {
        check(&World::friday(), &range(text), "2026-11-13..2026-11-19", "");
    }
    for text in ["last--7-days", "last - 7 days", "last_-7_days", "last\t7 days", "7 days", "", " ", "_last_7_days"] {
        refuse(&World::friday(), &range(text), Code::InvalidTimeRange, "time_range");
    }
}

#[test]
fn typed_units_and_ranges() {
    let clamped = "future-clamped partial-period";
    for (text, expected, warned) in [
        ("2025", "2025-01-01..2025-12-31", ""),
        ("2026", "2026-01-01..2026-11-20", clamped),
        ("2026-Q3", "2026-07-01..2026-09-30", ""),
        ("2026-q3", "2026-07-01..2026-09-30", ""),
        ("2026-10", "2026-10-01..2026-10-31", ""),
        ("2026-11", "2026-11-01..2026-11-20", clamped),
        ("2026-W46", "2026-11-09..2026-11-15", ""),
        ("2020-w53", "2020-12-28..2021-01-03", ""),
        ("2026-11-01", "2026-11-01..2026-11-01", ""),
        ("2026-11-01..2026-11-19", "2026-11-01..2026-11-19", ""),
        ("2026-11-01/2026-11-19", "2026-11-01..2026-11-19", ""),
        ("2026-09..2026-10-07", "2026-09-01..2026-10-07", ""),
        ("2026-Q2..2026-W46", "2026-04-01..2026-11-15", ""),
        ("2026-11-01..9999-12-31", "2026-11-01..2026-11-20", clamped),
        ("1900-01-01..1900-01-01", "1900-01-01..1900-01-01", ""),
    ] {
        check(&World::friday(), &range(text), expected, warned);
    }
    check(&World::sundays(), &range("2026-W46"), "2026-11-09..2026-11-15", "iso-week");
    for text in [
        "2025-W53",
        "2026-02-29",
        "2026-13",
        "2026-00",
        "2026-Q0",
        "2026-Q5",
        "2026-W00",
        "2026-1-5",
        "26-11-01",
        "20261101",
        "11/01/2026",
        "2026-11-05..2026-11-01",
        "2026-11-01...2026-11-05",
        "..",
        "2026-11-01/",
        "Q3",
        "2026-11-01 .. 2026-11-05",
        "7daysAgo..yesterday",
        "bfcm2025..2026-01-01",
        "2026-11-01..2026-11-05..2026-11-07",
        "0000-01-01",
        "1899-12-31",
        "1899",
        "２０２６",
        "2026-11-01T10:00",
        "2026-11-01T10:00Z..2026-11-02T10:00Z",
        "2026-11-01T24:00..2026-11-02",
        "2026-11-01T1:00..2026-11-02",
        "2026-11-01T01:00:00.5..2026-11-02",
        "+2026",
    ] {
        refuse(&World::friday(), &range(text), Code::InvalidTimeRange, "time_range");
    }
}

#[test]
fn ranges_after_today_are_refused() {
    for text in ["2027", "2026-11-21", "2026-12-01..2026-12-05", "xmas"] {
        refuse(&World::friday(), &range(text), Code::InvalidTimeRange, "time_range");
    }
    refuse(&World::friday(), &dates(Some("2026-11-21"), Some("2026-11-22")), Code::InvalidTimeRange, "start_date");
}

#[test]
fn two_dates() {
    check(&World::friday(), &dates(Some("2026-11-01"), Some(" 2026-11-19 ")), "2026-11-01..2026-11-19", "");
    let clamped = "future-clamped partial-period";
    check(&World::friday(), &dates(Some("2026-11-18"), Some("2026-12-31")), "2026-11-18..2026-11-20", clamped);
    let invalid = Code::InvalidTimeRange;
    refuse(&World::friday(), &dates(Some("2026-11-19"), Some("2026-11-01")), invalid, "end_date");
    refuse(&World::friday(), &dates(Some("2026-11"), Some("2026-11-01")), invalid, "start_date");
    refuse(&World::friday(), &dates(Some("2026-11-01"), Some("yesterday")), invalid, "end_date");
    refuse(&World::friday(), &dates(Some("2026-11-01"), None), invalid, "time_range");
    refuse(&World::friday(), &dates(None, Some("2026-11-01")), invalid, "time_range");
    let both = TimeArguments { time_range: Some("mtd".to_string()), ..dates(Some("2026-11-01"), Some("2026-11-02")) };
    refuse(&World::friday(), &both, invalid, "time_range");
}

#[test]
fn local_timestamps_end_with_their_last_unit() {
    let resolved = World::friday().ask(&range("2026-11-10T09:00..2026-11-10T17:00:30")).unwrap();
    assert_eq!(resolved.range.start, instant("2026-11-10T09:00-05:00"));
    assert_eq!(resolved.range.end, instant("2026-11-10T17:00:31-05:00"));
    assert_eq!((resolved.range.days(), resolved.complete), (1, true));
    // Up to midnight it is a range of days, and compares as one.
    let resolved = World::friday().ask(&range("2026-11-10 00:00..2026-11-11 23:59")).unwrap();
    assert_eq!(resolved.range, World::friday().ask(&range("2026-11-10..2026-11-11")).unwrap().range);
    // The clock goes back: 01:30 is the first of two, and 01:31 ends it.
    let resolved = World::friday().ask(&range("2026-11-01T01:30..2026-11-01T01:30")).unwrap();
    assert_eq!(
        (resolved.range.start, resolved.range.end),
        (instant("2026-11-01T05:30Z"), instant("2026-11-01T05:31Z"))
    );
    let clamped = "future-clamped partial-period";
    check(&World::friday(), &range("2026-11-19T12:00..2026-11-25"), "2026-11-19..2026-11-20", clamped);
    let days_only = TimeArguments { complete_days_only: true, ..range("2026-11-19T12:00..2026-11-20T11:00") };
    let resolved = World::friday().ask(&days_only).unwrap();
    assert_eq!(resolved.range.end, instant("2026-11-20T00:00-05:00"));
}

#[test]
fn open_sides_reach_to_the_data() {
    let world = World { data: Some(("2024-05-17", "2026-11-18")), ..World::friday() };
    check(&world, &range("2026-11-01.."), "2026-11-01..2026-11-18", "");
    check(&world, &range("..2024-05"), "2024-05-17..2024-05-31", "");
    check(&world, &range("2026-11-19.."), "2026-11-19..2026-11-19", "");
    check(&world, &range("..2024-02"), "2024-02-01..2024-02-29", "");
    let ahead = World { data: Some(("2024-05-17", "2027-01-31")), ..World::friday() };
    check(&ahead, &range("2026-11-01.."), "2026-11-01..2026-11-20", "future-clamped partial-period");
    refuse(&World::friday(), &range("2026-11-01.."), Code::InvalidTimeRange, "time_range");
}

#[test]
fn all_data() {
    let world = World { data: Some(("2024-05-17", "2026-11-19")), ..World::friday() };
    check(&world, &range("all_time"), "2024-05-17..2026-11-19", "");
    check(&world, &TimeArguments::default(), "2024-05-17..2026-11-19", "");
    let ahead = World { data: Some(("2024-05-17", "2026-12-24")), ..World::friday() };
    check(&ahead, &range("all_time"), "2024-05-17..2026-11-20", "future-clamped partial-period");
    refuse(&World::friday(), &range("all_time"), Code::DataUnavailable, "time_range");
    assert_eq!(world.ask(&TimeArguments::default()).unwrap().asked, Asked::Nothing);
}

#[test]
fn hours_are_elapsed_and_end_with_the_current_one() {
    let check = |world: &World, text: &str, start: &str, end: &str| {
        let resolved = world.ask(&range(text)).unwrap();
        assert_eq!((resolved.range.start, resolved.range.end), (instant(start), instant(end)), "{text}");
        assert_eq!((resolved.complete, codes(&resolved.warnings)), (true, String::new()), "{text}");
        resolved
    };
    let world = World::at("2026-11-01T15:20:00-05:00");
    for text in ["last_24_hours", "-24h", "last_24h", "last_24_hour"] {
        // The night has 25 hours: the range starts at 16:00 of the day before.
        let resolved = check(&world, text, "2026-10-31T16:00-04:00", "2026-11-01T15:00-05:00");
        assert_eq!((resolved.range.hours, resolved.range.days(), resolved.includes_today), (Some(24), 2, true));
    }
    let mut world = World::at("2026-11-20T18:35:00+09:00");
    world.calendar.zone = chrono_tz::Asia::Kathmandu;
    check(&world, "last_1_hour", "2026-11-20T08:15Z", "2026-11-20T09:15Z");
    let world = World::at("2026-11-20T00:30:00-05:00");
    let resolved = check(&world, "last_3_hours", "2026-11-19T21:00-05:00", "2026-11-20T00:00-05:00");
    assert_eq!((resolved.range.last, resolved.includes_today), (day("2026-11-19"), false));
    let flags = TimeArguments { complete_days_only: true, ..range("last_24_hours") };
    assert_eq!(codes(&World::friday().ask(&flags).unwrap().warnings), "");
    let flags = TimeArguments { include_today: true, ..range("last_3_hours") };
    assert_eq!(codes(&world.ask(&flags).unwrap().warnings), "flag-ignored");
}

#[test]
fn flags_in_their_order() {
    let friday = World::friday();
    let with = |text: &str, flags: &str, granularity: Option<Granularity>| TimeArguments {
        include_today: flags.contains('t'),
        complete_days_only: flags.contains('c'),
        align_to_granularity: flags.contains('a'),
        granularity,
        ..range(text)
    };
    let (week, month, quarter) = (Some(Granularity::Week), Some(Granularity::Month), Some(Granularity::Quarter));
    for (text, flags, granularity, expected, warned) in [
        ("last_7_days", "t", None, "2026-11-14..2026-11-20", "partial-period"),
        ("last_month", "t", None, "2026-10-01..2026-10-31", "flag-ignored"),
        ("mtd", "t", None, "2026-11-01..2026-11-20", "partial-period"),
        ("mtd", "c", None, "2026-11-01..2026-11-19", ""),
        ("2026-11", "c", None, "2026-11-01..2026-11-19", "future-clamped"),
        ("last_7_days", "c", None, "2026-11-13..2026-11-19", ""),
        ("2026-03-15..2026-03-31", "a", month, "2026-03-01..2026-03-31", ""),
        ("2026-08-16..2026-09-02", "a", quarter, "2026-07-01..2026-09-30", ""),
        ("last_7_days", "a", week, "2026-11-09..2026-11-20", "partial-bucket partial-period"),
        ("last_7_days", "ac", week, "2026-11-09..2026-11-19", "partial-bucket"),
        ("last_7_days", "a", Some(Granularity::Hour), "2026-11-13..2026-11-19", ""),
        ("last_7_days", "a", Some(Granularity::Day), "2026-11-13..2026-11-19", ""),
        ("last_7_days", "a", None, "2026-11-13..2026-11-19", "flag-ignored"),
        ("last_7_days", "", week, "2026-11-13..2026-11-19", "partial-bucket"),
        ("last_week", "", week, "2026-11-09..2026-11-15", ""),
        ("mtd", "", month, "2026-11-01..2026-11-20", "partial-bucket partial-period"),
        ("last_quarter", "a", Some(Granularity::FiscalYear), "2026-02-01..2026-11-20", "partial-bucket partial-period"),
    ] {
        check(&friday, &with(text, flags, granularity), expected, warned);
    }
    refuse(&friday, &with("last_7_days", "tc", None), Code::InvalidTimeRange, "include_today");
    let fault = refuse(&World::at("2026-11-01T15:00Z"), &with("mtd", "c", None), Code::InvalidTimeRange, "time_range");
    assert_eq!(fault.did_you_mean, ["last_month"]);
    let fault = refuse(&friday, &with("today", "c", None), Code::InvalidTimeRange, "time_range");
    assert_eq!(fault.did_you_mean, ["yesterday"]);
}

#[test]
fn completeness_and_the_watermark() {
    let stale = World { watermark: Some("2026-11-19T06:00:00-05:00"), ..World::friday() };
    check(&stale, &range("last_7_days"), "2026-11-13..2026-11-19", "past-data");
    check(&stale, &range("mtd"), "2026-11-01..2026-11-20", "partial-period past-data");
    check(&stale, &range("last_week"), "2026-11-09..2026-11-15", "");
    assert!(!stale.ask(&range("last_7_days")).unwrap().complete);
    assert!(World::friday().ask(&range("last_7_days")).unwrap().complete);
    let ahead = World { watermark: Some("2026-11-21T00:00:00-05:00"), ..World::friday() };
    check(&ahead, &range("today"), "2026-11-20..2026-11-20", "partial-period");
}

#[test]
fn a_skipped_date_has_no_length() {
    let mut world = World::at("2011-12-31T09:00:00+14:00");
    world.calendar.zone = chrono_tz::Pacific::Apia;
    check(&world, &range("yesterday"), "2011-12-30..2011-12-30", "skipped-date");
    let resolved = world.ask(&range("yesterday")).unwrap();
    assert_eq!(
        (resolved.range.start, resolved.range.end),
        (instant("2011-12-30T10:00Z"), instant("2011-12-30T10:00Z"))
    );
}

#[test]
fn refusals_name_the_nearest() {
    let friday = World::friday();
    for (text, expected) in [
        ("lst_7_days", json!(["last_7_days"])),
        ("last_7_dys", json!(["last_7_days"])),
        ("-3m", json!(["last_3_months"])),
        ("last_2w", json!(["last_2_weeks"])),
        ("2 weeks ago", json!(["last_2_weeks"])),
        ("past 30 days", json!(["last_30_days"])),
        ("previous_month", json!(["last_month"])),
        ("year_to_date", json!(["ytd"])),
        ("2026-11-01 to 2026-11-19", json!(["2026-11-01..2026-11-19"])),
        ("bfcm2024", json!(["bfcm2025"])),
    ] {
        let fault = refuse(&friday, &range(text), Code::InvalidTimeRange, "time_range");
        assert_eq!(json!(fault.did_you_mean[..1]), expected, "{text}: {:?}", fault.did_you_mean);
        assert_eq!(fault.received, Some(json!(text)));
        assert!(fault.help.is_some() && fault.example.is_some());
    }
    let fault = refuse(&friday, &range(&"x".repeat(1_000_000)), Code::InvalidTimeRange, "time_range");
    assert!(fault.message.len() < 200);
    refuse(&friday, &range(&format!("a{}-", " ".repeat(1_000_000))), Code::InvalidTimeRange, "time_range");
}

#[test]
fn names_may_not_hide_words() {
    let named =
        |name: &str, first: &str, last: &str| NamedRange { name: name.to_string(), first: day(first), last: day(last) };
    let faults =
        |ranges: &[NamedRange]| check_named(ranges).iter().map(|fault| fault.message.clone()).collect::<Vec<_>>();
    assert_eq!(faults(&[named("bfcm2025", "2025-11-28", "2025-12-01")]), Vec::<String>::new());
    for word in ["today", "MTD", "last_5_days", "previous_period", "none", "2026-11", "Last 7 days"] {
        assert_eq!(faults(&[named(word, "2025-11-28", "2025-12-01")]).len(), 1, "{word}");
    }
    assert_eq!(faults(&[named("a", "2025-12-01", "2025-11-28"), named("A", "2025-12-01", "2025-12-01")]).len(), 2);
}

#[test]
fn as_of_is_an_instant_a_date_or_the_data() {
    use crate::time::as_of::AsOf;
    let zone = chrono_tz::America::New_York;
    let parse = |text: &str| AsOf::parse(text, zone);
    assert_eq!(parse("2026-11-20T15:00:00-05:00"), Ok(AsOf::Instant(instant("2026-11-20T20:00Z"))));
    assert_eq!(parse("2026-11-20T15:00-05:00"), parse("2026-11-20T20:00:00Z"));
    assert_eq!(parse("2026-11-01"), Ok(AsOf::Instant(instant("2026-11-02T04:59:59Z"))));
    assert_eq!(parse("Data"), Ok(AsOf::Data));
    for text in ["2026-11-20T15:00:00", "2026-11", "now", "", "2026-02-30", "1700-01-01", "2026-11-20T15:00:00+5", "é"]
    {
        let fault = parse(text).unwrap_err();
        assert_eq!((fault.code, fault.field.as_deref()), (Code::InvalidAsOf, Some("as_of")), "{text}");
    }
}
