//! Facts and their time spines: which facts are read through windows, and which list units without rows.

use super::super::resolved::{Attached, BucketStart, Fact, Padding, QueryTime, Windows};
use super::super::row::{ColumnRef, Grouping, KeySource, On, RowExpr, RowRef, Table, TimeColumn};
use super::super::spine::{TimeSpine, TimeStep, unit_column};
use super::attach::{found_by_time, is_of_tables};
use super::conditions::is_of_units;
use super::leaf::Treatment;
use super::on_time::{Units, conjuncts};
use super::windows::{self, Frame, Reach, TimeKeys};
use super::{Context, Moment};
use chrono::DateTime;

use crate::catalog::bind::BoundCatalog;
use crate::catalog::id::CustomGranularityId;
use crate::catalog::{Accumulation, Offset};
use crate::diagnostic::Diagnostic;
use crate::expr::{Expr, Kind};
use crate::model::Naming;
use crate::model::metric::PeriodAggregation;
use crate::time::granularity::Granularity;
use crate::time::stored::StoredAs;
use crate::time::zone;

/// What the spines of a question are made of.
pub(super) struct Spines<'a> {
    pub bound: &'a BoundCatalog,
    pub context: &'a Context,
    pub time: &'a QueryTime,
    pub grouping: Grouping,
}

