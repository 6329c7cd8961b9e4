//! `sextant export`: the model as another tool's file, and what other readers of it do not see.

use std::path::Path;

use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::{Diagnostic, Diagnostics};
use sextant_semantics::{export, import};

use crate::cli::{Export, ExportFormat, Place};
use crate::config::Config;
use crate::fault::Fault;
use crate::models;
use crate::output;

pub(crate) fn run(place: &Place, asked: &Export) -> Result<(), Fault> {
    let config = Config::of(place)?;
    let texts = models::read(&config.models).map_err(Fault::Refused)?;
    let read = import::read(texts.clone(), config.model_format);
    if let Some(first) = read.findings.iter().next() {
        let text = models::render(&config.models, &texts, &read.findings);
        return Err(Fault::Found { text, code: first.code });
    }
    let exported = match asked.format {
        ExportFormat::Ossie => export::ossie(&read.model),
    };
    let losses = Diagnostics([read.losses, exported.losses.clone()].concat());
    if !losses.is_empty() {
        output::note(&models::render_losses(&config.models, &texts, &losses))?;
    }
    match &asked.out {
        None => output::emit(&exported.yaml()),
        Some(path) => {
            let is_json = path.extension().is_some_and(|end| end == "json");
            write(path, &if is_json { exported.json() } else { exported.yaml() })?;
            output::emit(&format!("{}: {} metrics\n", path.display(), read.model.all_metrics().count()))
        }
    }
}

/// Writes a new file; one that is there is left alone.
fn write(path: &Path, text: &str) -> Result<(), Fault> {
    match std::fs::OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(mut file) => Ok(std::io::Write::write_all(&mut file, text.as_bytes())?),
        Err(fault) if fault.kind() == std::io::ErrorKind::AlreadyExists => {
            let message = format!("`{}` is there already", path.display());
            let diagnostic = Diagnostic::new(Code::InvalidArgument, message).field("--out");
            Err(Fault::Refused(Failure(diagnostic.help("name another file, or remove it").into())))
        }
        Err(fault) => Err(Fault::Io(fault)),
    }
}
