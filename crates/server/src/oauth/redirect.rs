//! Where a browser may be sent back to: which addresses a client may name, when one is the one it named, and the
//! answer in the query.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use url::{Host, Url, form_urlencoded};

/// Addresses that one client may name, and the bytes of one.
pub(crate) const MOST: usize = 10;
const LONGEST: usize = 1_000;

/// Schemes of applications that are in use without a period (RFC 8252 §7.1 asks for one).
const SCHEMES: [&str; 8] = ["claude", "cursor", "vscode", "vscode-insiders", "windsurf", "zed", "goose", "lmstudio"];

/// Why a client may not name this address; none where it may.
pub(crate) fn fault(uri: &str) -> Option<&'static str> {
    let is_plain =
        uri.len() <= LONGEST && uri.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte));
    if !is_plain {
        return Some("has characters that no address has, or too many");
    }
    let Ok(parsed) = Url::parse(uri) else {
        return Some("is not an absolute address");
    };
    if uri.contains('#') {
        return Some("has a fragment");
    }
    if !parsed.username().is_empty() || parsed.password().is_some() {
        return Some("holds a user name");
    }
    match parsed.scheme() {
        "https" if parsed.host().is_some_and(|host| is_plain_host(&host)) => None,
        "https" => Some("has a host that is no name and no address"),
        "http" if split_loopback(uri).is_some() => None,
        "http" => Some("is http at an address that is not a loopback one"),
        scheme if scheme.contains('.') || SCHEMES.contains(&scheme) => None,
        _ => Some("has a scheme that is not allowed"),
    }
}

/// Letters, digits, hyphens and dots, or an address: a host stands in the policy of the consent page.
fn is_plain_host(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte)),
        Host::Ipv4(_) | Host::Ipv6(_) => true,
    }
}

/// Whether the address is one that the client named: the same bytes, but for the port of a loopback address
/// (RFC 8252 §7.3).
pub(crate) fn is_one_of(asked: &str, named: &[String]) -> bool {
    if fault(asked).is_some() {
        return false;
    }
    named
        .iter()
        .any(|named| asked == named || split_loopback(asked).is_some_and(|asked| split_loopback(named) == Some(asked)))
}

/// A loopback address without its port: the host, and what stands behind the port.
fn split_loopback(uri: &str) -> Option<(&str, &str)> {
    let rest = uri.strip_prefix("http://")?;
    let host = ["127.0.0.1", "[::1]", "localhost"].into_iter().find(|host| rest.starts_with(host))?;
    let behind = &rest[host.len()..];
    let path = match behind.strip_prefix(':') {
        Some(port) => port.trim_start_matches(|c: char| c.is_ascii_digit()),
        None => behind,
    };
    (path.is_empty() || path.starts_with(['/', '?'])).then_some((host, path))
}

/// What a person is shown of the address: its host, or its scheme.
pub(crate) fn place(uri: &str) -> String {
    let Ok(parsed) = Url::parse(uri) else { return "an unknown place".into() };
    match (parsed.scheme(), parsed.host()) {
        ("http", _) => "an application on this computer".into(),
        ("https", Some(host)) => host.to_string(),
        (scheme, _) => format!("an application on this computer ({scheme}:)"),
    }
}

/// The address as a source of a page's `form-action`: the browser follows the redirect of the form only there.
pub(crate) fn source(uri: &str) -> String {
    let Ok(parsed) = Url::parse(uri) else { return "'none'".into() };
    match (parsed.scheme(), parsed.host()) {
        // A policy has no words for an IPv6 address.
        ("http" | "https", Some(Host::Ipv6(_))) => format!("{}:", parsed.scheme()),
        ("http" | "https", Some(_)) => parsed.origin().ascii_serialization(),
        (scheme, _) => format!("{scheme}:"),
    }
}

/// Sends the browser to the address with these parameters and the issuer (RFC 9207).
pub(crate) fn to(uri: &str, parameters: &[(&str, &str)], issuer: &str) -> Response {
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.extend_pairs(parameters).append_pair("iss", issuer);
    let joint = if uri.contains('?') { '&' } else { '?' };
    let Ok(location) = HeaderValue::from_str(&format!("{uri}{joint}{}", query.finish())) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let headers: [(HeaderName, HeaderValue); 3] = [
        (header::LOCATION, location),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    (StatusCode::SEE_OTHER, headers).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_client_may_name() {
        for good in [
            "https://claude.ai/api/mcp/auth_callback",
            "https://chatgpt.com/connector_platform_oauth_redirect",
            "https://chatgpt.com/connector/oauth/abc123",
            "http://localhost:33418/callback",
            "http://127.0.0.1/callback",
            "http://[::1]:9/",
            "cursor://anysphere.cursor-mcp/oauth/callback",
            "vscode://vscode.github-authentication/did-authenticate",
            "com.example.app:/oauth",
        ] {
            assert_eq!(fault(good), None, "{good}");
        }
        for bad in [
            "javascript:alert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "http://app.test/callback",
            "http://localhost.evil.test/",
            "http://127.0.0.1.evil.test/",
            "http://localhost@evil.test/",
            "https://user@app.test/",
            "https://app.test/#x",
            "https://app.test/\u{e9}",
            "https://app.test/a b",
            "/callback",
            "",
            "unknown-scheme:/x",
        ] {
            assert!(fault(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn an_address_is_the_named_one_to_the_byte_but_for_a_loopback_port() {
        let named =
            ["https://app.test/cb".to_string(), "http://127.0.0.1:1/cb".to_string(), "http://localhost/cb".to_string()];
        for good in ["https://app.test/cb", "http://127.0.0.1:50000/cb", "http://127.0.0.1/cb", "http://localhost:8/cb"]
        {
            assert!(is_one_of(good, &named), "{good}");
        }
        for bad in [
            "https://app.test/cb/",
            "https://app.test/cbx",
            "https://app.test/cb?x=1",
            "https://app.test:444/cb",
            "https://APP.test/cb",
            "https://app.test.evil.test/cb",
            "http://app.test/cb",
            "http://127.0.0.1:1/other",
            "http://127.0.0.1:1@evil.test/cb",
            "http://[::1]:1/cb",
            "http://127.0.0.1:x/cb",
        ] {
            assert!(!is_one_of(bad, &named), "{bad}");
        }
    }

    #[test]
    fn the_answer_joins_a_query_that_is_there() {
        let response = to("https://app.test/cb?a=1", &[("code", "x y")], "https://s.test");
        assert_eq!(response.headers()["location"], "https://app.test/cb?a=1&code=x+y&iss=https%3A%2F%2Fs.test");
        assert_eq!(source("http://127.0.0.1:80/x"), "http://127.0.0.1");
        assert_eq!(source("http://[::1]:9/x"), "http:");
        assert_eq!(source("cursor://a/b"), "cursor:");
    }
}
