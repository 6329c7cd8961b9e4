//! What ties datasets together: relationships by keys, and dimensions that several share.

use crate::source::{Span, Spanned};

/// Rows of `from` point at rows of `to` by equal columns. Cardinality is inferred from keys.
#[derive(Clone, Debug, PartialEq)]
pub struct Relationship {
    pub name: Spanned<String>,
    pub description: Option<Spanned<String>>,
    /// The entity that both ends hold; a path may name it in place of the relationship.
    pub entity: Option<Spanned<String>>,
    pub from: Spanned<String>,
    /// As many as `to_columns`, in the same order.
    pub from_columns: Vec<Spanned<String>>,
    pub to: Spanned<String>,
    pub to_columns: Vec<Spanned<String>>,
    pub span: Span,
}

/// One dimension that stands in several datasets: `{name: channel, of: [orders.channel, …]}`.
#[derive(Clone, Debug, PartialEq)]
pub struct SharedDimension {
    pub name: Spanned<String>,
    pub label: Option<Spanned<String>>,
    pub description: Option<Spanned<String>>,
    pub synonyms: Vec<Spanned<String>>,
    /// `dataset.dimension` paths, at least one.
    pub of: Vec<Spanned<String>>,
    pub hidden: bool,
    pub span: Span,
}
