//! Each conversion on the rows of a column, held against the pure functions of `semantics::time`.

use std::sync::{Arc, OnceLock};

use chrono::{DateTime, Duration, NaiveDateTime, Utc, Weekday};
use chrono_tz::Tz;
use datafusion::arrow::array::{Array, ArrayRef, AsArray, Int64Array, RecordBatch};
use datafusion::arrow::compute::cast;
use datafusion::arrow::datatypes::{DataType, Date32Type, Int64Type, TimeUnit};
use datafusion::datasource::{MemTable, provider_as_source};
use datafusion::logical_expr::{LogicalPlanBuilder, ident};
use sextant_semantics::expr::DatePart;
use sextant_semantics::query::period::{Dates, Interval, Period};
use sextant_semantics::time::bucket::{bucket_of, instant_bucket_of};
use sextant_semantics::time::calendar::{Calendar, FiscalEnd, FiscalPattern, FiscalWeeks, FiscalYearStart};
use sextant_semantics::time::granularity::Granularity;
use sextant_semantics::time::stored::StoredAs;
use sextant_semantics::time::zone;
use tokio_util::sync::CancellationToken;

use super::{Span, Time, in_period};
use crate::execute::{Limits, execute};
use crate::lower::on_a_deep_stack;
use crate::lower::typed::Typed;
use crate::session::{Resources, Sessions};

/// Ordinary changes at 2:00; at midnight, both ways; half an hour; a skipped day; 45 minutes; none.
const ZONES: [&str; 8] = [
    "America/New_York",
    "America/Sao_Paulo",
    "America/Havana",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Asia/Kathmandu",
    "Europe/Dublin",
    "UTC",
];

const UNITS: [TimeUnit; 4] = [TimeUnit::Second, TimeUnit::Millisecond, TimeUnit::Microsecond, TimeUnit::Nanosecond];

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Seconds around every change of the zone's clock between 2010 and 2013, and some between.
fn moments(zone: Tz) -> Vec<DateTime<Utc>> {
    let (from, to) = (utc("2010-09-01T00:00:00Z"), utc("2013-01-31T00:00:00Z"));
    let mut found = Vec::new();
    for (change, _) in zone::offsets(zone, from, to).into_iter().skip(1) {
        let around = [
            -90_000, -86_400, -5_400, -3_601, -3_600, -1_800, -1, 0, 1, 1_799, 1_800, 3_599, 3_600, 7_200, 86_399,
            90_000,
        ];
        found.extend(around.map(|seconds| change + Duration::seconds(seconds)));
    }
    let mut at = from;
    while at < to {
        found.push(at);
        at += Duration::seconds(86_400 * 41 + 5_003);
    }
    found
}

/// A column of digits in seconds, as a timestamp of the unit.
fn column(digits: &[NaiveDateTime], unit: TimeUnit, zone: Option<&str>) -> ArrayRef {
    let seconds: ArrayRef =
        Arc::new(Int64Array::from_iter(digits.iter().map(|at| Some(at.and_utc().timestamp())).chain([None])));
    let seconds = cast(&seconds, &DataType::Timestamp(TimeUnit::Second, None)).unwrap();
    let digits = cast(&seconds, &DataType::Timestamp(unit, None)).unwrap();
    let Some(zone) = zone else { return digits };
    let integers = cast(&digits, &DataType::Int64).unwrap();
    cast(&integers, &DataType::Timestamp(unit, Some(zone.into()))).unwrap()
}

/// What `lowered` makes of each row of the column `t`.
async fn over(column: ArrayRef, lowered: impl Fn(Typed) -> Typed + Send + Sync) -> ArrayRef {
    let of = Typed::new(ident("t"), column.data_type().clone());
    let batch = RecordBatch::try_from_iter([("t", column)]).unwrap();
    let table = Arc::new(MemTable::try_new(batch.schema(), vec![vec![batch]]).unwrap());
    let (plan, data_type) = on_a_deep_stack(|| {
        let Typed { expr, data_type } = lowered(of);
        let scan = LogicalPlanBuilder::scan("rows", provider_as_source(table), None).unwrap();
        (scan.project(vec![expr.alias("value")]).unwrap().build().unwrap(), data_type)
    })
    .unwrap();
    static SESSIONS: OnceLock<Sessions> = OnceLock::new();
    let resources = Resources { memory_bytes: 256 << 20, temporary_bytes: 0, target_partitions: 1, threads: 2 };
    let session = SESSIONS.get_or_init(|| Sessions::new(&resources).unwrap()).open(64 << 20);
    let batches = execute(&session, plan, &Limits::STANDARD, &CancellationToken::new()).await.unwrap();
    assert_eq!(batches.len(), 1);
    assert_eq!(batches[0].column(0).data_type(), &data_type);
    Arc::clone(batches[0].column(0))
}

fn dates(of: &ArrayRef) -> Vec<Option<String>> {
    let of = of.as_primitive::<Date32Type>();
    (0..of.len()).map(|row| of.is_valid(row).then(|| of.value_as_date(row).unwrap().to_string())).collect()
}

