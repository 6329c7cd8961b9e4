//! Mean, spread and median of a handful of numbers.

/// The mean and the sample standard deviation (n − 1) of at least two values. Equal values have
/// exactly their own mean and a deviation of exactly 0.
pub(super) fn mean_and_deviation(values: &[f64]) -> (f64, f64) {
    let (first, n) = (values[0], values.len() as f64);
    let mean = first + values.iter().map(|v| v - first).sum::<f64>() / n;
    let squares: f64 = values.iter().map(|v| (v - mean).powi(2)).sum();
    (mean, (squares / (n - 1.0)).sqrt())
}

/// The middle value, or the mean of the middle two; of no values, 0.
pub(super) fn median(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut sorted: Vec<f64> = values.into_iter().collect();
    sorted.sort_by(f64::total_cmp);
    match sorted.len() {
        0 => 0.0,
        n if n % 2 == 1 => sorted[n / 2],
        n => (sorted[n / 2 - 1] + sorted[n / 2]) / 2.0,
    }
}

/// The largest magnitude.
pub(super) fn largest(values: impl IntoIterator<Item = f64>) -> f64 {
    values.into_iter().fold(0.0, |largest: f64, v| largest.max(v.abs()))
}
