//! Reading on after a syntax fault: a line that stands in a wrong column is moved, else the
//! smallest list item around the fault is left out, and the text is read again.

use granit_parser::{ErrorKind, ScanError};

use super::build::{Stop, build};
use super::draft::{Draft, Move};
use super::{Documents, MAX_FAULTS, Node, words};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{SourceId, Span};

pub(super) fn read(source: SourceId, text: &str, findings: &mut Diagnostics) -> Documents {
    let mut pass = Pass::over(source, text);
    if let Outcome::Read(nodes) = pass.outcome {
        findings.0.append(&mut pass.found.0);
        return Documents { nodes, lost: Vec::new() };
    }
    let mut lost = Vec::new();
    let mut draft = Draft::new(text);
    for faults in 0..MAX_FAULTS {
        match pass.outcome {
            Outcome::Fault(kind, at) => {
                // Every move that is tried is one more reading.
                let moved = (faults < MAX_FAULTS / 3).then(|| lined_up(source, &draft, &kind, at)).flatten();
                if let Some((moved, next)) = moved {
                    draft = draft.moved(moved);
                    let start = draft.original(draft.start_of(moved.line));
                    findings.push(words::out_of_line(source, text, start, moved.to));
                    pass = next;
                    continue;
                }
                findings.push(words::diagnostic(&kind, source, text, draft.original(at)));
                let (next, mut names) = draft.without_item_at(at);
                lost.append(&mut names);
                draft = next;
                pass = Pass::over(source, draft.text());
            }
            Outcome::Read(mut nodes) => {
                nodes.iter_mut().for_each(|node| draft.to_original(source, node));
                add(findings, pass.found, &draft, source);
                return Documents { nodes, lost };
            }
            Outcome::OverBudget => {
                add(findings, pass.found, &draft, source);
                return Documents { nodes: Vec::new(), lost };
            }
        }
    }
    let message = format!("more than {MAX_FAULTS} faults; the rest of the file was not read");
    findings.push(Diagnostic::new(Code::InvalidYaml, message).at(Span::new(source, 0, 0)));
    Documents { nodes: Vec::new(), lost }
}

/// What one reading of a text came to, in places of that text.
struct Pass {
    outcome: Outcome,
    found: Diagnostics,
}

enum Outcome {
    Read(Vec<Node>),
    /// What is wrong, and the byte to look at.
    Fault(ErrorKind, usize),
    /// The finding says which budget.
    OverBudget,
}

impl Pass {
    fn over(source: SourceId, text: &str) -> Pass {
        let mut found = Diagnostics::default();
        let outcome = match build(source, text, &mut found) {
            Ok(nodes) => Outcome::Read(nodes),
            Err(Stop::Budget(finding)) => {
                found.push(finding);
                Outcome::OverBudget
            }
            Err(Stop::Syntax { error, after, bracket }) => {
                let (kind, at) = cause(text, &error, after, bracket);
                Outcome::Fault(kind, at)
            }
        };
        Pass { outcome, found }
    }

    /// How many lines of `draft` were read without a fault.
    fn reach(&self, draft: &Draft<'_>) -> usize {
        match &self.outcome {
            Outcome::Read(_) | Outcome::OverBudget => usize::MAX,
            Outcome::Fault(_, at) => draft.line_of(*at),
        }
    }
}

fn add(findings: &mut Diagnostics, found: Diagnostics, draft: &Draft<'_>, source: SourceId) {
    findings.0.extend(found.0.into_iter().map(|finding| {
        let span = finding.span.map(|span| draft.original_span(source, span));
        Diagnostic { span, ..finding }
    }));
}

/// The move of one line that lets the reading go furthest beyond the fault at byte `at`.
fn lined_up(source: SourceId, draft: &Draft<'_>, kind: &ErrorKind, at: usize) -> Option<(Move, Pass)> {
    if !words::is_about_columns(kind) {
        return None;
    }
    let mut best: Option<(usize, Move, Pass)> = None;
    for one in draft.moves(at) {
        let moved = draft.moved(one);
        let pass = Pass::over(source, moved.text());
        let reach = pass.reach(&moved);
        if reach > best.as_ref().map_or(draft.line_of(at), |(furthest, ..)| *furthest) {
            best = Some((reach, one, pass));
        }
    }
    best.map(|(_, one, pass)| (one, pass))
}

/// What is wrong, and the byte that a reader should look at. A quote or a bracket that is never
/// closed is noticed lines later: the place is then where it opens.
fn cause(text: &str, error: &ScanError, after: usize, bracket: Option<usize>) -> (ErrorKind, usize) {
    let noticed = text.floor_char_boundary(error.marker().byte_offset().unwrap_or(after));
    let kind = error.kind().clone();
    if matches!(
        kind,
        ErrorKind::UnclosedQuotedScalar
            | ErrorKind::InvalidQuotedScalarIndent
            | ErrorKind::DocumentIndicatorInQuotedScalar
    ) {
        let quote = text.get(after..noticed).and_then(|t| t.find(['"', '\'']));
        return (kind, quote.map_or(noticed, |i| after + i));
    }
    let opening = text.get(after..noticed).and_then(open_bracket).map(|i| after + i).or(bracket);
    let dash = kind == ErrorKind::BlockEntryInFlowCollection;
    let is_left_open = |at: usize| {
        line_of(text, at) < line_of(text, noticed) && (dash || indent_at(text, noticed) <= indent_at(text, at))
    };
    match opening {
        Some(at) if is_left_open(at) => {
            let open = if text[at..].starts_with('[') { '[' } else { '{' };
            (ErrorKind::UnclosedFlowCollection { open }, at)
        }
        Some(_) | None => (kind, noticed),
    }
}

/// The innermost bracket of `text` that is not closed in it.
fn open_bracket(text: &str) -> Option<usize> {
    let mut open = Vec::new();
    let mut quote = None;
    let mut last = ' ';
    for (i, c) in text.char_indices() {
        match (quote, c) {
            (Some(q), _) if q == c => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') if matches!(last, ' ' | ',' | ':' | '[' | '{') => quote = Some(c),
            (None, '[' | '{') => open.push(i),
            (None, ']' | '}') => drop(open.pop()),
            (None, _) => {}
        }
        last = c;
    }
    open.pop()
}

fn line_of(text: &str, at: usize) -> usize {
    text[..at].matches('\n').count()
}

/// Leading spaces of the line of byte `at`.
fn indent_at(text: &str, at: usize) -> usize {
    let start = text[..at].rfind('\n').map_or(0, |i| i + 1);
    text[start..].bytes().take_while(|b| *b == b' ').count()
}
