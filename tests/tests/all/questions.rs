//! Questions in plain words to the built server: search finds the metric that answers each, and everything that it
//! returns runs through `execute` as it stands.

use std::collections::BTreeMap;

use libtest_mimic::{Failed, Trial};
use serde_json::{Value as Json, json};
use sextant_server::operations;
use sextant_tests::ask::{self, Place};
use sextant_tests::doors::{Request, Said, Server};

/// Questions whose metric must be among the first results, of all in the file.
const FOUND: usize = 38;
const FIRST: usize = 3;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("questions::search_finds_what_execute_runs", search_then_execute),
        Trial::test("questions::every_result_is_fetched_by_its_id", fetch_all),
    ]
}

fn commerce() -> Result<Server, Failed> {
    Ok(Server::start(&Place::of_world("commerce"))?)
}

/// The bytes of an answer; a refusal is a failure.
fn bytes(said: Said, request: &Request) -> Result<String, Failed> {
    match said {
        Said::Answer(answer) => Ok(answer),
        Said::Error(error) | Said::ErrorText(error) => {
            Err(format!("{} {}: {error}", request.tool, json!(request.arguments)).into())
        }
    }
}

/// A call over MCP.
fn call(server: &Server, tool: &str, arguments: Json) -> Result<Json, Failed> {
    let request = Request::of(tool, &arguments);
    Ok(serde_json::from_str(&bytes(server.mcp(&request)?, &request)?)?)
}

/// A call at a fixed instant, of an operation that can be asked of one.
fn at_an_instant(execute: &Json) -> Json {
    let operation = operations::find(execute["operation"].as_str().unwrap_or_default()).expect("an operation");
    let mut out = execute.clone();
    if operation.arguments()["properties"].get("as_of").is_some() {
        out["arguments"]["as_of"] = json!("2026-11-20T09:00:00-05:00");
    }
    out
}

/// The bytes that `execute` gives at the open API, and those of the operation itself. An operation that says the second
/// at which it was asked is asked again where that second passed in between.
fn both(server: &Server, execute: &Json) -> Result<(String, String), Failed> {
    let through = Request::of("execute", execute);
    let direct = Request::of(execute["operation"].as_str().unwrap_or_default(), &execute["arguments"]);
    let ask = |request: &Request| -> Result<String, Failed> { bytes(server.tool(request)?, request) };
    let mut said = (ask(&through)?, ask(&direct)?);
    for _ in 0..5 {
        if said.0 == said.1 {
            break;
        }
        said = (ask(&through)?, ask(&direct)?);
    }
    Ok(said)
}

fn search_then_execute() -> Result<(), Failed> {
    let server = commerce()?;
    let text = std::fs::read_to_string(ask::repository().join("tests/data/questions.json"))?;
    let questions: Vec<Json> = serde_json::from_str(&text)?;
    assert_eq!(questions.len(), 40);
    let (mut found, mut missed, mut ran) = (0, Vec::new(), BTreeMap::<String, Json>::new());
    for question in &questions {
        let answer = call(&server, "search", json!({ "query": question["ask"] }))?;
        let results = answer["results"].as_array().expect("results");
        let first: Vec<&Json> = results.iter().take(FIRST).map(|result| &result["name"]).collect();
        let right = question["right"].as_array().expect("names");
        if right.iter().any(|name| first.contains(&name)) {
            found += 1;
        } else {
            missed.push(format!("{} -> {}", question["ask"], json!(first)));
        }
        for result in results {
            ran.insert(result["call"].to_string(), result["call"].clone());
        }
    }
    for execute in ran.values() {
        call(&server, "execute", execute.clone())?;
        let (through, direct) = both(&server, &at_an_instant(execute))?;
        assert_eq!(through, direct, "{execute}");
    }
    eprintln!("questions: {found} of {} found among the first {FIRST}; {} calls ran", questions.len(), ran.len());
    if found < FOUND {
        return Err(format!("{found} found, not {FOUND}: {}", missed.join("; ")).into());
    }
    Ok(())
}

fn fetch_all() -> Result<(), Failed> {
    let server = commerce()?;
    let mut fetched = BTreeMap::<String, usize>::new();
    for (kind, most) in [("", 1_000), ("dimension_value", 20)] {
        let mut cursor = Json::Null;
        let mut seen = 0;
        while seen < most {
            let mut arguments = json!({ "query": "", "limit": most.min(100), "cursor": cursor });
            if !kind.is_empty() {
                arguments["kind"] = kind.into();
            }
            let page = call(&server, "search", arguments)?;
            assert!(page.to_string().len() <= 30_000, "{} bytes", page.to_string().len());
            for result in page["results"].as_array().expect("results") {
                let full = call(&server, "fetch", json!({ "id": result["id"] }))?;
                assert_eq!(
                    (&full["id"], &full["title"], &full["url"]),
                    (&result["id"], &result["title"], &result["url"])
                );
                assert!(full["text"].as_str().is_some_and(|text| text.len() > 10), "{full}");
                assert!(full.to_string().len() <= 30_000, "{}: {} bytes", result["id"], full.to_string().len());
                *fetched.entry(result["kind"].as_str().unwrap_or_default().to_string()).or_default() += 1;
                seen += 1;
            }
            cursor = page["next_cursor"].clone();
            if cursor.is_null() {
                break;
            }
        }
    }
    eprintln!("fetched: {fetched:?}");
    let kinds: Vec<&str> = fetched.keys().map(String::as_str).collect();
    let all = ["dimension", "dimension_value", "documentation", "metric", "operation", "saved_query"];
    assert_eq!(kinds, all, "every kind of result is there");
    Ok(())
}
