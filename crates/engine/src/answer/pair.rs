//! Pairing: each row of the answer with its current and its previous side.
//!
//! Members pair on equal keys, null with null. Buckets of a series pair by their place in the windows,
//! or by date where the comparison moves dates; a bucket of the longer side has no partner.

use std::collections::{HashMap, HashSet};

use sextant_semantics::query::resolved::{BucketStart, ResolvedQuery, Series};

use super::absent::Absent;
use super::change::{self, Before, Figures};
use super::decode::RawRow;
use super::gather;
use super::target::{self, Held, Slot, Targets};
use super::value::Value;
use crate::execute::ExecuteError;

/// A row of the answer before its columns are picked.
#[derive(Clone, Debug)]
pub struct PairedRow {
    pub keys: Vec<Value>,
    /// The bucket it is held against, of a series.
    pub previous_bucket: Value,
    /// One an output of the query.
    pub figures: Vec<Figures>,
    pub kind: Option<Kind>,
}

/// A member that only one side has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    New,
    Lost,
}

impl Kind {
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::New => "new",
            Kind::Lost => "lost",
        }
    }
}

/// The only row of a question without groups.
pub fn only(query: &ResolvedQuery, total: &RawRow, targets: &[Targets]) -> PairedRow {
    let figures = totals(query, total, targets);
    PairedRow { keys: Vec::new(), previous_bucket: Value::Null, figures, kind: None }
}

/// The figures of the total, one an output.
pub fn totals(query: &ResolvedQuery, total: &RawRow, targets: &[Targets]) -> Vec<Figures> {
    let held = held(query, targets, &Slot { bucket: None, members: None });
    let before = if query.time.is_against_targets() { Before::Targets(&held) } else { of_one_row(query, Some(total)) };
    (0..query.outputs.len()).map(|output| change::figures(query, output, Some(total), before, true)).collect()
}

/// The rows of a grouped question, in no order.
pub fn rows(query: &ResolvedQuery, groups: &[RawRow], targets: &[Targets]) -> Result<Vec<PairedRow>, ExecuteError> {
    if query.time.is_against_targets() {
        return against_targets(query, groups, targets);
    }
    let series = query.groups.iter().position(|g| g.is_series).filter(|_| !query.time.changes.is_empty());
    match series {
        None => {
            let row =
                |row: &RawRow| paired(query, row.keys.clone(), Value::Null, Some(row), of_one_row(query, Some(row)));
            Ok(groups.iter().map(row).collect())
        }
        Some(series) => paired_series(query, groups, series),
    }
}

/// The previous side in a row that is of every window.
fn of_one_row<'a>(query: &ResolvedQuery, row: Option<&'a RawRow>) -> Before<'a> {
    let windows = query.time.changes.iter().filter_map(|c| c.sides.as_ref()).map(|sides| sides.windows.len());
    Before::Windows(row, windows.max().unwrap_or_default())
}

/// A place in the windows and the other keys.
type Place = (usize, Vec<KeyText>);

/// The rows of one place: the current one, and that of each window.
#[derive(Clone)]
struct Paired<'a> {
    place: Place,
    /// Has the place's members.
    any: &'a RawRow,
    current: Option<&'a RawRow>,
    windows: Vec<Option<&'a RawRow>>,
}

fn paired_series(query: &ResolvedQuery, groups: &[RawRow], series: usize) -> Result<Vec<PairedRow>, ExecuteError> {
    let Some(buckets) = &query.time.series else {
        return Ok(Vec::new());
    };
    let mut pairs = pairs(query, groups, series);
    // A bucket that is there without rows is not one that is not there.
    let mut absent = Absent::of(query, groups);
    let sides: Vec<Vec<Option<usize>>> =
        pairs.iter().map(|pair| absent_sides(pair, buckets, series, &mut absent)).collect();
    let absent = absent.rows()?;
    for (pair, sides) in pairs.iter_mut().zip(&sides) {
        let rows = std::iter::once(&mut pair.current).chain(&mut pair.windows);
        for (row, side) in rows.zip(sides) {
            *row = row.or(side.map(|side| &absent[side]));
        }
    }
    let windows: Vec<Vec<Option<&RawRow>>> = pairs.iter().map(|pair| pair.windows.clone()).collect();
    let gathered = gather::gathered(query, &windows)?;
    let rows = pairs.iter().zip(&gathered).map(|(pair, row)| {
        let mut keys = pair.any.keys.clone();
        keys[series] = buckets.current.get(pair.place.0).map_or(Value::Null, value_of);
        let against = match buckets.previous.as_slice() {
            [only] => only.iter().find(|partner| partner.position == pair.place.0),
            _ => None,
        };
        let against = against.map_or(Value::Null, |partner| value_of(&partner.start));
        let count = pair.windows.iter().flatten().count();
        let before = Before::Windows((count > 0).then_some(row), count);
        paired(query, keys, against, pair.current, before)
    });
    Ok(rows.collect())
}

