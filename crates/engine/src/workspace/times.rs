//! How far the data of a dataset reaches on its time axis.

use chrono::{DateTime, Duration, Months, NaiveDate, NaiveTime, Utc};
use sextant_semantics::catalog::bind::{BoundDimension, PhysicalColumn};
use sextant_semantics::catalog::id::{CustomGranularityId, DatasetId};
use sextant_semantics::catalog::{Catalog, TimeSpine};
use sextant_semantics::data_type::{Clock, DataType};
use sextant_semantics::diagnostic::Diagnostic;
use sextant_semantics::expr::{Kind, Literal};
use sextant_semantics::model::Length;
use sextant_semantics::query::resolve::{CustomPeriods, Extent, Moment};
use sextant_semantics::time::granularity::Granularity;
use sextant_semantics::time::stored::StoredAs;
use sextant_semantics::time::zone;

use super::probe::{self, Data};
use super::{Failure, Workspace};
use crate::answer::value::Value;
use crate::snapshot::{Snapshot, extent};

impl Workspace {
    /// The extents of `datasets`, by [`DatasetId::index`]. A dataset that cannot be read has none: the
    /// fault is raised where the dataset is used.
    pub(super) async fn extents(&self, data: Data<'_>, datasets: &[DatasetId]) -> Result<Vec<Option<Extent>>, Failure> {
        let mut extents = vec![None; self.catalog.datasets().len()];
        for id in datasets {
            extents[id.index()] = self.extent(data, *id).await?;
        }
        Ok(extents)
    }

    /// How far a dataset's own time axis reaches; `None` without an axis and without rows.
    pub(super) async fn extent(&self, data: Data<'_>, dataset: DatasetId) -> Result<Option<Extent>, Failure> {
        let catalog = &data.bound.catalog;
        let Some(axis) = &catalog.dataset(dataset).axis else {
            return self.extent_of_spine(data, dataset).await;
        };
        let (Ok(_), Ok(dimension)) = (data.bound.schema(dataset), data.bound.dimension(axis.dimension)) else {
            return Ok(None);
        };
        let of = catalog.dimension(axis.dimension).dataset;
        let found = match dimension.expr.kind.as_ref() {
            Kind::Ref(column) => data.snapshot.extent(&catalog.dataset(of).name, &column.name).await?,
            _ => self.computed(data, of, dimension).await?,
        };
        let Some(found) = found else {
            return Ok(None);
        };
        let stored = dimension.stored.unwrap_or(StoredAs::Date);
        let watermark = watermark(catalog, data.snapshot, dataset, stored).await?;
        Ok(Some(Extent { first: moment(found.min, stored), last: moment(found.max, stored), watermark }))
    }

    /// How far a time spine reaches; `None` for a dataset that is none.
    async fn extent_of_spine(&self, data: Data<'_>, dataset: DatasetId) -> Result<Option<Extent>, Failure> {
        let catalog = &data.bound.catalog;
        let Some(spine) = catalog.time_spines().iter().find(|spine| spine.dataset == dataset) else {
            return Ok(None);
        };
        let Some((_, stored)) = column_of(data, spine) else {
            return Ok(None);
        };
        let found = data.snapshot.extent(&catalog.dataset(dataset).name, &spine.column).await?;
        Ok(found.map(|of| Extent { first: moment(of.min, stored), last: moment(of.max, stored), watermark: None }))
    }

    /// The days of these custom granularities, by `CustomGranularityId::index`.
    pub(super) async fn custom_periods(
        &self,
        data: Data<'_>,
        wanted: &[CustomGranularityId],
    ) -> Result<Vec<Option<CustomPeriods>>, Failure> {
        let catalog = &data.bound.catalog;
        let mut found = vec![None; catalog.custom_granularities().len()];
        for id in wanted {
            let custom = catalog.custom_granularity(*id);
            let spine = &catalog.time_spines()[custom.spine];
            let Some((day, stored)) = column_of(data, spine) else { continue };
            let of = data.bound.column(spine.dataset, &custom.column)?;
            // A day that stands twice could be of two periods.
            let name = &catalog.dataset(spine.dataset).name;
            data.snapshot.verify_key(name, std::slice::from_ref(&spine.column)).await?;
            let plan = probe::periods(spine.dataset, &day, stored, &of, self.catalog.calendar);
            let batches = self.probe(data, &plan, &[spine.dataset]).await?;
            let (days, values) = (probe::column(&batches, probe::KEY)?, probe::column(&batches, probe::SECOND_KEY)?);
            let mut days: Vec<(NaiveDate, Literal)> = days
                .into_iter()
                .zip(values)
                .filter_map(|(day, value)| match day {
                    Value::Date(day) => Some((day, literal(value))),
                    _ => None,
                })
                .collect();
            days.sort_by_key(|(day, _)| *day);
            found[id.index()] = Some(CustomPeriods::new(days));
        }
        Ok(found)
    }

