//! From a row to the rows that it points at: by equal columns, by partition and by the version of its time.

use chrono_tz::Tz;

use super::expr::Expr;
use super::lookup::{self, Moment};
use super::value::Value;
use super::world::{ColumnKind, DimensionKind, Stored, World};

/// A row of a dataset, by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    pub dataset: usize,
    pub row: usize,
    /// Which of the rows beyond its bridges it is looked at with, of [`ways_of`] many.
    pub way: usize,
}

impl Row {
    pub fn new(dataset: usize, row: usize) -> Row {
        Row { dataset, row, way: 0 }
    }

    /// Whether both are one row, whatever they are looked at with.
    pub fn is_same(self, other: Row) -> bool {
        (self.dataset, self.row) == (other.dataset, other.row)
    }

    pub fn cell<'w>(self, world: &'w World, column: &str) -> &'w Value {
        let dataset = &world.datasets[self.dataset];
        &dataset.rows[self.row][dataset.column(column)]
    }
}

/// Every way along links from a dataset, the empty one included. None goes over two bridges.
pub fn ways(world: &World, from: usize) -> Vec<(Vec<usize>, usize)> {
    let mut found = vec![(vec![], from)];
    let mut at = 0;
    while at < found.len() {
        let (links, dataset): (Vec<usize>, usize) = found[at].clone();
        let has_bridge = links.iter().any(|l| world.links[*l].is_bridge);
        for (i, link) in world.links.iter().enumerate() {
            if link.from == dataset && !links.contains(&i) && !(has_bridge && link.is_bridge) {
                found.push(([links.as_slice(), &[i]].concat(), link.to));
            }
        }
        at += 1;
    }
    found
}

/// The row at the end of some links.
pub fn follow(world: &World, zone: Tz, row: Row, links: &[usize]) -> Option<Row> {
    let mut trail = vec![row];
    for end in 1..=links.len() {
        let found = matches(world, zone, &trail, links[end - 1]);
        let is_bridge = world.links[links[end - 1]].is_bridge;
        let nth = if is_bridge { choice(world, zone, row, &links[..end]) } else { 0 };
        trail.push(*found.get(nth)?);
    }
    trail.pop()
}

/// In how many ways a row can be looked at: with each row beyond one bridge and each beyond another.
pub fn ways_of(world: &World, zone: Tz, row: Row) -> usize {
    bridges(world, row.dataset).iter().map(|links| beyond(world, zone, row, links)).product()
}

/// Paths that end in a bridge.
fn bridges(world: &World, from: usize) -> Vec<Vec<usize>> {
    if !world.links.iter().any(|link| link.is_bridge) {
        return vec![];
    }
    let ends = |links: &[usize]| links.last().is_some_and(|l| world.links[*l].is_bridge);
    ways(world, from).into_iter().map(|(links, _)| links).filter(|links| ends(links)).collect()
}

/// How many rows stand beyond a bridge, or one that is none.
fn beyond(world: &World, zone: Tz, row: Row, links: &[usize]) -> usize {
    let near = follow(world, zone, row, &links[..links.len() - 1]);
    near.map_or(1, |near| matches(world, zone, &[near], links[links.len() - 1]).len().max(1))
}

/// Which row beyond a bridge a row is looked at with.
fn choice(world: &World, zone: Tz, row: Row, links: &[usize]) -> usize {
    let mut way = row.way;
    for bridge in bridges(world, row.dataset) {
        let count = beyond(world, zone, row, &bridge);
        if bridge == links {
            return way % count;
        }
        way /= count;
    }
    panic!("{links:?} end in no bridge")
}

/// The rows that the last row of a trail points at; a null in its columns points at nothing.
fn matches(world: &World, zone: Tz, trail: &[Row], link: usize) -> Vec<Row> {
    let link = &world.links[link];
    let near = trail[trail.len() - 1];
    let wanted: Vec<&Value> = link.from_columns.iter().map(|c| near.cell(world, c)).collect();
    if wanted.iter().any(|value| value.is_null()) {
        return vec![];
    }
    let rows = (0..world.datasets[link.to].rows.len()).map(|row| Row::new(link.to, row));
    let is_of_key = |far: &Row| link.to_columns.iter().zip(&wanted).all(|(c, want)| is_equal(far.cell(world, c), want));
    let found = rows.filter(is_of_key);
    found.filter(|far| is_of_partition(world, zone, trail, *far) && is_valid(world, zone, trail[0], *far)).collect()
}

fn is_equal(a: &Value, b: &Value) -> bool {
    !a.is_null() && a.is_same_member(b)
}

/// Whether a row has the partitions of the last rows on the way that have them.
fn is_of_partition(world: &World, zone: Tz, trail: &[Row], far: Row) -> bool {
    let of = |row: Row, name: &str| {
        let mut own = world.datasets[row.dataset].dimensions.iter();
        let dimension = own.find(|d| d.partition && d.name == name)?;
        let raw = lookup::column_value(world, row, &dimension.expr);
        Some(match dimension.kind {
            DimensionKind::Time(stored) => {
                lookup::moment(world, stored, &raw).map_or(Value::Null, |moment| Value::Date(moment.day(zone)))
            }
            DimensionKind::Text | DimensionKind::Boolean | DimensionKind::Number => raw,
        })
    };
    let partitions = world.datasets[far.dataset].dimensions.iter().filter(|d| d.partition);
    partitions.into_iter().all(|dimension| {
        let near = trail.iter().rev().find_map(|row| of(*row, &dimension.name));
        near.is_none_or(|near| is_equal(&near, &of(far, &dimension.name).unwrap_or(Value::Null)))
    })
}

/// Whether a row is the version that holds at a fact's own time; always where there are no versions.
fn is_valid(world: &World, zone: Tz, fact: Row, far: Row) -> bool {
    let dataset = &world.datasets[far.dataset];
    let Some((from, to)) = &dataset.validity else { return true };
    let Some(at) = lookup::time(world, zone, fact) else { return false };
    let bound = |column: &str| {
        let stored = match dataset.columns[dataset.column(column)].kind {
            ColumnKind::Timestamp => Stored::Model,
            _ => Stored::Date,
        };
        lookup::moment(world, stored, &lookup::column_value(world, far, &Expr::name(column)))
    };
    let is_after = |a: Moment, b: Moment| match (a, b) {
        (Moment::Instant(a), Moment::Instant(b)) => a >= b,
        (a, b) => a.day(zone) >= b.day(zone),
    };
    bound(from).is_none_or(|from| is_after(at, from)) && bound(to).is_none_or(|to| !is_after(at, to))
}
