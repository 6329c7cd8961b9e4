//! Exact decimal numbers as the checks write them: an integer and a scale, normalised.

use std::cmp::Ordering;
use std::fmt;

/// `unscaled` × 10^−`scale`, without trailing zeros; equality is equality of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Exact {
    unscaled: i128,
    scale: u32,
}

impl Exact {
    pub const ZERO: Exact = Exact { unscaled: 0, scale: 0 };

    pub fn new(unscaled: i128, scale: u32) -> Exact {
        let (mut unscaled, mut scale) = (unscaled, scale);
        while scale > 0 && unscaled % 10 == 0 {
            unscaled /= 10;
            scale -= 1;
        }
        Exact { unscaled, scale }
    }

    pub fn integer(value: i128) -> Exact {
        Exact::new(value, 0)
    }

    /// Reads `-12.50`, `7` or `1.5e3`; `None` for anything else.
    pub fn parse(text: &str) -> Option<Exact> {
        let (digits, exponent) = match text.split_once(['e', 'E']) {
            Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let unscaled: i128 = format!("{whole}{fraction}").parse().ok()?;
        let scale = i32::try_from(fraction.len()).ok()? - exponent;
        if scale >= 0 {
            Some(Exact::new(unscaled, scale.unsigned_abs()))
        } else {
            Some(Exact::new(unscaled.checked_mul(10_i128.checked_pow(scale.unsigned_abs())?)?, 0))
        }
    }

    pub fn plus(self, other: Exact) -> Exact {
        let scale = self.scale.max(other.scale);
        Exact::new(self.at(scale) + other.at(scale), scale)
    }

    pub fn minus(self, other: Exact) -> Exact {
        self.plus(other.negated())
    }

    pub fn times(self, other: Exact) -> Exact {
        Exact::new(self.unscaled * other.unscaled, self.scale + other.scale)
    }

    pub fn negated(self) -> Exact {
        Exact { unscaled: -self.unscaled, ..self }
    }

    pub fn is_zero(self) -> bool {
        self.unscaled == 0
    }

    pub fn to_f64(self) -> f64 {
        // Through text: correctly rounded, where a division of two doubles is not always.
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    /// The number times 10^`scale`, where that is whole.
    pub fn unscaled_at(self, scale: u32) -> Option<i128> {
        (self.scale <= scale).then(|| self.at(scale))
    }

    /// To so many digits after the point; a half goes away from zero.
    pub fn rounded(self, scale: u32) -> Exact {
        if self.scale <= scale {
            return self;
        }
        let unit = 10_i128.pow(self.scale - scale);
        let (whole, rest) = (self.unscaled / unit, self.unscaled % unit);
        let away = if rest.abs() * 2 >= unit { rest.signum() } else { 0 };
        Exact::new(whole + away, scale)
    }

    fn at(self, scale: u32) -> i128 {
        self.unscaled * 10_i128.pow(scale - self.scale)
    }
}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Exact) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Exact {
    fn cmp(&self, other: &Exact) -> Ordering {
        let scale = self.scale.max(other.scale);
        self.at(scale).cmp(&other.at(scale))
    }
}

impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.unscaled.unsigned_abs().to_string();
        let scale = self.scale as usize;
        let padded = if digits.len() <= scale { format!("{digits:0>width$}", width = scale + 1) } else { digits };
        let (whole, fraction) = padded.split_at(padded.len() - scale);
        let sign = if self.unscaled < 0 { "-" } else { "" };
        if fraction.is_empty() { write!(f, "{sign}{whole}") } else { write!(f, "{sign}{whole}.{fraction}") }
    }
}
