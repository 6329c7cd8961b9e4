//! What the data is now: files, schemas, extents, freshness; one snapshot a question.
