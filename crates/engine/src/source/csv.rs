//! CSV, strictly: RFC 4180 with a delimiter of choice, every row as wide as the header.
//!
//! An empty field that is not quoted is null; `""` is the empty text in a text column and null in
//! any other. Rows end at a line feed, with or without a carriage return before it.

use std::borrow::Cow;
use std::ops::Range;

use sextant_semantics::diagnostic::Diagnostic;

use super::lines::Lines;
use super::{CsvOptions, DataFile};

/// The records of one file.
pub(crate) struct Records<'a> {
    lines: Lines<'a>,
    options: &'a CsvOptions,
    record: Vec<u8>,
    fields: Vec<Field>,
    /// The line that the record starts at.
    line: u64,
    /// Whether a blank line is a record: one null.
    single: bool,
}

#[derive(Clone)]
struct Field {
    bytes: Range<usize>,
    quoted: bool,
    /// Holds doubled quotes.
    escaped: bool,
}

/// One cell as it stands in the file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Cell<'a> {
    /// Nothing between the delimiters.
    Empty,
    Plain(&'a str),
    Quoted(Cow<'a, str>),
}

impl<'a> Records<'a> {
    pub(crate) fn open(dataset: &'a str, file: &'a DataFile, options: &'a CsvOptions) -> Result<Self, Diagnostic> {
        let lines = Lines::open(dataset, file)?;
        Ok(Records { lines, options, record: Vec::new(), fields: Vec::new(), line: 0, single: false })
    }

    /// Reads the header. A name stands once; a column without a name is there and has no use.
    pub(crate) fn header(&mut self) -> Result<Vec<String>, Diagnostic> {
        if !self.next()? {
            return Err(self.lines.invalid_file("has no header row"));
        }
        let mut names: Vec<String> = Vec::with_capacity(self.fields.len());
        for index in 0..self.fields.len() {
            let name = match self.cell(index)? {
                Cell::Empty => String::new(),
                Cell::Plain(name) => name.trim().to_string(),
                Cell::Quoted(name) => name.into_owned(),
            };
            if name.contains(['\r', '\0']) {
                return Err(self.lines.invalid_file("has a header row with control characters"));
            }
            if !name.is_empty() && names.contains(&name) {
                return Err(self.lines.invalid_file(&format!("names column `{name}` twice in its header")));
            }
            names.push(name);
        }
        self.expect_width(names.len());
        Ok(names)
    }

    /// Says how many fields a record has, as the header or the declared columns say.
    pub(crate) fn expect_width(&mut self, width: usize) {
        self.single = width == 1;
    }

    /// Goes to the next record; false at the end of the file. Blank lines are none, except where
    /// a file has a single column.
    pub(crate) fn next(&mut self) -> Result<bool, Diagnostic> {
        loop {
            self.record.clear();
            if !self.lines.append(&mut self.record)? {
                return Ok(false);
            }
            self.line = self.lines.number();
            self.split()?;
            let blank = self.fields.len() == 1 && self.fields[0].bytes.is_empty() && !self.fields[0].quoted;
            if !blank || self.single {
                return Ok(true);
            }
        }
    }

    /// The number of fields of the record.
    pub(crate) fn width(&self) -> usize {
        self.fields.len()
    }

    pub(crate) fn cell(&self, index: usize) -> Result<Cell<'_>, Diagnostic> {
        let field = &self.fields[index];
        let bytes = &self.record[field.bytes.clone()];
        let text = std::str::from_utf8(bytes).map_err(|_| self.lines.not_utf8(self.line_of(index)))?;
        Ok(match (field.quoted, field.escaped) {
            (false, _) if text.is_empty() => Cell::Empty,
            (false, _) => Cell::Plain(text),
            (true, false) => Cell::Quoted(Cow::Borrowed(text)),
            (true, true) => Cell::Quoted(Cow::Owned(text.replace("\"\"", "\""))),
        })
    }

    /// The line that a field starts at.
    pub(crate) fn line_of(&self, index: usize) -> u64 {
        let before = &self.record[..self.fields[index].bytes.start];
        self.line + before.iter().filter(|byte| **byte == b'\n').count() as u64
    }

    pub(crate) fn bad_width(&self, expected: usize) -> Diagnostic {
        let fields = |count| if count == 1 { "1 field".to_string() } else { format!("{count} fields") };
        let what = format!("has {} where {} are expected", fields(self.fields.len()), fields(expected));
        self.lines.bad_row(self.line, &what)
    }

    pub(crate) fn bad_cell(&self, index: usize, column: &str, data_type: impl std::fmt::Display) -> Diagnostic {
        self.lines.bad_cell(self.line_of(index), column, data_type)
    }

    /// Finds the fields of the record; reads on while a quoted field is open.
    fn split(&mut self) -> Result<(), Diagnostic> {
        self.fields.clear();
        let delimiter = self.options.delimiter;
        let mut at = 0;
        loop {
            let mut end = content_end(&self.record);
            let field = if self.record.get(at) == Some(&b'"') {
                let (close, escaped) = self.close(at + 1)?;
                end = content_end(&self.record);
                let field = Field { bytes: at + 1..close, quoted: true, escaped };
                at = close + 1;
                if at < end && self.record[at] != delimiter {
                    let line = self.line + self.record[..at].iter().filter(|byte| **byte == b'\n').count() as u64;
                    let what = format!("has text after the closing quote of field {}", self.fields.len() + 1);
                    return Err(self.lines.bad_row(line, &what));
                }
                field
            } else {
                let length = self.record[at..end].iter().position(|byte| *byte == delimiter);
                let stop = length.map_or(end, |length| at + length);
                let field = Field { bytes: at..stop, quoted: false, escaped: false };
                at = stop;
                field
            };
            self.fields.push(field);
            if at >= end {
                return Ok(());
            }
            at += 1;
        }
    }

    /// The place of the quote that ends a field begun before `at`, and whether doubled quotes
    /// stand before it.
    fn close(&mut self, mut at: usize) -> Result<(usize, bool), Diagnostic> {
        let opened = self.lines.number();
        let mut escaped = false;
        loop {
            match self.record[at..].iter().position(|byte| *byte == b'"') {
                Some(length) if self.record.get(at + length + 1) == Some(&b'"') => {
                    escaped = true;
                    at += length + 2;
                }
                Some(length) => return Ok((at + length, escaped)),
                None => {
                    at = self.record.len();
                    if !self.lines.append(&mut self.record)? {
                        let why = format!("opens a quote at line {opened} that is never closed");
                        return Err(self.lines.invalid_file(&why));
                    }
                }
            }
        }
    }
}

/// Where a record ends without its line end.
fn content_end(record: &[u8]) -> usize {
    let without_feed = record.strip_suffix(b"\n").unwrap_or(record);
    without_feed.strip_suffix(b"\r").unwrap_or(without_feed).len()
}
