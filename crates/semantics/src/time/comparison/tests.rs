//! Comparison modes as tables, on Friday 2026-11-20 15:00 in New York unless a line says otherwise.

use chrono::Weekday;

use super::*;
use crate::time::calendar::{FiscalEnd, FiscalPattern, FiscalWeeks};
use crate::time::granularity::Granularity;
use crate::time::range::TimeArguments;
use crate::time::range::tests::{World, codes, instant, range};

fn against(text: &str, comparison: &str) -> TimeArguments {
    TimeArguments { comparison: Some(comparison.to_string()), ..range(text) }
}

#[track_caller]
fn compare(world: &World, arguments: &TimeArguments) -> ResolvedComparison {
    world.ask(arguments).unwrap_or_else(|fault| panic!("{arguments:?}: {fault:?}")).comparison.unwrap()
}

/// The windows, newest first, as `first..last` with one space between, and the warnings' codes.
#[track_caller]
fn check(now: &'static str, text: &str, comparison: &str, expected: &str, warned: &str) {
    let found = compare(&World::at(now), &against(text, comparison));
    let windows = found.windows.iter().map(|found| format!("{}..{}", found.window.first, found.window.last));
    assert_eq!(windows.collect::<Vec<_>>().join(" "), expected, "{text} {comparison}");
    assert_eq!(codes(&found.warnings), warned, "{text} {comparison}");
}

const FRIDAY: &str = "2026-11-20T15:00:00-05:00";

#[test]
fn modes_of_a_week_and_of_a_month_of_days() {
    for (mode, expected) in [
        ("previous_period", "2026-11-06..2026-11-12"),
        ("previous_period_match_weekday", "2026-11-06..2026-11-12"),
        ("previous_week", "2026-11-06..2026-11-12"),
        ("previous_month", "2026-10-13..2026-10-19"),
        ("previous_quarter", "2026-08-13..2026-08-19"),
        ("previous_year", "2025-11-13..2025-11-19"),
        ("previous_year_match_weekday", "2025-11-14..2025-11-20"),
        (
            "previous_4_average",
            "2026-11-06..2026-11-12 2026-10-30..2026-11-05 2026-10-23..2026-10-29 2026-10-16..2026-10-22",
        ),
        ("target", ""),
        ("none", ""),
        ("Previous Period", "2026-11-06..2026-11-12"),
    ] {
        check(FRIDAY, "last_7_days", mode, expected, "");
    }
    check(FRIDAY, "last_30_days", "previous_period_match_weekday", "2026-09-16..2026-10-15", "");
    check(FRIDAY, "last_30_days", "previous_period", "2026-09-21..2026-10-20", "");
    check(FRIDAY, "last_30_days", "previous_week", "2026-10-14..2026-11-12", "overlapping-windows");
}

#[test]
fn whole_units_stay_whole() {
    let unequal = "unequal-lengths";
    for (text, mode, expected, warned) in [
        ("last_month", "previous_period", "2026-09-01..2026-09-30", unequal),
        ("2026-03", "previous_month", "2026-02-01..2026-02-28", unequal),
        ("2026-03-01..2026-03-31", "previous_period", "2026-02-01..2026-02-28", unequal),
        ("2024-02", "previous_year", "2023-02-01..2023-02-28", unequal),
        ("2023-02", "previous_quarter", "2022-11-01..2022-11-30", unequal),
        ("2026-01-01..2026-06-30", "previous_period", "2025-07-01..2025-12-31", unequal),
        ("last_quarter", "previous_year", "2025-07-01..2025-09-30", ""),
        ("last_year", "previous_period", "2024-01-01..2024-12-31", unequal),
        ("last_12_months", "previous_period", "2024-11-01..2025-10-31", ""),
        ("last_4_weeks", "previous_period", "2026-09-21..2026-10-18", ""),
        ("2026-W46", "previous_period", "2026-11-02..2026-11-08", ""),
        ("last_fiscal_year", "previous_period", "2024-02-01..2025-01-31", unequal),
        ("last_fiscal_quarter", "previous_period", "2026-05-01..2026-07-31", ""),
        ("last_week", "previous_month", "2026-10-09..2026-10-15", ""),
        ("last_year", "previous_year_match_weekday", "2024-01-03..2025-01-01", "overlapping-windows"),
        ("2024", "previous_year_match_weekday", "2023-01-02..2024-01-02", "overlapping-windows"),
    ] {
        check(FRIDAY, text, mode, expected, warned);
    }
    // Twenty-eight days of February are days.
    check("2026-03-01T15:00:00-05:00", "last_28_days", "previous_period", "2026-01-04..2026-01-31", "");
    check("2026-03-01T15:00:00-05:00", "last_28_days", "previous_month", "2026-01-01..2026-01-28", "");
}

