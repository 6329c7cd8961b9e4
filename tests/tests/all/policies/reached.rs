//! Filters along relationships: what they read beside the rows that they guard.

use std::path::Path;

use libtest_mimic::Failed;
use serde_json::{Value, json};
use sextant_engine::workspace::Workspace;
use sextant_semantics::query::caller::Caller;
use sextant_tests::ask::{self, Place};

use super::all_hold;

const LINES: &str = "line_id,order_id,day,amount\n1,1,2026-03-01,10\n2,1,2026-03-02,20\n3,2,2026-03-03,40\n\
                     4,3,2026-03-04,80\n5,,2026-03-05,160\n6,9,2026-03-06,320\n";
const ORDERS: &str = "order_id,customer_id,country\n1,1,US\n2,1,DE\n,1,US\n3,2,\n";
const CUSTOMERS: &str = "customer_id,region\n1,WEST\n2,EAST\n";

const TARGETS: &str = "month,country,amount\n2026-03-01,US,25\n2026-03-01,DE,50\n2026-03-01,,100\n";

/// Lines of orders of customers. The orders have a policy of their own, by which nobody sees any.
fn open(folder: &Path, filter: &str) -> Result<Workspace, Failed> {
    let model = json!({
        "version": 1, "name": "reached", "calendar": {"timezone": "UTC"},
        "datasets": [
            {"name": "lines", "source": {"csv": "lines.csv"}, "primary_key": ["line_id"], "time": "day",
             "columns": [{"name": "order_id", "type": "integer"}, {"name": "day", "type": "date"},
                         {"name": "amount", "type": "integer"}],
             "dimensions": [{"name": "day", "type": "time"}, {"name": "owner", "expr": "coalesce(CAST(order_id AS text), 'nobody')"}],
             "metrics": [
                {"name": "amount", "type": "simple", "agg": "sum", "expr": "amount"},
                {"name": "lines", "type": "simple", "agg": "count"},
             ]},
            {"name": "orders", "source": {"csv": "orders.csv"}, "primary_key": ["order_id"],
             "columns": [{"name": "order_id", "type": "integer"}, {"name": "customer_id", "type": "integer"}],
             "dimensions": [{"name": "country"}, {"name": "place", "expr": "coalesce(country, 'nowhere')"}]},
            {"name": "customers", "source": {"csv": "customers.csv"}, "primary_key": ["customer_id"],
             "columns": [{"name": "customer_id", "type": "integer"}], "dimensions": [{"name": "region"}]},
        ],
        "relationships": [
            {"name": "of_order", "from": "lines", "from_columns": ["order_id"], "to": "orders", "to_columns": ["order_id"]},
            {"name": "of_customer", "from": "orders", "from_columns": ["customer_id"], "to": "customers",
             "to_columns": ["customer_id"]},
        ],
        "targets": [
            {"metric": "amount", "granularity": "month", "dimensions": ["country"], "source": {"csv": "targets.csv"}},
            {"metric": "lines", "granularity": "month", "source": {"csv": "whole.csv"}},
        ],
        "policies": [
            {"dataset": "lines", "filter": filter},
            {"dataset": "orders", "filter": "country = 'none at all'"},
        ],
    });
    for (name, text) in [
        ("lines.csv", LINES),
        ("orders.csv", ORDERS),
        ("customers.csv", CUSTOMERS),
        ("targets.csv", TARGETS),
        ("whole.csv", "month,lines\n2026-03-01,7\n"),
    ] {
        std::fs::write(folder.join(name), text)?;
    }
    std::fs::write(folder.join("model.yml"), model.to_string())?;
    ask::open(&Place::new(folder.to_path_buf(), folder.to_path_buf())).map_err(|error| error.to_string().into())
}

fn amount(workspace: &Workspace, caller: &Caller) -> Result<Value, Value> {
    let arguments = json!({"metric_names": ["amount"], "as_of": "2026-03-31"});
    let answer = ask::call_as(workspace, caller, "get_metrics", arguments.as_object().unwrap())?;
    Ok(json!([answer["metrics"][0]["value"], answer["snapshot"]]))
}

