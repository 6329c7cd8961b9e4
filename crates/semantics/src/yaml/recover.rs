//! Reading on after a syntax fault: the smallest list item around it becomes blanks, and the text
//! is read again. Blanks keep every other byte where it was, so spans stay right.

use granit_parser::{ErrorKind, ScanError};

use super::build::{Stop, build};
use super::{Documents, MAX_FAULTS, words};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{SourceId, Span};

pub(super) fn read(source: SourceId, text: &str, findings: &mut Diagnostics) -> Documents {
    let mut lost = Vec::new();
    let mut blanked: Option<String> = None;
    for _ in 0..MAX_FAULTS {
        let text = blanked.as_deref().unwrap_or(text);
        let mut found = Diagnostics::default();
        match build(source, text, &mut found) {
            Ok(nodes) => {
                findings.0.append(&mut found.0);
                return Documents { nodes, lost };
            }
            Err(Stop::Budget(finding)) => {
                findings.0.append(&mut found.0);
                findings.push(finding);
                return Documents { nodes: Vec::new(), lost };
            }
            Err(Stop::Syntax { error, after, bracket }) => {
                let (kind, at) = cause(text, &error, after, bracket);
                findings.push(words::diagnostic(&kind, source, text, at));
                let (next, mut names) = without_item_at(text, at);
                lost.append(&mut names);
                blanked = Some(next);
            }
        }
    }
    let message = format!("more than {MAX_FAULTS} faults; the rest of the file was not read");
    findings.push(Diagnostic::new(Code::InvalidYaml, message).at(Span::new(source, 0, 0)));
    Documents { nodes: Vec::new(), lost }
}

/// What is wrong, and the byte that a reader should look at. A quote or a bracket that is never
/// closed is noticed lines later: the place is then where it opens.
fn cause(text: &str, error: &ScanError, after: usize, bracket: Option<usize>) -> (ErrorKind, usize) {
    let noticed = error.marker().byte_offset().unwrap_or(after).min(text.len());
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
    match opening {
        Some(at) if line_of(text, at) < line_of(text, noticed) && indent_at(text, noticed) <= indent_at(text, at) => {
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

/// `text` with blanks for the list item around byte `at`, and the names that stood in it.
fn without_item_at(text: &str, at: usize) -> (String, Vec<String>) {
    let lines = Line::all(text);
    let mut fault = lines.partition_point(|line| line.start <= at).saturating_sub(1);
    while fault > 0 && lines[fault].is_blank() {
        fault -= 1;
    }
    let (first, column) = item_around(&lines, fault);
    let tab = lines[fault].content.starts_with('\t');
    let end = lines[fault + 1..].iter().position(|line| tab || !line.is_blank() && line.indent <= column);
    let end = end.map_or(lines.len(), |i| fault + 1 + i);
    let from = lines[first].start;
    let to = lines.get(end).map_or(text.len(), |line| line.start);
    let mut bytes = text.as_bytes().to_vec();
    for byte in &mut bytes[from..to] {
        if *byte != b'\n' {
            *byte = b' ';
        }
    }
    let blanked = String::from_utf8(bytes).expect("whole lines became ASCII blanks");
    (blanked, names_in(&text[from..to]))
}

/// The first line of the item around line `fault`, and the column at which a following line is no
/// longer part of it.
fn item_around(lines: &[Line<'_>], fault: usize) -> (usize, usize) {
    let indent = lines[fault].indent;
    if lines[fault].is_item() {
        // A dash that lines up with no dash above it stands too far left of its list.
        let mut list = indent;
        for line in lines[..fault].iter().rev().filter(|line| !line.is_blank()) {
            if line.indent < indent || line.is_item() && line.indent == indent {
                return (fault, if line.indent < indent { list } else { indent });
            }
            if line.is_item() {
                list = if list == indent { line.indent } else { list.min(line.indent) };
            }
        }
        return (fault, list);
    }
    for (i, line) in lines[..fault].iter().enumerate().rev().filter(|(_, line)| !line.is_blank()) {
        if line.is_item() && line.indent < indent {
            return (i, line.indent);
        }
        if line.indent == 0 {
            break;
        }
    }
    (fault, indent.saturating_sub(1))
}

/// The values of `name:` in a piece of text, roughly.
fn names_in(text: &str) -> Vec<String> {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.match_indices("name:")
        .filter(|(i, _)| !text[..*i].ends_with(word))
        .map(|(i, key)| text[i + key.len()..].trim_start_matches([' ', '"', '\'']))
        .map(|rest| rest.split(|c| !word(c)).next().unwrap_or_default().to_string())
        .filter(|name| !name.is_empty())
        .collect()
}

struct Line<'a> {
    start: usize,
    /// Leading spaces.
    indent: usize,
    content: &'a str,
}

impl<'a> Line<'a> {
    fn all(text: &'a str) -> Vec<Line<'a>> {
        let mut start = 0;
        text.split_inclusive('\n')
            .map(|line| {
                let content = line.trim_start_matches(' ');
                let this = Line { start, indent: line.len() - content.len(), content: content.trim_end() };
                start += line.len();
                this
            })
            .collect()
    }

    fn is_blank(&self) -> bool {
        self.content.is_empty() || self.content.starts_with('#')
    }

    fn is_item(&self) -> bool {
        self.content == "-" || self.content.starts_with("- ")
    }
}
