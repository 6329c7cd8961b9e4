//! Requests over a small star with two facts: what they are taken to mean, and what is refused.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Value, json};

use super::{Context, Extent, Moment, metrics_request, resolve};
use crate::catalog::bind::{BoundCatalog, Schema, bind};
use crate::catalog::build;
use crate::data_type::{Clock, DataType};
use crate::diagnostic::Diagnostic;
use crate::plan::{self, display};
use crate::query::request::decode;
use crate::query::resolved::ResolvedQuery;

const MODEL: &str = r#"
version: 1
name: shop
calendar: {timezone: America/New_York}
datasets:
  - name: customers
    source: {csv: customers.csv}
    primary_key: [id]
    time: joined
    dimensions: [{name: region}, {name: country}, {name: joined, type: time, granularity: day}]
    metrics: [{name: customers, type: simple, agg: count}]
  - name: orders
    source: {csv: orders.csv}
    primary_key: [id]
    time: ordered_at
    dimensions:
      - {name: ordered_at, type: time, granularity: second, stored_as: utc}
      - {name: channel}
      - {name: status}
      - {name: country}
    metrics:
      - {name: gross, type: simple, agg: sum, expr: amount, format: currency, fill_nulls_with: 0, direction: up}
      - {name: orders_count, type: simple, agg: count, aliases: [order_count], deprecated_names: [n_orders]}
      - {name: done, type: simple, agg: count, filter: "status = 'done'"}
      - {name: hidden_thing, type: simple, agg: count, hidden: true}
  - name: refunds
    source: {csv: refunds.csv}
    time: refunded_on
    dimensions: [{name: refunded_on, type: time, granularity: day}, {name: reason}]
    metrics: [{name: returns, type: simple, agg: sum, expr: amount, format: currency, fill_nulls_with: 0}]
  - name: spend
    source: {csv: spend.csv}
    time: day
    dimensions: [{name: day, type: time, granularity: day}, {name: channel}, {name: campaign}]
    metrics: [{name: ad_spend, type: simple, agg: sum, expr: cost, format: currency}]
dimensions:
  - {name: channel, of: [orders.channel, spend.channel]}
relationships:
  - {name: placed_by, from: orders, from_columns: [customer], to: customers, to_columns: [id]}
  - {name: shipped_to, from: orders, from_columns: [recipient], to: customers, to_columns: [id]}
  - {name: refund_order, from: refunds, from_columns: [order_id], to: orders, to_columns: [id]}
metrics:
  - {name: net, type: derived, expr: gross - returns, format: currency}
  - {name: aov, type: ratio, numerator: gross, denominator: orders_count}
  - {name: roas, type: ratio, numerator: net, denominator: ad_spend}
  - {name: done_rate, type: ratio, numerator: done, denominator: orders_count, format: percent}
  - {name: later, type: cumulative, input_metric: gross, window: 7 days}
"#;

fn bound() -> BoundCatalog {
    let (model, found) = crate::model::read([("shop.yml".to_string(), MODEL.to_string())]);
    assert!(found.is_empty(), "{found:?}");
    let catalog = build(&model).expect("the model is sound");
    let money = DataType::Decimal { precision: 12, scale: 2 };
    let schema = |columns: &[(&str, DataType)]| {
        Ok(Schema { columns: columns.iter().map(|(n, t)| ((*n).to_string(), *t)).collect() })
    };
    let (text, integer, date) = (DataType::Text, DataType::Integer, DataType::Date);
    let schemas = vec![
        schema(&[("id", integer), ("region", text), ("country", text), ("joined", date)]),
        schema(&[
            ("id", integer),
            ("customer", integer),
            ("recipient", integer),
            ("amount", money),
            ("status", text),
            ("channel", text),
            ("country", text),
            ("ordered_at", DataType::Timestamp(Clock::Local)),
        ]),
        schema(&[("order_id", integer), ("amount", money), ("refunded_on", date), ("reason", text)]),
        schema(&[("day", date), ("channel", text), ("campaign", text), ("cost", DataType::Float)]),
    ];
    bind(Arc::new(catalog), schemas)
}

