//! Two windows held against each other day by day, where there is no history to hold them against.

use super::moments::{largest, mean_and_deviation};
use super::{Reason, t_tail};

/// The fewest days from which two windows can be told apart.
pub(super) const FEWEST_DAYS: usize = 7;

/// Paired differences of days of the same weekday: Student's paired t.
#[derive(Clone, Debug, PartialEq)]
pub struct Pairs {
    pub n: usize,
    /// Of the differences, current less previous.
    pub mean: Option<f64>,
    pub sd: Option<f64>,
    pub t: Option<f64>,
    pub df: Option<f64>,
    pub p: Option<f64>,
    pub reason: Option<Reason>,
}

/// Days of the two windows, paired by position; both start on the same weekday. Days that one
/// window has more are left out.
pub fn daily_pairs(previous: &[f64], current: &[f64]) -> Pairs {
    let n = previous.len().min(current.len());
    let mut result = Pairs { n, mean: None, sd: None, t: None, df: None, p: None, reason: None };
    if n < FEWEST_DAYS {
        result.reason = Some(Reason::InsufficientHistory);
        return result;
    }
    let differences: Vec<f64> = previous.iter().zip(current).map(|(x0, x1)| x1 - x0).collect();
    let (mean, sd) = mean_and_deviation(&differences);
    (result.mean, result.sd) = (Some(mean), Some(sd));
    if sd <= 1e-12 * largest(previous.iter().chain(current).copied()) {
        result.reason = Some(Reason::FlatHistory);
        return result;
    }
    let (t, df) = (mean / (sd / (n as f64).sqrt()), n as f64 - 1.0);
    (result.t, result.df, result.p) = (Some(t), Some(df), Some(t_tail(t, df)));
    result
}

/// Two ratios of sums by their linearised daily residuals (Cochran 1977, ch. 6), with the degrees of
/// freedom of Welch and Satterthwaite (1946).
#[derive(Clone, Debug, PartialEq)]
pub struct RatioResidual {
    /// The ratio of each window.
    pub r0: Option<f64>,
    pub r1: Option<f64>,
    /// The standard error of each.
    pub se0: Option<f64>,
    pub se1: Option<f64>,
    pub t: Option<f64>,
    pub df: Option<f64>,
    pub p: Option<f64>,
    pub reason: Option<Reason>,
}

/// Numerators and denominators by day of the previous window (0) and the current one (1); the
/// windows may differ in length, a day without a denominator counts.
pub fn ratio_residual(n0: &[f64], d0: &[f64], n1: &[f64], d1: &[f64]) -> RatioResidual {
    let mut result =
        RatioResidual { r0: None, r1: None, se0: None, se1: None, t: None, df: None, p: None, reason: None };
    if n0.len().min(n1.len()) < FEWEST_DAYS {
        result.reason = Some(Reason::InsufficientHistory);
        return result;
    }
    let (Some((r0, se0)), Some((r1, se1))) = (ratio_and_error(n0, d0), ratio_and_error(n1, d1)) else {
        result.reason = Some(Reason::NoDenominator);
        return result;
    };
    (result.r0, result.r1, result.se0, result.se1) = (Some(r0), Some(r1), Some(se0), Some(se1));
    let se = se0.hypot(se1);
    if se <= 1e-12 * r0.abs().max(r1.abs()) {
        result.reason = Some(Reason::FlatHistory);
        return result;
    }
    // Each part of the variance as a share of the whole, so that tiny ratios do not underflow.
    let share = |part: f64, days: usize| (part / se).powi(4) / (days as f64 - 1.0);
    let (t, df) = ((r1 - r0) / se, 1.0 / (share(se0, n0.len()) + share(se1, n1.len())));
    (result.t, result.df, result.p) = (Some(t), Some(df), Some(t_tail(t, df)));
    result
}

/// R = ΣN/ΣD and √(n/(n − 1)·Σ(N − R·D)²)/ΣD.
fn ratio_and_error(numerator: &[f64], denominator: &[f64]) -> Option<(f64, f64)> {
    let total: f64 = denominator.iter().sum();
    if total <= 0.0 {
        return None;
    }
    let (n, ratio) = (numerator.len() as f64, numerator.iter().sum::<f64>() / total);
    let squares: f64 = numerator.iter().zip(denominator).map(|(x, d)| (x - ratio * d).powi(2)).sum();
    Some((ratio, (n / (n - 1.0) * squares).sqrt() / total))
}
