//! A random world under policies answers as the same world whose hidden rows are removed.

use libtest_mimic::Failed;
use serde_json::{Map, Value as Json, json};
use sextant_engine::workspace::Workspace;
use sextant_semantics::query::caller::Caller;
use sextant_tests::ask::{self, Place};
use sextant_tests::oracle::expr::Expr;
use sextant_tests::oracle::value::Value;
use sextant_tests::oracle::world::{Column, ColumnKind, Dimension, DimensionKind, World};
use sextant_tests::twin;
use sextant_tests::worlds::random::Random;
use sextant_tests::worlds::{self, write};

const WORLDS: u64 = 6;
const QUESTIONS: usize = 10;
const FIRST_SEED: u64 = 50_000;
/// The column that says whose a row is.
const OWNER: &str = "row_owner";

pub(super) fn hold() -> Result<(), Failed> {
    let caller = Caller::from_pairs(["side=ours"]).unwrap();
    let (mut asked, mut answered, mut hides, mut found) = (0, 0, 0, Vec::new());
    for seed in FIRST_SEED..FIRST_SEED + WORLDS {
        let mut random = Random::new(seed);
        let (world, season) = worlds::model::world(&mut random);
        let owned = with_owners(&world, &mut random);
        let folder = tempfile::tempdir()?;
        let guarded = open(&folder.path().join("guarded"), &owned, true)?;
        let removed = open(&folder.path().join("removed"), &ours(&owned), false)?;
        for spelling in 0..QUESTIONS {
            let question = worlds::ask::question(&mut random, &world, season);
            let as_request = ("get_metrics", worlds::request::request(&world, &question));
            let as_statement = ("sql", twin::request(&world, &question, spelling));
            for (tool, arguments) in [as_request, as_statement] {
                asked += 1;
                let have = ask::call_as(&guarded, &caller, tool, &arguments).map(plain);
                let want = ask::call(&removed, tool, &arguments).map(plain);
                answered += usize::from(want.is_ok());
                if have != want {
                    found.push(format!("world {seed}: {tool} {}\n  {have:?}\n  {want:?}", Json::Object(arguments)));
                }
            }
        }
        for dataset in &owned.datasets {
            let query = format!("SELECT count(*) AS n, min({OWNER}) AS whose FROM {}", dataset.name);
            let arguments = json!({"query": query, "as_of": "2030-01-01"});
            let arguments = arguments.as_object().unwrap();
            asked += 1;
            let have = ask::call_as(&guarded, &caller, "sql", arguments).map(plain);
            let want = ask::call(&removed, "sql", arguments).map(plain);
            answered += usize::from(want.is_ok());
            hides += usize::from(have != ask::call(&guarded, "sql", arguments).map(plain));
            if have != want {
                found.push(format!("world {seed}: {query}\n  {have:?}\n  {want:?}"));
            }
        }
    }
    eprintln!("{asked} questions under policies, {answered} answered, {} differ", found.len());
    if answered * 10 < asked * 8 || hides == 0 {
        return Err(format!("{answered} of {asked} questions were answered, {hides} datasets hide rows").into());
    }
    match found.len() {
        0 => Ok(()),
        n => Err(format!("{n} differences, the first:\n{}", found[..n.min(4)].join("\n\n")).into()),
    }
}

/// Every dataset but the calendar with an owner of each row.
fn with_owners(world: &World, random: &mut Random) -> World {
    let mut owned = world.clone();
    let spine = world.spine.as_ref().map(|spine| spine.dataset);
    for (index, dataset) in owned.datasets.iter_mut().enumerate() {
        if Some(index) == spine {
            continue;
        }
        dataset.columns.push(Column { name: OWNER.to_string(), kind: ColumnKind::Text });
        dataset.dimensions.push(Dimension {
            name: OWNER.to_string(),
            expr: Expr::name(OWNER),
            kind: DimensionKind::Text,
            partition: false,
        });
        for row in &mut dataset.rows {
            row.push(match random.between(0, 9) {
                0..=6 => Value::text("ours"),
                7 => Value::Null,
                _ => Value::text("theirs"),
            });
        }
    }
    owned
}

/// The world without the rows of others.
fn ours(owned: &World) -> World {
    let mut world = owned.clone();
    for dataset in world.datasets.iter_mut().filter(|dataset| dataset.columns.iter().any(|c| c.name == OWNER)) {
        let at = dataset.column(OWNER);
        dataset.rows.retain(|row| matches!(&row[at], Value::Text(text) if text == "ours"));
    }
    world
}

fn open(folder: &std::path::Path, world: &World, has_policies: bool) -> Result<Workspace, String> {
    std::fs::create_dir(folder).and_then(|()| write::write(world, folder)).map_err(|error| error.to_string())?;
    if has_policies {
        let mut model: Json = serde_json::from_str(&write::model(world)).map_err(|error| error.to_string())?;
        let owned = world.datasets.iter().filter(|dataset| dataset.columns.iter().any(|c| c.name == OWNER));
        model["policies"] =
            owned.map(|of| json!({"dataset": of.name, "filter": format!("{OWNER} = :caller.side")})).collect();
        std::fs::write(folder.join("model.yml"), model.to_string()).map_err(|error| error.to_string())?;
    }
    ask::open(&Place::new(folder.to_path_buf(), folder.to_path_buf())).map_err(|error| error.to_string())
}

/// An answer without what names the files and the model.
fn plain(mut answer: Json) -> Map<String, Json> {
    let mut map = answer.as_object_mut().map(std::mem::take).unwrap_or_default();
    for key in ["snapshot", "answer_id", "model_version"] {
        map.shift_remove(key);
    }
    map
}
