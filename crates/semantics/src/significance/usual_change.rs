//! How much windows usually change from one to the next, and whether this one changed more.

use super::moments::{largest, mean_and_deviation, median};
use super::{Reason, Scale, t_tail};

/// The fewest earlier changes from which a usual change can be told.
const FEWEST: usize = 6;

/// A window's change against the earlier windows' changes: a prediction interval of Student's t
/// (Draper, Smith 1998).
#[derive(Clone, Debug, PartialEq)]
pub struct UsualChange {
    /// K: how many changes came before the current one.
    pub earlier_changes: usize,
    /// Whether changes are logarithms of ratios, else differences.
    pub log: bool,
    /// Every change, oldest first; the last is the current one.
    pub changes: Vec<f64>,
    /// Of the earlier changes.
    pub mean: Option<f64>,
    pub sd: Option<f64>,
    pub t: Option<f64>,
    pub df: Option<f64>,
    pub p: Option<f64>,
    /// Shown, and decide nothing: with few changes they cry wolf (Croux, Rousseeuw 1992).
    pub median: Option<f64>,
    pub mad: Option<f64>,
    pub robust_z: Option<f64>,
    pub reason: Option<Reason>,
}

/// The last of `windows` (totals, oldest first) against the changes before it: on `Scale::Log`
/// logarithms where all windows are positive, else differences.
pub fn usual_change(windows: &[f64], scale: Scale) -> UsualChange {
    let log = scale == Scale::Log && windows.iter().all(|v| *v > 0.0);
    let change = |pair: &[f64]| if log { (pair[1] / pair[0]).ln() } else { pair[1] - pair[0] };
    let changes: Vec<f64> = windows.windows(2).map(change).collect();
    let mut result = UsualChange {
        earlier_changes: windows.len().saturating_sub(2),
        log,
        changes,
        mean: None,
        sd: None,
        t: None,
        df: None,
        p: None,
        median: None,
        mad: None,
        robust_z: None,
        reason: None,
    };
    if result.earlier_changes < FEWEST {
        result.reason = Some(Reason::InsufficientHistory);
        return result;
    }
    let (earlier, current) = (&result.changes[..result.earlier_changes], result.changes[result.earlier_changes]);
    let (mean, sd) = mean_and_deviation(earlier);
    let middle = median(earlier.iter().copied());
    let mad = median(earlier.iter().map(|g| (g - middle).abs()));
    let rounding = if log { 1e-12 } else { 1e-12 * largest(windows.iter().copied()) };
    (result.mean, result.sd, result.median, result.mad) = (Some(mean), Some(sd), Some(middle), Some(mad));
    if sd <= rounding {
        result.reason = Some(Reason::FlatHistory);
        return result;
    }
    let k = result.earlier_changes as f64;
    let t = (current - mean) / (sd * (1.0 + 1.0 / k).sqrt());
    (result.t, result.df, result.p) = (Some(t), Some(k - 1.0), Some(t_tail(t, k - 1.0)));
    result.robust_z = (mad > rounding).then(|| (current - middle) / (1.4826 * mad));
    result
}