fn ask(arguments: Value) -> Result<(BoundCatalog, ResolvedQuery), Vec<Diagnostic>> {
    let bound = bound();
    let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
    let decoded = decode("get_metrics", &arguments).map_err(|d| d.0)?;
    let (request, _) = metrics_request(&bound, &decoded.request).expect("a question for metrics").map_err(|d| d.0)?;
    let date = |y, m, d| Moment::Date(NaiveDate::from_ymd_opt(y, m, d).expect("a date"));
    let extent = Extent { first: date(2026, 1, 1), last: date(2026, 11, 19), watermark: None };
    let now: DateTime<Utc> = "2026-11-20T15:00:00-05:00".parse().expect("an instant");
    let context = Context { now, extents: vec![Some(extent); 4], periods: Vec::new() };
    let query = resolve(&bound, &context, &request).map_err(|d| d.0)?;
    Ok((bound, query))
}

fn plan_of(arguments: Value) -> String {
    let (bound, query) = ask(arguments).unwrap_or_else(|faults| panic!("{faults:?}"));
    display::text(&plan::plan(&query), &bound.catalog)
}

fn refusal(arguments: Value) -> (String, Diagnostic) {
    let faults = ask(arguments).expect_err("a refusal");
    (faults[0].code.to_string(), faults[0].clone())
}

#[test]
fn one_scan_a_fact_with_both_periods() {
    let text = plan_of(json!({"metric_names": ["roas"], "time_range": "last_7_days", "comparison": "previous_period"}));
    assert_eq!(text.matches("read ").count(), 3, "{text}");
    assert!(text.contains("period 0: 2026-11-13T05:00:00Z to 2026-11-20T05:00:00Z"), "{text}");
    assert!(text.contains("period 1: 2026-11-06T05:00:00Z to 2026-11-13T05:00:00Z"), "{text}");
    assert!(text.contains("over 2 periods"), "{text}");
}

#[test]
fn measures_asked_twice_are_one() {
    let (_, query) = ask(json!({"metric_names": ["gross", "net", "aov", "gross"]})).expect("an answer");
    assert_eq!(query.outputs.len(), 3);
    assert_eq!(query.facts.iter().map(|f| f.measures.len()).sum::<usize>(), 3);
}

#[test]
fn filters_reach_every_measure_below() {
    let text = plan_of(json!({"metric_names": ["net"], "where": ["channel = 'web'"]}));
    assert!(text.contains("where orders.channel = 'web'"), "{text}");
    assert!(text.contains("attach orders [channel, id] by refund_order"), "{text}");
    let text = plan_of(json!({"metric_names": ["done_rate"], "where": ["metric_time >= DATE '2026-03-01'"]}));
    assert!(text.contains("count(*) where orders.status = 'done'"), "{text}");
    assert!(text.contains("where day(orders.ordered_at (UTC)) >= DATE '2026-03-01'"), "{text}");
}

#[test]
fn two_ways_to_a_dimension_are_asked_about() {
    let (code, fault) = refusal(json!({"metric_names": ["gross"], "group_by": ["region"]}));
    assert_eq!(code, "ambiguous-path");
    assert_eq!(fault.did_you_mean, ["placed_by.region", "shipped_to.region"]);
    let text = plan_of(json!({"metric_names": ["gross"], "group_by": ["placed_by.region", "shipped_to.region"]}));
    assert!(text.contains("attach customers") && text.contains("customers#2.region"), "{text}");
}

#[test]
fn a_dimension_below_the_grain_is_fan_out() {
    let (code, fault) = refusal(json!({"metric_names": ["customers"], "group_by": ["status"]}));
    assert_eq!(code, "fan-out");
    assert_eq!(fault.field.as_deref(), Some("group_by[0]"));
    assert_eq!(refusal(json!({"metric_names": ["ad_spend"], "group_by": ["status"]})).0, "dimension-not-available");
    assert_eq!(refusal(json!({"metric_names": ["gross"], "group_by": ["statis"]})).1.did_you_mean, ["status"]);
}

