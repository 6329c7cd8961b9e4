//! Days on which many measures moved by the same factor: a load that is missing, or came twice.

use super::moments::median;
use super::{Baseline, DailySeries};

/// The fewest measures that make a day suspicious.
const FEWEST_MEASURES: usize = 3;
/// The share of them, in percent, that must have moved alike.
const SHARE: usize = 70;
/// How near the median factor is alike.
const ALIKE: f64 = 0.1;
const MISSING: f64 = 0.5;
const DOUBLED: f64 = 1.8;

/// A suspicious day. A real outage looks the same: highlights stay beside it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct IssueDay {
    /// Its position in the window.
    pub day: usize,
    /// How many measures are known that day.
    pub metrics: usize,
    /// How many of them moved by about `factor`.
    pub alike: usize,
    /// The median of value/expected.
    pub factor: f64,
}

/// value/expected of each day of the window that `baseline` was made for; null where nothing is
/// expected.
pub fn day_factors(series: &DailySeries<'_>, baseline: &Baseline) -> Vec<Option<f64>> {
    let from = series.len() - baseline.expected.len();
    let factor = |(day, expected): (usize, &f64)| {
        let value = series.value(from + day)?;
        (*expected > 0.0).then(|| value / expected)
    };
    baseline.expected.iter().enumerate().map(factor).collect()
}

/// The suspicious days of a window, given `factors[measure][day]` of the base measures of one dataset.
pub fn data_issue(factors: &[Vec<Option<f64>>]) -> Vec<IssueDay> {
    let days = factors.iter().map(Vec::len).max().unwrap_or(0);
    (0..days).filter_map(|day| suspicious(day, factors)).collect()
}

fn suspicious(day: usize, factors: &[Vec<Option<f64>>]) -> Option<IssueDay> {
    let known: Vec<f64> = factors.iter().filter_map(|measure| measure.get(day).copied().flatten()).collect();
    let factor = median(known.iter().copied());
    // At a median of 0 only 0 is alike.
    let alike = known.iter().filter(|f| (*f - factor).abs() <= ALIKE * factor.abs()).count();
    let many = known.len() >= FEWEST_MEASURES && alike * 100 >= known.len() * SHARE;
    (many && (factor <= MISSING || factor >= DOUBLED)).then_some(IssueDay { day, metrics: known.len(), alike, factor })
}
