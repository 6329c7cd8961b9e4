//! Two-sided tail probabilities of Student's t and of the normal distribution, accurate to about
//! 1e-12 of their value as far out as a double reaches.

/// Steps of the continued fraction. It needs about √df of them.
const STEPS: usize = 100_000;

/// The probability of a value as far from 0 as `t` on either side, under Student's t with `df` > 0
/// degrees of freedom, which may be fractional: I_x(df/2, ½) at x = df/(df + t²) (DLMF 8.17).
pub fn t_tail(t: f64, df: f64) -> f64 {
    let square = t * t / df;
    if square == 0.0 {
        return 1.0;
    }
    let (a, b) = (df / 2.0, 0.5);
    // ln x and ln(1 − x), each from the side on which it keeps its digits.
    let (ln_x, ln_y) = (-square.ln_1p(), -(1.0 / square).ln_1p());
    let (x, y) = (1.0 / (1.0 + square), square / (1.0 + square));
    let front = (a * ln_x + b * ln_y - ln_beta_with_half(a)).exp();
    let tail = if x < (a + 1.0) / (a + b + 2.0) {
        front * continued_fraction(a, b, x) / a
    } else {
        1.0 - front * continued_fraction(b, a, y) / b
    };
    tail.clamp(0.0, 1.0)
}

/// The probability of a value as far from 0 as `z` on either side, under the normal distribution.
pub fn normal_tail(z: f64) -> f64 {
    libm::erfc(z.abs() / std::f64::consts::SQRT_2)
}

/// ln B(a, ½) = ln Γ(½) − ln(Γ(a + ½)/Γ(a)). The quotient of large ones is a series (DLMF 5.11.13), since
/// the difference of their logarithms would lose its digits.
fn ln_beta_with_half(a: f64) -> f64 {
    let ln_quotient = if a < 100.0 {
        libm::lgamma(a + 0.5) - libm::lgamma(a)
    } else {
        let r = 1.0 / a;
        let series = r * (-1.0 / 8.0 + r * (1.0 / 128.0 + r * (5.0 / 1024.0 - r * 21.0 / 32768.0)));
        0.5 * a.ln() + series.ln_1p()
    };
    0.5 * std::f64::consts::PI.ln() - ln_quotient
}

/// The continued fraction of the incomplete beta function (DLMF 8.17.22) by Lentz's method.
fn continued_fraction(a: f64, b: f64, x: f64) -> f64 {
    let tiny = |value: f64| if value.abs() < 1e-300 { 1e-300 } else { value };
    let mut c = 1.0;
    let mut d = 1.0 / tiny(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = d;
    for step in 1..STEPS {
        let m = step as f64;
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut last = 1.0;
        for coefficient in [even, odd] {
            d = 1.0 / tiny(1.0 + coefficient * d);
            c = tiny(1.0 + coefficient / c);
            last = c * d;
            fraction *= last;
        }
        if (last - 1.0).abs() < 1e-15 {
            break;
        }
    }
    fraction
}