fn seconds(of: &ArrayRef) -> Vec<Option<NaiveDateTime>> {
    let DataType::Timestamp(unit, _) = of.data_type() else { panic!("{}", of.data_type()) };
    let per_second = match unit {
        TimeUnit::Second => 1,
        TimeUnit::Millisecond => 1_000,
        TimeUnit::Microsecond => 1_000_000,
        TimeUnit::Nanosecond => 1_000_000_000,
    };
    let of = cast(of, &DataType::Int64).unwrap();
    let of = of.as_primitive::<Int64Type>();
    let at = |value: i64| DateTime::from_timestamp(value.div_euclid(per_second), 0).unwrap().naive_utc();
    (0..of.len()).map(|row| of.is_valid(row).then(|| at(of.value(row)))).collect()
}

fn same<T: PartialEq + std::fmt::Debug>(found: Vec<Option<T>>, expected: Vec<T>, rows: &[NaiveDateTime], what: &str) {
    assert_eq!(found.len(), rows.len() + 1);
    assert_eq!(found[rows.len()], None, "{what}: null");
    for (row, (found, expected)) in found.into_iter().zip(expected).enumerate() {
        assert_eq!(found, Some(expected), "{what}: {}", rows[row]);
    }
}

/// The columns of a zone's test: instants, and wall clocks of the question's and of another zone,
/// as digits with the instants they mean.
fn columns(zone: Tz) -> Vec<(StoredAs, Vec<NaiveDateTime>, Vec<DateTime<Utc>>)> {
    let instants = moments(zone);
    let digits: Vec<_> = instants.iter().map(|at| at.naive_utc()).collect();
    let mut found = vec![(StoredAs::Instant, digits.clone(), instants.clone())];
    for stored in [zone, Tz::UTC, Tz::Europe__Berlin] {
        // Taken as digits of the zone, the moments and their clocks hold its gaps and repeated hours.
        let mut local = digits.clone();
        local.extend(instants.iter().map(|at| zone::wall_clock(*at, stored)));
        local.extend(instants.iter().map(|at| zone::wall_clock(*at, stored) + Duration::minutes(30)));
        let meant = local.iter().map(|digits| zone::instant_of_local(*digits, stored)).collect();
        found.push((StoredAs::WallClock(stored), local, meant));
    }
    found
}

fn bounded(instants: &[DateTime<Utc>]) -> Span {
    let first = instants.iter().min().unwrap();
    let last = instants.iter().max().unwrap();
    Span::Between(*first, *last + Duration::seconds(1))
}

#[tokio::test]
async fn days_and_clocks_are_those_of_the_zone() {
    for zone in ZONES {
        let zone: Tz = zone.parse().unwrap();
        let calendar = Calendar::in_zone(zone);
        for (position, (stored, digits, instants)) in columns(zone).into_iter().enumerate() {
            let unit = UNITS[position % UNITS.len()];
            let instant_zone = (stored == StoredAs::Instant).then_some("Asia/Tokyo");
            for span in [bounded(&instants), Span::Any] {
                let what = format!("{zone}, {stored:?}, {unit:?}, {}", span == Span::Any);
                let time = |of: Typed| Time { of, stored, calendar: &calendar, span: &span };
                let rows = || column(&digits, unit, instant_zone);
                let days = over(rows(), |of| time(of).local_date().unwrap()).await;
                let expected = instants.iter().map(|at| zone::local_date(*at, zone).to_string()).collect();
                same(dates(&days), expected, &digits, &what);
                let clocks = over(rows(), |of| time(of).wall_clock().unwrap()).await;
                let expected = instants.iter().map(|at| zone::wall_clock(*at, zone)).collect();
                same(seconds(&clocks), expected, &digits, &what);
            }
        }
    }
}

#[tokio::test]
async fn hours_start_where_the_clock_says() {
    for zone in ZONES {
        let zone: Tz = zone.parse().unwrap();
        let calendar = Calendar::in_zone(zone);
        for (position, (stored, digits, instants)) in columns(zone).into_iter().enumerate() {
            let unit = UNITS[(position + 1) % UNITS.len()];
            let instant_zone = (stored == StoredAs::Instant).then_some("UTC");
            let span = bounded(&instants);
            for granularity in [Granularity::Hour, Granularity::Minute] {
                let time = |of: Typed| Time { of, stored, calendar: &calendar, span: &span };
                let starts =
                    over(column(&digits, unit, instant_zone), |of| time(of).bucket(granularity).unwrap()).await;
                let expected =
                    instants.iter().map(|at| instant_bucket_of(*at, granularity, zone).naive_utc()).collect();
                same(seconds(&starts), expected, &digits, &format!("{zone}, {stored:?}, {granularity}"));
            }
        }
    }
}

