//! What a row of a dataset knows: its own dimensions, and those of the rows that it points at.

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;

use super::clock::{self, Grain};
use super::expr::Expr;
use super::follow::{Row, follow, ways};
use super::value::Value;
use super::world::{Dimension, DimensionKind, Stored, World};

/// When something happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Moment {
    Date(NaiveDate),
    Instant(DateTime<Utc>),
}

impl Moment {
    /// The local day of a zone; a date is its own day everywhere.
    pub fn day(self, zone: Tz) -> NaiveDate {
        match self {
            Moment::Date(date) => date,
            Moment::Instant(instant) => clock::day(zone, instant),
        }
    }
}

/// Where a dimension stands as seen from a dataset: links to follow, then the dimension.
pub struct Found<'a> {
    pub links: Vec<usize>,
    pub dimension: &'a Dimension,
}

/// The dimension that a name means for the rows of a dataset: a shared one, its own, or the only
/// one of that name that many-to-one links reach. `dataset.name` and `link.name` say which.
pub fn find<'a>(world: &'a World, dataset: usize, name: &str) -> Option<Found<'a>> {
    let own = |dataset: usize, name: &str| world.datasets[dataset].dimensions.iter().find(|d| d.name == name);
    if let Some((path, name)) = name.rsplit_once('.') {
        let mut ways = ways(world, dataset);
        ways.retain(|(links, to)| {
            let names: Vec<&str> = links.iter().map(|l| world.links[*l].name.as_str()).collect();
            world.datasets[*to].name == path || (!names.is_empty() && names.join(".") == path)
        });
        let [(links, to)] = ways.as_slice() else { return None };
        return Some(Found { links: links.clone(), dimension: own(*to, name)? });
    }
    if let Some(shared) = world.shared.iter().find(|s| s.name == name)
        && let Some((_, dimension)) = shared.of.iter().find(|(d, _)| *d == dataset)
    {
        return Some(Found { links: vec![], dimension: own(dataset, dimension)? });
    }
    if let Some(dimension) = own(dataset, name) {
        return Some(Found { links: vec![], dimension });
    }
    let mut ways: Vec<_> = ways(world, dataset).into_iter().filter(|(_, to)| own(*to, name).is_some()).collect();
    match (ways.pop(), ways.is_empty()) {
        (Some((links, to)), true) => Some(Found { links, dimension: own(to, name)? }),
        _ => None,
    }
}

/// The value of a name for a row, in a zone: `name`, `name__grain`, `metric_time`, `metric_time__grain`.
pub fn value(world: &World, zone: Tz, row: Row, name: &str) -> Value {
    let (name, bucket) = match name.split_once("__") {
        Some((name, word)) => (name, Some(Bucket::of(word))),
        None => (name, None),
    };
    let name = if name == "metric_time" { axis(world, row.dataset) } else { name };
    let found = find(world, row.dataset, name).unwrap_or_else(|| panic!("{name} is not to be seen"));
    let Some(at) = follow(world, zone, row, &found.links) else { return Value::Null };
    let raw = column_value(world, at, &found.dimension.expr);
    let DimensionKind::Time(stored) = found.dimension.kind else { return raw };
    match (moment(world, stored, &raw), bucket) {
        (None, _) => Value::Null,
        (Some(moment), Some(bucket)) => bucket.value(world, moment.day(zone)),
        (Some(Moment::Date(date)), None) => Value::Date(date),
        (Some(Moment::Instant(instant)), None) => Value::Wall(clock::wall(zone, instant)),
    }
}

/// When a row happened, on its dataset's axis; `None` where that is not known.
pub fn time(world: &World, zone: Tz, row: Row) -> Option<Moment> {
    moment_of(world, zone, row, axis(world, row.dataset))
}

/// The time of a row by a time dimension; the zone says which days partitions on the way to it are.
pub fn moment_of(world: &World, zone: Tz, row: Row, name: &str) -> Option<Moment> {
    let found = find(world, row.dataset, name).expect("a time can be seen");
    let at = follow(world, zone, row, &found.links)?;
    let DimensionKind::Time(stored) = found.dimension.kind else { panic!("{name} is no time") };
    moment(world, stored, &column_value(world, at, &found.dimension.expr))
}

