//! What an answer says about data that comes too late or is dated too early: `possibly-late` and
//! `future-rows`.

use chrono::{DateTime, Days, NaiveDate, Utc};
use sextant_semantics::catalog::id::DatasetId;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Warning;
use sextant_semantics::query::resolve::{Extent, Moment};
use sextant_semantics::time::calendar::Calendar;
use sextant_semantics::time::zone;

use super::ask::Prepared;
use super::probe::{self, Data};
use super::{CallContext, Failure, Workspace};
use crate::answer::value::Value;

/// Days before the newest row in which its usual gaps are looked for.
const LOOK_BACK: u64 = 90;

/// How long a dataset has had no rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Lateness {
    pub newest: NaiveDate,
    /// Days from the newest row to the clock.
    pub age: i64,
    /// The longest time between two days with rows in the 90 days up to the newest, in days.
    pub usual: i64,
}

impl Workspace {
    /// The warnings about the data of a question, each dataset once.
    pub(super) async fn warnings_of_data(
        &self,
        prepared: &Prepared,
        context: &CallContext,
    ) -> Result<Vec<Warning>, Failure> {
        let time = &prepared.query.time;
        let data = Data { bound: &prepared.bound, snapshot: &prepared.snapshot, cancel: &context.cancel };
        let mut warnings = Vec::new();
        let mut seen: Vec<DatasetId> = Vec::new();
        for fact in &prepared.query.facts {
            let Some(extent) = prepared.extents[fact.dataset.index()].filter(|_| !seen.contains(&fact.dataset)) else {
                continue;
            };
            seen.push(fact.dataset);
            let name = &self.catalog.dataset(fact.dataset).name;
            if is_later(&extent, time.as_of, &time.calendar) {
                let rows = self.later_rows(data, prepared, fact.dataset).await?;
                let clock = time.as_of.with_timezone(&time.calendar.zone).to_rfc3339();
                let message = match rows {
                    1 => format!("1 row of `{name}` is later than {clock} and was not read"),
                    _ => format!("{rows} rows of `{name}` are later than {clock} and were not read"),
                };
                warnings.push(Warning::new(Code::FutureRows, message));
            }
            // What lies before the newest row is there, however late the next one is.
            let newest = local_date(extent.last, &time.calendar);
            let reaches_past = time.range.as_ref().is_none_or(|range| range.range.last > newest);
            if reaches_past
                && let Some(late) = self.lateness(data, fact.dataset, &extent, time.as_of, &time.calendar).await?
            {
                warnings.push(late.warning(name));
            }
        }
        Ok(warnings)
    }

    /// How late a dataset is, when its newest row is older than twice its usual longest gap. A dataset
    /// with a watermark says itself how far it is complete, and is never late.
    pub(super) async fn lateness(
        &self,
        data: Data<'_>,
        dataset: DatasetId,
        extent: &Extent,
        now: DateTime<Utc>,
        calendar: &Calendar,
    ) -> Result<Option<Lateness>, Failure> {
        let newest = local_date(extent.last, calendar);
        let age = (zone::local_date(now, calendar.zone) - newest).num_days();
        // A gap is a day at least.
        if extent.watermark.is_some() || age <= 2 {
            return Ok(None);
        }
        let usual = self.usual_gap(data, dataset, newest, calendar).await?;
        Ok(usual.filter(|usual| age > 2 * usual).map(|usual| Lateness { newest, age, usual }))
    }

    /// The longest gap in days; `None` where only one day of the 90 has rows.
    async fn usual_gap(
        &self,
        data: Data<'_>,
        dataset: DatasetId,
        newest: NaiveDate,
        calendar: &Calendar,
    ) -> Result<Option<i64>, Failure> {
        let Some(axis) = &self.catalog.dataset(dataset).axis else {
            return Ok(None);
        };
        let dimension = data.bound.dimension(axis.dimension)?;
        let of = self.catalog.dimension(axis.dimension).dataset;
        let state = data.snapshot.state(&self.catalog.dataset(of).name)?;
        let key = (state, format!("{:?} {newest} {}", dimension.expr.kind, calendar.zone));
        let cache = data.snapshot.cache();
        if let Some(known) = cache.gaps.get(&key) {
            return Ok(known);
        }
        let first = newest.checked_sub_days(Days::new(LOOK_BACK)).unwrap_or(newest);
        let plan = probe::days(of, dimension, probe::between(first, newest, calendar), *calendar);
        let batches = self.probe(data, &plan, &[of]).await?;
        let found = longest_gap(&probe::column(&batches, probe::KEY)?);
        cache.gaps.insert(key, found, 1);
        Ok(found)
    }

    /// How many rows of a dataset are later than the question's clock.
    async fn later_rows(&self, data: Data<'_>, prepared: &Prepared, dataset: DatasetId) -> Result<i64, Failure> {
        let time = &prepared.query.time;
        let Some(fact) = prepared.plan.root.input.inputs.iter().find(|fact| fact.dataset() == dataset) else {
            return Ok(0);
        };
        let rows = probe::on_axis_alone(&fact.input);
        let reads = probe::reads(&rows);
        let mut key = format!("{rows:?} {}", time.as_of);
        for id in &reads {
            key += &format!(" {:x}", data.snapshot.state(&self.catalog.dataset(*id).name)?);
        }
        let key = (data.snapshot.state(&self.catalog.dataset(dataset).name)?, key);
        let cache = data.snapshot.cache();
        if let Some(known) = cache.later.get(&key) {
            return Ok(known);
        }
        let plan = probe::rows_in(rows, probe::after(time.as_of, &time.calendar), time.calendar);
        let batches = self.probe(data, &plan, &reads).await?;
        let count = probe::column(&batches, probe::MEASURES[0])?.first().and_then(Value::as_f64);
        let count = count.unwrap_or(0.0) as i64;
        cache.later.insert(key, count, 1);
        Ok(count)
    }
}

impl Lateness {
    fn warning(&self, dataset: &str) -> Warning {
        let days = |count: i64| if count == 1 { "1 day".to_string() } else { format!("{count} days") };
        let message = format!(
            "the newest row of `{dataset}` is of {}, {} ago; in the {LOOK_BACK} days before it no gap was longer than {}",
            self.newest,
            days(self.age),
            days(self.usual),
        );
        Warning::new(Code::PossiblyLate, message)
    }
}

/// Whether some row is later than the clock; on a date axis, later than its local date.
pub(super) fn is_later(extent: &Extent, now: DateTime<Utc>, calendar: &Calendar) -> bool {
    match extent.last {
        Moment::Date(date) => date > zone::local_date(now, calendar.zone),
        Moment::Instant(instant) => instant > now,
    }
}

fn local_date(moment: Moment, calendar: &Calendar) -> NaiveDate {
    match moment {
        Moment::Date(date) => date,
        Moment::Instant(instant) => zone::local_date(instant, calendar.zone),
    }
}

/// The longest time between two neighbours, in days.
fn longest_gap(days: &[Value]) -> Option<i64> {
    let mut days: Vec<NaiveDate> = days
        .iter()
        .filter_map(|day| match day {
            Value::Date(date) => Some(*date),
            Value::Null
            | Value::Boolean(_)
            | Value::Exact { .. }
            | Value::Float(_)
            | Value::Text(_)
            | Value::Local(_)
            | Value::Instant(_) => None,
        })
        .collect();
    days.sort();
    days.dedup();
    days.windows(2).map(|pair| (pair[1] - pair[0]).num_days()).max()
}
