//! Random questions as requests and as SQL statements: one plan, one answer.
//!
//! `TWINS=150` asks three thousand.

use libtest_mimic::{Failed, Trial};
use serde_json::{Map, Value as Json, json};
use sextant_tests::ask::{self, Place};
use sextant_tests::twin;
use sextant_tests::worlds::random::Random;
use sextant_tests::worlds::{self, write};

/// Worlds, and questions of each.
const WORLDS: u64 = 2;
const QUESTIONS: usize = 20;
const FIRST_SEED: u64 = 30_000;
/// Differences that are shown in full.
const SHOWN: usize = 5;

pub(crate) fn trials() -> Vec<Trial> {
    vec![Trial::test("twins::statements_are_their_requests", statements)]
}

fn statements() -> Result<(), Failed> {
    let worlds = std::env::var("TWINS").ok().map(|n| n.parse()).transpose()?.unwrap_or(WORLDS);
    let (mut asked, mut answered, mut found) = (0, 0, Vec::new());
    for seed in FIRST_SEED..FIRST_SEED + worlds {
        let mut random = Random::new(seed);
        let (world, season) = worlds::model::world(&mut random);
        let folder = tempfile::tempdir()?;
        write::write(&world, folder.path())?;
        let place = Place::new(folder.path().to_path_buf(), folder.path().to_path_buf());
        let workspace = ask::open(&place).map_err(|refused| format!("world {seed}: {refused}"))?;
        for spelling in 0..QUESTIONS {
            // Bounds of `metric_time` in a WHERE are the statement's range, in `where` they are conditions on rows; a
            // statement has no words for a currency; and `starts_with` is spelled as another condition, LIKE.
            let (question, mut request) = loop {
                let question = worlds::ask::question(&mut random, &world, season);
                let request = worlds::request::request(&world, &question);
                let conditions = request.get("where").map(Json::to_string).unwrap_or_default();
                let is_other = ["metric_time", "starts_with"].iter().any(|word| conditions.contains(word));
                if !is_other && !request.contains_key("currency") {
                    break (question, request);
                }
            };
            request.insert("totals".into(), json!(false));
            let statement = twin::request(&world, &question, spelling);
            let plan = |tool: &str, arguments: &Map<String, Json>| {
                let arguments = json!({"tool": tool, "arguments": arguments});
                let Json::Object(arguments) = arguments else { unreachable!("an object") };
                ask::call(&workspace, "explain", &arguments).map(without_spelling)
            };
            let plans = (plan("get_metrics", &request), plan("get_metrics", &statement));
            let answers = (
                ask::call(&workspace, "get_metrics", &request).map(without_identity),
                ask::call(&workspace, "sql", &statement).map(without_identity),
            );
            asked += 1;
            answered += usize::from(answers.0.is_ok());
            let is_same = plans.0 == plans.1 && answers.0 == answers.1;
            let both_refused = answers.0.is_err() && answers.1.is_err();
            if !is_same && !both_refused {
                let request = Json::Object(request);
                let text = statement["query"].as_str().unwrap_or_default().to_string();
                let (plans, answers) = (short(&plans), short(&answers));
                found.push(format!("world {seed}: {request}\n{text}\nplans {plans}\nanswers {answers}"));
            }
        }
    }
    eprintln!("{asked} questions as requests and as statements, {answered} answered, {} differ", found.len());
    if answered * 10 < asked * 9 {
        return Err(format!("{answered} of {asked} questions were answered").into());
    }
    match found.len() {
        0 => Ok(()),
        n => Err(format!("{n} differences, the first:\n{}", found[..n.min(SHOWN)].join("\n\n")).into()),
    }
}

/// The plan without what says how the arguments were written.
fn without_spelling(mut plan: Json) -> Json {
    if let Some(map) = plan.as_object_mut() {
        map.shift_remove("read_as");
    }
    plan
}

/// The answer without what names its request and says how its arguments were written.
fn without_identity(mut answer: Json) -> Json {
    if let Some(map) = answer.as_object_mut() {
        map.shift_remove("answer_id");
        if let Some(applied) = map.get_mut("applied").and_then(Json::as_object_mut) {
            applied.shift_remove("filters");
            applied.shift_remove("read_as");
        }
    }
    answer
}

fn short(pair: &(Result<Json, Json>, Result<Json, Json>)) -> String {
    match pair {
        (left, right) if left == right => "are one".to_string(),
        (left, right) => format!("\n  {left:?}\n  {right:?}"),
    }
}
