//! Who moved: a change by the members of each dimension, the dimensions that tell most first, and one level deeper
//! where one member holds much of it.
//!
//! The contributions of one breakdown sum to the change, except where the metric does not add up over members; such a
//! breakdown says so. A contribution is no cause.

use std::collections::BTreeMap;

use sextant_semantics::decompose::{
    Dimension, Flag, Member, NoSegment, RatioMember, additive, attribute, order_of_contribution, rate_mix,
};
use sextant_semantics::query::audit::{Audit, Judged, Parts, Reading};
use sextant_semantics::query::computation::ComputationId;
use sextant_semantics::query::resolved::{Additivity, ResolvedQuery};

use super::{Compared, share};
use crate::answer::decode::RawRow;
use crate::answer::value::Value;

/// Members of a dimension that are told one by one.
const TOLD: usize = 3;
/// Members up to which each is looked at by itself; those beyond count as one.
const MEMBERS: usize = 1_000;
/// The share of the change from which on a member is broken down by another dimension.
const DEEPER: f64 = 0.40;
/// The least part of a ratio's change that makes a member worth naming, and what the named must reach together.
const LEAST_PART: f64 = 0.10;
const ENOUGH: f64 = 0.67;

/// A change by each dimension.
#[derive(Clone, Debug, Default)]
pub struct Drivers {
    /// Those that tell most first.
    pub breakdowns: Vec<Breakdown>,
    /// Dimensions that the metric cannot be broken down by, with the reason.
    pub unavailable: Vec<(String, String)>,
}

/// A change by the members of one dimension.
#[derive(Clone, Debug)]
pub struct Breakdown {
    pub dimension: String,
    /// Within one member of another dimension.
    pub within: Option<(String, Value)>,
    pub method: Method,
    pub status: Status,
    /// In the order of their contribution.
    pub segments: Vec<Segment>,
    /// The members that are not told one by one.
    pub other: Option<Other>,
    /// How many members there are.
    pub members: usize,
    /// Whether those beyond the first thousand were counted as one.
    pub capped: bool,
    /// Whether members moved against each other, so that shares are of all moves.
    pub offsetting: bool,
    /// The part of a ratio's change that no member has a denominator for.
    pub unallocated: Option<f64>,
    /// How surprising the shares of the telling members are, and the part of the change that they hold.
    pub surprise: Option<f64>,
    pub explained: Option<f64>,
}

/// How a change was split over members.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Each member's own change.
    Additive,
    /// Rate and mix of each member (Kitagawa).
    RateMix,
    /// Each member's own change, which do not add up.
    OwnChange,
}

impl Method {
    pub fn as_str(self) -> &'static str {
        match self {
            Method::Additive => "additive",
            Method::RateMix => "rate_mix",
            Method::OwnChange => "own_change",
        }
    }
}

/// Whether a dimension tells anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// A few members hold the change.
    Concentrated,
    /// No single segment.
    Distributed,
    /// Shares mean nothing: negative members, no change, or values that do not add up.
    NotComparable,
}

impl Status {
    pub fn as_str(self) -> &'static str {
        match self {
            Status::Concentrated => "concentrated",
            Status::Distributed => NoSegment::Distributed.as_str(),
            Status::NotComparable => NoSegment::NotComparable.as_str(),
        }
    }
}

/// One member.
#[derive(Clone, Debug)]
pub struct Segment {
    pub value: Value,
    pub previous: Option<f64>,
    pub current: Option<f64>,
    pub contribution: f64,
    pub share: Option<f64>,
    /// Of a ratio: what its own rate did, and what its weight did.
    pub rate_mix: Option<(f64, f64)>,
    pub flag: Option<Flag>,
}

/// Members together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Other {
    pub members: usize,
    pub contribution: f64,
    pub share: Option<f64>,
}

/// The members of one dimension, or of one within a member of another.
struct Members<'a> {
    dimension: &'a str,
    within: Option<(String, Value)>,
    rows: Vec<(Value, &'a RawRow)>,
}

