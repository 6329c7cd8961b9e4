//! Questions that a model carries: saved queries, the audit's default set, targets and tests.

use crate::model::Location;
use crate::source::{Span, Spanned};
use crate::time::granularity::Granularity;
use crate::yaml::Node;

/// `{name, metrics, granularity, time_range, …}`.
#[derive(Clone, Debug, PartialEq)]
pub struct SavedQuery {
    pub name: Spanned<String>,
    pub label: Option<Spanned<String>>,
    pub description: Option<Spanned<String>>,
    pub synonyms: Vec<Spanned<String>>,
    /// The map without the keys above: the arguments of a request, not yet decoded.
    pub query: Node,
    pub span: Span,
}

/// `audit: {metrics, dimensions}`: what audit_performance looks at unless told.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Audit {
    pub metrics: Vec<Spanned<String>>,
    pub dimensions: Vec<Spanned<String>>,
}

/// `{metric, granularity, source}`: planned values of a metric by period.
#[derive(Clone, Debug, PartialEq)]
pub struct Target {
    pub metric: Spanned<String>,
    pub granularity: Spanned<Granularity>,
    pub source: Location,
    /// The column of a day of each period; that of the granularity's name when absent.
    pub period: Option<Spanned<String>>,
    /// The column of the planned values; that of the metric's name when absent.
    pub value: Option<Spanned<String>>,
    /// Dimensions that the target is split by, each a column of its name.
    pub dimensions: Vec<Spanned<String>>,
    pub span: Span,
}

/// `{query, expect}`: a question with the rows that answer it.
#[derive(Clone, Debug, PartialEq)]
pub struct Test {
    pub name: Option<Spanned<String>>,
    pub description: Option<Spanned<String>>,
    /// The arguments of a request, not yet decoded.
    pub query: Node,
    /// A list of rows.
    pub expect: Node,
    pub span: Span,
}
