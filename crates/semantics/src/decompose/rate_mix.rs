//! A ratio by the members of a dimension: what changed inside the members, and what changed because
//! they weigh differently. Kitagawa (1955), at the midpoint of both periods.

use super::additive::sum_by_name;
use crate::significance::Reason;

/// A member's (numerator, denominator) in each period; 0 where it does not occur.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RatioMember<'a> {
    pub name: &'a str,
    pub previous: (f64, f64),
    pub current: (f64, f64),
}

/// What one member contributes to the change of the ratio.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RateMixItem {
    /// By its own ratio: Δr·(w0 + w1)/2.
    pub rate: f64,
    /// By its share of the denominator: Δw·((r0 + r1)/2 − (R0 + R1)/2).
    pub mix: f64,
}

/// The change of a ratio: rates, mixes and `unallocated` sum to `delta`.
#[derive(Clone, Debug, PartialEq)]
pub struct RateMix {
    /// ΣN/ΣD of each period.
    pub previous: Option<f64>,
    pub current: Option<f64>,
    pub delta: Option<f64>,
    /// One for each member, in the order given.
    pub items: Vec<RateMixItem>,
    /// The part of numerators that stand beside no denominator in their period.
    pub unallocated: Option<f64>,
    pub reason: Option<Reason>,
}

/// A member without a denominator in one period keeps the other period's ratio there: it is all mix.
pub fn rate_mix(members: &[RatioMember<'_>]) -> RateMix {
    let names: Vec<&str> = members.iter().map(|member| member.name).collect();
    let sum = |side: fn(&RatioMember<'_>) -> (f64, f64)| {
        (sum_by_name(&names, |i| side(&members[i]).0), sum_by_name(&names, |i| side(&members[i]).1))
    };
    let (whole0, whole1) = (sum(|member| member.previous), sum(|member| member.current));
    if whole0.1 <= 0.0 || whole1.1 <= 0.0 {
        let reason = Some(Reason::NoDenominator);
        return RateMix { previous: None, current: None, delta: None, items: Vec::new(), unallocated: None, reason };
    }
    let (ratio0, ratio1) = (whole0.0 / whole0.1, whole1.0 / whole1.1);
    let item = |member: &RatioMember<'_>| {
        let (weight0, weight1) = (member.previous.1 / whole0.1, member.current.1 / whole1.1);
        let (rate0, rate1) = rates(member);
        RateMixItem {
            rate: (rate1 - rate0) * (weight0 + weight1) / 2.0,
            mix: (weight1 - weight0) * ((rate0 + rate1) / 2.0 - (ratio0 + ratio1) / 2.0),
        }
    };
    let beside = |part: (f64, f64), whole: (f64, f64)| if part.1 == 0.0 { part.0 / whole.1 } else { 0.0 };
    let unallocated = sum_by_name(&names, |i| beside(members[i].current, whole1) - beside(members[i].previous, whole0));
    RateMix {
        previous: Some(ratio0),
        current: Some(ratio1),
        delta: Some(ratio1 - ratio0),
        items: members.iter().map(item).collect(),
        unallocated: Some(unallocated),
        reason: None,
    }
}

/// A member's ratio in each period; the other period's where it has no denominator, 0 without any.
fn rates(member: &RatioMember<'_>) -> (f64, f64) {
    let rate = |part: (f64, f64)| (part.1 != 0.0).then(|| part.0 / part.1);
    match (rate(member.previous), rate(member.current)) {
        (Some(rate0), Some(rate1)) => (rate0, rate1),
        (Some(rate), None) | (None, Some(rate)) => (rate, rate),
        (None, None) => (0.0, 0.0),
    }
}
