//! What the days before a window lead one to expect of it, and how far it is from that.
//!
//! Days are fitted by weekday means and one line; the window is held against the fit's prediction
//! with Student's t; and the same test, made on up to twelve earlier windows, says how far this
//! series usually wanders from its own prediction, by which t is divided.

use super::fit::Fit;
use super::moments::largest;
use super::{DailySeries, Reason, Scale, t_tail};

/// The shortest history: eight weeks, and three windows.
const LEAST_DAYS: usize = 56;
const LEAST_WINDOWS: usize = 3;
/// A backtest may have a little less history before it.
const LEAST_WINDOWS_OF_BACKTEST: usize = 2;
const LEAST_DF: i64 = 20;
const MOST_BACKTESTS: usize = 12;
/// No earlier window may count for more than this many standard errors.
const MOST_OF_BACKTEST: f64 = 4.0;
/// How many well-behaved windows a series is credited with before its own are seen.
const CREDIT: f64 = 8.0;

/// A window against its history. Values are means of a day of an additive metric, or ratios.
#[derive(Clone, Debug, PartialEq)]
pub struct Baseline {
    /// H and n, in days.
    pub history_days: usize,
    pub window_days: usize,
    /// Days of the history that the fit rests on.
    pub days_used: usize,
    /// Weekdays on which anything ever happened.
    pub open_weekdays: usize,
    /// The metric's unit per day.
    pub slope: Option<f64>,
    /// The autocorrelation of residuals, corrected for its bias (Marriott, Pope 1954; Kendall 1954).
    pub rho: Option<f64>,
    /// (1 + ρ)/(1 − ρ), by which it widens the variance of a mean (Bayley, Hammersley 1946).
    pub inflation: Option<f64>,
    /// The variance of residuals, relative to the fit where all fits are positive.
    pub sigma2: Option<f64>,
    pub value: Option<f64>,
    pub predicted: Option<f64>,
    /// The standard error of `value − predicted`.
    pub se: Option<f64>,
    pub scale: Option<Scale>,
    /// Before the wander is divided out.
    pub t: Option<f64>,
    pub df: Option<f64>,
    /// Of `t_checked`.
    pub p: Option<f64>,
    pub reason: Option<Reason>,
    /// |t| of earlier windows, the latest first, each at most 4.
    pub backtest: Vec<f64>,
    /// At least 1 (after Harvey, Leybourne, Newbold 1997).
    pub wander: Option<f64>,
    pub t_checked: Option<f64>,
    /// The fit of each day of the window, 0 on closed weekdays; empty without a fit.
    pub expected: Vec<f64>,
}

/// The last `window_days` days of `series` against all days before them.
pub fn baseline(series: &DailySeries<'_>, window_days: usize) -> Baseline {
    let mut result = window_against_history(series, window_days, LEAST_WINDOWS);
    let (Some(t), Some(df)) = (result.t, result.df) else {
        return result;
    };
    for j in 1..=MOST_BACKTESTS {
        let cut = j * window_days;
        if result.history_days < cut + least_history(window_days, LEAST_WINDOWS_OF_BACKTEST) {
            break;
        }
        let earlier = series.between(0, series.len() - cut);
        let earlier = window_against_history(&earlier, window_days, LEAST_WINDOWS_OF_BACKTEST);
        result.backtest.extend(earlier.t.map(|t| t.abs().min(MOST_OF_BACKTEST)));
    }
    let squares: f64 = result.backtest.iter().map(|b| b * b).sum();
    let wander = ((CREDIT + squares) / (CREDIT + result.backtest.len() as f64)).max(1.0).sqrt();
    result.wander = Some(wander);
    result.t_checked = Some(t / wander);
    result.p = Some(t_tail(t / wander, df));
    result
}

fn least_history(window_days: usize, windows: usize) -> usize {
    LEAST_DAYS.max(windows * window_days)
}

/// The test itself, without the check against earlier windows.
fn window_against_history(series: &DailySeries<'_>, window_days: usize, least_windows: usize) -> Baseline {
    let history_days = series.len().saturating_sub(window_days);
    let fit = Fit::of(series, history_days);
    let mut result = Baseline {
        history_days,
        window_days,
        days_used: fit.days.len(),
        open_weekdays: fit.open_weekdays(),
        slope: None,
        rho: None,
        inflation: None,
        sigma2: None,
        value: None,
        predicted: None,
        se: None,
        scale: None,
        t: None,
        df: None,
        p: None,
        reason: None,
        backtest: Vec::new(),
        wander: None,
        t_checked: None,
        expected: Vec::new(),
    };
    let df = fit.degrees_of_freedom();
    if history_days < least_history(window_days, least_windows) || df < LEAST_DF {
        result.reason = Some(Reason::InsufficientHistory);
        return result;
    }
    let window = Window::of(series, history_days, &fit);
    result.expected = window.days.iter().map(|day| day.expected.unwrap_or(0.0)).collect();
    result.slope = Some(fit.slope);
    if window.weight <= 0.0 {
        result.reason = Some(Reason::NoDenominator);
        return result;
    }
    let residuals = Residuals::of(series, &fit, &window, df as f64);
    let (value, predicted) = (window.mean(|day| day.value), window.mean(|day| day.expected));
    (result.sigma2, result.value, result.predicted) = (Some(residuals.variance), Some(value), Some(predicted));
    if residuals.is_flat {
        result.reason = Some(Reason::FlatHistory);
        return result;
    }
    let rho = residuals.autocorrelation();
    let inflation = (1.0 + rho) / (1.0 - rho);
    let se = (residuals.variance * inflation * window.uncertainty(&fit, &residuals)).sqrt();
    let (t, scale) = distance(value, predicted, se);
    (result.rho, result.inflation, result.se) = (Some(rho), Some(inflation), Some(se));
    (result.t, result.scale, result.df) = (Some(t), Some(scale), Some(df as f64));
    result
}