#[tokio::test]
async fn dates_fall_in_the_buckets_of_the_calendar() {
    let zone = Tz::UTC;
    let weeks =
        FiscalWeeks { pattern: FiscalPattern::FourFourFive, ends: FiscalEnd::Nearest, weekday: Weekday::Sat, month: 1 };
    let calendars = [
        Calendar::in_zone(zone),
        Calendar {
            week_start: Weekday::Sun,
            fiscal_year_start: FiscalYearStart { month: 2, day: 1 },
            ..Calendar::in_zone(zone)
        },
        Calendar { fiscal_year_start: FiscalYearStart { month: 4, day: 6 }, ..Calendar::in_zone(zone) },
        Calendar { fiscal_year_start: FiscalYearStart { month: 11, day: 28 }, ..Calendar::in_zone(zone) },
        Calendar { fiscal: Some(weeks), ..Calendar::in_zone(zone) },
    ];
    let first = utc("1968-12-20T00:00:00Z").naive_utc();
    let days: Vec<_> = (0..21_000).step_by(3).map(|day| first + Duration::days(day)).collect();
    let span = Span::Between(first.and_utc(), utc("2027-01-01T00:00:00Z"));
    for calendar in &calendars {
        for granularity in Granularity::ALL.into_iter().filter(|granularity| !granularity.is_sub_day()) {
            let rows = cast(&column(&days, TimeUnit::Second, None), &DataType::Date32).unwrap();
            let time = |of: Typed| Time { of, stored: StoredAs::Date, calendar, span: &span };
            let found = over(rows, |of| time(of).bucket(granularity).unwrap()).await;
            let expected = days.iter().map(|day| bucket_of(day.date(), granularity, calendar).to_string()).collect();
            same(dates(&found), expected, &days, &format!("{granularity} of {calendar:?}"));
        }
    }
}

#[tokio::test]
async fn parts_are_those_of_the_local_day() {
    let calendar = Calendar::in_zone(Tz::America__New_York);
    let span = Span::Any;
    let rows = [utc("2026-03-02T02:30:00Z").naive_utc()];
    for (part, expected) in [(DatePart::DayOfWeek, 7), (DatePart::Day, 1), (DatePart::Hour, 21), (DatePart::Week, 9)] {
        let time = |of: Typed| Time { of, stored: StoredAs::Instant, calendar: &calendar, span: &span };
        let found = over(column(&rows, TimeUnit::Second, Some("UTC")), |of| time(of).part(part).unwrap()).await;
        assert_eq!(found.as_primitive::<Int64Type>().value(0), expected, "{part}");
    }
}

#[tokio::test]
async fn a_period_holds_the_rows_whose_instants_it_holds() {
    for zone in ZONES {
        let zone: Tz = zone.parse().unwrap();
        for (position, (stored, digits, instants)) in columns(zone).into_iter().enumerate() {
            let unit = UNITS[(position + 2) % UNITS.len()];
            let instant_zone = (stored == StoredAs::Instant).then_some("Asia/Tokyo");
            let mut sorted = instants.clone();
            sorted.sort();
            // Bounds at moments around changes, one of them between two seconds.
            for step in [7, 61] {
                let bounds: Vec<_> = sorted.iter().copied().step_by(step).collect();
                for pair in bounds.windows(2).step_by(5) {
                    let (start, end) = (pair[0], pair[1] + Duration::milliseconds(500));
                    for start in [Some(start), None] {
                        let interval = Interval { start, end, dates: None };
                        let period = Period { intervals: vec![interval] };
                        let kept = over(column(&digits, unit, instant_zone), |of| {
                            Typed::new(in_period(&of, stored, &period).unwrap(), DataType::Boolean)
                        })
                        .await;
                        let kept = kept.as_boolean();
                        let without_time = kept.is_valid(digits.len()) && kept.value(digits.len());
                        assert_eq!(without_time, start.is_none(), "a row without a time");
                        for (row, at) in instants.iter().enumerate() {
                            let expected = start.is_none_or(|start| *at >= start) && *at < end;
                            assert_eq!(
                                kept.value(row),
                                expected,
                                "{zone}, {stored:?}, {} in {start:?}..{end}",
                                digits[row]
                            );
                        }
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn dates_are_kept_by_date_and_nothing_is_in_no_interval() {
    let day = |text: &str| text.parse::<chrono::NaiveDate>().unwrap();
    let rows = [utc("2026-03-01T00:00:00Z").naive_utc(), utc("2026-03-02T00:00:00Z").naive_utc()];
    let end = utc("2026-03-03T05:00:00Z");
    let cases = [
        (Some(Dates { first: Some(day("2026-03-01")), last: day("2026-03-01") }), [true, false]),
        (Some(Dates { first: None, last: day("2026-03-02") }), [true, true]),
        (None, [false, false]),
    ];
    for (dates, expected) in cases {
        let period = Period { intervals: vec![Interval { start: None, end, dates }] };
        let column = cast(&column(&rows, TimeUnit::Second, None), &DataType::Date32).unwrap();
        let kept =
            over(column, |of| Typed::new(in_period(&of, StoredAs::Date, &period).unwrap(), DataType::Boolean)).await;
        assert_eq!([kept.as_boolean().value(0), kept.as_boolean().value(1)], expected);
    }
}
