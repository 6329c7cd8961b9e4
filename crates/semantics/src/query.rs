//! What was asked, and what it means.

pub mod request;
mod filter;
mod told;
pub mod caller;
pub mod visible;
pub mod field;
pub mod row;
pub mod spine;
pub mod computation;
pub mod period;
pub mod audit;
pub mod resolved;
pub mod resolve;
pub mod saved;
pub mod slips;
pub mod display;
pub mod events;
pub mod sql;
pub mod cohort;
