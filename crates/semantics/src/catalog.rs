//! The catalog: what a model means, by id; immutable once built.
