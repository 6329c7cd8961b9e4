//! What an audit says in words, alike on the page and in the report.

use std::collections::BTreeMap;

use serde_json::Value;
use sextant_semantics::highlight::PREVIOUS_UNUSUAL;
use sextant_semantics::significance::Level;

use super::super::number::{Unit, are_large, show, signed, whole};
use super::{Block, By, Depth, Highlight, Judged, Piece, View};

/// The level as it is read.
pub(super) fn level(level: Option<Level>) -> String {
    level.map_or_else(|| "not judged".to_string(), |level| level.as_str().replace('_', " "))
}

/// What the level means, of metrics that a test was made of, or of those that none could be made of.
pub(super) fn meaning(level: Option<Level>, is_tested: bool) -> &'static str {
    match level {
        Some(Level::None) if !is_tested => "could not be tested",
        Some(Level::Major) => "very large, and very unusual",
        Some(Level::Notable) => "large and unusual",
        Some(Level::WithinNoise) => "large, but no more than chance moves it",
        Some(Level::StatisticallyOnly) => "unusual, but small",
        Some(Level::None) => "neither large nor unusual",
        Some(Level::InsufficientHistory) => "large, but what is usual is not known",
        Some(Level::InsufficientVolume) => "too little was counted to judge it",
        None => "there is nothing to hold it against",
    }
}

pub(super) fn span(start: &str, end: &str) -> String {
    if start == end { start.to_string() } else { format!("{start} .. {end}") }
}

/// How far the data reaches: the day that most datasets end on, and those that end on another.
pub(super) fn data_through(view: &View<'_>) -> Option<String> {
    let ends = || view.data_through.iter().filter_map(|(_, end)| *end);
    let most = ends().max_by_key(|end| (ends().filter(|other| other == end).count(), *end))?;
    let mut text = format!("data through {most}");
    for (dataset, end) in view.data_through.iter().filter(|(_, end)| *end != Some(most)) {
        match end {
            Some(end) => text.push_str(&format!("; {dataset} through {end}")),
            None => text.push_str(&format!("; {dataset} without data")),
        }
    }
    Some(text)
}

/// How many highlights there are, of how many tests.
pub(super) fn summary(view: &View<'_>, depth: Depth) -> String {
    let issues = view.highlights.iter().filter(|of| matches!(of, Highlight::DataIssue { .. })).count();
    summary_of_changes(view, depth, issues > 0) + &data_issues(issues)
}

fn summary_of_changes(view: &View<'_>, depth: Depth, has_issues: bool) -> String {
    let all = view.metrics.len();
    let tested = view.metrics.iter().filter(|judged| judged.is_tested()).count();
    let changes = view.metrics.iter().filter(|judged| judged.level >= Some(Level::Notable)).count();
    let told = view.metrics.iter().filter(|judged| judged.is_told).count();
    let of_tests = match tested {
        _ if depth.is_cut => String::new(),
        0 => format!("; none of {} could be tested", count(all, "metric")),
        tested if tested == all => format!("; {} tested", count(all, "metric")),
        tested => format!("; {tested} of {} tested", count(all, "metric")),
    };
    match (changes, told) {
        (0, _) if depth.is_cut => "Nothing to tell: no change reaches the level asked for.".to_string(),
        (0, _) if tested == 0 => format!("Nothing can be told{of_tests}."),
        (0, _) if has_issues => format!("No change is both large and unusual{of_tests}."),
        (0, _) => format!("Nothing unusual: no change is both large and unusual{of_tests}."),
        (changes, told) if told < changes => format!("{told} of {}{of_tests}.", count(changes, "highlight")),
        (changes, _) => format!("{}{of_tests}.", count(changes, "highlight")),
    }
}

fn data_issues(issues: usize) -> String {
    match issues {
        0 => String::new(),
        1 => " On 1 day the data itself may be wrong.".to_string(),
        several => format!(" On {several} days the data itself may be wrong."),
    }
}

fn count(count: usize, thing: &str) -> String {
    format!("{count} {thing}{}", if count == 1 { "" } else { "s" })
}

/// `▲` or `▼`, so that the direction needs no colour.
pub(super) fn arrow(judged: &Judged<'_>) -> &'static str {
    match judged.metric.change.as_ref().and_then(|change| change.absolute.as_f64()) {
        Some(number) if number > 0.0 => "▲",
        Some(number) if number < 0.0 => "▼",
        Some(_) => "=",
        None => "",
    }
}

/// The change with its arrow for a sign.
pub(super) fn change(judged: &Judged<'_>, is_whole: bool) -> String {
    let Some(change) = &judged.metric.change else { return String::new() };
    let shown = match change.points {
        Some(points) => show(points, &Unit::Points),
        None => amount(change.absolute, &judged.metric.unit.of_change(), is_whole),
    };
    let arrow = arrow(judged);
    if arrow.is_empty() { shown } else { format!("{arrow} {}", shown.trim_start_matches('-')) }
}

/// The change in percent, or why there is none.
pub(super) fn percent(judged: &Judged<'_>) -> String {
    match &judged.metric.change {
        Some(change) if !change.percent.is_null() => signed(change.percent, &Unit::Percent),
        Some(_) => match judged.no_percent {
            Some(word @ ("new" | "lost")) => word.to_string(),
            Some(_) | None => "–".to_string(),
        },
        None => String::new(),
    }
}

pub(super) fn amount(value: &Value, unit: &Unit, is_whole: bool) -> String {
    if is_whole { whole(value, unit) } else { show(value, unit) }
}

/// Whether a metric's amounts can do without their cents.
pub(super) fn is_large(judged: &Judged<'_>) -> bool {
    are_large([judged.metric.value].into_iter().chain(judged.metric.previous))
}

pub(super) fn impact<'a>(judged: &Judged<'a>) -> &'a str {
    judged.metric.change.as_ref().map_or("", |change| change.impact)
}

