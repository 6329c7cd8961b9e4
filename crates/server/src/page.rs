//! Pages for people: signing in, agreeing to an application, and the access tokens of an organization.
//!
//! Forms and links alone: nothing needs a script.

use crate::identity::secret::Secret;

/// Where a sign-in link leads.
const LINK: &str = "/sign-in/link";

/// The address that signs somebody in once, at a server of this address.
pub fn link_address(server: &str, secret: &Secret) -> String {
    format!("{}{LINK}?code={}", server.trim_end_matches('/'), secret.expose())
}
