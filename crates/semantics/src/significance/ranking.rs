//! The order in which highlights are told.

use std::cmp::Ordering;

use super::Level;
use crate::model::metric::Direction;

/// Whether a change is for the better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Impact {
    Unfavourable,
    Favourable,
    Neutral,
}

impl Impact {
    /// The sign of `change` in the metric's `direction`.
    pub fn of(change: f64, direction: Direction) -> Impact {
        let sign = match direction {
            Direction::Up => change,
            Direction::Down => -change,
            Direction::Neutral => 0.0,
        };
        if sign > 0.0 {
            Impact::Favourable
        } else if sign < 0.0 {
            Impact::Unfavourable
        } else {
            Impact::Neutral
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Impact::Unfavourable => "unfavourable",
            Impact::Favourable => "favourable",
            Impact::Neutral => "neutral",
        }
    }
}

/// A judged metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Finding<'a> {
    pub name: &'a str,
    pub level: Level,
    pub impact: Impact,
    /// The change of a metric that is money, in the model's currency.
    pub money: Option<f64>,
    pub t: Option<f64>,
}

/// The positions of at most `most` highlights: by severity; what is unfavourable first; money before
/// other units, by how much of it moved; by |t|; by name.
pub fn highlights(findings: &[Finding<'_>], most: usize) -> Vec<usize> {
    let mut told: Vec<usize> = (0..findings.len()).filter(|i| findings[*i].level.is_highlight()).collect();
    told.sort_by(|a, b| before(&findings[*a], &findings[*b]));
    told.truncate(most);
    told
}

fn before(a: &Finding<'_>, b: &Finding<'_>) -> Ordering {
    // No money is less than any amount of it.
    let money = |finding: &Finding<'_>| finding.money.map_or(-1.0, f64::abs);
    let t = |finding: &Finding<'_>| finding.t.map_or(0.0, f64::abs);
    (b.level.cmp(&a.level))
        .then(a.impact.cmp(&b.impact))
        .then(money(b).total_cmp(&money(a)))
        .then(t(b).total_cmp(&t(a)))
        .then_with(|| a.name.as_bytes().cmp(b.name.as_bytes()))
}
