//! `as_of`: the instant that a question takes for now.

use chrono::{DateTime, Datelike, Days, Duration, NaiveDate, Utc};
use chrono_tz::Tz;

use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::time::{self, zone};

/// The clock of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsOf {
    Instant(DateTime<Utc>),
    /// The end of the data that the question reads: [`end_of_day`] of its last date.
    Data,
}

impl AsOf {
    /// Reads a timestamp with an offset, a date (its last second in the zone), or `data`.
    pub fn parse(text: &str, zone: Tz) -> Result<AsOf, Diagnostic> {
        let trimmed = text.trim();
        if trimmed.eq_ignore_ascii_case("data") {
            return Ok(AsOf::Data);
        }
        let instant = instant(trimmed)
            .or_else(|| date(trimmed).map(|date| end_of_day(date, zone) - Duration::seconds(1)))
            .filter(|instant| (1900..=9999).contains(&instant.year()));
        instant.map(AsOf::Instant).ok_or_else(|| {
            let text = time::shortened(text);
            Diagnostic::new(Code::InvalidAsOf, format!("`{text}` is not an instant"))
                .field("as_of")
                .received(text)
                .help("a timestamp with its offset, a date (its last second in the question's zone), or `data`")
                .example("2026-11-20T15:00:00-05:00")
        })
    }
}

/// The instant at which a local date is over.
pub fn end_of_day(date: NaiveDate, zone: Tz) -> DateTime<Utc> {
    zone::day_start(date + Days::new(1), zone)
}

/// Reads an RFC 3339 timestamp; the seconds may be absent.
pub fn instant(text: &str) -> Option<DateTime<Utc>> {
    let read = |text: &str| DateTime::parse_from_rfc3339(text).ok().map(|instant| instant.to_utc());
    let (minutes, rest) = text.split_at_checked("2026-11-20T15:00".len())?;
    if rest.starts_with(['Z', 'z', '+', '-']) { read(&format!("{minutes}:00{rest}")) } else { read(text) }
}

/// Reads `YYYY-MM-DD`.
pub fn date(text: &str) -> Option<NaiveDate> {
    let shape = text.len() == 10
        && text
            .bytes()
            .enumerate()
            .all(|(i, byte)| if i == 4 || i == 7 { byte == b'-' } else { byte.is_ascii_digit() });
    if !shape {
        return None;
    }
    NaiveDate::from_ymd_opt(text[..4].parse().ok()?, text[5..7].parse().ok()?, text[8..].parse().ok()?)
}
