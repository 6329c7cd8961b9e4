//! How a browser is let in and known again: sign-in links, which work once, and sessions.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{OptionalExtension, Row, params};
use sextant_engine::workspace::Failure;

use super::Store;
use super::tokens::text;
use super::users::User;
use crate::identity::secret::{Hash, Secret};

/// How long a sign-in link works.
pub const LINK_MINUTES: i64 = 15;
/// How long a browser stays signed in.
pub const SESSION_HOURS: i64 = 12;

impl Store {
    /// A link's secret for this user; its hash is kept.
    pub fn create_link(&self, user: &str, now: DateTime<Utc>) -> Result<Secret, Failure> {
        let secret = Secret::random()?;
        let expires = now + TimeDelta::minutes(LINK_MINUTES);
        self.write(|transaction| {
            transaction.execute("DELETE FROM sign_in_links WHERE expires <= ?1", [text(now)])?;
            transaction.execute(
                "INSERT INTO sign_in_links (hash, user, created, expires) VALUES (?1, ?2, ?3, ?4)",
                params![secret.digest().bytes(), user, text(now), text(expires)],
            )
        })?;
        Ok(secret)
    }

    /// The user of a link that was not used yet; from now on it was.
    pub fn use_link(&self, presented: &str, now: DateTime<Utc>) -> Result<Option<User>, Failure> {
        let hash = Hash::of(presented);
        let user: Option<String> = self.write(|transaction| {
            let sql =
                "UPDATE sign_in_links SET used = ?2 WHERE hash = ?1 AND used IS NULL AND expires > ?2 RETURNING user";
            transaction.query_row(sql, params![hash.bytes(), text(now)], |row| row.get(0)).optional()
        })?;
        match user {
            Some(user) => Ok(self.user(&user)?.filter(|user| user.disabled.is_none())),
            None => Ok(None),
        }
    }

    /// Signs a browser in: the secret of its cookie.
    pub fn open_session(&self, user: &str, now: DateTime<Utc>) -> Result<Secret, Failure> {
        let secret = Secret::random()?;
        let expires = now + TimeDelta::hours(SESSION_HOURS);
        self.write(|transaction| {
            transaction.execute("DELETE FROM browser_sessions WHERE expires <= ?1", [text(now)])?;
            transaction.execute(
                "INSERT INTO browser_sessions (hash, user, created, expires) VALUES (?1, ?2, ?3, ?4)",
                params![secret.digest().bytes(), user, text(now), text(expires)],
            )
        })?;
        Ok(secret)
    }

    /// Who is signed in by the secret of a cookie.
    pub fn session(&self, presented: &str, now: DateTime<Utc>) -> Result<Option<User>, Failure> {
        let hash = Hash::of(presented);
        let found = self.with(|connection| {
            let mut query = connection
                .prepare_cached("SELECT user, hash FROM browser_sessions WHERE hash = ?1 AND expires > ?2")?;
            let read = |row: &Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, Vec<u8>>(1)?));
            query.query_row(params![hash.bytes(), text(now)], read).optional()
        })?;
        match found.filter(|(_, kept)| hash.is(kept)) {
            Some((user, _)) => Ok(self.user(&user)?.filter(|user| user.disabled.is_none())),
            None => Ok(None),
        }
    }

    /// Signs a browser out.
    pub fn close_session(&self, presented: &str) -> Result<(), Failure> {
        let hash = Hash::of(presented);
        self.write(|transaction| transaction.execute("DELETE FROM browser_sessions WHERE hash = ?1", [hash.bytes()]))
            .map(drop)
    }
}
