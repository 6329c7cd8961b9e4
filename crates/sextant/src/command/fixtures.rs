//! `sextant fixtures`: the example data of the commerce model.

use std::path::Path;

use chrono::{Days, Local, NaiveDate};
use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::Fixtures;
use crate::fault::Fault;
use crate::fixtures::{self, Scale};
use crate::output;

pub(crate) fn run(fixtures: &Fixtures) -> Result<(), Fault> {
    let yesterday = Local::now().date_naive() - Days::new(1);
    make(fixtures.scale, &fixtures.out, fixtures.end.unwrap_or(yesterday))
}

/// Writes the data with a progress bar and says what was written.
pub(crate) fn make(scale: Scale, out: &Path, end: NaiveDate) -> Result<(), Fault> {
    let bar = ProgressBar::new(0);
    bar.set_style(ProgressStyle::with_template("{bar:40} {percent}% {msg}").unwrap_or_else(|_| ProgressStyle::default_bar()));
    let summary = fixtures::generate(scale, out, end, |done, of| {
        bar.set_length(of);
        bar.set_position(done);
    })?;
    bar.finish_and_clear();
    let tables: Vec<String> = summary.tables.iter().map(|(name, rows)| format!("{rows} {name}")).collect();
    output::note(&format!("{}: {} to {}, {}", out.display(), summary.start, summary.end, tables.join(", ")))
}
