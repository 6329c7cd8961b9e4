//! The names of time zones.

use chrono_tz::{TZ_VARIANTS, Tz};

use crate::code::Code;
use crate::diagnostic::{Diagnostic, nearest};
use crate::time;

/// Reads an exact IANA name, links included; an offset is no zone.
pub fn parse(text: &str) -> Result<Tz, Diagnostic> {
    text.parse().map_err(|_| {
        let text = time::shortened(text);
        let mut fault = Diagnostic::new(Code::InvalidTimezone, format!("`{text}` is not the name of a time zone"))
            .field("timezone")
            .received(text)
            .help("an IANA name, written exactly; offsets and abbreviations do not say when clocks change")
            .example("America/New_York");
        fault.did_you_mean = suggestions(text);
        fault
    })
}

/// Zones whose name or city is spelled alike.
fn suggestions(text: &str) -> Vec<String> {
    let letters = |name: &str| -> String { name.chars().filter(char::is_ascii_alphanumeric).collect() };
    let plain = |name: &str| letters(name).to_ascii_lowercase();
    let wanted = plain(text);
    if wanted.chars().filter(char::is_ascii_alphabetic).count() < 2 {
        return Vec::new();
    }
    let names = || TZ_VARIANTS.iter().map(|zone| zone.name());
    let city = |name: &'static str| name.rsplit('/').next().unwrap_or(name);
    let same: Vec<String> = names()
        .filter(|name| plain(name) == wanted || plain(city(name)) == wanted)
        .map(str::to_string)
        .take(3)
        .collect();
    if !same.is_empty() {
        return same;
    }
    let near = nearest(text, names());
    if !near.is_empty() {
        return near;
    }
    let cities = nearest(text, names().map(city));
    names().filter(|name| cities.iter().any(|found| found == city(name))).map(str::to_string).take(3).collect()
}
