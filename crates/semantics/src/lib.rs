//! Semantic models: YAML to catalog to resolved query to semantic plan.
//!
//! This crate touches nothing: no files, no clock, no environment, no DataFusion, no Arrow.
//! Stages import only leftwards: source, diagnostic, data types, expressions, time, model, import,
//! export, catalog, query, plan, emit, significance, decompose, highlight.

pub mod code;
pub mod spelling;
pub mod source;
pub mod diagnostic;
pub mod render;
pub mod data_type;
pub mod expr;
pub mod time;
pub mod yaml;
pub mod model;
pub mod import;
pub mod export;
pub mod catalog;
pub mod query;
pub mod plan;
pub mod emit;
pub mod significance;
pub mod decompose;
pub mod highlight;
