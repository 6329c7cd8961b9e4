//! Mistakes that a model makes in its calls of the built server, made by a seeded mutator from calls that are right:
//! each is either read as what it means, with a note, or refused with the right name, in a text that a client shows
//! whole. The open API gives the error object, MCP the text.

use std::collections::BTreeMap;

use libtest_mimic::{Failed, Trial};
use serde_json::{Value as Json, json};
use sextant_server::wire::ERROR_TEXT_LIMIT;
use sextant_tests::ask::{self, Place};
use sextant_tests::doors::{Request, Said, Server};
use sextant_tests::worlds::random::Random;

/// Mistakes in all.
const MISTAKES: usize = 300;
/// Hundredths of the single typos that must be answered with the right suggestion.
const RIGHT: usize = 95;

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("mistakes::of_a_model_are_answered_with_what_is_right", answered)]
}

/// A call with one mistake.
struct Mistake {
    class: &'static str,
    operation: &'static str,
    arguments: Json,
    /// What should have been written; none where no one word is right.
    right: Option<String>,
}

fn answered() -> Result<(), Failed> {
    let place = Place::of_world("commerce");
    let names = Names::of(&ask::open(&place).map_err(|refused| refused.to_string())?);
    let server = Server::start(&place)?;
    let mistakes = mistakes(&names);
    assert_eq!(mistakes.len(), MISTAKES);
    let mut counts: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let (mut typos, mut right, mut wrong) = (0, 0, Vec::new());
    for mistake in &mistakes {
        let is_right = hold(&server, mistake)?;
        let count = counts.entry(mistake.class).or_default();
        count.0 += 1;
        count.1 += usize::from(is_right);
        if mistake.right.is_some() {
            typos += 1;
            right += usize::from(is_right);
        }
        if !is_right {
            wrong.push(format!("{}: {} {}", mistake.class, mistake.operation, mistake.arguments));
        }
    }
    eprintln!("mistakes: {right} of {typos} single typos answered with what is right; (of, right) by class {counts:?}");
    for line in &wrong {
        eprintln!("  not answered: {line}");
    }
    if right * 100 < typos * RIGHT {
        return Err(format!("{right} of {typos} typos, not {RIGHT} of 100").into());
    }
    Ok(())
}

/// Whether the mistake is answered well. A text that is too long, or without its code, is a failure at once.
fn hold(server: &Server, mistake: &Mistake) -> Result<bool, Failed> {
    let request = Request::of(mistake.operation, &mistake.arguments);
    match (server.tool(&request)?, server.mcp(&request.over_mcp())?) {
        (Said::Answer(answer), Said::Answer(_)) => {
            let answer: Json = serde_json::from_str(&answer)?;
            let told = answer.get("read_as").or_else(|| answer["applied"].get("read_as"));
            let told = told.map(Json::to_string).unwrap_or_default();
            Ok(mistake.right.as_ref().map_or(!told.is_empty(), |right| told.contains(right.as_str())))
        }
        (Said::Error(error), Said::ErrorText(text)) => {
            let error: Json = serde_json::from_str(&error)?;
            let code = error["code"].as_str().unwrap_or_default();
            if text.chars().count() > ERROR_TEXT_LIMIT || !text.starts_with(&format!("{code}: ")) {
                return Err(format!("{}: {text}", mistake.arguments).into());
            }
            if code == "internal" {
                return Err(format!("{}: a fault of ours", mistake.arguments).into());
            }
            let meant: Vec<&str> =
                error["did_you_mean"].as_array().into_iter().flatten().filter_map(Json::as_str).collect();
            if let Some(untold) = meant.iter().find(|name| !text.contains(**name)) {
                return Err(format!("{}: the text does not say `{untold}`: {text}", mistake.arguments).into());
            }
            Ok(match &mistake.right {
                Some(right) => meant.contains(&right.as_str()),
                // What to do instead is said, by a help, a name or an example.
                None => error.get("help").is_some() || error.get("example").is_some() || !meant.is_empty(),
            })
        }
        (api, mcp) => Err(format!("{}: {api:?} over the API, {mcp:?} over MCP", mistake.arguments).into()),
    }
}

/// The names that a typo must not hit by chance.
struct Names {
    metrics: Vec<String>,
    dimensions: Vec<String>,
}

