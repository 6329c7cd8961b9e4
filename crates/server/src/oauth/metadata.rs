//! What a client needs to know before it asks: the protected resource (RFC 9728) and the authorization server
//! (RFC 8414).

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::json;
use url::{Host, Url};

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

/// Whether two addresses are one resource. The names of the loopback are one host.
pub(crate) fn is_same_resource(one: &str, other: &str) -> bool {
    let local = |text: &str| {
        let url = Url::parse(text).ok().filter(|url| url.scheme() == "http")?;
        let is_local = match url.host()? {
            Host::Domain(name) => name.eq_ignore_ascii_case("localhost"),
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        };
        is_local.then(|| (url.port_or_known_default(), url.path().to_string()))
    };
    one == other || local(one).is_some_and(|one| local(other) == Some(one))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_the_loopback_are_one_resource_and_ports_are_not() {
        let here = "http://127.0.0.1:8080/mcp";
        for same in [here, "http://localhost:8080/mcp", "http://LOCALHOST:8080/mcp", "http://[::1]:8080/mcp"] {
            assert!(is_same_resource(here, same), "{same}");
        }
        for other in
            ["http://127.0.0.1:8086/mcp", "http://127.0.0.1:8080", "https://127.0.0.1:8080/mcp", "http://a:8080/mcp"]
        {
            assert!(!is_same_resource(here, other), "{other}");
        }
        assert!(!is_same_resource("https://a.example/mcp", "https://b.example/mcp"));
    }
}
