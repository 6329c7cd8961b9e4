//! `possibly-late` and `future-rows`, on axes that are columns and expressions.

use super::*;

const COLUMN: &str = "{name: at, type: time, granularity: second, stored_as: utc}";

/// The warnings of the orders of these days, asked at noon.
async fn warned(days: &[&str], more: Value, now: &str) -> Vec<String> {
    let mut all = Vec::new();
    for time in [COLUMN, DATE] {
        let root = Root::new();
        let rows: String = days.iter().map(|day| format!("1,{day},{day}T12:00:00\n")).collect();
        root.write("orders.csv", format!("amount,day,at\n{rows}"));
        let columns = "- {name: amount, type: integer}\n      - {name: at, type: timestamp}";
        let model = model("{csv: orders.csv}", time).replacen("- {name: amount, type: integer}", columns, 1);
        let workspace = open(&root, model);
        let mut arguments = map(json!({"metric_names": ["orders"]}));
        arguments.extend(map(more.clone()));
        // The second time from what is remembered.
        for _ in 0..2 {
            let answer = workspace.call("get_metrics", &arguments, &context(now)).await.unwrap();
            let found = warnings(&answer).into_iter();
            let found = found.filter(|w| w.starts_with("possibly-late") || w.starts_with("future-rows"));
            all.push(found.collect::<Vec<_>>());
        }
    }
    assert!(all.windows(2).all(|pair| pair[0] == pair[1]), "{all:#?}");
    all.swap_remove(0)
}

/// Data that comes daily is late after two days, data that comes weekly after two weeks.
#[tokio::test]
async fn later_than_twice_the_longest_gap() {
    let daily = ["2026-03-01", "2026-03-02", "2026-03-03"];
    let week = json!({"time_range": "last_7_days"});
    let none: Vec<String> = Vec::new();
    assert_eq!(warned(&daily, week.clone(), "2026-03-05T17:00:00Z").await, none);
    assert_eq!(
        warned(&daily, week.clone(), "2026-03-06T17:00:00Z").await,
        [
            "possibly-late: the newest row of `orders` is of 2026-03-03, 3 days ago; in the 90 days before it no gap was \
          longer than 1 day"
        ]
    );
    let weekly = ["2026-02-17", "2026-02-24", "2026-03-03"];
    assert_eq!(warned(&weekly, week.clone(), "2026-03-17T17:00:00Z").await, none);
    assert_eq!(
        warned(&weekly, week.clone(), "2026-03-18T17:00:00Z").await,
        [
            "possibly-late: the newest row of `orders` is of 2026-03-03, 15 days ago; in the 90 days before it no gap was \
          longer than 7 days"
        ]
    );
    // Without a time range all data is read, up to now.
    assert_eq!(warned(&daily, json!({}), "2026-03-06T17:00:00Z").await.len(), 1);
}

#[tokio::test]
async fn not_late_where_nothing_can_be_missing() {
    let none: Vec<String> = Vec::new();
    let daily = ["2026-03-01", "2026-03-02", "2026-03-03"];
    let now = "2026-03-20T17:00:00Z";
    // The range ends with the data, or its clock does.
    assert_eq!(warned(&daily, json!({"time_range": "2026-03-01..2026-03-03"}), now).await, none);
    assert_eq!(warned(&daily, json!({"time_range": "last_7_days", "as_of": "data"}), now).await, none);
    // One day tells of no gap, and gaps of more than 90 days ago are not usual.
    assert_eq!(warned(&["2026-03-03"], json!({"time_range": "last_7_days"}), now).await, none);
    let old = ["2025-10-01", "2025-12-20", "2026-03-02", "2026-03-03"];
    assert_eq!(warned(&old, json!({"time_range": "last_7_days"}), now).await, none);
    let older = ["2025-10-01", "2026-03-02", "2026-03-03"];
    assert_eq!(warned(&older, json!({"time_range": "last_7_days"}), now).await.len(), 1);
}

#[tokio::test]
async fn a_watermark_is_never_late() {
    let root = Root::new();
    root.write("orders.csv", "amount,day\n1,2026-03-01\n1,2026-03-02\n");
    let model = model("{csv: orders.csv}", "{name: at, type: time, granularity: day, expr: day}")
        .replacen("    time: at\n", "    time: at\n    watermark: {column: day}\n", 1)
        .replacen(
            "- {name: amount, type: integer}",
            "- {name: amount, type: integer}\n      - {name: day, type: date}",
            1,
        );
    let workspace = open(&root, model);
    let answer = call(&workspace, "get_metrics", json!({"metric_names": ["orders"], "time_range": "last_7_days"}));
    let found = warnings(&answer.await.unwrap());
    assert!(!found.iter().any(|w| w.starts_with("possibly-late")), "{found:?}");
}

/// Rows after the clock are counted and not read.
#[tokio::test]
async fn future_rows() {
    let days = ["2026-03-08", "2026-03-09", "2026-03-10", "2026-03-11", "2026-03-11", "2027-01-01"];
    let asked = |as_of: &str| json!({"time_range": "last_7_days", "as_of": as_of});
    assert_eq!(
        warned(&days, asked("2026-03-10T23:00:00-04:00"), NOW).await,
        ["future-rows: 3 rows of `orders` are later than 2026-03-10T23:00:00-04:00 and were not read"]
    );
    assert_eq!(
        warned(&days, asked("2026-12-31"), NOW).await,
        ["future-rows: 1 row of `orders` is later than 2026-12-31T23:59:59-05:00 and was not read"]
    );
    assert_eq!(warned(&days[..3], asked("2026-03-10"), NOW).await, Vec::<String>::new());
}
