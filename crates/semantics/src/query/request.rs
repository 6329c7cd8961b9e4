//! The request vocabulary: what every door accepts.
