//! Generated calls of the built server over every operation that everybody may call: each answer fits the schema that the
//! operation declares, and is no larger than the clients of MCP show; each refusal fits the error object.

use std::collections::BTreeMap;

use libtest_mimic::{Failed, Trial};
use serde_json::{Map, Value as Json, json};
use sextant_server::app::MCP_BYTES;
use sextant_server::identity::caller::{Caller, Door};
use sextant_server::operations::{ALL, Operation};
use sextant_server::wire::ERROR_TEXT_LIMIT;
use sextant_tests::ask::{self, Place};
use sextant_tests::doors::{Request, Said, Server};
use sextant_tests::worlds::random::Random;

/// Calls in all, and how many of them must be answered, not refused.
const CALLS: usize = 2_000;
const ANSWERED: usize = 1_500;

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("shapes::every_answer_fits_its_schema_and_its_size", fit)]
}

fn fit() -> Result<(), Failed> {
    let place = Place::of_world("commerce");
    let workspace = ask::open(&place).map_err(|refused| refused.to_string())?;
    let metrics: Vec<String> = workspace.catalog().metric_names().map(|(name, _)| name.to_string()).collect();
    let server = Server::start(&place)?;
    let mut validators = BTreeMap::new();
    let local = Caller::local(Door::Mcp);
    let operations: Vec<&Operation> = ALL.iter().filter(|operation| local.sees(operation)).collect();
    for operation in &operations {
        // What execute gives is held to the operation that it ran.
        let schema = operation.answer().unwrap_or_else(|| json!({"type": "object"}));
        validators.insert(operation.name, jsonschema::validator_for(&schema)?);
    }
    let mut random = Random::new(60);
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let (mut answered, mut largest) = (0, (0, String::new()));
    for _ in 0..CALLS {
        let operation = choose(&mut random, &operations);
        let arguments = arguments(&mut random, operation.name, &metrics);
        let count = counts.entry(operation.name).or_default();
        count.0 += 1;
        let request = Request { tool: operation.name.to_string(), arguments: arguments.clone() };
        match server.mcp(&request.over_mcp())? {
            Said::Answer(text) => {
                let answer: Json = serde_json::from_str(&text)?;
                answered += 1;
                count.1 += 1;
                let ran = arguments.get("operation").and_then(Json::as_str).unwrap_or(operation.name);
                let validator = &validators[ran];
                if let Some(fault) = validator.iter_errors(&answer).next() {
                    return Err(format!(
                        "{} {}: {fault} at {}",
                        operation.name,
                        json!(arguments),
                        fault.instance_path()
                    )
                    .into());
                }
                let bytes = text.len();
                if bytes > largest.0 {
                    largest = (bytes, format!("{} {}", operation.name, json!(arguments)));
                }
                if bytes > MCP_BYTES {
                    return Err(format!("{} {}: {bytes} bytes", operation.name, json!(arguments)).into());
                }
            }
            Said::Error(text) | Said::ErrorText(text) => {
                if text.chars().count() > ERROR_TEXT_LIMIT || text.starts_with("internal") {
                    return Err(format!("{} {}: {text}", operation.name, json!(arguments)).into());
                }
            }
        }
    }
    eprintln!("shapes: {answered} of {CALLS} answered; the largest has {} bytes: {}", largest.0, largest.1);
    eprintln!("  (calls, answered) by operation: {counts:?}");
    assert!(counts.len() == operations.len(), "an operation was never called");
    if answered < ANSWERED {
        return Err(format!("{answered} answered, not {ANSWERED}").into());
    }
    Ok(())
}

/// Each operation about equally often, audits less: they cost most.
fn choose<'a>(random: &mut Random, operations: &[&'a Operation]) -> &'a Operation {
    loop {
        let operation = *random.pick(operations);
        if operation.name != "audit_performance" || random.chance(20) {
            return operation;
        }
    }
}

const RANGES: &[&str] =
    &["last_7_days", "yesterday", "mtd", "last_month", "2026-10-01..2026-10-15", "2026-W46", "bfcm2025"];
const GRAINS: &[&str] = &["day", "week", "month", "none"];
const DIMENSIONS: &[&str] = &["channel", "country", "device", "source"];
const MAIN: &[&str] = &["net_sales", "orders", "aov", "gross_sales", "discounts", "customers", "units_sold"];
const WORDS: &[&str] = &["", "sales", "roas", "channel", "how many orders", "email", "time ranges", "xyzzy", "list"];