impl Spines<'_> {
    /// The windows that a fact is read through and the units that it lists, as its treatment asks.
    ///
    /// Conditions on units alone are taken from the fact: the spine has the units that pass.
    pub(super) fn of(
        &self,
        fact: &mut Fact,
        treatment: &Treatment,
        mut on_units: Vec<RowExpr>,
    ) -> Result<(Option<Windows>, Option<Padding>), Diagnostic> {
        let (windows, told) = match treatment.steps.is_empty() {
            true => (None, Vec::new()),
            false => {
                let told = match self.is_foreign() {
                    // Another tool's model has its own rules.
                    true => Vec::new(),
                    false => self.units(fact, &is_unit).take(fact, &mut on_units),
                };
                (Some(self.windows(fact, treatment, &told, on_units)?), told)
            }
        };
        let padding = if treatment.is_padded { self.padding(fact, windows.as_ref(), &told)? } else { None };
        Ok((windows, padding))
    }

    fn is_foreign(&self) -> bool {
        self.bound.catalog.naming == Naming::EntityPaths
    }

    fn units(&self, fact: &Fact, is_axis: &dyn Fn(&TimeColumn) -> bool) -> Units<'_> {
        Units::of(self.bound, self.context, &self.time.calendar, &fact.tables, is_axis)
    }

    fn windows(
        &self,
        fact: &Fact,
        treatment: &Treatment,
        told: &[RowExpr],
        conditions: Vec<RowExpr>,
    ) -> Result<Windows, Diagnostic> {
        let steps = &treatment.steps;
        let keys = self.keys(fact, &is_unit);
        let all_time = |step: &TimeStep| matches!(step, TimeStep::Accumulate { over: Accumulation::AllTime, .. });
        let no_time = self.time.range.is_none() && keys.grains.is_empty();
        if no_time && !steps.iter().all(all_time) {
            let names = &fact.measures.first().map_or_else(String::new, |measure| measure.name.clone());
            return Err(windows::time_required(names));
        }
        let periods = |id: CustomGranularityId| self.context.periods.get(id.index())?.as_ref();
        let units = self.units(fact, &is_unit);
        let passes = |start: &BucketStart| units.pass(told, start);
        // What stands beside every group is one value: the total.
        let is_total_alone = fact.level.as_ref().is_some_and(Vec::is_empty) && self.grouping != Grouping::Sets;
        let frame = Frame {
            time: self.time,
            reach: self.reach(fact, steps, keys.base()),
            groups: self.grouping != Grouping::Total && !is_total_alone,
            total: self.grouping != Grouping::Groups || is_total_alone,
            only_last: false,
            periods: &periods,
            passes: if told.is_empty() { None } else { Some(&passes) },
            apart: !self.is_foreign() && windows::is_moved(steps) && speak_of_units(fact, &conditions),
        };
        // The last day of a period is the calendar's, or the last that passes, whether rows are read for it or not.
        let only_last =
            treatment.pick() == Some(PeriodAggregation::Last) && !keys.day_by_day && keys.tell_groups(&frame);
        let frame = Frame { only_last, ..frame };
        let spine = TimeSpine { passed: told.to_vec(), ..windows::spine(steps, &keys, &frame)? };
        let is_one_unit = only_last || keys.grains.contains(&Some(spine.unit)) || keys.grains.is_empty();
        let reads = windows::hull(&spine, self.time);
        let pick = treatment.pick().filter(|_| !is_one_unit);
        Ok(Windows { steps: steps.clone(), spine, pick, reads, conditions })
    }

    fn padding(&self, fact: &Fact, windows: Option<&Windows>, told: &[RowExpr]) -> Result<Option<Padding>, Diagnostic> {
        let is_axis = |time: &TimeColumn| match windows {
            Some(_) => is_unit(time),
            None => *time == fact.axis_column,
        };
        let keys = self.keys(fact, &is_axis);
        if keys.grains.is_empty() || self.grouping == Grouping::Total {
            return Ok(None);
        }
        let unit = unit_column(keys.base().is_sub_day());
        let found = found_by_time(&fact.tables, &is_axis);
        let units = self.units(fact, &is_axis);
        let filters = fact.measures.first().map_or(&[] as &[RowExpr], |measure| &measure.filter);
        let on_units = windows.map_or(&[] as &[RowExpr], |windows| &windows.conditions);
        let (mut of_spine, mut conditions) = (Vec::new(), Vec::new());
        for condition in fact.conditions.iter().chain(on_units).chain(filters).chain(told) {
            let parts = if self.is_foreign() { vec![condition] } else { conjuncts(condition) };
            for part in parts {
                match over_units(part, &is_axis, &unit, &found) {
                    Some(part) if !self.is_foreign() && units.can_tell(&part, &some_unit(keys.base())) => {
                        of_spine.push(part);
                    }
                    Some(part) => conditions.push(part),
                    // A condition on another group is not true of a unit that has none.
                    None if of_a_key(part, fact) => return Ok(None),
                    None => {}
                }
            }
        }
        let passes = |start: &BucketStart| units.pass(&of_spine, start);
        let frame = Frame {
            time: self.time,
            reach: self.reach(fact, &[], keys.base()),
            groups: true,
            total: false,
            periods: &|_| None,
            passes: if of_spine.is_empty() { None } else { Some(&passes) },
            apart: false,
            only_last: false,
        };
        let spine = windows::spine(&[], &keys, &frame)?;
        let spine = TimeSpine { passed: of_spine, ..spine };
        let of_units = fact.keys.iter().map(|key| match key {
            KeySource::Bucket { time, granularity } if is_axis(time) => {
                Some(KeySource::Bucket { time: unit.clone(), granularity: *granularity })
            }
            KeySource::DatePart { time, part } if is_axis(time) => {
                Some(KeySource::DatePart { time: unit.clone(), part: *part })
            }
            KeySource::Value(expr) if is_of_tables(expr, &found) => Some(key.clone()),
            KeySource::Bucket { .. } | KeySource::DatePart { .. } | KeySource::Value(_) | KeySource::Absent => None,
        });
        let of_units: Vec<Option<KeySource>> = of_units.collect();
        let tables = fact.tables.iter().filter(|attached| found.contains(&attached.table));
        let tables = tables.map(|attached| by_unit(attached, &unit, &of_units, &conditions)).collect();
        Ok(Some(Padding { spine, tables, conditions, keys: of_units }))
    }

    fn keys(&self, fact: &Fact, is_axis: &dyn Fn(&TimeColumn) -> bool) -> TimeKeys {
        let found = found_by_time(&fact.tables, is_axis);
        let is_kept = |key: &usize| fact.level.as_ref().is_none_or(|kept| kept.contains(key));
        let kept: Vec<&KeySource> = (0..fact.keys.len()).filter(is_kept).map(|key| &fact.keys[key]).collect();
        let grains = kept.iter().filter_map(|key| match key {
            KeySource::Bucket { time, granularity } if is_axis(time) => Some(Some(*granularity)),
            KeySource::DatePart { time, .. } if is_axis(time) => Some(None),
            KeySource::Value(expr) if is_of_tables(expr, &found) => Some(None),
            KeySource::Bucket { .. } | KeySource::DatePart { .. } | KeySource::Value(_) | KeySource::Absent => None,
        });
        let parts = kept.iter().filter_map(|key| match key {
            KeySource::DatePart { time, part } if is_axis(time) => Some(*part),
            KeySource::DatePart { .. } | KeySource::Bucket { .. } | KeySource::Value(_) | KeySource::Absent => None,
        });
        let axis = self.bound.catalog.dimension(fact.axis.dimension).granularity.unwrap_or(Granularity::Day);
        let is_date = fact.axis_column.stored == StoredAs::Date;
        let day_by_day = self.is_foreign();
        let customs = kept.iter().filter(|_| !day_by_day).filter_map(|key| self.custom(fact, &found, key));
        TimeKeys {
            grains: grains.collect(),
            customs: customs.collect(),
            parts: parts.filter(|_| !day_by_day).collect(),
            axis: if is_date { axis.max(Granularity::Day) } else { axis },
            day_by_day,
        }
    }

    /// The custom granularity whose periods a key is of, found by the axis.
    fn custom(&self, fact: &Fact, found: &[Table], key: &KeySource) -> Option<CustomGranularityId> {
        let KeySource::Value(expr) = key else { return None };
        let Kind::Ref(RowRef::Column(column)) = expr.kind.as_ref() else { return None };
        let attached = fact.tables.iter().find(|of| of.table == column.table && found.contains(&of.table))?;
        let mut customs = self.bound.catalog.custom_granularities().iter();
        let spine_of = |spine: usize| self.bound.catalog.time_spines()[spine].dataset;
        let custom = customs.find(|of| of.column == column.column && spine_of(of.spine) == attached.hop.to());
        custom.map(|of| of.id)
    }

    /// From the first to the last date that a question of all data speaks of: what the model's spine for the unit has, or
    /// the facts and as far after them as an offset moves them. A spine of another tool's model says all that there is;
    /// otherwise nothing is listed past the clock.
    fn reach(&self, fact: &Fact, steps: &[TimeStep], unit: Granularity) -> Option<Reach> {
        let zone = self.time.calendar.zone;
        let date = |moment: Moment| match moment {
            Moment::Date(date) => date,
            Moment::Instant(instant) => zone::local_date(instant, zone),
        };
        let as_of = zone::local_date(self.time.as_of, zone);
        let of_unit = if unit.is_sub_day() { unit } else { Granularity::Day };
        let mut spines = self.bound.catalog.time_spines().iter().filter(|spine| spine.granularity == of_unit);
        let spine = spines.find_map(|spine| self.context.extents[spine.dataset.index()]);
        let (first, last) = match spine {
            Some(extent) => (date(extent.first), date(extent.last)),
            None => {
                let extent = self.context.extents[fact.dataset.index()]?;
                let moved = steps.iter().fold(date(extent.last), |last, step| match step {
                    TimeStep::Offset(Offset::Window(length)) => windows::later(last, *length),
                    TimeStep::Offset(_) | TimeStep::Accumulate { .. } => last,
                });
                (date(extent.first), moved)
            }
        };
        let last = if spine.is_some() && self.is_foreign() { last } else { last.min(as_of) };
        (first <= last).then_some(Reach { first, last })
    }
}

