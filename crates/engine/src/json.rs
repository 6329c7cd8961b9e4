//! The answer's envelope as JSON, and its schema.

pub mod time_range;
