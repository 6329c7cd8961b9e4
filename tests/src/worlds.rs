//! Random worlds and questions for the naive oracle, and how they are written for the engine.

#![allow(
    clippy::explicit_auto_deref,
    reason = "a pick of a text needs its star: without it the list would be of `str`"
)]

pub mod random;
pub mod model;
pub mod features;
pub mod rows;
pub mod tables;
pub mod metrics;
pub mod timed;
pub mod special;
pub mod cohorts;
pub mod write;
pub mod write_metric;
pub mod request;
pub mod ask;
pub mod coverage;
