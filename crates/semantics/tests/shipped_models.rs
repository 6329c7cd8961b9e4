//! The models that ship with the product: read, built and typed without a finding, and every metric of
//! the catalogue and of the yardstick's requests has its name in the commerce model.

#![allow(clippy::disallowed_methods, reason = "a test reads the models that are shipped")]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sextant_semantics::catalog::bind::{BoundCatalog, Schema, bind};
use sextant_semantics::catalog::{self, Catalog};
use sextant_semantics::code::Code;
use sextant_semantics::data_type::{Clock, DataType};
use sextant_semantics::diagnostic::Diagnostics;
use sextant_semantics::model;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn shown(findings: &Diagnostics, model: &model::Model) -> Vec<String> {
    let show = |finding: &sextant_semantics::diagnostic::Diagnostic| {
        let place = finding.span.map(|span| {
            let position = model.sources.position(span);
            format!("{}:{} ", model.sources.get(span.source).name, position.line)
        });
        format!("{}{}: {}", place.unwrap_or_default(), finding.code, finding.message)
    };
    findings.iter().map(show).collect()
}

fn read(model: &str) -> Catalog {
    let directory = repository().join("semantic-models").join(model);
    let mut texts: Vec<(String, String)> = fs::read_dir(directory)
        .expect("the model is there")
        .map(|entry| entry.expect("a file").path())
        .map(|path| (path.file_name().expect("a name").to_string_lossy().into_owned(), path))
        .map(|(name, path)| (name, fs::read_to_string(path).expect("a text")))
        .collect();
    texts.sort();
    let (model, findings) = model::read(texts);
    assert_eq!(shown(&findings, &model), Vec::<String>::new());
    catalog::build(&model).unwrap_or_else(|findings| panic!("{:#?}", shown(&findings, &model)))
}

/// Columns as the files have them: a name and a letter for the type.
fn schema(columns: &str) -> Schema {
    let of = |column: &str| {
        let (name, letter) = column.split_once(':').expect("name:type");
        let data_type = match letter {
            "i" => DataType::Integer,
            "m" => DataType::Decimal { precision: 18, scale: 2 },
            "r" => DataType::Decimal { precision: 18, scale: 6 },
            "f" => DataType::Float,
            "t" => DataType::Text,
            "b" => DataType::Boolean,
            "d" => DataType::Date,
            "l" => DataType::Timestamp(Clock::Local),
            "z" => DataType::Timestamp(Clock::Instant),
            other => panic!("no type {other}"),
        };
        (name.to_owned(), data_type)
    };
    Schema { columns: columns.split_whitespace().map(of).collect() }
}

fn bound(catalog: Catalog, columns: &[(&str, &str)]) -> BoundCatalog {
    let schemas = catalog.datasets().iter().map(|dataset| {
        let (_, columns) = columns.iter().find(|(name, _)| *name == dataset.name).expect("columns of every dataset");
        Ok(schema(columns))
    });
    let schemas = schemas.collect();
    bind(Arc::new(catalog), schemas)
}

fn commerce() -> BoundCatalog {
    bound(
        read("commerce"),
        &[
            (
                "orders",
                "order_id:i customer_id:i ordered_at:l status:t store:t channel:t source:t device:t country:t coupon:t \
                 is_first_order:b gross:m discounts:m taxes:m shipping:m payment_fee:m fulfilment_cost:m currency:t \
                 exchange_rate:r total_local:m",
            ),
            (
                "order_lines",
                "order_id:i line_no:i product_id:i qty:i unit_price:m line_discount:m allocated_discount:m cost:m",
            ),
            (
                "refunds",
                "refund_id:i order_id:i line_no:i product_id:i qty:i amount:m currency:t amount_local:m reason:t \
                 refunded_at:z",
            ),
            ("customers", "customer_id:i email:t country:t segment:t is_subscribed:b signed_up_at:z first_order_at:l"),
            ("products", "product_id:i title:t category:t brand:t list_price:m unit_cost:m launched_on:d"),
            (
                "ad_spend",
                "spent_on:d platform:t channel:t campaign:t country:t spend:m impressions:i clicks:i conversions:i \
                 conversion_value:m",
            ),
            (
                "sessions",
                "session_id:i visitor_id:i started_at:z channel:t source:t device:t country:t pages:i added_to_cart:b \
                 reached_checkout:b order_id:i month:t",
            ),
            ("inventory", "counted_on:d product_id:i warehouse:t on_hand:i reserved:i"),
        ],
    )
}

