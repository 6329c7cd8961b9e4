//! Stretches by hand, and what holds for all of them.

use chrono::{Datelike, NaiveDate, TimeZone, Utc};
use chrono_tz::America::New_York;
use proptest::prelude::*;

use super::*;
use crate::catalog::{Accumulation, Grain};
use crate::expr::{DatePart, Literal};
use crate::model::metric::PeriodAggregation;
use crate::query::period::{Dates, Interval};

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn question(first: NaiveDate, last: NaiveDate) -> QueryTime {
    let calendar = Calendar::in_zone(New_York);
    let start = zone::day_start(first, New_York);
    let end = zone::day_start(last + Days::new(1), New_York);
    let dates = Some(Dates { first: Some(first), last });
    QueryTime {
        calendar,
        as_of: Utc.with_ymd_and_hms(2040, 1, 1, 0, 0, 0).unwrap(),
        range: None,
        granularity: None,
        periods: vec![Period { intervals: vec![Interval { start: Some(start), end, dates }] }],
        changes: Vec::new(),
        series: None,
    }
}

fn keys(grains: &[Granularity]) -> TimeKeys {
    TimeKeys {
        grains: grains.iter().copied().map(Some).collect(),
        customs: Vec::new(),
        parts: Vec::new(),
        axis: Granularity::Day,
        day_by_day: false,
    }
}

/// Periods of a table: what each is called, its first day and how many it has.
fn periods(named: &[(&str, &str, u64)]) -> CustomPeriods {
    let days = named.iter().flat_map(|(name, from, count)| {
        (0..*count).map(move |n| (date(from) + Days::new(n), Literal::Text(name.to_string())))
    });
    CustomPeriods::new(days.collect())
}

/// The dates read for each unit; the total last.
fn read(steps: &[TimeStep], keys: &TimeKeys, first: &str, last: &str) -> Vec<(Option<NaiveDate>, NaiveDate)> {
    let time = question(date(first), date(last));
    let frame = Frame {
        time: &time,
        reach: None,
        groups: true,
        total: true,
        only_last: false,
        periods: &|_| None,
        passes: None,
        apart: false,
    };
    let spine = spine(steps, keys, &frame).unwrap();
    let stretch = |slot: &Slot| match slot.reads {
        Stretch::Dates { first, end } => (first, end - Days::new(1)),
        Stretch::Instants { .. } => panic!("days are read by dates"),
    };
    spine.slots.iter().map(stretch).collect()
}

fn window(count: u32, unit: Granularity) -> TimeStep {
    TimeStep::Offset(Offset::Window(Length { count, unit }))
}

fn accumulate(over: Accumulation) -> TimeStep {
    TimeStep::Accumulate { over, pick: PeriodAggregation::Last }
}

#[test]
fn a_month_earlier_is_the_whole_month() {
    let read = read(&[window(1, Granularity::Month)], &keys(&[Granularity::Month]), "2026-04-01", "2026-04-30");
    let march = (Some(date("2026-03-01")), date("2026-03-31"));
    assert_eq!(read, [march, march]);
}

#[test]
fn a_month_before_a_day_is_a_day() {
    let read = read(&[window(1, Granularity::Month)], &keys(&[Granularity::Day]), "2026-03-28", "2026-03-31");
    let days: Vec<NaiveDate> = read[..4].iter().map(|(_, last)| *last).collect();
    assert_eq!(days, ["2026-02-28"; 4].map(date));
    assert!(read[..4].iter().all(|(first, last)| *first == Some(*last)));
}

#[test]
fn a_trailing_window_holds_its_last_day_and_those_before() {
    let trailing = accumulate(Accumulation::Trailing(Length { count: 2, unit: Granularity::Day }));
    let read = read(&[trailing], &keys(&[Granularity::Day]), "2026-03-04", "2026-03-04");
    assert_eq!(read, [(Some(date("2026-03-03")), date("2026-03-04")); 2]);
}

#[test]
fn to_date_starts_with_the_period() {
    let to_date = accumulate(Accumulation::ToDate(Grain::Standard(Granularity::Quarter)));
    let read = read(&[window(1, Granularity::Week), to_date], &keys(&[Granularity::Day]), "2026-04-03", "2026-04-03");
    assert_eq!(read[0], (Some(date("2026-01-01")), date("2026-03-27")));
}

#[test]
fn the_same_place_of_an_earlier_custom_period() {
    let periods = periods(&[("A", "2026-01-01", 3), ("B", "2026-01-04", 5)]);
    assert_eq!(periods.earlier(date("2026-01-05"), 1), Some(date("2026-01-02")));
    // The period before has three days only, and there is none before that.
    assert_eq!(periods.earlier(date("2026-01-07"), 1), None);
    assert_eq!(periods.earlier(date("2026-01-02"), 1), None);
    assert_eq!(periods.earlier(date("2026-02-02"), 1), None);
}

#[test]
fn more_units_than_an_answer_can_have_are_refused() {
    let time = question(date("1000-01-01"), date("2030-01-01"));
    let frame = Frame {
        time: &time,
        reach: None,
        groups: true,
        total: false,
        only_last: false,
        periods: &|_| None,
        passes: None,
        apart: false,
    };
    let refused = spine(&[], &keys(&[Granularity::Day]), &frame).unwrap_err();
    assert_eq!(refused.code, Code::QueryTooLarge);
}

