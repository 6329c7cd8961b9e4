//! Statements over a small star: what they are lifted to, and what is refused where.

use std::sync::Arc;

use chrono::{DateTime, NaiveDate, Utc};
use serde_json::{Map, Value, json};

use super::{Composed, Lifted, Statement, read};
use crate::catalog::bind::{BoundCatalog, Schema, bind};
use crate::catalog::build;
use crate::data_type::{Clock, DataType};
use crate::diagnostic::Diagnostic;
use crate::plan::{self, display};
use crate::query::request::{MetricsRequest, Request, decode};
use crate::query::resolve::{Context, Extent, Moment, resolve};
use crate::query::resolved::ResolvedQuery;

mod errors;
mod guard;
mod mutate;
mod twins;

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
      - {name: mean_amount, type: simple, agg: average, expr: amount}
      - {name: buyers, type: simple, agg: count_distinct, expr: customer}
  - name: refunds
    source: {csv: refunds.csv}
    time: refunded_on
    dimensions: [{name: refunded_on, type: time, granularity: day}, {name: reason}]
    metrics: [{name: returns, type: simple, agg: sum, expr: amount, format: currency, fill_nulls_with: 0}]
relationships:
  - {name: placed_by, from: orders, from_columns: [customer], to: customers, to_columns: [id]}
  - {name: refund_order, from: refunds, from_columns: [order_id], to: orders, to_columns: [id]}
metrics:
  - {name: net, type: derived, expr: gross - returns, format: currency}
  - {name: aov, type: ratio, numerator: gross, denominator: orders_count}
  - {name: done_rate, type: ratio, numerator: {name: orders_count, filter: "status = 'done'"}, denominator: orders_count, format: percent}
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
            ("amount", money),
            ("status", text),
            ("channel", text),
            ("country", text),
            ("ordered_at", DataType::Timestamp(Clock::Local)),
        ]),
        schema(&[("order_id", integer), ("amount", money), ("refunded_on", date), ("reason", text)]),
    ];
    bind(Arc::new(catalog), schemas)
}

fn resolved(bound: &BoundCatalog, request: &MetricsRequest) -> Result<ResolvedQuery, Vec<Diagnostic>> {
    let date = |y, m, d| Moment::Date(NaiveDate::from_ymd_opt(y, m, d).expect("a date"));
    let extent = Extent { first: date(2026, 1, 1), last: date(2026, 11, 19), watermark: None };
    let now: DateTime<Utc> = "2026-11-20T15:00:00-05:00".parse().expect("an instant");
    let context = Context { now, extents: vec![Some(extent); 3], periods: Vec::new() };
    resolve(bound, &context, request).map_err(|d| d.0)
}

/// The plan of the tools' arguments.
fn plan_of_arguments(bound: &BoundCatalog, mut arguments: Value) -> String {
    arguments["totals"] = json!(false);
    let arguments: &Map<String, Value> = arguments.as_object().expect("an object");
    let decoded = decode("get_metrics", arguments).unwrap_or_else(|faults| panic!("{arguments:?}: {faults:?}"));
    let Request::GetMetrics(request) = decoded.request else { panic!("get_metrics") };
    let query = resolved(bound, &request).unwrap_or_else(|faults| panic!("{arguments:?}: {faults:?}"));
    text_of(bound, &query)
}

fn text_of(bound: &BoundCatalog, query: &ResolvedQuery) -> String {
    let columns: Vec<String> = query.outputs.iter().filter(|o| o.shown).map(|output| output.name.clone()).collect();
    let order: Vec<String> =
        query.order.iter().map(|order| format!("{}:{}", query.column_name(order.column), order.descending)).collect();
    let groups: Vec<&str> = query.groups.iter().map(|group| group.key.name.as_str()).collect();
    format!(
        "{}\ngroups {groups:?} columns {columns:?} order {order:?} limit {:?}\n{}",
        crate::query::display::text(query, &bound.catalog),
        query.limit,
        display::text(&plan::plan(query), &bound.catalog)
    )
}

