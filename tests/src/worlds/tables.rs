//! Random rows of tables that are filled as a whole: versions that do not overlap, extracts by day, rates,
//! days.

use chrono::{Days, NaiveDate};

use super::model::Season;
use super::random::Random;
use super::rows::{self, REGIONS};
use crate::exact::Exact;
use crate::oracle::value::Value;
use crate::oracle::world::{ColumnKind, World};

pub const CURRENCIES: [&str; 4] = ["USD", "EUR", "JPY", "XAU"];
const PLANS: [&str; 4] = ["free", "pro", "team", "Free"];

/// The rows of a dataset; none where its cells are made one by one.
pub fn rows(random: &mut Random, world: &World, dataset: usize, season: Season) -> Option<Vec<Vec<Value>>> {
    let of = &world.datasets[dataset];
    Some(match of.name.as_str() {
        "plans" => versions(random, world, of.columns[1].kind, season),
        "snaps" => extracts(random, season),
        "fx" => rates(random, season),
        "days" => days(random, season),
        _ => return None,
    })
}

/// Of each plan up to three versions, mostly one after the other; the last may be open, and so may the first.
fn versions(random: &mut Random, world: &World, kind: ColumnKind, season: Season) -> Vec<Vec<Value>> {
    let mut rows = Vec::new();
    for id in 1..=4 {
        let mut ends: Vec<Value> = (0..random.between(2, 4))
            .map(|_| match kind {
                ColumnKind::Timestamp => Value::Wall(rows::moment(random, world, season)),
                _ => Value::Date(rows::wall(random, season).date()),
            })
            .collect();
        ends.sort_by(Value::order);
        ends.dedup();
        for (i, from) in ends.iter().enumerate() {
            let is_last = i + 1 == ends.len();
            let to = if is_last { Value::Null } else { ends[i + 1].clone() };
            let is_left_out = if is_last { random.chance(30) } else { random.chance(15) };
            let plan = if random.chance(10) { Value::Null } else { Value::text(*random.pick(&PLANS)) };
            let area = if random.chance(15) { Value::Null } else { Value::integer(random.between(1, 5).into()) };
            if !is_left_out {
                rows.push(vec![Value::integer(id), from.clone(), to, plan, area]);
            }
        }
    }
    rows
}

/// Three things, on most days of the season.
fn extracts(random: &mut Random, season: Season) -> Vec<Vec<Value>> {
    let mut rows = Vec::new();
    for day in season.first.iter_days().take_while(|day| *day <= season.last) {
        for id in 1..=3 {
            let state = if random.chance(10) { Value::Null } else { Value::text(*random.pick(&REGIONS)) };
            if !random.chance(15) {
                rows.push(vec![Value::integer(id), Value::Date(day), state]);
            }
        }
    }
    rows
}

/// Rates of some days, some of them unknown; none before the first.
fn rates(random: &mut Random, season: Season) -> Vec<Vec<Value>> {
    let mut rows = Vec::new();
    for (currency, usual) in [("EUR", 108_123_457), ("JPY", 666_667), ("XAU", 402_511_113_071)] {
        let days: Vec<NaiveDate> = season.first.iter_days().take_while(|day| *day <= season.last).collect();
        for day in days.into_iter().skip(random.between(0, 9).unsigned_abs() as usize) {
            let rate = Exact::new(usual + i128::from(random.between(-99_999, 99_999)), 8);
            let rate = if random.chance(10) { Value::Null } else { Value::Exact(rate) };
            if random.chance(40) {
                rows.push(vec![Value::Date(day), Value::text(currency), rate]);
            }
        }
    }
    rows
}

/// Most of the season and some days before it.
fn days(random: &mut Random, season: Season) -> Vec<Vec<Value>> {
    let first = season.first - Days::new(12);
    let last = season.last + Days::new(4) - Days::new(random.between(0, 12).unsigned_abs());
    let (mut stint, mut term) = (0, first);
    let mut rows = Vec::new();
    for day in first.iter_days().take_while(|day| *day <= last) {
        if random.chance(15) {
            stint += 1;
        }
        if random.chance(6) {
            term = day;
        }
        rows.push(vec![Value::Date(day), Value::text(&format!("S{stint:02}")), Value::Date(term)]);
    }
    rows
}
