//! `sextant import`: another tool's model in our own format, and what of it could not be said.

use std::path::Path;

use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::{Diagnostic, Diagnostics};
use sextant_semantics::{export, import};

use crate::cli::{Import, Place};
use crate::config::Config;
use crate::fault::Fault;
use crate::models;
use crate::output;

/// The file that is written.
const FILE: &str = "model.yml";

pub(crate) fn run(place: &Place, asked: &Import) -> Result<(), Fault> {
    let config = Config::of(place)?;
    let texts = models::read(&config.models).map_err(Fault::Refused)?;
    let read = import::read(texts.clone(), config.model_format);
    if let Some(first) = read.findings.iter().next() {
        let text = models::render(&config.models, &texts, &read.findings);
        return Err(Fault::Found { text, code: first.code });
    }
    write(&asked.out, &export::sextant(&read.model))?;
    let losses = Diagnostics(read.losses);
    if !losses.is_empty() {
        output::note(&models::render_losses(&config.models, &texts, &losses))?;
    }
    let counts = format!("{} datasets, {} metrics", read.model.datasets.len(), read.model.all_metrics().count());
    let lost = losses.0.len();
    output::emit(&format!("{}: {counts}, {lost} not imported\n", asked.out.join(FILE).display()))
}

/// Writes a new file; one that is there is left alone.
fn write(out: &Path, text: &str) -> Result<(), Fault> {
    std::fs::create_dir_all(out)?;
    let path = out.join(FILE);
    match std::fs::OpenOptions::new().write(true).create_new(true).open(&path) {
        Ok(mut file) => Ok(std::io::Write::write_all(&mut file, text.as_bytes())?),
        Err(fault) if fault.kind() == std::io::ErrorKind::AlreadyExists => {
            let message = format!("`{}` is there already", path.display());
            let diagnostic = Diagnostic::new(Code::InvalidArgument, message).field("--out");
            Err(Fault::Refused(Failure(diagnostic.help("name another directory, or remove the file").into())))
        }
        Err(fault) => Err(Fault::Io(fault)),
    }
}
