//! Which datasets reach which along many-to-one edges.
//!
//! The only maker of [`ManyToOneHop`], and so the only way to join. The one step to several rows is a
//! [`Bridge`], beyond which an aggregate counts each of its rows once a group.

use super::id::{DatasetId, RelationshipId};
use crate::time::granularity::Granularity;

/// One edge of the graph, walked from a row to the at most one row that it belongs to.
///
/// Only [`JoinGraph`] makes one, of a relationship whose far end is a key. Nothing else can say that a join does
/// not repeat rows, so no plan can add up rows that a one-to-many edge repeats:
///
/// ```compile_fail,E0451
/// use sextant_semantics::catalog::Catalog;
/// use sextant_semantics::catalog::join_graph::ManyToOneHop;
///
/// fn fan_out(catalog: &Catalog) -> ManyToOneHop {
///     let edge = &catalog.relationships()[0];
///     let columns = Vec::new();
///     ManyToOneHop { relationship: edge.id, from: edge.to, to: edge.from, columns, versioned: false }
/// }
/// ```
///
/// Walking a relationship backwards is not a way round it either:
///
/// ```compile_fail,E0599
/// use sextant_semantics::catalog::join_graph::ManyToOneHop;
///
/// fn backwards(hop: &ManyToOneHop) -> ManyToOneHop {
///     hop.reversed()
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ManyToOneHop {
    relationship: RelationshipId,
    from: DatasetId,
    to: DatasetId,
    columns: Vec<(String, String)>,
    versioned: bool,
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

    /// Whether `to` has a row for each version of a thing, of which the one holds that is valid at
    /// the fact's time.
    pub fn is_versioned(&self) -> bool {
        self.versioned
    }
}

/// From a time to the one row of a time spine that stands for the period it lies in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct SpineHop {
    to: DatasetId,
    column: String,
    granularity: Granularity,
}

impl SpineHop {
    pub fn to(&self) -> DatasetId {
        self.to
    }

    /// The spine's column of periods, by which its rows are told apart.
    pub fn column(&self) -> &str {
        &self.column
    }

    pub fn granularity(&self) -> Granularity {
        self.granularity
    }
}

/// From a currency and a day to the one row of the rate that holds: that of the day, else of the last
/// day before it that has one.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RatesHop {
    to: DatasetId,
    currency: String,
    day: String,
    rate: String,
}

impl RatesHop {
    pub(super) fn new(to: DatasetId, currency: String, day: String, rate: String) -> Self {
        RatesHop { to, currency, day, rate }
    }

    pub fn to(&self) -> DatasetId {
        self.to
    }

    /// The column of currencies, which with that of days tells the rates apart.
    pub fn currency(&self) -> &str {
        &self.currency
    }

    pub fn day(&self) -> &str {
        &self.day
    }

    /// The column of what one unit of the currency is worth.
    pub fn rate(&self) -> &str {
        &self.rate
    }
}

/// A step to any number of rows: what was declared to be a key is none in the data. An aggregate counts
/// each of its own rows once a group beyond such a step.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Bridge(ManyToOneHop);

impl Bridge {
    pub fn relationship(&self) -> RelationshipId {
        self.0.relationship
    }
}

/// A step from a row, to at most one row but for a bridge.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Hop {
    ManyToOne(ManyToOneHop),
    Spine(SpineHop),
    Rates(RatesHop),
    Bridge(Bridge),
}

impl Hop {
    /// The same step where its far end is no key; none of a step to a period or to a rate, which is one or none.
    pub fn as_bridge(&self) -> Option<Hop> {
        match self {
            Hop::ManyToOne(hop) => Some(Hop::Bridge(Bridge(hop.clone()))),
            Hop::Bridge(_) => Some(self.clone()),
            Hop::Spine(_) | Hop::Rates(_) => None,
        }
    }

    /// The dataset that it leads to.
    pub fn to(&self) -> DatasetId {
        match self {
            Hop::ManyToOne(hop) => hop.to(),
            Hop::Spine(hop) => hop.to(),
            Hop::Rates(hop) => hop.to(),
            Hop::Bridge(hop) => hop.0.to(),
        }
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
    ManyToOne {
        /// Whether the far end has one row at any one time.
        versioned: bool,
    },
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

/// A time spine before there are hops to it.
#[derive(Clone, Debug)]
pub struct Spine {
    pub dataset: DatasetId,
    pub column: String,
    pub granularity: Granularity,
}

/// All simple many-to-one paths of a model, by the dataset they start from.
#[derive(Clone, Debug, Default)]
pub struct JoinGraph {
    paths: Vec<Vec<ManyToOnePath>>,
    spines: Vec<SpineHop>,
}

/// Longest path that is searched, in hops.
const MAX_HOPS: usize = 6;
/// Most paths kept for one dataset.
const MAX_PATHS: usize = 2_000;

impl JoinGraph {
    /// The graph over datasets `0..datasets`.
    pub fn new(datasets: usize, edges: &[Edge], spines: Vec<Spine>) -> Self {
        let mut outgoing: Vec<Vec<ManyToOneHop>> = vec![Vec::new(); datasets];
        for edge in edges {
            let (relationship, from, to) = (edge.relationship, edge.from, edge.to);
            let forward = |versioned| ManyToOneHop { relationship, from, to, columns: edge.columns.clone(), versioned };
            let backward = || ManyToOneHop {
                relationship,
                from: to,
                to: from,
                columns: edge.columns.iter().map(|(a, b)| (b.clone(), a.clone())).collect(),
                versioned: false,
            };
            match edge.cardinality {
                Cardinality::ManyToOne { versioned } => outgoing[from.index()].push(forward(versioned)),
                Cardinality::OneToOne => {
                    outgoing[from.index()].push(forward(false));
                    outgoing[to.index()].push(backward());
                }
                Cardinality::ManyToMany => {}
            }
        }
        let to_spine = |s: Spine| SpineHop { to: s.dataset, column: s.column, granularity: s.granularity };
        JoinGraph {
            paths: (0..datasets).map(|start| paths_from(start, &outgoing)).collect(),
            spines: spines.into_iter().map(to_spine).collect(),
        }
    }

    /// The hop to a time spine, by its position.
    pub fn spine(&self, position: usize) -> &SpineHop {
        &self.spines[position]
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