/// `baseline: t 2.67, df 84, p 0.0091, q 0.063`, or why nothing could be tested.
pub(super) fn test(judged: &Judged<'_>) -> String {
    let [t, df, p, q] = judged.test.numbers;
    let shown = [("t", t.map(|t| format!("{t:.2}"))), ("df", df.map(|df| format!("{df:.0}"))), ("p", p.map(small))];
    let shown = shown.into_iter().chain([("q", q.map(small))]);
    let numbers: Vec<String> = shown.filter_map(|(name, number)| Some(format!("{name} {}", number?))).collect();
    let method = judged.test.method.map(|method| method.replace('_', " "));
    let reason = judged.test.reason.map(|reason| reason.replace('_', " "));
    let mut text = match (method, numbers.is_empty()) {
        (Some(method), false) => format!("{method}: {}", numbers.join(", ")),
        (_, _) => reason.clone().unwrap_or_else(|| "not tested".to_string()),
    };
    if let Some(reason) = reason.filter(|_| !numbers.is_empty()) {
        text.push_str(&format!("; {reason}"));
    }
    if judged.test.is_capped {
        text.push_str("; notable at most, its history is short");
    }
    text
}

/// A probability: two digits that count.
fn small(p: f64) -> String {
    match p {
        p if p < 0.0001 => "under 0.0001".to_string(),
        p if p < 0.001 => format!("{p:.5}"),
        p if p < 0.01 => format!("{p:.4}"),
        p if p < 0.1 => format!("{p:.3}"),
        p => format!("{p:.2}"),
    }
}

/// A piece's share of the change.
pub(super) fn share(of: &Piece<'_>) -> String {
    of.share.map_or_else(String::new, |share| format!("{:.0}%", share * 100.0).replace("-0%", "0%"))
}

/// What a block takes the change apart by.
pub(super) fn by(block: &Block<'_>) -> String {
    match &block.by {
        By::Formula(definition) => format!("by formula: {definition}"),
        By::Dimension(dimension) => format!("by {dimension}"),
        By::Within { dimension, of, member } => format!("by {dimension}, within {of} {member}"),
    }
}

/// What to know when reading a block.
pub(super) fn remarks(block: &Block<'_>) -> Vec<&'static str> {
    let is_split = matches!(block.by, By::Dimension(_) | By::Within { .. });
    [
        (block.is_distributed && !block.is_offsetting, "no single segment"),
        (block.is_offsetting, "moves against each other; shares are of all moves"),
        (is_split && block.total.is_none(), "each one's own change; they do not add up"),
        (block.is_capped, "the largest 1,000 one by one, the rest as one"),
    ]
    .into_iter()
    .filter_map(|(holds, remark)| holds.then_some(remark))
    .collect()
}

/// Lines about what could not be told, and why; metrics of one reason together.
pub(super) fn notes(view: &View<'_>) -> Vec<String> {
    let mut notes: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for judged in &view.metrics {
        let no_value = judged.null_reason.map(|reason| format!("no value, {}", spaced(reason)));
        let usual = judged.is_back_to_usual.then(|| PREVIOUS_UNUSUAL.to_string());
        // A level that is the reason says it already.
        let is_said = |reason: &str| judged.level.is_some_and(|level| level.as_str() == reason);
        let reason = judged.test.reason.filter(|reason| !judged.is_tested() && !is_said(reason));
        let untested = reason.map(|reason| format!("not tested, {}", spaced(reason)));
        let part = judged.over_all.map(|value| {
            let over_all = show(value, &judged.metric.unit);
            format!("{over_all} over the whole range; compared is the part that both sides have")
        });
        for note in [no_value, part, usual, untested].into_iter().flatten() {
            notes.entry(note).or_default().push(judged.metric.label);
        }
    }
    notes.into_iter().map(|(note, labels)| format!("{}: {note}", labels.join(", "))).collect()
}

fn spaced(word: &str) -> String {
    word.replace(['_', '-'], " ")
}

/// `not by device: …`, one line a reason.
pub(super) fn unavailable(judged: &Judged<'_>) -> Vec<String> {
    judged.unavailable.iter().map(|(dimension, reason)| format!("not by {dimension}: {reason}")).collect()
}

/// The blocks that are not shown, in one line.
pub(super) fn others(named: &[&Block<'_>]) -> Option<String> {
    let of = |block: &&Block<'_>| match remarks(block).first() {
        Some(remark) => format!("{} ({remark})", by(block)),
        None => by(block),
    };
    (!named.is_empty()).then(|| format!("also {}: --details", named.iter().map(of).collect::<Vec<_>>().join(", ")))
}
