//! The mistakes that analysts make: each is told where it stands and what to write instead.
//!
//! `errors.txt` holds every statement with what a terminal says of it.

use super::*;
use crate::diagnostic::Diagnostics;
use crate::render::{Colours, render};
use crate::source::Sources;

const MISTAKES: &[(&str, &str)] = &[
    ("a misspelt metric", "SELECT channel, MEASURE(gros) FROM metrics GROUP BY channel"),
    ("a misspelt dimension", "SELECT chanel,\n       MEASURE(gross)\nFROM metrics GROUP BY ALL"),
    ("a metric in WHERE", "SELECT channel, MEASURE(gross) FROM metrics WHERE gross > 1000 GROUP BY ALL"),
    ("an aggregate in WHERE", "SELECT channel, gross FROM metrics WHERE SUM(gross) > 9 AND status = 'done' GROUP BY 1"),
    ("a dimension below the grain", "SELECT reason, MEASURE(gross) FROM metrics GROUP BY reason"),
    ("a wrong aggregate", "SELECT AVG(gross) FROM metrics"),
    ("an aggregate of a formula", "SELECT SUM(net) FROM metrics"),
    ("a missing GROUP BY", "SELECT channel, MEASURE(gross) FROM metrics"),
    ("a bad date", "SELECT MEASURE(gross) FROM metrics WHERE metric_time >= DATE '2026-02-30'"),
    ("a bad time range", "SELECT MEASURE(gross) FROM metrics WHERE TIME_RANGE('last_week_or_so')"),
    ("an unknown function", "SELECT MEASUR(gross) FROM metrics"),
    ("two statements", "SELECT MEASURE(gross) FROM metrics; SELECT 1"),
    ("an ambiguous column", "SELECT country, MEASURE(customers), MEASURE(gross) FROM metrics GROUP BY ALL"),
    ("a type mismatch", "SELECT MEASURE(gross) FROM metrics WHERE channel > 7"),
    ("a type mismatch in HAVING", "SELECT channel, gross FROM metrics GROUP BY ALL HAVING gross = 'much'"),
    ("a missing comma", "SELECT channel MEASURE(gross) FROM metrics"),
    ("a misspelt SELECT", "SELCT MEASURE(gross) FROM metrics"),
    ("a change without a comparison", "SELECT DELTA(gross) FROM metrics WHERE TIME_RANGE('last_7_days')"),
    ("metrics beside another table", "SELECT * FROM metrics m JOIN orders o ON m.channel = o.channel"),
    ("a metric of joined rows", "SELECT MEASURE(gross) FROM orders o JOIN refunds r ON r.order_id = o.id"),
    ("a misspelt table", "SELECT * FROM order_lines o JOIN oders ON true"),
    ("a metric for a table", "SELECT * FROM gross"),
    ("everything of metrics", "SELECT * FROM metrics"),
    ("a count of metrics", "SELECT COUNT(*) FROM metrics"),
    ("a place that SELECT has not", "SELECT channel, gross FROM metrics GROUP BY 3"),
    ("an order by what is not grouped", "SELECT channel, gross FROM metrics GROUP BY 1 ORDER BY status"),
    ("a range under OR", "SELECT gross FROM metrics WHERE TIME_RANGE('last_7_days') OR channel = 'x'"),
    (
        "bounds that exclude each other",
        "SELECT gross FROM metrics WHERE metric_time > '2026-03-01' AND metric_time < '2026-02-01'",
    ),
    ("an offset that is no length", "SELECT MEASURE(gross, offset => 'a year') FROM metrics"),
    ("an argument that MEASURE has not", "SELECT MEASURE(gross, lag => '1 year') FROM metrics"),
    ("an offset by an unknown calendar", "SELECT MEASURE(gross, offset => '1 saeson') FROM metrics"),
    ("the clock", "SELECT gross FROM metrics WHERE metric_time > CURRENT_DATE - 7"),
];

/// Everything that is said of a statement. What only the resolved question tells is said of what was lifted.
fn said(bound: &BoundCatalog, text: &str) -> String {
    let found = match read(&bound.catalog, text) {
        Err(found) => found,
        Ok(Statement::Metrics(lifted)) => match resolved(bound, &lifted.request) {
            Ok(_) => panic!("{text} is right"),
            Err(found) => lifted.places.locate(Diagnostics(found)),
        },
        Ok(other) => panic!("{text} is read as {other:?}"),
    };
    for fault in found.iter() {
        assert!(fault.span.is_some() && fault.help.is_some(), "{text}: {fault:?}");
        assert_eq!(fault.field.as_deref(), Some("query"), "{text}: {fault:?}");
    }
    let mut sources = Sources::default();
    sources.add("query", text);
    render(&sources, &found, Colours::None)
}

#[test]
fn every_mistake_is_told_with_its_place_and_its_remedy() {
    let bound = bound();
    let pages = MISTAKES.iter().map(|(name, text)| format!("## {name}\n{text}\n\n{}\n", said(&bound, text)));
    let all: String = pages.collect();
    assert!(all == include_str!("errors.txt"), "errors.txt has become:\n{all}<<<");
}
