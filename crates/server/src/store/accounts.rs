//! Accounts at an OpenID provider by which users sign in, and the sign-ins there that have begun.
//!
//! An account is known by its issuer and subject, which never pass to somebody else; an address for mail may, so it
//! connects an account to a user once, and never a second account of the same provider.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};
use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;

use super::Store;
use super::tokens::{instant, text};
use super::users::User;
use crate::identity::secret::Hash;

/// How long a sign-in at a provider may take.
pub const SIGN_IN_MINUTES: i64 = 10;
/// Bytes of a subject (OpenID Connect Core 1.0 §2) and of an issuer.
const SUBJECT_LENGTH: usize = 255;
const ISSUER_LENGTH: usize = 500;

/// An account by which a user signs in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub user: String,
    pub issuer: String,
    pub subject: String,
    pub created: DateTime<Utc>,
}

/// Whose account it is.
#[derive(Clone, Debug, PartialEq)]
pub enum Holder {
    User(User),
    /// No user has the account or its address, or the one who does is disabled.
    Nobody,
    /// The user of the address signs in by another account of this provider.
    Other(User),
}

impl Store {
    /// Remembers where a browser goes when it comes back from the provider; its cookie is known by the hash.
    pub fn begin_external(&self, hash: &Hash, next: &str, now: DateTime<Utc>) -> Result<(), Failure> {
        let expires = now + TimeDelta::minutes(SIGN_IN_MINUTES);
        self.write(|transaction| {
            transaction.execute("DELETE FROM external_sign_ins WHERE expires <= ?1", [text(now)])?;
            transaction.execute(
                "INSERT INTO external_sign_ins (hash, next, expires) VALUES (?1, ?2, ?3)",
                params![hash.bytes(), next, text(expires)],
            )
        })?;
        Ok(())
    }

    /// Where the browser of this cookie goes; once. What never began, or is over, costs no write.
    pub fn end_external(&self, hash: &Hash, now: DateTime<Utc>) -> Result<Option<String>, Failure> {
        let known = self.with(|connection| {
            connection
                .prepare_cached("SELECT 1 FROM external_sign_ins WHERE hash = ?1 AND expires > ?2")?
                .exists(params![hash.bytes(), text(now)])
        })?;
        if !known {
            return Ok(None);
        }
        self.write(|transaction| {
            let sql = "DELETE FROM external_sign_ins WHERE hash = ?1 AND expires > ?2 RETURNING next";
            transaction.query_row(sql, params![hash.bytes(), text(now)], |row| row.get(0)).optional()
        })
    }

    /// The user of an account, also one who is disabled.
    pub fn account_user(&self, issuer: &str, subject: &str) -> Result<Option<User>, Failure> {
        let user = self.with(|connection| {
            let sql = "SELECT user FROM external_accounts WHERE issuer = ?1 AND subject = ?2";
            connection.prepare_cached(sql)?.query_row([issuer, subject], |row| row.get::<_, String>(0)).optional()
        })?;
        match user {
            Some(user) => self.user(&user),
            None => Ok(None),
        }
    }

    /// Connects an account that nobody has to the user of this address, which the provider has verified.
    pub fn adopt_account(
        &self,
        issuer: &str,
        subject: &str,
        email: &str,
        now: DateTime<Utc>,
    ) -> Result<Holder, Failure> {
        let Some(user) = self.user_by_email(email)?.filter(|user| user.disabled.is_none()) else {
            return Ok(Holder::Nobody);
        };
        match self.write(|transaction| connect(transaction, &user.id, issuer, subject, now))? {
            true => Ok(Holder::User(user)),
            false => Ok(Holder::Other(user)),
        }
    }

    /// Connects an account to a user; a refusal where the account is another's, or the user has another there.
    pub fn connect_account(&self, user: &str, issuer: &str, subject: &str, now: DateTime<Utc>) -> Result<(), Failure> {
        check("issuer", issuer, ISSUER_LENGTH)?;
        check("subject", subject, SUBJECT_LENGTH)?;
        if self.write(|transaction| connect(transaction, user, issuer, subject, now))? {
            return Ok(());
        }
        let message = "the account is another user's, or the user has another account at this provider";
        let help = "`sextant user list` shows who is connected; `sextant user disconnect` takes it back";
        Err(Diagnostic::new(Code::InvalidArgument, message).field("subject").help(help).into())
    }

    /// Forgets the user's accounts, and the browsers that are signed in; how many accounts there were.
    pub fn disconnect_accounts(&self, user: &str) -> Result<usize, Failure> {
        self.write(|transaction| {
            transaction.execute("DELETE FROM browser_sessions WHERE user = ?1", [user])?;
            transaction.execute("DELETE FROM external_accounts WHERE user = ?1", [user])
        })
    }

    /// Every account, by user.
    pub fn accounts(&self) -> Result<Vec<Account>, Failure> {
        self.with(|connection| {
            let sql = "SELECT user, issuer, subject, created FROM external_accounts ORDER BY user, issuer";
            connection.prepare_cached(sql)?.query_map([], read)?.collect()
        })
    }
}

