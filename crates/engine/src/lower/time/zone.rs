//! Wall clocks: instants to local digits and back, by the tables of [`sextant_semantics::time::zone`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use chrono::{DateTime, Duration, NaiveDate, NaiveDateTime, Utc};
use chrono_tz::Tz;
use datafusion::arrow::datatypes::DataType;
use datafusion::functions::core::expr_fn::greatest;
use datafusion::functions::datetime::expr_fn::{date_trunc, to_local_time};
use datafusion::logical_expr::{Expr, and, is_null, lit, when};
use datafusion::scalar::ScalarValue;
use sextant_semantics::time::granularity::Granularity;
use sextant_semantics::time::zone::{Segment, Shift, local_segments, offsets, segments};

use super::table::{Row, duration, look_up, moment, unit_of};
use crate::lower::LowerError;
use crate::lower::typed::Typed;

/// The instants that rows in question lie in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    Between(DateTime<Utc>, DateTime<Utc>),
    /// Any; zones are followed from 1900 to 2100.
    Any,
}

/// What local digits are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Rule {
    /// What the clock shows.
    Clock,
    /// Digits whose date is the day that the instant belongs to.
    Day,
}

/// Rows of a table beyond which the engine's own conversion, row by row, is the shorter plan.
const LONG: usize = 64;

impl Span {
    pub(super) fn bounds(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        let january = |year| NaiveDate::from_ymd_opt(year, 1, 1).expect("a date of the calendar").and_hms_opt(0, 0, 0);
        match self {
            Span::Between(from, to) => (*from, *to),
            Span::Any => {
                let at = |year| january(year).expect("a time of the day").and_utc();
                (at(1900), at(2100))
            }
        }
    }
}

/// The local digits of an instant.
pub(super) fn local(instant: Typed, zone: Tz, span: &Span, rule: Rule) -> Result<Typed, LowerError> {
    let unit = unit_of(&instant)?;
    let table = shifts(zone, span, rule);
    if table.len() > LONG {
        return by_engine(instant, zone, &table);
    }
    let mut rows: Vec<Row> = Vec::with_capacity(table.len());
    let mut has_fixed = false;
    for segment in table.iter() {
        let Some(from) = moment(segment.from.into(), &instant.data_type)? else { continue };
        rows.push((
            from,
            match segment.shift {
                Shift::Offset(0) => instant.expr.clone(),
                Shift::Offset(seconds) => instant.expr.clone() + lit(duration(seconds.into(), unit)),
                Shift::Fixed(at) => {
                    has_fixed = true;
                    let digits = moment(at.into(), &instant.data_type)?.ok_or(LowerError::Unbound("a date"))?;
                    lit(digits)
                }
            },
        ));
    }
    let digits = if rows.is_empty() { instant.expr.clone() } else { look_up(&instant.expr, &rows)? };
    // Null is not earlier than any row and would fall in the last one, which may be a constant.
    let null = ScalarValue::try_from(&instant.data_type)?;
    let digits = if has_fixed { when(is_null(instant.expr.clone()), lit(null)).otherwise(digits)? } else { digits };
    Ok(Typed::new(digits, instant.data_type))
}

/// The same through the engine's time zones, which know no days that a clock repeats.
fn by_engine(instant: Typed, zone: Tz, table: &[Segment]) -> Result<Typed, LowerError> {
    let unit = unit_of(&instant)?;
    let named = DataType::Timestamp(unit, Some(zone.name().into()));
    let shown = to_local_time(vec![instant.clone().cast(DataType::Int64).cast(named).expr]);
    let mut digits = shown;
    for pair in table.windows(2) {
        let (Shift::Fixed(at), from, to) = (pair[0].shift, pair[0].from, pair[1].from) else { continue };
        let bounds = (moment(from.into(), &instant.data_type)?, moment(to.into(), &instant.data_type)?);
        let (Some(from), Some(to)) = bounds else { continue };
        let Some(at) = moment(at.into(), &instant.data_type)? else { continue };
        let within = and(instant.expr.clone().gt_eq(lit(from)), instant.expr.clone().lt(lit(to)));
        digits = when(within, lit(at)).otherwise(digits)?;
    }
    Ok(Typed::new(digits, instant.data_type))
}

/// The instant of local digits: the earlier of two; digits in a gap move forward by the gap.
pub(super) fn instant_of_local(local: Typed, zone: Tz, span: &Span) -> Result<Typed, LowerError> {
    let unit = unit_of(&local)?;
    let (from, to) = reach(span);
    let mut rows: Vec<Row> = Vec::new();
    for segment in local_segments(zone, from, to) {
        let Some(from) = moment(segment.from.into(), &local.data_type)? else { continue };
        let instant = match segment.offset {
            0 => local.expr.clone(),
            seconds => local.expr.clone() - lit(duration(seconds.into(), unit)),
        };
        rows.push((from, instant));
    }
    if rows.is_empty() {
        return Ok(local);
    }
    Ok(Typed::new(look_up(&local.expr, &rows)?, local.data_type))
}

