//! Other tools' models in and out: projects of real shapes with their losses, models through
//! export and import, and seeded mutations of all of them.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests that print their counts")]
#![allow(clippy::disallowed_methods, reason = "models are read from the repository")]

mod erase;
mod mutate;
mod mutations;
mod projects;
mod round_trip;
mod texts;
