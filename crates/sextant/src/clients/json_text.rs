//! One entry put into a JSON file as somebody wrote it: everything around the entry keeps its bytes,
//! comments too where the file's reader allows them.

use std::ops::Range;

use serde::Serialize;
use serde_json::ser::{PrettyFormatter, Serializer};
use serde_json::{Map, Value};

/// Whether a file may hold `//` and `/* */`, and a comma after the last member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comments {
    Allowed,
    Refused,
}

/// A byte order mark, which some editors on Windows write.
const MARK: char = '\u{feff}';

/// The file as one object; nothing at all is an empty one.
pub(crate) fn read(text: &str, comments: Comments) -> Result<Map<String, Value>, String> {
    let plain = plain(text.trim_start_matches(MARK), comments);
    parse(&without_last_commas(&plain, comments))
}

/// The text with `section.name` as `settle` makes it of the object that stood there. Where that changes
/// nothing, the same text.
pub(crate) fn put(
    text: &str,
    section: &str,
    name: &str,
    comments: Comments,
    settle: impl FnOnce(Option<&Map<String, Value>>) -> Map<String, Value>,
) -> Result<String, String> {
    let body = text.trim_start_matches(MARK);
    let mark = &text[..text.len() - body.len()];
    let plain = plain(body, comments);
    let strict = without_last_commas(&plain, comments);
    let root = parse(&strict)?;
    let servers = match root.get(section) {
        None => None,
        Some(Value::Object(servers)) => Some(servers),
        Some(_) => return Err(format!("`{section}` is not an object")),
    };
    let old = servers.and_then(|servers| servers.get(name));
    let new = Value::Object(settle(old.and_then(Value::as_object)));
    if old == Some(&new) {
        return Ok(text.to_string());
    }
    let style = Style::of(body);
    let page = Page { body, plain: &plain, style };
    let Some(open) = strict.find('{') else {
        // Nothing, or only comments, which stay above.
        let whole = Value::Object(Map::from_iter([(section.to_string(), entry_of(name, new))]));
        let above = body.trim_end();
        let gap = if above.is_empty() { "" } else { "\n" };
        return Ok(format!("{mark}{above}{gap}{}\n", page.style.pretty(&whole, "")));
    };
    let outer = Object::at(&strict, open);
    let changed = match outer.member(section) {
        None => page.insert(&outer, 1, section, &entry_of(name, new)),
        Some(servers) => {
            let inner = Object::at(&strict, servers.value.start);
            match inner.member(name) {
                None => page.insert(&inner, 2, name, &new),
                Some(member) => page.replace(member, 2, &new),
            }
        }
    };
    Ok(format!("{mark}{changed}"))
}

fn entry_of(name: &str, value: Value) -> Value {
    Value::Object(Map::from_iter([(name.to_string(), value)]))
}

fn parse(strict: &str) -> Result<Map<String, Value>, String> {
    if strict.trim().is_empty() {
        return Ok(Map::new());
    }
    match serde_json::from_str(strict) {
        Ok(Value::Object(root)) => Ok(root),
        Ok(_) => Err("it is not an object".into()),
        Err(fault) => Err(fault.to_string()),
    }
}

/// The text with a space for every byte of a comment, so that every place stays where it is.
fn plain(body: &str, comments: Comments) -> String {
    if comments == Comments::Refused {
        return body.to_string();
    }
    let mut bytes = body.as_bytes().to_vec();
    let mut at = 0;
    while at < bytes.len() {
        let end = match (bytes[at], bytes.get(at + 1)) {
            (b'"', _) => {
                at = after_string(&bytes, at);
                continue;
            }
            (b'/', Some(b'/')) => find(&bytes, at, b"\n").unwrap_or(bytes.len()),
            (b'/', Some(b'*')) => match find(&bytes, at + 2, b"*/") {
                Some(end) => end + 2,
                // Left as it is, for the parser to refuse.
                None => break,
            },
            _ => {
                at += 1;
                continue;
            }
        };
        for byte in &mut bytes[at..end] {
            if *byte != b'\n' && *byte != b'\r' {
                *byte = b' ';
            }
        }
        at = end;
    }
    String::from_utf8(bytes).unwrap_or_else(|_| body.to_string())
}

/// The text with a space for every comma that nothing follows.
fn without_last_commas(plain: &str, comments: Comments) -> String {
    if comments == Comments::Refused {
        return plain.to_string();
    }
    let mut bytes = plain.as_bytes().to_vec();
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == b'"' {
            at = after_string(&bytes, at);
            continue;
        }
        let next = bytes[at + 1..].iter().find(|byte| !byte.is_ascii_whitespace());
        if bytes[at] == b',' && matches!(next, Some(b'}' | b']')) {
            bytes[at] = b' ';
        }
        at += 1;
    }
    String::from_utf8(bytes).unwrap_or_else(|_| plain.to_string())
}

fn find(bytes: &[u8], from: usize, wanted: &[u8]) -> Option<usize> {
    bytes.get(from..)?.windows(wanted.len()).position(|window| window == wanted).map(|at| from + at)
}