/// The units shown in the first nine days of 2026 by the day of the week, where the days from `from` on pass; the total
/// last.
fn shown_by_weekday(step: TimeStep, from: &str) -> Vec<String> {
    let time = question(date("2026-01-01"), date("2026-01-09"));
    let passes = |start: &BucketStart| Ok(*start >= BucketStart::Date(date(from)));
    let frame = Frame {
        time: &time,
        reach: None,
        groups: true,
        total: true,
        only_last: matches!(step, TimeStep::Accumulate { .. }),
        periods: &|_| None,
        passes: Some(&passes),
        apart: false,
    };
    let keys = TimeKeys { grains: vec![None], parts: vec![DatePart::DayOfWeek], ..keys(&[]) };
    let day = |slot: &Slot| match slot.unit {
        Some(BucketStart::Date(date)) => date.day().to_string(),
        Some(BucketStart::Instant(_)) | None => panic!("days are dates"),
    };
    spine(&[step], &keys, &frame).unwrap().slots.iter().map(day).collect()
}

#[test]
fn the_last_unit_of_a_group_is_the_last_that_passes() {
    let all_time = || accumulate(Accumulation::AllTime);
    assert_eq!(shown_by_weekday(all_time(), "2026-01-01"), ["3", "4", "5", "6", "7", "8", "9", "9"]);
    assert_eq!(shown_by_weekday(all_time(), "2026-01-08"), ["8", "9", "9"]);
    assert!(shown_by_weekday(all_time(), "2026-01-11").is_empty());
}

#[test]
fn the_first_unit_of_a_group_is_the_first_that_passes() {
    let at_start = || TimeStep::Offset(Offset::ToGrain(Grain::Standard(Granularity::Month)));
    assert_eq!(shown_by_weekday(at_start(), "2026-01-01"), ["1", "2", "3", "4", "5", "6", "7", "9"]);
    assert_eq!(shown_by_weekday(at_start(), "2026-01-02"), ["2", "3", "4", "5", "6", "7", "8", "9"]);
}

#[test]
fn a_name_that_comes_back_is_one() {
    let periods = periods(&[("A", "2026-01-01", 2), ("B", "2026-01-03", 4), ("A", "2026-01-07", 2)]);
    let number = |day: &str| periods.name_of(date(day)).map(|(_, number)| number);
    assert_eq!(["2026-01-02", "2026-01-03", "2026-01-08", "2026-01-09"].map(number), [Some(0), Some(1), Some(0), None]);
    assert_eq!(periods.start_of(date("2026-01-08")), Some(date("2026-01-07")));
}

#[test]
fn what_passes_is_moved_by_its_own_boundaries() {
    let time = question(date("2026-03-01"), date("2026-04-30"));
    let middle = [date("2026-03-30"), date("2026-04-02")];
    let passes = |start: &BucketStart| {
        Ok(!middle.contains(&match start {
            BucketStart::Date(date) => *date,
            BucketStart::Instant(_) => panic!("days are dates"),
        }))
    };
    let frame = Frame {
        time: &time,
        reach: None,
        groups: true,
        total: true,
        only_last: false,
        periods: &|_| None,
        passes: Some(&passes),
        apart: false,
    };
    let steps = [window(1, Granularity::Month)];
    let spine = spine(&steps, &keys(&[Granularity::Month]), &frame).unwrap();
    let reads = |slot: &Slot| match slot.reads {
        Stretch::Dates { first: Some(first), end } => format!("{} {first}..{end}", slot.is_total),
        Stretch::Dates { first: None, .. } | Stretch::Instants { .. } => panic!("whole dates are read"),
    };
    assert_eq!(
        spine.slots.iter().map(reads).collect::<Vec<_>>(),
        [
            "false 2026-02-01..2026-02-28",
            "false 2026-02-28..2026-03-01",
            "false 2026-03-01..2026-03-02",
            "false 2026-03-03..2026-04-01",
            "true 2026-02-01..2026-02-28",
            "true 2026-02-28..2026-03-02",
            "true 2026-03-03..2026-04-01",
        ]
    );
}

proptest! {
    /// What units read without steps is the range, each day once; an offset by days reads it moved.
    #[test]
    fn offsets_by_days_tile(start in 0_u64..20_000, days in 1_u64..400, back in 1_u32..1000, grain in 0_usize..5) {
        let grain = [Granularity::Day, Granularity::Week, Granularity::Month, Granularity::Quarter, Granularity::Year][grain];
        let first = date("1980-01-01") + Days::new(start);
        let last = first + Days::new(days);
        let text = |date: NaiveDate| date.to_string();
        let read = read(&[window(back, Granularity::Day)], &keys(&[grain]), &text(first), &text(last));
        let mut next = first - Days::new(back.into());
        for (from, to) in &read[..read.len() - 1] {
            prop_assert_eq!(*from, Some(next));
            next = *to + Days::new(1);
        }
        prop_assert_eq!(next, last + Days::new(1) - Days::new(back.into()));
    }

    /// Months before months touch, whatever their lengths: no day is read twice or left out.
    #[test]
    fn offsets_by_months_tile(year in 1980_i32..2030, month in 1_u32..=12, months in 1_u32..30, back in 1_u32..40) {
        let first = NaiveDate::from_ymd_opt(year, month, 1).unwrap();
        let last = first.checked_add_months(Months::new(months)).unwrap() - Days::new(1);
        let read = read(&[window(back, Granularity::Month)], &keys(&[Granularity::Month]), &first.to_string(), &last.to_string());
        let mut next = first.checked_sub_months(Months::new(back)).unwrap();
        for (from, to) in &read[..read.len() - 1] {
            prop_assert_eq!(*from, Some(next));
            next = *to + Days::new(1);
        }
        prop_assert_eq!(next, first.checked_add_months(Months::new(months)).unwrap().checked_sub_months(Months::new(back)).unwrap());
    }
}