    /// The ends of an axis that is an expression: every row is read once for each state of the files.
    async fn computed(
        &self,
        data: Data<'_>,
        dataset: DatasetId,
        dimension: &BoundDimension,
    ) -> Result<Option<extent::Extent>, Failure> {
        let key = (data.snapshot.state(&self.catalog.dataset(dataset).name)?, format!("= {:?}", dimension.expr.kind));
        let cache = data.snapshot.cache();
        if let Some(known) = cache.extents.get(&key) {
            return Ok(known);
        }
        let plan = probe::ends(dataset, dimension, self.catalog.calendar);
        let batches = self.probe(data, &plan, &[dataset]).await?;
        let end = |name| Ok::<_, Failure>(probe::column(&batches, name)?.first().and_then(stored_moment));
        let (first, last) = (end(probe::MEASURES[0])?, end(probe::MEASURES[1])?);
        let found = first.zip(last).map(|(min, max)| extent::Extent { min, max });
        cache.extents.insert(key, found, 1);
        Ok(found)
    }
}

/// What a period is called.
fn literal(name: Value) -> Literal {
    match name {
        Value::Null => Literal::Null,
        Value::Boolean(value) => Literal::Boolean(value),
        Value::Exact { unscaled, scale: 0 } => Literal::Integer(unscaled),
        Value::Exact { unscaled, scale } => Literal::Decimal { unscaled, scale },
        Value::Float(value) => Literal::Float(value),
        Value::Text(text) => Literal::Text(text),
        Value::Date(date) => Literal::Date(date),
        Value::Local(local) => Literal::Timestamp(local),
        Value::Instant(instant) => Literal::Text(instant.to_rfc3339()),
    }
}

/// A spine's column of periods, and what its digits mean; none where it holds no time.
fn column_of(data: Data<'_>, spine: &TimeSpine) -> Option<(PhysicalColumn, StoredAs)> {
    let column = data.bound.column(spine.dataset, &spine.column).ok()?;
    let stored = match column.data_type {
        DataType::Date => StoredAs::Date,
        DataType::Timestamp(Clock::Instant) => StoredAs::Instant,
        DataType::Timestamp(Clock::Local) => StoredAs::WallClock(data.bound.catalog.calendar.zone),
        _ => return None,
    };
    Some((column, stored))
}

fn stored_moment(value: &Value) -> Option<extent::Moment> {
    match value {
        Value::Date(date) => Some(extent::Moment::Date(*date)),
        Value::Local(local) => Some(extent::Moment::Local(*local)),
        Value::Instant(instant) => Some(extent::Moment::Instant(*instant)),
        Value::Null | Value::Boolean(_) | Value::Exact { .. } | Value::Float(_) | Value::Text(_) => None,
    }
}

async fn watermark(
    catalog: &Catalog,
    snapshot: &Snapshot,
    dataset: DatasetId,
    stored: StoredAs,
) -> Result<Option<DateTime<Utc>>, Diagnostic> {
    let dataset = catalog.dataset(dataset);
    let Some(declared) = &dataset.watermark else {
        return Ok(None);
    };
    let Some(found) = snapshot.extent(&dataset.name, &declared.column).await? else {
        return Ok(None);
    };
    let stored = match stored {
        StoredAs::WallClock(_) => stored,
        // The watermark need not be of the axis's type: digits without a zone are the model's.
        StoredAs::Date | StoredAs::Instant => StoredAs::WallClock(catalog.calendar.zone),
    };
    let newest = match moment(found.max, stored) {
        Moment::Instant(instant) => instant,
        // A date is complete to its end.
        Moment::Date(date) => sextant_semantics::time::as_of::end_of_day(date, catalog.calendar.zone),
    };
    Ok(Some(declared.lag.map_or(newest, |lag| earlier(newest, lag))))
}

/// A stored value as a date or an instant; digits without a zone are of `stored`'s.
fn moment(value: extent::Moment, stored: StoredAs) -> Moment {
    match value {
        extent::Moment::Date(date) => Moment::Date(date),
        extent::Moment::Instant(instant) => Moment::Instant(instant),
        extent::Moment::Local(local) => match stored {
            StoredAs::WallClock(zone) => Moment::Instant(zone::instant_of_local(local, zone)),
            StoredAs::Date if local.time() == NaiveTime::MIN => Moment::Date(local.date()),
            StoredAs::Date | StoredAs::Instant => Moment::Instant(local.and_utc()),
        },
    }
}

fn earlier(instant: DateTime<Utc>, lag: Length) -> DateTime<Utc> {
    let count = i64::from(lag.count);
    let months = |n: u32| instant.checked_sub_months(Months::new(lag.count.saturating_mul(n))).unwrap_or(instant);
    match lag.unit {
        Granularity::Second => instant - Duration::seconds(count),
        Granularity::Minute => instant - Duration::minutes(count),
        Granularity::Hour => instant - Duration::hours(count),
        Granularity::Day => instant - Duration::days(count),
        Granularity::Week => instant - Duration::weeks(count),
        Granularity::Month => months(1),
        Granularity::Quarter | Granularity::FiscalQuarter => months(3),
        Granularity::Year | Granularity::FiscalYear => months(12),
    }
}
