//! Which addresses may be served: those of the loopback, and others when callers show who they are.

use std::net::SocketAddr;

use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;

/// The address that `text` names: `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080` or a bare port, which is of the
/// loopback. Any other is served only where the server has a public name and asks for tokens.
pub fn served(text: &str, is_public: bool, asks_for_tokens: bool) -> Result<SocketAddr, Failure> {
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
    match (address.ip().is_loopback(), asks_for_tokens, is_public) {
        (true, ..) | (false, true, true) => Ok(address),
        (false, false, _) => {
            let help = "leave out --auth none, or serve 127.0.0.1";
            let message = format!("`{text}` can be reached by others, and without tokens everybody would be let in");
            refuse(Code::AddressNotAllowed, message, help)
        }
        (false, true, false) => {
            let help = "name the server with --allowed-host, and put a proxy that speaks TLS before it";
            refuse(
                Code::AddressNotAllowed,
                format!("`{text}` can be reached by others, and the server has no public name"),
                help,
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn others_than_loopback_addresses_need_a_name_and_tokens() {
        for text in ["127.0.0.1:80", "127.9.9.9:80", "[::1]:80", "localhost:80", "80"] {
            let open = served(text, false, false);
            assert!(open.is_ok_and(|address| address.ip().is_loopback() && address.port() == 80), "{text}");
        }
        assert!(served("0.0.0.0:80", true, true).is_ok());
        assert!(served("0.0.0.0:80", true, false).is_err());
        for (text, code) in [
            ("0.0.0.0:80", Code::AddressNotAllowed),
            ("[::]:80", Code::AddressNotAllowed),
            ("192.168.0.1:80", Code::AddressNotAllowed),
            ("example.org:80", Code::InvalidArgument),
            ("", Code::InvalidArgument),
        ] {
            let failure = served(text, false, true).expect_err(text);
            assert_eq!(failure.0.0[0].code, code, "{text}");
        }
    }
}