fn is_unit(time: &TimeColumn) -> bool {
    *time == unit_column(true) || *time == unit_column(false)
}

/// Whether conditions, or filters of measures, hold rows against the units that they are read for.
fn speak_of_units(fact: &Fact, conditions: &[RowExpr]) -> bool {
    let filters = fact.measures.iter().flat_map(|measure| &measure.filter);
    conditions.iter().chain(filters).any(|condition| is_of_units(condition, &fact.tables))
}

/// A unit of a length, to see what can be told of it.
fn some_unit(length: Granularity) -> BucketStart {
    let instant = DateTime::UNIX_EPOCH;
    if length.is_sub_day() { BucketStart::Instant(instant) } else { BucketStart::Date(instant.date_naive()) }
}

/// A table that is found by the axis as one that is found by the unit, with the columns that are read of it.
fn by_unit(
    attached: &Attached,
    unit: &TimeColumn,
    keys: &[Option<KeySource>],
    conditions: &[RowExpr],
) -> (Attached, Vec<String>) {
    let on = attached.on.iter().map(|on| match on {
        On::SameBucket { far, granularity, .. } => {
            On::SameBucket { near: unit.clone(), far: far.clone(), granularity: *granularity }
        }
        On::Equal { .. } | On::Is { .. } | On::ValidAt { .. } => on.clone(),
    });
    let on: Vec<On> = on.collect();
    let mut columns: Vec<String> = Vec::new();
    let mut add = |column: &ColumnRef| {
        if column.table == attached.table && !columns.contains(&column.column) {
            columns.push(column.column.clone());
        }
    };
    on.iter().flat_map(On::columns).for_each(&mut add);
    let values = keys.iter().flatten().filter_map(|key| match key {
        KeySource::Value(expr) => Some(expr),
        KeySource::Bucket { .. } | KeySource::DatePart { .. } | KeySource::Absent => None,
    });
    for reference in values.chain(conditions).flat_map(|expr| expr.refs()) {
        if let RowRef::Column(column) = reference.value {
            add(column);
        }
    }
    columns.sort();
    (Attached { hop: attached.hop.clone(), on, table: attached.table }, columns)
}

