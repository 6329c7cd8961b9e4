//! Random datasets and how they hang together: one to four facts, tables of dimensions beneath
//! them, dimensions that facts share, lines that keep the time of their header.

use chrono::{NaiveDate, Weekday};
use chrono_tz::Tz;

use super::random::Random;
use super::{features, metrics, rows};
use crate::oracle::expr::{Comparison, Expr};
use crate::oracle::value::Value;
use crate::oracle::world::{
    Column, ColumnKind, Dataset, Dimension, DimensionKind, Format, Link, Shared, Stored, World,
};

/// Dates that most rows lie in, with a change of clocks inside.
#[derive(Clone, Copy, Debug)]
pub struct Season {
    pub first: NaiveDate,
    pub last: NaiveDate,
}

/// Zones with whole, half and quarter hours, with midnights that are skipped and midnights that
/// stand twice.
pub const ZONES: [Tz; 10] = [
    Tz::UTC,
    Tz::America__New_York,
    Tz::Europe__Berlin,
    Tz::Asia__Kolkata,
    Tz::Australia__Lord_Howe,
    Tz::America__Havana,
    Tz::Asia__Beirut,
    Tz::Pacific__Auckland,
    Tz::Asia__Kathmandu,
    Tz::America__Santiago,
];

/// A world and the dates of its rows.
pub fn world(random: &mut Random) -> (World, Season) {
    let season = if random.chance(60) {
        Season { first: date(2026, 2, 20), last: date(2026, 4, 12) }
    } else {
        Season { first: date(2025, 10, 1), last: date(2025, 11, 20) }
    };
    let mut world = World {
        zone: *random.pick(&ZONES),
        week_start: if random.chance(50) { Weekday::Mon } else { Weekday::Sun },
        datasets: vec![people(), areas(), kinds()],
        links: vec![link("d0_d1", 0, &["d1_ref"], 1, &["d1_id"])],
        shared: vec![],
        metrics: vec![],
        currency: None,
        spine: None,
    };
    let facts = random.between(1, 4) as usize;
    for i in 0..facts {
        fact(random, &mut world, i);
    }
    share_tags(&mut world);
    features::add(random, &mut world);
    for dataset in 0..world.datasets.len() {
        rows::fill(random, &mut world, dataset, season);
    }
    metrics::add(random, &mut world);
    (world, season)
}

/// A dataset without anything.
pub const NOTHING: Dataset = Dataset {
    name: String::new(),
    columns: vec![],
    key: vec![],
    time: None,
    dimensions: vec![],
    rows: vec![],
    format: Format::Csv,
    entities: vec![],
    validity: None,
    currency: None,
};

fn people() -> Dataset {
    Dataset {
        name: "d0".into(),
        columns: vec![
            column("d0_id", ColumnKind::Integer),
            column("d0_region", ColumnKind::Text),
            column("d0_level", ColumnKind::Integer),
            column("d0_flag", ColumnKind::Boolean),
            column("d1_ref", ColumnKind::Integer),
        ],
        key: vec!["d0_id".into()],
        dimensions: vec![
            dimension("d0_region", DimensionKind::Text),
            dimension("d0_level", DimensionKind::Number),
            dimension("d0_flag", DimensionKind::Boolean),
        ],
        format: Format::Csv,
        ..NOTHING
    }
}

fn areas() -> Dataset {
    Dataset {
        name: "d1".into(),
        columns: vec![column("d1_id", ColumnKind::Integer), column("d1_area", ColumnKind::Text)],
        key: vec!["d1_id".into()],
        dimensions: vec![dimension("d1_area", DimensionKind::Text)],
        format: Format::JsonLines,
        ..NOTHING
    }
}

/// A table with a key of two columns.
fn kinds() -> Dataset {
    Dataset {
        name: "d2".into(),
        columns: vec![
            column("d2_a", ColumnKind::Text),
            column("d2_b", ColumnKind::Integer),
            column("d2_kind", ColumnKind::Text),
        ],
        key: vec!["d2_a".into(), "d2_b".into()],
        dimensions: vec![dimension("d2_kind", DimensionKind::Text)],
        format: Format::Csv,
        ..NOTHING
    }
}

