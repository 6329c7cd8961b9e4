//! Real-shaped projects of other tools: what each reads as, and what of it is lost.

#![allow(clippy::disallowed_methods, reason = "a test reads the projects beside it, and writes their reports anew")]
#![allow(clippy::print_stdout, reason = "a test that prints its counts")]

mod metricflow;
mod mutate;
mod projects;