/// A condition over the axis, and over what is found by it, as one over units.
fn over_units(
    condition: &RowExpr,
    is_axis: &dyn Fn(&TimeColumn) -> bool,
    unit: &TimeColumn,
    found: &[Table],
) -> Option<RowExpr> {
    let moved = condition.try_substitute(&mut |reference: &RowRef, span| {
        let moved = match reference {
            RowRef::LocalTime(time) if is_axis(time) => RowRef::LocalTime(Box::new(unit.clone())),
            RowRef::Bucket { time, granularity } if is_axis(time) => {
                RowRef::Bucket { time: Box::new(unit.clone()), granularity: *granularity }
            }
            RowRef::Column(column) if found.contains(&column.table) => reference.clone(),
            RowRef::Column(_)
            | RowRef::LocalTime(_)
            | RowRef::Bucket { .. }
            | RowRef::Metric { .. }
            | RowRef::Event { .. } => return Err(()),
        };
        Ok(Expr::new(Kind::Ref(moved), span))
    });
    moved.ok()
}

/// Whether a condition speaks of something that is grouped by, or of a metric by keys that are.
fn of_a_key(condition: &RowExpr, fact: &Fact) -> bool {
    let values = fact.keys.iter().filter_map(|key| match key {
        KeySource::Value(expr) => Some(expr),
        KeySource::Bucket { .. } | KeySource::DatePart { .. } | KeySource::Absent => None,
    });
    let grouped: Vec<&RowRef> = values.flat_map(|expr| expr.refs()).map(|reference| reference.value).collect();
    condition.refs().iter().any(|reference| match reference.value {
        RowRef::Metric { position, .. } => {
            let by = fact.attached_metrics[*position].keys.iter().flat_map(|key| key.refs());
            by.into_iter().any(|key| grouped.contains(&key.value))
        }
        other @ (RowRef::Column(_) | RowRef::LocalTime(_) | RowRef::Bucket { .. } | RowRef::Event { .. }) => {
            grouped.contains(&other)
        }
    })
}
