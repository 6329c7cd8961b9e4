//! A model as text: in our own YAML, and as other tools' files.

use crate::diagnostic::Diagnostic;
use crate::model::Model;
use crate::yaml::{Node, write};

mod metric;
mod ossie;
mod tree;

/// A file of another tool, and what of the model other readers of it do not see.
#[derive(Clone, Debug)]
pub struct Exported {
    document: Node,
    pub losses: Vec<Diagnostic>,
}

impl Exported {
    pub fn yaml(&self) -> String {
        write::yaml(&self.document)
    }

    pub fn json(&self) -> String {
        write::json_lines(&self.document)
    }
}

/// The model in our own YAML, in one file.
pub fn sextant(model: &Model) -> String {
    write::yaml(&tree::model(model))
}

/// The model as an Apache Ossie document. What Ossie has no place for stands in our own
/// `custom_extensions`, so that importing the document gives the model again.
pub fn ossie(model: &Model) -> Exported {
    ossie::document(model)
}
