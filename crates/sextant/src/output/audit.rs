//! A reader's view of what an audit says: highlights, each metric's level and test, and its change in pieces.

pub(crate) mod page;
pub(crate) mod report;
mod blocks;
mod words;
#[cfg(test)]
mod tests;

use std::collections::HashMap;

use serde_json::Value;
use sextant_semantics::significance::Level;

use super::answer::{Answer, Metric, NULL, list, text};
use super::number::{Unit, show, visible};

/// An answer of audit_performance.
pub(crate) struct View<'a> {
    /// The range, filters and warnings.
    pub(crate) answer: Answer<'a>,
    pub(crate) against: Option<Against<'a>>,
    pub(crate) highlights: Vec<Highlight<'a>>,
    /// In the order of the answer.
    pub(crate) metrics: Vec<Judged<'a>>,
    /// The last day of each dataset; none where it has no rows.
    pub(crate) data_through: Vec<(&'a str, Option<&'a str>)>,
}

/// What the range is held against, and how that was asked for.
pub(crate) struct Against<'a> {
    pub(crate) what: String,
    pub(crate) asked: &'a str,
}

/// How much of it to show.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Depth {
    /// Every metric and every dimension, not only the highlights.
    pub(crate) details: bool,
    /// Whether the answer leaves out metrics below some level.
    pub(crate) is_cut: bool,
}

pub(crate) enum Highlight<'a> {
    Change { metric: &'a str, text: String },
    DataIssue { text: String },
}

/// A metric, how its change was judged, and what it is made of.
pub(crate) struct Judged<'a> {
    pub(crate) metric: Metric<'a>,
    /// None where nothing was judged.
    pub(crate) level: Option<Level>,
    pub(crate) test: Test<'a>,
    /// The value over the whole range, where the metric's value is that of the part that is compared.
    pub(crate) over_all: Option<&'a Value>,
    /// Why there is no value, or no percentage.
    pub(crate) null_reason: Option<&'a str>,
    pub(crate) no_percent: Option<&'a str>,
    pub(crate) is_back_to_usual: bool,
    /// By its formula, then by dimension, those that tell most first.
    pub(crate) blocks: Vec<Block<'a>>,
    /// Dimensions that it cannot be taken apart by, with the reason.
    pub(crate) unavailable: Vec<(&'a str, &'a str)>,
    pub(crate) is_told: bool,
}

/// The test that decided whether a change is unusual.
pub(crate) struct Test<'a> {
    pub(crate) method: Option<&'a str>,
    /// `t`, `df`, `p` and `q`, where they were computed.
    pub(crate) numbers: [Option<f64>; 4],
    pub(crate) reason: Option<&'a str>,
    /// Whether its level could be notable at most.
    pub(crate) is_capped: bool,
}

/// A change in pieces.
pub(crate) struct Block<'a> {
    pub(crate) by: By<'a>,
    pub(crate) pieces: Vec<Piece<'a>>,
    /// What the pieces sum to; none where they do not add up to the change.
    pub(crate) total: Option<f64>,
    pub(crate) is_distributed: bool,
    pub(crate) is_offsetting: bool,
    pub(crate) is_capped: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum By<'a> {
    /// The metric's own formula, as its definition writes it.
    Formula(&'a str),
    Dimension(&'a str),
    /// A dimension within one member of another.
    Within {
        dimension: &'a str,
        of: &'a str,
        member: String,
    },
}

pub(crate) struct Piece<'a> {
    pub(crate) name: String,
    /// In `unit`; none where several members count as one.
    pub(crate) sides: Option<(&'a Value, &'a Value)>,
    pub(crate) unit: Unit,
    /// In the unit of the metric that changed.
    pub(crate) contribution: Option<f64>,
    pub(crate) share: Option<f64>,
    /// Of a ratio's member: what its own rate did, and what its weight did.
    pub(crate) rate_mix: Option<(f64, f64)>,
}

impl<'a> View<'a> {
    pub(crate) fn of(value: &'a Value) -> Self {
        let answer = Answer::of(value);
        let highlights: Vec<Highlight<'_>> = list(value, "highlights").iter().map(highlight).collect();
        let units: HashMap<&str, Unit> =
            answer.metrics().iter().map(|metric| (metric.name, metric.unit.clone())).collect();
        let is_told = |name: &str| {
            highlights.iter().any(|highlight| match highlight {
                Highlight::Change { metric, .. } => *metric == name,
                Highlight::DataIssue { .. } => false,
            })
        };
        let metrics = answer.metrics().iter().zip(list(value, "metrics"));
        let metrics = metrics.map(|(metric, entry)| judged(metric, entry, &units, is_told(metric.name))).collect();
        let freshness = value.get("freshness").and_then(Value::as_object);
        let freshness = freshness.into_iter().flatten();
        let data_through = freshness.map(|(dataset, of)| (dataset.as_str(), text(of, "data_through"))).collect();
        let against = against(&value["applied"]["comparison"]);
        View { answer, against, highlights, metrics, data_through }
    }

