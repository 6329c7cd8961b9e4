//! Which dimension tells most about a change: Adtributor (Bhagwan et al., NSDI 2014).
//!
//! A dimension explains a change well when few of its members hold most of it and their shares of
//! the whole became surprisingly different (Jensen-Shannon, Lin 1991). Where all members moved alike,
//! no segment stands out, and that is the answer.

use super::additive::{Member, larger_first, sum_by_name};

/// The least part of the change that makes a member worth naming.
const LEAST_PART: f64 = 0.10;
/// The part of the change that the named members must reach together.
const ENOUGH: f64 = 0.67;
const LEAST_SURPRISE: f64 = 0.001;

/// An additive metric by one dimension.
#[derive(Clone, Debug, PartialEq)]
pub struct Dimension<'a> {
    pub name: &'a str,
    pub members: Vec<Member<'a>>,
}

/// Why no members of a dimension are named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoSegment {
    /// No single segment: all moved alike, or all are needed.
    Distributed,
    /// A member is negative, a total is not positive, or nothing changed.
    NotComparable,
}

impl NoSegment {
    pub fn as_str(self) -> &'static str {
        match self {
            NoSegment::Distributed => "distributed",
            NoSegment::NotComparable => "not-comparable",
        }
    }
}

/// One member's part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Element {
    /// Its share of the total before, and now.
    pub p: f64,
    pub q: f64,
    /// Its part of the change.
    pub explained: f64,
    /// ½(p·ln(2p/(p + q)) + q·ln(2q/(p + q))), in nats.
    pub surprise: f64,
}

/// What a dimension tells.
#[derive(Clone, Debug, PartialEq)]
pub struct Attributed {
    /// The dimension's position in the input.
    pub dimension: usize,
    pub reason: Option<NoSegment>,
    /// Positions of the members that explain the change, the most surprising first; none when there
    /// is a reason.
    pub elements: Vec<usize>,
    /// The part of the change that the members looked at hold together.
    pub explained: f64,
    /// Their surprise together.
    pub surprise: f64,
    /// One for each member, in the order given; none where they cannot be compared.
    pub all: Vec<Element>,
}

/// Every dimension, and those that explain the change.
#[derive(Clone, Debug, PartialEq)]
pub struct Attribution {
    /// By name.
    pub dimensions: Vec<Attributed>,
    /// Positions in the input, the most telling first; empty when the change is distributed.
    pub ranking: Vec<usize>,
}

pub fn attribute(dimensions: &[Dimension<'_>]) -> Attribution {
    let by_name = |a: &Attributed, b: &Attributed| dimensions[a.dimension].name.cmp(dimensions[b.dimension].name);
    let mut attributed: Vec<Attributed> =
        dimensions.iter().enumerate().map(|(i, dimension)| explain(i, &dimension.members)).collect();
    attributed.sort_by(by_name);
    let mut telling: Vec<&Attributed> = attributed.iter().filter(|found| found.reason.is_none()).collect();
    telling.sort_by(|a, b| {
        larger_first(a.surprise, b.surprise).then(a.elements.len().cmp(&b.elements.len())).then(by_name(a, b))
    });
    let ranking = telling.iter().map(|found| found.dimension).collect();
    Attribution { dimensions: attributed, ranking }
}

fn explain(dimension: usize, members: &[Member<'_>]) -> Attributed {
    let Some(all) = elements(members) else {
        let reason = Some(NoSegment::NotComparable);
        return Attributed { dimension, reason, elements: Vec::new(), explained: 0.0, surprise: 0.0, all: Vec::new() };
    };
    let mut candidates: Vec<usize> = (0..all.len()).filter(|i| all[*i].explained >= LEAST_PART).collect();
    candidates.sort_by(|a, b| {
        larger_first(all[*a].surprise, all[*b].surprise)
            .then(larger_first(all[*a].explained, all[*b].explained))
            .then_with(|| members[*a].name.cmp(members[*b].name))
    });
    let (mut explained, mut surprise, mut taken) = (0.0, 0.0, Vec::new());
    for index in candidates {
        if explained >= ENOUGH {
            break;
        }
        explained += all[index].explained;
        surprise += all[index].surprise;
        taken.push(index);
    }
    let distributed = explained < ENOUGH || surprise < LEAST_SURPRISE || taken.len() == all.len();
    let reason = distributed.then_some(NoSegment::Distributed);
    let elements = if distributed { Vec::new() } else { taken };
    Attributed { dimension, reason, elements, explained, surprise, all }
}

/// Each member's part; null where members cannot be compared.
fn elements(members: &[Member<'_>]) -> Option<Vec<Element>> {
    let names: Vec<&str> = members.iter().map(|member| member.name).collect();
    let sum0 = sum_by_name(&names, |i| members[i].sides().0);
    let sum1 = sum_by_name(&names, |i| members[i].sides().1);
    let change = sum1 - sum0;
    let negative = members.iter().map(Member::sides).any(|(v0, v1)| v0 < 0.0 || v1 < 0.0);
    if negative || sum0 <= 0.0 || sum1 <= 0.0 || change == 0.0 {
        return None;
    }
    let element = |(v0, v1): (f64, f64)| {
        let (p, q) = (v0 / sum0, v1 / sum1);
        let part = |share: f64| if share > 0.0 { share * (2.0 * share / (p + q)).ln() } else { 0.0 };
        Element { p, q, explained: (v1 - v0) / change, surprise: (0.5 * (part(p) + part(q))).max(0.0) }
    };
    Some(members.iter().map(Member::sides).map(element).collect())
}
