//! Taking out of a text what looks like a secret.

/// What stands in place of a secret.
const MARK: &str = "[redacted]";

/// Beginnings of well-known secrets, with how many characters follow at least.
const PREFIXES: &[(&str, usize)] = &[
    ("sextant_oat_", 4),
    ("sextant_sbx_", 4),
    ("sextant_pat_", 4),
    ("sextant_usr_", 4),
    ("sk-", 12),
    ("sk_live_", 8),
    ("sk_test_", 8),
    ("rk_live_", 8),
    ("pk_live_", 8),
    ("whsec_", 8),
    ("ghp_", 12),
    ("gho_", 12),
    ("ghu_", 12),
    ("ghs_", 12),
    ("ghr_", 12),
    ("github_pat_", 12),
    ("glpat-", 12),
    ("xoxb-", 8),
    ("xoxp-", 8),
    ("xoxa-", 8),
    ("xapp-", 8),
    ("AKIA", 16),
    ("ASIA", 16),
    ("AIza", 20),
    ("ya29.", 12),
    ("npm_", 20),
    ("hf_", 20),
    ("dop_v1_", 20),
    ("SG.", 20),
    ("eyJ", 20),
];

/// Words after which a value is a secret: `password: x`, `api_key=x`, `Bearer x`.
const NAMES: &[&str] = &[
    "password",
    "passwd",
    "pwd",
    "secret",
    "client_secret",
    "api_key",
    "apikey",
    "api-key",
    "x-api-key",
    "access_key",
    "access_token",
    "refresh_token",
    "token",
    "authorization",
    "private_key",
    "connection_string",
];

/// The text with every such secret replaced.
pub(super) fn redact(text: &str) -> String {
    let text = without_key_blocks(text);
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    let mut before: Option<char> = None;
    while let Some(letter) = rest.chars().next() {
        let starts_word = before.is_none_or(|before| !is_inside(before));
        if starts_word && let Some((kept, taken)) = secret(rest) {
            out.push_str(&rest[..kept]);
            out.push_str(MARK);
            rest = &rest[kept + taken..];
            before = Some(']');
            continue;
        }
        out.push(letter);
        before = Some(letter);
        rest = &rest[letter.len_utf8()..];
    }
    out
}

/// Bytes to keep and bytes to take out, when a secret starts here.
fn secret(text: &str) -> Option<(usize, usize)> {
    if let Some((prefix, least)) = PREFIXES.iter().find(|(prefix, _)| text.starts_with(prefix)) {
        let length = run(&text[prefix.len()..]);
        if length >= *least {
            return Some((0, prefix.len() + length));
        }
    }
    named(text).or_else(|| credentials(text)).or_else(|| random(text))
}

/// `Bearer x`, `Basic x`, `password: x`, `"api_key": "x"`.
fn named(text: &str) -> Option<(usize, usize)> {
    for scheme in ["bearer ", "basic "] {
        if text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)) {
            let length = run(&text[scheme.len()..]);
            if length >= 8 {
                return Some((scheme.len(), length));
            }
        }
    }
    let name = NAMES.iter().find(|name| {
        text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
            && !text[name.len()..].starts_with(is_inside)
    })?;
    let after = &text[name.len()..];
    let value = after.trim_start_matches(['"', '\'', ' ']);
    let value = value.strip_prefix([':', '='])?.trim_start_matches(['"', '\'', ' ']);
    // The scheme of an Authorization header stays.
    let value = ["bearer ", "basic "]
        .iter()
        .find(|scheme| value.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)))
        .map_or(value, |scheme| &value[scheme.len()..]);
    let length = value.find(|c: char| c.is_whitespace() || ",;\"'&)}]".contains(c)).unwrap_or(value.len());
    (length >= 4 && !value.starts_with(MARK)).then(|| (text.len() - value.len(), length))
}

/// The password of `postgres://user:password@host`.
fn credentials(text: &str) -> Option<(usize, usize)> {
    let end = text.find(char::is_whitespace).unwrap_or(text.len());
    let url = &text[..end];
    let scheme = url.find("://")?;
    if !url[..scheme].chars().all(|c| c.is_ascii_alphanumeric() || c == '+') {
        return None;
    }
    let authority = &url[scheme + 3..];
    let authority = &authority[..authority.find('/').unwrap_or(authority.len())];
    let (user, _) = authority.rsplit_once('@')?;
    let colon = user.find(':')?;
    let length = user.len() - colon - 1;
    (length > 0 && !user[colon + 1..].starts_with(MARK)).then_some((scheme + 3 + colon + 1, length))
}

