//! The lines of a text file, plain or gzip, one after another with their numbers.

use std::fs::File;
use std::io::{BufRead, BufReader, ErrorKind, Read};

use flate2::bufread::MultiGzDecoder;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;

use super::{DataFile, unreadable};

/// Bytes that one record may hold: longer ones are files of another kind.
const MAX_RECORD: usize = 16 << 20;

const BUFFER: usize = 256 << 10;

pub(crate) struct Lines<'a> {
    dataset: &'a str,
    file: &'a DataFile,
    reader: Box<dyn BufRead + Send>,
    /// Lines read so far: the number of the last line, from 1.
    number: u64,
}

impl<'a> Lines<'a> {
    pub(crate) fn open(dataset: &'a str, file: &'a DataFile) -> Result<Self, Diagnostic> {
        let mut plain: BufReader<File> = BufReader::with_capacity(BUFFER, file.open(dataset)?);
        let start = plain.fill_buf().map_err(|error| unreadable(dataset, &file.path, &error))?;
        let reader: Box<dyn BufRead + Send> = if start.starts_with(&[0x1f, 0x8b]) {
            Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(plain)))
        } else {
            Box::new(plain)
        };
        Ok(Lines { dataset, file, reader, number: 0 })
    }

    /// Appends the next line with its end to `record`; false at the end of the file.
    pub(crate) fn append(&mut self, record: &mut Vec<u8>) -> Result<bool, Diagnostic> {
        let room = (MAX_RECORD + 1).saturating_sub(record.len()) as u64;
        let read = self.reader.by_ref().take(room).read_until(b'\n', record);
        let length = read.map_err(|error| match error.kind() {
            ErrorKind::UnexpectedEof | ErrorKind::InvalidInput | ErrorKind::InvalidData => {
                self.invalid_file("is a damaged gzip file, or is cut short")
            }
            _ => unreadable(self.dataset, &self.file.path, &error),
        })?;
        if record.len() > MAX_RECORD {
            let why = format!("has a record of more than {} MB at line {}", MAX_RECORD >> 20, self.number + 1);
            return Err(self.invalid_file(&why));
        }
        if length == 0 {
            return Ok(false);
        }
        self.number += 1;
        if self.number == 1 && record.starts_with(b"\xef\xbb\xbf") {
            record.drain(..3);
        }
        Ok(true)
    }

    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// `why` follows the file's name: "is not …", "has …".
    pub(crate) fn invalid_file(&self, why: &str) -> Diagnostic {
        let message = format!("file `{}` of dataset `{}` {why}", self.file.path, self.dataset);
        Diagnostic::new(Code::InvalidFile, message).help("write the file again, or remove it")
    }

    pub(crate) fn not_utf8(&self, line: u64) -> Diagnostic {
        self.invalid_file(&format!("is not UTF-8 at line {line}"))
    }

    /// `what` follows the line's number: "has …", "holds …".
    pub(crate) fn bad_row(&self, line: u64, what: &str) -> Diagnostic {
        let message = format!("line {line} of `{}` (dataset `{}`) {what}", self.file.path, self.dataset);
        Diagnostic::new(Code::BadCell, message).help("correct the line")
    }

    pub(crate) fn bad_cell(&self, line: u64, column: &str, data_type: impl std::fmt::Display) -> Diagnostic {
        let what = format!("holds a value of column `{column}` that is not {data_type}");
        self.bad_row(line, &what).help(format!("correct the line, or declare `{column}` with a type that fits"))
    }
}
