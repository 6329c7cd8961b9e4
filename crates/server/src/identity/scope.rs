//! What a token allows: a small closed set of scopes.
//!
//! `query:sql` and `tokens:manage` imply `metrics:read`, `admin` implies all; nothing else implies anything.

use std::fmt;

/// One thing that a token may allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    MetricsRead,
    QuerySql,
    FeedbackWrite,
    TokensManage,
    Admin,
}

impl Scope {
    /// In the order in which sets are written.
    pub const ALL: [Scope; 5] =
        [Scope::MetricsRead, Scope::QuerySql, Scope::FeedbackWrite, Scope::TokensManage, Scope::Admin];

    pub fn as_str(self) -> &'static str {
        match self {
            Scope::MetricsRead => "metrics:read",
            Scope::QuerySql => "query:sql",
            Scope::FeedbackWrite => "feedback:write",
            Scope::TokensManage => "tokens:manage",
            Scope::Admin => "admin",
        }
    }

    pub fn parse(word: &str) -> Option<Scope> {
        Scope::ALL.into_iter().find(|scope| scope.as_str() == word)
    }

    /// What it allows in words, for the page where somebody agrees to it.
    pub fn meaning(self) -> &'static str {
        match self {
            Scope::MetricsRead => "Read metrics and audits of the organization",
            Scope::QuerySql => "Run SQL statements over the rows of the organization",
            Scope::FeedbackWrite => "Send feedback to the operator of this server",
            Scope::TokensManage => "Create, list and revoke access tokens",
            Scope::Admin => "Everything, the administration included",
        }
    }

    const fn bit(self) -> u8 {
        1 << self as u8
    }

    /// The scope and what it implies.
    fn implied(self) -> u8 {
        match self {
            Scope::MetricsRead | Scope::FeedbackWrite => self.bit(),
            Scope::QuerySql | Scope::TokensManage => self.bit() | Scope::MetricsRead.bit(),
            Scope::Admin => Scopes::ALL.0,
        }
    }
}

/// A set of scopes as it was granted. What it allows is more: see [`Scopes::allows`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    pub const NONE: Scopes = Scopes(0);
    /// What a new token has unless more is asked: it reads, and it may complain.
    pub const MINIMAL: Scopes = Scopes(Scope::MetricsRead.bit() | Scope::FeedbackWrite.bit());
    pub const ALL: Scopes = Scopes(0b1_1111);

    pub fn of(scopes: impl IntoIterator<Item = Scope>) -> Scopes {
        Scopes(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }

    /// Words separated by blanks, as RFC 6749 §3.3 writes a scope; an unknown word is the error.
    pub fn parse(text: &str) -> Result<Scopes, String> {
        text.split_ascii_whitespace().try_fold(Scopes::NONE, |set, word| match Scope::parse(word) {
            Some(scope) => Ok(Scopes(set.0 | scope.bit())),
            None => Err(word.chars().take(40).collect()),
        })
    }

    /// Whether the set holds the scope or one that implies it.
    pub fn allows(self, scope: Scope) -> bool {
        self.closed() & scope.bit() != 0
    }

    /// Whether everything that `other` allows is allowed by this set.
    pub fn covers(self, other: Scopes) -> bool {
        other.closed() & !self.closed() == 0
    }

    /// What both sets allow.
    pub fn common(self, other: Scopes) -> Scopes {
        Scopes(self.closed() & other.closed())
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The scopes of the set, in their order.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.0 & scope.bit() != 0)
    }

    fn closed(self) -> u8 {
        self.iter().fold(0, |bits, scope| bits | scope.implied())
    }
}

impl fmt::Display for Scopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words: Vec<&str> = self.iter().map(Scope::as_str).collect();
        f.write_str(&words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_implies_what() {
        let rows = [
            ("metrics:read", "metrics:read"),
            ("query:sql", "metrics:read query:sql"),
            ("feedback:write", "feedback:write"),
            ("tokens:manage", "metrics:read tokens:manage"),
            ("admin", "metrics:read query:sql feedback:write tokens:manage admin"),
            ("", ""),
        ];
        for (granted, allowed) in rows {
            let set = Scopes::parse(granted).unwrap();
            let allows: Vec<&str> = Scope::ALL.into_iter().filter(|s| set.allows(*s)).map(Scope::as_str).collect();
            assert_eq!(allows.join(" "), allowed, "{granted}");
            assert_eq!(set.to_string(), granted);
        }
    }

    #[test]
    fn a_set_covers_what_it_implies() {
        let set = |text| Scopes::parse(text).unwrap();
        assert!(set("query:sql").covers(set("metrics:read")));
        assert!(!set("query:sql").covers(Scopes::MINIMAL));
        assert!(set("admin").covers(Scopes::ALL));
        assert!(!set("metrics:read").covers(set("admin")));
        assert_eq!(set("query:sql").common(Scopes::MINIMAL), set("metrics:read"));
        assert_eq!(Scopes::parse("metrics:read query:SQL").unwrap_err(), "query:SQL");
    }
}