impl Names {
    fn of(workspace: &sextant_engine::workspace::Workspace) -> Names {
        let catalog = workspace.catalog();
        Names {
            metrics: catalog.metric_names().map(|(name, _)| name.to_string()).collect(),
            dimensions: catalog.dimension_names().into_iter().map(str::to_string).collect(),
        }
    }
}

fn mistakes(names: &Names) -> Vec<Mistake> {
    let mut random = Random::new(6);
    let mut all = Vec::new();
    typos_of_names(&mut random, names, &mut all);
    typos_of_words(&mut random, &mut all);
    spellings(&mut random, &mut all);
    wrong_shapes(&mut all);
    while all.len() < MISTAKES {
        typo_of_an_argument(&mut random, &mut all);
    }
    all.truncate(MISTAKES);
    all
}

const METRICS: &[&str] = &[
    "net_sales",
    "gross_sales",
    "orders",
    "aov",
    "ad_spend",
    "blended_roas",
    "conversion_rate",
    "new_customers",
    "gross_margin",
    "sessions",
    "units_sold",
    "discounts",
];
const DIMENSIONS: &[&str] = &["channel", "country", "device", "metric_time"];

/// One edit: a letter less, more, another, or two in the other order. Never the first letter: few people miss that.
fn typo(random: &mut Random, word: &str, taken: impl Fn(&str) -> bool) -> String {
    loop {
        let mut letters: Vec<char> = word.chars().collect();
        let at = random.between(1, letters.len() as i64 - 1) as usize;
        match random.between(0, 3) {
            0 => drop(letters.remove(at)),
            1 => letters.insert(at, *random.pick(&['e', 'a', 's', 'r', 't'])),
            2 => letters[at] = *random.pick(&['e', 'a', 'o', 'n', 'x']),
            _ => letters.swap(at, (at + 1).min(word.len() - 1)),
        }
        let typed: String = letters.into_iter().collect();
        if typed != word && !taken(&typed) {
            return typed;
        }
    }
}

fn typos_of_names(random: &mut Random, names: &Names, all: &mut Vec<Mistake>) {
    let is_metric = |word: &str| names.metrics.iter().any(|name| name == word);
    let is_dimension = |word: &str| names.dimensions.iter().any(|name| name == word);
    for round in 0..60 {
        let metric = METRICS[round % METRICS.len()];
        let typed = typo(random, metric, is_metric);
        let (operation, arguments) = match round % 6 {
            0 => ("get_metrics", json!({"metric_names": [typed], "time_range": "last_7_days"})),
            1 => ("audit_performance", json!({"metric_names": [typed]})),
            2 => ("describe_metric", json!({"name": typed})),
            3 => ("list_dimensions", json!({"metric_names": ["orders", typed]})),
            4 => ("execute", json!({"operation": "get_metrics", "arguments": {"metric_names": [{"name": typed}]}})),
            _ => ("sql", json!({"query": format!("SELECT MEASURE({typed}) FROM metrics")})),
        };
        all.push(Mistake { class: "metric", operation, arguments, right: Some(metric.into()) });
    }
    for round in 0..50 {
        let dimension = DIMENSIONS[round % DIMENSIONS.len()];
        let typed = typo(random, dimension, is_dimension);
        let asked = |more: (&str, Json)| {
            let mut arguments = json!({"metric_names": ["orders"], "time_range": "last_7_days"});
            arguments[more.0] = more.1;
            arguments
        };
        let (operation, arguments) = match round % 5 {
            0 => ("get_metrics", asked(("group_by", json!([typed])))),
            1 => ("get_metrics", asked(("where", json!([format!("{typed} IS NOT NULL")])))),
            2 => ("get_metrics", asked(("where", json!([{"dimension": typed, "op": "is_not_null"}])))),
            3 if dimension != "metric_time" => ("get_dimension_values", json!({"dimension": typed})),
            _ => ("get_metrics", asked(("group_by", json!([{"name": typed}])))),
        };
        all.push(Mistake { class: "dimension", operation, arguments, right: Some(dimension.into()) });
    }
    for round in 0..10 {
        let query = ["weekly_review", "channel_performance", "top_products", "daily_sales"][round % 4];
        let typed = typo(random, query, |_| false);
        let (operation, arguments) = match round % 2 {
            0 => ("run_saved_query", json!({"name": typed})),
            _ => ("get_metrics", json!({"saved_query": typed})),
        };
        all.push(Mistake { class: "saved query", operation, arguments, right: Some(query.into()) });
    }
}

