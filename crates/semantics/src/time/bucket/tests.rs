//! Buckets against jiff's calendar, fiscal calendars against published ones, and hours against a
//! walk through every minute.

use chrono::{Datelike, Weekday};
use proptest::prelude::*;

use super::*;
use crate::time::calendar::{FiscalEnd, FiscalPattern, FiscalWeeks, FiscalYearStart};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn retail(pattern: FiscalPattern, ends: FiscalEnd) -> Calendar {
    Calendar {
        fiscal: Some(FiscalWeeks { pattern, ends, weekday: Weekday::Sat, month: 1 }),
        ..Calendar::in_zone(chrono_tz::UTC)
    }
}

fn window(first: &str, last: &str, zone: Tz) -> Window {
    let (first, last) = (day(first), day(last));
    let end = zone::day_start(last + Days::new(1), zone);
    Window { first, last, start: zone::day_start(first, zone), end, hours: None }
}

#[test]
fn whole_buckets_that_a_window_touches() {
    let calendar = Calendar::in_zone(chrono_tz::UTC);
    let found = |granularity| {
        let window = window("2026-10-30", "2026-11-20", chrono_tz::UTC);
        let buckets = buckets(&window, granularity, &calendar);
        buckets.iter().map(|bucket| format!("{}..{}", bucket.first, bucket.last)).collect::<Vec<_>>()
    };
    assert_eq!(found(Granularity::Month), ["2026-10-01..2026-10-31", "2026-11-01..2026-11-30"]);
    assert_eq!(found(Granularity::Quarter), ["2026-10-01..2026-12-31"]);
    assert_eq!(found(Granularity::Week)[0], "2026-10-26..2026-11-01");
    assert_eq!(found(Granularity::Day).len(), 22);
}

#[test]
fn fiscal_labels_are_of_the_year_that_ends() {
    let mut calendar = Calendar::in_zone(chrono_tz::UTC);
    calendar.fiscal_year_start = FiscalYearStart { month: 10, day: 1 };
    let label = |date: &str, granularity| label(day(date), granularity, &calendar);
    assert_eq!(label("2026-04-15", Granularity::FiscalQuarter).as_deref(), Some("FY2026-Q3"));
    assert_eq!(label("2025-10-01", Granularity::FiscalYear).as_deref(), Some("FY2026"));
    assert_eq!(label("2025-09-30", Granularity::FiscalQuarter).as_deref(), Some("FY2025-Q4"));
    assert_eq!(label("2025-09-30", Granularity::Quarter), None);
    assert_eq!(
        super::label(day("2026-11-20"), Granularity::FiscalYear, &Calendar::in_zone(chrono_tz::UTC)).as_deref(),
        Some("FY2026")
    );
}

/// The 4-5-4 calendar of the National Retail Federation: its 2017 and 2023 have 53 weeks. It
/// names years by their start.
#[test]
fn retail_years_of_whole_weeks() {
    let calendar = retail(FiscalPattern::FourFiveFour, FiscalEnd::Nearest);
    for (first, last, weeks) in [
        ("2016-01-31", "2017-01-28", 52),
        ("2017-01-29", "2018-02-03", 53),
        ("2018-02-04", "2019-02-02", 52),
        ("2022-01-30", "2023-01-28", 52),
        ("2023-01-29", "2024-02-03", 53),
        ("2024-02-04", "2025-02-01", 52),
        ("2025-02-02", "2026-01-31", 52),
    ] {
        let bucket = Bucket { first: day(first), last: day(last) };
        for date in [bucket.first, bucket.first + Days::new(200), bucket.last] {
            assert_eq!(bucket_of(date, Granularity::FiscalYear, &calendar), bucket.first);
            assert_eq!(next_bucket(date, Granularity::FiscalYear, &calendar), bucket.last + Days::new(1));
        }
        assert_eq!((bucket.last - bucket.first).num_days() + 1, weeks * 7);
        let quarters = buckets(&window(first, last, chrono_tz::UTC), Granularity::FiscalQuarter, &calendar);
        let lengths: Vec<i64> =
            quarters.iter().map(|quarter| (quarter.last - quarter.first).num_days() / 7 + 1).collect();
        assert_eq!(lengths, [13, 13, 13, weeks - 39]);
    }
    let months = |date: &str| {
        let first = Unit::FiscalMonth.first(day(date), &calendar);
        (first, (Unit::FiscalMonth.last(first, &calendar) - first).num_days() / 7 + 1)
    };
    assert_eq!(months("2023-02-10"), (day("2023-01-29"), 4));
    assert_eq!(months("2023-04-01"), (day("2023-02-26"), 5));
    assert_eq!(months("2023-04-02"), (day("2023-04-02"), 4));
    assert_eq!(months("2024-02-03"), (day("2023-12-31"), 5));
    assert_eq!(label(day("2024-02-03"), Granularity::FiscalQuarter, &calendar).as_deref(), Some("FY2024-Q4"));
}

#[test]
fn the_last_saturday_ends_no_year_in_the_next_month() {
    let calendar = retail(FiscalPattern::FourFourFive, FiscalEnd::Last);
    assert_eq!(Unit::FiscalYear.last(day("2024-01-15"), &calendar), day("2024-01-27"));
    assert_eq!(Unit::FiscalYear.last(day("2024-01-28"), &calendar), day("2025-01-25"));
    assert_eq!(Unit::FiscalMonth.moved(day("2024-01-28"), 2, &calendar), day("2024-03-24"));
}