#[test]
fn units_under_way_compare_the_days_elapsed() {
    let unequal = "unequal-lengths";
    for (now, text, mode, expected, warned) in [
        (FRIDAY, "mtd", "previous_period", "2026-10-01..2026-10-20", ""),
        (FRIDAY, "2026-11", "previous_period", "2026-10-01..2026-10-20", ""),
        (FRIDAY, "2026-11-01..2026-11-30", "previous_period", "2026-10-01..2026-10-20", ""),
        (FRIDAY, "2026-11-01..2026-11-20", "previous_period", "2026-10-12..2026-10-31", ""),
        (FRIDAY, "2026-09..2026-11", "previous_period", "2026-06-12..2026-08-31", ""),
        (FRIDAY, "wtd", "previous_period", "2026-11-09..2026-11-13", ""),
        (FRIDAY, "fiscal_qtd", "previous_period", "2026-08-01..2026-08-20", ""),
        ("2024-11-20T12:00:00-05:00", "ytd", "previous_period", "2023-01-01..2023-11-21", ""),
        ("2024-11-20T12:00:00-05:00", "ytd", "previous_year", "2023-01-01..2023-11-20", unequal),
        ("2026-11-30T12:00:00-05:00", "mtd", "previous_period", "2026-10-01..2026-10-30", ""),
        ("2026-12-01T12:00:00-05:00", "2026-11", "previous_period", "2026-10-01..2026-10-31", unequal),
        ("2026-03-31T12:00:00-04:00", "mtd", "previous_period", "2026-02-01..2026-02-28", unequal),
        ("2026-03-30T12:00:00-04:00", "mtd", "previous_month", "2026-02-01..2026-02-28", unequal),
        ("2026-06-30T12:00:00-04:00", "qtd", "previous_quarter", "2026-01-01..2026-03-30", unequal),
        (
            "2026-05-31T12:00:00-04:00",
            "mtd",
            "previous_4_average",
            "2026-04-01..2026-04-30 2026-03-01..2026-03-31 2026-02-01..2026-02-28 2026-01-01..2026-01-31",
            unequal,
        ),
    ] {
        check(now, text, mode, expected, warned);
    }
    let flagged = TimeArguments { complete_days_only: true, ..against("mtd", "previous_period") };
    let found = compare(&World::friday(), &flagged);
    assert_eq!(found.windows[0].window.last.to_string(), "2026-10-19");
    assert_eq!(found.compared, Compared::Whole);
}

#[test]
fn dates_that_do_not_exist_a_month_before() {
    for (text, mode, expected, warned) in [
        ("2026-03-02..2026-03-31", "previous_month", "2026-01-30..2026-02-28", ""),
        ("2026-03-30..2026-04-05", "previous_month", "2026-02-27..2026-03-05", ""),
        ("2024-02-29", "previous_year", "2023-02-28..2023-02-28", ""),
        ("2024-02-10..2024-02-29", "previous_year", "2023-02-09..2023-02-28", ""),
        ("2026-02-10..2026-03-01", "previous_month", "2026-01-10..2026-02-01", "unequal-lengths"),
    ] {
        check(FRIDAY, text, mode, expected, warned);
    }
}

#[test]
fn an_aligned_range_is_of_whole_periods() {
    let aligned = TimeArguments {
        granularity: Some(Granularity::Week),
        align_to_granularity: true,
        ..against("last_7_days", "previous_period")
    };
    let found = compare(&World::friday(), &aligned);
    assert_eq!(found.windows[0].window.first.to_string(), "2026-10-26");
    assert_eq!(found.windows[0].window.last.to_string(), "2026-11-06");
    assert_eq!(found.windows[0].weekday_aligned, Some(true));
}

#[test]
fn other_ranges() {
    for (text, comparison, expected, warned) in [
        ("last_7_days", "2026-10-01..2026-10-07", "2026-10-01..2026-10-07", ""),
        ("last_7_days", "2026-10-01..2026-10-10", "2026-10-01..2026-10-10", "unequal-lengths"),
        ("last_7_days", "2026-11-10..2026-11-16", "2026-11-10..2026-11-16", "overlapping-windows"),
        ("last_month", "last_year", "2025-01-01..2025-12-31", "unequal-lengths"),
        ("2025-11-28..2025-12-01", "bfcm2025", "2025-11-28..2025-12-01", "overlapping-windows"),
        ("last_7_days", "2026-11", "2026-11-01..2026-11-20", "future-clamped overlapping-windows unequal-lengths"),
        // The request's flags are not the comparison's.
        ("last_week", "mtd", "2026-11-01..2026-11-20", "overlapping-windows unequal-lengths"),
    ] {
        check(FRIDAY, text, comparison, expected, warned);
    }
    let mut world = World::friday();
    world.calendar.week_start = Weekday::Sun;
    assert_eq!(codes(&compare(&world, &against("last_week", "2026-W40")).warnings), "iso-week");
    assert_eq!(compare(&world, &against("last_week", "2026-W40")).mode, Mode::Custom);
}

