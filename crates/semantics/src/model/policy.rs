//! Policies: which rows and columns a caller may see.

use crate::source::{Span, Spanned};

/// `{dataset, filter, hide}`.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    pub name: Option<Spanned<String>>,
    pub description: Option<Spanned<String>>,
    pub dataset: Spanned<String>,
    /// A condition over the dataset's dimensions; `:caller.<key>` stands for what is known of the
    /// caller.
    pub filter: Option<Spanned<String>>,
    /// Dimensions and columns that nobody sees.
    pub hide: Vec<Spanned<String>>,
    pub span: Span,
}
