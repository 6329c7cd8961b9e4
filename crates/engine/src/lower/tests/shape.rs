//! The shape of plans: one scan a dataset and time axis, and raw bounds that prune.

use serde_json::json;

use super::Shop;

const MODEL: &str = r#"
version: 1
name: shape
calendar: {timezone: America/New_York, week_start: monday}
datasets:
  - name: customers
    source: {csv: customers.csv}
    primary_key: [id]
    columns: [{name: id, type: integer}, {name: region, type: text}]
    dimensions: [{name: region}]
  - name: orders
    source: {csv: orders.csv}
    primary_key: [id]
    time: at
    columns:
      - {name: id, type: integer}
      - {name: customer, type: integer}
      - {name: amount, type: "decimal(10, 2)"}
      - {name: at, type: timestamp}
    dimensions: [{name: at, type: time, granularity: second}, {name: amount}]
    metrics:
      - {name: revenue, type: simple, agg: sum, expr: amount}
      - {name: large, type: simple, agg: count, filter: amount > 10}
      - {name: mean, type: simple, agg: average, expr: amount}
relationships:
  - {name: order_customer, from: orders, from_columns: [customer], to: customers, to_columns: [id]}
"#;

#[tokio::test]
async fn one_scan_answers_all_measures_periods_and_the_total() {
    let shop = Shop::open(
        MODEL,
        &[
            ("customers.csv", "id,region\n1,EAST\n"),
            ("orders.csv", "id,customer,amount,at\n1,1,5,2026-03-01T00:00:00\n"),
        ],
    );
    let asked = json!({"metric_names": ["revenue", "large", "mean"], "group_by": ["customers.region"],
        "time_range": "2026-03-02..2026-03-08", "comparison": "previous_period", "granularity": "day"});
    let logical = shop.stage("logical", asked.clone()).await;
    assert_eq!(logical.matches("TableScan: t0").count(), 1, "{logical}");
    assert_eq!(logical.matches("TableScan: t1").count(), 1, "{logical}");
    assert!(logical.contains("Left Join"), "{logical}");
    // The clock moves on 8 March at 2:00; the bounds are still single comparisons of the raw column.
    let bounds = "t0.at >= TimestampMicrosecond(1772409600000000, None)";
    assert!(logical.contains(bounds) || logical.contains("t0.at >= Timestamp"), "{logical}");
    assert!(!logical.contains("CAST(t0.at AS Timestamp"), "{logical}");
    let physical = shop.stage("physical", asked).await;
    assert!(!physical.contains("PlaceholderRowExec: partitions") || physical.contains("UnionExec"), "{physical}");
}

/// Zones change their clocks hundreds of times; a plan over all time does not write them out.
#[tokio::test]
async fn plans_over_all_time_stay_small() {
    let shop = Shop::open(
        MODEL,
        &[
            ("customers.csv", "id,region\n1,EAST\n"),
            ("orders.csv", "id,customer,amount,at\n1,1,5,2026-03-08T01:30:00\n2,1,5,2026-03-08T02:30:00\n"),
        ],
    );
    for (asked, expected) in [
        (json!({"where": ["metric_time >= TIMESTAMP '2026-03-08 03:30:00'"]}), json!([[5]])),
        (json!({"granularity": "hour"}), json!([["2026-03-08T01:00:00-05:00", 5], ["2026-03-08T03:00:00-04:00", 5]])),
        (json!({"granularity": "day", "timezone": "Europe/Berlin"}), json!([["2026-03-08", 10]])),
        (
            json!({"granularity": "hour", "timezone": "Asia/Kathmandu"}),
            json!([["2026-03-08T12:00:00+05:45", 5], ["2026-03-08T13:00:00+05:45", 5]]),
        ),
    ] {
        let mut asked = asked;
        asked["metric_names"] = json!(["revenue"]);
        assert!(shop.stage("logical", asked.clone()).await.len() < 2_500, "{asked}");
        assert_eq!(shop.rows(asked.clone()).await, expected, "{asked}");
    }
}
