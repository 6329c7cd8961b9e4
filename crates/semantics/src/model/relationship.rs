//! What ties datasets together: relationships by keys, and dimensions that several share.

use crate::source::{Span, Spanned};

/// Rows of `from` point at rows of `to` by equal columns, or by the pairs of a third dataset.
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
    /// Inferred from keys where it is not said.
    pub cardinality: Option<Spanned<Cardinality>>,
    pub through: Option<Through>,
    pub span: Span,
}

/// What a relationship may be declared to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cardinality {
    ManyToOne,
    /// A bridge: a row of `from` has any number of rows of `to`.
    ManyToMany,
}

/// The dataset of pairs that a many-to-many relationship leads through.
#[derive(Clone, Debug, PartialEq)]
pub struct Through {
    pub dataset: Spanned<String>,
    /// They equal `from_columns`.
    pub from_columns: Vec<Spanned<String>>,
    /// They equal `to_columns`.
    pub to_columns: Vec<Spanned<String>>,
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
