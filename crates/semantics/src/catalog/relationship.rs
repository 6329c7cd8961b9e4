//! What ties two datasets together: equal columns, or the pairs of a third dataset.

use super::id::{DatasetId, RelationshipId};
use super::join_graph::Cardinality;
use crate::source::Span;

/// Rows of one dataset that point at rows of another.
#[derive(Clone, Debug)]
pub struct Relationship {
    pub id: RelationshipId,
    pub name: String,
    pub from: DatasetId,
    pub to: DatasetId,
    /// Columns of `from`, and the columns that they equal: of `to`, or of the pairs that it leads through.
    pub columns: Vec<(String, String)>,
    /// The entity that both ends hold.
    pub entity: Option<String>,
    pub cardinality: Cardinality,
    pub through: Option<Through>,
    pub span: Span,
}

/// The pairs that tie two datasets together, many to many.
#[derive(Clone, Debug)]
pub struct Through {
    pub dataset: DatasetId,
    /// Its columns, and the columns of the relationship's far end that they equal.
    pub columns: Vec<(String, String)>,
    /// Whether the far end has one row at any one time.
    pub versioned: bool,
}

impl Relationship {
    /// Columns that must be there, with the dataset that has them.
    pub fn needs(&self) -> Vec<(DatasetId, &str)> {
        let near_end = self.through.as_ref().map_or(self.to, |through| through.dataset);
        let mut found: Vec<(DatasetId, &str)> = Vec::new();
        for (near, far) in &self.columns {
            found.extend([(self.from, near.as_str()), (near_end, far.as_str())]);
        }
        if let Some(through) = &self.through {
            for (near, far) in &through.columns {
                found.extend([(through.dataset, near.as_str()), (self.to, far.as_str())]);
            }
        }
        found
    }
}
