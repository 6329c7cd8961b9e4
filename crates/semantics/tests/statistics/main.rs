//! The statistics of `significance` and `decompose`: against worked vectors from elsewhere, against
//! numbers worked out by hand, and against laws that hold for whatever numbers.

#![allow(clippy::disallowed_methods, reason = "a test reads the vectors from a file")]
#![allow(clippy::unwrap_used, reason = "a vector without its arguments fails its test")]
#![allow(clippy::print_stdout, reason = "a test says how many vectors it ran")]

mod by_hand;
mod laws;
mod least_squares;
mod vectors;
