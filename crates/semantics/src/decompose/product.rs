//! A product by its factors, as net sales = sessions × conversion × order value.

/// The most factors that are taken apart exactly when one of them is not positive.
const MOST_FACTORS: usize = 8;

/// How a product was taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProductMethod {
    /// By logarithmic means (LMDI-I, Ang 2005): all factors are positive.
    Lmdi,
    /// By the average over all orders in which factors may change (Shapley 1953).
    Shapley,
}

impl ProductMethod {
    pub fn as_str(self) -> &'static str {
        match self {
            ProductMethod::Lmdi => "lmdi",
            ProductMethod::Shapley => "shapley",
        }
    }
}

/// The change of a product: effects sum to `delta`.
#[derive(Clone, Debug, PartialEq)]
pub struct Product {
    /// Null when a factor is not positive and there are more than eight.
    pub method: Option<ProductMethod>,
    pub previous: f64,
    pub current: f64,
    pub delta: f64,
    /// One for each factor, in the order given.
    pub effects: Option<Vec<f64>>,
}

/// The product of as many factors in both periods.
pub fn product(previous: &[f64], current: &[f64]) -> Product {
    let (v0, v1): (f64, f64) = (previous.iter().product(), current.iter().product());
    let positive = |value: &f64| *value > 0.0 && value.is_finite();
    let (method, effects) = if previous.iter().chain(current).chain([&v0, &v1]).all(positive) {
        let mean = logarithmic_mean(v0, v1);
        let effects = previous.iter().zip(current).map(|(x0, x1)| mean * ln_ratio(*x0, *x1)).collect();
        (Some(ProductMethod::Lmdi), Some(effects))
    } else if previous.len() <= MOST_FACTORS {
        (Some(ProductMethod::Shapley), Some(shapley(previous, current)))
    } else {
        (None, None)
    };
    Product { method, previous: v0, current: v1, delta: v1 - v0, effects }
}

/// (b − a)/ln(b/a), and a where both are equal; for positive values.
fn logarithmic_mean(a: f64, b: f64) -> f64 {
    if a == b { a } else { (b - a) / ln_ratio(a, b) }
}

/// ln(b/a) of positive values, exact for values that are almost equal.
fn ln_ratio(a: f64, b: f64) -> f64 {
    let growth = (b - a) / a;
    if growth.abs() < 0.5 { growth.ln_1p() } else { b.ln() - a.ln() }
}

/// For each factor, its effect on the product averaged over all sets of others that changed before.
fn shapley(previous: &[f64], current: &[f64]) -> Vec<f64> {
    let count = previous.len();
    // A set of changed factors is a number whose bits are its members.
    let value =
        |set: usize| -> f64 { (0..count).map(|i| if set >> i & 1 == 1 { current[i] } else { previous[i] }).product() };
    let values: Vec<f64> = (0..1_usize << count).map(value).collect();
    let effect = |factor: usize| {
        let without = (0..values.len()).filter(|set| set >> factor & 1 == 0);
        let step = |set: usize| share_of_orders(set.count_ones(), count) * (values[set | 1 << factor] - values[set]);
        without.map(step).sum()
    };
    (0..count).map(effect).collect()
}

/// s!·(n − s − 1)!/n!: how often exactly a given set of s factors stands before a given other one.
fn share_of_orders(before: u32, count: usize) -> f64 {
    let factorial = |n: usize| (1..=n).map(|i| i as f64).product::<f64>();
    let before = before as usize;
    factorial(before) * factorial(count - before - 1) / factorial(count)
}

/// A ratio by its numerator and its denominator.
#[derive(Clone, Debug, PartialEq)]
pub struct NumeratorDenominator {
    /// Current less previous, each in its own unit.
    pub numerator_change: f64,
    pub denominator_change: f64,
    /// Their effects on the ratio, which sum to its change; null without a denominator.
    pub numerator_effect: Option<f64>,
    pub denominator_effect: Option<f64>,
}

/// `(numerator, denominator)` of both periods.
pub fn numerator_denominator(previous: (f64, f64), current: (f64, f64)) -> NumeratorDenominator {
    let effects = if previous.1 > 0.0 && current.1 > 0.0 {
        product(&[previous.0, 1.0 / previous.1], &[current.0, 1.0 / current.1]).effects
    } else {
        None
    };
    NumeratorDenominator {
        numerator_change: current.0 - previous.0,
        denominator_change: current.1 - previous.1,
        numerator_effect: effects.as_ref().map(|effects| effects[0]),
        denominator_effect: effects.as_ref().map(|effects| effects[1]),
    }
}
