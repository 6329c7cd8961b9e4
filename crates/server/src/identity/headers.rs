//! What a caller asks for by headers: the access mode, the auth mode, and the organization of a partner.

use axum::http::{HeaderMap, HeaderName};
use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;

use super::caller::Access;

const ACCESS_MODE: HeaderName = HeaderName::from_static("x-sextant-access-mode");
const AUTH_MODE: HeaderName = HeaderName::from_static("x-sextant-auth-mode");
const PARTNER_ORGANIZATION: HeaderName = HeaderName::from_static("x-sextant-partner-org-id");

/// The headers as they are written in documentation and errors.
pub const ACCESS_MODE_HEADER: &str = "X-Sextant-Access-Mode";
pub const AUTH_MODE_HEADER: &str = "X-Sextant-Auth-Mode";
pub const PARTNER_ORGANIZATION_HEADER: &str = "X-Sextant-Partner-Org-Id";

/// As whom a caller acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AuthMode {
    User,
    Partner,
}

/// What the headers ask for. Absent means the least, but for the auth mode, which the token then decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wishes {
    pub access: Access,
    pub auth: Option<AuthMode>,
    pub partner_organization: Option<String>,
}

impl Wishes {
    /// Nothing asked.
    pub const NONE: Wishes = Wishes { access: Access::ReadOnly, auth: None, partner_organization: None };

    /// The three headers, each at most once.
    pub fn of(headers: &HeaderMap) -> Result<Wishes, Failure> {
        Wishes::read(
            one(headers, &ACCESS_MODE, ACCESS_MODE_HEADER)?,
            one(headers, &AUTH_MODE, AUTH_MODE_HEADER)?,
            one(headers, &PARTNER_ORGANIZATION, PARTNER_ORGANIZATION_HEADER)?,
        )
    }

    /// The three values as they are written.
    pub fn read(access: Option<&str>, auth: Option<&str>, organization: Option<&str>) -> Result<Wishes, Failure> {
        let access = match access {
            None | Some("read-only") => Access::ReadOnly,
            Some("full-access") => Access::FullAccess,
            Some(other) => return Err(unknown(ACCESS_MODE_HEADER, other, ["read-only", "full-access"])),
        };
        let auth = match auth {
            None => None,
            Some("user") => Some(AuthMode::User),
            Some("partner") => Some(AuthMode::Partner),
            Some(other) => return Err(unknown(AUTH_MODE_HEADER, other, ["user", "partner"])),
        };
        Ok(Wishes { access, auth, partner_organization: organization.map(str::to_string) })
    }
}

fn one<'a>(headers: &'a HeaderMap, name: &HeaderName, written: &str) -> Result<Option<&'a str>, Failure> {
    let mut values = headers.get_all(name).iter();
    let (Some(value), second) = (values.next(), values.next()) else { return Ok(None) };
    let text = value.to_str().ok().filter(|_| second.is_none());
    match text {
        Some(text) => Ok(Some(text.trim())),
        None => {
            let fault = Diagnostic::new(Code::InvalidHeader, format!("the header `{written}` cannot be read"));
            Err(fault.field(written).help("send it once, in ASCII").into())
        }
    }
}

fn unknown(name: &str, value: &str, known: [&'static str; 2]) -> Failure {
    let shown: String = value.chars().take(40).collect();
    let [first, second] = known;
    Diagnostic::new(Code::InvalidHeader, format!("the header `{name}` has an unknown value"))
        .field(name)
        .received(shown)
        .help(format!("it is `{first}` or `{second}`"))
        .suggest(value, known)
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn read(pairs: &[(&'static str, &'static str)]) -> Result<Wishes, Code> {
        let pairs = pairs.iter().map(|(name, value)| (HeaderName::from_static(name), HeaderValue::from_static(value)));
        let mut headers = HeaderMap::new();
        pairs.for_each(|(name, value)| {
            headers.append(name, value);
        });
        Wishes::of(&headers).map_err(|failure| failure.0.0[0].code)
    }

    #[test]
    fn absent_headers_ask_for_the_least() {
        assert_eq!(read(&[]), Ok(Wishes::NONE));
        let all = [
            ("x-sextant-access-mode", "full-access"),
            ("x-sextant-auth-mode", "partner"),
            ("x-sextant-partner-org-id", "acme"),
        ];
        let wishes = read(&all).unwrap();
        assert_eq!((wishes.access, wishes.auth), (Access::FullAccess, Some(AuthMode::Partner)));
        assert_eq!(wishes.partner_organization.as_deref(), Some("acme"));
    }

    #[test]
    fn an_unknown_value_or_a_header_given_twice_is_refused() {
        for (name, value) in [
            ("x-sextant-access-mode", "Full-Access"),
            ("x-sextant-access-mode", ""),
            ("x-sextant-access-mode", "read-only, full-access"),
            ("x-sextant-auth-mode", "admin"),
        ] {
            assert_eq!(read(&[(name, value)]), Err(Code::InvalidHeader), "{name}: {value}");
        }
        let twice = [("x-sextant-access-mode", "read-only"), ("x-sextant-access-mode", "full-access")];
        assert_eq!(read(&twice), Err(Code::InvalidHeader));
    }
}
