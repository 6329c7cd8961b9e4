//! Who calls, and what that caller may do.
//!
//! A door turns what it was sent (a bearer token, headers) into a [`caller::Caller`]; the application
//! asks the caller before it runs an operation. Nothing here knows of metrics.

pub mod password;
pub mod scope;
pub mod secret;
pub mod token;
pub mod caller;
pub mod headers;
pub mod authenticate;
pub mod limits;
mod uses;
