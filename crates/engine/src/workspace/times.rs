//! How far the data of a dataset reaches on its time axis.

use chrono::{DateTime, Duration, Months, NaiveTime, Utc};
use sextant_semantics::catalog::bind::BoundCatalog;
use sextant_semantics::catalog::id::DatasetId;
use sextant_semantics::catalog::{Axis, Catalog};
use sextant_semantics::diagnostic::Diagnostic;
use sextant_semantics::expr::Kind;
use sextant_semantics::model::Length;
use sextant_semantics::query::resolve::{Extent, Moment};
use sextant_semantics::time::granularity::Granularity;
use sextant_semantics::time::stored::StoredAs;
use sextant_semantics::time::zone;

use crate::snapshot::{Snapshot, extent};

/// The extents of `datasets`, by [`DatasetId::index`]. A dataset that cannot be read has none: the
/// fault is raised where the dataset is used.
pub(super) async fn extents(
    bound: &BoundCatalog,
    snapshot: &Snapshot,
    datasets: &[DatasetId],
) -> Result<Vec<Option<Extent>>, Diagnostic> {
    let catalog = &bound.catalog;
    let mut extents = vec![None; catalog.datasets().len()];
    for id in datasets {
        if bound.schema(*id).is_ok()
            && let Some(axis) = &catalog.dataset(*id).axis
        {
            extents[id.index()] = one(bound, snapshot, *id, axis).await?;
        }
    }
    Ok(extents)
}

async fn one(
    bound: &BoundCatalog,
    snapshot: &Snapshot,
    dataset: DatasetId,
    axis: &Axis,
) -> Result<Option<Extent>, Diagnostic> {
    let catalog = &bound.catalog;
    let Ok(dimension) = bound.dimension(axis.dimension) else {
        return Ok(None);
    };
    let Kind::Ref(column) = dimension.expr.kind.as_ref() else {
        return Ok(None);
    };
    let of = &catalog.dataset(catalog.dimension(axis.dimension).dataset).name;
    let Some(found) = snapshot.extent(of, &column.name).await? else {
        return Ok(None);
    };
    let stored = dimension.stored.unwrap_or(StoredAs::Date);
    let watermark = watermark(catalog, snapshot, dataset, stored).await?;
    Ok(Some(Extent { first: moment(found.min, stored), last: moment(found.max, stored), watermark }))
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