/// False when it is another's, or the user has another there; true when it is the user's already.
fn connect(
    connection: &Connection,
    user: &str,
    issuer: &str,
    subject: &str,
    now: DateTime<Utc>,
) -> rusqlite::Result<bool> {
    connection.execute(
        "INSERT INTO external_accounts (issuer, subject, user, created) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
        params![issuer, subject, user, text(now)],
    )?;
    let sql = "SELECT 1 FROM external_accounts WHERE issuer = ?1 AND subject = ?2 AND user = ?3";
    connection.prepare_cached(sql)?.exists([issuer, subject, user])
}

fn read(row: &Row<'_>) -> rusqlite::Result<Account> {
    Ok(Account {
        user: row.get("user")?,
        issuer: row.get("issuer")?,
        subject: row.get("subject")?,
        created: instant(row, "created")?.unwrap_or_default(),
    })
}

fn check(field: &str, value: &str, longest: usize) -> Result<(), Failure> {
    if !value.is_empty() && value.len() <= longest && !value.chars().any(char::is_control) {
        return Ok(());
    }
    let message = format!("`{field}` has 1 to {longest} bytes and no control characters");
    Err(Diagnostic::new(Code::InvalidArgument, message).field(field).help("write it as the provider does").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ISSUER: &str = "https://login.example.com";

    fn now() -> DateTime<Utc> {
        "2026-11-22T10:00:00Z".parse().unwrap()
    }

    fn with_users() -> (Store, User, User) {
        let store = Store::in_memory();
        let ada = store.create_user("ada@example.com", "Ada", &[], now()).unwrap();
        let bob = store.create_user("bob@example.com", "Bob", &[], now()).unwrap();
        (store, ada, bob)
    }

    #[test]
    fn an_address_connects_an_account_once_and_the_subject_is_known_after_that() {
        let (store, ada, _) = with_users();
        assert_eq!(store.account_user(ISSUER, "1").unwrap(), None);
        let adopt = |subject: &str, email: &str| store.adopt_account(ISSUER, subject, email, now()).unwrap();
        assert_eq!(adopt("1", "ADA@example.com"), Holder::User(ada.clone()));
        assert_eq!(store.account_user(ISSUER, "1").unwrap(), Some(ada.clone()));
        assert_eq!(store.account_user("https://other.example.com", "1").unwrap(), None, "a subject is of its issuer");
        assert_eq!(adopt("1", "ada@example.com"), Holder::User(ada.clone()), "again");
        assert_eq!(adopt("2", "ada@example.com"), Holder::Other(ada.clone()), "the address passed to somebody else");
        assert!(matches!(adopt("1", "bob@example.com"), Holder::Other(_)), "the account is Ada's");
        assert_eq!(adopt("3", "nobody@example.com"), Holder::Nobody);
        assert_eq!(store.users().unwrap().len(), 2, "no user is made");
        assert_eq!(store.accounts().unwrap().len(), 1);
        assert_eq!(store.disconnect_accounts(&ada.id).unwrap(), 1);
        assert_eq!(adopt("2", "ada@example.com"), Holder::User(ada));
    }

    #[test]
    fn a_disabled_user_is_nobody_and_an_operator_connects_what_has_no_address() {
        let (store, ada, bob) = with_users();
        store.disable_user(&ada.id, now()).unwrap();
        assert_eq!(store.adopt_account(ISSUER, "1", "ada@example.com", now()).unwrap(), Holder::Nobody);
        store.connect_account(&bob.id, ISSUER, "7", now()).unwrap();
        store.connect_account(&bob.id, ISSUER, "7", now()).unwrap();
        assert_eq!(store.account_user(ISSUER, "7").unwrap(), Some(bob.clone()));
        assert!(store.connect_account(&ada.id, ISSUER, "7", now()).is_err());
        assert!(store.connect_account(&bob.id, ISSUER, "8", now()).is_err());
        assert!(store.connect_account(&bob.id, ISSUER, "", now()).is_err());
        assert!(store.connect_account(&bob.id, "https://b.example.com", "a\nb", now()).is_err());
    }

    #[test]
    fn a_sign_in_that_began_ends_once_and_in_time() {
        let store = Store::in_memory();
        let (hash, other) = (Hash::of("a cookie"), Hash::of("another"));
        store.begin_external(&hash, "/settings/developers", now()).unwrap();
        assert_eq!(store.end_external(&other, now()).unwrap(), None);
        let late = now() + TimeDelta::minutes(SIGN_IN_MINUTES);
        assert_eq!(store.end_external(&hash, late).unwrap(), None);
        assert_eq!(store.end_external(&hash, now()).unwrap().as_deref(), Some("/settings/developers"));
        assert_eq!(store.end_external(&hash, now()).unwrap(), None, "once");
    }
}
