//! The catalog: what a model means, by id; immutable once built.

pub mod aggregation;
pub mod id;
pub mod join_graph;
