//! Questions as SQL of warehouses: every statement is one by its dialect's grammar, what cannot be written is refused by
//! name, and the statements of six questions about the commerce model are pages to read.
//!
//! `EMITTED=FOLDER` writes random worlds there, each question with its answer and its statements, for
//! `tests/emitted_sql.py` to run; `WORLDS=6` says how many.

use std::path::Path;

use libtest_mimic::{Failed, Trial};
use serde_json::{Map, Value as Json, json};
use sextant_engine::workspace::Workspace;
use sextant_tests::ask::{self, Place};
use sextant_tests::worlds::random::Random;
use sextant_tests::worlds::{self, request, write};
use sqlparser::dialect::{BigQueryDialect, Dialect, DuckDbDialect, PostgreSqlDialect, SnowflakeDialect};
use sqlparser::parser::Parser;

const DIALECTS: [&str; 4] = ["duckdb", "postgres", "snowflake", "bigquery"];

/// Worlds, and questions of each.
const WORLDS: u64 = 2;
const QUESTIONS: usize = 20;
const FIRST_SEED: u64 = 40_000;

/// Of a hundred questions, so many are written in each dialect at the least.
const FLOORS: [usize; 4] = [15, 15, 5, 5];

/// Questions about the commerce model that show each shape of a statement.
const PAGES: [(&str, &str); 6] = [
    (
        "by_channel",
        r#"{"metric_names": ["net_sales", "orders", "aov"], "group_by": ["channel"], "time_range": "last_7_days", "limit": 5}"#,
    ),
    (
        "by_week",
        r#"{"metric_names": ["gross_sales"], "granularity": "week", "time_range": "last_4_weeks", "totals": false}"#,
    ),
    (
        "several_facts",
        r#"{"metric_names": ["blended_roas", "ad_spend"], "group_by": ["channel"], "time_range": "2026-10", "having": ["ad_spend > 1000"], "totals": false}"#,
    ),
    (
        "joined_and_filtered",
        r#"{"metric_names": ["units_sold"], "group_by": ["category"], "where": ["category != 'O''Neill' or country in ('US', 'DE')"], "time_range": "2026-10", "totals": false}"#,
    ),
    (
        "compared",
        r#"{"metric_names": ["orders", "conversion_rate"], "group_by": ["device"], "time_range": "last_7_days", "comparison": "previous_period"}"#,
    ),
    (
        "compared_by_day",
        r#"{"metric_names": ["orders"], "granularity": "day", "time_range": "2026-11-16..2026-11-18", "comparison": "previous_period", "totals": false}"#,
    ),
];

pub(crate) fn trials() -> Vec<Trial> {
    let pages = PAGES.into_iter().flat_map(|(name, question)| {
        DIALECTS
            .map(|dialect| Trial::test(format!("emitted::{name}::{dialect}"), move || page(name, question, dialect)))
    });
    std::iter::once(Trial::test("emitted::statements_are_of_their_dialect", worlds)).chain(pages).collect()
}

fn page(name: &str, question: &str, dialect: &str) -> Result<(), Failed> {
    let workspace = ask::open(&Place::of_world("commerce")).map_err(|refused| refused.to_string())?;
    let mut question: Map<String, Json> = serde_json::from_str(question)?;
    question.insert("as_of".to_string(), "2026-11-20T12:00:00-05:00".into());
    let text = statement(&workspace, &question, dialect).map_err(|refused| refused.to_string())?;
    is_of(&text, dialect)?;
    let path = ask::repository().join(format!("tests/tests/all/emitted/{name}.{dialect}.sql"));
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, text)?;
        return Ok(());
    }
    let want = std::fs::read_to_string(&path).unwrap_or_default();
    if text == want { Ok(()) } else { Err(format!("{}: UPDATE=1 writes it anew\n{text}", path.display()).into()) }
}

