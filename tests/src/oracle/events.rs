//! Conversions: events, each beside the latest row of its entity that it follows.

use chrono::NaiveDateTime;

use super::clock;
use super::context::{Context, Seen};
use super::expr::Expr;
use super::follow::Row;
use super::lookup::{self, Moment};
use super::value::Value;
use super::world::{Conversion, Length, MetricKind};

/// The events that follow some of these rows, each with the one row that it follows.
pub fn followed<'s>(context: &Context, of: &Conversion, rows: &[&'s Seen]) -> Vec<(&'s Seen, Row)> {
    let events = &context.world.metrics[of.events.metric];
    let MetricKind::Simple { dataset, .. } = events.kind else { panic!("events are a simple metric") };
    let conditions: Vec<&Expr> = events.filter.iter().chain(&of.events.filter).collect();
    let mut found = Vec::new();
    for event in context.seen(dataset, &conditions).iter() {
        let before = rows.iter().filter(|row| follows(context, of, event.row, row.row));
        let latest = before.max_by(|a, b| {
            let time = |seen: &Seen| lookup::time(context.world, context.zone, seen.row);
            time(a).cmp(&time(b)).then_with(|| key(context, a.row, b.row))
        });
        found.extend(latest.map(|row| (*row, event.row)));
    }
    found
}

/// Of rows at one time the one with the greatest key is the latest.
pub fn key(context: &Context, a: Row, b: Row) -> std::cmp::Ordering {
    let columns = context.world.datasets[a.dataset].key.iter();
    let cells = columns.map(|c| (a.cell(context.world, c), b.cell(context.world, c)));
    cells.map(|(a, b)| a.order(b)).find(|o| o.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
}

fn follows(context: &Context, of: &Conversion, event: Row, row: Row) -> bool {
    let is_equal = |a: &Value, b: &Value| !a.is_null() && !b.is_null() && a.is_same_member(b);
    let (near, far) = (entity(context, row, &of.entity), entity(context, event, &of.entity));
    let value = |row: Row, name: &str| lookup::value(context.world, context.zone, row, name);
    near.iter().zip(&far).all(|(a, b)| is_equal(a, b))
        && of.same.iter().all(|(near, far)| is_equal(&value(row, near), &value(event, far)))
        && is_in_time(context, of.window, event, row)
}

/// What an entity is in a row: the columns that the dataset says, or a dimension of that name.
pub fn entity(context: &Context, row: Row, name: &str) -> Vec<Value> {
    let world = context.world;
    match world.datasets[row.dataset].entities.iter().find(|entity| entity.name == name) {
        Some(entity) => entity.columns.iter().map(|column| row.cell(world, column).clone()).collect(),
        None => vec![lookup::value(world, context.zone, row, name)],
    }
}

/// Whether an event is not before a row and less than the window after it: as instants where both have a
/// time of day, otherwise on the wall, a date being its midnight.
fn is_in_time(context: &Context, window: Option<Length>, event: Row, row: Row) -> bool {
    let time = |row: Row| lookup::time(context.world, context.zone, row);
    let (Some(at), Some(after)) = (time(row), time(event)) else { return false };
    let (at, after) = match (at, after) {
        (Moment::Instant(at), Moment::Instant(after)) => (at.naive_utc(), after.naive_utc()),
        (at, after) => (wall(context, at), wall(context, after)),
    };
    let earliest = |length: Length| clock::before(after.date(), length.count, length.unit).and_time(after.time());
    at <= after && window.is_none_or(|length| at > earliest(length))
}

fn wall(context: &Context, moment: Moment) -> NaiveDateTime {
    match moment {
        Moment::Date(date) => date.and_time(chrono::NaiveTime::MIN),
        Moment::Instant(instant) => clock::wall(context.zone, instant),
    }
}
