//! The extent of a time axis that is an expression is that of its values.

use super::*;

/// The freshness of orders over rows of `day`.
async fn freshness(time: &str, rows: &str) -> Value {
    let root = Root::new();
    root.write("orders.csv", format!("amount,day\n{rows}"));
    let workspace = open(&root, model("{csv: orders.csv}", time));
    let answer = call(&workspace, "get_freshness", json!({})).await.unwrap();
    let orders = &answer["datasets"]["orders"];
    match &orders["error"] {
        Value::Null => json!([orders["data_from"], orders["data_through"]]),
        error => error["message"].clone(),
    }
}

#[tokio::test]
async fn axes_that_are_expressions() {
    let rows = "1,2026-03-02\n2,2026-02-11\n3,\n4,2026-03-07\n";
    assert_eq!(freshness(DATE, rows).await, json!(["2026-02-11", "2026-03-07"]));
    let cast = "{name: at, type: time, granularity: day, expr: CAST(day AS DATE)}";
    assert_eq!(freshness(cast, rows).await, json!(["2026-02-11", "2026-03-07"]));
    let month = "{name: at, type: time, granularity: month, expr: \"date_trunc('month', CAST(day AS DATE))\"}";
    assert_eq!(freshness(month, rows).await, json!(["2026-02-01", "2026-03-01"]));
    assert_eq!(freshness(DATE, "1,\n2,\n").await, json!([null, null]));
    assert_eq!(freshness(DATE, "").await, json!([null, null]));
}

/// The dates are those of New York, whatever zone the digits are of.
#[tokio::test]
async fn axes_of_timestamps() {
    let axis =
        |stored: &str| format!("{{name: at, type: time, granularity: second, {stored}expr: CAST(day AS TIMESTAMP)}}");
    let rows = "1,2026-03-02 03:00:00\n2,2026-03-07 23:00:00\n";
    assert_eq!(freshness(&axis(""), rows).await, json!(["2026-03-02", "2026-03-07"]));
    assert_eq!(freshness(&axis("stored_as: utc, "), rows).await, json!(["2026-03-01", "2026-03-07"]));
    assert_eq!(freshness(&axis("stored_as: Asia/Tokyo, "), rows).await, json!(["2026-03-01", "2026-03-07"]));
}

/// A value that the expression cannot read is the fault of the dataset, and no other's.
#[tokio::test]
async fn values_that_are_no_times() {
    let root = Root::new();
    root.write("orders.csv", "amount,day\n1,2026-03-02\n2,yesterday\n");
    let cast = "{name: at, type: time, granularity: day, expr: CAST(day AS DATE)}";
    let workspace = open(&root, model("{csv: orders.csv}", cast));
    let freshness = call(&workspace, "get_freshness", json!({})).await.unwrap();
    assert_eq!(freshness["datasets"]["orders"]["error"]["code"], "bad-cell");
    assert_eq!(freshness["datasets"]["refunds"]["data_through"], "2026-03-09");
    let fault = call(&workspace, "get_metrics", json!({"metric_names": ["revenue"]})).await.unwrap_err();
    let fault = fault.0.iter().next().unwrap().clone();
    assert_eq!(fault.message, "a value of `orders` does not fit the type that the model casts it to");
    assert_eq!(totals(&workspace, json!({"metric_names": ["returns"]})).await, [json!(3)]);
}

/// The clock of `as_of: data` and the freshness of an answer know such an axis, and follow its files.
#[tokio::test]
async fn answers_over_such_an_axis() {
    let root = Root::new();
    root.write("orders.csv", "amount,day\n1,2026-03-02\n2,2026-03-07\n");
    let workspace = open(&root, model("{csv: orders.csv}", DATE));
    let question = json!({"metric_names": ["revenue"], "time_range": "last_3_days", "as_of": "data"});
    for (row, through, sum) in [("", "2026-03-07", json!(2)), ("4,2026-03-08\n", "2026-03-08", json!(6))] {
        let text = fs::read_to_string(root.path().join("orders.csv")).unwrap();
        root.write("orders.csv", text + row);
        for _ in 0..2 {
            let answer = call(&workspace, "get_metrics", question.clone()).await.unwrap();
            assert_eq!(answer["freshness"]["orders"]["data_through"], through);
            assert_eq!(answer["applied"]["time_range"]["end"], through);
            assert_eq!(answer["metrics"][0]["value"], sum);
        }
    }
}
