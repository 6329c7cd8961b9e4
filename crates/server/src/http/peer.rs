//! Where a request comes from, as far as that can be told behind a proxy.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderMap};

use crate::oauth::address::is_public;

/// The address of who asks. A proxy has an address that is not public, and names last in `X-Forwarded-For` whom it
/// was asked by; of a proxy on this machine that does not, and of this machine itself, nothing is known.
pub(crate) fn address(extensions: &Extensions, headers: &HeaderMap) -> Option<IpAddr> {
    let ConnectInfo(peer) = extensions.get::<ConnectInfo<SocketAddr>>()?;
    let peer = peer.ip().to_canonical();
    if is_public(peer) {
        return Some(peer);
    }
    let named = headers.get_all("x-forwarded-for").iter().next_back().and_then(|value| value.to_str().ok());
    let last = named.and_then(|named| named.rsplit(',').next()?.trim().parse::<IpAddr>().ok());
    last.or(Some(peer).filter(|peer| !peer.is_loopback()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn of(peer: &str, forwarded: &[&'static str]) -> Option<String> {
        let mut extensions = Extensions::new();
        extensions.insert(ConnectInfo(peer.parse::<SocketAddr>().unwrap()));
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("X-Forwarded-For", HeaderValue::from_static(value));
        }
        address(&extensions, &headers).map(|address| address.to_string())
    }

    #[test]
    fn only_a_proxy_that_is_near_is_believed_and_only_its_own_word() {
        assert_eq!(of("8.8.8.8:1", &["1.2.3.4"]).as_deref(), Some("8.8.8.8"), "a stranger says what it likes");
        assert_eq!(of("127.0.0.1:1", &["9.9.9.9, 1.2.3.4"]).as_deref(), Some("1.2.3.4"));
        assert_eq!(of("10.0.0.5:1", &["9.9.9.9", "2001:db8::1"]).as_deref(), Some("2001:db8::1"));
        assert_eq!(of("10.0.0.5:1", &["unknown"]).as_deref(), Some("10.0.0.5"));
        assert_eq!(of("[::ffff:10.0.0.5]:1", &[]).as_deref(), Some("10.0.0.5"));
        assert_eq!(of("127.0.0.1:1", &[]), None);
        assert_eq!(address(&Extensions::new(), &HeaderMap::new()), None);
    }
}