/// A long run without meaning: 32 characters and more, hexadecimal, or of digits and letters of both cases.
fn random(text: &str) -> Option<(usize, usize)> {
    let length = text.find(|c: char| !(c.is_ascii_alphanumeric() || "+/=_-".contains(c))).unwrap_or(text.len());
    let run = &text[..length];
    let has = |test: fn(&char) -> bool| run.chars().any(|c| test(&c));
    let is_hex = run.chars().all(|c| c.is_ascii_hexdigit()) && has(char::is_ascii_digit);
    let is_mixed = has(char::is_ascii_digit) && has(char::is_ascii_lowercase) && has(char::is_ascii_uppercase);
    (length >= 32 && (is_hex || is_mixed)).then_some((0, length))
}

/// Bytes of the characters that tokens are made of.
fn run(text: &str) -> usize {
    text.find(|c: char| !(c.is_ascii_alphanumeric() || "_-.~+/=".contains(c))).unwrap_or(text.len())
}

fn is_inside(letter: char) -> bool {
    letter.is_ascii_alphanumeric() || letter == '_'
}

/// Private keys in PEM, to their end or the text's.
fn without_key_blocks(text: &str) -> String {
    const BEGIN: &str = "-----BEGIN ";
    const END: &str = "-----END ";
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(BEGIN) {
        let block = &rest[at..];
        let title = block[BEGIN.len()..].split("-----").next().unwrap_or_default();
        if !title.contains("PRIVATE KEY") {
            let (shown, after) = rest.split_at(at + BEGIN.len());
            out.push_str(shown);
            rest = after;
            continue;
        }
        out.push_str(&rest[..at]);
        out.push_str(MARK);
        let end = block.find(END).map(|end| end + END.len());
        let end = end.and_then(|from| block[from..].find("-----").map(|more| from + more + 5));
        rest = &block[end.unwrap_or(block.len())..];
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_taken_out() {
        let secrets = [
            "sextant_oat_0123456789abcdefghijABCDEFGHIJ12abcdef",
            "sextant_sbx_abcd1234",
            "sk-proj-abcdefghijklmnop",
            "sk_live_51HabcdEFGH",
            "ghp_0123456789abcdefghijABCDEFGHIJ123456",
            "github_pat_11ABCDEFG0abcdefghij",
            "glpat-abcdefghij0123456789",
            "xoxb-1234567890-abcdefghij",
            "AKIAIOSFODNN7EXAMPLE",
            "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY1",
            "0123456789abcdef0123456789abcdef",
        ];
        for secret in secrets {
            for text in [secret.to_string(), format!("I sent {secret}, then it failed"), format!("key={secret}&x=1")] {
                let shown = redact(&text);
                assert!(!shown.contains(secret) && shown.contains(MARK), "{text} -> {shown}");
            }
        }
    }

    #[test]
    fn what_is_named_a_secret_is_one() {
        assert_eq!(redact("Authorization: Bearer abcdefgh"), "Authorization: Bearer [redacted]");
        assert_eq!(redact("password = hunter2, then"), "password = [redacted], then");
        assert_eq!(redact(r#"{"api_key": "abcd"}"#), r#"{"api_key": "[redacted]"}"#);
        assert_eq!(redact("postgres://me:s3cr3t@db/x"), "postgres://me:[redacted]@db/x");
        let block = "a -----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY----- b";
        assert_eq!(redact(block), "a [redacted] b");
        assert_eq!(redact("-----BEGIN PRIVATE KEY-----\nMIIE"), "[redacted]");
    }

    #[test]
    fn plain_words_stay() {
        for text in [
            "net_sales by channel leaves out email for last_7_days",
            "answer 0123456789abcdef was wrong: 1,234.56 EUR",
            "the token expired; see https://example.com/docs/sql#limits",
            "cohort_retention_rate_over_ninety_days_by_channel",
            "naïve façade — ünïcode: 売上",
        ] {
            assert_eq!(redact(text), text);
        }
    }
}
