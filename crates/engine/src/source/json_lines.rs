//! JSON lines: one object a line, its keys the columns. Numbers keep their digits, so that
//! declared decimals are exact.

use std::borrow::Cow;
use std::collections::HashMap;

use sextant_semantics::data_type::DataType;
use sextant_semantics::diagnostic::Diagnostic;

use super::DataFile;
use super::lines::Lines;
use super::schema::FileSchema;
use super::types::ColumnType;

/// Lists within lists that a value may hold.
const MAX_DEPTH: usize = 64;

/// The value of one key.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    Null,
    Boolean(bool),
    /// As written.
    Number(&'a str),
    Text(Cow<'a, str>),
    List,
    Object,
}

/// Calls `visit` for each key of the object that `line` holds; `None` where it holds none or is
/// not JSON.
pub(crate) fn object<'a>(line: &'a str, visit: impl FnMut(Cow<'a, str>, Value<'a>)) -> Option<()> {
    let mut scanner = Scanner { text: line, at: 0 };
    scanner.members(visit, 0)?;
    scanner.space();
    (scanner.at == line.len()).then_some(())
}

/// The types of the keys over all rows of a file, in the order in which keys first appear.
pub(crate) fn infer(dataset: &str, file: &DataFile) -> Result<FileSchema, Diagnostic> {
    let mut places: HashMap<String, usize> = HashMap::new();
    let mut columns: Vec<(String, Seen)> = Vec::new();
    let mut rows = 0;
    each_line(dataset, file, |lines, line| {
        rows += 1;
        // Rows mostly have the same keys in the same order, so the next place is tried first.
        let mut next = 0;
        let found = object(line, |key, value| {
            let place = match columns.get(next) {
                Some((name, _)) if *name == key => next,
                _ => *places.entry(key.to_string()).or_insert_with(|| {
                    columns.push((key.to_string(), Seen::Null));
                    columns.len() - 1
                }),
            };
            columns[place].1 = columns[place].1.with(&value);
            next = place + 1;
        });
        found.ok_or_else(|| not_an_object(lines))
    })?;
    let columns = columns.into_iter().map(|(name, seen)| (name, seen.column_type())).collect();
    Ok(FileSchema { columns, rows: Some(rows) })
}

