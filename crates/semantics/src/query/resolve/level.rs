//! Levels of detail: which of the question's groups a measure is aggregated by.

use super::super::field::FieldOf;
use super::super::resolved::Group;
use super::rows::FactBuilder;
use crate::catalog::{Catalog, Level};

/// Gives each fact its level.
pub(super) fn set(catalog: &Catalog, groups: &[Group], facts: &mut [FactBuilder]) {
    for fact in facts {
        fact.level = kept(catalog, groups, &fact.treatment.levels);
    }
}

/// Positions of the groups that remain at a level within levels; `None` where all do.
pub(super) fn kept(catalog: &Catalog, groups: &[Group], levels: &[Level]) -> Option<Vec<usize>> {
    if levels.is_empty() {
        return None;
    }
    let is_kept = |group: &Group| {
        levels.iter().all(|level| match level {
            Level::Without(names) => !names.iter().any(|name| is_named(catalog, group, name)),
            Level::Only(names) => names.iter().any(|name| is_named(catalog, group, name)),
        })
    };
    Some((0..groups.len()).filter(|position| is_kept(&groups[*position])).collect())
}

/// Whether a name means a group: as it was asked, or the dimension alone.
fn is_named(catalog: &Catalog, group: &Group, name: &str) -> bool {
    let last = match &group.field.of {
        FieldOf::Dimension { name, .. } => name.as_str(),
        FieldOf::MetricTime => "metric_time",
        FieldOf::Metric(_) => return false,
    };
    name == last || name == group.field.base(catalog)
}