fn lifted(bound: &BoundCatalog, text: &str) -> Lifted {
    match read(&bound.catalog, text) {
        Ok(Statement::Metrics(lifted)) => *lifted,
        Ok(other) => panic!("{text}: {other:?}"),
        Err(found) => panic!("{text}: {found:?}"),
    }
}

fn composed(bound: &BoundCatalog, text: &str) -> Composed {
    match read(&bound.catalog, text) {
        Ok(Statement::Query(composed)) => *composed,
        Ok(other) => panic!("{text}: {other:?}"),
        Err(found) => panic!("{text}: {found:?}"),
    }
}

fn plan_of_statement(bound: &BoundCatalog, text: &str) -> String {
    let lifted = lifted(bound, text);
    let query = resolved(bound, &lifted.request).unwrap_or_else(|faults| panic!("{text}: {faults:?}"));
    text_of(bound, &query)
}

#[track_caller]
fn twins(text: &str, arguments: Value) {
    let bound = bound();
    assert_eq!(plan_of_statement(&bound, text), plan_of_arguments(&bound, arguments), "{text}");
}

#[test]
fn every_spelling_of_a_metric_is_one_request() {
    let asked = json!({"metric_names": ["gross"], "group_by": ["channel"]});
    for text in [
        "SELECT channel, MEASURE(gross) FROM metrics GROUP BY channel",
        "select channel, agg(gross) from metrics group by 1",
        "SELECT channel, AGGREGATE(gross) FROM metrics GROUP BY ALL;",
        "SELECT channel, gross FROM metrics GROUP BY channel",
        "SELECT channel, SUM(gross) FROM metrics GROUP BY channel",
        "SELECT CHANNEL, MEASURE(GROSS) FROM METRICS GROUP BY Channel",
        "SELECT m.channel, MEASURE(m.gross) FROM metrics AS m GROUP BY m.channel",
        "SELECT \"channel\", MEASURE(\"gross\") FROM metrics GROUP BY ALL -- a comment",
        "SELECT channel, MEASURE(gross) AS gross FROM metrics GROUP BY ALL",
        "SELECT * FROM SEMANTIC_VIEW(shop METRICS gross DIMENSIONS channel)",
        "SELECT channel, MEASURE(gross) FROM orders GROUP BY orders.channel",
    ] {
        twins(text, asked.clone());
    }
}

#[test]
fn own_aggregates_are_the_metrics() {
    for (call, metric) in [
        ("COUNT(orders_count)", "orders_count"),
        ("AVG(mean_amount)", "mean_amount"),
        ("COUNT(DISTINCT buyers)", "buyers"),
    ] {
        twins(&format!("SELECT {call} FROM metrics"), json!({"metric_names": [metric]}));
    }
}

#[test]
fn time_is_grouped_by_name_or_by_function() {
    let asked = json!({"metric_names": ["gross"], "granularity": "week", "group_by": ["channel"]});
    for text in [
        "SELECT metric_time__week, channel, MEASURE(gross) FROM metrics GROUP BY ALL",
        "SELECT DATE_TRUNC('week', metric_time), channel, MEASURE(gross) FROM metrics GROUP BY 1, 2",
        "SELECT date_trunc('WEEK', metric_time), channel, MEASURE(gross) FROM metrics GROUP BY date_trunc('week', metric_time), channel",
    ] {
        twins(text, asked.clone());
    }
    twins(
        "SELECT EXTRACT(dow FROM metric_time), MEASURE(gross) FROM metrics GROUP BY ALL",
        json!({"metric_names": ["gross"], "group_by": ["metric_time__extract_dow"]}),
    );
    twins(
        "SELECT metric_time__month AS month, MEASURE(net) AS money FROM metrics GROUP BY month",
        json!({"metric_names": [{"name": "net", "alias": "money"}], "granularity": "month",
               "group_by": [{"name": "metric_time__month", "alias": "month"}]}),
    );
}