#[test]
fn refused_comparisons() {
    let refuse = |world: &World, text: &str, comparison: &str| {
        let fault = world.ask(&against(text, comparison)).expect_err(comparison);
        assert_eq!((fault.code, fault.field.as_deref()), (Code::InvalidComparison, Some("comparison")), "{fault:?}");
        fault
    };
    let friday = World::friday();
    for comparison in
        ["previous_decade", "custom", "", "2026-02-30", "2027", "xmas", "all_time", "2026-11-05..2026-11-01"]
    {
        refuse(&friday, "last_7_days", comparison);
    }
    assert_eq!(refuse(&friday, "last_7_days", "previus_period").did_you_mean[0], "previous_period");
    assert_eq!(refuse(&friday, "last_7_days", "lst_month").did_you_mean[0], "last_month");
    refuse(&friday, "1900-01-01..1900-01-31", "previous_period");
    refuse(&friday, "1903", "previous_4_average");
    let data = World { data: Some(("2024-05-17", "2026-11-19")), ..friday };
    for mode in ["previous_period", "previous_week", "previous_year", "previous_4_average"] {
        refuse(&data, "all_time", mode);
    }
    assert_eq!(compare(&data, &against("all_time", "none")).windows, []);
    assert_eq!(compare(&data, &against("all_time", "2024-06-01..2024-12-31")).windows.len(), 1);
}

#[test]
fn hours_move_by_hours_or_by_the_wall_clock_of_their_start() {
    let starts = |now: &'static str, text: &str, mode: &str| {
        let found = compare(&World::at(now), &against(text, mode));
        assert!(found.windows.iter().all(|found| found.window.hours.is_some() && found.weekday_aligned.is_none()));
        assert_eq!(codes(&found.warnings), "", "{text} {mode}");
        found.windows.iter().map(|found| found.window.start).collect::<Vec<_>>()
    };
    // The range starts on 2026-11-19 15:00.
    assert_eq!(starts(FRIDAY, "last_24_hours", "previous_period"), [instant("2026-11-18T15:00-05:00")]);
    assert_eq!(starts(FRIDAY, "last_24_hours", "previous_week"), [instant("2026-11-12T15:00-05:00")]);
    assert_eq!(starts(FRIDAY, "last_24_hours", "previous_period_match_weekday"), [instant("2026-11-12T15:00-05:00")]);
    assert_eq!(starts(FRIDAY, "last_24_hours", "previous_month"), [instant("2026-10-19T15:00-04:00")]);
    assert_eq!(starts(FRIDAY, "last_24_hours", "previous_year_match_weekday"), [instant("2025-11-20T15:00-05:00")]);
    // A week before lies beyond the change of the clocks: the wall clock counts.
    let now = "2026-11-05T15:00:00-05:00";
    assert_eq!(starts(now, "last_6_hours", "previous_week"), [instant("2026-10-29T09:00-04:00")]);
    let four = ["2026-11-05T03:00-05:00", "2026-11-04T21:00-05:00", "2026-11-04T15:00-05:00", "2026-11-04T09:00-05:00"];
    let four = four.map(instant);
    assert_eq!(starts(now, "last_6_hours", "previous_4_average"), four);
}

#[test]
fn local_timestamps_move_by_their_wall_clock_length() {
    let found = compare(&World::friday(), &against("2026-11-10T09:00..2026-11-10T16:59", "previous_period"));
    let window = found.windows[0].window;
    assert_eq!((window.start, window.end), (instant("2026-11-10T01:00-05:00"), instant("2026-11-10T09:00-05:00")));
    let found = compare(&World::friday(), &against("2026-11-02T09:00..2026-11-02T16:59", "previous_week"));
    let window = found.windows[0].window;
    assert_eq!((window.start, window.end), (instant("2026-10-26T09:00-04:00"), instant("2026-10-26T17:00-04:00")));
    assert_eq!((codes(&found.warnings).as_str(), found.windows[0].weekday_aligned), ("", None));
}

