//! Access tokens: `sextant_` and the kind, 32 random digits, and 6 digits of a checksum.
//!
//! The digits are base62. The checksum is the CRC-32 of all before it, so that a slip of the pen is refused
//! without looking anything up and a scanner for secrets can be sure of what it found.

use std::borrow::Cow;

use sextant_engine::workspace::Failure;

use super::secret::{Secret, base62, base62_of};

/// The tokens as a regular expression, for scanners of secrets.
pub const PATTERN: &str = r"\bsextant_(?:oat|sbx|pat|usr)_[0-9A-Za-z]{38}\b";

const RANDOM_DIGITS: usize = 32;
const CHECK_DIGITS: usize = 6;
/// Digits after a prefix from which on a text is taken for a token that was cut.
const CUT_DIGITS: usize = 6;

/// Whom a token stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An organization, over its production data.
    Organization,
    /// An organization, over its sandbox data.
    Sandbox,
    /// A partner, for the organizations of its list.
    Partner,
    /// A user of an organization: what an application gets by OAuth.
    User,
}

impl Kind {
    pub const ALL: [Kind; 4] = [Kind::Organization, Kind::Sandbox, Kind::Partner, Kind::User];

    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Organization => "organization",
            Kind::Sandbox => "sandbox",
            Kind::Partner => "partner",
            Kind::User => "user",
        }
    }

    pub fn parse(word: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.as_str() == word)
    }

    /// What its tokens begin with.
    pub fn prefix(self) -> &'static str {
        match self {
            Kind::Organization => "sextant_oat_",
            Kind::Sandbox => "sextant_sbx_",
            Kind::Partner => "sextant_pat_",
            Kind::User => "sextant_usr_",
        }
    }
}

/// A new token of this kind.
pub fn mint(kind: Kind) -> Result<Secret, Failure> {
    let mut text = String::with_capacity(kind.prefix().len() + RANDOM_DIGITS + CHECK_DIGITS);
    text.push_str(kind.prefix());
    text.push_str(&base62(RANDOM_DIGITS)?);
    let check = checksum(&text);
    text.extend(check.map(char::from));
    Ok(Secret::new(text))
}

/// The kind of a text that has the form of a token and whose checksum holds. Says nothing of whether it was issued.
pub fn kind(text: &str) -> Option<Kind> {
    let kind = Kind::ALL.into_iter().find(|kind| text.starts_with(kind.prefix()))?;
    let digits = &text.as_bytes()[kind.prefix().len()..];
    let is_form = digits.len() == RANDOM_DIGITS + CHECK_DIGITS && digits.iter().all(u8::is_ascii_alphanumeric);
    let body = text.len().checked_sub(CHECK_DIGITS)?;
    (is_form && text.as_bytes()[body..] == checksum(&text[..body])).then_some(kind)
}

/// The last four characters, by which people tell their tokens apart.
pub fn last_four(token: &Secret) -> &str {
    let text = token.expose();
    &text[text.len() - 4..]
}

/// Whether a text holds what somebody would take for a token, whole or cut: it must be neither echoed nor kept.
pub fn occurs_in(text: &str) -> bool {
    let is_cut = |rest: &str| rest.bytes().take_while(u8::is_ascii_alphanumeric).count() >= CUT_DIGITS;
    Kind::ALL.into_iter().any(|kind| text.split(kind.prefix()).skip(1).any(is_cut))
}

/// A text in which nothing that somebody would take for a token stands; its prefix says what was there.
pub fn masked(text: &str) -> Cow<'_, str> {
    if !occurs_in(text) {
        return Cow::Borrowed(text);
    }
    let mut out = text.to_string();
    for prefix in Kind::ALL.map(Kind::prefix) {
        let mut parts = out.split(prefix);
        let mut kept = parts.next().unwrap_or_default().to_string();
        for part in parts {
            let rest = part.trim_start_matches(|c: char| c.is_ascii_alphanumeric());
            let is_token = part.len() - rest.len() >= CUT_DIGITS;
            kept.push_str(prefix);
            kept.push_str(if is_token { "…" } else { "" });
            kept.push_str(if is_token { rest } else { part });
        }
        out = kept;
    }
    Cow::Owned(out)
}

fn checksum(text: &str) -> [u8; CHECK_DIGITS] {
    base62_of(crc32fast::hash(text.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_its_form() {
        for of in Kind::ALL {
            let token = mint(of).unwrap();
            let text = token.expose();
            assert_eq!(text.len(), of.prefix().len() + 38);
            assert_eq!(kind(text), Some(of));
            assert_eq!(last_four(&token), &text[text.len() - 4..]);
            assert_ne!(token, mint(of).unwrap());
        }
    }

    #[test]
    fn every_single_slip_is_noticed() {
        let token = mint(Kind::Organization).unwrap();
        let text = token.expose();
        for place in 0..text.len() {
            let mut other = text.as_bytes().to_vec();
            other[place] = if other[place] == b'x' { b'y' } else { b'x' };
            assert_eq!(kind(std::str::from_utf8(&other).unwrap()), None, "place {place}");
        }
        for other in ["", "sextant_oat_", &text[1..], &text[..text.len() - 1], &format!("{text}0"), "sextant_oat_ä"] {
            assert_eq!(kind(other), None, "{other}");
        }
    }

    #[test]
    fn a_token_is_noticed_inside_of_a_text_and_when_it_is_cut() {
        let token = mint(Kind::Partner).unwrap();
        let text = token.expose();
        for holding in [text, &text[..20], &format!("--key={text}\n"), &format!("sextant_oat_ {text}")] {
            assert!(occurs_in(holding));
        }
        for free in ["", "sextant_oat_", "sextant_oat_…", "sextant_oat_key", "ci", "tok_0123456789"] {
            assert!(!occurs_in(free), "{free}");
        }
    }

    #[test]
    fn the_page_for_scanners_has_the_pattern() {
        assert!(include_str!("../../../../docs/tokens.md").contains(&format!("\n{PATTERN}\n")));
    }

    #[test]
    fn the_checksum_is_crc32_in_base62() {
        // The check value of CRC-32/ISO-HDLC: 0xCBF43926.
        assert_eq!(crc32fast::hash(b"123456789"), 0xCBF4_3926);
        assert_eq!(&checksum("123456789"), b"3jZRME");
    }
}
