//! One plain sentence about a change, made from its numbers.
//!
//! `net sales fell 10.3 % (−9,600 USD) against 6–12 November; desktop accounts for 73 %`. The sentence
//! says what moved, how far and where; it never says why. Numbers and dates read the same everywhere:
//! comma groups, U+2212 for minus, day before month.

mod dates;
mod number;
#[cfg(test)]
mod tests;

use chrono::NaiveDate;

use crate::model::metric::Format;
use crate::significance::IssueDay;

pub use self::dates::Dates;
pub use self::number::Unit;

/// What a sentence is made from. Names and labels are written as they are given.
#[derive(Clone, Debug, PartialEq)]
pub struct Highlight<'a> {
    /// The metric's label, or its name.
    pub label: &'a str,
    pub format: Format,
    /// The metric's unit: a currency's ISO 4217 code, or a word.
    pub unit: Option<&'a str>,
    /// The compared values, in the metric's unit (a percent metric's as fractions); null where there is
    /// no value.
    pub previous: Option<f64>,
    pub current: Option<f64>,
    /// The range that was asked for.
    pub range: Dates,
    pub against: Against<'a>,
    pub driver: Option<Driver<'a>>,
}

/// What the current value is held against.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Against<'a> {
    Dates(Dates),
    /// The mean of the windows before.
    MeanOf {
        windows: usize,
    },
    /// A period of the model, or its target.
    Named(&'a str),
}

/// Where a change lies. Contributions are in the metric's unit (a percent metric's as fractions).
#[derive(Clone, Debug, PartialEq)]
pub enum Driver<'a> {
    /// Few members hold most of it; together, `share` of the change (1 is all of it).
    Segments { members: Vec<Segment<'a>>, share: f64 },
    /// No single segment of these dimensions.
    SpreadOver { dimensions: Vec<&'a str> },
    /// Members of a dimension moved against each other; the two that moved most.
    Offsetting { dimension: &'a str, members: Vec<Segment<'a>> },
}

/// A member of a dimension.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Segment<'a> {
    pub name: &'a str,
    pub contribution: f64,
    pub presence: Presence,
}

/// In which periods a member occurs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    Both,
    /// In the current one only.
    New,
    /// In the previous one only.
    Lost,
}

/// What is said of a change that only undoes an earlier one.
pub const PREVIOUS_UNUSUAL: &str = "the previous period was unusual; this one is back to usual";

/// The sentence, without a full stop.
pub fn sentence(highlight: &Highlight<'_>) -> String {
    let unit = Unit::of(highlight.format, highlight.unit);
    let label = inside_a_sentence(highlight.label);
    let against = against(highlight);
    let change = match (highlight.previous, highlight.current) {
        (Some(previous), Some(current)) => moved(previous, current, &unit),
        (None, Some(current)) => format!("rose from nothing to {}", unit.amount(current)),
        (Some(previous), None) => format!("fell from {} to nothing", unit.amount(previous)),
        (None, None) => "has no value".to_string(),
    };
    let absolute = highlight.current.unwrap_or(0.0) - highlight.previous.unwrap_or(0.0);
    let driver = highlight.driver.as_ref().and_then(|driver| located(driver, absolute, &unit));
    let driver = driver.map(|driver| format!("; {driver}")).unwrap_or_default();
    format!("{label} {change} against {against}{driver}")
}

/// What is said of a day on which many measures of `dataset` moved alike. A real outage looks the same.
pub fn data_issue(dataset: &str, day: NaiveDate, range: &Dates, issue: &IssueDay) -> String {
    let IssueDay { day: _, metrics, alike, factor } = issue;
    let day = Dates { first: day, last: day }.beside(range);
    let share = number::share(*factor);
    format!(
        "possible data issue on {day}: {alike} of {metrics} measures of {dataset} are at {share} of what was expected"
    )
}

/// How far a value moved: in percent where the previous one is positive, else from where to where.
fn moved(previous: f64, current: f64, unit: &Unit<'_>) -> String {
    let change = current - previous;
    if change == 0.0 {
        return format!("stayed at {}", unit.amount(current));
    }
    let verb = if change > 0.0 { "rose" } else { "fell" };
    let signed = unit.difference(change);
    if previous > 0.0 {
        format!("{verb} {} ({signed})", number::percent((change / previous).abs()))
    } else if previous == 0.0 {
        format!("{verb} from 0 to {}", unit.amount(current))
    } else {
        format!("{verb} from {} to {} ({signed})", unit.amount(previous), unit.amount(current))
    }
}

fn against(highlight: &Highlight<'_>) -> String {
    match highlight.against {
        Against::Dates(dates) => dates.beside(&highlight.range),
        Against::MeanOf { windows } => format!("the mean of the {windows} windows before"),
        Against::Named(name) => name.to_string(),
    }
}

/// Where the whole `change` lies, in words; null when there is nothing to say.
fn located(driver: &Driver<'_>, change: f64, unit: &Unit<'_>) -> Option<String> {
    match driver {
        Driver::Segments { members, share: _ } if members.is_empty() => None,
        Driver::Segments { members, share } => {
            let names = listed(&members.iter().map(named).collect::<Vec<_>>());
            let together: f64 = members.iter().map(|member| member.contribution).sum();
            Some(if *share > 0.0 && *share <= 1.0 {
                let account = if members.len() == 1 { "accounts" } else { "account" };
                format!("{names} {account} for {}", number::share(*share))
            } else {
                // All of the change and more: the rest moved the other way.
                let rest = unit.difference(change - together);
                format!("{names} changed by {}, the rest by {rest}", unit.difference(together))
            })
        }
        Driver::SpreadOver { dimensions } => {
            let dimensions: Vec<String> = dimensions.iter().map(|name| name.to_string()).collect();
            (!dimensions.is_empty()).then(|| format!("spread over {}, no single segment", listed(&dimensions)))
        }
        Driver::Offsetting { dimension, members } => {
            let part = |member: &Segment<'_>| format!("{} {}", named(member), unit.difference(member.contribution));
            let parts: Vec<String> = members.iter().map(part).collect();
            (!parts.is_empty()).then(|| format!("moves within {dimension} offset each other: {}", parts.join(", ")))
        }
    }
}

fn named(member: &Segment<'_>) -> String {
    match member.presence {
        Presence::Both => member.name.to_string(),
        Presence::New => format!("{} (new)", member.name),
        Presence::Lost => format!("{} (no longer there)", member.name),
    }
}

/// `a`, `a and b`, `a, b and c`.
fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [name] => name.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// A label as it reads within a sentence: `Net sales` as `net sales`, `ROAS` and `iOS` as they are.
fn inside_a_sentence(label: &str) -> String {
    let mut letters = label.chars();
    match (letters.next(), letters.next()) {
        (Some(first), Some(second)) if first.is_uppercase() && second.is_lowercase() => {
            first.to_lowercase().chain(label.chars().skip(1)).collect()
        }
        _ => label.to_string(),
    }
}
