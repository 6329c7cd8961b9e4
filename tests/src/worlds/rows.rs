//! Random rows: nulls and orphans among the keys, rows that stand twice, times at the edges of days.

use chrono::{NaiveDateTime, TimeDelta};

use super::model::Season;
use super::random::Random;
use super::tables;
use crate::exact::Exact;
use crate::oracle::clock;
use crate::oracle::value::Value;
use crate::oracle::world::{ColumnKind, World};

pub const REGIONS: [&str; 6] = ["EAST", "WEST", "NORTH", "O'Hara", "east", "É"];
const CODES: [&str; 5] = ["a", "b", "ab", "A", "a,b"];
const TAGS: [&str; 4] = ["red", "blue", "green", "Red"];

/// Fills a dataset; those that it points at come first in the world or have keys by count.
pub fn fill(random: &mut Random, world: &mut World, dataset: usize, season: Season) {
    if let Some(rows) = tables::rows(random, world, dataset, season) {
        world.datasets[dataset].rows = rows;
        return;
    }
    let is_fact = world.datasets[dataset].time.is_some();
    let count = match dataset {
        _ if is_fact => random.between(26, 52),
        _ if world.datasets[dataset].name == "casts" => random.between(5, 11),
        0 => random.between(3, 8),
        _ => random.between(2, 4),
    };
    for i in 0..count {
        let row: Vec<Value> = world.datasets[dataset]
            .columns
            .iter()
            .map(|column| cell(random, world, dataset, &column.name, column.kind, i, season))
            .collect();
        world.datasets[dataset].rows.push(row.clone());
        if is_fact && world.datasets[dataset].key.is_empty() && random.chance(12) {
            world.datasets[dataset].rows.push(row);
        }
    }
    if is_fact && random.chance(50) {
        world.datasets[dataset].rows.reverse();
    }
}

fn cell(
    random: &mut Random,
    world: &World,
    dataset: usize,
    column: &str,
    kind: ColumnKind,
    i: i64,
    season: Season,
) -> Value {
    match column {
        "id" | "d0_id" | "d1_id" => return Value::integer((i + 1).into()),
        // Two tables' key columns share their names, so the dataset says which is the key.
        "d2_a" if dataset == 2 => return Value::text(CODES[(i / 2) as usize]),
        "d2_b" if dataset == 2 => return Value::integer((i % 2).into()),
        _ => {}
    }
    let null = match column {
        "units" | "happened" => 0,
        "d0_ref" | "d0_other" | "d1_ref" | "d2_a" | "d2_b" | "header" | "p_ref" | "s_ref" | "c_ref" => 14,
        "cur" | "who" => 6,
        _ => 12,
    };
    if random.chance(null) {
        return Value::Null;
    }
    match column {
        "d0_ref" | "d0_other" => Value::integer(random.between(1, 9).into()),
        "p_ref" => Value::integer(random.between(1, 5).into()),
        "c_ref" => Value::integer(random.between(1, 6).into()),
        "c_id" => Value::integer(random.between(1, 5).into()),
        "c_role" => Value::text(*random.pick(&CODES)),
        "c_height" => Value::integer(random.between(0, 3).into()),
        "s_ref" => Value::integer(random.between(1, 4).into()),
        "who" => Value::integer(random.between(1, 7).into()),
        "cur" => Value::text(*random.pick(&tables::CURRENCIES)),
        "d1_ref" => Value::integer(random.between(1, 5).into()),
        "d2_a" => Value::text(CODES[random.between(0, 2) as usize]),
        "d2_b" => Value::integer(random.between(0, 1).into()),
        "header" => {
            let link = world.links.iter().find(|l| l.from == dataset && l.from_columns == ["header"]).unwrap();
            let headers = world.datasets[link.to].rows.len() as i64;
            Value::integer(random.between(1, headers + headers / 4 + 1).into())
        }
        "d0_region" | "d1_area" | "d2_kind" => Value::text(*random.pick(&REGIONS)),
        "code" => Value::text(*random.pick(&CODES)),
        "tag" => Value::text(*random.pick(&TAGS)),
        "d0_level" | "size" => Value::integer(random.between(0, 8).into()),
        "units" => Value::integer(random.between(-3, 12).into()),
        "amount" => Value::Exact(Exact::new(random.between(-2_000, 20_000).into(), 2)),
        "weight" => Value::Double(random.between(0, 4000) as f64 / 16.0 + random.between(0, 9) as f64 / 10.0),
        _ => match kind {
            ColumnKind::Boolean => Value::Boolean(random.chance(50)),
            ColumnKind::Date => Value::Date(wall(random, season).date()),
            ColumnKind::Timestamp => Value::Wall(moment(random, world, season)),
            ColumnKind::Integer | ColumnKind::Money | ColumnKind::Rate | ColumnKind::Float | ColumnKind::Text => {
                panic!("no values for {column}")
            }
        },
    }
}

/// A timestamp of the season; a third lie within two hours of a midnight of the model's zone.
pub fn moment(random: &mut Random, world: &World, season: Season) -> NaiveDateTime {
    let at = wall(random, season);
    if random.chance(65) {
        return at;
    }
    let midnight = clock::day_start(world.zone, at.date()).naive_utc();
    let edges = [0, -1, 1, -1800, 1800, 3599, 3600, -3600, -3601, 5400];
    midnight + TimeDelta::seconds(*random.pick(&edges))
}

pub fn wall(random: &mut Random, season: Season) -> NaiveDateTime {
    let days = (season.last - season.first).num_days();
    let date = season.first + TimeDelta::days(random.between(0, days));
    date.and_time(chrono::NaiveTime::MIN) + TimeDelta::seconds(random.between(0, 86_399))
}
