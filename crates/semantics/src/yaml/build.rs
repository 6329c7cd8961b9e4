//! One pass over a text: the parser's events become trees, as long as the text is YAML.

use std::collections::HashMap;

use granit_parser::{Event, Parser, ScalarStyle, ScanError, StructureStyle};

use super::{Entry, MAX_ALIASES, MAX_DEPTH, MAX_KEYS, MAX_NODES, Node, Scalar, ScalarKind, Value};
use crate::code::Code;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::source::{SourceId, Span, Spanned};

/// Why a pass ended before the end of the text.
pub(super) enum Stop {
    /// Not YAML at this place.
    Syntax {
        error: ScanError,
        /// The end of the last thing that was.
        after: usize,
        /// The innermost bracket that was open there.
        bracket: Option<usize>,
    },
    /// A budget is used up; the finding says which.
    Budget(Diagnostic),
}

/// The trees of all documents of `text`. Findings that do not end the pass are added.
pub(super) fn build(source: SourceId, text: &str, findings: &mut Diagnostics) -> Result<Vec<Node>, Stop> {
    let options = granit_parser::options! {
        emit_unresolved_aliases: true,
        flow_nesting_limit: MAX_DEPTH,
        block_nesting_limit: MAX_DEPTH,
    };
    let mut builder = Builder {
        source,
        text,
        findings,
        open: Vec::new(),
        documents: Vec::new(),
        anchors: HashMap::new(),
        nodes: 0,
        aliases: 0,
    };
    let mut after = 0;
    for next in Parser::new_from_str_with_options(text, options) {
        match next {
            Err(error) => {
                let flow = builder.open.iter().rev().find(|open| open.style == StructureStyle::Flow);
                return Err(Stop::Syntax { error, after, bracket: flow.map(|open| open.start.start as usize) });
            }
            Ok((event, at)) => {
                // The parser counts some malformed lines in characters: never inside one.
                let bytes = at.byte_range().unwrap_or(after..after);
                let (start, end) = (text.floor_char_boundary(bytes.start), text.floor_char_boundary(bytes.end));
                after = end;
                builder.event(event, Span::new(source, start, end)).map_err(Stop::Budget)?;
            }
        }
    }
    Ok(builder.documents)
}

struct Builder<'a> {
    source: SourceId,
    text: &'a str,
    findings: &'a mut Diagnostics,
    open: Vec<Open>,
    documents: Vec<Node>,
    anchors: HashMap<usize, Node>,
    nodes: usize,
    aliases: usize,
}

/// A list or a map whose end has not come yet.
struct Open {
    content: Content,
    start: Span,
    style: StructureStyle,
    anchor: usize,
}

enum Content {
    List(Vec<Node>),
    Map { entries: Vec<Entry>, key: Key },
}

/// What the next node of a map is.
enum Key {
    /// A key.
    Next,
    /// The value of this key.
    Of(Spanned<String>),
    /// The value of a key that is left out.
    LeftOut,
}

