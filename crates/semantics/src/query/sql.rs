//! The SQL surface: one statement that reads, over metrics, dimensions and datasets.
//!
//! The text is held against named limits before anything recursive reads it, parsed in a dialect of ours,
//! and guarded: nothing but reading passes. Then each SELECT over metrics, wherever it stands, is lifted into
//! the request that the tools' arguments would make, and a table that holds its answer takes its place. A
//! statement that is one such SELECT and nothing else is that request.

use sqlparser::ast;

use crate::catalog::Catalog;
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::expr::parse::Tokens;
use crate::query::request::{MetricsRequest, Stage};
use crate::query::resolved::Part;
use crate::source::{SourceId, Span};

mod dialect;
mod functions;
mod guard;
mod lift;
mod read;
mod request;
mod show;
pub mod system;

pub use read::{
    MAX_BYTES, MAX_CONCATENATIONS, MAX_EXPANSION, MAX_SELECTS, MAX_SET_OPERATIONS, MAX_SUB_QUERIES, MAX_TOKENS,
};
pub use request::{audit, metrics};

/// The source that the spans of a statement's diagnostics point into: the only text there is.
pub const STATEMENT: SourceId = SourceId(0);

/// What a statement asks.
#[derive(Clone, Debug, PartialEq)]
pub enum Statement {
    /// The whole of it is one question for metrics.
    Metrics(Box<Lifted>),
    Query(Box<Composed>),
    /// A stage of how the statement is answered.
    Explain {
        stage: Stage,
        of: Box<Statement>,
    },
}

/// A SELECT over metrics as the request that the tools' arguments would make.
#[derive(Clone, Debug, PartialEq)]
pub struct Lifted {
    pub request: MetricsRequest,
    /// Where each argument of the request was written.
    pub places: Places,
    /// The columns of its answer, in order, by the names that the rest of the statement knows them by.
    pub columns: Vec<LiftedColumn>,
}

/// A column of the table that takes a lifted SELECT's place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LiftedColumn {
    pub name: String,
    pub of: ColumnOf,
}

/// What the column holds, by position in the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnOf {
    Group(usize),
    Metric(usize, Part),
}

/// A statement around questions for metrics, or over rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Composed {
    /// Its tables are those of `lifted`, datasets, `system` tables and its own CTEs.
    pub query: Box<ast::Query>,
    /// The answer of the n-th is the table [`table_name`]`(n)`.
    pub lifted: Vec<Lifted>,
    /// The datasets that it reads rows of, sorted.
    pub datasets: Vec<String>,
}

/// Where the arguments of a lifted request were written.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Places(pub(crate) Vec<(String, Span)>);

impl Places {
    /// The findings about a lifted request, pointing into the statement instead of at arguments.
    pub fn locate(&self, found: Diagnostics) -> Diagnostics {
        Diagnostics(found.0.into_iter().map(|diagnostic| self.locate_one(diagnostic)).collect())
    }

    fn locate_one(&self, mut diagnostic: Diagnostic) -> Diagnostic {
        let Some(field) = &diagnostic.field else { return diagnostic };
        if let Some((_, span)) = self.0.iter().find(|(argument, _)| argument == field) {
            diagnostic.span = Some(*span);
            diagnostic.field = Some("query".to_string());
        }
        diagnostic
    }
}

/// The name of the table that takes the place of a lifted SELECT. No name of a model begins so.
pub fn table_name(position: usize) -> String {
    format!("__metrics_{position}")
}

/// What `text` asks, or everything that is wrong with it, each finding with its place in the text.
pub fn read(catalog: &Catalog, text: &str) -> Result<Statement, Diagnostics> {
    let at = Span::new(STATEMENT, 0, text.len());
    statement(catalog, text, at)
        .map_err(|found| Diagnostics(found.0.into_iter().map(|fault| finish(fault, at)).collect()))
}

fn statement(catalog: &Catalog, text: &str, at: Span) -> Result<Statement, Diagnostics> {
    let tokens = read::tokens(text, at)?;
    let (command, first) = read::command(&tokens)?;
    match command {
        read::Command::Explain(stage) => {
            let of = query(catalog, &tokens, first)?;
            Ok(Statement::Explain { stage, of: Box::new(of) })
        }
        read::Command::Show => show::statement(catalog, &tokens, first),
        read::Command::Select => query(catalog, &tokens, first),
    }
}

fn query(catalog: &Catalog, tokens: &Tokens, first: usize) -> Result<Statement, Diagnostics> {
    let query = read::query(tokens, first)?;
    guard::check(&query, tokens)?;
    lift::statement(catalog, tokens, query)
}

/// A finding as one of the argument `query`, with a place in it.
fn finish(mut fault: Diagnostic, whole: Span) -> Diagnostic {
    fault.code = match fault.code {
        Code::InvalidExpression => Code::InvalidQuery,
        other => other,
    };
    fault.span = fault.span.or(Some(whole));
    fault.field = Some("query".to_string());
    fault
}

/// Adds line and column of a finding in the statement `text`, and the text there, for callers that see no carets.
pub fn place(mut fault: Diagnostic, text: &str) -> Diagnostic {
    let Some(span) = fault.span.filter(|span| span.source == STATEMENT) else { return fault };
    let (start, end) = (span.start as usize, span.end as usize);
    let Some(under) = text.get(start..end) else { return fault };
    if (start, end) != (0, text.len()) {
        let line = text[..start].matches('\n').count() + 1;
        let column = text[..start].rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        fault.message = format!("{}, at line {line}, column {column}", fault.message);
        fault.received = Some(under.into());
    }
    fault
}

#[cfg(test)]
mod tests;