fn arguments(random: &mut Random, operation: &str, metrics: &[String]) -> Map<String, Json> {
    let mut out = match operation {
        "get_metrics" => question(random, metrics),
        "audit_performance" => json!({"metric_names": some(random, MAIN, 2), "time_range": *random.pick(RANGES)}),
        "search" => {
            let mut out = json!({"query": *random.pick(WORDS)});
            if random.chance(40) {
                let kinds = ["metric", "dimension", "dimension_value", "saved_query", "operation", "documentation"];
                out["kind"] = (*random.pick(&kinds)).into();
            }
            if random.chance(40) {
                out["limit"] = random.between(1, 100).into();
            }
            out
        }
        "execute" => {
            let inner = loop {
                let inner = random.pick(ALL);
                let is_asked = !["execute", "submit_mcp_feedback", "audit_performance"].contains(&inner.name);
                if is_asked && Caller::local(Door::Mcp).sees(inner) {
                    break inner.name;
                }
            };
            json!({"operation": inner, "arguments": arguments(random, inner, metrics)})
        }
        "fetch" => {
            let ids = [
                "metric:",
                "dimension:channel",
                "operation:get_metrics",
                "documentation:index",
                "saved_query:top_products",
            ];
            let id = *random.pick(&ids);
            json!({"id": if id.ends_with(':') { format!("{id}{}", random.pick(metrics)) } else { id.to_string() }})
        }
        "submit_mcp_feedback" => {
            let mut out =
                json!({"category": "docs", "comment": *random.pick(&["more examples", "token=sextant_oat_abcdefgh"])});
            if random.chance(50) {
                out["severity"] = "low".into();
                out["tags"] = json!(["a", "b"]);
            }
            out
        }
        other => of_the_model(random, other, metrics),
    };
    // A slip now and then: a list of one written as its item.
    if random.chance(10)
        && let Some(Json::Array(items)) = out.get("metric_names")
        && items.len() == 1
    {
        out["metric_names"] = items[0].clone();
    }
    out.as_object().cloned().unwrap_or_default()
}

/// Arguments of the operations that are no tools.
fn of_the_model(random: &mut Random, operation: &str, metrics: &[String]) -> Json {
    match operation {
        "list_metrics" => match random.between(0, 2) {
            0 => json!({}),
            1 => json!({"search": *random.pick(WORDS)}),
            _ => json!({"limit": random.between(1, 100)}),
        },
        "describe_metric" => json!({"name": random.pick(metrics)}),
        "list_dimensions" => json!({"metric_names": some(random, MAIN, 2)}),
        "get_dimension_values" => json!({"dimension": *random.pick(DIMENSIONS), "limit": random.between(1, 1_000)}),
        "run_saved_query" => {
            json!({"name": *random.pick(&["weekly_review", "channel_performance", "top_products", "daily_sales"])})
        }
        "sql" => {
            let (metric, dimension) = (*random.pick(MAIN), *random.pick(&["channel", "country"]));
            let range = *random.pick(RANGES);
            let statements = [
                format!("SELECT MEASURE({metric}) FROM metrics WHERE TIME_RANGE('{range}')"),
                format!(
                    "SELECT {dimension}, MEASURE(orders) FROM metrics WHERE TIME_RANGE('{range}') GROUP BY {dimension}"
                ),
                "SHOW METRICS".to_string(),
                "SELECT count(*) FROM orders".to_string(),
                "SELECT * FROM orders LIMIT 5".to_string(),
            ];
            json!({"query": *random.pick(&statements.each_ref())})
        }
        "explain" => {
            let stages = ["resolved", "semantic", "logical", "physical", "sql"];
            json!({"stage": *random.pick(&stages), "arguments": {"metric_names": some(random, MAIN, 2),
                "time_range": *random.pick(RANGES), "granularity": *random.pick(GRAINS)}})
        }
        "resolve_time_range" => json!({"time_range": *random.pick(RANGES), "comparison": "previous_period"}),
        _ => json!({}),
    }
}

fn question(random: &mut Random, metrics: &[String]) -> Json {
    let any = random.chance(30);
    let names: Json = if any { json!([random.pick(metrics)]) } else { some(random, MAIN, 3) };
    let mut out = json!({"metric_names": names, "time_range": *random.pick(RANGES)});
    if random.chance(50) {
        out["granularity"] = (*random.pick(GRAINS)).into();
    }
    if random.chance(50) {
        out["group_by"] = some(random, &DIMENSIONS[..2], 1);
    }
    if random.chance(40) {
        out["comparison"] = (*random.pick(&["previous_period", "previous_year", "none"])).into();
    }
    if random.chance(20) {
        out["response_format"] = (*random.pick(&["concise", "detailed"])).into();
    }
    if random.chance(20) {
        out["number_format"] = "string".into();
    }
    if random.chance(20) {
        out["where"] = json!(["country = 'US'"]);
    }
    if random.chance(10) {
        out["explain"] = true.into();
    }
    out
}

fn some(random: &mut Random, of: &[&str], most: i64) -> Json {
    let count = random.between(1, most) as usize;
    json!(random.some(of, count))
}
