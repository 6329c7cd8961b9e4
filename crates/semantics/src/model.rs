//! The model as written in YAML, every value with its span.
