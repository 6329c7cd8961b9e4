//! Joins, alignment, nulls and time: where a plausible plan gives a plausible wrong number.

use serde_json::json;

use super::Shop;

const MODEL: &str = r#"
version: 1
name: traps
calendar: {timezone: America/New_York, week_start: monday}
datasets:
  - name: customers
    source: {csv: customers.csv}
    primary_key: [id]
    columns: [{name: id, type: integer}, {name: region, type: text}, {name: ltv, type: integer}]
    dimensions: [{name: region}]
  - name: orders
    source: {csv: orders.csv}
    primary_key: [id]
    time: day
    columns:
      - {name: id, type: integer}
      - {name: customer, type: integer}
      - {name: amount, type: "decimal(10, 2)"}
      - {name: status, type: text}
      - {name: day, type: date}
    dimensions: [{name: day, type: time, granularity: day}, {name: status}]
    metrics:
      - {name: revenue, type: simple, agg: sum, expr: amount}
      - {name: orders, type: simple, agg: count}
      - {name: ones, type: simple, agg: sum, expr: "1"}
      - {name: done, type: simple, agg: count, filter: "status = 'done'"}
      - {name: done_filled, type: simple, agg: count, filter: "status = 'done'", fill_nulls_with: 0}
      - {name: done_revenue, type: simple, agg: sum, expr: amount, filter: "status = 'done'"}
      - {name: buyers, type: simple, agg: count_distinct, expr: customer}
      - {name: middle, type: simple, agg: median, expr: amount}
      - {name: mean, type: simple, agg: average, expr: amount}
  - name: refunds
    source: {csv: refunds.csv}
    primary_key: [id]
    time: at
    columns:
      - {name: id, type: integer}
      - {name: customer, type: integer}
      - {name: amount, type: "decimal(10, 2)"}
      - {name: at, type: timestamp}
    dimensions: [{name: at, type: time, granularity: second}]
    metrics:
      - {name: refunded, type: simple, agg: sum, expr: amount}
      - {name: refunds, type: simple, agg: count}
relationships:
  - {name: order_customer, from: orders, from_columns: [customer], to: customers, to_columns: [id]}
  - {name: refund_customer, from: refunds, from_columns: [customer], to: customers, to_columns: [id]}
metrics:
  - {name: kept, type: derived, expr: revenue - refunded}
  - {name: kept_filled, type: derived, expr: revenue - refunded, fill_nulls_with: 0}
  - {name: refund_rate, type: ratio, numerator: refunded, denominator: revenue}
  - {name: done_share, type: ratio, numerator: done, denominator: orders}
"#;

const CUSTOMERS: &str = "id,region,ltv\n1,EAST,1000\n2,EAST,500\n3,WEST,200\n4,NORTH,50\n5,,1\n";
/// Order 105 has a customer who is unknown, 106 none, and 107 one without a region.
const ORDERS: &str = "id,customer,amount,status,day\n\
    101,1,100,done,2026-03-01\n102,1,50,done,2026-03-02\n103,2,200,open,2026-03-02\n104,3,75,done,2026-03-04\n\
    105,99,30,done,2026-03-04\n106,,7,open,2026-03-04\n107,5,0.5,open,2026-03-05\n";
/// The first is on 1 March in New York, the last has no customer.
const REFUNDS: &str = "id,customer,amount,at\n1,1,10,2026-03-01T23:30:00\n2,3,5,2026-03-02T00:00:00\n\
    3,4,15,2026-03-07T13:00:00\n4,,2.25,2026-03-08T03:30:00\n";

fn shop() -> Shop {
    Shop::open(MODEL, &[("customers.csv", CUSTOMERS), ("orders.csv", ORDERS), ("refunds.csv", REFUNDS)])
}

#[tokio::test]
async fn facts_align_on_null_keys_and_orphans_stay() {
    let shop = shop();
    let asked = json!({"metric_names": ["revenue", "refunded", "orders", "kept", "kept_filled", "refund_rate"],
        "group_by": ["customers.region"], "order_by": ["customers.region"]});
    let expected = json!([
        ["EAST", 350, 10, 3, 340, 340, 0.0285714285714286],
        ["NORTH", null, 15, null, null, 0, null],
        ["WEST", 75, 5, 1, 70, 70, 0.0666666666666667],
        [null, 37.5, 2.25, 3, 35.25, 35.25, 0.06],
    ]);
    assert_eq!(shop.rows(asked.clone()).await, expected);
    let totals = json!([462.5, 32.25, 7, 430.25, 430.25, 0.0697297297297297]);
    assert_eq!(shop.totals(asked).await, totals);
}

