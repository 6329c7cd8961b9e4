//! `sextant sql`: one statement over metrics, dimensions and rows, or a shell for many.

use std::io::{IsTerminal, Read};

use clap::CommandFactory;
use clap::error::ErrorKind;
use serde_json::{Map, Value, json};
use sextant_engine::workspace::Failure;
use sextant_semantics::diagnostic::Diagnostics;
use sextant_semantics::query::sql::STATEMENT;
use sextant_semantics::render::{Colours, render};
use sextant_semantics::source::{Sources, Span};

use super::arguments;
use crate::cli::{Cli, Format, Place, Show, Sql, When};
use crate::fault::Fault;
use crate::output;
use crate::session::Session;

mod shell;

pub(crate) fn run(place: &Place, sql: &Sql) -> Result<(), Fault> {
    let statement = match sql.statement.as_deref() {
        Some("-") => std::io::read_to_string(std::io::stdin().lock().take(1 << 20))?,
        Some(text) => text.to_string(),
        None if std::io::stdin().is_terminal() && std::io::stderr().is_terminal() => {
            return shell::run(&Session::open(place)?, sql);
        }
        None => {
            let fact = "a STATEMENT is needed, or - to read one from standard input; a terminal opens a shell";
            Cli::command().error(ErrorKind::MissingRequiredArgument, fact).exit()
        }
    };
    ask(&Session::open(place)?, &statement, &sql.when, &sql.show, sql.show.format)
}

/// Asks one statement and writes its answer.
fn ask(session: &Session, statement: &str, when: &When, show: &Show, format: Format) -> Result<(), Fault> {
    let mut request = Map::new();
    request.insert("query".into(), statement.into());
    arguments::when(&mut request, when);
    arguments::settle_now(&mut request, session)?;
    if show.print_request {
        return output::emit(&format!("{}\n", json!({ "tool": "sql", "arguments": request })));
    }
    let answer = session.call("sql", request, show.max_rows).map_err(|fault| with_carets(fault, statement))?;
    match (answer.get("stage"), answer.get("text")) {
        (Some(_), Some(Value::String(text))) => output::emit(&format!("{}\n", text.trim_end())),
        _ => output::show(&answer, format),
    }
}

/// Findings in the statement, shown in it.
fn with_carets(fault: Fault, statement: &str) -> Fault {
    let Fault::Refused(Failure(found)) = fault else { return fault };
    let is_here = |span: Span| span.source == STATEMENT && span.end as usize <= statement.len();
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