/// Calls `row` with each line that is not blank.
pub(crate) fn each_line(
    dataset: &str,
    file: &DataFile,
    mut row: impl FnMut(&Lines<'_>, &str) -> Result<(), Diagnostic>,
) -> Result<(), Diagnostic> {
    let mut lines = Lines::open(dataset, file)?;
    let mut record = Vec::new();
    while lines.append(&mut record)? {
        let line = std::str::from_utf8(&record).map_err(|_| lines.not_utf8(lines.number()))?.trim();
        if !line.is_empty() {
            row(&lines, line)?;
        }
        record.clear();
    }
    Ok(())
}

pub(crate) fn not_an_object(lines: &Lines<'_>) -> Diagnostic {
    lines.invalid_file(&format!("holds something other than one JSON object at line {}", lines.number()))
}

/// What all values of a key so far have in common.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Seen {
    Null,
    Boolean,
    Integer,
    /// Whole numbers beyond 64 bits, of at most 38 digits.
    LongInteger,
    Float,
    Text,
    List,
    Object,
    Mixed(&'static str),
}

impl Seen {
    fn of(value: &Value<'_>) -> Self {
        match value {
            Value::Null => Seen::Null,
            Value::Boolean(_) => Seen::Boolean,
            Value::Number(text) if text.parse::<i64>().is_ok() => Seen::Integer,
            Value::Number(text) => {
                let digits = text.trim_start_matches('-');
                let whole = digits.len() <= 38 && digits.bytes().all(|digit| digit.is_ascii_digit());
                if whole { Seen::LongInteger } else { Seen::Float }
            }
            Value::Text(_) => Seen::Text,
            Value::List => Seen::List,
            Value::Object => Seen::Object,
        }
    }

    fn with(self, value: &Value<'_>) -> Self {
        use Seen::{Float, Integer, LongInteger, Mixed, Null};
        match (self, Seen::of(value)) {
            (seen, new) if seen == new => seen,
            (seen, Null) => seen,
            (Null, new) => new,
            (Integer, LongInteger) | (LongInteger, Integer) => LongInteger,
            (Integer | LongInteger, Float) | (Float, Integer | LongInteger) => Float,
            (Mixed(what), _) => Mixed(what),
            (Seen::Text, Seen::Boolean | Integer | LongInteger | Float)
            | (Seen::Boolean | Integer | LongInteger | Float, Seen::Text) => Mixed("mixture of text and other values"),
            (_, _) => Mixed("mixture of types"),
        }
    }

    fn column_type(self) -> ColumnType {
        match self {
            Seen::Null => ColumnType::Null,
            Seen::Boolean => ColumnType::Known(DataType::Boolean),
            Seen::Integer => ColumnType::Known(DataType::Integer),
            Seen::LongInteger => ColumnType::Known(DataType::Decimal { precision: 38, scale: 0 }),
            Seen::Float => ColumnType::Known(DataType::Float),
            Seen::Text => ColumnType::Known(DataType::Text),
            Seen::List => ColumnType::Unreadable("list".to_string()),
            Seen::Object => ColumnType::Unreadable("struct".to_string()),
            Seen::Mixed(what) => ColumnType::Unreadable(what.to_string()),
        }
    }
}

/// A strict reader of JSON text that allocates only for escapes.
struct Scanner<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Scanner<'a> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    /// Takes `byte`, spaces before it.
    fn take(&mut self, byte: u8) -> bool {
        self.space();
        let here = self.peek() == Some(byte);
        self.at += usize::from(here);
        here
    }

    fn members(&mut self, mut visit: impl FnMut(Cow<'a, str>, Value<'a>), depth: usize) -> Option<()> {
        if !self.take(b'{') {
            return None;
        }
        if self.take(b'}') {
            return Some(());
        }
        loop {
            self.space();
            let key = self.text()?;
            if !self.take(b':') {
                return None;
            }
            let value = self.value(depth)?;
            visit(key, value);
            if self.take(b'}') {
                return Some(());
            }
            if !self.take(b',') {
                return None;
            }
        }
    }

    fn value(&mut self, depth: usize) -> Option<Value<'a>> {
        self.space();
        match self.peek()? {
            b'"' => self.text().map(Value::Text),
            b'{' if depth < MAX_DEPTH => {
                self.members(ignore, depth + 1)?;
                Some(Value::Object)
            }
            b'[' if depth < MAX_DEPTH => {
                self.at += 1;
                if self.take(b']') {
                    return Some(Value::List);
                }
                loop {
                    self.value(depth + 1)?;
                    if self.take(b']') {
                        return Some(Value::List);
                    }
                    if !self.take(b',') {
                        return None;
                    }
                }
            }
            b't' => self.word("true", Value::Boolean(true)),
            b'f' => self.word("false", Value::Boolean(false)),
            b'n' => self.word("null", Value::Null),
            b'-' | b'0'..=b'9' => self.number(),
            _ => None,
        }
    }

    fn word(&mut self, word: &str, value: Value<'a>) -> Option<Value<'a>> {
        self.text[self.at..].starts_with(word).then(|| {
            self.at += word.len();
            value
        })
    }

    fn number(&mut self) -> Option<Value<'a>> {
        let start = self.at;
        self.at += usize::from(self.peek() == Some(b'-'));
        match self.digits() {
            0 => return None,
            1 => {}
            _ if self.text.as_bytes()[self.at - self.digits_before()] == b'0' => return None,
            _ => {}
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            if self.digits() == 0 {
                return None;
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            self.at += usize::from(matches!(self.peek(), Some(b'+' | b'-')));
            if self.digits() == 0 {
                return None;
            }
        }
        Some(Value::Number(&self.text[start..self.at]))
    }

    /// Takes digits and counts them.
    fn digits(&mut self) -> usize {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        self.at - start
    }

    fn digits_before(&self) -> usize {
        self.text.as_bytes()[..self.at].iter().rev().take_while(|byte| byte.is_ascii_digit()).count()
    }

    fn text(&mut self) -> Option<Cow<'a, str>> {
        if self.peek()? != b'"' {
            return None;
        }
        self.at += 1;
        let start = self.at;
        loop {
            match self.peek()? {
                b'"' => {
                    let plain = &self.text[start..self.at];
                    self.at += 1;
                    return Some(Cow::Borrowed(plain));
                }
                b'\\' => return self.escaped(start),
                0..=0x1f => return None,
                _ => self.at += 1,
            }
        }
    }

    /// The rest of a text whose first escape is here.
    fn escaped(&mut self, start: usize) -> Option<Cow<'a, str>> {
        let mut text = self.text[start..self.at].to_string();
        loop {
            let from = self.at;
            match self.peek()? {
                b'"' => {
                    self.at += 1;
                    return Some(Cow::Owned(text));
                }
                b'\\' => {
                    self.at += 2;
                    text.push(match *self.text.as_bytes().get(from + 1)? {
                        b'"' => '"',
                        b'\\' => '\\',
                        b'/' => '/',
                        b'b' => '\u{8}',
                        b'f' => '\u{c}',
                        b'n' => '\n',
                        b'r' => '\r',
                        b't' => '\t',
                        b'u' => self.unicode()?,
                        _ => return None,
                    });
                }
                0..=0x1f => return None,
                _ => {
                    while !matches!(self.peek()?, b'"' | b'\\' | 0..=0x1f) {
                        self.at += 1;
                    }
                    text.push_str(&self.text[from..self.at]);
                }
            }
        }
    }

    /// The character of `\uXXXX`, or of two of them for one beyond the basic plane.
    fn unicode(&mut self) -> Option<char> {
        let first = self.hex()?;
        if !(0xd800..0xdc00).contains(&first) {
            return char::from_u32(first);
        }
        if !self.text.as_bytes()[self.at..].starts_with(b"\\u") {
            return None;
        }
        self.at += 2;
        let second = self.hex()?;
        if !(0xdc00..0xe000).contains(&second) {
            return None;
        }
        char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00))
    }

    fn hex(&mut self) -> Option<u32> {
        let digits = self.text.as_bytes().get(self.at..self.at + 4)?;
        let digits = std::str::from_utf8(digits).ok().filter(|text| !text.starts_with('+'))?;
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }
}

