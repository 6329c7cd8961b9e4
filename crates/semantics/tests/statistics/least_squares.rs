//! The baseline against a second way to the same numbers: a design matrix of weekday columns and a
//! line, its normal equations solved by elimination, as a regression text writes them.

use sextant_semantics::significance::{Baseline, DailySeries, baseline, t_tail};

/// Numbers between 0 and 1 that look like noise.
fn noise(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// The solution of a symmetric system, by Gauss and Jordan.
fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    for i in 0..right.len() {
        let largest = (i..right.len()).max_by(|a, b| matrix[*a][i].abs().total_cmp(&matrix[*b][i].abs())).unwrap();
        matrix.swap(i, largest);
        right.swap(i, largest);
        for j in (0..right.len()).filter(|j| *j != i) {
            let times = matrix[j][i] / matrix[i][i];
            let row = matrix[i].clone();
            matrix[j].iter_mut().zip(row).for_each(|(cell, above)| *cell -= times * above);
            right[j] -= times * right[i];
        }
    }
    right.iter().enumerate().map(|(i, value)| value / matrix[i][i]).collect()
}

struct Expected {
    predicted: f64,
    se: f64,
    df: f64,
    t: f64,
}

/// The test of the last `n` days as `docs/significance.md` tells it, without its backtest.
fn regression(numerator: &[f64], denominator: Option<&[f64]>, n: usize) -> Expected {
    let history = numerator.len() - n;
    let weight = |d: usize| denominator.map_or(1.0, |days| days[d]);
    let value = |d: usize| if denominator.is_some() { numerator[d] / weight(d) } else { numerator[d] };
    let closed: Vec<bool> = (0..7).map(|w| (0..history).filter(|d| d % 7 == w).all(|d| numerator[d] == 0.0)).collect();
    let row = |d: usize| -> Vec<f64> {
        let mut row = vec![0.0; 8];
        if !closed[d % 7] {
            (row[d % 7], row[7]) = (1.0, d as f64);
        }
        row
    };
    let used: Vec<usize> = (0..history).filter(|d| weight(*d) > 0.0 && !closed[d % 7]).collect();
    let mut normal = vec![vec![0.0; 8]; 8];
    let mut right = vec![0.0; 8];
    for d in &used {
        let row = row(*d);
        for i in 0..8 {
            right[i] += weight(*d) * row[i] * value(*d);
            (0..8).for_each(|j| normal[i][j] += weight(*d) * row[i] * row[j]);
        }
    }
    // A closed weekday has no column: any number on its diagonal keeps its mean at 0.
    (0..7).filter(|w| closed[*w]).for_each(|w| normal[w][w] = 1.0);
    let beta = solve(normal.clone(), right);
    let fit = |d: usize| row(d).iter().zip(&beta).map(|(x, b)| x * b).sum::<f64>();
    let relative = denominator.is_none() && (0..numerator.len()).filter(|d| !closed[d % 7]).all(|d| fit(d) > 0.0);
    let size = |d: usize| if relative { fit(d).powi(2) } else { 1.0 };
    let df = used.len() as f64 - closed.iter().filter(|closed| !**closed).count() as f64 - 1.0;
    let residuals: Vec<f64> = used.iter().map(|d| (weight(*d) / size(*d)).sqrt() * (value(*d) - fit(*d))).collect();
    let squares: f64 = residuals.iter().map(|u| u * u).sum();
    let rho = residuals.windows(2).map(|pair| pair[0] * pair[1]).sum::<f64>() / squares;
    let rho = (rho + (1.0 + 3.0 * rho) / used.len() as f64).clamp(0.0, 0.9);
    let window: Vec<usize> = (history..numerator.len()).filter(|d| weight(*d) > 0.0).collect();
    let sum = |of: &dyn Fn(usize) -> f64, days: &[usize]| days.iter().map(|d| of(*d)).sum::<f64>();
    let whole = sum(&weight, &window);
    let mean_row: Vec<f64> = (0..8).map(|i| sum(&|d| weight(d) * row(d)[i], &window) / whole).collect();
    let leverage: f64 = solve(normal, mean_row.clone()).iter().zip(&mean_row).map(|(a, b)| a * b).sum();
    let mean_size = sum(&|d| weight(d) * size(d), &used) / sum(&weight, &used);
    let scatter = sum(&|d| weight(d) * size(d), &window) / (whole * whole);
    let se = (squares / df * (1.0 + rho) / (1.0 - rho) * (scatter + mean_size * leverage)).sqrt();
    let (actual, predicted) =
        (sum(&|d| weight(d) * value(d), &window) / whole, sum(&|d| weight(d) * fit(d), &window) / whole);
    let t = if actual > 0.0 && predicted > 0.0 && se <= predicted / 4.0 {
        (actual / predicted).ln() / (se / predicted)
    } else {
        (actual - predicted) / se
    };
    Expected { predicted, se, df, t }
}

