//! Pages for people: signing in, agreeing to an application, and the access tokens of an organization.
//!
//! Forms and links alone: nothing needs a script, and the policy of every page allows none.

pub(crate) mod browser;
pub(crate) mod consent;
mod developers;
pub(crate) mod document;
#[cfg(feature = "oidc")]
mod external;
mod sign_in;

use std::sync::Arc;

use axum::Router;
use axum::response::Redirect;
use axum::routing::{get, post};

use crate::identity::secret::Secret;
use crate::oauth::Authority;

pub(crate) const SIGN_IN: &str = "/sign-in";
const LINK: &str = "/sign-in/link";
/// Where signing in at a provider begins.
const EXTERNAL: &str = "/oauth/oidc";
const SIGN_OUT: &str = "/sign-out";
pub(crate) const DEVELOPERS: &str = "/settings/developers";

/// Signing in and out, and Settings, Developers.
pub fn router(authority: Arc<Authority>) -> Router {
    let router = Router::new();
    #[cfg(feature = "oidc")]
    let router =
        router.route(EXTERNAL, get(external::begin)).route(crate::oauth::external::CALLBACK, get(external::come_back));
    router
        .route(SIGN_IN, get(sign_in::ask).post(sign_in::by_password))
        .route(LINK, get(sign_in::ask_link).post(sign_in::by_link))
        .route(SIGN_OUT, post(sign_in::out))
        .route("/settings", get(|| async { Redirect::temporary(DEVELOPERS) }))
        .route(DEVELOPERS, get(developers::show))
        .route("/settings/developers/tokens", post(developers::tokens::create))
        .route(
            "/settings/developers/tokens/{id}/revoke",
            get(developers::tokens::ask_revoke).post(developers::tokens::revoke),
        )
        .route(
            "/settings/developers/applications/{id}/revoke",
            get(developers::grants::ask_revoke).post(developers::grants::revoke),
        )
        .route(document::STYLE, get(document::style))
        .with_state(authority)
}

/// The address that signs somebody in once, at a server of this address.
pub fn link_address(server: &str, secret: &Secret) -> String {
    format!("{}{LINK}?code={}", server.trim_end_matches('/'), secret.expose())
}
