//! Who may call: requests that name this server in Host, and in Origin when a browser sends one.
//!
//! Without this, a web page could reach a loopback server by a name of its own that resolves to
//! 127.0.0.1 (DNS rebinding), or by a plain cross-origin POST.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{Request, State};
use axum::http::uri::Authority;
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use axum::middleware::Next;
use axum::response::Response;
use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;

use super::reply;

/// The names of one listening server, and the origins an operator added.
#[derive(Clone, Debug)]
pub struct Guard {
    address: SocketAddr,
    names: Vec<String>,
    origins: Vec<String>,
}

impl Guard {
    /// `names` are host names by which the server is reached besides those of the loopback.
    pub fn new(address: SocketAddr, names: Vec<String>, origins: Vec<String>) -> Self {
        let names = names.iter().map(|name| name.to_ascii_lowercase()).collect();
        Guard { address, names, origins }
    }

    /// Host names under which the server may be addressed, without ports.
    pub fn hosts(&self) -> Vec<String> {
        let mut hosts = vec!["localhost".to_string(), "127.0.0.1".to_string(), "::1".to_string()];
        let own = self.address.ip().to_string();
        // Any address is no name: a server on all of them is reached by the names it was given.
        if !self.address.ip().is_unspecified() && !hosts.contains(&own) {
            hosts.push(own);
        }
        hosts.extend(self.names.iter().cloned());
        hosts
    }

    /// Origins whose pages may call: the server's own, and the operator's.
    pub fn origins(&self) -> Vec<String> {
        let port = self.address.port();
        let own = self.hosts().into_iter().map(|host| match host.parse::<IpAddr>() {
            Ok(IpAddr::V6(ip)) => format!("http://[{ip}]:{port}"),
            Ok(IpAddr::V4(_)) | Err(_) => format!("http://{host}:{port}"),
        });
        let named = self.names.iter().map(|name| format!("https://{name}"));
        own.chain(named)
            .chain(self.origins.iter().map(|origin| origin.trim_end_matches('/').to_ascii_lowercase()))
            .collect()
    }

    fn refuse(&self, uri: &Uri, headers: &HeaderMap) -> Option<Failure> {
        let hosts: Vec<_> = headers.get_all(header::HOST).iter().collect();
        let read = |value: &HeaderValue| value.to_str().ok().and_then(|host| host.parse::<Authority>().ok());
        // Links to this server are made of Host: a request that names another one beside it is refused.
        let host = match (uri.authority(), hosts.as_slice()) {
            (Some(authority), []) => Some(authority.clone()),
            (Some(authority), [value]) => read(value).filter(|host| host == authority),
            (None, [value]) => read(value),
            (None, []) | (_, [_, _, ..]) => None,
        };
        let host = host.filter(|host| !host.as_str().contains('@'));
        let name = host.map(|host| host.host().trim_matches(['[', ']']).to_ascii_lowercase());
        if !name.is_some_and(|name| self.hosts().contains(&name)) {
            return Some(forbidden("Host", "address the server as localhost or 127.0.0.1"));
        }
        for origin in headers.get_all(header::ORIGIN) {
            let origin = origin.to_str().unwrap_or_default().to_ascii_lowercase();
            if !self.origins().contains(&origin) {
                return Some(forbidden("Origin", "start the server with --allow-origin and this origin"));
            }
        }
        None
    }
}

fn forbidden(name: &str, help: &str) -> Failure {
    let fault = Diagnostic::new(Code::ForbiddenOrigin, format!("the `{name}` header does not name this server"));
    Failure(fault.field(name).help(help).into())
}

/// Middleware over every path.
pub async fn check(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    match guard.refuse(request.uri(), request.headers()) {
        Some(failure) => reply::failure(&failure),
        None => next.run(request).await,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(host: &'static str, origin: Option<&'static str>) -> bool {
        let guard =
            Guard::new("127.0.0.1:8080".parse().expect("an address"), Vec::new(), vec!["http://app.test:3000/".into()]);
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, HeaderValue::from_static(host));
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
        }
        guard.refuse(&Uri::from_static("/mcp"), &headers).is_none()
    }

    #[test]
    fn only_names_of_the_server_itself_pass() {
        assert!(allows("127.0.0.1:8080", None));
        assert!(allows("LOCALHOST", None));
        assert!(allows("[::1]:8080", None));
        assert!(!allows("evil.example:8080", None));
        assert!(!allows("127.0.0.1.evil.example", None));
        assert!(!allows("", None));
    }

    #[test]
    fn a_page_may_call_from_the_server_itself_or_a_listed_origin() {
        assert!(allows("127.0.0.1:8080", Some("http://localhost:8080")));
        assert!(allows("127.0.0.1:8080", Some("http://app.test:3000")));
        assert!(!allows("127.0.0.1:8080", Some("http://localhost:3000")));
        assert!(!allows("127.0.0.1:8080", Some("https://localhost:8080")));
        assert!(!allows("127.0.0.1:8080", Some("http://evil.example")));
        assert!(!allows("127.0.0.1:8080", Some("null")));
    }

    #[test]
    fn a_named_server_is_reached_by_its_names() {
        let names = vec!["Metrics.example".to_string()];
        let guard = Guard::new("0.0.0.0:8080".parse().expect("an address"), names, Vec::new());
        let refused = |host: &'static str, origin: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, HeaderValue::from_static(host));
            headers.insert(header::ORIGIN, HeaderValue::from_static(origin));
            guard.refuse(&Uri::from_static("/mcp"), &headers).is_some()
        };
        assert!(!refused("metrics.example", "https://metrics.example"));
        assert!(refused("0.0.0.0:8080", "https://metrics.example"));
        assert!(refused("metrics.example", "http://metrics.example"));
        assert!(refused("other.example", "https://metrics.example"));
    }

    #[test]
    fn two_hosts_or_none_are_refused() {
        let guard = Guard::new("127.0.0.1:1".parse().expect("an address"), Vec::new(), Vec::new());
        let mut headers = HeaderMap::new();
        assert!(guard.refuse(&Uri::from_static("/"), &headers).is_some());
        headers.append(header::HOST, HeaderValue::from_static("localhost"));
        assert!(guard.refuse(&Uri::from_static("/"), &headers).is_none());
        let whole = |text: &'static str| guard.refuse(&Uri::from_static(text), &headers).is_none();
        assert!(whole("http://localhost/") && !whole("http://127.0.0.1/") && !whole("http://me@localhost/"));
        headers.append(header::HOST, HeaderValue::from_static("localhost"));
        assert!(guard.refuse(&Uri::from_static("/"), &headers).is_some());
    }

    #[test]
    fn a_host_with_a_user_is_none_of_ours() {
        assert!(!allows("user@127.0.0.1:8080", None));
    }
}