fn typos_of_words(random: &mut Random, all: &mut Vec<Mistake>) {
    let words: &[(&str, &[&str])] = &[
        ("time_range", &["last_7_days", "yesterday", "last_month", "this_quarter", "all_time"]),
        ("comparison", &["previous_period", "previous_year", "target"]),
        ("granularity", &["month", "quarter", "week"]),
        ("response_format", &["concise", "detailed"]),
        ("number_format", &["string", "number"]),
    ];
    for round in 0..40 {
        let (argument, known) = &words[round % words.len()];
        let word = known[(round / words.len()) % known.len()];
        let mut arguments = json!({"metric_names": ["orders"], "time_range": "last_7_days"});
        arguments[*argument] = typo(random, word, |typed| known.contains(&typed)).into();
        all.push(Mistake { class: "word", operation: "get_metrics", arguments, right: Some(word.into()) });
    }
    let operations =
        ["list_metrics", "describe_metric", "get_freshness", "sql", "explain", "run_saved_query", "get_metrics"];
    for round in 0..28 {
        let operation = operations[round % operations.len()];
        let arguments = json!({"operation": typo(random, operation, |_| false), "arguments": {}});
        all.push(Mistake { class: "operation", operation: "execute", arguments, right: Some(operation.into()) });
    }
}

fn typo_of_an_argument(random: &mut Random, all: &mut Vec<Mistake>) {
    let arguments =
        ["metric_names", "time_range", "granularity", "group_by", "comparison", "order_by", "timezone", "having"];
    let right = *random.pick(&arguments);
    let mut given = json!({"metric_names": ["orders"], "time_range": "last_7_days"});
    let typed = typo(random, right, |typed| arguments.contains(&typed));
    given[&typed] = json!("last_7_days");
    all.push(Mistake { class: "argument", operation: "get_metrics", arguments: given, right: Some(right.into()) });
}

/// Other case and other separators, which are read.
fn spellings(random: &mut Random, all: &mut Vec<Mistake>) {
    let spelt = |random: &mut Random, word: &str| match random.between(0, 3) {
        0 => word.to_uppercase(),
        1 if word.contains('_') => word.replace('_', "-"),
        2 if word.contains('_') => word.replace('_', " "),
        _ => format!("{}{}", word[..1].to_uppercase(), &word[1..]),
    };
    for round in 0..40 {
        let metric = METRICS[round % METRICS.len()];
        let (operation, arguments, right) = match round % 8 {
            0 => ("get_metrics", json!({"metric_names": [spelt(random, metric)]}), metric),
            1 => ("describe_metric", json!({"name": spelt(random, metric)}), metric),
            2 => {
                let group = spelt(random, "channel");
                ("get_metrics", json!({"metric_names": ["orders"], "group_by": [group]}), "channel")
            }
            3 => {
                let range = spelt(random, "last_7_days");
                ("get_metrics", json!({"metric_names": ["orders"], "time_range": range}), "last_7_days")
            }
            4 => ("execute", json!({"operation": spelt(random, "list_metrics")}), "list_metrics"),
            5 => {
                let mut arguments = json!({"metric_names": ["orders"]});
                arguments[&spelt(random, "time_range")] = json!("last_7_days");
                ("get_metrics", arguments, "time_range")
            }
            6 => {
                let order = format!("-{}", spelt(random, metric));
                (
                    "get_metrics",
                    json!({"metric_names": [metric], "granularity": "day", "time_range": "last_7_days",
                    "order_by": [order]}),
                    metric,
                )
            }
            _ => {
                let condition = format!("{} = 'US'", spelt(random, "country").replace(' ', "_"));
                ("get_metrics", json!({"metric_names": ["orders"], "where": [condition]}), "country")
            }
        };
        all.push(Mistake { class: "spelling", operation, arguments, right: Some(right.into()) });
    }
}

