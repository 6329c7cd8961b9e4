//! `sextant fixtures`: the example data of the commerce model.

use std::path::Path;

use chrono::{Days, Local, NaiveDate};
use clap::ValueEnum;
use indicatif::{ProgressBar, ProgressStyle};
use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;

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
    bar.set_style(
        ProgressStyle::with_template("{bar:40} {percent}% {msg}").unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    let written = fixtures::generate(scale, out, end, |done, of| {
        bar.set_length(of);
        bar.set_position(done);
    });
    bar.finish_and_clear();
    let summary = written.map_err(|fault| match fault.kind() {
        // A directory with anything else in it is left alone.
        std::io::ErrorKind::AlreadyExists => {
            let diagnostic = Diagnostic::new(Code::InvalidArgument, fault.to_string()).field("--out");
            Fault::Refused(Failure(diagnostic.help("name an empty or a new directory").into()))
        }
        _ => Fault::Io(fault),
    })?;
    let tables: Vec<String> = summary.tables.iter().map(|(name, rows)| format!("{rows} {name}")).collect();
    output::note(&format!("{}: {} to {}, {}", out.display(), summary.start, summary.end, tables.join(", ")))
}

/// The name of a scale, as it is typed and as an extract's mark has it.
pub(crate) fn name(scale: Scale) -> String {
    scale.to_possible_value().map_or_else(String::new, |value| value.get_name().to_string())
}
