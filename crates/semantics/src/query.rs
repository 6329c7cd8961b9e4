//! What was asked, and what it means.

pub mod request;
pub mod computation;
pub mod period;
pub mod resolve;