/// A member that nobody asks for. A function, so that nesting does not nest types.
fn ignore(_: Cow<'_, str>, _: Value<'_>) {}

#[cfg(test)]
mod tests {
    use super::{Value, object};

    fn keys(line: &str) -> Option<Vec<String>> {
        let mut found = Vec::new();
        object(line, |key, value| found.push(format!("{key}={value:?}")))?;
        Some(found)
    }

    #[test]
    fn values() {
        let line = r#" { "a" : -1.50e3 , "b\n":"x\u00e9\ud83d\ude00\"/", "c":[1,{"d":[]}], "d":{"e":null}, "f":true,"g":null} "#;
        let found = keys(line).unwrap();
        assert_eq!(found[0], "a=Number(\"-1.50e3\")");
        assert_eq!(found[1], format!("b\n={:?}", Value::Text("xé😀\"/".into())));
        assert_eq!(found[2..], ["c=List", "d=Object", "f=Boolean(true)", "g=Null"]);
    }

    /// Texts made by cutting, doubling and changing characters are read exactly where serde_json reads them.
    #[test]
    fn strict() {
        let seeds = [
            r#"{"a":1,"b":[true,false,null],"c":{"d":"e\u0041\\"},"f":-0.5E+1}"#,
            r#"{"":"\ud83d\ude00","é":"\n\t","x":[[],{}, ""],"y":0}"#,
        ];
        let replacements: Vec<char> = r#"{}[]:,"\0123456789.-+eEutfna "#.chars().chain(['\u{1}', 'é']).collect();
        let mut tried = [0_u32; 2];
        for seed in seeds {
            let characters: Vec<char> = seed.chars().collect();
            for at in 0..characters.len() {
                let cut = characters[..at].iter().chain(&characters[at + 1..]).collect::<String>();
                let doubled = characters[..=at].iter().chain(&characters[at..]).collect::<String>();
                let changed = replacements.iter().map(|new| {
                    let (before, after) = (characters[..at].iter(), characters[at + 1..].iter());
                    before.chain([new]).chain(after).collect::<String>()
                });
                for text in [cut, doubled].into_iter().chain(changed) {
                    let expected = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(&text).is_ok();
                    assert_eq!(object(&text, |_, _| {}).is_some(), expected, "{text}");
                    tried[usize::from(expected)] += 1;
                }
            }
        }
        assert!(tried[0] > 1000 && tried[1] > 500, "{tried:?}");
        assert!(object(&format!("{{\"a\":{}}}", "[".repeat(100_000)), |_, _| {}).is_none());
    }
}
