//! Weekday means and one straight line through a history of days, by weighted least squares.
//!
//! With one mean for each weekday, the line's slope is that of the days' distances from their
//! weekday's means, so that the normal equations need no solver.

use super::DailySeries;

/// What a weekday's history comes to.
#[derive(Clone, Copy, Debug, Default)]
struct Weekday {
    /// Σ of the weights of its used days.
    weight: f64,
    /// Their weighted mean day, counted from the first day of the series.
    mean_day: f64,
    /// Their weighted mean value.
    mean_value: f64,
    /// Whether any of them is not 0.
    open: bool,
}

/// A fitted history.
#[derive(Clone, Debug)]
pub(super) struct Fit {
    weekdays: [Weekday; 7],
    /// The days that were used, in order: those with a weight, of open weekdays.
    pub days: Vec<usize>,
    /// The metric's unit per day.
    pub slope: f64,
    /// Σ W·(t − t̄_w)².
    spread: f64,
}

impl Fit {
    /// The first `history` days of `series`.
    pub(super) fn of(series: &DailySeries<'_>, history: usize) -> Fit {
        let known: Vec<(usize, f64)> = (0..history).filter_map(|day| Some((day, series.value(day)?))).collect();
        // Values are averaged from the first one on, so that equal values have exactly their own mean.
        let origin = known.first().map_or(0.0, |(_, value)| *value);
        let mut weekdays = [Weekday::default(); 7];
        for (day, value) in &known {
            let weekday = &mut weekdays[series.weekday(*day)];
            let weight = series.weight(*day);
            weekday.weight += weight;
            weekday.mean_day += weight * *day as f64;
            weekday.mean_value += weight * (value - origin);
            weekday.open |= *value != 0.0;
        }
        for weekday in weekdays.iter_mut().filter(|weekday| weekday.open) {
            weekday.mean_day /= weekday.weight;
            weekday.mean_value = origin + weekday.mean_value / weekday.weight;
        }
        let (mut spread, mut product, mut days) = (0.0, 0.0, Vec::new());
        for (day, value) in known {
            let weekday = weekdays[series.weekday(day)];
            if weekday.open {
                let (weight, distance) = (series.weight(day), day as f64 - weekday.mean_day);
                spread += weight * distance * distance;
                product += weight * distance * (value - weekday.mean_value);
                days.push(day);
            }
        }
        let slope = if spread > 0.0 { product / spread } else { 0.0 };
        Fit { weekdays, days, slope, spread }
    }

    pub(super) fn open_weekdays(&self) -> usize {
        self.weekdays.iter().filter(|weekday| weekday.open).count()
    }

    /// Days less one mean for each open weekday and the slope; below 0 there is no fit.
    pub(super) fn degrees_of_freedom(&self) -> i64 {
        self.days.len() as i64 - self.open_weekdays() as i64 - 1
    }

    /// The expected value of a day; null on a closed weekday.
    pub(super) fn expected(&self, weekday: usize, day: usize) -> Option<f64> {
        let Weekday { mean_day, mean_value, open, weight: _ } = self.weekdays[weekday];
        open.then_some(mean_value + self.slope * (day as f64 - mean_day))
    }

    /// x̄ᵀ(XᵀWX)⁻¹x̄ for the mean row of days given as (weekday, day, part of the whole weight): how
    /// uncertain the fit is about their mean.
    pub(super) fn leverage(&self, days: impl Iterator<Item = (usize, usize, f64)>) -> f64 {
        let (mut parts, mut distance) = ([0.0; 7], 0.0);
        for (weekday, day, part) in days.filter(|(weekday, _, _)| self.weekdays[*weekday].open) {
            parts[weekday] += part;
            distance += part * (day as f64 - self.weekdays[weekday].mean_day);
        }
        let open = self.weekdays.iter().zip(parts).filter(|(weekday, _)| weekday.open);
        open.map(|(weekday, part)| part * part / weekday.weight).sum::<f64>() + distance * distance / self.spread
    }
}
