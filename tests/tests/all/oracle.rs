//! Random questions about random worlds: the engine against the naive oracle.
//!
//! Seeds are fixed. `WORLD=17` asks the questions of one world only and keeps its files.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use libtest_mimic::{Failed, Trial};
use sextant_engine::session::Resources;
use sextant_engine::workspace::Workspace;
use sextant_tests::ask::{self, Place};
use sextant_tests::differ;
use sextant_tests::oracle;
use sextant_tests::worlds::coverage::Coverage;
use sextant_tests::worlds::random::Random;
use sextant_tests::worlds::{self, write};

/// Of twenty questions each. `WORLDS=250` asks five thousand, which takes an unoptimized build minutes.
const WORLDS: usize = 100;
const QUESTIONS: usize = 20;
const THREADS: usize = 4;

/// Seeds of the worlds that are asked with one, two and four partitions.
const PARTITIONED: std::ops::Range<u64> = 20_000..20_004;

/// Differences that are shown in full.
const SHOWN: usize = 40;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("oracle::random_questions", random_questions),
        Trial::test("oracle::one_two_and_four_partitions", partitions),
    ]
}

fn random_questions() -> Result<(), Failed> {
    let only = std::env::var("WORLD").ok().map(|w| w.parse::<usize>()).transpose()?;
    let coverage = Mutex::new(Coverage::default());
    let found = Mutex::new(Vec::new());
    let next = AtomicUsize::new(only.unwrap_or(0));
    let worlds = std::env::var("WORLDS").ok().map(|w| w.parse::<usize>()).transpose()?.unwrap_or(WORLDS);
    let end = only.map_or(worlds, |w| w + 1);
    std::thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= end {
                        return;
                    }
                    let differences = one_world(seed, only.is_some(), &coverage);
                    found.lock().unwrap().extend(differences);
                }
            });
        }
    });
    let coverage = coverage.into_inner().unwrap();
    let mut found = found.into_inner().unwrap();
    eprintln!("{}", coverage.table());
    if only.is_none() {
        found.extend(coverage.missed());
    }
    match found.len() {
        0 => Ok(()),
        n => {
            found.truncate(SHOWN);
            Err(format!("{n} differences, the first:\n{}", found.join("\n\n")).into())
        }
    }
}

/// However many partitions a plan has, the answer is the same to the last digit.
fn partitions() -> Result<(), Failed> {
    let seeds = if std::env::var_os("WORLD").is_some() { 0..0 } else { PARTITIONED };
    for seed in seeds {
        let mut random = Random::new(seed);
        let (world, season) = worlds::model::world(&mut random);
        let folder = tempfile::tempdir()?;
        write::write(&world, folder.path())?;
        let texts = ask::model_texts(folder.path());
        let open = |target_partitions: usize| {
            let resources = Resources { target_partitions, ..Resources::STANDARD };
            Workspace::open_with(texts.clone(), folder.path().to_path_buf(), &resources)
                .map_err(|refused| format!("world {seed} is refused: {refused:?}"))
        };
        let workspaces = [open(1)?, open(2)?, open(4)?];
        for _ in 0..QUESTIONS {
            let request = write::request(&world, &worlds::ask::question(&mut random, &world, season));
            let answers: Vec<_> = workspaces.iter().map(|w| ask::call(w, "get_metrics", &request)).collect();
            if answers.iter().any(|answer| *answer != answers[0]) {
                let request = serde_json::Value::Object(request);
                return Err(format!("world {seed}: {request} has different answers: {answers:?}").into());
            }
        }
    }
    Ok(())
}

/// Asks all questions of one world; gives what differs.
fn one_world(seed: usize, keep: bool, coverage: &Mutex<Coverage>) -> Vec<String> {
    let mut random = Random::new(seed as u64);
    let (world, season) = worlds::model::world(&mut random);
    let mut folder = tempfile::tempdir().unwrap();
    write::write(&world, folder.path()).unwrap();
    if keep {
        folder.disable_cleanup(true);
        eprintln!("world {seed} lies in {}", folder.path().display());
    }
    let place = Place { models: folder.path().to_path_buf(), data: folder.path().to_path_buf() };
    let workspace = match ask::open(&place) {
        Ok(workspace) => workspace,
        Err(error) => return vec![format!("world {seed}: the model is refused: {error}")],
    };
    let mut found = Vec::new();
    for i in 0..QUESTIONS {
        let question = worlds::ask::question(&mut random, &world, season);
        let request = write::request(&world, &question);
        let want = oracle::answer(&world, &question);
        coverage.lock().unwrap().add(&world, &question, &want);
        let differences = match ask::call(&workspace, "get_metrics", &request) {
            Ok(have) => differ::differences(&world, &question, &have, &want),
            Err(error) => vec![format!("refused: {error}")],
        };
        if !differences.is_empty() {
            let request = serde_json::Value::Object(request);
            let shown = differences.iter().take(4).cloned().collect::<Vec<_>>().join("\n");
            found.push(format!("world {seed}, question {i}: {request}\n{shown}"));
        }
    }
    found
}