/// How many standard errors the value is from its prediction: by their ratio where the error is
/// small beside them.
fn distance(value: f64, predicted: f64, se: f64) -> (f64, Scale) {
    if value > 0.0 && predicted > 0.0 && se <= predicted / 4.0 {
        ((value / predicted).ln() / (se / predicted), Scale::Log)
    } else {
        ((value - predicted) / se, Scale::Linear)
    }
}

/// A day of the current window.
struct WindowDay {
    day: usize,
    weekday: usize,
    weight: f64,
    /// Null where a ratio has no denominator.
    value: Option<f64>,
    /// Null on a closed weekday, of which 0 is expected.
    expected: Option<f64>,
}

struct Window {
    days: Vec<WindowDay>,
    /// Σ of the weights of days that have a value.
    weight: f64,
}

impl Window {
    fn of(series: &DailySeries<'_>, from: usize, fit: &Fit) -> Window {
        let day = |day: usize| {
            let (weekday, value) = (series.weekday(day), series.value(day));
            let weight = value.map_or(0.0, |_| series.weight(day));
            WindowDay { day, weekday, weight, value, expected: fit.expected(weekday, day) }
        };
        let days: Vec<WindowDay> = (from..series.len()).map(day).collect();
        let weight = days.iter().map(|day| day.weight).sum();
        Window { days, weight }
    }

    /// The weighted mean; what is null counts as 0.
    fn mean(&self, of: impl Fn(&WindowDay) -> Option<f64>) -> f64 {
        self.days.iter().map(|day| day.weight * of(day).unwrap_or(0.0)).sum::<f64>() / self.weight
    }

    /// What multiplies the residuals' variance: the window's own scatter, and the fit's uncertainty.
    fn uncertainty(&self, fit: &Fit, residuals: &Residuals) -> f64 {
        // A closed weekday scatters like any other unless scatter grows with size: its size is 0.
        let size = |fit: f64| if residuals.relative { fit * fit } else { 1.0 };
        let scatter: f64 = self.days.iter().map(|day| day.weight * size(day.expected.unwrap_or(0.0))).sum();
        let parts = self.days.iter().map(|day| (day.weekday, day.day, day.weight / self.weight));
        scatter / (self.weight * self.weight) + residuals.mean_size * fit.leverage(parts)
    }
}

/// √(W/G)·(y − fit) of the used days, where G = fit² of an additive metric whose fits are all
/// positive (its scatter grows with its size), else 1.
struct Residuals {
    scaled: Vec<f64>,
    relative: bool,
    /// The weighted mean of G.
    mean_size: f64,
    variance: f64,
    is_flat: bool,
}

impl Residuals {
    fn of(series: &DailySeries<'_>, fit: &Fit, window: &Window, df: f64) -> Residuals {
        let used = fit.days.iter().filter_map(|day| {
            Some((series.weight(*day), series.value(*day)?, fit.expected(series.weekday(*day), *day)?))
        });
        let used: Vec<(f64, f64, f64)> = used.collect();
        let ahead = window.days.iter().filter_map(|day| day.expected);
        let relative =
            series.denominator.is_none() && used.iter().map(|(_, _, fit)| *fit).chain(ahead).all(|fit| fit > 0.0);
        let size = |fit: f64| if relative { fit * fit } else { 1.0 };
        let scaled: Vec<f64> = used.iter().map(|(w, y, fit)| (w / size(*fit)).sqrt() * (y - fit)).collect();
        let weight: f64 = used.iter().map(|(w, _, _)| w).sum();
        let mean_size = used.iter().map(|(w, _, fit)| w * size(*fit)).sum::<f64>() / weight;
        let variance = scaled.iter().map(|u| u * u).sum::<f64>() / df;
        let level = if relative { 1.0 } else { largest(used.iter().map(|(w, y, _)| w.sqrt() * y)) };
        Residuals { is_flat: variance.sqrt() <= 1e-12 * level, scaled, relative, mean_size, variance }
    }

    /// ρ of neighbouring used days, corrected for its bias, from 0 to 0.9.
    fn autocorrelation(&self) -> f64 {
        let products: f64 = self.scaled.windows(2).map(|pair| pair[0] * pair[1]).sum();
        let squares: f64 = self.scaled.iter().map(|u| u * u).sum();
        let rho = products / squares;
        (rho + (1.0 + 3.0 * rho) / self.scaled.len() as f64).clamp(0.0, 0.9)
    }
}
