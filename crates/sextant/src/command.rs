//! One module a command: each builds a request, asks, and shows what comes back.

pub(crate) mod arguments;
pub(crate) mod audit;
mod audit_log;
mod backup;
mod batch;
mod call;
mod completions;
mod connect;
mod demo;
mod doctor;
mod explain;
mod export;
mod fixtures;
mod import;
mod list;
mod org;
mod partner;
mod query;
mod restore;
mod serve;
mod sql;
mod test;
mod time;
mod token;
mod user;
mod validate;

use tracing::{Level, Metadata};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::{FilterExt, filter_fn};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::util::SubscriberInitExt;

use crate::cli::{Cli, Command};
use crate::fault::Fault;

/// Runs what was typed.
pub(crate) fn run(cli: Cli) -> Result<(), Fault> {
    log_to_stderr();
    let place = &cli.place;
    match cli.command {
        Command::Demo(demo) => demo::run(place, &demo),
        Command::Validate => validate::run(place),
        Command::Test(test) => test::run(place, &test),
        Command::Import(import) => import::run(place, &import),
        Command::Export(export) => export::run(place, &export),
        Command::List(list) => list::run(place, &list),
        Command::Query(query) => query::run(place, &query),
        Command::Audit(audit) => audit::run(place, &audit),
        Command::Sql(sql) => sql::run(place, &sql),
        Command::Time(time) => time::run(place, &time),
        Command::Explain(explain) => explain::run(place, &explain),
        Command::Serve(serve) => serve::run(place, &serve),
        Command::Connect(connect) => connect::run(place, &connect),
        Command::Doctor(doctor) => doctor::run(place, &doctor),
        Command::User(user) => user::run(place, &user),
        Command::Token(token) => token::run(place, &token),
        Command::Org(org) => org::run(place, &org),
        Command::Partner(partner) => partner::run(place, &partner),
        Command::AuditLog(audit_log) => audit_log::run(place, &audit_log),
        Command::Backup(backup) => backup::run(place, &backup),
        Command::Restore(restore) => restore::run(place, &restore),
        Command::Call(call) => call::run(place, &call),
        Command::Batch(batch) => batch::run(place, &batch),
        Command::Fixtures(fixtures) => fixtures::run(&fixtures),
        Command::Completions(completions) => completions::run(&completions),
    }
}

/// `SEXTANT_LOG` (`info`, `sextant_engine=debug`, …) says how much; standard output stays clean. Libraries log messages,
/// plans and headers whole below warnings, which hold arguments, answers and new tokens: of them nothing below a
/// warning is written, whatever is asked, and nothing of the one that reads MCP's messages.
fn log_to_stderr() {
    let asked = EnvFilter::try_from_env("SEXTANT_LOG").unwrap_or_else(|_| EnvFilter::new("warn"));
    let is_ours = |of: &Metadata<'_>| of.target().starts_with("sextant");
    let is_mcp = |of: &Metadata<'_>| of.target().starts_with("rmcp");
    let told = filter_fn(move |of| is_ours(of) || (*of.level() <= Level::WARN && !is_mcp(of)));
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr).with_filter(asked.and(told));
    tracing_subscriber::registry().with(lines).init();
}
