//! `sextant explain`: the forms a question takes on its way to an answer.

use serde_json::{Map, Value};

use super::arguments;
use crate::cli::{Dialect, Explain, Place, Stage};
use crate::fault::Fault;
use crate::output;
use crate::session::Session;

pub(crate) fn run(place: &Place, explain: &Explain) -> Result<(), Fault> {
    let session = Session::open(place)?;
    let mut question = arguments::get_metrics(&explain.question);
    arguments::settle_now(&mut question, &session)?;
    let mut request = Map::new();
    request.insert("tool".into(), "get_metrics".into());
    request.insert("arguments".into(), Value::Object(question));
    request.insert("stage".into(), name(explain.stage).into());
    if explain.stage == Stage::Sql {
        request.insert("dialect".into(), dialect(explain.dialect).into());
    }
    let answer = session.call("explain", request, None)?;
    match answer["text"].as_str() {
        Some(text) => output::emit(&format!("{}\n", text.trim_end())),
        None => output::emit(&output::json::whole(&answer)),
    }
}

fn name(stage: Stage) -> &'static str {
    match stage {
        Stage::Resolved => "resolved",
        Stage::Semantic => "semantic",
        Stage::Logical => "logical",
        Stage::Physical => "physical",
        Stage::Sql => "sql",
    }
}

fn dialect(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Duckdb => "duckdb",
        Dialect::Postgres => "postgres",
        Dialect::Snowflake => "snowflake",
        Dialect::Bigquery => "bigquery",
    }
}
