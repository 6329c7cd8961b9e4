//! `sextant doctor`: real calls along the whole way from the files to an assistant, each with what came of
//! it and, where something is wrong, what to do next.

mod assistants;
mod data;
mod door;
mod finding;
mod http;
mod server;

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use sextant_engine::workspace::{Failure, Workspace};
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;

use crate::cli::{Doctor, Place, TextFormat};
use crate::config::{Config, Origin, Setting};
use crate::fault::Fault;
use crate::output;
use crate::output::paint::Paint;
use crate::session::{Refusal, Session, workspace};
use finding::{Finding, Report};

pub(crate) fn run(place: &Place, doctor: &Doctor) -> Result<(), Fault> {
    let now = clock(doctor)?;
    let mut report = Report::default();
    if let Some(config) = configuration(place, &mut report)
        && let Some(workspace) = model(&config, &mut report)
    {
        let answered = data::check(&Session::runtime()?, &workspace, now, &mut report);
        report.add(door::check(&config, answered.as_deref()));
    }
    if let Some(url) = &doctor.url {
        report.extend(server::check(url));
    }
    report.extend(assistants::check(&doctor.config)?);
    output::emit(&match doctor.format {
        TextFormat::Text => report.text(Paint::stdout()),
        TextFormat::Json => format!("{}\n", report.json()),
    })?;
    if report.is_ill() { Err(Fault::Ill) } else { Ok(()) }
}

fn clock(doctor: &Doctor) -> Result<DateTime<Utc>, Fault> {
    let Some(text) = &doctor.now else { return Ok(Utc::now()) };
    DateTime::parse_from_rfc3339(text).map(|instant| instant.to_utc()).map_err(|_| {
        let fault = Diagnostic::new(Code::InvalidAsOf, format!("`{text}` is not an instant with an offset"));
        Failure(fault.field("--now").help("for example 2026-11-20T09:00:00-05:00").into()).into()
    })
}

/// Where the model and the data are, and who says so.
fn configuration(place: &Place, report: &mut Report) -> Option<Config> {
    match Config::of(place) {
        Ok(config) => {
            let message = format!("models {}, data {}", told(&config.models), told(&config.data));
            report.add(Finding::ok("configuration", message));
            Some(config)
        }
        Err(Fault::Refused(failure)) => {
            report.extend(failure.0.0.iter().map(|fault| Finding::of("configuration", fault)));
            None
        }
        Err(fault) => {
            let help = "see that sextant.toml in this directory or above it can be read";
            report.add(Finding::fail("configuration", format!("sextant.toml cannot be read: {fault:?}"), help));
            None
        }
    }
}

fn told(setting: &Setting) -> String {
    let from = match &setting.from {
        Origin::Flag(name) => format!("by {name}"),
        Origin::Variable(name) => format!("by {name}"),
        Origin::File(path) => format!("by {}", path.display()),
        Origin::Default => "the default".to_string(),
    };
    format!("`{}` ({from})", setting.path.display())
}

/// The model, when every file of it is good, and whether there is a place for its data.
fn model(config: &Config, report: &mut Report) -> Option<Workspace> {
    let opened = match workspace(config) {
        Ok(workspace) => {
            let catalog = workspace.catalog();
            let datasets = data::count(catalog.datasets().len(), "dataset");
            let metrics = data::count(catalog.metrics().len(), "metric");
            report.add(Finding::ok("model", format!("`{}`: {datasets}, {metrics}", catalog.name)));
            let losses = workspace.losses().0.len();
            if losses > 0 {
                let message = format!("{losses} things of the other tool's files are left out");
                report.add(Finding::warn("model", message, "`sextant validate` lists them with their lines"));
            }
            Some(workspace)
        }
        Err(Refusal { failure, text }) => {
            let mut findings = failure.0.0.iter().map(|fault| Finding::of("model", fault));
            if let Some(first) = findings.next() {
                report.add(Finding { details: text, ..first });
            }
            None
        }
    };
    let root = &config.data.path;
    report.add(match std::fs::read_dir(root) {
        Ok(_) => Finding::ok("data root", format!("`{}` is there", root.display())),
        Err(fault) => {
            let what = match fault.kind() {
                std::io::ErrorKind::NotFound => "does not exist".to_string(),
                _ => format!("cannot be read: {fault}"),
            };
            let help = format!("{}; `sextant demo` makes example data", name_it(&config.data.from));
            Finding::fail("data root", format!("the data directory `{}` {what}", absolute(root).display()), help)
        }
    });
    opened
}

fn absolute(path: &std::path::Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf())
}

fn name_it(from: &Origin) -> String {
    match from {
        Origin::Flag(name) => format!("give {name} the directory that the model's sources are relative to"),
        Origin::Variable(name) => format!("set {name} to the directory that the model's sources are relative to"),
        Origin::File(path) => format!("correct `data` in {}", path.display()),
        Origin::Default => "name it with --data DIR, SEXTANT_DATA or `data` in sextant.toml".to_string(),
    }
}