pub(super) fn drivers(query: &ResolvedQuery, audit: &Audit, judged: &Judged, compared: &Compared<'_>) -> Drivers {
    let unavailable: Vec<(String, String)> = judged
        .unavailable
        .iter()
        .map(|(dimension, reason)| (audit.dimensions[*dimension].name.clone(), reason.clone()))
        .collect();
    let can = |dimension: &usize| judged.unavailable.iter().all(|(other, _)| other != dimension);
    let available: Vec<usize> = (0..audit.dimensions.len()).filter(can).collect();
    let members: Vec<Members<'_>> = available
        .iter()
        .map(|dimension| {
            let of = &audit.dimensions[*dimension];
            let rows = compared.table.groups.iter().filter(|row| row.set == of.set);
            let rows = rows.map(|row| (row.keys[of.key].clone(), row)).collect();
            Members { dimension: &of.name, within: None, rows }
        })
        .collect();
    let split = Split { query, judged, compared };
    let mut breakdowns = split.breakdowns(members);
    if let Some(deeper) = split.deeper(audit, &available, &breakdowns) {
        breakdowns.push(deeper);
    }
    Drivers { breakdowns, unavailable }
}

struct Split<'a> {
    query: &'a ResolvedQuery,
    judged: &'a Judged,
    compared: &'a Compared<'a>,
}