impl Builder<'_> {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Diagnostic> {
        match event {
            Event::SequenceStart(style, anchor, tag) => {
                self.refuse_tag(tag.is_some(), span);
                self.open(Content::List(Vec::new()), span, style, anchor)
            }
            Event::MappingStart(style, anchor, tag) => {
                self.refuse_tag(tag.is_some(), span);
                self.open(Content::Map { entries: Vec::new(), key: Key::Next }, span, style, anchor)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Scalar(text, style, anchor, tag) => {
                self.refuse_tag(tag.is_some(), span);
                let node = self.scalar(text.into_owned(), style, span);
                self.add(node, anchor, 1)
            }
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::UnresolvedAlias(name) => {
                let message = format!("no anchor `&{name}` stands before this alias");
                self.fault(message, span, "write the value out, or set the anchor before it");
                self.add(null(span), 0, 1)
            }
            Event::DocumentEnd => {
                self.anchors.clear();
                Ok(())
            }
            // Every other event is presentation: comments, and the borders of texts and documents.
            _ => Ok(()),
        }
    }

    fn open(&mut self, content: Content, start: Span, style: StructureStyle, anchor: usize) -> Result<(), Diagnostic> {
        if self.open.len() == MAX_DEPTH {
            return Err(budget(format!("nested more than {MAX_DEPTH} levels deep"), start));
        }
        self.open.push(Open { content, start, style, anchor });
        Ok(())
    }

    fn close(&mut self, end: Span) -> Result<(), Diagnostic> {
        let Some(Open { content, start, style, anchor }) = self.open.pop() else { return Ok(()) };
        let value = match content {
            Content::List(items) => Value::List(items),
            Content::Map { entries, .. } => Value::Map(entries),
        };
        let last = match style {
            StructureStyle::Flow => Some(end),
            StructureStyle::Block => match &value {
                Value::List(items) => items.last().map(|n| n.span),
                Value::Map(entries) => entries.last().map(|e| e.key.span.to(e.value.span)),
                Value::Scalar(_) => None,
            },
        };
        let span = last.map_or(start, |last| start.to(last));
        self.add(Node { value, span }, anchor, 1)
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Diagnostic> {
        self.aliases += 1;
        if self.aliases > MAX_ALIASES {
            return Err(budget(format!("more than {MAX_ALIASES} aliases in one file"), span));
        }
        match self.anchors.get(&anchor).cloned() {
            Some(node) => {
                let size = size(&node);
                self.add(node, 0, size)
            }
            None => {
                self.fault("an alias inside its own anchor", span, "write the value out");
                self.add(null(span), 0, 1)
            }
        }
    }

    /// Puts a finished node where it belongs.
    fn add(&mut self, node: Node, anchor: usize, size: usize) -> Result<(), Diagnostic> {
        self.nodes += size;
        if self.nodes > MAX_NODES {
            let message = format!("more than {MAX_NODES} values in one file");
            return Err(budget(message, node.span).help("split the file: all files of a directory are one model"));
        }
        if anchor != 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let key = match self.open.last_mut().map(|o| &mut o.content) {
            None => {
                if !node.is_null() {
                    self.documents.push(node);
                }
                return Ok(());
            }
            Some(Content::List(items)) => {
                items.push(node);
                return Ok(());
            }
            Some(Content::Map { entries, key }) => match std::mem::replace(key, Key::Next) {
                Key::Of(key) => {
                    entries.push(Entry { key, value: node });
                    return Ok(());
                }
                Key::LeftOut => return Ok(()),
                Key::Next => self.key(node)?,
            },
        };
        if let Some(Content::Map { key: slot, .. }) = self.open.last_mut().map(|o| &mut o.content) {
            *slot = key;
        }
        Ok(())
    }

    /// The key that `node` is in the innermost map.
    fn key(&mut self, node: Node) -> Result<Key, Diagnostic> {
        let Some(Content::Map { entries, .. }) = self.open.last().map(|o| &o.content) else { return Ok(Key::LeftOut) };
        let text = match node.value {
            // `null: NA` has the key `null`.
            Value::Scalar(scalar) if !scalar.text.is_empty() && scalar.text != "~" => scalar.text,
            Value::Scalar(_) | Value::List(_) | Value::Map(_) => {
                self.fault("a key that is not a word", node.span, "write `key: value`");
                return Ok(Key::LeftOut);
            }
        };
        if entries.len() == MAX_KEYS {
            return Err(budget(format!("more than {MAX_KEYS} keys in one map"), node.span));
        }
        if let Some(first) = entries.iter().find(|e| e.key.value == text) {
            let line = self.text[..first.key.span.start as usize].matches('\n').count() + 1;
            let message = format!("the key `{text}` stands twice in one map");
            self.fault(message, node.span, &format!("keep one of the two; the first is in line {line}"));
            return Ok(Key::LeftOut);
        }
        if text == "<<" {
            self.fault("merge keys (`<<`) are not read", node.span, "write the keys out");
            return Ok(Key::LeftOut);
        }
        Ok(Key::Of(Spanned::new(text, node.span)))
    }

    fn scalar(&self, text: String, style: ScalarStyle, span: Span) -> Node {
        let written = &self.text[span.start as usize..span.end as usize];
        let (kind, text, span) = match style {
            ScalarStyle::Plain if written.is_empty() => (ScalarKind::Null, String::new(), span),
            ScalarStyle::Plain => (plain_kind(&text), text, span),
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => {
                let quotes = written.len() >= 2 && written.starts_with(['"', '\'']);
                let inside = Span::new(self.source, span.start as usize + 1, (span.end as usize).saturating_sub(1));
                (ScalarKind::Text, text, if quotes { inside } else { span })
            }
            ScalarStyle::Literal | ScalarStyle::Folded => {
                let end = span.start as usize + written.trim_end().len();
                (ScalarKind::Text, text, Span::new(self.source, span.start as usize, end))
            }
        };
        Node { value: Value::Scalar(Scalar { text, kind }), span }
    }

    fn refuse_tag(&mut self, tagged: bool, span: Span) {
        if tagged {
            self.fault("tags (`!`) are not read", span, "remove the tag; quotes make a text of any value");
        }
    }

    fn fault(&mut self, message: impl Into<String>, span: Span, help: &str) {
        self.findings.push(Diagnostic::new(Code::InvalidYaml, message).at(span).help(help));
    }
}

fn budget(message: String, span: Span) -> Diagnostic {
    Diagnostic::new(Code::InvalidYaml, message).at(span)
}

fn null(span: Span) -> Node {
    Node { value: Value::Scalar(Scalar { text: String::new(), kind: ScalarKind::Null }), span }
}

fn size(node: &Node) -> usize {
    1 + match &node.value {
        Value::Scalar(_) => 0,
        Value::List(items) => items.iter().map(size).sum(),
        Value::Map(entries) => entries.iter().map(|e| size(&e.value)).sum(),
    }
}

/// The type of a plain scalar by YAML 1.2's core schema, without its octal and hexadecimal
/// integers and without infinities: those stay text.
fn plain_kind(text: &str) -> ScalarKind {
    match text {
        "~" | "null" | "Null" | "NULL" => return ScalarKind::Null,
        "true" | "True" | "TRUE" | "false" | "False" | "FALSE" => return ScalarKind::Boolean,
        _ => {}
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') || !digits.contains(|c: char| c.is_ascii_digit()) {
        return ScalarKind::Text;
    }
    if digits.bytes().all(|b| b.is_ascii_digit()) {
        return ScalarKind::Integer;
    }
    let float = digits.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
    if float && digits.parse::<f64>().is_ok() { ScalarKind::Float } else { ScalarKind::Text }
}
