//! Real-shaped projects of other tools: what each reads as, and what of it is lost.

#![allow(clippy::disallowed_methods, reason = "a test reads the projects beside it, and writes their reports anew")]

mod metricflow;
mod projects;
