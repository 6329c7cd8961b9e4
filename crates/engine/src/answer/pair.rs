//! Pairing: each row of the answer with its current and its previous side.
//!
//! Members pair on equal keys, null with null. Buckets of a series pair by their position in the
//! windows; a bucket of the longer side has no partner.

use std::collections::HashMap;

use sextant_semantics::query::resolved::{BucketStart, ResolvedQuery};

use super::change::{self, Figures};
use super::decode::RawRow;
use super::empty;
use super::value::Value;

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
pub fn only(query: &ResolvedQuery, total: &RawRow) -> PairedRow {
    paired(query, Vec::new(), Value::Null, Some(total), Some(total), true)
}

/// The rows of a grouped question, in no order.
pub fn rows(query: &ResolvedQuery, groups: &[RawRow]) -> Vec<PairedRow> {
    let series = query.groups.iter().position(|g| g.is_series);
    match (series, query.time.changes.is_empty()) {
        (_, true) => {
            groups.iter().map(|row| paired(query, row.keys.clone(), Value::Null, Some(row), None, false)).collect()
        }
        (None, false) => {
            groups.iter().map(|row| paired(query, row.keys.clone(), Value::Null, Some(row), Some(row), false)).collect()
        }
        (Some(series), false) => paired_series(query, groups, series),
    }
}

/// A position in the windows and the other keys.
type Slot = (usize, Vec<KeyText>);

fn paired_series(query: &ResolvedQuery, groups: &[RawRow], series: usize) -> Vec<PairedRow> {
    let Some(buckets) = &query.time.series else {
        return Vec::new();
    };
    let current: HashMap<BucketStart, usize> = positions(&buckets.current);
    let previous: HashMap<BucketStart, usize> = positions(&buckets.previous);
    let mut slots: HashMap<Slot, (Option<&RawRow>, Option<&RawRow>)> = HashMap::new();
    let mut order: Vec<Slot> = Vec::new();
    // Members are listed in the buckets of both windows, whether or not anything was read there.
    let listed = query.members.is_some();
    for row in groups {
        let Some(bucket) = bucket(&row.keys[series]) else {
            continue;
        };
        let members: Vec<KeyText> =
            row.keys.iter().enumerate().filter(|(i, _)| *i != series).map(|(_, v)| KeyText::of(v)).collect();
        let mut slot = |position: usize, is_current: bool| {
            let key = (position, members.clone());
            let entry = slots.entry(key.clone()).or_insert_with(|| {
                order.push(key);
                (None, None)
            });
            if is_current {
                entry.0 = Some(row);
            } else {
                entry.1 = Some(row);
            }
        };
        if let Some(position) = current.get(&bucket).filter(|_| listed || has_current(row)) {
            slot(*position, true);
        }
        if let Some(position) = previous.get(&bucket).filter(|_| listed || has_previous(query, row)) {
            slot(*position, false);
        }
    }
    let empty = empty::empty(query);
    order
        .into_iter()
        .map(|key| {
            let (now, before) = slots[&key];
            let any = now.or(before).expect("a slot is made for a row");
            let mut keys = any.keys.clone();
            keys[series] = buckets.current.get(key.0).map_or(Value::Null, value_of);
            let against = buckets.previous.get(key.0).map_or(Value::Null, value_of);
            let now = now.or_else(|| buckets.current.get(key.0).map(|_| &empty));
            let before = before.or_else(|| buckets.previous.get(key.0).map(|_| &empty));
            paired(query, keys, against, now, before, false)
        })
        .collect()
}

fn paired(
    query: &ResolvedQuery,
    keys: Vec<Value>,
    previous_bucket: Value,
    current: Option<&RawRow>,
    previous: Option<&RawRow>,
    total: bool,
) -> PairedRow {
    let figures = query.outputs.iter().map(|o| change::figures(query, o, current, previous, total)).collect();
    let now = current.is_some_and(has_current);
    let before = previous.is_some_and(|row| has_previous(query, row));
    let kind = match (query.time.changes.is_empty() || total, now, before) {
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

fn positions(buckets: &[BucketStart]) -> HashMap<BucketStart, usize> {
    buckets.iter().enumerate().map(|(i, b)| (*b, i)).collect()
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
enum KeyText {
    Null,
    Bits(u64),
    Text(String),
}

impl KeyText {
    fn of(value: &Value) -> KeyText {
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