/// Local digits of the question's own zone, those in a gap moved forward by the gap: for days,
/// only where that changes the date.
pub(super) fn without_gaps(local: Typed, zone: Tz, span: &Span, rule: Rule) -> Result<Typed, LowerError> {
    let unit = unit_of(&local)?;
    let (from, to) = span.bounds();
    let changes = shifts(zone, &Span::Between(from - Duration::days(2), to + Duration::days(2)), Rule::Clock);
    let start = moment(from.naive_utc().into(), &local.data_type)?;
    let mut rows: Vec<Row> = start.into_iter().map(|start| (start, local.expr.clone())).collect();
    for pair in changes.windows(2) {
        let (Shift::Offset(before), Shift::Offset(after)) = (pair[0].shift, pair[1].shift) else { continue };
        let shown = |offset: i32| pair[1].from.naive_utc() + Duration::seconds(offset.into());
        if after <= before || rule == Rule::Day && shown(before).date() == shown(after).date() {
            continue;
        }
        let bounds = (moment(shown(before).into(), &local.data_type)?, moment(shown(after).into(), &local.data_type)?);
        let (Some(first), Some(next)) = bounds else { continue };
        let gap = duration(i64::from(after) - i64::from(before), unit);
        rows.push((first, local.expr.clone() + lit(gap)));
        rows.push((next, local.expr.clone()));
    }
    if rows.len() < 2 {
        return Ok(local);
    }
    Ok(Typed::new(look_up(&local.expr, &rows)?, local.data_type))
}

/// Start of the local hour, minute or second of an instant, as an instant. Where the clock
/// changes inside one, the part after the change starts at the change.
pub(super) fn truncated(instant: Typed, granularity: Granularity, zone: Tz, span: &Span) -> Result<Typed, LowerError> {
    let unit = unit_of(&instant)?;
    let length = match granularity {
        Granularity::Second => 1,
        Granularity::Minute => 60,
        _ => 3600,
    };
    let start = |of: Expr| date_trunc(lit(granularity.as_str()), of);
    let table = shifts(zone, span, Rule::Clock);
    let offset = |segment: &Segment| match segment.shift {
        Shift::Offset(seconds) => i64::from(seconds),
        Shift::Fixed(_) => 0,
    };
    let aligned = |segment: &Segment| segment.from.timestamp() % length == 0;
    if table.iter().all(|segment| offset(segment) % length == 0) && table.iter().skip(1).all(aligned) {
        return Ok(Typed::new(start(instant.expr), instant.data_type));
    }
    let mut rows: Vec<Row> = Vec::with_capacity(table.len());
    for (position, segment) in table.iter().enumerate() {
        let Some(from) = moment(segment.from.into(), &instant.data_type)? else { continue };
        let shift = lit(duration(offset(segment), unit));
        let value = start(instant.expr.clone() + shift.clone()) - shift;
        let cut = position > 0 && (segment.from.timestamp() + offset(segment)) % length != 0;
        let value = if cut {
            let known = greatest(vec![value, lit(from.clone())]);
            when(is_null(instant.expr.clone()), lit(ScalarValue::try_from(&instant.data_type)?)).otherwise(known)?
        } else {
            value
        };
        rows.push((from, value));
    }
    Ok(Typed::new(look_up(&instant.expr, &rows)?, instant.data_type))
}

/// Local digits that instants of the span can show, in any zone.
fn reach(span: &Span) -> (NaiveDateTime, NaiveDateTime) {
    let (from, to) = span.bounds();
    (from.naive_utc() - Duration::days(2), to.naive_utc() + Duration::days(2))
}

/// The zone's table over a span. That of all time is made once a process.
fn shifts(zone: Tz, span: &Span, rule: Rule) -> Arc<Vec<Segment>> {
    type Tables = Mutex<HashMap<(Tz, Rule), Arc<Vec<Segment>>>>;
    static OF_ALL_TIME: OnceLock<Tables> = OnceLock::new();
    let (from, to) = span.bounds();
    if to - from < Duration::days(366 * 50) {
        return Arc::new(table(zone, from, to, rule));
    }
    // A longer one holds what a shorter one does, so the longest that is asked for serves all.
    let (from, to) = Span::Any.bounds();
    let tables = OF_ALL_TIME.get_or_init(Tables::default);
    let mut tables = tables.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(tables.entry((zone, rule)).or_insert_with(|| Arc::new(table(zone, from, to, rule))))
}

fn table(zone: Tz, from: DateTime<Utc>, to: DateTime<Utc>, rule: Rule) -> Vec<Segment> {
    match rule {
        Rule::Day => segments(zone, from, to),
        Rule::Clock => offsets(zone, from, to)
            .into_iter()
            .map(|(from, offset)| Segment { from, shift: Shift::Offset(offset) })
            .collect(),
    }
}
