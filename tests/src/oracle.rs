//! The naive oracle: answers a question row by row, without a plan, a join algorithm or an engine.
//!
//! It knows a model as plain lists ([`world::World`]), looks every dimension of every row up with
//! a loop, reads windows of time day by day, and computes every cell of the answer by going over all
//! rows again. It imports nothing
//! from the crates that it is held against.

pub mod value;
pub mod expr;
pub mod clock;
pub mod world;
pub mod question;
pub mod lookup;
pub mod follow;
pub mod window;
pub mod context;
pub mod cell;
pub mod leaf;
pub mod groups;
pub mod events;
pub mod cohort;
pub mod currency;
pub mod aggregate;
pub mod answer;

pub use answer::{Answer, answer};
pub use question::Question;
pub use world::World;
