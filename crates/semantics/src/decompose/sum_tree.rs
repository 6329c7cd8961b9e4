//! A sum by its terms, as net sales = gross sales − discounts − returns.

/// A term in two periods.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Term {
    /// What it is multiplied with: 1 where it is added, −1 where it is taken away.
    pub sign: f64,
    pub previous: f64,
    pub current: f64,
}

/// The change of a sum: contributions sum to `delta`.
#[derive(Clone, Debug, PartialEq)]
pub struct SumTree {
    pub previous: f64,
    pub current: f64,
    pub delta: f64,
    /// One for each term, in the order given: sign·(current − previous).
    pub contributions: Vec<f64>,
}

pub fn sum_tree(terms: &[Term]) -> SumTree {
    let sum = |of: fn(&Term) -> f64| terms.iter().map(|term| term.sign * of(term)).sum::<f64>();
    let (previous, current) = (sum(|term| term.previous), sum(|term| term.current));
    let contributions = terms.iter().map(|term| term.sign * (term.current - term.previous)).collect();
    SumTree { previous, current, delta: current - previous, contributions }
}
