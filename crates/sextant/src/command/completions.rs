//! `sextant completions`: a completion script for a shell.

use clap::CommandFactory;

use crate::cli::{Cli, Completions};
use crate::fault::Fault;
use crate::output;

pub(crate) fn run(completions: &Completions) -> Result<(), Fault> {
    let mut script = Vec::new();
    clap_complete::generate(completions.shell, &mut Cli::command(), "sextant", &mut script);
    output::emit(&String::from_utf8_lossy(&script))
}
