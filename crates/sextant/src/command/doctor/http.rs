//! One request over plain HTTP, for the servers of this machine: no redirects, no encryption.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// How long to wait for a connection, and for each part of an answer.
const CONNECT: Duration = Duration::from_secs(3);
const ANSWER: Duration = Duration::from_secs(30);
/// Bytes of an answer that are read at most.
const MOST_BYTES: u64 = 16 << 20;

/// `http://host[:port]/path`, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    /// Host and port as they are written, for the header.
    pub(super) authority: String,
    pub(super) path: String,
}

/// The status and the body of an answer.
#[derive(Clone, Debug)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: String,
}

impl Address {
    /// None for anything but plain HTTP.
    pub(super) fn of(url: &str) -> Option<Address> {
        let rest = url.strip_prefix("http://")?;
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let is_plain = !authority.is_empty() && !authority.contains('@') && !rest.chars().any(char::is_whitespace);
        is_plain.then(|| Address { authority: authority.to_string(), path: format!("/{path}") })
    }

    /// Whether the host is this machine.
    pub(super) fn is_local(&self) -> bool {
        let host = self.authority.rsplit_once(':').map_or(self.authority.as_str(), |(host, _)| host);
        host == "localhost" || host == "[::1]" || host.starts_with("127.")
    }

    fn connect(&self) -> std::io::Result<TcpStream> {
        let has_port = self.authority.rsplit_once(':').is_some_and(|(_, port)| port.parse::<u16>().is_ok());
        let target = if has_port { self.authority.clone() } else { format!("{}:80", self.authority) };
        let mut last = std::io::Error::new(std::io::ErrorKind::NotFound, "the host has no address");
        for address in target.to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, CONNECT) {
                Ok(stream) => return Ok(stream),
                Err(fault) => last = fault,
            }
        }
        Err(last)
    }
}

pub(super) fn get(address: &Address, path: &str) -> std::io::Result<Reply> {
    send(address, &format!("GET {path} HTTP/1.0\r\nHost: {}\r\n\r\n", address.authority))
}

pub(super) fn post(address: &Address, path: &str, headers: &str, body: &str) -> std::io::Result<Reply> {
    let length = body.len();
    let head = format!("POST {path} HTTP/1.0\r\nHost: {}\r\nContent-Type: application/json\r\n", address.authority);
    let accept = "Accept: application/json, text/event-stream\r\n";
    send(address, &format!("{head}{accept}{headers}Content-Length: {length}\r\n\r\n{body}"))
}

/// Of HTTP/1.0, so that the body ends with the connection and is never sent in chunks.
fn send(address: &Address, request: &str) -> std::io::Result<Reply> {
    let mut stream = address.connect()?;
    stream.set_read_timeout(Some(ANSWER))?;
    stream.set_write_timeout(Some(ANSWER))?;
    stream.write_all(request.as_bytes())?;
    let mut bytes = Vec::new();
    stream.take(MOST_BYTES).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head.strip_prefix("HTTP/1.").and_then(|rest| rest.split(' ').nth(1)).and_then(|s| s.parse().ok());
    let status = status.ok_or_else(|| std::io::Error::new(std::io::ErrorKind::InvalidData, "no HTTP answer"))?;
    Ok(Reply { status, body: body.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_plain_http() {
        let address = Address::of("http://127.0.0.1:8080/mcp").expect("an address");
        assert_eq!((address.authority.as_str(), address.path.as_str()), ("127.0.0.1:8080", "/mcp"));
        assert!(address.is_local() && Address::of("http://[::1]:80").expect("an address").is_local());
        assert!(Address::of("http://localhost").expect("an address").is_local());
        assert!(!Address::of("http://192.0.2.1:80/mcp").expect("an address").is_local());
        for wrong in ["https://x/mcp", "http://", "http://u:p@x/", "http://x/a\r\nHost: y"] {
            assert!(Address::of(wrong).is_none(), "{wrong}");
        }
    }
}