/// Of the current side and each window's, what stands there where no row does; none beyond the window's buckets.
fn absent_sides(pair: &Paired<'_>, buckets: &Series, series: usize, absent: &mut Absent<'_>) -> Vec<Option<usize>> {
    let place = pair.place.0;
    let mut at = |row: Option<&RawRow>, bucket: Option<&BucketStart>| {
        let bucket = bucket.filter(|_| row.is_none())?;
        let mut keys = pair.any.keys.clone();
        keys[series] = value_of(bucket);
        Some(absent.side(&keys))
    };
    let mut sides = vec![at(pair.current, buckets.current.get(place))];
    for (row, window) in pair.windows.iter().zip(&buckets.previous) {
        let partner = window.iter().find(|partner| partner.position == place);
        sides.push(at(*row, partner.map(|partner| &partner.start)));
    }
    sides
}

/// What stands in each place, in the order first seen.
fn pairs<'a>(query: &ResolvedQuery, groups: &'a [RawRow], series: usize) -> Vec<Paired<'a>> {
    let Some(buckets) = &query.time.series else {
        return Vec::new();
    };
    let current: HashMap<BucketStart, usize> = buckets.current.iter().enumerate().map(|(i, b)| (*b, i)).collect();
    let windows: Vec<HashMap<BucketStart, usize>> =
        buckets.previous.iter().map(|of| of.iter().map(|p| (p.start, p.position)).collect()).collect();
    let mut known: HashMap<Place, usize> = HashMap::new();
    let mut pairs: Vec<Paired<'a>> = Vec::new();
    // Members are listed in the buckets of all windows, whether or not anything was read there.
    let listed = query.members.is_some();
    for row in groups {
        let Some(bucket) = bucket(&row.keys[series]) else {
            continue;
        };
        let others = row.keys.iter().enumerate().filter(|(i, _)| *i != series);
        let members: Vec<KeyText> = others.map(|(_, value)| KeyText::of(value)).collect();
        let mut at = |position: usize| {
            let place = (position, members.clone());
            *known.entry(place.clone()).or_insert_with(|| {
                pairs.push(Paired { place, any: row, current: None, windows: vec![None; windows.len()] });
                pairs.len() - 1
            })
        };
        let now = current.get(&bucket).filter(|_| listed || has_current(row)).map(|position| at(*position));
        let before = windows.iter().enumerate().filter(|(window, _)| listed || has_window(query, row, *window));
        let before: Vec<(usize, usize)> =
            before.filter_map(|(window, of)| Some((window, at(*of.get(&bucket)?)))).collect();
        if let Some(pair) = now {
            pairs[pair].current = Some(row);
        }
        for (window, pair) in before {
            pairs[pair].windows[window] = Some(row);
        }
    }
    pairs
}

