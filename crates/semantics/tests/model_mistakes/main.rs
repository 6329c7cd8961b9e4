//! Two hundred seeded mistakes in one real model, made by mutators that know nothing of the
//! reader's checks: every one is reported with its file, line and column, in one run.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test that prints its counts")]
#![allow(clippy::disallowed_methods, reason = "the model is read from the repository")]

use std::collections::BTreeMap;

use sextant_semantics::diagnostic::Diagnostics;
use sextant_semantics::query::saved;
use sextant_semantics::source::Sources;
use sextant_semantics::{catalog, model};

mod mutate;
mod site;

use mutate::{Class, Corpus};

const MISTAKES: usize = 200;
const ALONE: usize = 72;

/// What was found where: file, line, column, message, first suggestion.
struct Found {
    file: String,
    line: usize,
    column: usize,
    message: String,
    suggestion: Option<String>,
}

/// What the commerce model defines; its tests are questions, whose mistakes the request's own tests hold.
fn commerce() -> Vec<(String, String)> {
    let directory = concat!(env!("CARGO_MANIFEST_DIR"), "/../../semantic-models/commerce");
    let mut files: Vec<(String, String)> = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "yml") && !path.ends_with("tests.yml"))
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read_to_string(path).unwrap()))
        .collect();
    files.sort();
    files
}

/// One run of the reader and the catalog over all files.
fn run(files: &[(String, String)]) -> (Sources, Diagnostics) {
    let (model, mut findings) = model::read(files.iter().cloned());
    findings.0.extend(saved::check(&model).0);
    if let Err(more) = catalog::build(&model) {
        findings.0.extend(more.0);
    }
    (model.sources, findings)
}

fn found(files: &[(String, String)]) -> Vec<Found> {
    let (sources, findings) = run(files);
    let place = |span| {
        let at = sources.position(span);
        (sources.get(span.source).name.clone(), at.line, at.column)
    };
    findings
        .iter()
        .map(|finding| {
            let (file, line, column) = place(finding.span.expect("a finding about files has a place"));
            let suggestion = finding.did_you_mean.first().cloned();
            Found { file, line, column, message: format!("{}: {}", finding.code, finding.message), suggestion }
        })
        .collect()
}

#[test]
fn the_model_without_mistakes_has_no_findings() {
    let messages: Vec<String> = found(&commerce()).into_iter().map(|f| f.message).collect();
    assert_eq!(messages, Vec::<String>::new());
}

#[test]
fn two_hundred_mistakes_are_all_reported_in_one_run() {
    let files = commerce();
    for seed in [1, 2, 3] {
        let corpus = Corpus::new(&files, seed, MISTAKES);
        let mutated = corpus.files();
        let found = found(&mutated);
        let mut by_class: BTreeMap<Class, (usize, usize)> = BTreeMap::new();
        let (mut typos, mut right) = (0, 0);
        let mut silent = Vec::new();
        for mistake in &corpus.mistakes {
            let (first, last) = corpus.lines(mistake);
            let here: Vec<&Found> =
                found.iter().filter(|f| f.file == mistake.file && (first..=last).contains(&f.line)).collect();
            let counts = by_class.entry(mistake.class).or_default();
            counts.1 += 1;
            if here.iter().any(|f| f.column > 0) {
                counts.0 += 1;
            } else {
                silent.push(format!("{} {}:{first} {}", mistake.class.word(), mistake.file, mistake.what));
            }
            // A name whose own definition another mistake took away is not there to be suggested.
            if let Some(meant) =
                mistake.typo_of.as_ref().filter(|meant| defines(&mutated, meant) || !defines(&files, meant))
            {
                typos += 1;
                if here.iter().any(|f| f.suggestion.as_ref() == Some(meant)) {
                    right += 1;
                } else {
                    let told: Vec<&str> = here.iter().map(|f| f.message.as_str()).collect();
                    println!("  no suggestion of `{meant}`: {} {told:?}", mistake.what);
                }
            }
        }
        println!(
            "seed {seed}: {} mistakes, {} findings, suggestions {right}/{typos}",
            corpus.mistakes.len(),
            found.len()
        );
        for (class, (reported, made)) in &by_class {
            println!("  {:10} {reported}/{made}", class.word());
        }
        for line in &silent {
            println!("  {line}");
        }
        assert_eq!(corpus.mistakes.len(), MISTAKES);
        for class in Class::ALL {
            assert!(by_class[&class].1 * 10 >= MISTAKES, "{} is under a tenth of the corpus", class.word());
        }
        assert_eq!(silent, Vec::<String>::new(), "not reported");
        assert!(right * 10 >= typos * 9 && typos >= 45, "{right} of {typos} one-letter typos got the right suggestion");
    }
}

/// Whether some file still defines a thing of this name.
fn defines(files: &[(String, String)], name: &str) -> bool {
    let definition = format!("name: {name}");
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_');
    files.iter().any(|(_, text)| text.match_indices(&definition).any(|(at, found)| ends(&text[at + found.len()..])))
}

#[test]
fn the_same_mistakes_are_reported_the_same_way_twice() {
    let mutated = Corpus::new(&commerce(), 7, MISTAKES).files();
    let once = run(&mutated);
    let twice = run(&mutated);
    let text = |(sources, findings): &(Sources, Diagnostics)| {
        sextant_semantics::render::render(sources, findings, sextant_semantics::render::Colours::None)
    };
    assert_eq!(text(&once), text(&twice));
}

#[test]
fn a_mistake_alone_is_reported_alone_or_with_what_follows_from_it() {
    let files = commerce();
    let corpus = Corpus::new(&files, 11, ALONE);
    let (mut findings, mut typos, mut right) = (0, 0, 0);
    for mistake in &corpus.mistakes {
        let alone = Corpus { files: files.clone(), mistakes: vec![mistake.clone()] };
        let found = found(&alone.files());
        let (first, last) = alone.lines(mistake);
        let here: Vec<&Found> =
            found.iter().filter(|f| f.file == mistake.file && (first..=last).contains(&f.line)).collect();
        assert!(!here.is_empty(), "{} {}:{first} {}", mistake.class.word(), mistake.file, mistake.what);
        findings += found.len();
        if let Some(meant) = &mistake.typo_of {
            typos += 1;
            if here.iter().any(|f| f.suggestion.as_ref() == Some(meant)) {
                right += 1;
            } else {
                println!("  no suggestion of `{meant}`: {} {:?}", mistake.what, here[0].suggestion);
            }
        }
    }
    println!("{findings} findings for {ALONE} mistakes made alone, suggestions {right}/{typos}");
    assert!(right * 20 >= typos * 19, "{right} of {typos} one-letter typos made alone got the right suggestion");
    assert!(findings <= ALONE * 3 / 2, "{findings} findings for {ALONE} mistakes: the noise hides them");
}
