//! The command line of Sextant.

mod cli;
mod config;
mod models;
mod fault;
mod session;
mod hosting;
mod clients;
mod output;
mod command;
mod fixtures;

use std::process::ExitCode;

fn main() -> ExitCode {
    match cli::parse().and_then(command::run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => fault.report(),
    }
}
