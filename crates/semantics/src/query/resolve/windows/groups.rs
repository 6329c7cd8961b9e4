//! Which units of time stand in one group, and which of them is shown for it.

use std::collections::HashSet;

use chrono::{Datelike, NaiveDate};

use super::super::super::resolved::BucketStart;
use super::super::super::spine::{Stretch, TimeStep};
use super::super::super::told;
use super::{Frame, TimeKeys, is_to_grain, start_of};
use crate::time::bucket::bucket_of;
use crate::time::zone;

/// What a unit has for each key: the start of a bucket, the first period of its name, or a part of its date; null where
/// a calendar table has no name for it.
type Group = Vec<Option<i64>>;

impl TimeKeys {
    /// Whether the group of every unit is known without data.
    pub(in crate::query::resolve) fn tell_groups(&self, frame: &Frame<'_>) -> bool {
        let others = self.grains.iter().filter(|grain| grain.is_none()).count();
        others == self.customs.len() + self.parts.len() && self.customs.iter().all(|id| (frame.periods)(*id).is_some())
    }

    /// The group of a unit; its place among the groups does not matter.
    fn group(&self, unit: &BucketStart, frame: &Frame<'_>) -> Group {
        let calendar = &frame.time.calendar;
        let days = |date: NaiveDate| i64::from(date.num_days_from_ce());
        let local = match unit {
            BucketStart::Date(date) => date.and_time(chrono::NaiveTime::MIN),
            BucketStart::Instant(instant) => zone::wall_clock(*instant, calendar.zone),
        };
        let day = match unit {
            BucketStart::Date(date) => *date,
            BucketStart::Instant(instant) => zone::local_date(*instant, calendar.zone),
        };
        let buckets = self.grains.iter().flatten().map(|grain| match unit {
            BucketStart::Date(date) => Some(days(bucket_of(*date, *grain, calendar))),
            BucketStart::Instant(instant) => Some(start_of(*instant, *grain, calendar).timestamp_micros()),
        });
        let names = self.customs.iter().map(|id| Some((frame.periods)(*id)?.name_of(day)?.1 as i64));
        let parts = self.parts.iter().map(|part| Some(told::part(*part, local).into()));
        buckets.chain(names).chain(parts).collect()
    }
}

/// The units of which a group is made: of what is read at the start of a period only the first of a group, and only
/// the last where that is wanted.
pub(super) fn shown(
    mut units: Vec<(BucketStart, Stretch)>,
    steps: &[TimeStep],
    keys: &TimeKeys,
    frame: &Frame<'_>,
) -> Vec<(BucketStart, Stretch)> {
    let mut seen: HashSet<Group> = HashSet::new();
    if is_to_grain(steps) && keys.tell_groups(frame) {
        units.retain(|(unit, _)| seen.insert(keys.group(unit, frame)));
    } else if frame.only_last {
        units.reverse();
        units.retain(|(unit, _)| seen.insert(keys.group(unit, frame)));
        units.reverse();
    }
    units
}