/// The rows that a filter reaches are read whole, nothing of rows without one is taken for true, and an answer is of the
/// files as they are now.
pub(super) fn beside() -> Result<(), Failed> {
    let caller = Caller::from_pairs(["countries=US", "countries=FR", "region=WEST"]).unwrap();
    let mut problems = Vec::new();
    for (filter, expected) in [
        ("orders.country IN (:caller.countries)", 30),
        ("country = 'US' OR region = 'EAST'", 110),
        ("customers.region = :caller.region", 70),
        ("of_customer.region = :caller.region AND country <> 'DE'", 30),
        // Of no order and of an order that is not there: 480.
        ("orders.country IS NULL", 560),
        ("place = 'nowhere'", 80),
        ("place IS NULL", 480),
        ("owner = 'nobody'", 160),
        ("owner = '1' OR place = 'DE'", 70),
        ("day <= DATE '2026-03-03' AND region = 'WEST'", 70),
    ] {
        let folder = tempfile::tempdir()?;
        let workspace = open(folder.path(), filter)?;
        match amount(&workspace, &caller) {
            Ok(found) if found[0] == json!(expected) => {}
            other => problems.push(format!("{filter}: {other:?}, not {expected}")),
        }
    }
    let folder = tempfile::tempdir()?;
    let workspace = open(folder.path(), "customers.region = :caller.region")?;
    let first = amount(&workspace, &caller);
    std::fs::write(folder.path().join("customers.csv"), "customer_id,region\n1,EAST\n2,WEST\n")?;
    let second = amount(&workspace, &caller);
    match (&first, &second) {
        (Ok(first), Ok(second)) if first[0] == 70 && second[0] == 80 && first[1] != second[1] => {}
        _ => problems.push(format!("the customers changed: {first:?}, then {second:?}")),
    }
    std::fs::remove_file(folder.path().join("customers.csv"))?;
    match amount(&workspace, &caller) {
        Err(error) if error["code"] == "data-unavailable" => {}
        other => problems.push(format!("without the customers: {other:?}")),
    }
    all_hold(problems)
}

/// A target that is split by what the filter reaches is held to it; one that is not would tell of hidden rows.
pub(super) fn targets() -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let workspace = open(folder.path(), "orders.country IN (:caller.countries)")?;
    let mut problems = Vec::new();
    for (countries, expected) in [(&["US"][..], json!(25)), (&["US", "DE"], json!(75)), (&["FR"], json!(null))] {
        let caller = Caller::from_pairs(
            countries.iter().map(|one| format!("countries={one}")).collect::<Vec<_>>().iter().map(String::as_str),
        )
        .unwrap();
        let arguments =
            json!({"metric_names": ["amount"], "time_range": "2026-03", "comparison": "target", "as_of": "2026-04-15"});
        match ask::call_as(&workspace, &caller, "get_metrics", arguments.as_object().unwrap()) {
            Ok(answer) if answer["metrics"][0]["previous"] == expected => {}
            other => problems.push(format!("{countries:?}: {other:?}")),
        }
        let arguments =
            json!({"metric_names": ["lines"], "time_range": "2026-03", "comparison": "target", "as_of": "2026-04-15"});
        match ask::call_as(&workspace, &caller, "get_metrics", arguments.as_object().unwrap()) {
            Err(error) if error["code"] == "invalid-comparison" => {}
            other => problems.push(format!("a target that is not split: {other:?}")),
        }
    }
    all_hold(problems)
}

/// A key that names two rows says nothing certain of either: what is guarded by it is refused at every door to its rows.
pub(super) fn repeated_keys() -> Result<(), Failed> {
    let caller = Caller::from_pairs(["countries=US"]).unwrap();
    let folder = tempfile::tempdir()?;
    let workspace = open(folder.path(), "orders.country IN (:caller.countries)")?;
    std::fs::write(folder.path().join("orders.csv"), format!("{ORDERS}3,2,US\n"))?;
    let mut problems = Vec::new();
    for (tool, arguments) in [
        ("get_metrics", json!({"metric_names": ["amount"], "as_of": "2026-03-31"})),
        ("get_metrics", json!({"metric_names": ["amount"], "as_of": "data"})),
        ("sql", json!({"query": "SELECT count(*) AS n FROM lines"})),
        ("get_dimension_values", json!({"dimension": "lines.day"})),
        ("audit_performance", json!({"metric_names": ["amount"], "as_of": "2026-03-31"})),
        ("get_freshness", json!({})),
    ] {
        let said = match ask::call_as(&workspace, &caller, tool, arguments.as_object().unwrap()) {
            Ok(answer) if tool == "get_freshness" => answer["datasets"]["lines"]["error"].clone(),
            Ok(answer) => answer,
            Err(error) => error,
        };
        let wanted = "key `order_id` of dataset `orders` is not unique: the policy of `lines` reads its rows by it";
        if said["code"] != "duplicate-key" || said["message"] != wanted {
            problems.push(format!("{tool} {arguments}: {said}"));
        }
    }
    all_hold(problems)
}
