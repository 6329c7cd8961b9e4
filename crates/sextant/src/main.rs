//! The command line.

mod fixtures;

fn main() {}
