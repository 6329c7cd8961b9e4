//! The words for time ranges: which there are, how they may be spelled, and what is near a word
//! that is none.

use crate::time::as_of;
use crate::time::range::NamedRange;
use crate::time::unit::Unit;

/// The largest number in a word: `last_3660_days`.
const MOST: u32 = 3660;

/// What a word means, before any date is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Word {
    Today,
    Yesterday,
    /// Complete days before today.
    LastDays(u32),
    /// Elapsed hours before the current one.
    LastHours(u32),
    /// From the first day of the current unit to today.
    ToDate(Unit),
    /// Complete units before the current one.
    Last(Unit, u32),
    AllTime,
}

/// The words without a number.
const FIXED: [(&str, Word); 21] = [
    ("today", Word::Today),
    ("yesterday", Word::Yesterday),
    ("this_week", Word::ToDate(Unit::Week)),
    ("wtd", Word::ToDate(Unit::Week)),
    ("last_week", Word::Last(Unit::Week, 1)),
    ("this_month", Word::ToDate(Unit::Month)),
    ("mtd", Word::ToDate(Unit::Month)),
    ("last_month", Word::Last(Unit::Month, 1)),
    ("this_quarter", Word::ToDate(Unit::Quarter)),
    ("qtd", Word::ToDate(Unit::Quarter)),
    ("last_quarter", Word::Last(Unit::Quarter, 1)),
    ("this_year", Word::ToDate(Unit::Year)),
    ("ytd", Word::ToDate(Unit::Year)),
    ("last_year", Word::Last(Unit::Year, 1)),
    ("this_fiscal_quarter", Word::ToDate(Unit::FiscalQuarter)),
    ("fiscal_qtd", Word::ToDate(Unit::FiscalQuarter)),
    ("last_fiscal_quarter", Word::Last(Unit::FiscalQuarter, 1)),
    ("this_fiscal_year", Word::ToDate(Unit::FiscalYear)),
    ("fiscal_ytd", Word::ToDate(Unit::FiscalYear)),
    ("last_fiscal_year", Word::Last(Unit::FiscalYear, 1)),
    ("all_time", Word::AllTime),
];

/// Everything that may be asked, for the help of a refusal.
pub(crate) const LIST: &str = "today, yesterday, last_N_days, last_N_hours, last_N_weeks, last_N_months, last_N_quarters, \
     last_N_years (N from 1 to 3660; also last_7d, -7d, 7daysAgo, trailing_N_days, last_24h, -24h), this_week, wtd, \
     last_week, this_month, mtd, last_month, this_quarter, qtd, last_quarter, this_year, ytd, last_year, fiscal_qtd, \
     fiscal_ytd, last_fiscal_quarter, last_fiscal_year, all_time, a name of the model, a unit (2026, 2026-Q3, 2026-11, \
     2026-W46, 2026-11-01), or two of them or of local timestamps as 2026-11-01..2026-11-19, either side open";

/// The one spelling: trimmed, in lower case, a run of spaces or a single hyphen between letters
/// or digits as `_`.
pub fn normalize(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text.trim();
    while let Some(c) = rest.chars().next() {
        let gap = match c {
            ' ' => rest.len() - rest.trim_start_matches(' ').len(),
            '-' => 1,
            _ => 0,
        };
        let (taken, after) = rest.split_at(gap.max(c.len_utf8()));
        let joins = gap > 0
            && out.chars().next_back().is_some_and(char::is_alphanumeric)
            && after.chars().next().is_some_and(char::is_alphanumeric);
        if joins {
            out.push('_');
        } else {
            out.extend(taken.chars().map(|c| c.to_ascii_lowercase()));
        }
        rest = after;
    }
    out
}

/// The word that a normalized text is.
pub(crate) fn read(normal: &str) -> Option<Word> {
    let fixed = FIXED.iter().find(|(word, _)| *word == normal).map(|(_, word)| *word);
    fixed.or_else(|| numbered(normal))
}