/// The local days of all rows of the dataset that has a dataset's axis.
pub fn axis_days(world: &World, zone: Tz, dataset: usize) -> impl Iterator<Item = NaiveDate> {
    let found = find(world, dataset, axis(world, dataset)).expect("a time axis can be seen");
    let home = found.links.last().map_or(dataset, |link| world.links[*link].to);
    let DimensionKind::Time(stored) = found.dimension.kind else { panic!("the axis is no time") };
    let rows = (0..world.datasets[home].rows.len()).map(move |row| Row::new(home, row));
    rows.filter_map(move |row| moment(world, stored, &column_value(world, row, &found.dimension.expr)))
        .map(move |moment| moment.day(zone))
}

/// Whether a name means a dataset's own time.
pub fn is_axis(world: &World, dataset: usize, name: &str) -> bool {
    name == "metric_time" || is_same(world, dataset, name, axis(world, dataset))
}

/// Whether two names mean one dimension for the rows of a dataset.
pub fn is_same(world: &World, dataset: usize, name: &str, other: &str) -> bool {
    let of = |name: &str| {
        let name = if name == "metric_time" { axis(world, dataset) } else { name };
        find(world, dataset, name).map(|found| (found.links, found.dimension.name.clone()))
    };
    of(name).is_some() && of(name) == of(other)
}

/// Whether two names mean dimensions that share a column; formulas over a row that is pointed at share
/// its key, without which they have no value.
pub fn is_over_same(world: &World, dataset: usize, name: &str, other: &str) -> bool {
    match (find(world, dataset, name), find(world, dataset, other)) {
        (Some(a), Some(b)) => {
            let is_formula = |of: &Expr| !matches!(of, Expr::Name(_));
            let share_key = !a.links.is_empty() && is_formula(&a.dimension.expr) && is_formula(&b.dimension.expr);
            let names = b.dimension.expr.names();
            a.links == b.links && (share_key || a.dimension.expr.names().iter().any(|n| names.contains(n)))
        }
        _ => false,
    }
}

/// An expression over the columns of a row.
pub fn column_value(world: &World, row: Row, expr: &Expr) -> Value {
    let dataset = &world.datasets[row.dataset];
    expr.evaluate(&|name| dataset.rows[row.row][dataset.column(name)].clone())
}

fn axis(world: &World, dataset: usize) -> &str {
    world.datasets[dataset].time.as_deref().expect("a dataset with metrics has a time axis")
}

pub fn moment(world: &World, stored: Stored, value: &Value) -> Option<Moment> {
    match (stored, value) {
        (_, Value::Null) => None,
        (Stored::Date, Value::Date(date)) => Some(Moment::Date(*date)),
        (Stored::Model, Value::Wall(wall)) => Some(Moment::Instant(clock::instant(world.zone, *wall))),
        (Stored::Zone(zone), Value::Wall(wall)) => Some(Moment::Instant(clock::instant(zone, *wall))),
        (stored, value) => panic!("{value:?} is not stored as {stored:?}"),
    }
}

/// How time is put in groups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bucket {
    Grain(Grain),
    /// A column of the world's spine.
    Custom(String),
}

impl Bucket {
    pub fn of(word: &str) -> Bucket {
        let all = [Grain::Day, Grain::Week, Grain::Month, Grain::Quarter, Grain::Year];
        let grain = all.into_iter().find(|grain| grain.word() == word);
        grain.map_or_else(|| Bucket::Custom(word.to_string()), Bucket::Grain)
    }

    /// The bucket of a day: its first date, or what the spine says.
    pub fn value(&self, world: &World, day: NaiveDate) -> Value {
        match self {
            Bucket::Grain(grain) => Value::Date(clock::bucket(day, *grain, world.week_start)),
            Bucket::Custom(column) => {
                let spine = world.spine.as_ref().unwrap_or_else(|| panic!("no granularity {column}"));
                let rows = (0..world.datasets[spine.dataset].rows.len()).map(|row| Row::new(spine.dataset, row));
                let mut of_day = rows.filter(|row| *row.cell(world, &spine.day) == Value::Date(day));
                of_day.next().map_or(Value::Null, |row| row.cell(world, column).clone())
            }
        }
    }
}