#[test]
fn the_part_that_both_sides_have() {
    let part = |world: &World, text: &str, mode: &str| compare(world, &against(text, mode)).compared;
    let up_to = |end: &str, windows: &[&str]| Compared::UpTo {
        end: instant(end),
        window_ends: windows.iter().map(|window| instant(window)).collect(),
    };
    let friday = World::friday();
    assert_eq!(part(&friday, "last_7_days", "previous_period"), Compared::Whole);
    assert_eq!(part(&friday, "mtd", "target"), Compared::Whole);
    // The same wall-clock time, over the change of the clocks on 11-01.
    let expected = up_to("2026-11-20T15:00-05:00", &["2026-10-20T15:00-04:00"]);
    assert_eq!(part(&friday, "mtd", "previous_period"), expected);
    // 02:30 does not exist on 2026-03-08: it moves on to 03:30.
    let night = World::at("2026-03-09T02:30:00-04:00");
    let expected = up_to("2026-03-09T02:30-04:00", &["2026-03-08T03:30-04:00"]);
    assert_eq!(part(&night, "today", "previous_period"), expected);
    // 01:30 happens twice on 2026-11-01: the first.
    let night = World::at("2026-11-02T01:30:00-05:00");
    let expected = up_to("2026-11-02T01:30-05:00", &["2026-11-01T01:30-04:00"]);
    assert_eq!(part(&night, "today", "previous_period"), expected);
    // At most the window's own end.
    let last = World::at("2026-03-31T12:00:00-04:00");
    let expected = up_to("2026-03-31T12:00-04:00", &["2026-03-01T00:00-05:00"]);
    assert_eq!(part(&last, "mtd", "previous_period"), expected);
    let stale = World { watermark: Some("2026-11-19T06:00:00-05:00"), ..World::friday() };
    let expected = up_to("2026-11-19T06:00-05:00", &["2026-11-12T06:00-05:00"]);
    assert_eq!(part(&stale, "last_7_days", "previous_period"), expected);
    // Of hours, the hours elapsed.
    let expected = up_to("2026-11-19T06:00-05:00", &["2026-11-18T06:00-05:00"]);
    assert_eq!(
        part(
            &World { watermark: stale.watermark, ..World::at("2026-11-19T15:00:00-05:00") },
            "last_24_hours",
            "previous_period"
        ),
        expected
    );
    let older = World { watermark: Some("2026-11-18T12:00:00-05:00"), ..World::friday() };
    assert_eq!(part(&older, "yesterday", "previous_period"), Compared::Nothing);
    assert_eq!(part(&World::at("2026-11-16T00:00:00-05:00"), "wtd", "previous_period"), Compared::Nothing);
}

#[test]
fn fiscal_years_of_53_weeks() {
    let mut world = World::at("2024-03-10T12:00:00-04:00");
    world.calendar.fiscal = Some(FiscalWeeks {
        pattern: FiscalPattern::FourFiveFour,
        ends: FiscalEnd::Nearest,
        weekday: Weekday::Sat,
        month: 1,
    });
    let dates = |world: &World, text: &str, mode: &str| {
        let resolved = world.ask(&against(text, mode)).unwrap();
        let window = resolved.comparison.as_ref().unwrap().windows[0].window;
        (
            format!("{}..{}", resolved.range.first, resolved.range.last),
            format!("{}..{}", window.first, window.last),
            codes(&resolved.comparison.as_ref().unwrap().warnings),
            resolved.comparison.unwrap().compared,
        )
    };
    let (range, window, warned, compared) = dates(&world, "last_fiscal_year", "previous_period");
    assert_eq!((range.as_str(), window.as_str()), ("2023-01-29..2024-02-03", "2022-01-30..2023-01-28"));
    assert_eq!(warned, "unequal-lengths");
    let ends =
        Compared::UpTo { end: instant("2024-01-28T00:00-05:00"), window_ends: vec![instant("2023-01-29T00:00-05:00")] };
    assert_eq!(compared, ends);
    let (range, window, warned, compared) = dates(&world, "fiscal_qtd", "previous_year");
    assert_eq!((range.as_str(), window.as_str()), ("2024-02-04..2024-03-10", "2023-01-29..2023-03-05"));
    assert_eq!((warned.as_str(), matches!(compared, Compared::UpTo { .. })), ("", true));
    let (range, window, ..) = dates(&world, "last_fiscal_quarter", "previous_quarter");
    assert_eq!((range.as_str(), window.as_str()), ("2023-10-29..2024-02-03", "2023-07-30..2023-10-28"));
}
