//! What the engine says of a statement that it cannot plan, in our words: it may show names of the statement, and
//! nothing of the engine's own.

use datafusion::common::{SchemaError, Span as EngineSpan};
use datafusion::error::DataFusionError;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::{Diagnostic, nearest};
use sextant_semantics::query::sql::STATEMENT;
use sextant_semantics::source::Span;

use crate::execute::ExecuteError;

/// The fault of the statement `text` that the engine found while it planned.
pub(crate) fn diagnostic(error: DataFusionError, text: &str) -> Diagnostic {
    let whole = Span::new(STATEMENT, 0, text.len());
    match of(&error, text, None) {
        Some(fault) => Diagnostic { span: fault.span.or(Some(whole)), ..fault }.field("query"),
        None => ExecuteError::from(error).diagnostic(),
    }
}

/// None of a fault that is not the statement's.
fn of(error: &DataFusionError, text: &str, at: Option<EngineSpan>) -> Option<Diagnostic> {
    match error {
        DataFusionError::Diagnostic(inner, error) => of(error, text, at.or(inner.span)),
        DataFusionError::Context(_, error) => of(error, text, at),
        DataFusionError::Collection(errors) => errors.first().and_then(|error| of(error, text, at)),
        DataFusionError::Shared(error) => of(error, text, at),
        DataFusionError::SchemaError(error, _) => Some(of_schema(error, text, at)),
        DataFusionError::Plan(message) => Some(of_message(message, text, at)),
        DataFusionError::NotImplemented(_) => {
            let fault = Diagnostic::new(Code::NotSupportedYet, "a construct that statements do not have yet");
            Some(place(fault, text, at).help("docs/sql.md lists what a statement may hold"))
        }
        _ => None,
    }
}

fn of_schema(error: &SchemaError, text: &str, at: Option<EngineSpan>) -> Diagnostic {
    match error {
        SchemaError::FieldNotFound { field, valid_fields } => {
            let known: Vec<String> = valid_fields
                .iter()
                .filter(|column| !column.name.starts_with("__"))
                .flat_map(|column| [column.name.clone(), column.flat_name()])
                .collect();
            let name = field.flat_name();
            let near = nearest(&name, known.iter().map(String::as_str));
            let near = near.into_iter().filter(|known| *known != name).collect();
            let mut columns: Vec<&str> = valid_fields.iter().map(|column| column.name.as_str()).collect();
            columns.dedup();
            let columns: Vec<&str> = columns.into_iter().filter(|name| !name.starts_with("__")).take(20).collect();
            let help = match columns.is_empty() {
                true => "no column stands here".to_string(),
                false => {
                    format!("columns are {}; names are told by their letters, large and small", columns.join(", "))
                }
            };
            let fault = Diagnostic::new(Code::InvalidQuery, format!("unknown column `{name}`")).help(help);
            placed_at(fault.candidates(near), text, at, &field.name)
        }
        SchemaError::AmbiguousReference { field } => {
            let fault = Diagnostic::new(Code::InvalidQuery, format!("ambiguous column `{}`", field.name))
                .help("several tables have it: write the table before it, as in orders.id");
            placed_at(fault, text, at, &field.name)
        }
        SchemaError::DuplicateQualifiedField { name, .. } | SchemaError::DuplicateUnqualifiedField { name } => {
            let fault = Diagnostic::new(Code::DuplicateColumn, format!("two columns are named `{name}`"))
                .help("give one of them an alias with AS");
            placed_at(fault, text, at, name)
        }
    }
}

/// The engine's sentence by what it is about; its words stay inside.
fn of_message(message: &str, text: &str, at: Option<EngineSpan>) -> Diagnostic {
    let quoted = || message.split('\'').nth(1).unwrap_or_default().to_string();
    let has = |part: &str| message.contains(part);
    if has("must appear in the GROUP BY") || has("must be in GROUP BY") {
        let column = message.split('"').nth(1).unwrap_or_default();
        let column = column.rsplit('.').next().unwrap_or_default().to_string();
        let fact = match column.is_empty() || column.starts_with("__") {
            true => "a column beside an aggregate without GROUP BY".to_string(),
            false => format!("`{column}` beside an aggregate without GROUP BY"),
        };
        let fault = Diagnostic::new(Code::InvalidQuery, fact).help("add it to GROUP BY, or GROUP BY ALL");
        return placed_at(fault, text, at, &column);
    }
    if has("not found") && has("table") {
        let fault = Diagnostic::new(Code::InvalidQuery, format!("unknown table `{}`", quoted()));
        return placed_at(fault.help("names are told by their letters, large and small"), text, at, &quoted());
    }
    if has("Ambiguous reference") {
        let fault = Diagnostic::new(Code::InvalidQuery, "an ambiguous column");
        return place(fault, text, at).help("several tables have it: write the table before it, as in orders.id");
    }
    if has("unique expression names") || has("duplicate") {
        let fault = Diagnostic::new(Code::DuplicateColumn, "two columns of one name");
        return place(fault, text, at).help("give one of them an alias with AS");
    }
    if has("coerce") || has("No function matches") || has("Cannot infer common") || has("function '") || has("type") {
        let name = quoted();
        let is_function = !name.is_empty() && text.to_lowercase().contains(&name.to_lowercase());
        let fact = match is_function {
            true => format!("`{name}` of types that it does not take"),
            false => "an operator of types that it does not take".to_string(),
        };
        let fault = Diagnostic::new(Code::InvalidQuery, fact)
            .help("cast one side: CAST(value AS date), CAST(value AS decimal(18, 2)), CAST(value AS text)");
        return if is_function { placed_at(fault, text, at, &name) } else { place(fault, text, at) };
    }
    tracing::debug!(message, "a statement was not planned");
    let fault = Diagnostic::new(Code::InvalidQuery, "a statement that cannot be planned");
    place(fault, text, at).help("docs/sql.md shows what a statement may hold")
}

fn place(fault: Diagnostic, text: &str, at: Option<EngineSpan>) -> Diagnostic {
    match at.and_then(|at| span(text, at)) {
        Some(span) => fault.at(span),
        None => fault,
    }
}

/// At the engine's place, else where the name first stands as a word.
fn placed_at(fault: Diagnostic, text: &str, at: Option<EngineSpan>, name: &str) -> Diagnostic {
    let fault = place(fault, text, at);
    if fault.span.is_some() || name.is_empty() {
        return fault;
    }
    let (lower, name) = (text.to_ascii_lowercase(), name.to_ascii_lowercase());
    let is_end = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric() && c != '_');
    let found = lower.match_indices(&name).find(|(start, _)| {
        is_end(lower[..*start].chars().next_back()) && is_end(lower[start + name.len()..].chars().next())
    });
    match found {
        Some((start, _)) => fault.at(Span::new(STATEMENT, start, start + name.len())),
        None => fault,
    }
}

/// Lines and columns, from 1, as bytes of the text.
fn span(text: &str, at: EngineSpan) -> Option<Span> {
    let byte = |line: u64, column: u64| {
        let mut start = 0;
        for _ in 1..line {
            start += text[start..].find('\n')? + 1;
        }
        let rest = text.get(start..)?;
        let ahead = rest.char_indices().nth(usize::try_from(column.checked_sub(1)?).ok()?);
        Some(start + ahead.map_or(rest.len(), |(at, _)| at))
    };
    let (start, end) = (byte(at.start.line, at.start.column)?, byte(at.end.line, at.end.column)?);
    (start < end).then(|| Span::new(STATEMENT, start, end))
}
