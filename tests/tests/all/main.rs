//! Every test of the whole in one binary: `cargo test -p sextant-tests [FILTER]`.
//!
//! A module gives its tests as trials. A case page is one test, named by its path under
//! `tests/cases`; `UPDATE=1` fills plans and answers of pages whose numbers agree with their checks.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]
#![allow(clippy::print_stderr, reason = "coverage tables and the place of kept files are for people")]

use libtest_mimic::Arguments;

mod audits;
mod broken;
mod cases;
mod checks;
mod crash;
mod emitted;
mod injections;
mod kpis;
mod laws;
mod leaving;
mod mistakes;
mod oracle;
mod pages;
mod policies;
mod questions;
mod readme;
mod restarts;
mod shapes;
mod slt;
mod tidy;
mod tokens;
mod tools_page;
mod twins;

fn main() {
    let trials = [
        audits::trials(),
        broken::trials(),
        cases::trials(),
        checks::trials(),
        crash::trials(),
        emitted::trials(),
        injections::trials(),
        kpis::trials(),
        laws::trials(),
        leaving::trials(),
        mistakes::trials(),
        oracle::trials(),
        pages::trials(),
        policies::trials(),
        questions::trials(),
        readme::trials(),
        restarts::trials(),
        shapes::trials(),
        slt::trials(),
        tidy::trials(),
        tokens::trials(),
        tools_page::trials(),
        twins::trials(),
    ];
    libtest_mimic::run(&Arguments::from_args(), trials.into_iter().flatten().collect()).exit();
}
