//! An additive metric by the members of a dimension: each member's own change.

use std::cmp::Ordering;

/// A member of a dimension in two periods; null where it does not occur.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Member<'a> {
    pub name: &'a str,
    pub previous: Option<f64>,
    pub current: Option<f64>,
}

impl Member<'_> {
    pub(super) fn sides(&self) -> (f64, f64) {
        (self.previous.unwrap_or(0.0), self.current.unwrap_or(0.0))
    }
}

/// A member that occurs in one period only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flag {
    New,
    Lost,
}

impl Flag {
    pub fn as_str(self) -> &'static str {
        match self {
            Flag::New => "new",
            Flag::Lost => "lost",
        }
    }
}

/// What one member contributes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contribution {
    /// The member's position in the input.
    pub index: usize,
    pub contribution: f64,
    /// Of the change, or of all moves when they offset each other; null when nothing moved.
    pub share: Option<f64>,
    pub flag: Option<Flag>,
}

/// A change by members: `items` and `other` sum to `delta`.
#[derive(Clone, Debug, PartialEq)]
pub struct Additive {
    pub delta: f64,
    /// Σ|contribution|: how much moved in all.
    pub gross: f64,
    /// Whether members moved against each other so that little is left: |delta| < 0.1·gross. Shares
    /// are then of `gross`, and the order is by size alone.
    pub offsetting: bool,
    pub items: Vec<Contribution>,
    /// What the members beyond the first contribute together; null when there are none.
    pub other: Option<f64>,
    pub other_count: usize,
    pub other_share: Option<f64>,
}

/// The `top` members in the order of their contribution in the direction of the change, the rest as
/// one.
pub fn additive(members: &[Member<'_>], top: usize) -> Additive {
    let changes: Vec<f64> = members.iter().map(|member| member.sides()).map(|(v0, v1)| v1 - v0).collect();
    let names: Vec<&str> = members.iter().map(|member| member.name).collect();
    let delta = sum_by_name(&names, |i| changes[i]);
    let gross = sum_by_name(&names, |i| changes[i].abs());
    let offsetting = delta.abs() < 0.1 * gross;
    let whole = if offsetting { gross } else { delta };
    let share = |part: f64| (whole != 0.0).then(|| part / whole);
    let mut told =
        if offsetting { order(&names, |i| changes[i].abs()) } else { order_of_contribution(&changes, &names, delta) };
    let rest = told.split_off(top.min(told.len()));
    let item = |index: usize| Contribution {
        index,
        contribution: changes[index],
        share: share(changes[index]),
        flag: flag(&members[index]),
    };
    let items = told.into_iter().map(item).collect();
    let other = (!rest.is_empty()).then(|| rest.iter().map(|i| changes[*i]).sum::<f64>());
    let other_share = other.and_then(share);
    Additive { delta, gross, offsetting, items, other, other_count: rest.len(), other_share }
}

/// The positions of `contributions`, those that go furthest in the direction of `delta` first.
pub fn order_of_contribution(contributions: &[f64], names: &[&str], delta: f64) -> Vec<usize> {
    let direction = if delta < 0.0 { -1.0 } else { 1.0 };
    order(names, |i| direction * contributions[i])
}

fn flag(member: &Member<'_>) -> Option<Flag> {
    match (member.previous, member.current) {
        (None, Some(_)) => Some(Flag::New),
        (Some(_), None) => Some(Flag::Lost),
        (None, None) | (Some(_), Some(_)) => None,
    }
}

/// A sum taken in the order of names, so that permuting the input changes no digit of it.
pub(super) fn sum_by_name(names: &[&str], part: impl Fn(usize) -> f64) -> f64 {
    order(names, |_| 0.0).into_iter().map(part).sum()
}

/// All positions by `size`, the largest first, then by name.
fn order(names: &[&str], size: impl Fn(usize) -> f64) -> Vec<usize> {
    let mut positions: Vec<usize> = (0..names.len()).collect();
    positions.sort_by(|a, b| larger_first(size(*a), size(*b)).then_with(|| names[*a].cmp(names[*b])));
    positions
}

/// Descending; 0 and −0 are equal.
pub(super) fn larger_first(a: f64, b: f64) -> Ordering {
    b.partial_cmp(&a).unwrap_or(Ordering::Equal)
}