/// The place after the string that begins at `at`.
fn after_string(bytes: &[u8], at: usize) -> usize {
    let mut at = at + 1;
    while at < bytes.len() {
        match bytes[at] {
            b'\\' => at += 2,
            b'"' => return at + 1,
            _ => at += 1,
        }
    }
    bytes.len()
}

/// Where the members of an object stand in a text that is known to be JSON.
struct Object {
    open: usize,
    close: usize,
    members: Vec<Member>,
}

struct Member {
    name: String,
    at: usize,
    value: Range<usize>,
}

impl Object {
    /// The object whose brace is at `open`.
    fn at(strict: &str, open: usize) -> Object {
        let bytes = strict.as_bytes();
        let mut members = Vec::new();
        let mut at = skip(bytes, open + 1);
        while bytes[at] != b'}' {
            let end = after_string(bytes, at);
            let name = serde_json::from_str(&strict[at..end]).unwrap_or_default();
            let colon = skip(bytes, end);
            let start = skip(bytes, colon + 1);
            let value = start..after_value(bytes, start);
            let next = skip(bytes, value.end);
            members.push(Member { name, at, value });
            at = if bytes[next] == b',' { skip(bytes, next + 1) } else { next };
        }
        Object { open, close: at, members }
    }

    /// The last of that name counts, as it does for a parser.
    fn member(&self, name: &str) -> Option<&Member> {
        self.members.iter().rev().find(|member| member.name == name)
    }
}

fn skip(bytes: &[u8], from: usize) -> usize {
    from + bytes[from..].iter().take_while(|byte| byte.is_ascii_whitespace()).count()
}

fn after_value(bytes: &[u8], start: usize) -> usize {
    let mut depth = 0_usize;
    let mut at = start;
    loop {
        match bytes[at] {
            b'"' => at = after_string(bytes, at),
            b'{' | b'[' => {
                depth += 1;
                at += 1;
            }
            b'}' | b']' if depth > 0 => {
                depth -= 1;
                at += 1;
            }
            _ if depth > 0 => at += 1,
            _ => at += bytes[at..].iter().take_while(|b| !b",}]".contains(b) && !b.is_ascii_whitespace()).count(),
        }
        if depth == 0 {
            return at;
        }
    }
}

/// How the file is laid out.
struct Style {
    unit: String,
    line_end: &'static str,
}

impl Style {
    /// As the first indented line is; else two spaces.
    fn of(body: &str) -> Style {
        let indented = body.lines().map(leading).find(|indent| !indent.is_empty());
        let line_end = if body.contains("\r\n") { "\r\n" } else { "\n" };
        Style { unit: indented.unwrap_or("  ").to_string(), line_end }
    }

    /// A value over several lines, all but the first after `indent`.
    fn pretty(&self, value: &Value, indent: &str) -> String {
        let mut bytes = Vec::new();
        let formatter = PrettyFormatter::with_indent(self.unit.as_bytes());
        value.serialize(&mut Serializer::with_formatter(&mut bytes, formatter)).expect("memory takes every value");
        let text = String::from_utf8_lossy(&bytes).into_owned();
        text.split('\n').collect::<Vec<_>>().join(&format!("{}{indent}", self.line_end))
    }
}

fn leading(line: &str) -> &str {
    &line[..line.len() - line.trim_start_matches([' ', '\t']).len()]
}

/// The text with its comments, the text without, and how both are laid out.
struct Page<'a> {
    body: &'a str,
    plain: &'a str,
    style: Style,
}

impl Page<'_> {
    /// The white space before what stands at `at`, when it stands first on its line.
    fn indent(&self, at: usize) -> Option<&str> {
        let start = self.body[..at].rfind('\n').map_or(0, |line| line + 1);
        let before = &self.body[start..at];
        before.trim().is_empty().then_some(before)
    }

    fn replace(&self, member: &Member, depth: usize, value: &Value) -> String {
        let indent = self.indent(member.at).map_or_else(|| self.style.unit.repeat(depth), str::to_string);
        let value = self.style.pretty(value, &indent);
        format!("{}{value}{}", &self.body[..member.value.start], &self.body[member.value.end..])
    }

    /// The member after all others, and after the comments behind them.
    fn insert(&self, object: &Object, depth: usize, name: &str, value: &Value) -> String {
        let end = self.body[..object.close].trim_end().len().max(object.open + 1);
        let last = object.members.last();
        let indent = last.and_then(|last| self.indent(last.at));
        let indent = indent.map_or_else(|| self.style.unit.repeat(depth), str::to_string);
        let after = last.map_or(object.open + 1, |last| last.value.end);
        let comma = if last.is_some() && !self.plain[after..object.close].contains(',') { "," } else { "" };
        let tail = &self.body[end..object.close];
        let line_end = self.style.line_end;
        let tail = if tail.contains('\n') {
            tail.to_string()
        } else {
            format!("{line_end}{}", self.style.unit.repeat(depth - 1))
        };
        format!(
            "{}{comma}{}{line_end}{indent}{}: {}{tail}{}",
            &self.body[..after],
            &self.body[after..end],
            Value::from(name),
            self.style.pretty(value, &indent),
            &self.body[object.close..],
        )
    }
}

#[cfg(test)]
mod tests;
