//! What a client needs to know before it asks: the protected resource (RFC 9728) and the authorization server
//! (RFC 8414).

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::json;

use super::Authority;
use crate::http::reply;
use crate::identity::scope::Scope;

pub const RESOURCE: &str = "/.well-known/oauth-protected-resource";
/// The same of the path of MCP: RFC 9728 §3.1 puts a resource's path behind the well-known one.
pub const RESOURCE_OF_MCP: &str = "/.well-known/oauth-protected-resource/mcp";
pub const SERVER: &str = "/.well-known/oauth-authorization-server";
pub(crate) const AUTHORIZE: &str = "/oauth/authorize";
pub(crate) const TOKEN: &str = "/oauth/token";
pub(crate) const REGISTER: &str = "/oauth/register";
pub(crate) const REVOKE: &str = "/oauth/revoke";

/// What a 401 names as `resource_metadata`, at a server of this address.
pub fn resource_metadata(origin: &str) -> String {
    format!("{origin}{RESOURCE_OF_MCP}")
}

/// The resource that access tokens are for (RFC 8707).
pub fn resource_of(origin: &str) -> String {
    format!("{origin}/mcp")
}

/// The scopes that a client may ask for.
fn scopes() -> Vec<&'static str> {
    Scope::ALL.into_iter().map(Scope::as_str).collect()
}

pub(super) async fn resource(State(authority): State<Arc<Authority>>, headers: HeaderMap) -> Response {
    let origin = authority.origin(&headers);
    let body = json!({
        "resource": resource_of(&origin),
        "authorization_servers": [origin],
        "scopes_supported": scopes(),
        "bearer_methods_supported": ["header"],
        "resource_name": "Sextant",
        "resource_documentation": format!("{origin}/docs/oauth"),
    });
    reply::value(StatusCode::OK, &body)
}

pub(super) async fn server(State(authority): State<Arc<Authority>>, headers: HeaderMap) -> Response {
    let origin = authority.origin(&headers);
    let at = |path: &str| format!("{origin}{path}");
    let body = json!({
        "issuer": origin,
        "authorization_endpoint": at(AUTHORIZE),
        "token_endpoint": at(TOKEN),
        "registration_endpoint": at(REGISTER),
        "revocation_endpoint": at(REVOKE),
        "scopes_supported": scopes(),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": ["none"],
        "revocation_endpoint_auth_methods_supported": ["none"],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
        "client_id_metadata_document_supported": true,
        "protected_resources": [resource_of(&origin)],
        "service_documentation": at("/docs/oauth"),
    });
    reply::value(StatusCode::OK, &body)
}
