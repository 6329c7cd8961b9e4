//! What was asked, and what it means.
pub mod request;
pub mod resolve;
