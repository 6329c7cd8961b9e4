//! The second gate: which test a metric's history allows, and what it says.

use super::pairs::FEWEST_DAYS;
use super::{
    Baseline, DailySeries, Pairs, RatioResidual, Reason, Scale, UsualChange, baseline, daily_pairs, ratio_residual,
    usual_change,
};

/// The window from which on windows as a whole must have changed unusually too.
const LONG_WINDOW: usize = 28;
const MOST_EARLIER_CHANGES: usize = 12;

/// How a change was tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Against what the days before lead one to expect.
    Baseline,
    /// Against how much windows usually change.
    UsualChange,
    /// Day against day of the same weekday.
    DailyPairs,
    /// The same for a ratio.
    RatioResidual,
}

impl Method {
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Baseline => "baseline",
            Method::UsualChange => "usual_change",
            Method::DailyPairs => "daily_pairs",
            Method::RatioResidual => "ratio_residual",
        }
    }
}

/// What the two windows say by themselves.
#[derive(Clone, Debug, PartialEq)]
pub enum Daily {
    Pairs(Pairs),
    RatioResidual(RatioResidual),
}

/// The test that was made, and every test that was looked at on the way.
#[derive(Clone, Debug, PartialEq)]
pub struct Evidence {
    /// Null when none could be made.
    pub method: Option<Method>,
    pub t: Option<f64>,
    pub df: Option<f64>,
    pub p: Option<f64>,
    /// Whether too little is known for more than notable.
    pub capped: bool,
    pub reason: Option<Reason>,
    pub baseline: Option<Baseline>,
    pub usual_change: Option<UsualChange>,
    pub daily: Option<Daily>,
}

/// The last `window_days` of `series`: the baseline where it can be made (from 28 days on the usual
/// change too, the larger p counting), else the pairs of days with `previous`, the window compared
/// with, whose days start on the same weekday.
pub fn by_days(series: &DailySeries<'_>, window_days: usize, previous: &DailySeries<'_>) -> Evidence {
    let baseline = baseline(series, window_days);
    let mut evidence = match baseline.reason {
        Some(Reason::InsufficientHistory | Reason::NoDenominator | Reason::InsufficientVolume) => {
            let current = series.between(series.len().saturating_sub(window_days), series.len());
            return Evidence { baseline: Some(baseline), ..by_pairs(previous, &current) };
        }
        None | Some(Reason::FlatHistory) => Evidence {
            method: Some(Method::Baseline),
            t: baseline.t_checked,
            df: baseline.df,
            p: baseline.p,
            reason: baseline.reason,
            ..nothing()
        },
    };
    if evidence.p.is_some() && window_days >= LONG_WINDOW {
        let scale = if series.denominator.is_some() { Scale::Linear } else { Scale::Log };
        let usual = usual_change(&last_windows(series, window_days), scale);
        evidence.capped = usual.reason == Some(Reason::InsufficientHistory);
        if usual.p > evidence.p {
            let UsualChange { t, df, p, .. } = usual;
            evidence = Evidence { method: Some(Method::UsualChange), t, df, p, ..evidence };
        }
        evidence.usual_change = Some(usual);
    }
    evidence.baseline = Some(baseline);
    evidence
}

/// A metric whose days do not add up to its windows (distinct counts, medians, percentiles): the
/// usual change of its windows' own values, oldest first, the last being the current one; else the
/// pairs of days.
pub fn by_windows(windows: &[f64], scale: Scale, previous: &DailySeries<'_>, current: &DailySeries<'_>) -> Evidence {
    let usual = usual_change(&windows[windows.len().saturating_sub(MOST_EARLIER_CHANGES + 2)..], scale);
    if usual.reason == Some(Reason::InsufficientHistory) {
        return Evidence { usual_change: Some(usual), ..by_pairs(previous, current) };
    }
    let UsualChange { t, df, p, reason, .. } = usual;
    Evidence { method: Some(Method::UsualChange), t, df, p, reason, usual_change: Some(usual), ..nothing() }
}

/// The two windows by themselves, day by day from the same weekday on, capped at notable; nothing
/// below seven days.
pub fn by_pairs(previous: &DailySeries<'_>, current: &DailySeries<'_>) -> Evidence {
    if previous.len().min(current.len()) < FEWEST_DAYS {
        return Evidence { reason: Some(Reason::InsufficientHistory), ..nothing() };
    }
    let evidence = match (previous.denominator, current.denominator) {
        (Some(d0), Some(d1)) => {
            let daily = ratio_residual(previous.numerator, d0, current.numerator, d1);
            let RatioResidual { t, df, p, reason, .. } = daily;
            let method = t.map(|_| Method::RatioResidual);
            Evidence { method, t, df, p, reason, daily: Some(Daily::RatioResidual(daily)), ..nothing() }
        }
        (None | Some(_), None | Some(_)) => {
            let daily = daily_pairs(previous.numerator, current.numerator);
            let Pairs { t, df, p, reason, .. } = daily;
            let method = t.map(|_| Method::DailyPairs);
            Evidence { method, t, df, p, reason, daily: Some(Daily::Pairs(daily)), ..nothing() }
        }
    };
    Evidence { capped: true, ..evidence }
}

/// The totals of up to fourteen windows back from the end, oldest first, as far as all exist.
fn last_windows(series: &DailySeries<'_>, window_days: usize) -> Vec<f64> {
    let count = (series.len() / window_days).min(MOST_EARLIER_CHANGES + 2);
    let end = |back: usize| series.len() - back * window_days;
    let totals = (0..count).map_while(|back| series.between(end(back + 1), end(back)).total());
    let mut windows: Vec<f64> = totals.collect();
    windows.reverse();
    windows
}

fn nothing() -> Evidence {
    Evidence {
        method: None,
        t: None,
        df: None,
        p: None,
        capped: false,
        reason: None,
        baseline: None,
        usual_change: None,
        daily: None,
    }
}