#[track_caller]
fn near(actual: Option<f64>, expected: f64) {
    let actual = actual.unwrap();
    assert!((actual - expected).abs() <= 1e-9 * expected.abs().max(1e-9), "expected {expected:?}, was {actual:?}");
}

/// Holds the baseline, each window of its backtest, and what is made of them, against the regression.
#[track_caller]
fn held(numerator: &[f64], denominator: Option<&[f64]>, n: usize) -> Baseline {
    let found = baseline(&DailySeries { numerator, denominator, first_weekday: 0 }, n);
    let expected = regression(numerator, denominator, n);
    near(found.predicted, expected.predicted);
    near(found.se, expected.se);
    near(found.df, expected.df);
    near(found.t, expected.t);
    let history = numerator.len() - n;
    let windows = (1..=12).take_while(|j| history - j * n >= 56.max(2 * n)).count();
    assert_eq!(found.backtest.len(), windows);
    let mut squares = 0.0;
    for (j, b) in found.backtest.iter().enumerate() {
        let end = numerator.len() - (j + 1) * n;
        let earlier = regression(&numerator[..end], denominator.map(|days| &days[..end]), n).t.abs().min(4.0);
        near(Some(*b), earlier);
        squares += earlier * earlier;
    }
    let wander = ((8.0 + squares) / (8.0 + windows as f64)).max(1.0).sqrt();
    near(found.wander, wander);
    near(found.t_checked, expected.t / wander);
    near(found.p, t_tail(expected.t / wander, expected.df));
    found
}

/// Days with a weekly shape, a trend, and noise that carries a part of itself into the next day.
fn shop(days: usize, scatter: f64, carried: f64, seed: u64) -> Vec<f64> {
    let (mut noise, mut last) = (noise(seed), 0.0);
    let mut day = |d: usize| {
        last = carried * last + scatter * (noise() + noise() + noise() - 1.5);
        (200.0 + 0.3 * d as f64) * [0.8, 0.9, 1.0, 1.0, 1.2, 1.4, 0.7][d % 7] * (1.0 + last)
    };
    (0..days).map(&mut day).collect()
}

#[test]
fn additive_metrics() {
    for (seed, days, n) in [(1, 70, 7), (2, 189, 7), (3, 364, 28), (4, 120, 10), (5, 90, 1)] {
        held(&shop(days, 0.1, 0.0, seed), None, n);
    }
    let carried = held(&shop(189, 0.1, 0.6, 6), None, 7);
    assert!(carried.rho.unwrap() > 0.3, "{carried:?}");
    // A quiet series that has become restless strays from what its quiet days promise.
    let restless = [&shop(189, 0.01, 0.0, 7)[..110], &shop(189, 0.2, 0.0, 7)[110..]].concat();
    assert!(held(&restless, None, 7).wander.unwrap() > 1.0);
}

#[test]
fn closed_weekdays_and_values_below_zero() {
    let sundays_off = |days: Vec<f64>| -> Vec<f64> {
        days.into_iter().enumerate().map(|(d, v)| if d % 7 == 6 { 0.0 } else { v }).collect()
    };
    let found = held(&sundays_off(shop(140, 0.1, 0.0, 8)), None, 7);
    assert_eq!((found.open_weekdays, found.days_used), (6, 114));
    // Profits of both signs are held against each other by differences.
    let profit: Vec<f64> = shop(140, 0.3, 0.0, 9).iter().map(|v| v - 230.0).collect();
    held(&profit, None, 7);
    held(&sundays_off(profit), None, 7);
}

#[test]
fn ratios() {
    let sessions: Vec<f64> = shop(150, 0.1, 0.0, 10).iter().map(|v| (20.0 * v).round()).collect();
    let mut noise = noise(11);
    let orders: Vec<f64> = sessions.iter().map(|d| d * (0.02 + 0.01 * noise())).collect();
    held(&orders, Some(&sessions), 7);
    held(&orders, Some(&sessions), 14);
    // A day without sessions is left out of the history, and of the window.
    let sessions: Vec<f64> =
        sessions.iter().enumerate().map(|(d, v)| if [50, 147].contains(&d) { 0.0 } else { *v }).collect();
    let found = held(&orders, Some(&sessions), 7);
    assert_eq!(found.days_used, 142);
}