/// Every group that something was measured of or is planned for.
fn against_targets(
    query: &ResolvedQuery,
    groups: &[RawRow],
    targets: &[Targets],
) -> Result<Vec<PairedRow>, ExecuteError> {
    let series = query.groups.iter().position(|g| g.is_series);
    let slot = |row: &RawRow| Slot {
        bucket: series.and_then(|series| match &row.keys[series] {
            Value::Date(date) => Some(*date),
            _ => None,
        }),
        members: Some(
            row.keys.iter().enumerate().filter(|(i, _)| Some(*i) != series).map(|(_, v)| v.clone()).collect(),
        ),
    };
    let key = |slot: &Slot| (slot.bucket, slot.members.iter().flatten().map(KeyText::of).collect::<Vec<_>>());
    let measured: Vec<(Slot, &RawRow)> = groups.iter().map(|row| (slot(row), row)).collect();
    let known: HashSet<_> = measured.iter().map(|(slot, _)| key(slot)).collect();
    let keys = |slot: &Slot| -> Vec<Value> {
        let mut members = slot.members.iter().flatten().cloned();
        let value = |group: usize| match Some(group) == series {
            true => slot.bucket.map_or(Value::Null, Value::Date),
            false => members.next().unwrap_or(Value::Null),
        };
        (0..query.groups.len()).map(value).collect()
    };
    let mut absent = Absent::of(query, groups);
    let planned = target::slots(query, targets).into_iter().filter(|slot| !known.contains(&key(slot)));
    let planned: Vec<(Slot, usize)> = planned.map(|slot| (slot.clone(), absent.side(&keys(&slot)))).collect();
    let absent = absent.rows()?;
    let all = planned.into_iter().map(|(slot, side)| (slot, &absent[side]));
    let rows = measured.into_iter().chain(all).map(|(slot, row)| {
        let held = held(query, targets, &slot);
        PairedRow { kind: None, ..paired(query, keys(&slot), Value::Null, Some(row), Before::Targets(&held)) }
    });
    Ok(rows.collect())
}

/// What each output is held against in a row; none for outputs without a target.
fn held(query: &ResolvedQuery, targets: &[Targets], slot: &Slot) -> Vec<Option<Held>> {
    let of = |output: usize| targets.iter().find(|targets| targets.output == output);
    (0..query.outputs.len()).map(|output| of(output).map(|targets| target::held(query, targets, slot))).collect()
}

fn paired(
    query: &ResolvedQuery,
    keys: Vec<Value>,
    previous_bucket: Value,
    current: Option<&RawRow>,
    before: Before<'_>,
) -> PairedRow {
    let figures = (0..query.outputs.len()).map(|o| change::figures(query, o, current, before, false)).collect();
    let now = current.is_some_and(has_current);
    let then = match before {
        Before::Windows(row, _) => row.is_some_and(|row| has_previous(query, row)),
        Before::Targets(_) => true,
    };
    let kind = match (query.time.changes.is_empty(), now, then) {
        (false, true, false) => Some(Kind::New),
        (false, false, true) => Some(Kind::Lost),
        _ => None,
    };
    PairedRow { keys, previous_bucket, figures, kind }
}

/// Whether any measure read a row of the range.
fn has_current(row: &RawRow) -> bool {
    row.rows[0] > 0
}

/// Whether any measure read a row of a comparison window.
fn has_previous(query: &ResolvedQuery, row: &RawRow) -> bool {
    let mut sides = query.time.changes.iter().filter_map(|c| c.sides.as_ref());
    sides.any(|s| row.rows[s.together] > 0)
}

/// Whether any measure read a row of one of the comparison's windows.
fn has_window(query: &ResolvedQuery, row: &RawRow, window: usize) -> bool {
    let mut sides = query.time.changes.iter().filter_map(|c| c.sides.as_ref());
    sides.any(|s| s.windows.get(window).is_some_and(|period| row.rows[*period] > 0))
}

fn bucket(value: &Value) -> Option<BucketStart> {
    match value {
        Value::Date(date) => Some(BucketStart::Date(*date)),
        Value::Instant(instant) => Some(BucketStart::Instant(*instant)),
        _ => None,
    }
}

fn value_of(bucket: &BucketStart) -> Value {
    match bucket {
        BucketStart::Date(date) => Value::Date(*date),
        BucketStart::Instant(instant) => Value::Instant(*instant),
    }
}

/// A key as something that can be hashed; equal for equal values, null for null.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum KeyText {
    Null,
    Bits(u64),
    Text(String),
}

impl KeyText {
    pub(super) fn of(value: &Value) -> KeyText {
        match value {
            Value::Null => KeyText::Null,
            Value::Float(value) => KeyText::Bits(value.to_bits()),
            Value::Text(text) => KeyText::Text(text.clone()),
            other
            @ (Value::Boolean(_) | Value::Exact { .. } | Value::Date(_) | Value::Local(_) | Value::Instant(_)) => {
                KeyText::Text(format!("{other:?}"))
            }
        }
    }
}