/// Wrong types, dates, values outside of a list, and what is missing.
fn wrong_shapes(all: &mut Vec<Mistake>) {
    let asked = |more: Json| {
        let mut arguments = json!({"metric_names": ["orders"]});
        for (name, value) in more.as_object().expect("an object") {
            arguments[name] = value.clone();
        }
        arguments
    };
    let calls = [
        ("get_metrics", json!({"metric_names": "orders"})),
        ("get_metrics", json!({"metric_names": "[\"orders\"]"})),
        ("get_metrics", json!({"metric_names": "orders, net_sales"})),
        ("get_metrics", json!({"metric_names": 7})),
        ("get_metrics", json!({"metric_names": [7]})),
        ("get_metrics", json!({"metric_names": {"name": "orders"}})),
        ("get_metrics", json!({})),
        ("get_metrics", asked(json!({"limit": "10", "granularity": "day", "time_range": "last_7_days"}))),
        ("get_metrics", asked(json!({"limit": 0}))),
        ("get_metrics", asked(json!({"limit": -5}))),
        ("get_metrics", asked(json!({"limit": "many"}))),
        ("get_metrics", asked(json!({"totals": "false"}))),
        ("get_metrics", asked(json!({"totals": "maybe"}))),
        ("get_metrics", asked(json!({"include_today": 1}))),
        ("get_metrics", asked(json!({"time_range": "2026-13-01"}))),
        ("get_metrics", asked(json!({"time_range": "2026-02-30"}))),
        ("get_metrics", asked(json!({"time_range": "11/19/2026"}))),
        ("get_metrics", asked(json!({"time_range": "2026-03-31..2026-03-01"}))),
        ("get_metrics", asked(json!({"time_range": ["2026-03-01", "2026-03-31"]}))),
        ("get_metrics", asked(json!({"start_date": "2026-03-01"}))),
        ("get_metrics", asked(json!({"start_date": "March 1", "end_date": "March 31"}))),
        (
            "get_metrics",
            asked(json!({"time_range": "last_7_days", "start_date": "2026-03-01", "end_date": "2026-03-02"})),
        ),
        ("get_metrics", asked(json!({"timezone": "New York"}))),
        ("get_metrics", asked(json!({"as_of": "soon"}))),
        ("get_metrics", asked(json!({"comparison": "yesteryear", "time_range": "last_7_days"}))),
        ("get_metrics", asked(json!({"where": ["country == 'US'"]}))),
        ("get_metrics", asked(json!({"where": ["country = US"]}))),
        ("get_metrics", asked(json!({"where": [{"dimension": "country", "op": "equals", "value": "US"}]}))),
        ("get_metrics", asked(json!({"where": [{"dimension": "country", "op": "resembles", "value": "US"}]}))),
        ("get_metrics", asked(json!({"where": ["orders > 10"]}))),
        ("get_metrics", asked(json!({"having": ["country = 'US'"]}))),
        ("get_metrics", asked(json!({"order_by": ["profit"]}))),
        ("get_metrics", asked(json!({"order_by": "orders desc", "group_by": "country"}))),
        ("get_metrics", asked(json!({"group_by": ["product"]}))),
        ("get_metrics", asked(json!({"currency": "dollars"}))),
        ("get_metrics", asked(json!({"max_bytes": 10}))),
        ("get_metrics", asked(json!({"cursor": "40"}))),
        ("get_metrics", asked(json!({"metrics": ["orders"]}))),
        ("audit_performance", json!({"min_level": "critical"})),
        ("audit_performance", json!({"max_highlights": 1000})),
        ("search", json!({"kind": "metrics"})),
        ("search", json!({"limit": 5000})),
        ("search", json!({"cursor": "abc"})),
        ("execute", json!({})),
        ("execute", json!({"operation": "sql"})),
        ("execute", json!({"operation": "sql", "arguments": "SELECT 1"})),
        ("execute", json!({"operation": "list_metrics", "arguments": {"limit": "x"}})),
        ("fetch", json!({})),
        ("fetch", json!({"id": "metric:net_sale"})),
        ("submit_mcp_feedback", json!({"category": "bugs", "comment": "x"})),
        ("submit_mcp_feedback", json!({"category": "bug"})),
        ("submit_mcp_feedback", json!({"category": "bug", "comment": "x".repeat(2_001)})),
        ("describe_metric", json!({})),
        ("get_dimension_values", json!({"dimension": "channel", "limit": "five"})),
        ("resolve_time_range", json!({"time_range": "fortnight"})),
        ("explain", json!({"stage": "phisical", "arguments": {"metric_names": ["orders"]}})),
        ("sql", json!({"query": "DELETE FROM orders"})),
        ("sql", json!({"query": "SELECT orders FROM"})),
    ];
    all.extend(calls.into_iter().map(|(operation, arguments)| Mistake {
        class: "shape",
        operation,
        arguments,
        right: None,
    }));
}
