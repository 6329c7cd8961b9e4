//! Seeded mutations of the projects, made by mutators that know nothing of the importers: each is
//! reported at a place, or changes the model that is read. None is dropped in silence.

use std::collections::{BTreeMap, BTreeSet};

use sextant_semantics::catalog;
use sextant_semantics::diagnostic::Diagnostic;
use sextant_semantics::import::{self, Format, Imported};

use crate::erase::erased;
use crate::mutate::{Class, Edit, mutations};
use crate::projects;
use crate::texts::Texts;

/// Of each format.
const MUTATIONS: usize = 300;

/// What reading a project gives.
struct Outcome {
    model: String,
    /// Findings, the catalog's too, and losses, with their places.
    said: BTreeMap<String, Option<(String, usize)>>,
}

fn outcome(format: Format, texts: Texts) -> Outcome {
    let Imported { model, findings, losses, .. } = import::read(texts, Some(format));
    let built = catalog::build(&model).err().unwrap_or_default();
    let place =
        |d: &Diagnostic| d.span.map(|s| (model.sources.get(s.source).name.clone(), model.sources.position(s).line));
    let said = findings.iter().chain(&losses).chain(built.iter());
    // The name of a metric that is asked tells nothing of a line that moved.
    let said = said.map(|d| (format!("{}: {} {:?}", d.code, d.message, d.help), place(d))).collect();
    Outcome { model: erased(&model), said }
}

/// How a mutation came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    /// A finding or a loss that was not there, at a place.
    Reported,
    /// A loss that was there went with what was lost.
    LossGone,
    /// Another model.
    Changed,
    /// It is in something that is reported as left out or refused, as it was before.
    LeftOut,
    Silent,
}

fn end(before: &Outcome, after: &Outcome, edit: &Edit) -> (End, bool) {
    let new: Vec<&Option<(String, usize)>> =
        after.said.iter().filter(|(said, _)| !before.said.contains_key(*said)).map(|(_, place)| place).collect();
    let near = new.iter().any(|place| {
        place.as_ref().is_some_and(|(file, line)| *file == edit.file && line.abs_diff(edit.line) <= edit.lines + 1)
    });
    if new.iter().any(|place| place.is_some()) {
        (End::Reported, near)
    } else if before.model != after.model {
        (End::Changed, false)
    } else if before.said.keys().collect::<BTreeSet<_>>() != after.said.keys().collect() {
        (End::LossGone, false)
    } else if is_left_out(after, edit) {
        (End::LeftOut, false)
    } else {
        (End::Silent, false)
    }
}

/// Whether a key above the edit is reported as left out, or the thing that it is in.
fn is_left_out(after: &Outcome, edit: &Edit) -> bool {
    after.said.iter().any(|(said, place)| {
        let Some((file, line)) = place else { return false };
        let refused = ["not-supported-yet", "unknown-reference"].iter().any(|code| said.starts_with(code));
        let of_key = (refused || said.contains("left out")) && (edit.above.contains(line) || edit.line == *line);
        let of_thing = edit.names.iter().any(|name| said.contains(&format!("{name}` is left out: ")));
        *file == edit.file && (of_key || of_thing)
    })
}

fn check(format: Format, seed: u64) {
    let projects = projects::of(format);
    let before: Vec<Outcome> = projects.iter().map(|(_, texts)| outcome(format, texts.clone())).collect();
    let mut counts: BTreeMap<(Class, End), usize> = BTreeMap::new();
    let (mut made, mut near) = (0, 0);
    let mut silent = Vec::new();
    for (project, edit) in mutations(&projects, seed, MUTATIONS) {
        let after = outcome(format, edit.applied(&projects[project].1));
        let (end, is_near) = end(&before[project], &after, &edit);
        made += 1;
        near += usize::from(is_near);
        *counts.entry((edit.class, end)).or_default() += 1;
        if end == End::Silent {
            silent.push(format!("{} {}:{} {:?} {}", projects[project].0, edit.file, edit.line, edit.class, edit.what));
        }
    }
    println!("{}: {made} mutations, {near} reported within a line", format.as_str());
    for ((class, end), count) in &counts {
        println!("  {class:?} {end:?} {count}");
    }
    for class in Class::ALL {
        let of: usize = counts.iter().filter(|((c, _), _)| *c == class).map(|(_, n)| n).sum();
        assert!(of * 10 >= MUTATIONS, "{class:?} is under a tenth of the mutations");
    }
    assert_eq!(made, MUTATIONS);
    assert_eq!(silent, Vec::<String>::new(), "dropped in silence");
}

#[test]
fn no_mutation_of_an_ossie_project_is_dropped_in_silence() {
    check(Format::Ossie, 1);
}

#[test]
fn no_mutation_of_a_cube_project_is_dropped_in_silence() {
    check(Format::Cube, 2);
}