fn numbered(normal: &str) -> Option<Word> {
    if let Some(rest) = normal.strip_prefix('-') {
        return short(rest);
    }
    if let Some(number) = normal.strip_suffix("daysago").or_else(|| normal.strip_suffix("dayago")) {
        return count(number).map(Word::LastDays);
    }
    if let Some(rest) = normal.strip_prefix("trailing_") {
        let number = rest.strip_suffix("_days").or_else(|| rest.strip_suffix("_day"))?;
        return count(number).map(Word::LastDays);
    }
    let rest = normal.strip_prefix("last_")?;
    let Some((number, unit)) = rest.split_once('_') else { return short(rest) };
    let number = count(number)?;
    match unit.strip_suffix('s').unwrap_or(unit) {
        "day" => Some(Word::LastDays(number)),
        "hour" => Some(Word::LastHours(number)),
        "week" => Some(Word::Last(Unit::Week, number)),
        "month" => Some(Word::Last(Unit::Month, number)),
        "quarter" => Some(Word::Last(Unit::Quarter, number)),
        "year" => Some(Word::Last(Unit::Year, number)),
        _ => None,
    }
}

/// `7d` and `24h`; other units have no short form.
fn short(text: &str) -> Option<Word> {
    if let Some(number) = text.strip_suffix('d') {
        return count(number).map(Word::LastDays);
    }
    count(text.strip_suffix('h')?).map(Word::LastHours)
}

/// A number from 1 to 3660 in ASCII digits, without leading zeros.
fn count(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || text.starts_with('0') {
        return None;
    }
    text.parse().ok().filter(|number| (1..=MOST).contains(number))
}

/// Words near a text that is none, best first, at most three.
pub(crate) fn suggestions(text: &str, named: &[NamedRange]) -> Vec<String> {
    if let Some(range) = two_dates(text) {
        return vec![range];
    }
    let normal = normalize(text);
    if let Some(unit) = short_unit(&normal) {
        return vec![unit];
    }
    if let Some((_, word)) = SYNONYMS.iter().find(|(synonym, _)| *synonym == normal) {
        return vec![(*word).to_string()];
    }
    for prefix in ["past_", "previous_", "prev_", "trailing_"] {
        let renamed = normal.strip_prefix(prefix).map(|rest| format!("last_{rest}"));
        if let Some(word) = renamed.filter(|word| read(word).is_some()) {
            return vec![word];
        }
    }
    let digits: String =
        normal.chars().skip_while(|c| !c.is_ascii_digit()).take_while(|c| c.is_ascii_digit()).collect();
    let number = count(digits.trim_start_matches('0')).unwrap_or(7);
    let numbered =
        ["days", "hours", "weeks", "months", "quarters", "years"].map(|unit| format!("last_{number}_{unit}"));
    let fixed = FIXED.iter().map(|(word, _)| *word);
    let names = named.iter().map(|range| range.name.as_str());
    crate::diagnostic::nearest(&normal, fixed.chain(numbered.iter().map(String::as_str)).chain(names))
}

const SYNONYMS: [(&str, &str); 10] = [
    ("week_to_date", "wtd"),
    ("month_to_date", "mtd"),
    ("quarter_to_date", "qtd"),
    ("year_to_date", "ytd"),
    ("fiscal_quarter_to_date", "fiscal_qtd"),
    ("fiscal_year_to_date", "fiscal_ytd"),
    ("last_day", "yesterday"),
    ("last_hour", "last_1_hour"),
    ("now", "today"),
    ("all", "all_time"),
];

/// `-2w`, `last_3m`, `4q`, `1yearsago` as the word that they want to be.
fn short_unit(normal: &str) -> Option<String> {
    let rest = normal.strip_prefix('-').or_else(|| normal.strip_prefix("last_")).unwrap_or(normal);
    let letters = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    let number = count(&rest[..rest.len() - letters.len()])?;
    let unit = match letters.trim_start_matches('_').trim_end_matches("ago").trim_end_matches(['_', 's']) {
        "d" | "day" => "days",
        "h" | "hour" => "hours",
        "w" | "week" => "weeks",
        "m" | "month" => "months",
        "q" | "quarter" => "quarters",
        "y" | "year" => "years",
        _ => return None,
    };
    Some(format!("last_{number}_{unit}"))
}

/// Two dates with something else than `..` between them.
fn two_dates(text: &str) -> Option<String> {
    let text = text.trim();
    let (first, last) = (text.get(..10)?, text.get(text.len().checked_sub(10)?..)?);
    let (start, end) = (as_of::date(first)?, as_of::date(last)?);
    (text.len() >= 20 && start <= end).then(|| format!("{first}..{last}"))
}