#[test]
fn the_commerce_model_has_no_findings() {
    let findings: Vec<String> = commerce().findings().iter().map(|f| format!("{}: {}", f.code, f.message)).collect();
    assert_eq!(findings, Vec::<String>::new());
}

#[test]
fn the_online_retail_model_has_no_findings() {
    let columns =
        "invoice_no:t stock_code:t description:t quantity:i invoice_ts:l unit_price:f customer_id:i country:t";
    let bound = bound(read("online-retail"), &[("lines", columns)]);
    let findings: Vec<String> = bound.findings().iter().map(|f| format!("{}: {}", f.code, f.message)).collect();
    assert_eq!(findings, Vec::<String>::new());
    let money = bound.catalog.metric_named("gross_sales").expect("a metric");
    let measure = bound.measure(money.id).expect("a bound measure");
    assert!(measure.data_type.is_exact(), "{:?}", measure.data_type);
}

/// The metrics of the catalogue and of the yardstick.
const CATALOGUE: &str = "gross_sales discounts returns net_sales taxes shipping_revenue total_sales orders units_sold \
     net_units aov units_per_order discount_rate return_rate refund_order_rate cogs gross_profit gross_margin \
     variable_costs contribution_profit contribution_margin ad_spend impressions clicks ctr cpc cpm \
     platform_conversions platform_conversion_value paid_roas paid_cpa blended_roas acos poas new_customers \
     new_customer_orders new_customer_sales cac nc_roas new_customer_pct customers returning_customer_rate sessions \
     visitors conversion_rate revenue_per_session add_to_cart_rate checkout_conversion_rate cart_abandonment_rate \
     bounce_rate repeat_purchase_rate_90d ltv_90d ltv_365d ltv_cac cac_payback_days inventory_on_hand \
     sell_through_rate days_of_inventory sales_trailing_28d sales_cumulative_ytd cohort_active_customers \
     cohort_revenue cohort_ltv";

#[test]
fn the_catalogue_is_defined() {
    let bound = commerce();
    let catalog = &bound.catalog;
    let missing: Vec<&str> = CATALOGUE.split_whitespace().filter(|m| catalog.metric_named(m).is_none()).collect();
    assert_eq!(missing, Vec::<&str>::new());
    for (alias, name) in [
        ("sales_reversals", "returns"),
        ("total_marketing_spend", "ad_spend"),
        ("mer", "blended_roas"),
        ("mer_pct", "acos"),
        ("blended_cac", "cac"),
    ] {
        let found = catalog.metric_named(alias).expect("an alias");
        assert_eq!(catalog.metric(found.id).name, name);
    }
}

#[test]
fn every_metric_says_what_it_is() {
    for model in ["commerce", "online-retail"] {
        for metric in read(model).metrics() {
            let name = &metric.name;
            assert!(metric.label.is_some() && metric.description.is_some(), "{name} has no label or description");
        }
    }
}

#[test]
fn the_requests_of_the_yardstick_find_their_metrics() {
    let path = repository().join("tests/data/yardstick_requests.json");
    let text = fs::read_to_string(path).expect("the requests");
    let requests: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&text).expect("JSON");
    let bound = commerce();
    for (id, request) in &requests {
        for name in request["arguments"]["metric_names"].as_array().expect("names") {
            let name = name.as_str().expect("a name");
            assert!(bound.catalog.metric_named(name).is_some(), "{id}: {name}");
        }
    }
}

#[test]
fn an_order_split_by_product_is_refused_with_what_can_be_asked() {
    let bound = commerce();
    let orders = bound.catalog.dataset_named("orders").expect("a dataset").id;
    let refused = bound.catalog.locate(orders, &[], "product").expect_err("an order has many products");
    assert_eq!(refused.code, Code::FanOut);
    assert!(refused.help.is_some_and(|help| help.contains("`orders_with_product`")));
}