#[test]
fn hours_of_a_day_with_a_change_of_the_clock() {
    let count = |date: &str, zone: Tz| instant_buckets(&window(date, date, zone), Granularity::Hour, zone).len();
    assert_eq!(count("2026-11-01", chrono_tz::America::New_York), 25);
    assert_eq!(count("2026-03-08", chrono_tz::America::New_York), 23);
    assert_eq!(count("2026-11-02", chrono_tz::America::New_York), 24);
    // Half an hour is skipped, and half an hour comes twice: 01:30 to 02:00 in two buckets.
    assert_eq!(count("2026-10-04", chrono_tz::Australia::Lord_Howe), 24);
    assert_eq!(count("2026-04-05", chrono_tz::Australia::Lord_Howe), 25);
    assert_eq!(count("2011-12-30", chrono_tz::Pacific::Apia), 0);
}

#[test]
fn every_minute_lies_in_the_bucket_that_started_last() {
    for (first, last, zone) in [
        ("2026-10-31", "2026-11-02", chrono_tz::America::New_York),
        ("2026-04-04", "2026-04-06", chrono_tz::Australia::Lord_Howe),
        ("2026-10-03", "2026-10-05", chrono_tz::Australia::Lord_Howe),
        ("2010-11-06", "2010-11-08", chrono_tz::America::St_Johns),
        ("2025-12-31", "2026-01-01", chrono_tz::Asia::Kathmandu),
        ("2018-02-17", "2018-02-18", chrono_tz::America::Sao_Paulo),
    ] {
        let window = window(first, last, zone);
        let starts = instant_buckets(&window, Granularity::Hour, zone);
        assert!(starts.windows(2).all(|pair| pair[0] < pair[1]), "{zone}");
        let mut instant = window.start;
        while instant < window.end {
            let expected = starts.iter().rev().find(|start| **start <= instant).unwrap();
            assert_eq!(instant_bucket_of(instant, Granularity::Hour, zone), *expected, "{zone} {instant}");
            let wall = |at| zone::wall_clock(at, zone).format("%Y-%m-%d %H").to_string();
            assert_eq!(wall(instant), wall(*expected), "{zone} {instant}");
            instant += Duration::minutes(1);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn buckets_tile_the_calendar(
        days in 0i64..60_000,
        granularity in 3usize..10,
        start in (1u32..=12, 1u32..=28),
        weeks in proptest::option::of((0usize..3, proptest::bool::ANY, 0u8..7, 1u32..=12)),
    ) {
        let mut calendar = Calendar::in_zone(chrono_tz::UTC);
        calendar.fiscal_year_start = FiscalYearStart { month: start.0, day: start.1 };
        calendar.fiscal = weeks.map(|(pattern, last, weekday, month)| FiscalWeeks {
            pattern: [FiscalPattern::FourFourFive, FiscalPattern::FourFiveFour, FiscalPattern::FiveFourFour][pattern],
            ends: if last { FiscalEnd::Last } else { FiscalEnd::Nearest },
            weekday: Weekday::try_from(weekday).unwrap(),
            month,
        });
        let granularity = Granularity::ALL[granularity];
        let date = day("1900-01-01") + Duration::days(days);
        let first = bucket_of(date, granularity, &calendar);
        let next = next_bucket(date, granularity, &calendar);
        prop_assert!(first <= date && date < next);
        prop_assert_eq!(bucket_of(first, granularity, &calendar), first);
        prop_assert_eq!(bucket_of(next, granularity, &calendar), next);
        prop_assert_eq!(bucket_of(next - Days::new(1), granularity, &calendar), first);
        let civil = jiff::civil::date(date.year() as i16, date.month() as i8, date.day() as i8);
        let expected = match granularity {
            Granularity::Month => civil.first_of_month(),
            Granularity::Year => civil.first_of_year(),
            Granularity::Week => civil.iso_week_date().first_of_week().unwrap().date(),
            Granularity::Quarter => {
                let month = (civil.month() - 1) / 3 * 3 + 1;
                jiff::civil::date(civil.year(), month, 1)
            }
            _ => return Ok(()),
        };
        prop_assert_eq!(first.to_string(), expected.to_string());
    }

    /// A fiscal year of months starts on its day, and its quarters every third month on it.
    #[test]
    fn fiscal_quarters_start_on_their_day(days in 0i64..60_000, month in 1u32..=12, day_of_month in 1u32..=28) {
        let mut calendar = Calendar::in_zone(chrono_tz::UTC);
        calendar.fiscal_year_start = FiscalYearStart { month, day: day_of_month };
        let date = day("1900-01-01") + Duration::days(days);
        let mut expected = date;
        while expected.day() != day_of_month || !(expected.month() + 12 - month).is_multiple_of(3) {
            expected = expected - Days::new(1);
        }
        prop_assert_eq!(bucket_of(date, Granularity::FiscalQuarter, &calendar), expected);
        let (year, quarter) = fiscal::quarter(date, &calendar);
        while expected.month() != month {
            expected = expected - chrono::Months::new(3);
        }
        prop_assert_eq!(bucket_of(date, Granularity::FiscalYear, &calendar), expected);
        prop_assert_eq!(year, (expected + chrono::Months::new(12) - Days::new(1)).year());
        let months = (date.year() - expected.year()) * 12 + date.month() as i32 - expected.month() as i32;
        let whole = months - i32::from(date.day() < day_of_month);
        prop_assert_eq!(quarter, whole / 3 + 1);
    }
}
