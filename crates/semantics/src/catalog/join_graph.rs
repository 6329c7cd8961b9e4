//! Which datasets reach which: along many-to-one edges, and over bridges.
//!
//! The only maker of [`ManyToOneHop`] and of [`Bridge`], and so the only way to join. A bridge is the one step to
//! several rows, beyond which an aggregate counts each of its rows once a group. A path has one bridge at most.

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

/// A step to any number of rows: it is declared to be one, or what was declared to be a key is none in the
/// data. An aggregate counts each of its own rows once a group beyond such a step.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Bridge {
    relationship: RelationshipId,
    from: DatasetId,
    to: DatasetId,
    columns: Vec<(String, String)>,
    /// Where the relationship leads on to, of one through a dataset of pairs.
    onward: Option<DatasetId>,
}

impl Bridge {
    pub fn relationship(&self) -> RelationshipId {
        self.relationship
    }

    pub fn from(&self) -> DatasetId {
        self.from
    }

    /// The far end of the relationship: beyond the pairs, of one that leads through pairs.
    pub fn end(&self) -> DatasetId {
        self.onward.unwrap_or(self.to)
    }

    /// Whether it leads to pairs, from which the relationship goes on.
    pub fn is_to_pairs(&self) -> bool {
        self.onward.is_some()
    }
}

/// A step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Step {
    ManyToOne(ManyToOneHop),
    Bridge(Bridge),
}

impl Step {
    pub fn relationship(&self) -> RelationshipId {
        match self {
            Step::ManyToOne(hop) => hop.relationship,
            Step::Bridge(bridge) => bridge.relationship,
        }
    }

    pub fn from(&self) -> DatasetId {
        match self {
            Step::ManyToOne(hop) => hop.from,
            Step::Bridge(bridge) => bridge.from,
        }
    }

    pub fn to(&self) -> DatasetId {
        match self {
            Step::ManyToOne(hop) => hop.to,
            Step::Bridge(bridge) => bridge.to,
        }
    }

    /// Columns of `from` and the columns of `to` they equal.
    pub fn columns(&self) -> &[(String, String)] {
        match self {
            Step::ManyToOne(hop) => &hop.columns,
            Step::Bridge(bridge) => &bridge.columns,
        }
    }

    pub fn is_versioned(&self) -> bool {
        match self {
            Step::ManyToOne(hop) => hop.versioned,
            Step::Bridge(_) => false,
        }
    }

    pub fn hop(&self) -> Hop {
        match self {
            Step::ManyToOne(hop) => Hop::ManyToOne(hop.clone()),
            Step::Bridge(bridge) => Hop::Bridge(bridge.clone()),
        }
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
            Hop::ManyToOne(hop) => Some(Hop::Bridge(Bridge {
                relationship: hop.relationship,
                from: hop.from,
                to: hop.to,
                columns: hop.columns.clone(),
                onward: None,
            })),
            Hop::Bridge(_) => Some(self.clone()),
            Hop::Spine(_) | Hop::Rates(_) => None,
        }
    }

    /// The bridge that it is.
    pub fn bridge(&self) -> Option<&Bridge> {
        match self {
            Hop::Bridge(bridge) => Some(bridge),
            Hop::ManyToOne(_) | Hop::Spine(_) | Hop::Rates(_) => None,
        }
    }

    /// The dataset that it leads to.
    pub fn to(&self) -> DatasetId {
        match self {
            Hop::ManyToOne(hop) => hop.to(),
            Hop::Spine(hop) => hop.to(),
            Hop::Rates(hop) => hop.to(),
            Hop::Bridge(bridge) => bridge.to,
        }
    }
}

/// Steps from one dataset to another; empty where both are one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
pub struct Path {
    steps: Vec<Step>,
}

impl Path {
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The bridge that it leads over.
    pub fn bridge(&self) -> Option<&Bridge> {
        self.steps.iter().find_map(|step| match step {
            Step::Bridge(bridge) => Some(bridge),
            Step::ManyToOne(_) => None,
        })
    }
}

/// How a relationship's two ends count, inferred from the keys that the datasets declare but for bridges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cardinality {
    ManyToOne {
        /// Whether the far end has one row at any one time.
        versioned: bool,
    },
    OneToOne,
    /// The far end is no key: never joined along.
    ManyToMany,
    /// Declared to be many to many: a step to any number of rows.
    Bridge,
}

