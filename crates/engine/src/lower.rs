//! Semantic plan to DataFusion logical plan.
