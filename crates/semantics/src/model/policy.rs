//! Policies: which rows and columns a caller may see.

use crate::source::{Span, Spanned};

/// `{dataset, filter}` or `{dataset, hide, unless}`.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    pub name: Option<Spanned<String>>,
    pub description: Option<Spanned<String>>,
    pub dataset: Spanned<String>,
    /// A condition over dimensions; `:caller.<key>` stands for what is known of the
    /// caller.
    pub filter: Option<Spanned<String>>,
    /// Dimensions and columns that nobody sees, or only callers of whom `unless` is true.
    pub hide: Vec<Spanned<String>>,
    /// A condition over attributes of the caller alone.
    pub unless: Option<Spanned<String>>,
    pub span: Span,
}
