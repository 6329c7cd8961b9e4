//! Cube's SQL: text with references in braces, such as `{CUBE}.amount` and `{customers.id}`.
//!
//! A reference becomes a quoted name that holds the braces, which no column has; the text is then
//! read by our own expression language.

use super::Cube;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::expr::Name;
use crate::import::project::{Project, Target};
use crate::source::{Span, Spanned};
use crate::yaml;

/// What a name in a cube's SQL means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Of a cube by index.
    Column(usize, String),
    /// A dimension, a measure or a segment of a cube.
    Member(usize, String),
}

/// The variables of Cube that stand for what a request says.
const CONTEXT: [&str; 4] = ["FILTER_PARAMS", "FILTER_GROUP", "SECURITY_CONTEXT", "COMPILE_CONTEXT"];

/// The text with every reference in quotes.
pub(super) fn quoted(text: &Spanned<String>) -> Result<Spanned<String>, Diagnostic> {
    let mut made = String::new();
    let mut rest = text.value.as_str();
    while let Some(at) = rest.find(['{', '\'']) {
        let offset = text.value.len() - rest.len() + at;
        made.push_str(rest[..at].strip_suffix('$').filter(|_| rest[at..].starts_with('{')).unwrap_or(&rest[..at]));
        let (end, is_text) = match rest.as_bytes()[at] {
            b'\'' => (rest[at + 1..].find('\'').map(|end| at + 1 + end), true),
            _ => (rest[at..].find('}').map(|end| at + end), false),
        };
        let Some(end) = end else {
            let fault = Diagnostic::new(Code::InvalidExpression, "a brace or a quote is not closed");
            return Err(fault.at(yaml::part(text, offset, offset + 1)));
        };
        if is_text {
            made.push_str(&rest[at..=end]);
        } else {
            let inside = rest[at + 1..end].trim();
            let span = yaml::part(text, offset, offset + end - at + 1);
            check(inside, span)?;
            made.push_str(&format!("\"{{{inside}}}\""));
        }
        rest = &rest[end + 1..];
    }
    made.push_str(rest);
    Ok(Spanned::new(made, text.span))
}

fn check(reference: &str, span: Span) -> Result<(), Diagnostic> {
    let first = reference.split('.').next().unwrap_or_default();
    if CONTEXT.contains(&first) {
        return Err(Diagnostic::new(Code::NotSupportedYet, format!("it reads `{first}`"))
            .at(span)
            .help("a model does not change with who asks, or what: filters stand in the request"));
    }
    let is_name = |part: &str| {
        part.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_alphanumeric() || c == '_')
    };
    match reference.split('.').all(is_name) {
        true => Ok(()),
        false => Err(Diagnostic::new(Code::NotSupportedYet, format!("`{{{reference}}}` is more than a reference"))
            .at(span)
            .help("references are `{CUBE}.column`, `{member}` and `{cube.member}`")),
    }
}

/// What a name in the SQL of the cube at `here` means.
pub(super) fn meaning(cubes: &[Cube<'_>], here: usize, name: &Name, span: Span) -> Result<Meaning, Diagnostic> {
    let cube = |word: &str| match word {
        "CUBE" | "TABLE" => Some(here),
        word => cubes.iter().position(|cube| cube.name == word),
    };
    let reference = |part: &str| part.strip_prefix('{').and_then(|part| part.strip_suffix('}')).map(str::to_string);
    let first = name.parts.first().map(String::as_str).unwrap_or_default();
    match (reference(first), name.parts.as_slice()) {
        (None, [column]) => Ok(Meaning::Column(here, column.clone())),
        (None, [table, column]) if *table == cubes[here].name || cubes[here].table.as_ref() == Some(table) => {
            Ok(Meaning::Column(here, column.clone()))
        }
        (Some(word), [_, column]) if !word.contains('.') => match cube(&word) {
            Some(of) => Ok(Meaning::Column(of, column.clone())),
            None => Err(unknown(cubes, &word, span)),
        },
        (Some(path), [_]) => {
            let parts: Vec<&str> = path.split('.').collect();
            match parts.as_slice() {
                [member] if cubes[here].has(member) || cube(member).is_none() => {
                    Ok(Meaning::Member(here, member.to_string()))
                }
                [.., of, member] => match cube(of) {
                    Some(of) => Ok(Meaning::Member(of, member.to_string())),
                    None => Err(unknown(cubes, of, span)),
                },
                _ => Err(unsupported(&path, span)),
            }
        }
        (_, parts) => Err(unsupported(&parts.join("."), span)),
    }
}

/// What a name means to the project: a column, a dimension or a metric.
pub(super) fn target(
    project: &Project<'_>,
    cubes: &[Cube<'_>],
    here: usize,
    name: &Name,
    span: Span,
) -> Result<Target, Diagnostic> {
    let (of, member) = match meaning(cubes, here, name, span)? {
        Meaning::Column(dataset, name) => return Ok(Target::Column { dataset, name }),
        Meaning::Member(of, member) => (of, member),
    };
    if let Some(index) = project.datasets[of].dimensions.iter().position(|d| d.written == member) {
        return Ok(Target::Dimension { dataset: of, index });
    }
    if let Some(metric) = cubes[of].measures.get(&member) {
        return Ok(Target::Metric(metric.clone()));
    }
    if project.report.is_unread(&format!("{}.{member}", cubes[of].name)) {
        return Err(Diagnostic::new(Code::NotImported, format!("it reads `{member}`, which is left out")).at(span));
    }
    let known: Vec<&str> = project.datasets[of].dimensions.iter().map(|d| d.written.as_str()).collect();
    let measures = cubes[of].measures.keys().map(String::as_str);
    let message = format!("cube `{}` has no member `{member}`", cubes[of].name);
    Err(Diagnostic::new(Code::UnknownReference, message).at(span).suggest(&member, known.into_iter().chain(measures)))
}

pub(super) fn unknown(cubes: &[Cube<'_>], word: &str, span: Span) -> Diagnostic {
    let known = cubes.iter().map(|cube| cube.name.as_str());
    Diagnostic::new(Code::UnknownReference, format!("no cube is called `{word}`")).at(span).suggest(word, known)
}

fn unsupported(text: &str, span: Span) -> Diagnostic {
    Diagnostic::new(Code::UnsupportedExpression, format!("it reads `{text}`"))
        .at(span)
        .help("references are `{CUBE}.column`, `{member}` and `{cube.member}`")
}