fn worlds() -> Result<(), Failed> {
    let folder = std::env::var("EMITTED").ok();
    let count = std::env::var("WORLDS").ok().map(|n| n.parse()).transpose()?.unwrap_or(WORLDS);
    let (mut asked, mut written, mut found) = (0, [0; 4], Vec::new());
    for seed in FIRST_SEED..FIRST_SEED + count {
        let mut random = Random::new(seed);
        let (world, season) = worlds::model::world(&mut random);
        let own = tempfile::tempdir()?;
        let at = match &folder {
            Some(folder) => Path::new(folder).join(seed.to_string()),
            None => own.path().to_path_buf(),
        };
        std::fs::create_dir_all(&at)?;
        write::write(&world, &at)?;
        let place = Place::new(at.clone(), at.clone());
        let workspace = ask::open(&place).map_err(|refused| format!("world {seed}: {refused}"))?;
        let mut lines = String::new();
        for _ in 0..QUESTIONS {
            let question = request::request(&world, &worlds::ask::question(&mut random, &world, season));
            asked += 1;
            let mut statements = Map::new();
            // Those that are run.
            let dialects = if folder.is_some() { 2 } else { DIALECTS.len() };
            for (position, dialect) in DIALECTS.into_iter().enumerate().take(dialects) {
                let shown = match statement(&workspace, &question, dialect) {
                    Ok(text) => {
                        written[position] += 1;
                        if let Err(wrong) = is_of(&text, dialect) {
                            found.push(format!("world {seed}, {dialect}: {}\n{text}", wrong.message().unwrap_or("")));
                        }
                        json!({"sql": text})
                    }
                    Err(refused) if refused["code"] == "not-supported-yet" => json!({"refused": refused["message"]}),
                    Err(refused) => {
                        found.push(format!("world {seed}, {dialect}: {refused}"));
                        json!({"refused": refused["message"]})
                    }
                };
                statements.insert(dialect.to_string(), shown);
            }
            if folder.is_some() {
                let answer =
                    ask::call(&workspace, "get_metrics", &question).unwrap_or_else(|error| json!({"error": error}));
                lines += &format!("{}\n", json!({"question": question, "answer": answer, "statements": statements}));
            }
        }
        if folder.is_some() {
            std::fs::write(at.join("questions.jsonl"), lines)?;
        }
    }
    eprintln!("{asked} questions, written in {DIALECTS:?}: {written:?}");
    let floors = if folder.is_some() { [15, 15, 0, 0] } else { FLOORS };
    for ((dialect, written), floor) in DIALECTS.into_iter().zip(written).zip(floors) {
        if written * 100 < asked * floor {
            found.push(format!("{dialect}: {written} of {asked} are written, wanted {floor} in a hundred"));
        }
    }
    found.truncate(5);
    if found.is_empty() { Ok(()) } else { Err(found.join("\n\n").into()) }
}

/// A question as SQL, or the refusal.
fn statement(workspace: &Workspace, question: &Map<String, Json>, dialect: &str) -> Result<String, Json> {
    let asked = json!({"stage": "sql", "dialect": dialect, "arguments": question});
    let explained = ask::call(workspace, "explain", asked.as_object().unwrap())?;
    Ok(explained["text"].as_str().unwrap().to_string())
}

/// That a text is one statement of a dialect.
fn is_of(text: &str, dialect: &str) -> Result<(), Failed> {
    let grammar: Box<dyn Dialect> = match dialect {
        "duckdb" => Box::new(DuckDbDialect {}),
        "postgres" => Box::new(PostgreSqlDialect {}),
        "snowflake" => Box::new(SnowflakeDialect {}),
        _ => Box::new(BigQueryDialect {}),
    };
    let parsed = Parser::parse_sql(grammar.as_ref(), text).map_err(|error| error.to_string())?;
    if parsed.len() == 1 { Ok(()) } else { Err(format!("{} statements", parsed.len()).into()) }
}
