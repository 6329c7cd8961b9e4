//! The answer's envelope as JSON, and its schema.
