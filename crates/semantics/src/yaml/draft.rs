//! A text under repair: some lines stand in another column, some are gone. Lines stay lines, so
//! every place in the draft is a place in the text.

use super::{Node, Value};
use crate::source::{SourceId, Span};

pub(super) struct Draft<'a> {
    lines: Vec<Line<'a>>,
    text: String,
    /// Where each line starts in `text`.
    starts: Vec<usize>,
}

#[derive(Clone, Copy)]
struct Line<'a> {
    /// Byte of the original text.
    start: usize,
    /// Leading spaces in the original text.
    indent: usize,
    /// Leading spaces now.
    now: usize,
    /// After the leading spaces, with the line break.
    content: &'a str,
    gone: bool,
}

/// One line in another column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Move {
    pub(super) line: usize,
    pub(super) to: usize,
}

impl<'a> Draft<'a> {
    pub(super) fn new(original: &'a str) -> Draft<'a> {
        let mut start = 0;
        let lines = original.split_inclusive('\n').map(|line| {
            let content = line.trim_start_matches(' ');
            let indent = line.len() - content.len();
            start += line.len();
            Line { start: start - line.len(), indent, now: indent, content, gone: false }
        });
        Draft { lines: lines.collect(), text: String::new(), starts: Vec::new() }.written()
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The number of the line of byte `at` of the draft, from 0.
    pub(super) fn line_of(&self, at: usize) -> usize {
        self.starts.partition_point(|start| *start <= at).saturating_sub(1)
    }

    /// Where the content of a line starts, after its spaces.
    pub(super) fn start_of(&self, line: usize) -> usize {
        self.starts[line] + self.lines[line].now
    }

    /// The byte of the original text that byte `at` of the draft is.
    pub(super) fn original(&self, at: usize) -> usize {
        let Some(line) = self.lines.get(self.line_of(at)) else { return at };
        let column = at - self.starts[self.line_of(at)];
        match column.checked_sub(line.now) {
            _ if line.gone => line.start,
            Some(inside) => line.start + line.indent + inside.min(line.content.len()),
            None => line.start + column.min(line.indent),
        }
    }

    pub(super) fn original_span(&self, source: SourceId, span: Span) -> Span {
        Span::new(source, self.original(span.start as usize), self.original(span.end as usize))
    }

    /// Puts the spans of a tree that was read from the draft into the original text.
    pub(super) fn to_original(&self, source: SourceId, node: &mut Node) {
        node.span = self.original_span(source, node.span);
        match &mut node.value {
            Value::Scalar(_) => {}
            Value::List(items) => items.iter_mut().for_each(|item| self.to_original(source, item)),
            Value::Map(entries) => {
                for entry in entries {
                    entry.key.span = self.original_span(source, entry.key.span);
                    self.to_original(source, &mut entry.value);
                }
            }
        }
    }

    /// The draft with one line in another column.
    pub(super) fn moved(&self, to: Move) -> Draft<'a> {
        let mut lines = self.lines.clone();
        lines[to.line].now = to.to;
        Draft { lines, text: String::new(), starts: Vec::new() }.written()
    }

    /// Columns that would line up the line of byte `at`, or the line before it, with a line above.
    pub(super) fn moves(&self, at: usize) -> Vec<Move> {
        let Some(line) = self.content_line(at) else { return Vec::new() };
        let this = self.lines[line];
        let mut moves = Vec::new();
        let mut add = |line: usize, to: usize| {
            let one = Move { line, to };
            if self.lines[line].now.abs_diff(to) <= 4 && self.lines[line].now != to && !moves.contains(&one) {
                moves.push(one);
            }
        };
        let above = || self.lines[..line].iter().rev().filter(|l| !l.is_blank());
        let Some(before) = (0..line).rev().find(|i| !self.lines[*i].is_blank()) else { return Vec::new() };
        let previous = self.lines[before];
        match (previous.is_item(), this.is_item()) {
            (true, false) => add(before, this.now.saturating_sub(2)),
            (false, false) | (true, true) => add(before, this.now),
            (false, true) => {}
        }
        for candidate in above().take(50) {
            match (candidate.is_item(), this.is_item()) {
                (true, false) => add(line, candidate.now + 2),
                (false, false) | (true, true) => add(line, candidate.now),
                (false, true) => add(line, candidate.now + 2),
            }
        }
        moves
    }

    /// The draft without the list item around byte `at`, and the names that stood in it.
    pub(super) fn without_item_at(&self, at: usize) -> (Draft<'a>, Vec<String>) {
        let mut lines = self.lines.clone();
        let Some(fault) = self.content_line(at) else {
            lines.iter_mut().for_each(|line| line.gone = true);
            return (Draft { lines, text: String::new(), starts: Vec::new() }.written(), Vec::new());
        };
        let (first, column) = self.item_around(fault);
        let alone = lines[fault].content.starts_with('\t');
        let end = lines[fault + 1..].iter().position(|line| alone || !line.is_blank() && line.now <= column);
        let end = end.map_or(lines.len(), |i| fault + 1 + i);
        let mut names = Vec::new();
        for line in &mut lines[first..end] {
            names.extend(names_in(line.content));
            line.gone = true;
        }
        (Draft { lines, text: String::new(), starts: Vec::new() }.written(), names)
    }

    /// The line of byte `at`, or the nearest one above it that holds anything.
    fn content_line(&self, at: usize) -> Option<usize> {
        (0..=self.line_of(at)).rev().find(|line| self.lines.get(*line).is_some_and(|l| !l.is_blank()))
    }

    /// The first line of the item around line `fault`, and the column at which a following line is
    /// no longer part of it.
    fn item_around(&self, fault: usize) -> (usize, usize) {
        let column = self.lines[fault].now;
        let above = || self.lines[..fault].iter().enumerate().rev().filter(|(_, line)| !line.is_blank());
        if self.lines[fault].is_item() {
            // A dash that lines up with no dash above it stands too far left of its list.
            let mut list = column;
            for (_, line) in above() {
                if line.now < column {
                    return (fault, list);
                }
                if line.is_item() && line.now == column {
                    return (fault, column);
                }
                if line.is_item() {
                    list = if list == column { line.now } else { list.min(line.now) };
                }
            }
            return (fault, list);
        }
        for (i, line) in above() {
            if line.is_item() && line.now < column {
                return (i, line.now);
            }
            if line.now == 0 {
                break;
            }
        }
        (fault, column.saturating_sub(1))
    }

    fn written(mut self) -> Draft<'a> {
        for line in &self.lines {
            self.starts.push(self.text.len());
            if line.gone {
                self.text.push('\n');
            } else {
                self.text.extend(std::iter::repeat_n(' ', line.now));
                self.text.push_str(line.content);
            }
        }
        self
    }
}

impl Line<'_> {
    fn is_blank(&self) -> bool {
        self.gone || self.content.trim_end().is_empty() || self.content.starts_with('#')
    }

    fn is_item(&self) -> bool {
        self.content.starts_with("- ") || self.content.trim_end() == "-"
    }
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
