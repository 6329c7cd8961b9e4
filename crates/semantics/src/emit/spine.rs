//! Units of a time spine beside the rows that each reads: what cumulative and offset metrics are aggregated over.

use super::dialect::{Dialect, refused};
use super::piece::Sql;
use super::rows::Scope;
use super::select::Select;
use crate::data_type::{Clock, DataType};
use crate::diagnostic::Diagnostic;
use crate::plan::TimeColumn;
use crate::query::resolved::BucketStart;
use crate::query::spine::{Stretch, TimeSpine};

/// What the spine is called beside rows.
pub(super) const ALIAS: &str = "units";
/// Its columns: the unit, whether it is read for the total, the period, and the stretch that is read, its end excluded.
pub(super) const UNIT: &str = "unit";
pub(super) const IS_TOTAL: &str = "is_total";
pub(super) const PERIOD: &str = "period";
const FROM: &str = "reads_from";
const UNTIL: &str = "reads_until";

/// Units that are written out; more would not be read.
const MOST_UNITS: usize = 4_000;

/// The units, a SELECT each.
pub(super) fn units(dialect: Dialect, spine: &TimeSpine) -> Result<Vec<Select>, Diagnostic> {
    if spine.slots.len() > MOST_UNITS {
        return Err(refused(format!("more than {MOST_UNITS} units of a window"), dialect));
    }
    let data_type = match spine.unit.is_sub_day() {
        true => DataType::Timestamp(Clock::Instant),
        false => DataType::Date,
    };
    let boolean = |truth: bool| Sql::atom(if truth { "TRUE" } else { "FALSE" });
    let mut found: Vec<Select> = Vec::with_capacity(spine.slots.len());
    for slot in &spine.slots {
        let (from, until) = match slot.reads {
            Stretch::Dates { first, end } => (first.map(|first| dialect.date(first)), dialect.date(end)),
            Stretch::Instants { start, end } => (start.map(|start| dialect.instant(start)), dialect.instant(end)),
        };
        let unit = slot.unit.map(|unit| bucket(dialect, unit));
        let mut select = Select::default();
        select.column(unit.unwrap_or_else(|| dialect.null(data_type)), UNIT);
        select.column(boolean(slot.is_total), IS_TOTAL);
        select.column(Sql::atom(slot.period.to_string()), PERIOD);
        select.column(from.unwrap_or_else(|| dialect.null(data_type)), FROM);
        select.column(until, UNTIL);
        found.push(select);
    }
    if found.is_empty() {
        return Err(refused("a window without units", dialect));
    }
    Ok(found)
}

/// A bucket's key as a constant.
pub(super) fn bucket(dialect: Dialect, bucket: BucketStart) -> Sql {
    match bucket {
        BucketStart::Date(date) => dialect.date(date),
        BucketStart::Instant(instant) => dialect.instant(instant),
    }
}

/// Whether a row lies in the stretch of a unit.
pub(super) fn inside(scope: &Scope<'_>, axis: &TimeColumn, spine: &TimeSpine) -> Result<Sql, Diagnostic> {
    let time = scope.time(axis)?;
    let at = if spine.unit.is_sub_day() { time.instant()? } else { time.local_date()? };
    let (from, until) = (column(scope.dialect, FROM), column(scope.dialect, UNTIL));
    let since = Sql::compare(">=", &at.sql, &from);
    let since = match spine.slots.iter().any(|slot| starts(&slot.reads)) {
        true => since,
        false => return Ok(Sql::compare("<", &at.sql, &until)),
    };
    let since =
        if spine.slots.iter().all(|slot| starts(&slot.reads)) { since } else { from.followed_by("IS NULL").or(&since) };
    Ok(since.and(&Sql::compare("<", &at.sql, &until)))
}

fn starts(of: &Stretch) -> bool {
    match of {
        Stretch::Dates { first, .. } => first.is_some(),
        Stretch::Instants { start, .. } => start.is_some(),
    }
}

/// A column of the spine beside rows.
pub(super) fn column(dialect: Dialect, name: &str) -> Sql {
    Sql::atom(format!("{}.{}", dialect.identifier(ALIAS), dialect.identifier(name)))
}

/// Whether a row stands beside a unit of a period.
pub(super) fn in_period(dialect: Dialect, period: usize) -> Sql {
    Sql::compare("=", &column(dialect, PERIOD), &Sql::atom(period.to_string()))
}
