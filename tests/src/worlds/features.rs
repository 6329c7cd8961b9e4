//! What some worlds have besides facts and their dimensions: entities, versions, partitions, currencies,
//! a table of days with granularities of its own, bridges.

use super::model::{NOTHING, column, dimension, link};
use super::random::Random;
use crate::oracle::expr::Expr;
use crate::oracle::world::{
    ColumnKind, Currency, Dataset, Dimension, DimensionKind, Entity, Format, Link, Spine, Stored, World,
};

pub fn add(random: &mut Random, world: &mut World) {
    entities(random, world);
    if random.chance(40) {
        versions(random, world);
    }
    if random.chance(35) {
        partitions(random, world);
    }
    if random.chance(35) {
        currencies(random, world);
    }
    if random.chance(35) {
        spine(world);
    }
    if random.chance(40) {
        casts(random, world);
    }
}

/// People in parts: a fact has any number of them.
fn casts(random: &mut Random, world: &mut World) {
    let at = world.datasets.len();
    world.datasets.push(Dataset {
        name: "casts".into(),
        columns: vec![
            column("c_id", ColumnKind::Integer),
            column("c_role", ColumnKind::Text),
            column("c_height", ColumnKind::Integer),
            column("d1_ref", ColumnKind::Integer),
        ],
        dimensions: vec![dimension("c_role", DimensionKind::Text), dimension("c_height", DimensionKind::Number)],
        ..NOTHING
    });
    if random.chance(25) {
        world.links.push(link("cast_d1", at, &["d1_ref"], 1, &["d1_id"]));
    }
    for (i, fact) in facts(world).into_iter().enumerate() {
        if i == 0 || random.chance(70) {
            let name = format!("{}_casts", world.datasets[fact].name);
            world.datasets[fact].columns.push(column("c_ref", ColumnKind::Integer));
            world.links.push(Link { is_bridge: true, ..link(&name, fact, &["c_ref"], at, &["c_id"]) });
        }
    }
}

/// Whether a fact has several partners; conversions, whose events belong to one row each, are not asked there.
pub fn has_bridges(world: &World) -> bool {
    world.links.iter().any(|link| link.is_bridge)
}

/// The datasets that metrics are of.
pub fn facts(world: &World) -> Vec<usize> {
    (0..world.datasets.len()).filter(|d| world.datasets[*d].time.is_some()).collect()
}

/// A person and a thing in every fact, each by one column or by two.
fn entities(random: &mut Random, world: &mut World) {
    let columns: &[&str] = if random.chance(70) { &["who"] } else { &["who", "ok"] };
    for fact in facts(world) {
        let columns = columns.iter().map(ToString::to_string).collect();
        world.datasets[fact].entities.push(Entity { name: "person".into(), columns, is_primary: false });
    }
    let columns: &[&str] = *random.pick(&[&["code", "size"] as &[&str], &["who", "size"], &["size"]]);
    for fact in facts(world) {
        let columns = columns.iter().map(ToString::to_string).collect();
        world.datasets[fact].entities.push(Entity { name: "thing".into(), columns, is_primary: false });
    }
}

/// Plans with a row for each time that they held, of facts or of the people whom facts point at.
fn versions(random: &mut Random, world: &mut World) {
    let kind = if random.chance(60) { ColumnKind::Date } else { ColumnKind::Timestamp };
    let at = world.datasets.len();
    world.datasets.push(Dataset {
        name: "plans".into(),
        columns: vec![
            column("p_id", ColumnKind::Integer),
            column("p_from", kind),
            column("p_to", kind),
            column("p_plan", ColumnKind::Text),
            column("d1_ref", ColumnKind::Integer),
        ],
        key: vec!["p_id".into(), "p_from".into()],
        dimensions: vec![dimension("p_plan", DimensionKind::Text)],
        validity: Some(("p_from".into(), "p_to".into())),
        ..NOTHING
    });
    if random.chance(20) {
        world.links.push(link("plan_d1", at, &["d1_ref"], 1, &["d1_id"]));
    }
    let of_people = random.chance(30);
    let from = if of_people { vec![0] } else { facts(world) };
    for dataset in from {
        if of_people || random.chance(70) {
            let name = format!("{}_plan", world.datasets[dataset].name);
            world.datasets[dataset].columns.push(column("p_ref", ColumnKind::Integer));
            world.links.push(link(&name, dataset, &["p_ref"], at, &["p_id"]));
        }
    }
}

/// An extract of every day, joined by the day of the fact.
fn partitions(random: &mut Random, world: &mut World) {
    let at = world.datasets.len();
    let partition = |of: Dimension| Dimension { partition: true, ..of };
    let day = || DimensionKind::Time(Stored::Date);
    world.datasets.push(Dataset {
        name: "snaps".into(),
        columns: vec![
            column("s_id", ColumnKind::Integer),
            column("ds", ColumnKind::Date),
            column("s_state", ColumnKind::Text),
        ],
        key: vec!["s_id".into(), "ds".into()],
        entities: vec![Entity { name: "snap".into(), columns: vec!["s_id".into()], is_primary: true }],
        dimensions: vec![dimension("s_state", DimensionKind::Text), partition(dimension("ds", day()))],
        ..NOTHING
    });
    for fact in facts(world) {
        if random.chance(25) {
            continue;
        }
        let name = world.datasets[fact].name.clone();
        let dataset = &mut world.datasets[fact];
        dataset.columns.push(column("s_ref", ColumnKind::Integer));
        let own = dataset.dimensions.iter().find(|d| d.name == format!("{name}_happened")).map(|d| d.kind);
        let of_fact = match own.filter(|_| random.chance(60)) {
            Some(kind) => Dimension { expr: Expr::name("happened"), ..dimension("ds", kind) },
            None => {
                dataset.columns.push(column("ds", ColumnKind::Date));
                dimension("ds", day())
            }
        };
        dataset.dimensions.push(partition(of_fact));
        world.links.push(link(&format!("{name}_snap"), fact, &["s_ref"], at, &["s_id"]));
    }
}

/// Amounts in several currencies, and their rates by day.
fn currencies(random: &mut Random, world: &mut World) {
    let at = world.datasets.len();
    world.currency = Some("USD".into());
    world.datasets.push(Dataset {
        name: "fx".into(),
        columns: vec![
            column("day", ColumnKind::Date),
            column("currency", ColumnKind::Text),
            column("rate", ColumnKind::Rate),
        ],
        ..NOTHING
    });
    let all = random.chance(60);
    for fact in facts(world) {
        if all || random.chance(50) {
            world.datasets[fact].columns.push(column("cur", ColumnKind::Text));
            world.datasets[fact].currency = Some(Currency { column: "cur".into(), rates: at });
        }
    }
}

/// Days, with the stint and the term that each is of.
fn spine(world: &mut World) {
    let at = world.datasets.len();
    world.datasets.push(Dataset {
        name: "days".into(),
        columns: vec![
            column("day", ColumnKind::Date),
            column("stint", ColumnKind::Text),
            column("term", ColumnKind::Date),
        ],
        key: vec!["day".into()],
        format: Format::JsonLines,
        ..NOTHING
    });
    let granularities = vec!["stint".into(), "term".into()];
    world.spine = Some(Spine { dataset: at, day: "day".into(), granularities });
}
