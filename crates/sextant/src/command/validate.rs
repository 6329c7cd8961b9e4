//! `sextant validate`: every fault of a model at once, and with `--data` of the data it speaks of.

use crate::cli::Place;
use crate::config::Config;
use crate::fault::Fault;
use crate::output;
use crate::session::workspace;

pub(crate) fn run(place: &Place) -> Result<(), Fault> {
    let config = Config::of(place)?;
    workspace(&config)?;
    output::emit(&format!("{} is a good model\n", config.models.path.display()))
}
