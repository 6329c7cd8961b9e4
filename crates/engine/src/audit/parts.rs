//! What a metric's own formula splits its change into: the terms of a sum, the factors of a product, the two sides
//! of a ratio. The pieces sum to the change.

use sextant_semantics::decompose::{
    ProductMethod, Term, numerator_denominator, order_of_contribution, product, sum_tree,
};
use sextant_semantics::query::audit::{self, Judged};
use sextant_semantics::query::computation::ComputationId;
use sextant_semantics::query::resolved::ResolvedQuery;

use super::{Compared, share};

/// The pieces of a change, in the order of their contribution.
#[derive(Clone, Debug, PartialEq)]
pub struct Parts {
    pub method: Method,
    pub items: Vec<Part>,
}

/// How a change was taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    Sum,
    /// The numerator against the denominator.
    Ratio,
    Lmdi,
    Shapley,
}

impl Method {
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Sum => "sum",
            Method::Ratio => "ratio",
            Method::Lmdi => ProductMethod::Lmdi.as_str(),
            Method::Shapley => ProductMethod::Shapley.as_str(),
        }
    }
}

/// A metric beneath the one that changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// The metric's name.
    pub name: String,
    /// As a side of a ratio.
    pub role: Option<&'static str>,
    pub previous: f64,
    pub current: f64,
    /// In the unit of the metric that changed.
    pub contribution: Option<f64>,
    pub share: Option<f64>,
}

pub(super) fn parts(query: &ResolvedQuery, judged: &Judged, compared: &Compared<'_>) -> Option<Parts> {
    match &judged.parts {
        audit::Parts::None => None,
        audit::Parts::Ratio { numerator, denominator } => Some(ratio(query, compared, *numerator, *denominator)),
        audit::Parts::Sum(terms) => Some(sum(query, compared, terms)),
        audit::Parts::Product(factors) => self::factors(query, compared, factors),
    }
}

fn part(query: &ResolvedQuery, id: ComputationId, (previous, current): (f64, f64)) -> Part {
    let name = query.computations[id.0].name.clone();
    Part { name, role: None, previous, current, contribution: None, share: None }
}

fn ratio(
    query: &ResolvedQuery,
    compared: &Compared<'_>,
    numerator: ComputationId,
    denominator: ComputationId,
) -> Parts {
    let (n, d) = (compared.total(numerator), compared.total(denominator));
    let found = numerator_denominator((n.0, d.0), (n.1, d.1));
    let delta = found.numerator_effect.zip(found.denominator_effect).map_or(0.0, |(n, d)| n + d);
    let side = |id, values, role, effect: Option<f64>| Part {
        role: Some(role),
        contribution: effect,
        share: effect.and_then(|effect| share(effect, delta)),
        ..part(query, id, values)
    };
    let items = vec![
        side(numerator, n, "numerator", found.numerator_effect),
        side(denominator, d, "denominator", found.denominator_effect),
    ];
    Parts { method: Method::Ratio, items }
}

fn sum(query: &ResolvedQuery, compared: &Compared<'_>, terms: &[(f64, ComputationId)]) -> Parts {
    let values: Vec<(f64, f64)> = terms.iter().map(|(_, id)| compared.total(*id)).collect();
    let of_tree: Vec<Term> = terms
        .iter()
        .zip(&values)
        .map(|((sign, _), (previous, current))| Term { sign: *sign, previous: *previous, current: *current })
        .collect();
    let found = sum_tree(&of_tree);
    let ids = terms.iter().map(|(_, id)| *id);
    Parts { method: Method::Sum, items: in_order(query, ids, &values, &found.contributions, found.delta) }
}

fn factors(query: &ResolvedQuery, compared: &Compared<'_>, factors: &[audit::Factor]) -> Option<Parts> {
    let values: Vec<(f64, f64)> = factors.iter().map(|factor| compared.total(factor.of)).collect();
    let value = |(factor, value): (&audit::Factor, f64)| if factor.inverted { 1.0 / value } else { value };
    let side =
        |of: fn(&(f64, f64)) -> f64| -> Vec<f64> { factors.iter().zip(values.iter().map(of)).map(value).collect() };
    let (previous, current) = (side(|of| of.0), side(|of| of.1));
    if previous.iter().chain(&current).any(|factor| !factor.is_finite()) {
        return None;
    }
    let found = product(&previous, &current);
    let method = match found.method? {
        ProductMethod::Lmdi => Method::Lmdi,
        ProductMethod::Shapley => Method::Shapley,
    };
    let ids = factors.iter().map(|factor| factor.of);
    Some(Parts { method, items: in_order(query, ids, &values, &found.effects?, found.delta) })
}

fn in_order(
    query: &ResolvedQuery,
    ids: impl Iterator<Item = ComputationId>,
    values: &[(f64, f64)],
    contributions: &[f64],
    delta: f64,
) -> Vec<Part> {
    let parts: Vec<Part> = ids
        .zip(values)
        .zip(contributions)
        .map(|((id, values), contribution)| Part {
            contribution: Some(*contribution),
            share: share(*contribution, delta),
            ..part(query, id, *values)
        })
        .collect();
    let names: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
    let order = order_of_contribution(contributions, &names, delta);
    order.into_iter().map(|position| parts[position].clone()).collect()
}
