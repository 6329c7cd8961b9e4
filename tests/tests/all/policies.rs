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
mod world;

pub(crate) fn trials() -> Vec<Trial> {
    let mut trials = vec![
        Trial::test("policies::hidden_columns_are_not_there", columns::hidden),
        Trial::test("policies::columns_are_hidden_by_who_asks", callers::hidden_by_caller),
        Trial::test("policies::cursors_lead_to_no_hidden_column", callers::cursors),
        Trial::test("policies::other_readers_see_visible_rows_only", columns::readers),
        Trial::test("policies::a_policy_is_its_hidden_rows_removed", law::hold),
        Trial::test("policies::plans_keep_what_is_asked_above_the_policy", columns::plans),
    ];
    for storage in world::Storage::ALL {
        let name = format!("policies::probes_of_{}_leak_nothing", storage.word());
        trials.push(Trial::test(name, move || probes::run(storage)));
    }
    trials
}

/// Fails with what is wrong.
fn all_hold(problems: Vec<String>) -> Result<(), Failed> {
    if problems.is_empty() { Ok(()) } else { Err(problems.join("\n").into()) }
}
