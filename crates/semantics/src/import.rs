//! Other tools' files as the model of ours, and what of them could not be said in it.
//!
//! Every format gives the same [`Model`] with spans into its own files. What has no place in it is a
//! named loss, never silence.

use std::collections::BTreeSet;

use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::model::{self, Model};
use crate::source::{SourceId, Sources};
use crate::yaml::{self, Node};

mod cube;
mod formula;
mod metricflow;
mod object;
pub(crate) mod ossie;
mod project;
mod report;

/// A format that models are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Our own YAML.
    Sextant,
    /// MetricFlow and dbt: a semantic manifest, or YAML of either vocabulary.
    MetricFlow,
    /// Apache Ossie, formerly OSI.
    Ossie,
    /// Cube's YAML.
    Cube,
}

/// A model read from files of some format.
#[derive(Clone, Debug)]
pub struct Imported {
    pub format: Format,
    pub model: Model,
    /// Faults: the model cannot be used as it is.
    pub findings: Diagnostics,
    /// What was left out or read otherwise, one a construct, in the order of the files.
    pub losses: Vec<Diagnostic>,
}

impl Format {
    pub const ALL: [Format; 4] = [Format::Sextant, Format::MetricFlow, Format::Ossie, Format::Cube];

    /// The word of `--model-format`.
    pub fn as_str(self) -> &'static str {
        match self {
            Format::Sextant => "sextant",
            Format::MetricFlow => "metricflow",
            Format::Ossie => "ossie",
            Format::Cube => "cube",
        }
    }

    /// The format of this word.
    pub fn parse(word: &str) -> Option<Format> {
        Format::ALL.into_iter().find(|format| format.as_str() == word)
    }
}

/// The model of these texts (`(path relative to the model directory, text)`), in the format given or
/// the one that they show themselves to be in.
pub fn read(texts: Vec<(String, String)>, format: Option<Format>) -> Imported {
    match format.unwrap_or_else(|| detect(&texts)) {
        Format::MetricFlow => metricflow::read(texts),
        Format::Ossie => ossie::read(texts),
        Format::Cube => cube::read(texts),
        format @ Format::Sextant => {
            let (model, findings) = model::read(texts);
            Imported { format, model, findings, losses: Vec::new() }
        }
    }
}

/// The format that the files show themselves to be in; ours where nothing says otherwise, or where
/// they are of several.
pub fn detect(texts: &[(String, String)]) -> Format {
    if texts.iter().any(|(name, text)| cube::looks_like_cube(name, text)) {
        return Format::Cube;
    }
    let documents = texts.iter().flat_map(|(_, text)| yaml::read(SourceId(0), text, &mut Diagnostics::default()).nodes);
    let mut found = Format::Sextant;
    for document in documents {
        if cube::is_cube(&document) {
            found = Format::Cube;
        } else if ossie::is_ossie(&document) {
            found = Format::Ossie;
        } else if is_sextant(&document) {
            return Format::Sextant;
        } else if metricflow::is_ours(&document) {
            found = Format::MetricFlow;
        }
    }
    found
}

/// Whether a document has keys that only our format has.
fn is_sextant(document: &Node) -> bool {
    document.get("datasets").is_some() && document.get("semantic_model").is_none()
}

/// The documents of these files, what is wrong in them, and the names that were lost with it.
fn trees(files: Vec<(String, String)>) -> (Sources, Vec<Node>, Diagnostics, BTreeSet<String>) {
    let mut sources = Sources::default();
    let mut findings = Diagnostics::default();
    let mut lost = BTreeSet::new();
    let mut roots = Vec::new();
    for (path, text) in files {
        let source = sources.add(path, text);
        let text = sources.get(source).text.clone();
        let documents = yaml::read(source, &text, &mut findings);
        lost.extend(documents.lost);
        roots.extend(documents.nodes);
    }
    (sources, roots, findings, lost)
}