/// Adds fact `f{i}` with its links.
fn fact(random: &mut Random, world: &mut World, i: usize) {
    let at = world.datasets.len();
    let name = format!("f{i}");
    let own = |suffix: &str| format!("{name}_{suffix}");
    let mut columns = vec![
        column("amount", ColumnKind::Money),
        column("units", ColumnKind::Integer),
        column("weight", ColumnKind::Float),
        column("ok", ColumnKind::Boolean),
        column("code", ColumnKind::Text),
        column("size", ColumnKind::Integer),
        column("who", ColumnKind::Integer),
    ];
    let mut dimensions = vec![
        over(&own("code"), Expr::name("code"), DimensionKind::Text),
        over(&own("size"), Expr::name("size"), DimensionKind::Number),
        over(&own("ok"), Expr::name("ok"), DimensionKind::Boolean),
        over(
            &own("big"),
            Expr::compare(Comparison::Greater, Expr::name("size"), Value::integer(4)),
            DimensionKind::Boolean,
        ),
        over(&own("label"), Expr::Coalesce(Box::new(Expr::name("code")), Value::text("none")), DimensionKind::Text),
    ];
    let mut key = Vec::new();
    if random.chance(60) {
        columns.insert(0, column("id", ColumnKind::Integer));
        key.push("id".to_string());
    }
    if random.chance(80) {
        columns.push(column("d0_ref", ColumnKind::Integer));
        world.links.push(link(&own("d0"), at, &["d0_ref"], 0, &["d0_id"]));
    }
    if random.chance(20) {
        columns.push(column("d0_other", ColumnKind::Integer));
        world.links.push(link(&own("d0b"), at, &["d0_other"], 0, &["d0_id"]));
    }
    if random.chance(45) {
        columns.push(column("d2_a", ColumnKind::Text));
        columns.push(column("d2_b", ColumnKind::Integer));
        world.links.push(link(&own("d2"), at, &["d2_a", "d2_b"], 2, &["d2_a", "d2_b"]));
    }
    if random.chance(75) {
        columns.push(column("tag", ColumnKind::Text));
        dimensions.push(dimension("tag", DimensionKind::Text));
    }
    if random.chance(35) {
        columns.push(column("due", ColumnKind::Date));
        dimensions.push(over(&own("due"), Expr::name("due"), DimensionKind::Time(Stored::Date)));
    }
    let header = (3..at).find(|f| !world.datasets[*f].key.is_empty() && random.chance(25));
    let time = match header {
        Some(header) => {
            let to = world.datasets[header].name.clone();
            columns.push(column("header", ColumnKind::Integer));
            world.links.push(link(&format!("{name}_{to}"), at, &["header"], header, &["id"]));
            match world.datasets[header].time.as_deref() {
                // A header's own axis; one that is borrowed itself is two steps away.
                Some(time) if !time.contains('.') => format!("{to}.{time}"),
                _ => own_time(random, world.zone, &name, &mut columns, &mut dimensions),
            }
        }
        None => own_time(random, world.zone, &name, &mut columns, &mut dimensions),
    };
    let format = if random.chance(70) { Format::Csv } else { Format::JsonLines };
    world.datasets.push(Dataset { name, columns, key, time: Some(time), dimensions, format, ..NOTHING });
}

fn own_time(
    random: &mut Random,
    zone: Tz,
    fact: &str,
    columns: &mut Vec<Column>,
    dimensions: &mut Vec<Dimension>,
) -> String {
    let (kind, stored) = match random.between(0, 9) {
        0..=2 => (ColumnKind::Date, Stored::Date),
        3..=4 => (ColumnKind::Timestamp, Stored::Model),
        5..=7 => (ColumnKind::Timestamp, Stored::Zone(Tz::UTC)),
        _ => (ColumnKind::Timestamp, Stored::Zone(if random.chance(50) { zone } else { *random.pick(&ZONES) })),
    };
    columns.push(column("happened", kind));
    let name = format!("{fact}_happened");
    dimensions.push(over(&name, Expr::name("happened"), DimensionKind::Time(stored)));
    name
}

/// Makes `tag` one dimension of all facts that have it.
fn share_tags(world: &mut World) {
    let has_tag = |d: &Dataset| d.dimensions.iter().any(|d| d.name == "tag");
    let of: Vec<(usize, String)> =
        world.datasets.iter().enumerate().filter(|(_, d)| has_tag(d)).map(|(i, _)| (i, "tag".to_string())).collect();
    if of.len() > 1 {
        world.shared.push(Shared { name: "tag".into(), of });
    }
}

pub fn column(name: &str, kind: ColumnKind) -> Column {
    Column { name: name.into(), kind }
}

pub fn dimension(name: &str, kind: DimensionKind) -> Dimension {
    over(name, Expr::name(name), kind)
}

/// A dimension over some expression.
pub fn over(name: &str, expr: Expr, kind: DimensionKind) -> Dimension {
    Dimension { name: name.into(), expr, kind, partition: false }
}

pub fn link(name: &str, from: usize, from_columns: &[&str], to: usize, to_columns: &[&str]) -> Link {
    let strings = |names: &[&str]| names.iter().map(|n| n.to_string()).collect();
    let (from_columns, to_columns) = (strings(from_columns), strings(to_columns));
    Link { name: name.into(), from, from_columns, to, to_columns, is_bridge: false }
}

fn date(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}