#[tokio::test]
async fn a_count_is_null_in_a_group_without_its_rows_and_zero_over_none() {
    let shop = shop();
    let asked = json!({"metric_names": ["orders", "done", "done_filled", "done_revenue", "done_share"],
        "group_by": ["status"], "order_by": ["status"]});
    let expected = json!([["done", 4, 4, 4, 255, 1], ["open", 3, null, 0, null, null]]);
    assert_eq!(shop.rows(asked).await, expected);
    let answer = shop
        .call(
            "get_metrics",
            json!({"metric_names": ["orders", "done", "revenue", "buyers", "mean"],
        "group_by": ["status"], "where": ["status = 'lost'"]}),
        )
        .await
        .unwrap();
    let values: Vec<_> = answer["metrics"].as_array().unwrap().iter().map(|m| m["value"].clone()).collect();
    assert_eq!(json!(values), json!([0, 0, null, 0, null]));
    assert_eq!(answer["rows"], json!([]));
}

#[tokio::test]
async fn holistic_measures_are_made_again_at_each_grain() {
    let shop = shop();
    let asked = json!({"metric_names": ["buyers", "middle", "mean"], "group_by": ["status"], "order_by": ["status"]});
    let expected = json!([["done", 3, 62.5, 63.75], ["open", 2, 7, 69.1666666666667]]);
    assert_eq!(shop.rows(asked.clone()).await, expected);
    assert_eq!(shop.totals(asked).await, json!([5, 50, 66.0714285714286]));
}

#[tokio::test]
async fn days_are_those_of_the_zone_and_ends_are_whole() {
    let shop = shop();
    let asked =
        json!({"metric_names": ["refunded", "revenue"], "granularity": "day", "time_range": "2026-03-01..2026-03-07"});
    let expected = json!([
        ["2026-03-01", 10, 100],
        ["2026-03-02", 5, 250],
        ["2026-03-04", null, 112],
        ["2026-03-05", null, 0.5],
        ["2026-03-07", 15, null],
    ]);
    assert_eq!(shop.rows(asked.clone()).await, expected);
    assert_eq!(shop.totals(asked).await, json!([30, 462.5]));
    let spring = json!({"metric_names": ["refunds"], "time_range": "2026-03-08", "granularity": "hour"});
    assert_eq!(shop.totals(spring).await, json!([1]));
}

#[tokio::test]
async fn periods_are_compared_in_one_pass() {
    let shop = shop();
    let answer = shop
        .call(
            "get_metrics",
            json!({"metric_names": ["revenue", "orders"],
        "time_range": "2026-03-02..2026-03-04", "comparison": "2026-03-01..2026-03-03", "group_by": ["status"],
        "order_by": ["status"]}),
        )
        .await
        .unwrap();
    // done: 50 + 75 + 30 against 100 + 50; open: 200 + 7 against 200.
    let first = |row: usize| answer["rows"][row].as_array().unwrap()[..3].to_vec();
    assert_eq!(first(0), [json!("done"), json!(155), json!(150)]);
    assert_eq!(first(1), [json!("open"), json!(207), json!(200)]);
    assert_eq!(answer["metrics"][0]["value"], 362);
    assert_eq!(answer["metrics"][0]["previous"], 350);
}

#[tokio::test]
async fn conditions_on_rows_take_three_valued_logic_and_joined_dimensions() {
    let shop = shop();
    let count =
        async |condition: &str| shop.totals(json!({"metric_names": ["orders"], "where": [condition]})).await[0].clone();
    assert_eq!(count("customers.region = 'EAST'").await, 3);
    assert_eq!(count("customers.region != 'EAST'").await, 1);
    assert_eq!(count("customers.region NOT IN ('EAST', 'WEST')").await, 0);
    assert_eq!(count("customers.region IS NULL").await, 3);
    assert_eq!(count("customers.region IS NULL OR status = 'open'").await, 4);
    assert_eq!(count("metric_time >= DATE '2026-03-04'").await, 4);
    assert_eq!(count("metric_time__week = DATE '2026-03-02'").await, 6);
}

/// The engine answers a sum of a literal over a join from statistics that the join did not scale.
#[tokio::test]
async fn a_sum_of_ones_counts_the_rows_of_the_join() {
    let shop = shop();
    let asked = json!({"metric_names": ["ones", "orders"], "where": ["customers.region IS NOT NULL"]});
    assert_eq!(shop.totals(asked).await, json!([4, 4]));
    assert_eq!(shop.totals(json!({"metric_names": ["ones"], "group_by": ["customers.region"]})).await, json!([7]));
}

#[tokio::test]
async fn the_values_of_a_dimension_are_counted() {
    let answer = shop().call("get_dimension_values", json!({"dimension": "status"})).await.unwrap();
    assert_eq!(answer["values"], json!([{"value": "done", "rows": 4}, {"value": "open", "rows": 3}]));
}

/// A period of which nothing has elapsed, and one that ends before all data.
#[tokio::test]
async fn empty_periods_hold_nothing() {
    let shop = shop();
    let asked =
        json!({"metric_names": ["orders", "revenue", "done_share"], "time_range": "2020-01", "group_by": ["status"]});
    assert_eq!(shop.totals(asked.clone()).await, json!([0, null, null]));
    assert_eq!(shop.rows(asked).await, json!([]));
}