/// An edge before paths are made of it.
#[derive(Clone, Debug)]
pub struct Edge {
    pub relationship: RelationshipId,
    pub from: DatasetId,
    pub to: DatasetId,
    pub columns: Vec<(String, String)>,
    pub cardinality: Cardinality,
    /// Of a bridge to pairs: what their rows point at.
    pub onward: Option<Onward>,
}

/// From a dataset of pairs to the far end of a relationship that leads through it.
#[derive(Clone, Debug)]
pub struct Onward {
    pub to: DatasetId,
    pub columns: Vec<(String, String)>,
    pub versioned: bool,
}

/// A time spine before there are hops to it.
#[derive(Clone, Debug)]
pub struct Spine {
    pub dataset: DatasetId,
    pub column: String,
    pub granularity: Granularity,
}

/// All simple paths of a model, by the dataset they start from.
#[derive(Clone, Debug, Default)]
pub struct JoinGraph {
    paths: Vec<Vec<Path>>,
    spines: Vec<SpineHop>,
}

/// Longest path that is searched, in steps.
const MAX_STEPS: usize = 6;
/// Most paths kept for one dataset.
const MAX_PATHS: usize = 2_000;

/// A step, and the only one that may follow it to where that leads.
#[derive(Clone, Debug)]
struct Way {
    step: Step,
    onward: Option<ManyToOneHop>,
}

impl JoinGraph {
    /// The graph over datasets `0..datasets`.
    pub fn new(datasets: usize, edges: &[Edge], spines: Vec<Spine>) -> Self {
        let mut outgoing: Vec<Vec<Way>> = vec![Vec::new(); datasets];
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
            let mut add = |at: DatasetId, step, onward| outgoing[at.index()].push(Way { step, onward });
            match edge.cardinality {
                Cardinality::ManyToOne { versioned } => add(from, Step::ManyToOne(forward(versioned)), None),
                Cardinality::OneToOne => {
                    add(from, Step::ManyToOne(forward(false)), None);
                    add(to, Step::ManyToOne(backward()), None);
                }
                Cardinality::ManyToMany => {}
                Cardinality::Bridge => {
                    let onward = edge.onward.as_ref().map(|on| ManyToOneHop {
                        relationship,
                        from: to,
                        to: on.to,
                        columns: on.columns.clone(),
                        versioned: on.versioned,
                    });
                    let end = onward.as_ref().map(|hop| hop.to);
                    let bridge = Bridge { relationship, from, to, columns: edge.columns.clone(), onward: end };
                    add(from, Step::Bridge(bridge), onward);
                }
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
    pub fn paths(&self, from: DatasetId) -> &[Path] {
        &self.paths[from.index()]
    }

    /// The dataset that a path from `from` ends at.
    pub fn end(from: DatasetId, path: &Path) -> DatasetId {
        path.steps.last().map_or(from, Step::to)
    }
}

fn paths_from(start: usize, outgoing: &[Vec<Way>]) -> Vec<Path> {
    let mut found: Vec<(Path, Option<ManyToOneHop>)> = vec![(Path::default(), None)];
    let mut next = 0;
    while next < found.len() && found.len() < MAX_PATHS {
        let (path, onward) = found[next].clone();
        next += 1;
        if path.steps.len() == MAX_STEPS {
            continue;
        }
        let at = path.steps.last().map_or(start, |step| step.to().index());
        // Pairs lead to the far end of their relationship by that alone, whatever else joins the two.
        let far_end = onward.as_ref().map(|hop| hop.to);
        let elsewhere = outgoing[at].iter().filter(|way| Some(way.step.to()) != far_end).cloned();
        let ways = onward.into_iter().map(|hop| Way { step: Step::ManyToOne(hop), onward: None }).chain(elsewhere);
        for Way { step, onward } in ways {
            let is_second_bridge = matches!(step, Step::Bridge(_)) && path.bridge().is_some();
            let is_visited = step.to().index() == start || path.steps.iter().any(|known| known.to() == step.to());
            if !is_visited && !is_second_bridge {
                let steps = path.steps.iter().cloned().chain([step]).collect();
                found.push((Path { steps }, onward));
            }
        }
    }
    found.into_iter().map(|(path, _)| path).collect()
}
