//! The doors that need a network, and the envelopes of every door.
//!
//! A door decodes a request, calls the application, and encodes what comes back. No door decides
//! anything about metrics; what one answers, all answer.

pub mod wire;
pub mod error;
pub mod docs;
pub mod app;
pub mod request;
pub mod chart;
pub mod identity;
pub mod organizations;
pub mod operations;
mod search;
mod fetch;
mod feedback;
pub mod oauth;
pub mod page;
pub mod store;
pub mod mcp;
pub mod http;
