//! The command line of Sextant.

mod cli;
mod config;
mod models;
mod fault;
mod session;
mod clients;
mod output;
mod command;
mod fixtures;

use std::process::ExitCode;

fn main() -> ExitCode {
    match command::run(cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => fault.report(),
    }
}