#[test]
fn datasets_must_mean_one_dimension() {
    let (code, _) = refusal(json!({"metric_names": ["gross", "customers"], "group_by": ["country"]}));
    assert_eq!(code, "dimension-not-conformed");
    assert!(ask(json!({"metric_names": ["gross", "ad_spend"], "group_by": ["channel"]})).is_ok());
}

#[test]
fn names_of_metrics() {
    let (_, query) = ask(json!({"metric_names": ["order_count", {"name": "gross", "alias": "g"}]})).expect("an answer");
    assert_eq!((query.outputs[0].name.as_str(), query.outputs[0].asked.as_str()), ("orders_count", "order_count"));
    assert_eq!(query.outputs[1].name, "g");
    let (_, query) = ask(json!({"metric_names": ["n_orders"]})).expect("an answer");
    assert_eq!(query.warnings[0].code.as_str(), "deprecated-name");
    assert_eq!(refusal(json!({"metric_names": ["hidden_thing"]})).0, "unknown-metric");
    let (code, fault) = refusal(json!({"metric_names": ["gros"]}));
    assert_eq!((code.as_str(), fault.did_you_mean[0].as_str()), ("unknown-metric", "gross"));
    assert_eq!(refusal(json!({"metric_names": ["later"]})).0, "time-required");
    assert_eq!(refusal(json!({"metric_names": []})).0, "empty-query");
}

#[test]
fn conditions_on_the_wrong_side() {
    assert_eq!(refusal(json!({"metric_names": ["gross"], "where": ["gross > 5"]})).0, "aggregate-in-where");
    assert_eq!(refusal(json!({"metric_names": ["gross"], "where": ["status"]})).0, "invalid-filter");
    assert_eq!(refusal(json!({"metric_names": ["gross"], "having": ["status = 'done'"]})).0, "invalid-filter");
    assert!(ask(json!({"metric_names": ["gross"], "having": ["orders_count > 5"]})).is_ok());
}

#[test]
fn grains() {
    let (code, _) = refusal(json!({"metric_names": ["returns"], "granularity": "hour"}));
    assert_eq!(code, "granularity-not-available");
    assert!(ask(json!({"metric_names": ["gross"], "granularity": "hour", "time_range": "last_7_days"})).is_ok());
    let (_, query) =
        ask(json!({"metric_names": ["gross"], "granularity": "week", "group_by": ["metric_time__week", "status"]}))
            .expect("an answer");
    let names: Vec<&str> = query.groups.iter().map(|g| g.key.name.as_str()).collect();
    assert_eq!(names, ["metric_time__week", "status"]);
    let (_, query) =
        ask(json!({"metric_names": ["gross"], "group_by": ["metric_time__extract_dow", "placed_by.joined"]}))
            .expect("an answer");
    let names: Vec<&str> = query.groups.iter().map(|g| g.key.name.as_str()).collect();
    assert_eq!(names, ["metric_time__extract_dow", "placed_by.joined__day"]);
    assert_eq!(
        refusal(json!({"metric_names": ["returns"], "time_range": "last_24_hours"})).0,
        "granularity-not-available"
    );
}

#[test]
fn order_is_total() {
    let (_, query) = ask(json!({"metric_names": ["gross"], "group_by": ["status", "channel"]})).expect("an answer");
    let order: Vec<String> = query.order.iter().map(|o| query.column_name(o.column)).collect();
    assert_eq!(order, ["gross", "status", "channel"]);
    assert!(query.order[0].descending && !query.order[1].descending);
    let (code, _) = refusal(json!({"metric_names": ["gross"], "group_by": ["status"], "order_by": ["channel"]}));
    assert_eq!(code, "order-by-not-grouped");
    let (code, fault) = refusal(json!({"metric_names": ["gross"], "group_by": ["status"], "order_by": ["-grosss"]}));
    assert_eq!((code.as_str(), fault.did_you_mean[0].as_str()), ("invalid-order-by", "gross"));
    assert_eq!(refusal(json!({"metric_names": ["gross", {"name": "net", "alias": "gross"}]})).0, "duplicate-column");
}
