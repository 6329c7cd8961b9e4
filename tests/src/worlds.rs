//! Random worlds and questions for the naive oracle, and how they are written for the engine.

pub mod random;
pub mod model;
pub mod rows;
pub mod metrics;
pub mod write;
pub mod ask;
pub mod coverage;
