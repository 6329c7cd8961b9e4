//! What the model planned: targets by period, of which a row is held against the days that it has of each.

use std::collections::{BTreeSet, HashSet};

use chrono::{Days, NaiveDate};
use sextant_semantics::catalog::Catalog;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Warning;
use sextant_semantics::query::resolved::{Additivity, BucketStart, ResolvedQuery, TargetOf};
use sextant_semantics::time::bucket::{bucket_of, next_bucket};
use sextant_semantics::time::granularity::Granularity;

use super::pair::KeyText;
use super::value::Value;

/// The planned values of one output.
#[derive(Clone, Debug)]
pub struct Targets {
    pub output: usize,
    pub granularity: Granularity,
    pub planned: Vec<Planned>,
}

/// One planned value.
#[derive(Clone, Debug)]
pub struct Planned {
    /// The first date of its period.
    pub period: NaiveDate,
    /// The question's groups without the time series.
    pub members: Vec<Value>,
    pub value: Value,
}

/// What a row is held against.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// By the days that the row has of each period.
    pub part: Value,
    /// Of all periods that it touches.
    pub full: Value,
    /// Whether the planned values of the row make one.
    pub adds_up: bool,
}

/// A bucket of the series or the whole range, and the members of a group.
#[derive(Clone, Debug)]
pub struct Slot {
    pub bucket: Option<NaiveDate>,
    /// None for all of them together.
    pub members: Option<Vec<Value>>,
}

/// The target of an output for the days from `first` to `last`; null where a period has none.
///
/// A target that does not add up, such as one of a rate, is held whole against days of one period and is null over
/// several.
pub fn held(query: &ResolvedQuery, targets: &Targets, slot: &Slot) -> Held {
    let none = |adds_up| Held { part: Value::Null, full: Value::Null, adds_up };
    let Some((first, last)) = days(query, slot.bucket) else {
        return none(true);
    };
    let members: Option<Vec<KeyText>> = slot.members.as_ref().map(|of| of.iter().map(KeyText::of).collect());
    let of = |period: NaiveDate| -> Vec<&Planned> {
        let all = targets.planned.iter().filter(|planned| planned.period == period);
        let is_of = |planned: &&Planned| {
            members.as_ref().is_none_or(|members| planned.members.iter().map(KeyText::of).eq(members.iter().cloned()))
        };
        all.filter(is_of).collect()
    };
    let additive = query.outputs[targets.output].additivity == Additivity::Additive;
    let (mut part, mut full) = (Value::Null, Value::Null);
    let periods = periods(query, targets.granularity, first, last);
    if !additive && periods.len() > 1 {
        return none(false);
    }
    for (start, next) in periods {
        let planned = of(start);
        let value = planned.iter().fold(Value::Null, |sum, planned| sum.plus(&planned.value));
        if value.is_null() || (!additive && planned.len() > 1) {
            return none(value.is_null());
        }
        let held = (next.min(last + Days::new(1)) - start.max(first)).num_days();
        let whole = (next - start).num_days();
        let of_days = match value.as_f64() {
            Some(value) if additive && held < whole => Value::float(value * held as f64 / whole as f64),
            _ => value.clone(),
        };
        part = part.plus(&of_days);
        full = full.plus(&value);
    }
    Held { part, full, adds_up: true }
}

/// Every bucket and member that is planned for, of all targets.
pub fn slots(query: &ResolvedQuery, targets: &[Targets]) -> Vec<Slot> {
    let has_series = query.groups.iter().any(|group| group.is_series);
    let buckets: Vec<Option<NaiveDate>> = match (&query.time.series, has_series) {
        (Some(series), true) => series.current.iter().map(date).collect(),
        _ => vec![None],
    };
    let mut found = Vec::new();
    let mut seen: HashSet<(Option<NaiveDate>, Vec<KeyText>)> = HashSet::new();
    for bucket in buckets {
        let Some((first, last)) = days(query, bucket) else { continue };
        for of in targets {
            let periods: BTreeSet<NaiveDate> =
                periods(query, of.granularity, first, last).into_iter().map(|(start, _)| start).collect();
            for planned in of.planned.iter().filter(|planned| periods.contains(&planned.period)) {
                if seen.insert((bucket, planned.members.iter().map(KeyText::of).collect())) {
                    found.push(Slot { bucket, members: Some(planned.members.clone()) });
                }
            }
        }
    }
    found
}

/// The days of the range that lie in a bucket of the series; none beside the range.
fn days(query: &ResolvedQuery, bucket: Option<NaiveDate>) -> Option<(NaiveDate, NaiveDate)> {
    let range = query.time.range.as_ref()?.range;
    let Some(bucket) = bucket else {
        return Some((range.first, range.last));
    };
    let granularity = query.groups.iter().find(|group| group.is_series)?.granularity?;
    let last = next_bucket(bucket, granularity, &query.time.calendar) - Days::new(1);
    let (first, last) = (bucket.max(range.first), last.min(range.last));
    (first <= last).then_some((first, last))
}

/// The first date of each period that days lie in, and the date after it.
fn periods(
    query: &ResolvedQuery,
    granularity: Granularity,
    first: NaiveDate,
    last: NaiveDate,
) -> Vec<(NaiveDate, NaiveDate)> {
    let calendar = &query.time.calendar;
    let mut found = Vec::new();
    let mut start = bucket_of(first, granularity, calendar);
    while start <= last {
        let next = next_bucket(start, granularity, calendar);
        found.push((start, next));
        start = next;
    }
    found
}

fn date(bucket: &BucketStart) -> Option<NaiveDate> {
    match bucket {
        BucketStart::Date(date) => Some(*date),
        BucketStart::Instant(_) => None,
    }
}

/// Says of each target of which periods it counts by days, and which have none.
pub fn warnings(catalog: &Catalog, query: &ResolvedQuery, targets: &[Targets]) -> Vec<Warning> {
    let mut found: Vec<Warning> = Vec::new();
    let of_query: Vec<&TargetOf> = query.time.changes.iter().flat_map(|change| &change.targets).collect();
    for of in targets {
        let Some(range) = query.time.range.as_ref().map(|range| range.range) else { continue };
        let target = of_query.iter().find(|target| target.output == of.output);
        let name = target.map_or("", |target| catalog.targets[target.target].metric.value.as_str());
        let unit = of.granularity.as_str().replace('_', " ");
        let all = periods(query, of.granularity, range.first, range.last);
        let without = all.iter().filter(|(start, _)| !of.planned.iter().any(|planned| planned.period == *start));
        let without: Vec<String> = without.map(|(start, _)| start.to_string()).collect();
        if !without.is_empty() {
            let message = format!("`{name}` has no target for the {unit} from {}", without.join(", from "));
            found.push(Warning::new(Code::NoTarget, message));
        }
        let additive = query.outputs[of.output].additivity == Additivity::Additive;
        let parts = all.iter().filter_map(|(start, next)| {
            let held = ((*next).min(range.last + Days::new(1)) - (*start).max(range.first)).num_days();
            let whole = (*next - *start).num_days();
            (held < whole).then(|| format!("{held} of {whole} days from {start}"))
        });
        let parts: Vec<String> = parts.collect();
        if additive && !parts.is_empty() {
            let message = format!("the target of `{name}` by {unit} counts by days: {}", parts.join(", "));
            found.push(Warning::new(Code::TargetProrated, message));
        }
    }
    found.dedup();
    found
}