    /// The metric of that name.
    pub(crate) fn metric(&self, name: &str) -> Option<&Judged<'a>> {
        self.metrics.iter().find(|judged| judged.metric.name == name)
    }

    /// The metrics that are taken apart: those of the highlights in their order, or all.
    pub(crate) fn taken_apart(&self, depth: Depth) -> Vec<&Judged<'a>> {
        let told = self.highlights.iter().filter_map(|highlight| match highlight {
            Highlight::Change { metric, .. } => self.metric(metric),
            Highlight::DataIssue { .. } => None,
        });
        let rest = self.metrics.iter().filter(|judged| depth.details && !judged.is_told);
        told.chain(rest).collect()
    }

    /// The metrics by their level, the most severe first; of one level those that were tested before the others.
    pub(crate) fn by_level(&self) -> Vec<Vec<&Judged<'a>>> {
        let levels = Level::ALL.into_iter().rev().map(Some).chain([None]);
        let keys = levels.flat_map(|level| [(level, true), (level, false)]);
        let of = |key| self.metrics.iter().filter(|judged| (judged.level, judged.is_tested()) == key).collect();
        keys.map(of).filter(|metrics: &Vec<_>| !metrics.is_empty()).collect()
    }
}

impl Judged<'_> {
    /// Whether a test says how unusual its change is.
    pub(crate) fn is_tested(&self) -> bool {
        let [_, _, p, _] = self.test.numbers;
        p.is_some()
    }
}

impl<'a> Judged<'a> {
    /// The pieces to show, and those that are only named: the formula, the dimension that tells most, and that one's
    /// first member taken apart further.
    pub(crate) fn shown(&self, depth: Depth) -> (Vec<&Block<'a>>, Vec<&Block<'a>>) {
        let first = self.blocks.iter().position(|block| matches!(block.by, By::Dimension(_)));
        let is_shown = |(at, block): &(usize, &Block<'_>)| match block.by {
            By::Formula(_) | By::Within { .. } => true,
            By::Dimension(_) => depth.details || Some(*at) == first,
        };
        let (mut shown, mut named) = (Vec::new(), Vec::new());
        for of in self.blocks.iter().enumerate() {
            if is_shown(&of) { shown.push(of.1) } else { named.push(of.1) }
        }
        (shown, named)
    }
}

/// One window, the mean of several, or the model's targets.
fn against(comparison: &Value) -> Option<Against<'_>> {
    let dates = |of: &Value| Some((text(of, "start")?.to_string(), text(of, "end")?.to_string()));
    let windows: Vec<(String, String)> = list(comparison, "windows").iter().filter_map(dates).collect();
    let first = windows.iter().map(|(start, _)| start).min();
    let what = match (dates(comparison), first, windows.iter().map(|(_, end)| end).max()) {
        (Some((start, end)), _, _) => words::span(&start, &end),
        (None, Some(start), Some(end)) => {
            format!("the mean of {} periods, {}", windows.len(), words::span(start, end))
        }
        (None, _, _) if !list(comparison, "targets").is_empty() => "targets of the model".to_string(),
        (None, _, _) => return None,
    };
    Some(Against { what, asked: text(comparison, "asked").unwrap_or_default() })
}

fn highlight(entry: &Value) -> Highlight<'_> {
    let sentence = visible(text(entry, "text").unwrap_or_default());
    match (text(entry, "kind"), text(entry, "metric")) {
        (Some("change"), Some(metric)) => Highlight::Change { metric, text: sentence },
        (_, _) => Highlight::DataIssue { text: sentence },
    }
}

