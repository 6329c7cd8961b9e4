//! Which datasets reach which along many-to-one edges.
//!
//! The only maker of [`ManyToOneHop`], and so the only way to join: a plan that fans out cannot
//! be written.

use super::id::{DatasetId, RelationshipId};

/// One edge of the graph, walked from a row to the at most one row that it belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ManyToOneHop {
    relationship: RelationshipId,
    from: DatasetId,
    to: DatasetId,
    columns: Vec<(String, String)>,
}

impl ManyToOneHop {
    pub fn relationship(&self) -> RelationshipId {
        self.relationship
    }

    pub fn from(&self) -> DatasetId {
        self.from
    }

    /// The dataset whose declared key the columns are.
    pub fn to(&self) -> DatasetId {
        self.to
    }

    /// Columns of `from` and the columns of `to` they equal.
    pub fn columns(&self) -> &[(String, String)] {
        &self.columns
    }
}

/// Hops from one dataset to another; empty where both are one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct ManyToOnePath {
    hops: Vec<ManyToOneHop>,
}

impl ManyToOnePath {
    pub fn hops(&self) -> &[ManyToOneHop] {
        &self.hops
    }
}

/// How a relationship's two ends count, inferred from the keys that the datasets declare.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cardinality {
    ManyToOne,
    OneToOne,
    /// The far end is no key: never joined along.
    ManyToMany,
}

/// An edge before paths are made of it.
#[derive(Clone, Debug)]
pub struct Edge {
    pub relationship: RelationshipId,
    pub from: DatasetId,
    pub to: DatasetId,
    pub columns: Vec<(String, String)>,
    pub cardinality: Cardinality,
}

/// All simple many-to-one paths of a model, by the dataset they start from.
#[derive(Clone, Debug, Default)]
pub struct JoinGraph {
    paths: Vec<Vec<ManyToOnePath>>,
}

/// Longest path that is searched, in hops.
const MAX_HOPS: usize = 6;
/// Most paths kept for one dataset.
const MAX_PATHS: usize = 2_000;

impl JoinGraph {
    /// The graph over datasets `0..datasets`.
    pub fn new(datasets: usize, edges: &[Edge]) -> Self {
        let mut outgoing: Vec<Vec<ManyToOneHop>> = vec![Vec::new(); datasets];
        for edge in edges {
            let (relationship, from, to) = (edge.relationship, edge.from, edge.to);
            let forward = ManyToOneHop { relationship, from, to, columns: edge.columns.clone() };
            let columns = edge.columns.iter().map(|(a, b)| (b.clone(), a.clone())).collect();
            let backward = ManyToOneHop { relationship, from: to, to: from, columns };
            match edge.cardinality {
                Cardinality::ManyToOne => outgoing[from.index()].push(forward),
                Cardinality::OneToOne => {
                    outgoing[from.index()].push(forward);
                    outgoing[to.index()].push(backward);
                }
                Cardinality::ManyToMany => {}
            }
        }
        JoinGraph { paths: (0..datasets).map(|start| paths_from(start, &outgoing)).collect() }
    }

    /// Every path that starts at `from`, shortest first; the empty path is the first.
    pub fn paths(&self, from: DatasetId) -> &[ManyToOnePath] {
        &self.paths[from.index()]
    }

    /// The dataset that a path from `from` ends at.
    pub fn end(from: DatasetId, path: &ManyToOnePath) -> DatasetId {
        path.hops.last().map_or(from, |hop| hop.to)
    }
}

fn paths_from(start: usize, outgoing: &[Vec<ManyToOneHop>]) -> Vec<ManyToOnePath> {
    let mut found = vec![ManyToOnePath::default()];
    let mut next = 0;
    while next < found.len() && found.len() < MAX_PATHS {
        let path = found[next].clone();
        next += 1;
        if path.hops.len() == MAX_HOPS {
            continue;
        }
        let at = path.hops.last().map_or(start, |hop| hop.to.index());
        for hop in &outgoing[at] {
            let visited = hop.to.index() == start || path.hops.iter().any(|h| h.to == hop.to);
            if !visited {
                let mut hops = path.hops.clone();
                hops.push(hop.clone());
                found.push(ManyToOnePath { hops });
            }
        }
    }
    found
}
