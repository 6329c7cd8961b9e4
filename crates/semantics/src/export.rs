//! A model as text: in our own YAML, and as other tools' files.

use crate::model::Model;
use crate::yaml::write;

mod metric;
mod tree;

/// The model in our own YAML, in one file. What has no key in it, the naming of an imported model,
/// is not written.
pub fn sextant(model: &Model) -> String {
    write::yaml(&tree::model(model))
}
