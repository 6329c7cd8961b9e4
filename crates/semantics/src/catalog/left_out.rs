//! What another tool's files define in words that are not ours: known by name, refused in use.

use super::Catalog;
use super::id::DatasetId;
use super::join_graph::JoinGraph;
use crate::code::Code;
use crate::diagnostic::Diagnostic;
use crate::model::{LeftOut, LeftOutKind};

impl Catalog {
    /// Why something was left out, with its place: `a window function (orders.yml:12)`.
    pub fn why_left_out(&self, of: &LeftOut) -> String {
        match of.reason.span {
            Some(span) => {
                let file = &self.sources.get(span.source).name;
                format!("{} ({file}:{})", of.reason.message, self.sources.position(span).line)
            }
            None => of.reason.message.clone(),
        }
    }

    /// The refusal of something that was left out.
    pub(super) fn cannot_be_asked(&self, noun: &str, of: &LeftOut) -> Diagnostic {
        let code = if of.reason.code == Code::NotImported { Code::UnsupportedExpression } else { of.reason.code };
        let message = format!("{noun} `{}` cannot be asked: {}", of.name, self.why_left_out(of));
        let help = "the rest of the model answers; write its definition in the expression language";
        Diagnostic::new(code, message).help(of.reason.help.clone().unwrap_or_else(|| help.to_string()))
    }

    /// The refusal of a dimension of this name that was left out: of a dataset that rows of `from` see, or of any.
    pub(super) fn left_out_dimension(&self, from: Option<DatasetId>, name: &str) -> Option<Diagnostic> {
        let is_seen = |dataset: &str| match (from, self.dataset_named(dataset)) {
            (Some(from), Some(end)) => self.graph().paths(from).iter().any(|path| JoinGraph::end(from, path) == end.id),
            (None, _) => true,
            (Some(_), None) => false,
        };
        let is_it = |of: &&LeftOut| match &of.kind {
            LeftOutKind::Dimension { dataset } => of.name == name && is_seen(dataset),
            LeftOutKind::Metric => false,
        };
        self.left_out.iter().find(is_it).map(|of| self.cannot_be_asked("dimension", of))
    }
}
