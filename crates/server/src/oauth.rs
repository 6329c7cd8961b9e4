//! An authorization server of OAuth 2.1 for applications that call this server for a user.
//!
//! A browser brings the user here (`authorize`), the user agrees on a page, and the application gets an access
//! token of an hour for what was agreed (`token`). Every client is public: what proves it is PKCE, and where the
//! browser is sent back to. Of every secret only the hash is kept, and no answer or log repeats one.

pub mod authority;
#[cfg(feature = "oidc")]
pub mod external;
pub mod metadata;
pub(crate) mod address;
pub(crate) mod authorize;
pub(crate) mod client;
pub(crate) mod document;
pub(crate) mod pace;
pub(crate) mod parameters;
pub(crate) mod redirect;
mod record;
mod register;
mod reply;
mod revoke;
mod token;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, post};

pub use authority::Authority;

/// The paths of the authorization server; none when it is switched off.
pub fn router(authority: Arc<Authority>) -> Router {
    if !authority.is_on() {
        return Router::new();
    }
    Router::new()
        .route(metadata::RESOURCE, get(metadata::resource))
        .route(metadata::RESOURCE_OF_MCP, get(metadata::resource))
        .route(metadata::SERVER, get(metadata::server))
        .route(metadata::AUTHORIZE, get(authorize::ask).post(authorize::decide))
        .route(metadata::TOKEN, post(token::answer))
        .route(metadata::REGISTER, post(register::answer))
        .route(metadata::REVOKE, post(revoke::answer))
        .with_state(authority)
}