#[test]
fn bounds_of_metric_time_are_the_time_range() {
    let march = json!({"metric_names": ["gross"], "time_range": "2026-03-01..2026-03-31"});
    for condition in [
        "metric_time >= DATE '2026-03-01' AND metric_time < DATE '2026-04-01'",
        "metric_time BETWEEN DATE '2026-03-01' AND DATE '2026-03-31'",
        "(metric_time >= '2026-03-01') AND DATE '2026-03-31' >= metric_time",
        "metric_time > DATE '2026-02-28' AND metric_time <= '2026-03-31'",
        "metric_time >= TIMESTAMP '2026-03-01 00:00:00' AND metric_time < TIMESTAMP '2026-04-01 00:00:00'",
        "TIME_RANGE('2026-03-01..2026-03-31')",
        "time_range = '2026-03-01..2026-03-31'",
    ] {
        twins(&format!("SELECT MEASURE(gross) FROM metrics WHERE {condition}"), march.clone());
    }
    twins(
        "SELECT MEASURE(gross) FROM metrics WHERE metric_time >= DATE '2026-03-01'",
        json!({"metric_names": ["gross"], "time_range": "2026-03-01.."}),
    );
    twins(
        "SELECT MEASURE(gross) FROM metrics WHERE metric_time = DATE '2026-03-01'",
        json!({"metric_names": ["gross"], "time_range": "2026-03-01"}),
    );
    twins(
        "SELECT MEASURE(gross) FROM metrics WHERE metric_time < TIMESTAMP '2026-03-01 15:00:00'",
        json!({"metric_names": ["gross"], "time_range": "..2026-03-01T14:59:59"}),
    );
    // Under OR, and beside a named range, they are conditions on rows.
    twins(
        "SELECT MEASURE(gross) FROM metrics WHERE metric_time >= DATE '2026-03-01' OR channel = 'email'",
        json!({"metric_names": ["gross"], "where": ["metric_time >= DATE '2026-03-01' OR channel = 'email'"]}),
    );
    twins(
        "SELECT MEASURE(gross) FROM metrics WHERE TIME_RANGE('last_7_days') AND metric_time >= DATE '2026-11-18'",
        json!({"metric_names": ["gross"], "time_range": "last_7_days", "where": ["metric_time >= DATE '2026-11-18'"]}),
    );
}

#[test]
fn conditions_order_and_limit_are_the_requests() {
    twins(
        "SELECT channel, MEASURE(net) AS n FROM metrics WHERE customers.region IN ('EU', 'US') AND status != 'open' \
         GROUP BY ALL HAVING MEASURE(net) > 1000 AND gross < 5 ORDER BY n DESC, channel LIMIT 10",
        json!({"metric_names": [{"name": "net", "alias": "n"}], "group_by": ["channel"],
               "where": ["customers.region IN ('EU', 'US')", "status != 'open'"],
               "having": ["net > 1000", "gross < 5"], "order_by": ["-net", "channel"], "limit": 10}),
    );
}

#[test]
fn comparisons_have_functions_of_their_own() {
    let asked = json!({"metric_names": ["gross"], "group_by": ["channel"], "time_range": "last_7_days",
                       "comparison": "previous_period", "order_by": ["-gross__change"]});
    for columns in ["MEASURE(gross)", "MEASURE(gross), PRIOR(gross), DELTA(gross), PCT_CHANGE(gross)"] {
        let text = format!(
            "SELECT channel, {columns} FROM metrics WHERE TIME_RANGE('last_7_days') AND COMPARE('previous_period') \
             GROUP BY ALL ORDER BY DELTA(gross) DESC"
        );
        twins(&text, asked.clone());
    }
}

#[test]
fn a_filter_of_one_metric_is_its_own_condition() {
    twins(
        "SELECT MEASURE(gross) FILTER (WHERE channel = 'email'), MEASURE(orders_count) FROM metrics",
        json!({"metric_names": ["gross", "orders_count"], "where": [{"metric": "gross", "where": ["channel = 'email'"]}]}),
    );
}

