//! Random questions about random worlds: the engine against the naive oracle.
//!
//! Seeds are fixed. `WORLD=17` asks the questions of one world only, keeps its files and shows the log; `WORLDS=250` says how
//! many are asked, `FIRST=1000` from which on.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use libtest_mimic::{Failed, Trial};
use sextant_engine::session::Resources;
use sextant_engine::workspace::Workspace;
use sextant_tests::ask;
use sextant_tests::differ;
use sextant_tests::oracle;
use sextant_tests::worlds::coverage::Coverage;
use sextant_tests::worlds::random::Random;
use sextant_tests::worlds::{self, request, write};

/// Of twenty questions each. `WORLDS=250` asks five thousand.
const WORLDS: usize = 25;
/// From so many worlds on the kinds of questions must have their share.
const WORLDS_OF_ALL_KINDS: usize = 100;
const QUESTIONS: usize = 20;

/// Seeds of the worlds that are asked with one, two and four partitions.
const PARTITIONED: std::ops::Range<usize> = 20_000..20_010;

/// Differences that are shown in full.
const SHOWN: usize = 40;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        Trial::test("oracle::random_questions", random_questions),
        Trial::test("oracle::one_two_and_four_partitions", partitions),
    ]
}

fn random_questions() -> Result<(), Failed> {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<usize>()).transpose();
    let (only, first) = (number("WORLD")?, number("FIRST")?.unwrap_or(0));
    let seeds = match only {
        Some(only) => only..only + 1,
        None => first..first + number("WORLDS")?.unwrap_or(WORLDS),
    };
    if only.is_some() {
        // What a fault of ours was stands in the log, in no answer.
        let _ = tracing_subscriber::fmt().with_max_level(tracing_subscriber::filter::LevelFilter::ERROR).try_init();
    }
    let of_all_kinds = seeds.len() >= WORLDS_OF_ALL_KINDS;
    let coverage = Mutex::new(Coverage::default());
    let mut found = in_parallel(seeds, |seed| one_world(seed, only.is_some(), &coverage));
    let coverage = coverage.into_inner().unwrap();
    eprintln!("{}", coverage.table());
    if of_all_kinds {
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
    let found = in_parallel(seeds, partitioned);
    if found.is_empty() { Ok(()) } else { Err(found.join("\n\n").into()) }
}

/// What each seed gives, on as many threads as there are processors.
fn in_parallel(seeds: std::ops::Range<usize>, one: impl Fn(usize) -> Vec<String> + Sync) -> Vec<String> {
    let found = Mutex::new(Vec::new());
    let next = AtomicUsize::new(seeds.start);
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= seeds.end {
                        return;
                    }
                    let of_seed = one(seed);
                    found.lock().unwrap().extend(of_seed);
                }
            });
        }
    });
    found.into_inner().unwrap()
}

/// Asks with one, two and four partitions; gives what differs.
fn partitioned(seed: usize) -> Vec<String> {
    let mut random = Random::new(seed as u64);
    let (world, season) = worlds::model::world(&mut random);
    let folder = tempfile::tempdir().unwrap();
    write::write(&world, folder.path()).unwrap();
    let opened: Result<Vec<Workspace>, String> = [1, 2, 4].into_iter().map(|n| open(folder.path(), n)).collect();
    let workspaces = match opened {
        Ok(workspaces) => workspaces,
        Err(refused) => return vec![format!("world {seed}: {refused}")],
    };
    let mut found = Vec::new();
    for _ in 0..QUESTIONS {
        let request = request::request(&world, &worlds::ask::question(&mut random, &world, season));
        let answers: Vec<_> = workspaces.iter().map(|w| ask::call(w, "get_metrics", &request)).collect();
        if answers.iter().any(|answer| *answer != answers[0]) {
            let request = serde_json::Value::Object(request);
            found.push(format!("world {seed}: {request} has different answers: {answers:?}"));
        }
    }
    found
}

/// A workspace whose plans have so many partitions, on one thread: other worlds are asked beside it.
fn open(folder: &Path, target_partitions: usize) -> Result<Workspace, String> {
    let resources = Resources { target_partitions, threads: 1, ..Resources::STANDARD };
    Workspace::open_with(ask::model_texts(folder), folder.to_path_buf(), &resources)
        .map_err(|refused| format!("the model is refused: {refused:?}"))
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
    // Some with several partitions; all answers are the same.
    let workspace = match open(folder.path(), [1, 1, 1, 2, 1, 1, 1, 4][seed % 8]) {
        Ok(workspace) => workspace,
        Err(refused) => return vec![format!("world {seed}: {refused}")],
    };
    let mut found = Vec::new();
    for i in 0..QUESTIONS {
        let mut question = worlds::ask::question(&mut random, &world, season);
        let mut want = oracle::answer(&world, &question);
        if want.is_without_values() {
            // What nothing answers shows little: it is drawn once more.
            question = worlds::ask::question(&mut random, &world, season);
            want = oracle::answer(&world, &question);
        }
        let request = request::request(&world, &question);
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
