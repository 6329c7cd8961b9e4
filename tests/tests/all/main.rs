//! Every test of the whole in one binary: `cargo test -p sextant-tests [FILTER]`.
//!
//! A module gives its tests as [`Trial`]s. A case page is one test, named by its path under
//! `tests/cases`; `UPDATE=1` fills plans and answers of pages whose numbers agree with their checks.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use libtest_mimic::{Arguments, Trial};

mod cases;

fn main() {
    let trials: Vec<Trial> = [cases::trials()].into_iter().flatten().collect();
    libtest_mimic::run(&Arguments::from_args(), trials).exit();
}
