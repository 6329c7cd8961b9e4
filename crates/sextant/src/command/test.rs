//! `sextant test`: the questions of the model's tests asked, and the answers held against the rows that
//! they expect.

mod compare;

use std::sync::Arc;

use serde_json::{Map, Value, json};
use sextant_engine::workspace::Failure;
use sextant_semantics::catalog::Catalog;
use sextant_semantics::diagnostic::Diagnostics;
use sextant_semantics::model;
use sextant_server::wire;

use crate::cli::{Place, Test, TextFormat};
use crate::config::Config;
use crate::fault::Fault;
use crate::models;
use crate::output::number::clean;
use crate::output::paint::Paint;
use crate::output::{self, json};
use crate::session::{self, Session};
use compare::Difference;

/// Differences of one test that are shown to a person.
const SHOWN: usize = 20;

pub(crate) fn run(place: &Place, test: &Test) -> Result<(), Fault> {
    let config = Config::of(place)?;
    let workspace = Arc::new(session::workspace(&config)?);
    let session = session::over(Arc::clone(&workspace))?;
    let catalog = workspace.catalog();
    let mut outcomes = Vec::new();
    for of in catalog.tests.iter().filter(|of| is_chosen(of, test.only.as_deref())) {
        let outcome = Outcome::of(&session, catalog, of)?;
        if test.format == TextFormat::Text {
            output::emit(&outcome.text(&Paint::stdout()))?;
        }
        outcomes.push(outcome);
    }
    let keys = session.runtime.block_on(workspace.check_keys());
    let failed = outcomes.iter().filter(|outcome| !outcome.passed()).count();
    match test.format {
        TextFormat::Text => output::emit(&summary(outcomes.len(), failed))?,
        TextFormat::Json => output::emit(&json::whole(&report(&outcomes, failed, &keys)))?,
    }
    match keys.iter().next() {
        _ if failed > 0 => Err(Fault::Failed),
        Some(first) => {
            let text = models::render(&config.models, &models::read(&config.models)?, &keys);
            Err(Fault::Found { text, code: first.code })
        }
        None => Ok(()),
    }
}

/// Whether the name of a test or what it asks for holds the text.
fn is_chosen(test: &model::Test, only: Option<&str>) -> bool {
    only.is_none_or(|text| title(test).contains(text) || metrics(&arguments(test)).contains(text))
}

/// What one test came to.
struct Outcome {
    name: String,
    file: String,
    line: usize,
    result: Result<Answered, Failure>,
}

/// The answer to a test's question, and where it is not the expected one.
struct Answered {
    rows: Value,
    differences: Vec<Difference>,
}

impl Outcome {
    /// Asks the question of a test; an interrupt ends the run, a refusal only the test.
    fn of(session: &Session, catalog: &Catalog, test: &model::Test) -> Result<Outcome, Fault> {
        let result = match session.call("get_metrics", arguments(test), None) {
            Ok(answer) => {
                Ok(Answered { differences: compare::rows(&test.expect, &answer), rows: answer["rows"].clone() })
            }
            Err(Fault::Refused(failure)) => Err(failure),
            Err(other) => return Err(other),
        };
        let file = catalog.sources.get(test.span.source).name.clone();
        Ok(Outcome { name: title(test), file, line: catalog.sources.position(test.span).line, result })
    }

    fn passed(&self) -> bool {
        self.result.as_ref().is_ok_and(|answered| answered.differences.is_empty())
    }

    /// One line, and under it what is different.
    fn text(&self, paint: &Paint) -> String {
        let place = paint.dim(&format!("({}:{})", self.file, self.line));
        let word = if self.passed() { "ok    ".to_string() } else { paint.red("FAILED") };
        let mut text = format!("{word} {} {place}\n", clean(&self.name));
        match &self.result {
            Ok(answered) => {
                for difference in answered.differences.iter().take(SHOWN) {
                    text.push_str(&format!("       {}\n", clean(&difference.text())));
                }
                if let Some(more) = answered.differences.len().checked_sub(SHOWN).filter(|more| *more > 0) {
                    text.push_str(&format!("       and {more} more\n"));
                }
            }
            Err(failure) => text.push_str(&format!("       {}\n", wire::error_text(failure))),
        }
        text
    }

    fn json(&self) -> Value {
        let mut out = Map::new();
        out.insert("name".into(), self.name.clone().into());
        out.insert("file".into(), self.file.clone().into());
        out.insert("line".into(), self.line.into());
        out.insert("passed".into(), self.passed().into());
        match &self.result {
            Ok(answered) if !answered.differences.is_empty() => {
                let differences = answered.differences.iter().map(Difference::json);
                out.insert("differences".into(), differences.collect());
                out.insert("rows".into(), answered.rows.clone());
            }
            Ok(_) => {}
            Err(failure) => {
                out.insert("error".into(), wire::error_object(failure));
            }
        }
        Value::Object(out)
    }
}

/// The request of a test: exact numbers, unless it says how it wants them.
fn arguments(test: &model::Test) -> Map<String, Value> {
    let Value::Object(mut arguments) = test.query.to_json() else { return Map::new() };
    if let Some(metrics) = arguments.shift_remove("metrics") {
        arguments.insert("metric_names".into(), metrics);
    }
    arguments.entry("number_format").or_insert_with(|| "string".into());
    arguments
}

/// The name, or what is asked for.
fn title(test: &model::Test) -> String {
    match &test.name {
        Some(name) => name.value.clone(),
        None => metrics(&arguments(test)),
    }
}

fn metrics(arguments: &Map<String, Value>) -> String {
    let names = arguments.get("metric_names").and_then(Value::as_array).into_iter().flatten();
    let names = names.filter_map(|name| name.as_str().or_else(|| name["name"].as_str()));
    names.collect::<Vec<_>>().join(", ")
}

fn summary(all: usize, failed: usize) -> String {
    match (all, failed) {
        (0, _) => "no tests\n".to_string(),
        (1, 0) => "1 test passed\n".to_string(),
        (all, 0) => format!("{all} tests passed\n"),
        (all, failed) => format!("{failed} of {all} tests failed\n"),
    }
}

fn report(outcomes: &[Outcome], failed: usize, keys: &Diagnostics) -> Value {
    let keys: Vec<Value> = keys.iter().map(|key| json!({"code": key.code.as_str(), "message": key.message})).collect();
    json!({
        "tests": outcomes.iter().map(Outcome::json).collect::<Vec<_>>(),
        "passed": outcomes.len() - failed,
        "failed": failed,
        "keys": keys,
    })
}
