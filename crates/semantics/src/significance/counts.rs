//! Counts and proportions of two periods, with a dispersion estimated from days (McCullagh, Nelder
//! 1989, ch. 6): real counts scatter more than coin tosses do.

use super::{Reason, normal_tail, t_tail};

/// The fewest degrees of freedom from which a dispersion is told.
const FEWEST_DF: usize = 7;

/// How much more days scatter around their weekday's mean than counts of independent events would.
#[derive(Clone, Debug, PartialEq)]
pub struct Dispersion {
    /// At least 1.
    pub phi: Option<f64>,
    /// Days less weekdays; weekdays without events are left out.
    pub df: usize,
}

/// The dispersion of counts by consecutive days; the first is `first_weekday` (Monday is 0).
pub fn dispersion(days: &[f64], first_weekday: u8) -> Dispersion {
    let (mut sums, mut numbers) = ([0.0; 7], [0_usize; 7]);
    let weekday = |day: usize| (first_weekday as usize + day) % 7;
    for (day, count) in days.iter().enumerate() {
        sums[weekday(day)] += count;
        numbers[weekday(day)] += 1;
    }
    let (mut chi2, mut used) = (0.0, 0);
    for (day, count) in days.iter().enumerate() {
        let mean = sums[weekday(day)] / numbers[weekday(day)] as f64;
        if mean > 0.0 {
            chi2 += (count - mean).powi(2) / mean;
            used += 1;
        }
    }
    let weekdays = sums.iter().filter(|sum| **sum > 0.0).count();
    let df = used - weekdays;
    let phi = (df >= FEWEST_DF).then(|| (chi2 / df as f64).max(1.0));
    Dispersion { phi, df }
}

/// A test of two counts or proportions.
#[derive(Clone, Debug, PartialEq)]
pub struct ZTest {
    pub z: Option<f64>,
    pub p: Option<f64>,
    pub reason: Option<Reason>,
}

/// How long each period was exposed: days, visitors, whatever events could come from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exposure {
    pub previous: f64,
    pub current: f64,
}

/// Which distribution z is held against.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reference {
    Normal,
    /// Student's t with the degrees of freedom of the dispersion.
    T {
        df: f64,
    },
}

/// Two counts, given `phi`; with equal exposures z = (x1 − x0)/√(φ(x0 + x1)).
pub fn counts(previous: f64, current: f64, phi: Option<f64>, exposure: Exposure, reference: Reference) -> ZTest {
    let Some(phi) = phi else {
        return untested(Reason::InsufficientHistory);
    };
    let (sum, exposed) = (previous + current, exposure.previous + exposure.current);
    if sum <= 0.0 {
        return untested(Reason::InsufficientVolume);
    }
    if exposure.previous <= 0.0 || exposure.current <= 0.0 {
        return untested(Reason::NoDenominator);
    }
    let share = exposure.current / exposed;
    let z = (current - share * sum) / (phi * sum * share * (1.0 - share)).sqrt();
    let p = match reference {
        Reference::Normal => normal_tail(z),
        Reference::T { df } => t_tail(z, df),
    };
    ZTest { z: Some(z), p: Some(p), reason: None }
}

/// What happened, of what could have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Occurrences {
    pub happened: f64,
    pub of: f64,
}

/// Two proportions by the pooled z, divided by √φ.
pub fn proportions(previous: Occurrences, current: Occurrences, phi: Option<f64>) -> ZTest {
    let Some(phi) = phi else {
        return untested(Reason::InsufficientHistory);
    };
    if previous.of <= 0.0 || current.of <= 0.0 {
        return untested(Reason::NoDenominator);
    }
    let pooled = (previous.happened + current.happened) / (previous.of + current.of);
    let variance = pooled * (1.0 - pooled) * (1.0 / previous.of + 1.0 / current.of);
    if variance <= 0.0 {
        return untested(Reason::FlatHistory);
    }
    let z = (current.happened / current.of - previous.happened / previous.of) / (phi * variance).sqrt();
    ZTest { z: Some(z), p: Some(normal_tail(z)), reason: None }
}

fn untested(reason: Reason) -> ZTest {
    ZTest { z: None, p: None, reason: Some(reason) }
}
