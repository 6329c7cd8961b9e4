//! Every aggregation, by group and in total, on several partitions.

use serde_json::json;

use super::Shop;

const MODEL: &str = r#"
version: 1
name: readings
calendar: {timezone: UTC, week_start: monday}
datasets:
  - name: readings
    source: {csv: readings.csv}
    primary_key: [id]
    time: at
    columns:
      - {name: id, type: integer}
      - {name: sensor, type: text}
      - {name: at, type: timestamp}
      - {name: n, type: integer}
      - {name: wide, type: "decimal(38, 2)"}
      - {name: amount, type: float}
      - {name: ok, type: boolean}
      - {name: note, type: text}
    dimensions: [{name: at, type: time, granularity: second}, {name: sensor}, {name: ok, type: boolean}]
    metrics:
      - {name: total, type: simple, agg: sum, expr: n}
      - {name: wide_total, type: simple, agg: sum, expr: wide}
      - {name: money, type: simple, agg: sum, expr: amount, format: currency, unit: EUR}
      - {name: plain, type: simple, agg: sum, expr: amount}
      - {name: lowest, type: simple, agg: min, expr: n}
      - {name: highest_note, type: simple, agg: max, expr: note}
      - {name: known, type: simple, agg: count, expr: n}
      - {name: rows, type: simple, agg: count}
      - {name: different, type: simple, agg: count_distinct, expr: note}
      - {name: different_fine, type: simple, agg: count_distinct, expr: note, filter: ok}
      - {name: mean, type: simple, agg: average, expr: n}
      - {name: middle, type: simple, agg: median, expr: n}
      - {name: upper, type: simple, agg: percentile, percentile: 0.75, expr: n}
      - {name: upper_seen, type: simple, agg: percentile, percentile: 0.75, percentile_type: discrete, expr: n}
      - {name: fine, type: simple, agg: sum_boolean, expr: ok}
      - {name: first_n, type: simple, agg: first, expr: n}
      - {name: last_n, type: simple, agg: last, expr: n}
      - {name: last_fine, type: simple, agg: last, expr: n, filter: ok}
      - {name: doubled, type: simple, agg: sum, expr: n * 2}
"#;

/// Two rows of sensor b stand at the same second; its newest has no value.
const READINGS: &str = "id,sensor,at,n,wide,amount,ok,note\n\
    1,a,2026-03-01T10:00:00,4,1.25,0.1,true,x\n\
    2,a,2026-03-01T09:00:00,2,2.25,0.2,false,y\n\
    3,a,2026-03-02T08:00:00,9,3.25,0.3,true,x\n\
    4,b,2026-03-01T00:00:00,1,1,0.7,,z\n\
    6,b,2026-03-03T00:00:00,7,1,0.1,false,\n\
    5,b,2026-03-03T00:00:00,5,1,0.2,true,z\n\
    7,b,2026-03-04T00:00:00,,1,,,z\n";

const ALL: [&str; 16] = [
    "total",
    "wide_total",
    "money",
    "lowest",
    "highest_note",
    "known",
    "rows",
    "different",
    "mean",
    "middle",
    "upper",
    "upper_seen",
    "fine",
    "first_n",
    "last_n",
    "last_fine",
];

#[tokio::test]
async fn every_aggregation_by_group_and_in_total() {
    let shop = Shop::open(MODEL, &[("readings.csv", READINGS)]);
    let asked = json!({"metric_names": ALL, "group_by": ["sensor"], "order_by": ["sensor"]});
    let expected = json!([
        ["a", 15, 6.75, 0.6, 2, "y", 3, 3, 2, 5, 4, 6.5, 9, 2, 2, 9, 9],
        ["b", 13, 4, 1, 1, "z", 3, 4, 1, 13.0 / 3.0, 5, 6, 7, 1, 1, 7, 5],
    ]);
    let rows = shop.rows(asked.clone()).await;
    for (found, expected) in rows.as_array().unwrap().iter().zip(expected.as_array().unwrap()) {
        for (position, name) in ["sensor"].iter().chain(&ALL).enumerate() {
            let (found, expected) = (&found[position], &expected[position]);
            let near = found.as_f64().zip(expected.as_f64()).is_some_and(|(a, b)| (a - b).abs() < 1e-12);
            assert!(found == expected || near, "{name}: {found}, not {expected}");
        }
    }
    let totals = json!([28, 10.75, 1.6, 1, "z", 6, 7, 3, 28.0 / 6.0, 4.5, 6.5, 7, 3, 1, 7, 5]);
    let found = shop.totals(asked).await;
    for (position, name) in ALL.iter().enumerate() {
        let (found, expected) = (&found[position], &totals[position]);
        let near = found.as_f64().zip(expected.as_f64()).is_some_and(|(a, b)| (a - b).abs() < 1e-12);
        assert!(found == expected || near, "{name} in total: {found}, not {expected}");
    }
}

#[tokio::test]
async fn the_first_and_the_last_do_not_depend_on_the_order_of_rows() {
    let mut lines: Vec<&str> = READINGS.trim().lines().map(str::trim).collect();
    let header = lines.remove(0);
    for turn in 0..lines.len() {
        lines.rotate_left(1);
        if turn % 2 == 1 {
            lines.swap(0, 3);
        }
        let text = format!("{header}\n{}\n", lines.join("\n"));
        let shop = Shop::open(MODEL, &[("readings.csv", &text)]);
        let asked =
            json!({"metric_names": ["first_n", "last_n", "last_fine"], "group_by": ["sensor"], "order_by": ["sensor"]});
        assert_eq!(shop.rows(asked.clone()).await, json!([["a", 2, 9, 9], ["b", 1, 7, 5]]), "{text}");
        assert_eq!(shop.totals(asked).await, json!([1, 7, 5]), "{text}");
    }
}

