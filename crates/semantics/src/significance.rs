//! Whether a change is worth a reader's time: is it material, and is it unusual?
//!
//! Pure statistics: values in, verdicts out. No random numbers, no clock, no data frame; the same
//! values give the same verdict. Every number that decides is returned beside the verdict. A number
//! that does not exist is `None` beside a `reason`; none is ever NaN or infinite for finite inputs.
//!
//! A metric passes through here in one order: [`materiality`] says how large the change is;
//! [`by_days`], [`by_windows`] or [`by_pairs`] choose the test that its history allows; [`judge`]
//! corrects for the number of tests made and takes the lower of the two gates; [`highlights`] puts
//! what is left in order. [`data_issue`] looks for days on which many measures moved alike.

mod tail;
mod false_discovery;
mod moments;
mod materiality;
mod daily_series;
mod baseline;
mod fit;
mod usual_change;
mod pairs;
mod counts;
mod evidence;
mod level;
mod ranking;
mod data_issue;

pub use self::baseline::{Baseline, baseline};
pub use self::counts::{Dispersion, Exposure, Occurrences, Reference, ZTest, counts, dispersion, proportions};
pub use self::daily_series::DailySeries;
pub use self::data_issue::{IssueDay, data_issue, day_factors};
pub use self::evidence::{Daily, Evidence, Method, by_days, by_pairs, by_windows};
pub use self::false_discovery::false_discovery;
pub use self::level::{Candidate, Gates, Level, Verdict, judge, level, segment_threshold};
pub use self::materiality::{Floors, Material, Materiality, NoPercent, Volume, materiality};
pub use self::pairs::{Pairs, RatioResidual, daily_pairs, ratio_residual};
pub use self::ranking::{Finding, Impact, highlights};
pub use self::tail::{normal_tail, t_tail};
pub use self::usual_change::{UsualChange, usual_change};

/// Why there is no test.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Too few days or windows to know what is usual.
    InsufficientHistory,
    /// The history does not vary at all: there is nothing to measure a change by.
    FlatHistory,
    /// A ratio whose denominator is nothing.
    NoDenominator,
    /// Nothing was counted.
    InsufficientVolume,
}

impl Reason {
    pub fn as_str(self) -> &'static str {
        match self {
            Reason::InsufficientHistory => "insufficient_history",
            Reason::FlatHistory => "flat_history",
            Reason::NoDenominator => "no-denominator",
            Reason::InsufficientVolume => "insufficient_volume",
        }
    }
}

/// How values are held against each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// By their ratio.
    Log,
    /// By their difference.
    Linear,
}

impl Scale {
    pub fn as_str(self) -> &'static str {
        match self {
            Scale::Log => "log",
            Scale::Linear => "linear",
        }
    }
}

/// `a ≥ b`, where a difference in the last digits of a double does not decide.
fn at_least(a: f64, b: f64) -> bool {
    a >= b * (1.0 - 1e-12)
}
