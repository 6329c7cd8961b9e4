//! Sentences, held against what they should read.

use chrono::NaiveDate;

use super::{Against, Dates, Driver, Highlight, Presence, Segment, data_issue, sentence};
use crate::model::metric::Format;
use crate::significance::IssueDay;

fn dates(first: &str, last: &str) -> Dates {
    let date = |text: &str| text.parse::<NaiveDate>().unwrap();
    Dates { first: date(first), last: date(last) }
}

fn segment(name: &str, contribution: f64) -> Segment<'_> {
    Segment { name, contribution, presence: Presence::Both }
}

/// Net sales of 13–19 November against the seven days before.
fn net_sales(previous: f64, current: f64, driver: Option<Driver<'static>>) -> Highlight<'static> {
    Highlight {
        label: "Net sales",
        format: Format::Currency,
        unit: Some("USD"),
        previous: Some(previous),
        current: Some(current),
        range: dates("2026-11-13", "2026-11-19"),
        against: Against::Dates(dates("2026-11-06", "2026-11-12")),
        driver,
    }
}

fn of(label: &'static str, format: Format, unit: Option<&'static str>, values: (f64, f64)) -> String {
    sentence(&Highlight { label, format, unit, ..net_sales(values.0, values.1, None) })
}

fn driven(driver: Driver<'static>) -> String {
    sentence(&net_sales(93600.0, 84000.0, Some(driver)))
}

#[test]
fn a_fall_with_its_segment() {
    let desktop = Driver::Segments { members: vec![segment("desktop", -7000.0)], share: 7000.0 / 9600.0 };
    insta::assert_snapshot!(driven(desktop), @"net sales fell 10.3 % (−9,600 USD) against 6–12 November; desktop accounts for 73 %");
}

#[test]
fn money_by_its_minor_unit() {
    insta::assert_snapshot!(of("Net sales", Format::Currency, Some("USD"), (1000.0, 1100.5)), @"net sales rose 10.1 % (+100.50 USD) against 6–12 November");
    insta::assert_snapshot!(of("Net sales", Format::Currency, Some("JPY"), (1000.0, 1100.5)), @"net sales rose 10.1 % (+100 JPY) against 6–12 November");
    insta::assert_snapshot!(of("Net sales", Format::Currency, Some("KWD"), (1000.0, 1100.5)), @"net sales rose 10.1 % (+100.500 KWD) against 6–12 November");
    insta::assert_snapshot!(of("Net sales", Format::Currency, Some("USD"), (1234567.0, 2469134.0)), @"net sales rose 100.0 % (+1,234,567 USD) against 6–12 November");
    insta::assert_snapshot!(of("Average order value", Format::Number, Some("EUR"), (78.0, 80.0)), @"average order value rose 2.6 % (+2 EUR) against 6–12 November");
}

#[test]
fn other_units() {
    insta::assert_snapshot!(of("Conversion rate", Format::Percent, None, (0.025, 0.021)), @"conversion rate fell 16.0 % (−0.4 points) against 6–12 November");
    insta::assert_snapshot!(of("ROAS", Format::Ratio, None, (3.25, 4.0)), @"ROAS rose 23.1 % (+0.8) against 6–12 November");
    insta::assert_snapshot!(of("Orders", Format::Number, None, (1200.0, 13200.0)), @"orders rose 1,000.0 % (+12,000) against 6–12 November");
    insta::assert_snapshot!(of("Time on page", Format::Duration, Some("seconds"), (40.0, 30.5)), @"time on page fell 23.8 % (−9.5 seconds) against 6–12 November");
    insta::assert_snapshot!(of("Defects per unit", Format::Ratio, None, (0.0021, 0.0030)), @"defects per unit rose 42.9 % (+0.00090) against 6–12 November");
}

#[test]
fn without_a_percent() {
    insta::assert_snapshot!(of("Returns", Format::Currency, Some("USD"), (0.0, 50.0)), @"returns rose from 0 to 50 USD against 6–12 November");
    insta::assert_snapshot!(of("Profit", Format::Currency, Some("USD"), (-50.0, 20.0)), @"profit rose from −50 USD to 20 USD (+70 USD) against 6–12 November");
    insta::assert_snapshot!(of("Profit", Format::Currency, Some("USD"), (0.0, -80.0)), @"profit fell from 0 to −80 USD against 6–12 November");
    insta::assert_snapshot!(of("Refund rate", Format::Percent, None, (0.0, 0.021)), @"refund rate rose from 0 to 2.1 % against 6–12 November");
    insta::assert_snapshot!(of("Net sales", Format::Currency, Some("USD"), (5.0, 5.0)), @"net sales stayed at 5 USD against 6–12 November");
    let one_sided = |previous, current| sentence(&Highlight { previous, current, ..net_sales(0.0, 0.0, None) });
    insta::assert_snapshot!(one_sided(None, Some(84000.0)), @"net sales rose from nothing to 84,000 USD against 6–12 November");
    insta::assert_snapshot!(one_sided(Some(84000.0), None), @"net sales fell from 84,000 USD to nothing against 6–12 November");
    insta::assert_snapshot!(one_sided(None, None), @"net sales has no value against 6–12 November");
}

#[test]
fn where_a_change_lies() {
    let two = vec![segment("desktop", -5000.0), segment("tablet", -2000.0)];
    insta::assert_snapshot!(driven(Driver::Segments { members: two, share: 0.729 }), @"net sales fell 10.3 % (−9,600 USD) against 6–12 November; desktop and tablet account for 73 %");
    let three = vec![segment("a", -4000.0), segment("b", -2000.0), segment("c", -1000.0)];
    insta::assert_snapshot!(driven(Driver::Segments { members: three, share: 0.729 }), @"net sales fell 10.3 % (−9,600 USD) against 6–12 November; a, b and c account for 73 %");
    insta::assert_snapshot!(driven(Driver::Segments { members: vec![segment("desktop", -12000.0)], share: 1.25 }), @"net sales fell 10.3 % (−9,600 USD) against 6–12 November; desktop changed by −12,000 USD, the rest by +2,400 USD");
    insta::assert_snapshot!(driven(Driver::Segments { members: vec![segment("desktop", -9600.0)], share: 1.0 }), @"net sales fell 10.3 % (−9,600 USD) against 6–12 November; desktop accounts for 100 %");
    let gone = Segment { presence: Presence::Lost, ..segment("kiosk", -7000.0) };
    insta::assert_snapshot!(driven(Driver::Segments { members: vec![gone], share: 0.729 }), @"net sales fell 10.3 % (−9,600 USD) against 6–12 November; kiosk (no longer there) accounts for 73 %");
    let new = Segment { presence: Presence::New, ..segment("app", -7000.0) };
    insta::assert_snapshot!(driven(Driver::Segments { members: vec![new], share: 0.729 }), @"net sales fell 10.3 % (−9,600 USD) against 6–12 November; app (new) accounts for 73 %");
    insta::assert_snapshot!(driven(Driver::SpreadOver { dimensions: vec!["device", "channel"] }), @"net sales fell 10.3 % (−9,600 USD) against 6–12 November; spread over device and channel, no single segment");
    let members = vec![segment("web", -80000.0), segment("store", 70400.0)];
    insta::assert_snapshot!(driven(Driver::Offsetting { dimension: "channel", members }), @"net sales fell 10.3 % (−9,600 USD) against 6–12 November; moves within channel offset each other: web −80,000 USD, store +70,400 USD");
    let nothing = Driver::Segments { members: Vec::new(), share: 0.0 };
    insta::assert_snapshot!(driven(nothing), @"net sales fell 10.3 % (−9,600 USD) against 6–12 November");
}

#[test]
fn what_it_is_held_against() {
    let against = |against| sentence(&Highlight { against, ..net_sales(93600.0, 84000.0, None) });
    insta::assert_snapshot!(against(Against::MeanOf { windows: 4 }), @"net sales fell 10.3 % (−9,600 USD) against the mean of the 4 windows before");
    insta::assert_snapshot!(against(Against::Named("the target")), @"net sales fell 10.3 % (−9,600 USD) against the target");
}

#[test]
fn dates_say_years_where_they_differ() {
    let read = |first, last| dates(first, last).beside(&dates("2026-11-13", "2026-11-19"));
    insta::assert_snapshot!(read("2026-11-06", "2026-11-12"), @"6–12 November");
    insta::assert_snapshot!(read("2026-10-30", "2026-11-05"), @"30 October–5 November");
    insta::assert_snapshot!(read("2026-11-12", "2026-11-12"), @"12 November");
    insta::assert_snapshot!(read("2025-11-13", "2025-11-19"), @"13–19 November 2025");
    insta::assert_snapshot!(read("2025-10-30", "2025-11-05"), @"30 October–5 November 2025");
    insta::assert_snapshot!(read("2025-12-28", "2026-01-03"), @"28 December 2025–3 January 2026");
    insta::assert_snapshot!(read("2024-02-29", "2024-02-29"), @"29 February 2024");
    let over_new_year = dates("2025-12-29", "2026-01-04");
    insta::assert_snapshot!(dates("2025-12-22", "2025-12-28").beside(&over_new_year), @"22–28 December 2025");
}

#[test]
fn a_day_that_may_be_wrong() {
    let issue = IssueDay { day: 1, metrics: 5, alike: 4, factor: 0.0 };
    let day = "2026-11-14".parse().unwrap();
    let range = dates("2026-11-13", "2026-11-19");
    insta::assert_snapshot!(data_issue("orders", day, &range, &issue), @"possible data issue on 14 November: 4 of 5 measures of orders are at 0 % of what was expected");
    let doubled = IssueDay { factor: 2.013, ..issue };
    insta::assert_snapshot!(data_issue("orders", day, &range, &doubled), @"possible data issue on 14 November: 4 of 5 measures of orders are at 201 % of what was expected");
}