#[tokio::test]
async fn integers_past_64_bits_sum_exactly_and_38_digits_are_the_end() {
    let rows = |n: &str, wide: &str, count: usize| {
        let row = |id| format!("{id},a,2026-03-01T00:00:00,{n},{wide},,,\n");
        let body: String = (1..=count).map(row).collect();
        format!("id,sensor,at,n,wide,amount,ok,note\n{body}")
    };
    let text = rows("9223372036854775807", "999999999999999999999999999999999999.99", 2);
    let shop = Shop::open(MODEL, &[("readings.csv", &text)]);
    let strings = |metric: &str| json!({"metric_names": [metric], "number_format": "string"});
    assert_eq!(shop.totals(strings("total")).await, json!(["18446744073709551614"]));
    assert_eq!(shop.totals(strings("doubled")).await, json!(["36893488147419103228"]));
    assert_eq!(shop.call("get_metrics", strings("wide_total")).await.unwrap_err(), "numeric-overflow");
    // So many that 128 bits would wrap around to a number of 38 digits.
    let text = rows("1", "999999999999999999999999999999999999.99", 4);
    let shop = Shop::open(MODEL, &[("readings.csv", &text)]);
    assert_eq!(shop.call("get_metrics", strings("wide_total")).await.unwrap_err(), "numeric-overflow");
}

#[tokio::test]
async fn money_in_floats_sums_to_the_cent() {
    let body: String = (1..=1000).map(|id| format!("{id},a,2026-03-01T00:00:00,1,1,0.1,,\n")).collect();
    let text = format!("id,sensor,at,n,wide,amount,ok,note\n{body}");
    let shop = Shop::open(MODEL, &[("readings.csv", &text)]);
    assert_eq!(shop.totals(json!({"metric_names": ["money"]})).await, json!([100]));
}

/// Filters of a measure and of a period leave DISTINCT and the order as they are.
#[tokio::test]
async fn filtered_and_compared_aggregations_stay_what_they_are() {
    let shop = Shop::open(MODEL, &[("readings.csv", READINGS)]);
    let asked = json!({"metric_names": ["different", "different_fine", "last_n", "first_n", "upper", "plain"],
        "time_range": "2026-03-02..2026-03-04", "comparison": "2026-03-01..2026-03-01"});
    let answer = shop.call("get_metrics", asked).await.unwrap();
    let side = |name: &str| -> Vec<_> {
        answer["metrics"].as_array().unwrap().iter().map(|metric| metric[name].clone()).collect()
    };
    // Notes x, z, z and none; then x, y, z.
    assert_eq!(json!(side("value")), json!([2, 2, 7, 9, 8, 0.6]));
    assert_eq!(json!(side("previous")), json!([3, 1, 4, 1, 3, 1]));
}

/// Sums of doubles do not depend on which partition a row was read by.
#[tokio::test]
async fn sums_of_doubles_do_not_depend_on_the_order_of_rows() {
    let amounts = ["1e16", "1", "-1e16", "0.1", "3e-9", "7e15", "-7e15", "2.5"];
    let mut expected = None;
    for turn in 0..amounts.len() {
        let mut turned = amounts;
        turned.rotate_left(turn);
        let body: String = turned
            .iter()
            .enumerate()
            .map(|(id, amount)| format!("{id},a,2026-03-01T00:00:00,1,1,{amount},,\n"))
            .collect();
        let shop = Shop::open(MODEL, &[("readings.csv", &format!("id,sensor,at,n,wide,amount,ok,note\n{body}"))]);
        let found = shop.totals(json!({"metric_names": ["plain"], "group_by": ["sensor"]})).await;
        assert_eq!(*expected.get_or_insert(found.clone()), found);
    }
    assert_eq!(expected.unwrap(), json!([3.600000003]));
}

/// So many groups that the engine hands rows on as states instead of gathering them first.
#[tokio::test]
async fn many_groups_are_aggregated_as_few_are() {
    let rows = 120_000;
    let body: String =
        (0..rows).map(|id| format!("{id},s{id},2026-03-01T00:00:00,{id},{id}.25,{id}.5,true,x\n")).collect();
    let text = format!("id,sensor,at,n,wide,amount,ok,note\n{body}");
    let shop = Shop::open(MODEL, &[("readings.csv", &text)]);
    let asked = json!({"metric_names": ["wide_total", "plain", "upper", "upper_seen", "last_n"], "group_by": ["sensor"],
        "order_by": ["-wide_total"], "limit": 2});
    let last = rows - 1;
    let row = |n: i32| json!([format!("s{n}"), f64::from(n) + 0.25, f64::from(n) + 0.5, n, n, n]);
    assert_eq!(shop.rows(asked.clone()).await, json!([row(last), row(last - 1)]));
    let half = i64::from(rows) * (i64::from(rows) - 1) / 2;
    let totals = json!([half + i64::from(rows) / 4, half + i64::from(rows) / 2, 89999.25, 89999, last]);
    assert_eq!(shop.totals(asked).await, totals);
}
