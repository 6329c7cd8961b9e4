//! Runs semantic plans on DataFusion over Parquet, CSV and JSON lines, and writes the answer.
//!
//! The only crate that names DataFusion or Arrow; neither leaves it.

pub mod answer;
pub mod audit;
pub mod execute;
pub mod json;
pub mod lower;
pub mod session;
pub mod snapshot;
pub mod source;
mod statement;
mod visible;
pub mod workspace;
pub mod write;