#[test]
fn values_of_dimensions_are_a_distinct_select() {
    twins("SELECT DISTINCT channel FROM metrics", json!({"metric_names": [], "group_by": ["channel"]}));
    twins("SELECT channel FROM metrics GROUP BY channel", json!({"metric_names": [], "group_by": ["channel"]}));
}

#[test]
fn what_a_request_does_not_have_stands_around_it() {
    let bound = bound();
    for (text, expected) in [
        (
            "SELECT MEASURE(gross) / MEASURE(orders_count) AS x FROM metrics",
            r#"SELECT "__m0" / "__m1" AS "x" FROM __metrics_0"#,
        ),
        (
            "SELECT MEASURE(gross) AS g, channel FROM metrics GROUP BY channel ORDER BY g DESC NULLS FIRST LIMIT 3",
            r#"SELECT "__m0" AS "g", "__g0" AS "channel" FROM __metrics_0 ORDER BY "g" DESC NULLS FIRST, "__g0" LIMIT 3"#,
        ),
        (
            "SELECT channel, MEASURE(gross) FROM metrics GROUP BY ALL QUALIFY ROW_NUMBER() OVER (ORDER BY gross DESC) <= 2",
            r#"SELECT "__g0" AS "channel", "__m0" AS "gross" FROM __metrics_0 QUALIFY ROW_NUMBER() OVER (ORDER BY "__m0" DESC) <= 2"#,
        ),
        (
            "WITH w AS (SELECT metric_time__day AS d, MEASURE(gross) AS s FROM metrics GROUP BY ALL) \
             SELECT d, avg(s) OVER (ORDER BY d ROWS 6 PRECEDING) FROM w",
            r#"WITH w AS (SELECT "__g0" AS "d", "__m0" AS "s" FROM __metrics_0) SELECT d, avg(s) OVER (ORDER BY d ROWS 6 PRECEDING) AS "avg(s) OVER (ORDER BY d ROWS 6 PRECEDING)" FROM w"#,
        ),
        (
            "SELECT MEASURE(gross) FROM metrics UNION ALL SELECT MEASURE(returns) FROM metrics",
            r#"SELECT "__m0" AS "gross" FROM __metrics_0 UNION ALL SELECT "__m0" AS "returns" FROM __metrics_1"#,
        ),
        (
            "SELECT o.id FROM orders o JOIN SEMANTIC_VIEW(shop METRICS gross DIMENSIONS channel) v ON v.channel = o.channel",
            r#"SELECT o.id FROM orders o JOIN (SELECT "__g0" AS "channel", "__m0" AS "gross" FROM __metrics_0) v ON v.channel = o.channel"#,
        ),
        (
            "SELECT channel, SUM(amount) FROM orders WHERE id IN (SELECT order_id FROM refunds) GROUP BY channel",
            r#"SELECT channel, SUM(amount) AS "SUM(amount)" FROM orders WHERE id IN (SELECT order_id FROM refunds) GROUP BY channel"#,
        ),
    ] {
        assert_eq!(composed(&bound, text).query.to_string(), expected);
    }
}

#[test]
fn show_and_describe_read_the_system_tables() {
    let bound = bound();
    for (text, expected) in [
        ("SHOW METRICS", "SELECT * FROM system.metrics ORDER BY name"),
        (
            "show dimensions for metric GROSS;",
            "SELECT dimension, type, granularity, via FROM system.metric_dimensions WHERE metric = 'gross' ORDER BY dimension",
        ),
        ("DESCRIBE net", "SELECT * FROM system.metrics WHERE name = 'net'"),
        ("DESCRIBE orders", "SELECT * FROM system.datasets WHERE name = 'orders'"),
    ] {
        assert_eq!(composed(&bound, text).query.to_string(), expected);
    }
    for name in super::system::TABLES {
        let table = super::system::table(&bound.catalog, name).expect("a table");
        assert!(!table.rows.is_empty() && table.rows.iter().all(|row| row.len() == table.columns.len()), "{name}");
    }
}
