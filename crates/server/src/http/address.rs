//! Which addresses may be served before there is identity: loopback only.

use std::net::SocketAddr;

use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;

/// The loopback address that `text` names: `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080` or a bare port.
pub fn loopback(text: &str) -> Result<SocketAddr, Failure> {
    let refuse = |code, message: String, help: &str| {
        Err(Failure(Diagnostic::new(code, message).field("--http").received(text).help(help).into()))
    };
    if let Ok(port) = text.parse::<u16>() {
        return Ok(SocketAddr::from(([127, 0, 0, 1], port)));
    }
    if let Some(Ok(port)) = text.strip_prefix("localhost:").map(str::parse::<u16>) {
        return Ok(SocketAddr::from(([127, 0, 0, 1], port)));
    }
    let Ok(address) = text.parse::<SocketAddr>() else {
        let help = "give an address and a port, for example 127.0.0.1:8080";
        return refuse(Code::InvalidArgument, format!("`{text}` is not an address"), help);
    };
    if !address.ip().is_loopback() {
        let help = "serve 127.0.0.1, and put a proxy that checks identity before it";
        let message = format!(
            "`{text}` can be reached by others, and this version does not check who asks: only loopback addresses are served"
        );
        return refuse(Code::AddressNotAllowed, message, help);
    }
    Ok(address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_addresses_are_served_and_no_others() {
        for text in ["127.0.0.1:80", "127.9.9.9:80", "[::1]:80", "localhost:80", "80"] {
            assert!(loopback(text).is_ok_and(|address| address.ip().is_loopback() && address.port() == 80), "{text}");
        }
        for (text, code) in [
            ("0.0.0.0:80", Code::AddressNotAllowed),
            ("[::]:80", Code::AddressNotAllowed),
            ("192.168.0.1:80", Code::AddressNotAllowed),
            ("example.org:80", Code::InvalidArgument),
            ("", Code::InvalidArgument),
        ] {
            let failure = loopback(text).expect_err(text);
            assert_eq!(failure.0.0[0].code, code, "{text}");
        }
    }
}