fn judged<'a>(metric: &Metric<'a>, entry: &'a Value, units: &HashMap<&str, Unit>, is_told: bool) -> Judged<'a> {
    let of = &entry["significance"];
    let level = text(of, "level").and_then(|word| Level::ALL.into_iter().find(|level| level.as_str() == word));
    let number = |name: &str| of[name].as_f64();
    let test = Test {
        method: text(of, "method"),
        numbers: [number("t"), number("df"), number("p"), number("q")],
        reason: text(of, "reason"),
        is_capped: of["capped"] == true,
    };
    let definition = text(entry, "definition").unwrap_or_default();
    let parts = entry.get("parts").map(|parts| by_formula(parts, definition, metric, units));
    let drivers = list(entry, "drivers");
    let breakdowns = list(entry, "driver_dimensions").iter().map(|of| by_dimension(of, drivers, metric));
    let unavailable = list(entry, "drivers_unavailable").iter();
    let unavailable = unavailable.filter_map(|of| Some((text(of, "dimension")?, text(of, "reason")?)));
    Judged {
        level,
        test,
        null_reason: text(entry, "null_reason"),
        no_percent: text(&entry["change"], "null_reason"),
        is_back_to_usual: text(of, "note") == Some("previous_unusual"),
        blocks: parts.into_iter().chain(breakdowns).collect(),
        unavailable: unavailable.collect(),
        is_told,
        over_all: entry.get("compared_value").map(|_| metric.value),
        metric: Metric { value: entry.get("compared_value").unwrap_or(metric.value), ..metric.clone() },
    }
}

fn by_formula<'a>(
    parts: &'a Value,
    definition: &'a str,
    metric: &Metric<'a>,
    units: &HashMap<&str, Unit>,
) -> Block<'a> {
    let is_sum = text(parts, "method") == Some("sum");
    let piece = |item: &'a Value| {
        let name = text(item, "metric").unwrap_or_default();
        let unit = if is_sum { Some(&metric.unit) } else { units.get(name) };
        Piece {
            name: name.to_string(),
            sides: sides(item),
            unit: unit.cloned().unwrap_or(Unit::Number),
            contribution: item["contribution"].as_f64(),
            share: item["share"].as_f64(),
            rate_mix: None,
        }
    };
    let pieces: Vec<Piece<'_>> = list(parts, "items").iter().map(piece).collect();
    Block {
        by: By::Formula(definition),
        total: sum(&pieces),
        pieces,
        is_distributed: false,
        is_offsetting: false,
        is_capped: false,
    }
}

fn by_dimension<'a>(of: &'a Value, drivers: &'a [Value], metric: &Metric<'a>) -> Block<'a> {
    let own = drivers
        .iter()
        .filter(|entry| entry.get("dimension") == of.get("dimension") && entry.get("within") == of.get("within"));
    let mut pieces: Vec<Piece<'_>> = own.map(|entry| member(entry, metric)).collect();
    let joint = |name: String, contribution: Option<f64>, share: Option<f64>| Piece {
        name,
        sides: None,
        unit: metric.unit.clone(),
        contribution,
        share,
        rate_mix: None,
    };
    if let Some(other) = of.get("other") {
        let name = match other["members"].as_u64().unwrap_or_default() {
            1 => "1 other".to_string(),
            count => format!("{count} others"),
        };
        pieces.push(joint(name, other["contribution"].as_f64(), other["share"].as_f64()));
    }
    if let Some(unallocated) = of["unallocated"].as_f64() {
        pieces.push(joint("(unallocated)".to_string(), Some(unallocated), None));
    }
    let adds_up = text(of, "method") != Some("own_change");
    let dimension = text(of, "dimension").unwrap_or_default();
    let by = match of.get("within") {
        Some(within) => {
            let (of, member) = (text(within, "dimension").unwrap_or_default(), name(&within["value"]));
            By::Within { dimension, of, member }
        }
        None => By::Dimension(dimension),
    };
    Block {
        by,
        total: sum(&pieces).filter(|_| adds_up),
        pieces,
        is_distributed: text(of, "status") == Some("distributed"),
        is_offsetting: of["offsetting"] == true,
        is_capped: of["capped"] == true,
    }
}

fn member<'a>(entry: &'a Value, metric: &Metric<'a>) -> Piece<'a> {
    let mut name = name(entry.get("value").unwrap_or(NULL));
    if let Some(kind) = text(entry, "change_kind") {
        name.push_str(&format!(" ({kind})"));
    }
    Piece {
        name,
        sides: sides(entry),
        unit: metric.unit.clone(),
        contribution: entry["contribution"].as_f64(),
        share: entry["share"].as_f64(),
        rate_mix: entry["rate"].as_f64().zip(entry["mix"].as_f64()),
    }
}

fn sides(entry: &Value) -> Option<(&Value, &Value)> {
    entry.get("previous").zip(entry.get("current"))
}

/// A member's name; the one without a value has none.
fn name(value: &Value) -> String {
    if value.is_null() { "(no value)".to_string() } else { show(value, &Unit::Plain) }
}

/// None without pieces, or where one of them is not known. Rounded to nine digits after the point, for binary sums of
/// decimals end in dust.
fn sum(pieces: &[Piece<'_>]) -> Option<f64> {
    let total = pieces.iter().map(|piece| piece.contribution).sum::<Option<f64>>()?;
    (!pieces.is_empty()).then(|| (total * 1e9).round() / 1e9)
}
