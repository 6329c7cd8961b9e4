//! Questions in plain words: search finds the metric that answers each, and everything that it returns runs
//! through `execute` as it stands.

use std::collections::BTreeMap;

use libtest_mimic::{Failed, Trial};
use serde_json::{Map, Value as Json, json};
use sextant_server::app::App;
use sextant_tests::ask::{self, Place};

/// Questions whose metric must be among the first results, of all in the file.
const FOUND: usize = 36;
const FIRST: usize = 3;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("questions::search_finds_what_execute_runs", search_then_execute),
        Trial::test("questions::every_result_is_fetched_by_its_id", fetch_all),
    ]
}

fn commerce() -> Result<App, Failed> {
    let workspace = ask::open(&Place::of_world("commerce")).map_err(|refused| refused.to_string())?;
    Ok(ask::app(workspace))
}

fn call(app: &App, name: &str, arguments: Json) -> Result<Json, Failed> {
    let arguments: Map<String, Json> = arguments.as_object().cloned().unwrap_or_default();
    let answer = ask::operation(app, name, &arguments);
    answer.map_err(|failure| {
        format!("{name} {}: {}", json!(arguments), sextant_server::wire::error_text(&failure)).into()
    })
}

fn search_then_execute() -> Result<(), Failed> {
    let app = commerce()?;
    let text = std::fs::read_to_string(ask::repository().join("tests/data/questions.json"))?;
    let questions: Vec<Json> = serde_json::from_str(&text)?;
    assert_eq!(questions.len(), 40);
    let (mut found, mut missed, mut ran) = (0, Vec::new(), BTreeMap::<String, Json>::new());
    for question in &questions {
        let answer = call(&app, "search", json!({ "query": question["ask"] }))?;
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
        let through = call(&app, "execute", execute.clone())?;
        let direct = call(&app, execute["operation"].as_str().unwrap_or_default(), execute["arguments"].clone())?;
        assert_eq!(through.to_string(), direct.to_string(), "{execute}");
    }
    eprintln!("questions: {found} of {} found among the first {FIRST}; {} calls ran", questions.len(), ran.len());
    if found < FOUND {
        return Err(format!("{found} found, not {FOUND}: {}", missed.join("; ")).into());
    }
    Ok(())
}

fn fetch_all() -> Result<(), Failed> {
    let app = commerce()?;
    let mut fetched = BTreeMap::<String, usize>::new();
    for (kind, most) in [("", 1_000), ("dimension_value", 20)] {
        let mut cursor = Json::Null;
        let mut seen = 0;
        while seen < most {
            let mut arguments = json!({ "query": "", "limit": most.min(100), "cursor": cursor });
            if !kind.is_empty() {
                arguments["kind"] = kind.into();
            }
            let page = call(&app, "search", arguments)?;
            assert!(page.to_string().len() <= 30_000, "{} bytes", page.to_string().len());
            for result in page["results"].as_array().expect("results") {
                let full = call(&app, "fetch", json!({ "id": result["id"] }))?;
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