impl Split<'_> {
    /// A breakdown of each, those that tell most first.
    fn breakdowns(&self, members: Vec<Members<'_>>) -> Vec<Breakdown> {
        let output = &self.query.outputs[self.judged.output];
        match (output.additivity, &self.judged.reading, &self.judged.parts) {
            (Additivity::Additive, _, _) => self.additive(members, output.computation),
            (Additivity::Ratio, Reading::Daily { .. }, Parts::Ratio { numerator, denominator }) => {
                self.rate_mix(members, *numerator, *denominator)
            }
            (Additivity::Ratio | Additivity::NonAdditive, _, _) => {
                members.into_iter().map(|of| self.own_change(of, output.computation)).collect()
            }
        }
    }

    fn additive(&self, members: Vec<Members<'_>>, id: ComputationId) -> Vec<Breakdown> {
        let sides: Vec<Vec<Side>> = members.iter().map(|of| self.sides(of, id)).collect();
        let dimensions: Vec<Dimension<'_>> = members
            .iter()
            .zip(&sides)
            .map(|(of, sides)| Dimension { name: of.dimension, members: sides.iter().map(Side::member).collect() })
            .collect();
        let attribution = attribute(&dimensions);
        let of_dimension = |position: &usize| {
            let found = attribution.dimensions.iter().find(|found| found.dimension == *position);
            let found = found.expect("every dimension is attributed");
            let (of, sides) = (&members[*position], &sides[*position]);
            let split = additive(&dimensions[*position].members, TOLD);
            let segments = split.items.iter().map(|item| {
                let side = &sides[item.index];
                let (value, previous, current) = (side.value.clone(), side.previous, side.current);
                let (contribution, share, flag) = (item.contribution, item.share, item.flag);
                Segment { value, previous, current, contribution, share, rate_mix: None, flag }
            });
            Breakdown {
                dimension: of.dimension.to_string(),
                within: of.within.clone(),
                method: Method::Additive,
                status: status(found.reason),
                segments: segments.collect(),
                other: split.other.map(|contribution| Other {
                    members: split.other_count,
                    contribution,
                    share: split.other_share,
                }),
                members: of.rows.len(),
                capped: of.rows.len() > MEMBERS,
                offsetting: split.offsetting,
                unallocated: None,
                surprise: (!found.all.is_empty()).then_some(found.surprise),
                explained: (!found.all.is_empty()).then_some(found.explained),
            }
        };
        let rest = (0..members.len()).filter(|position| !attribution.ranking.contains(position));
        let order: Vec<usize> = attribution.ranking.iter().copied().chain(rest).collect();
        order.iter().map(of_dimension).collect()
    }

    /// The members of a dimension in both windows; those beyond the first thousand, by size, as one.
    fn sides(&self, members: &Members<'_>, id: ComputationId) -> Vec<Side> {
        let mut sides: Vec<Side> = members
            .rows
            .iter()
            .map(|(value, row)| {
                let (previous, current) = self.compared.present(row, id);
                Side { name: name(value), value: value.clone(), previous, current }
            })
            .filter(|side| side.previous.is_some() || side.current.is_some())
            .collect();
        if sides.len() > MEMBERS {
            let size = |side: &Side| side.previous.unwrap_or(0.0).abs() + side.current.unwrap_or(0.0).abs();
            sides.sort_by(|a, b| size(b).total_cmp(&size(a)).then_with(|| a.name.cmp(&b.name)));
            let rest = sides.split_off(MEMBERS);
            let sum = |of: fn(&Side) -> Option<f64>| Some(rest.iter().filter_map(of).sum::<f64>());
            let (previous, current) = (sum(|side| side.previous), sum(|side| side.current));
            let name = REST.to_string();
            sides.push(Side { value: Value::Text(name.clone()), name, previous, current });
        }
        sides
    }

    fn rate_mix(
        &self,
        members: Vec<Members<'_>>,
        numerator: ComputationId,
        denominator: ComputationId,
    ) -> Vec<Breakdown> {
        let mut found: Vec<Breakdown> = members
            .into_iter()
            .map(|of| {
                let (n, d) = (self.sides(&of, numerator), self.sides(&of, denominator));
                ratio_breakdown(&of, &n, &d)
            })
            .collect();
        let rank = |of: &Breakdown| match of.status {
            Status::Concentrated => 0,
            Status::Distributed => 1,
            Status::NotComparable => 2,
        };
        found.sort_by(|a, b| {
            let explained = |of: &Breakdown| of.explained.unwrap_or(0.0);
            (rank(a).cmp(&rank(b)))
                .then_with(|| explained(b).total_cmp(&explained(a)))
                .then_with(|| a.dimension.cmp(&b.dimension))
        });
        found
    }

    /// Each member's own change of a metric whose members do not add up.
    fn own_change(&self, of: Members<'_>, id: ComputationId) -> Breakdown {
        let sides = self.sides(&of, id);
        let change = |side: &Side| side.current.unwrap_or(0.0) - side.previous.unwrap_or(0.0);
        let changes: Vec<f64> = sides.iter().map(change).collect();
        let mut order: Vec<usize> = (0..sides.len()).filter(|at| sides[*at].name != REST).collect();
        order.sort_by(|a, b| {
            changes[*b].abs().total_cmp(&changes[*a].abs()).then_with(|| sides[*a].name.cmp(&sides[*b].name))
        });
        let segments = order.iter().take(TOLD).map(|at| {
            let side = &sides[*at];
            let (value, previous, current) = (side.value.clone(), side.previous, side.current);
            let flag = flag(side);
            Segment { value, previous, current, contribution: changes[*at], share: None, rate_mix: None, flag }
        });
        Breakdown {
            dimension: of.dimension.to_string(),
            within: of.within.clone(),
            method: Method::OwnChange,
            status: Status::NotComparable,
            segments: segments.collect(),
            other: None,
            members: of.rows.len(),
            capped: of.rows.len() > MEMBERS,
            offsetting: false,
            unallocated: None,
            surprise: None,
            explained: None,
        }
    }

    /// The member that holds much of the change, by the other dimensions; the one of them that tells most.
    fn deeper(&self, audit: &Audit, available: &[usize], breakdowns: &[Breakdown]) -> Option<Breakdown> {
        let best = breakdowns.first().filter(|best| best.status == Status::Concentrated)?;
        let top = best.segments.first().filter(|top| top.share.is_some_and(|share| share >= DEEPER))?;
        let first = *available.iter().find(|at| audit.dimensions[**at].name == best.dimension)?;
        let others = available.iter().filter(|other| **other != first).filter_map(|other| {
            let pair =
                audit.pairs.iter().find(|pair| [pair.first, pair.second] == [first.min(*other), first.max(*other)]);
            let (pair, of) = (pair?, &audit.dimensions[*other]);
            let in_top = |row: &&RawRow| row.set == pair.set && row.keys[audit.dimensions[first].key] == top.value;
            let rows = self.compared.table.groups.iter().filter(in_top);
            let rows = rows.map(|row| (row.keys[of.key].clone(), row)).collect();
            let within = Some((best.dimension.clone(), top.value.clone()));
            Some(Members { dimension: &of.name, within, rows })
        });
        let found = self.breakdowns(others.collect()).into_iter().next()?;
        (found.status == Status::Concentrated).then_some(found)
    }
}

/// The members beyond the first thousand, as one.
const REST: &str = "(other)";

/// A member in both windows.
struct Side {
    name: String,
    value: Value,
    previous: Option<f64>,
    current: Option<f64>,
}

