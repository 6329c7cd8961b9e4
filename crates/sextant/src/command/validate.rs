//! `sextant validate`: every fault of a model at once, and with `--data` of the data it speaks of.

use crate::cli::Place;
use crate::config::Config;
use crate::fault::Fault;
use crate::models;
use crate::output;
use crate::session::{Session, workspace};

pub(crate) fn run(place: &Place) -> Result<(), Fault> {
    let config = Config::of(place)?;
    let workspace = workspace(&config)?;
    let catalog = workspace.catalog();
    if !workspace.losses().is_empty() {
        let texts = models::read(&config.models)?;
        output::note(&models::render_losses(&config.models, &texts, workspace.losses()))?;
    }
    let counts = format!("{} datasets, {} metrics", catalog.datasets().len(), catalog.metrics().len());
    output::emit(&format!("{}: {counts}, no faults\n", config.models.path.display()))?;
    if place.data.is_none() {
        return Ok(());
    }
    let runtime = Session::runtime()?;
    let findings = runtime.block_on(workspace.check_data());
    if let Some(first) = findings.iter().next() {
        let text = models::render(&config.models, &models::read(&config.models)?, &findings);
        return Err(Fault::Found { text, code: first.code });
    }
    output::emit(&format!("{}: files, columns, types and keys fit the model\n", config.data.path.display()))
}
