//! The chain of the audit log: how a record is bound to the one before, and where a chain is broken.

use std::fmt;
use std::str::FromStr;

use rusqlite::{Connection, Row};
use sha2::{Digest, Sha256};

/// What stands for the hash of the record before the first.
pub(super) const START: [u8; 32] = [0; 32];

/// The columns that are hashed, in their order.
const FIELDS: [&str; 8] = ["at", "caller", "organization", "environment", "door", "operation", "outcome", "target"];

/// The SHA-256 of the hash before, the sequence as 8 bytes, and each field behind its length as 8 bytes, the highest
/// byte first. An empty target is left out: records of before there were targets are sealed as they were.
pub(super) fn seal(previous: &[u8], sequence: i64, fields: &[String; 8]) -> [u8; 32] {
    let [known @ .., target] = fields;
    let mut hash = Sha256::new();
    hash.update(previous);
    hash.update(sequence.to_be_bytes());
    for field in known.iter().chain((!target.is_empty()).then_some(target)) {
        hash.update((field.len() as u64).to_be_bytes());
        hash.update(field.as_bytes());
    }
    hash.finalize().into()
}

/// A record by its place and hash. Kept outside of the file it shows later that the log before it is what it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    pub sequence: i64,
    pub hash: [u8; 32],
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.sequence)?;
        self.hash.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Head {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Head, Self::Err> {
        const FORM: &str = "a number, a colon and 64 hexadecimal digits, as `audit-log verify` prints them";
        let (sequence, digits) = text.trim().split_once(':').ok_or(FORM)?;
        if digits.len() != 64 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(FORM);
        }
        let mut hash = [0; 32];
        for (i, byte) in hash.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&digits[2 * i..2 * i + 2], 16).map_err(|_| FORM)?;
        }
        let sequence = sequence.parse().ok().filter(|sequence| *sequence > 0).ok_or(FORM)?;
        Ok(Head { sequence, hash })
    }
}

/// What a walk along the log found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Chain {
    /// Every record is bound to the one before. `None`: there is none yet.
    Whole(Option<Head>),
    /// The first record that is not as it was written.
    Broken { sequence: i64, how: Break },
}

/// How a record breaks the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Break {
    /// Its own hash does not fit what it says.
    Changed,
    /// It and those up to this one are not there, though later ones are.
    Missing { through: i64 },
    /// It was not written by the log: its number is none.
    Foreign,
    /// It fits itself, but not the record before: that one was replaced, or their order was changed.
    Unbound,
    /// It is not the record of that number that was kept elsewhere.
    NotAsKept,
    /// The log ends before it, though it was kept elsewhere.
    CutOff,
}

impl fmt::Display for Break {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Break::Changed => f.write_str("it was changed after it was written"),
            Break::Missing { through } => write!(f, "the records up to {through} are missing"),
            Break::Foreign => f.write_str("it was not written by the log"),
            Break::Unbound => f.write_str("it does not follow the record before it, which was replaced or moved"),
            Break::NotAsKept => f.write_str("it is not the record whose hash was kept"),
            Break::CutOff => f.write_str("the log ends before it: its tail was cut off"),
        }
    }
}

/// Walks from the first record to the last, within one snapshot of the file.
pub(super) fn walk(connection: &Connection, kept: Option<&Head>) -> rusqlite::Result<Chain> {
    let mut query = connection.prepare("SELECT * FROM audit_log ORDER BY sequence")?;
    let mut rows = query.query([])?;
    let mut last: Option<Head> = None;
    while let Some(row) = rows.next()? {
        let sequence: i64 = row.get("sequence")?;
        match follow(row, sequence, last.as_ref(), kept)? {
            Ok(head) => last = Some(head),
            Err((sequence, how)) => return Ok(Chain::Broken { sequence, how }),
        }
    }
    let end = last.as_ref().map_or(0, |head| head.sequence);
    Ok(match kept {
        Some(head) if head.sequence > end => Chain::Broken { sequence: end + 1, how: Break::CutOff },
        Some(_) | None => Chain::Whole(last),
    })
}

/// The record of the row as the new end, or which record is broken and how.
fn follow(
    row: &Row<'_>,
    sequence: i64,
    last: Option<&Head>,
    kept: Option<&Head>,
) -> rusqlite::Result<Result<Head, (i64, Break)>> {
    let expected = last.map_or(1, |head| head.sequence + 1);
    if sequence < expected {
        return Ok(Err((sequence, Break::Foreign)));
    }
    if sequence > expected {
        return Ok(Err((expected, Break::Missing { through: sequence - 1 })));
    }
    let (previous, hash): (Vec<u8>, Vec<u8>) = (row.get("previous")?, row.get("hash")?);
    let mut fields = FIELDS.map(String::from);
    for field in &mut fields {
        *field = row.get(field.as_str())?;
    }
    let sealed = seal(&previous, sequence, &fields);
    let how = if sealed.as_slice() != hash || previous.len() != START.len() {
        Break::Changed
    } else if previous != last.map_or(START, |head| head.hash) {
        Break::Unbound
    } else if kept.is_some_and(|head| head.sequence == sequence && head.hash != sealed) {
        Break::NotAsKept
    } else {
        return Ok(Ok(Head { sequence, hash: sealed }));
    };
    Ok(Err((sequence, how)))
}
