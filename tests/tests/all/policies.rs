//! Policies: what a caller does not see is not there, whatever is asked and however it fails.
//!
//! The probes ask questions that fail on hidden cells, in every shape and from every storage, and want the bytes of the
//! same question over files without the hidden rows. The same probes with the filter written by hand into each of
//! them, as a view over the dataset would, do leak: so the probes can tell.

use libtest_mimic::{Failed, Trial};

mod callers;
mod columns;
mod law;
mod probes;
mod reached;
mod world;

use world::Guard;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![
        Trial::test("policies::columns_are_hidden_by_who_asks", callers::hidden_by_caller),
        Trial::test("policies::cursors_lead_to_no_hidden_column", callers::cursors),
        Trial::test("policies::a_policy_is_its_hidden_rows_removed", law::hold),
        Trial::test("policies::what_a_filter_reaches_is_read_whole_and_once", reached::beside),
        Trial::test("policies::targets_are_split_by_what_a_filter_reaches", reached::targets),
        Trial::test("policies::a_key_that_repeats_closes_what_reads_by_it", reached::repeated_keys),
    ];
    for (guard, word) in [(Guard::Own, "own"), (Guard::Reached, "reached")] {
        let name = |test: &str| format!("policies::{test}_by_{word}_columns");
        trials.push(Trial::test(name("hidden_columns_are_not_there"), move || columns::hidden(guard)));
        trials.push(Trial::test(name("other_readers_see_visible_rows_only"), move || columns::readers(guard)));
        trials.push(Trial::test(name("plans_keep_what_is_asked_above_the_policy"), move || columns::plans(guard)));
        for storage in world::Storage::ALL {
            let name = name(&format!("probes_of_{}_leak_nothing", storage.word()));
            trials.push(Trial::test(name, move || probes::run(storage, guard)));
        }
    }
    trials
}

/// Fails with what is wrong.
fn all_hold(problems: Vec<String>) -> Result<(), Failed> {
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n").into()) }
}
