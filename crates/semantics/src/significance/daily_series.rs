//! A metric by day.

/// Consecutive days, oldest first, zero-filled: an additive metric's values, or a ratio's
/// numerators and denominators, of the same length.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DailySeries<'a> {
    pub numerator: &'a [f64],
    /// Of a ratio only.
    pub denominator: Option<&'a [f64]>,
    /// The weekday of the first day; Monday is 0.
    pub first_weekday: u8,
}

impl<'a> DailySeries<'a> {
    pub fn len(&self) -> usize {
        self.numerator.len()
    }

    pub fn is_empty(&self) -> bool {
        self.numerator.is_empty()
    }

    /// The days `from..to`.
    pub fn between(&self, from: usize, to: usize) -> DailySeries<'a> {
        DailySeries {
            numerator: &self.numerator[from..to],
            denominator: self.denominator.map(|days| &days[from..to]),
            first_weekday: ((self.first_weekday as usize + from) % 7) as u8,
        }
    }

    /// The sum of an additive metric, or the ratio of the sums; null without a denominator.
    pub fn total(&self) -> Option<f64> {
        let numerator: f64 = self.numerator.iter().sum();
        match self.denominator {
            None => Some(numerator),
            Some(days) => {
                let denominator: f64 = days.iter().sum();
                (denominator != 0.0).then(|| numerator / denominator)
            }
        }
    }

    pub(super) fn weekday(&self, day: usize) -> usize {
        (self.first_weekday as usize + day) % 7
    }

    /// What a day weighs: its denominator, or 1.
    pub(super) fn weight(&self, day: usize) -> f64 {
        self.denominator.map_or(1.0, |days| days[day])
    }

    /// A day's value, or its ratio; null without a positive denominator.
    pub(super) fn value(&self, day: usize) -> Option<f64> {
        match self.denominator {
            None => Some(self.numerator[day]),
            Some(days) => (days[day] > 0.0).then(|| self.numerator[day] / days[day]),
        }
    }
}
