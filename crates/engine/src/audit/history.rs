//! What is usual: the days and the windows before, as the tests take them.

use std::collections::HashMap;

use chrono::{Datelike, Duration, NaiveDate};
use sextant_semantics::data_type::DataType;
use sextant_semantics::query::audit::{Audit, DAILY_SET, Days, Judged, Reading, Tested};
use sextant_semantics::query::computation::ComputationId;
use sextant_semantics::query::resolved::{Additivity, ResolvedQuery};
use sextant_semantics::significance::{DailySeries, Evidence, Reason, Scale, by_days, by_pairs, by_windows};

use crate::answer::decode::Table;
use crate::answer::value::Value;

/// Consecutive days, zero-filled.
pub(super) struct Series {
    pub first: NaiveDate,
    pub numerator: Vec<f64>,
    pub denominator: Option<Vec<f64>>,
}

impl Series {
    /// The days of a computation, and of another one beneath it, over one period.
    pub(super) fn read(
        table: &Table,
        period: usize,
        (numerator, denominator): (ComputationId, Option<ComputationId>),
        days: Days,
    ) -> Series {
        let count = days.count();
        let mut series = Series {
            first: days.first,
            numerator: vec![0.0; count],
            denominator: denominator.map(|_| vec![0.0; count]),
        };
        for row in table.groups.iter().filter(|row| row.set == DAILY_SET) {
            let Some(Value::Date(date)) = row.keys.first() else { continue };
            let Ok(at) = usize::try_from((*date - days.first).num_days()) else { continue };
            if at >= count {
                continue;
            }
            let value = |id: ComputationId| row.cells[id.0][period].as_f64().unwrap_or(0.0);
            series.numerator[at] = value(numerator);
            if let (Some(of), Some(values)) = (denominator, series.denominator.as_mut()) {
                values[at] = value(of);
            }
        }
        series
    }

    pub(super) fn all(&self) -> DailySeries<'_> {
        DailySeries {
            numerator: &self.numerator,
            denominator: self.denominator.as_deref(),
            first_weekday: weekday(self.first),
        }
    }

    /// Some of its days; none of those that lie outside.
    fn days(&self, days: Days) -> DailySeries<'_> {
        let at = |date: NaiveDate| {
            let from_first = (date - self.first).num_days().max(0);
            usize::try_from(from_first).unwrap_or(0).min(self.numerator.len())
        };
        self.all().between(at(days.first), at(days.last + Duration::days(1)))
    }
}

/// Monday is 0.
fn weekday(date: NaiveDate) -> u8 {
    date.weekday().num_days_from_monday() as u8
}

/// No test, for a reason.
pub(super) fn untested(reason: Reason) -> Evidence {
    Evidence {
        method: None,
        t: None,
        df: None,
        p: None,
        capped: false,
        reason: Some(reason),
        baseline: None,
        usual_change: None,
        daily: None,
    }
}

/// The test that a metric's history allows.
pub(super) fn evidence(query: &ResolvedQuery, audit: &Audit, judged: &Judged, table: &Table) -> Evidence {
    let Some(tested) = &judged.tested else { return untested(Reason::InsufficientHistory) };
    match (&judged.reading, &audit.daily) {
        (Reading::Daily { numerator, denominator }, Some(daily)) => {
            let from = tested.data_from.map_or(daily.first, |from| from.max(daily.first)).min(tested.current.first);
            let days = Days { first: from, last: tested.current.last };
            let series = Series::read(table, daily.period, (*numerator, *denominator), days);
            of_days(&series, tested)
        }
        (Reading::Daily { .. }, None) => untested(Reason::InsufficientHistory),
        (Reading::Windows(windows), _) => of_windows(query, judged, tested, windows, table),
    }
}

fn of_days(series: &Series, tested: &Tested) -> Evidence {
    let previous = aligned(tested).map(|days| series.days(days));
    let previous = previous.unwrap_or_else(|| series.all().between(0, 0));
    match tested.is_adjacent {
        true => by_days(&series.all(), tested.current.count(), &previous),
        false => by_pairs(&previous, &series.days(tested.current)),
    }
}

/// The days that the current ones are held against one by one: as many as the previous window has, from the same
/// weekday on. They lie up to six days earlier than the window where that is right before the current one, else later.
fn aligned(tested: &Tested) -> Option<Days> {
    let previous = tested.previous?;
    let (before, now) = (weekday(previous.first), weekday(tested.current.first));
    let shift = match tested.is_adjacent {
        true => -i64::from((7 + before - now) % 7),
        false => i64::from((7 + now - before) % 7),
    };
    let shift = Duration::days(shift);
    Some(Days { first: previous.first + shift, last: previous.last + shift })
}

/// A metric whose days do not add up, by the values of whole windows; else by its days one by one.
fn of_windows(query: &ResolvedQuery, judged: &Judged, tested: &Tested, windows: &[usize], table: &Table) -> Evidence {
    let output = &query.outputs[judged.output];
    let is_count = query.output_type(output) == DataType::Integer;
    let or_none = |value: Option<f64>| value.or(is_count.then_some(0.0));
    let total = |period: &usize| {
        let row = table.total.as_ref()?;
        or_none(row.cells[output.computation.0][*period].as_f64())
    };
    let known: Vec<Option<f64>> = windows.iter().map(total).collect();
    let gap = known.iter().rposition(Option::is_none).map_or(0, |gap| gap + 1);
    let values: Vec<f64> = known[gap..].iter().copied().flatten().collect();
    let scale = match (output.percent, output.additivity) {
        (true, _) | (_, Additivity::Ratio) => Scale::Linear,
        (false, Additivity::Additive | Additivity::NonAdditive) => Scale::Log,
    };
    let (previous, current) = paired_days(query, judged, tested, table, is_count);
    let series = |days: &'_ [f64]| -> (Vec<f64>, u8) { (days.to_vec(), weekday(tested.current.first)) };
    let ((previous, first), (current, _)) = (series(&previous), series(&current));
    let of = |days| DailySeries { numerator: days, denominator: None, first_weekday: first };
    by_windows(&values, scale, &of(&previous), &of(&current))
}

/// The values of single days in both windows, from the same weekday on; none where a day has no value.
fn paired_days(
    query: &ResolvedQuery,
    judged: &Judged,
    tested: &Tested,
    table: &Table,
    is_count: bool,
) -> (Vec<f64>, Vec<f64>) {
    let output = &query.outputs[judged.output];
    let nothing = (Vec::new(), Vec::new());
    let sides = output.change.and_then(|change| query.time.changes[change].sides.as_ref());
    let (Some(sides), Some(previous)) = (sides, tested.previous) else { return nothing };
    if weekday(previous.first) != weekday(tested.current.first) {
        return nothing;
    }
    let mut known: HashMap<(usize, NaiveDate), f64> = HashMap::new();
    for row in table.groups.iter().filter(|row| row.set == DAILY_SET) {
        let Some(Value::Date(date)) = row.keys.first() else { continue };
        for period in [sides.current, sides.together] {
            if let Some(value) = row.cells[output.computation.0][period].as_f64() {
                known.insert((period, *date), value);
            }
        }
    }
    let days = |period: usize, days: Days| -> Option<Vec<f64>> {
        let value = |date: NaiveDate| known.get(&(period, date)).copied().or(is_count.then_some(0.0));
        days.first.iter_days().take(days.count()).map(value).collect()
    };
    // A metric without days of its own gives none.
    if known.is_empty() {
        return nothing;
    }
    match (days(sides.together, previous), days(sides.current, tested.current)) {
        (Some(previous), Some(current)) => (previous, current),
        _ => nothing,
    }
}
