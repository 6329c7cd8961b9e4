//! Conditions on time where units of time are shown: those that speak of units alone are told before rows are read, the
//! rest are held where a row stands beside its unit.

use super::super::resolved::{Attached, BucketStart, Fact};
use super::super::row::{RowExpr, RowRef, Table, TimeColumn};
use super::super::spine::unit_column;
use super::super::told;
use super::attach::found_by_time;
use super::conditions::is_of_units;
use super::windows::start_of;
use super::{Context, CustomPeriods};
use crate::catalog::bind::BoundCatalog;
use crate::catalog::id::CustomGranularityId;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::expr::{BinaryOp, Kind, Literal};
use crate::time::bucket::{bucket_of, instant_bucket_of};
use crate::time::calendar::Calendar;
use crate::time::zone;

/// What a fact's units are known by.
pub(super) struct Units<'a> {
    calendar: &'a Calendar,
    context: &'a Context,
    /// The columns of calendar tables that are found by a unit.
    customs: Vec<(Table, String, CustomGranularityId)>,
}

impl<'a> Units<'a> {
    /// Those of a fact whose tables in `found` are found by its units.
    pub(super) fn of(
        bound: &'a BoundCatalog,
        context: &'a Context,
        calendar: &'a Calendar,
        tables: &[Attached],
        is_axis: &dyn Fn(&TimeColumn) -> bool,
    ) -> Units<'a> {
        let found = found_by_time(tables, is_axis);
        let mut customs = Vec::new();
        for attached in tables.iter().filter(|attached| found.contains(&attached.table)) {
            let spine_of = |spine: usize| bound.catalog.time_spines()[spine].dataset;
            let of_table = bound.catalog.custom_granularities().iter();
            let of_table = of_table.filter(|custom| spine_of(custom.spine) == attached.hop.to());
            customs.extend(of_table.map(|custom| (attached.table, custom.column.clone(), custom.id)));
        }
        Units { calendar, context, customs }
    }

    /// Takes what speaks of units alone out of the conditions on them, and out of filters that all measures have.
    pub(super) fn take(&self, fact: &mut Fact, on_units: &mut Vec<RowExpr>) -> Vec<RowExpr> {
        let (mut told, others) = self.split(on_units);
        *on_units = Vec::new();
        for other in others {
            if is_of_units(&other, &fact.tables) { on_units.push(other) } else { fact.conditions.push(other) }
        }
        let splits: Vec<_> = fact.measures.iter().map(|measure| self.split(&measure.filter)).collect();
        let Some((of_first, others)) = splits.first() else { return told };
        if splits.iter().all(|(of_measure, _)| of_measure == of_first) {
            told.extend(of_first.iter().cloned());
            let is_held = |filter: &RowExpr| is_of_units(filter, &fact.tables);
            let held: Vec<RowExpr> = others.iter().filter(|filter| is_held(filter)).cloned().collect();
            // What all measures hold against units is a condition of the fact.
            let alike = splits.iter().all(|(_, others)| held.iter().all(|filter| others.contains(filter)));
            for (measure, (_, others)) in fact.measures.iter_mut().zip(&splits) {
                measure.filter = others.iter().filter(|filter| !alike || !held.contains(filter)).cloned().collect();
            }
            on_units.extend(held.into_iter().filter(|_| alike));
        }
        told
    }

    /// ANDed conditions as those that speak of units alone, and the others.
    pub(super) fn split(&self, conditions: &[RowExpr]) -> (Vec<RowExpr>, Vec<RowExpr>) {
        let (mut alone, mut others) = (Vec::new(), Vec::new());
        for condition in conditions {
            let parts = conjuncts(condition);
            if parts.iter().any(|part| self.is_alone(part)) {
                for part in parts {
                    if self.is_alone(part) { alone.push(part.clone()) } else { others.push(part.clone()) }
                }
            } else {
                others.push(condition.clone());
            }
        }
        (alone, others)
    }

    fn is_alone(&self, condition: &RowExpr) -> bool {
        let refs = condition.refs();
        let is_unit = |reference: &RowRef| match reference {
            RowRef::LocalTime(time) | RowRef::Bucket { time, .. } => is_unit(time),
            RowRef::Column(column) => {
                self.customs.iter().any(|(table, name, _)| *table == column.table && *name == column.column)
            }
            RowRef::Event { .. } | RowRef::Metric { .. } => false,
        };
        !refs.is_empty() && refs.iter().all(|reference| is_unit(reference.value))
    }

    /// Whether a condition can be told of a unit that starts so.
    pub(super) fn can_tell(&self, condition: &RowExpr, start: &BucketStart) -> bool {
        self.is_alone(condition) && self.truth(condition, start).is_some()
    }

    /// Whether a unit that starts so passes all of the conditions.
    pub(super) fn pass(&self, conditions: &[RowExpr], start: &BucketStart) -> Result<bool, Diagnostic> {
        for condition in conditions {
            if !self.truth(condition, start).ok_or_else(cannot_tell)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn truth(&self, condition: &RowExpr, start: &BucketStart) -> Option<bool> {
        let value = told::value(condition, &|reference| self.value(reference, start))?;
        Some(told::truth(&value)? == Some(true))
    }

    fn value(&self, reference: &RowRef, start: &BucketStart) -> Option<Literal> {
        let (calendar, zone) = (self.calendar, self.calendar.zone);
        match (reference, start) {
            (RowRef::LocalTime(_), BucketStart::Date(date)) => Some(Literal::Date(*date)),
            (RowRef::LocalTime(_), BucketStart::Instant(at)) => Some(Literal::Timestamp(zone::wall_clock(*at, zone))),
            (RowRef::Bucket { granularity, .. }, BucketStart::Date(date)) => {
                Some(Literal::Date(bucket_of(*date, *granularity, calendar)))
            }
            (RowRef::Bucket { granularity, .. }, BucketStart::Instant(at)) if granularity.is_sub_day() => {
                let start = instant_bucket_of(*at, *granularity, zone);
                Some(Literal::Timestamp(zone::wall_clock(start, zone)))
            }
            (RowRef::Bucket { granularity, .. }, BucketStart::Instant(at)) => {
                Some(Literal::Date(zone::local_date(start_of(*at, *granularity, calendar), zone)))
            }
            (RowRef::Column(column), _) => {
                let day = match start {
                    BucketStart::Date(date) => *date,
                    BucketStart::Instant(at) => zone::local_date(*at, zone),
                };
                let mut customs = self.customs.iter();
                let custom = customs.find(|(table, name, _)| *table == column.table && *name == column.column)?;
                let periods: &CustomPeriods = self.context.periods.get(custom.2.index())?.as_ref()?;
                Some(periods.name_of(day).map_or(Literal::Null, |(name, _)| name.clone()))
            }
            (RowRef::Event { .. } | RowRef::Metric { .. }, _) => None,
        }
    }
}

fn is_unit(time: &TimeColumn) -> bool {
    *time == unit_column(true) || *time == unit_column(false)
}

/// The conditions that one is made of by AND.
pub(super) fn conjuncts(condition: &RowExpr) -> Vec<&RowExpr> {
    match condition.kind.as_ref() {
        Kind::Binary { op: BinaryOp::And, left, right } => [conjuncts(left), conjuncts(right)].concat(),
        _ => vec![condition],
    }
}

fn cannot_tell() -> Diagnostic {
    Diagnostic::new(
        Code::NotSupportedYet,
        "such a condition on time is not supported yet beside a running total or an earlier period",
    )
    .help("hold `metric_time` or a part of it against dates or whole numbers")
}