impl Side {
    fn member(&self) -> Member<'_> {
        Member { name: &self.name, previous: self.previous, current: self.current }
    }
}

fn flag(side: &Side) -> Option<Flag> {
    match (side.previous, side.current) {
        (None, Some(_)) => Some(Flag::New),
        (Some(_), None) => Some(Flag::Lost),
        (None, None) | (Some(_), Some(_)) => None,
    }
}

/// A ratio by members: what each one's rate and weight did.
fn ratio_breakdown(of: &Members<'_>, numerators: &[Side], denominators: &[Side]) -> Breakdown {
    let mut parts: BTreeMap<&str, (&Value, [Option<f64>; 4])> = BTreeMap::new();
    for (at, sides) in [(0, numerators), (1, denominators)] {
        for side in sides {
            let entry = parts.entry(&side.name).or_insert((&side.value, [None; 4]));
            entry.1[at] = side.previous;
            entry.1[at + 2] = side.current;
        }
    }
    let or_zero = |value: Option<f64>| value.unwrap_or(0.0);
    let members: Vec<RatioMember<'_>> = parts
        .iter()
        .map(|(name, (_, [n0, d0, n1, d1]))| RatioMember {
            name,
            previous: (or_zero(*n0), or_zero(*d0)),
            current: (or_zero(*n1), or_zero(*d1)),
        })
        .collect();
    let split = rate_mix(&members);
    let delta = split.delta.unwrap_or(0.0);
    let values: Vec<&Value> = parts.values().map(|(value, _)| *value).collect();
    let contributions: Vec<f64> = split.items.iter().map(|item| item.rate + item.mix).collect();
    let names: Vec<&str> = members.iter().take(contributions.len()).map(|member| member.name).collect();
    let order = order_of_contribution(&contributions, &names, delta);
    let (told, rest) = order.split_at(order.len().min(TOLD));
    let rate = |(n, d): (f64, f64)| (d != 0.0).then(|| n / d);
    let segments = told.iter().map(|at| {
        let (member, item) = (&members[*at], split.items[*at]);
        let (previous, current) = (rate(member.previous), rate(member.current));
        let flag = match (previous, current) {
            (None, Some(_)) => Some(Flag::New),
            (Some(_), None) => Some(Flag::Lost),
            (None, None) | (Some(_), Some(_)) => None,
        };
        Segment {
            value: values[*at].clone(),
            previous,
            current,
            contribution: contributions[*at],
            share: share(contributions[*at], delta),
            rate_mix: Some((item.rate, item.mix)),
            flag,
        }
    });
    let sum: f64 = rest.iter().map(|at| contributions[*at]).sum();
    let other = Other { members: rest.len(), contribution: sum, share: share(sum, delta) };
    let (status, explained) = ratio_status(&order, &contributions, delta, split.reason.is_some());
    Breakdown {
        dimension: of.dimension.to_string(),
        within: of.within.clone(),
        method: Method::RateMix,
        status,
        segments: segments.collect(),
        other: (!rest.is_empty()).then_some(other),
        members: of.rows.len(),
        capped: of.rows.len() > MEMBERS,
        offsetting: false,
        unallocated: split.unallocated,
        surprise: None,
        explained,
    }
}

/// Whether a few members hold a ratio's change: those of a tenth or more reach two thirds, and are not all.
fn ratio_status(order: &[usize], contributions: &[f64], delta: f64, has_none: bool) -> (Status, Option<f64>) {
    if has_none || delta == 0.0 {
        return (Status::NotComparable, None);
    }
    let (mut explained, mut taken) = (0.0, 0);
    for part in order.iter().map(|at| contributions[*at] / delta).take_while(|part| *part >= LEAST_PART) {
        if explained >= ENOUGH {
            break;
        }
        explained += part;
        taken += 1;
    }
    let status = if explained >= ENOUGH && taken < order.len() { Status::Concentrated } else { Status::Distributed };
    (status, Some(explained))
}

fn status(reason: Option<NoSegment>) -> Status {
    match reason {
        None => Status::Concentrated,
        Some(NoSegment::Distributed) => Status::Distributed,
        Some(NoSegment::NotComparable) => Status::NotComparable,
    }
}

/// A member's name, for an order among equals.
fn name(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        // After every other name, and equal to none.
        Value::Null => char::MAX.to_string(),
        other => format!("{other:?}"),
    }
}
