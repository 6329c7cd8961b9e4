//! Wall clocks: instants to local digits and back, by the tables of [`sextant_semantics::time::zone`].

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use chrono::{DateTime, Duration, NaiveDate, Utc};
use chrono_tz::Tz;
use sextant_semantics::time::granularity::Granularity;
use sextant_semantics::time::zone::{LocalSegment, Segment, Shift, local_segments, offsets, segments};

use super::table::{Moment, Row, Value, look_up, seconds_of};
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
    let table = shifts(zone, span, rule);
    let rows: Vec<Row> = table
        .iter()
        .map(|segment| {
            let value = match segment.shift {
                Shift::Offset(seconds) => Value::Shifted(seconds.into()),
                Shift::Fixed(at) => Value::Fixed(at.into()),
            };
            Row { from: segment.from.into(), value }
        })
        .collect();
    look_up(instant, &rows)
}

/// The instant of local digits: the earlier of two; digits in a gap move forward by the gap.
pub(super) fn instant_of_local(local: Typed, zone: Tz, span: &Span) -> Result<Typed, LowerError> {
    let table = local_offsets(zone, span);
    let row =
        |segment: &LocalSegment| Row { from: segment.from.into(), value: Value::Shifted(-i64::from(segment.offset)) };
    look_up(local, &table.iter().map(row).collect::<Vec<_>>())
}

/// Local digits of the question's own zone, those in a gap moved forward by the gap: for days,
/// only where that changes the date.
pub(super) fn without_gaps(local: Typed, zone: Tz, span: &Span, rule: Rule) -> Result<Typed, LowerError> {
    let span = match span {
        Span::Any => Span::Any,
        Span::Between(from, to) => Span::Between(*from - Duration::days(2), *to + Duration::days(2)),
    };
    let changes = shifts(zone, &span, Rule::Clock);
    let still = Value::Shifted(0);
    let mut rows = vec![Row { from: span.bounds().0.naive_utc().into(), value: still }];
    for pair in changes.windows(2) {
        let (Shift::Offset(before), Shift::Offset(after)) = (pair[0].shift, pair[1].shift) else { continue };
        let shown = |offset: i32| pair[1].from.naive_utc() + Duration::seconds(offset.into());
        if after <= before || rule == Rule::Day && shown(before).date() == shown(after).date() {
            continue;
        }
        let gap = Value::Shifted(i64::from(after) - i64::from(before));
        rows.push(Row { from: shown(before).into(), value: gap });
        rows.push(Row { from: shown(after).into(), value: still });
    }
    look_up(local, &rows)
}

/// Start of the local hour, minute or second of an instant, as an instant. Where the clock
/// changes inside one, the part after the change starts at the change.
pub(super) fn truncated(instant: Typed, granularity: Granularity, zone: Tz, span: &Span) -> Result<Typed, LowerError> {
    let length = seconds_of(granularity);
    let table = shifts(zone, span, Rule::Clock);
    let offset = |segment: &Segment| match segment.shift {
        Shift::Offset(seconds) => i64::from(seconds),
        Shift::Fixed(_) => 0,
    };
    let is_aligned = |seconds: i64| seconds % length == 0;
    let plain = table.iter().enumerate().all(|(position, segment)| {
        is_aligned(offset(segment)) && (position == 0 || is_aligned(segment.from.timestamp()))
    });
    let rows: Vec<Row> = table
        .iter()
        .enumerate()
        .map(|(position, segment)| {
            let from: Moment = segment.from.into();
            let offset = offset(segment);
            let cut = position > 0 && !is_aligned(from.seconds() + offset);
            Row { from, value: Value::Floored { granularity, offset, cut } }
        })
        .collect();
    if plain {
        let from = span.bounds().0.into();
        return look_up(instant, &[Row { from, value: Value::Floored { granularity, offset: 0, cut: false } }]);
    }
    look_up(instant, &rows)
}

/// The zone's table over a span.
fn shifts(zone: Tz, span: &Span, rule: Rule) -> Arc<Vec<Segment>> {
    static OF_ALL_TIME: Tables<(Tz, Rule), Segment> = OnceLock::new();
    let make = |from, to| table(zone, from, to, rule);
    over(span, &OF_ALL_TIME, (zone, rule), make)
}

/// The offsets of local digits that instants of the span can show, in any zone.
fn local_offsets(zone: Tz, span: &Span) -> Arc<Vec<LocalSegment>> {
    static OF_ALL_TIME: Tables<Tz, LocalSegment> = OnceLock::new();
    let reach = Duration::days(2);
    let make =
        |from: DateTime<Utc>, to: DateTime<Utc>| local_segments(zone, from.naive_utc() - reach, to.naive_utc() + reach);
    over(span, &OF_ALL_TIME, zone, make)
}

type Tables<Of, Row> = OnceLock<Mutex<HashMap<Of, Arc<Vec<Row>>>>>;

/// A table over a span. Long ones hold what shorter ones do, so that of all time serves for them;
/// it is made once a process.
fn over<Of: Copy + Eq + Hash, Row>(
    span: &Span,
    of_all_time: &Tables<Of, Row>,
    of: Of,
    make: impl Fn(DateTime<Utc>, DateTime<Utc>) -> Vec<Row>,
) -> Arc<Vec<Row>> {
    let (from, to) = span.bounds();
    let (first, last) = Span::Any.bounds();
    let is_short = to - from < Duration::days(366 * 20);
    if is_short || from < first || to > last {
        return Arc::new(make(from, to));
    }
    let tables = of_all_time.get_or_init(Mutex::default);
    let mut tables = tables.lock().unwrap_or_else(PoisonError::into_inner);
    Arc::clone(tables.entry(of).or_insert_with(|| Arc::new(make(first, last))))
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
