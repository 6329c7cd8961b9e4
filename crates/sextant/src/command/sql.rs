//! `sextant sql`: one statement over metrics, dimensions and rows.

use std::io::Read;

use serde_json::{Map, Value, json};
use sextant_engine::workspace::Failure;
use sextant_semantics::diagnostic::Diagnostics;
use sextant_semantics::query::sql::STATEMENT;
use sextant_semantics::render::{Colours, render};
use sextant_semantics::source::Sources;

use super::arguments;
use crate::cli::{Place, Sql};
use crate::fault::Fault;
use crate::output;
use crate::session::Session;

pub(crate) fn run(place: &Place, sql: &Sql) -> Result<(), Fault> {
    let statement = match sql.statement.as_str() {
        "-" => std::io::read_to_string(std::io::stdin().lock().take(1 << 20))?,
        text => text.to_string(),
    };
    let mut request = Map::new();
    request.insert("query".into(), statement.as_str().into());
    arguments::when(&mut request, &sql.when);
    let session = Session::open(place)?;
    arguments::settle_now(&mut request, &session)?;
    if sql.show.print_request {
        return output::emit(&format!("{}\n", json!({ "tool": "sql", "arguments": request })));
    }
    let answer = session.call("sql", request, sql.show.max_rows).map_err(|fault| with_carets(fault, &statement))?;
    match (answer.get("stage"), answer.get("text")) {
        (Some(_), Some(Value::String(text))) => output::emit(&format!("{}\n", text.trim_end())),
        _ => output::show(&answer, sql.show.format),
    }
}

/// Findings in the statement, shown in it.
fn with_carets(fault: Fault, statement: &str) -> Fault {
    let Fault::Refused(Failure(found)) = fault else { return fault };
    let is_here =
        |span: sextant_semantics::source::Span| span.source == STATEMENT && span.end as usize <= statement.len();
    let all_here = found.iter().all(|finding| finding.span.is_some_and(is_here));
    let Some(code) = found.iter().next().map(|first| first.code).filter(|_| all_here) else {
        return Fault::Refused(Failure(found));
    };
    let mut sources = Sources::default();
    sources.add("statement", statement);
    // The carets say where.
    let found = found.0.into_iter().map(|mut finding| {
        if let Some((fact, _)) = finding.message.rsplit_once(", at line ") {
            finding.message = fact.to_string();
        }
        finding
    });
    Fault::Found { text: render(&sources, &Diagnostics(found.collect()), Colours::None), code }
}
