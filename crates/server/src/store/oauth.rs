//! What users agreed to, and the codes and refresh tokens by which applications make use of it.
//!
//! A grant is one agreement. Its code works once; each refresh token works once and gives way to the next. What
//! is presented a second time was stolen by somebody, so the whole grant ends.

pub mod clients;

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};
use sextant_engine::workspace::Failure;

use super::Store;
use super::tokens::{instant, text};
use crate::identity::scope::Scopes;
use crate::identity::secret::{Hash, Secret, identifier};

/// How long a code works: from the consent page to the application.
pub const CODE_SECONDS: i64 = 60;
/// How long a refresh token works unless it is used before.
pub const REFRESH_DAYS: i64 = 30;
/// How long what has ended is remembered, so that its second use is noticed.
const REMEMBERED_DAYS: i64 = 30;
/// Refresh tokens that a grant is given in an hour.
pub const REFRESHES_AN_HOUR: i64 = 60;

/// What a user agreed to.
#[derive(Clone, Debug, PartialEq)]
pub struct Grant {
    pub id: String,
    pub client: String,
    pub client_name: String,
    pub user: String,
    pub organization: String,
    pub scopes: Scopes,
    pub resource: String,
    pub created: DateTime<Utc>,
    pub revoked: Option<DateTime<Utc>>,
}

/// A grant to be kept with its code.
#[derive(Clone, Debug)]
pub(crate) struct NewGrant<'a> {
    pub(crate) client: &'a str,
    pub(crate) client_name: &'a str,
    pub(crate) user: &'a str,
    pub(crate) organization: &'a str,
    pub(crate) scopes: Scopes,
    pub(crate) resource: &'a str,
    pub(crate) redirect_uri: &'a str,
    pub(crate) challenge: &'a str,
}

/// A code that is held against what came with it.
#[derive(Clone, Debug)]
pub(crate) struct Code {
    pub(crate) grant: Grant,
    pub(crate) redirect_uri: String,
    pub(crate) challenge: String,
}

/// The second use of a code or a refresh token.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Replayed {
    pub(crate) grant: Grant,
    /// Whether the grant has ended with this, and not before.
    pub(crate) has_ended: bool,
}

/// Why a code or a refresh token gives nothing.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Refused {
    Unknown,
    Expired,
    /// It was used before.
    Replayed(Replayed),
    /// The grant was given as many as it may be in a while.
    TooSoon,
    Revoked,
    /// It is good, but not for who presents it, or not for what is asked.
    Mismatch,
    /// More than was granted is asked.
    Scope,
}

/// A live refresh token that was just used.
#[derive(Clone, Debug)]
pub(crate) struct Refreshed {
    pub(crate) grant: Grant,
    pub(crate) scopes: Scopes,
}

const GRANT: &str = "g.id, g.client, g.client_name, g.user, g.organization, g.scopes, g.resource, g.created, g.revoked";

impl Store {
    /// Keeps what a user agreed to, and gives its identifier and the code for the application.
    pub(crate) fn create_grant(&self, new: &NewGrant<'_>, now: DateTime<Utc>) -> Result<(String, Secret), Failure> {
        let (id, code) = (identifier("gra")?, Secret::random()?);
        self.write(|transaction| {
            forget_ended(transaction, now)?;
            transaction.execute(
                "INSERT INTO oauth_grants (id, client, client_name, user, organization, scopes, resource, created) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
                params![
                    id,
                    new.client,
                    new.client_name,
                    new.user,
                    new.organization,
                    new.scopes.to_string(),
                    new.resource,
                    text(now)
                ],
            )?;
            transaction.execute(
                "INSERT INTO oauth_codes (hash, grant_id, redirect_uri, challenge, expires) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    code.digest().bytes(),
                    id,
                    new.redirect_uri,
                    new.challenge,
                    text(now + TimeDelta::seconds(CODE_SECONDS))
                ],
            )
        })?;
        Ok((id, code))
    }

    /// Uses a code up, if `is_right` finds that it belongs to who presents it.
    pub(crate) fn redeem_code(
        &self,
        presented: &str,
        is_right: impl FnOnce(&Code) -> bool,
        now: DateTime<Utc>,
    ) -> Result<Result<Grant, Refused>, Failure> {
        let hash = Hash::of(presented);
        self.write(|transaction| {
            let sql = format!(
                "SELECT {GRANT}, c.redirect_uri, c.challenge, c.expires, c.used FROM oauth_codes c \
                 JOIN oauth_grants g ON g.id = c.grant_id WHERE c.hash = ?1"
            );
            let read = |row: &Row<'_>| {
                let (redirect_uri, challenge) = (row.get("redirect_uri")?, row.get("challenge")?);
                let code = Code { grant: read_grant(row)?, redirect_uri, challenge };
                Ok((code, instant(row, "expires")?, instant(row, "used")?))
            };
            let Some((code, expires, used)) = transaction.query_row(&sql, [hash.bytes()], read).optional()? else {
                return Ok(Err(Refused::Unknown));
            };
            if used.is_some() {
                let has_ended = end(transaction, &code.grant.id, "code used twice", now)?;
                return Ok(Err(Refused::Replayed(Replayed { grant: code.grant, has_ended })));
            }
            if let Some(refused) = ended(&code.grant, expires, now) {
                return Ok(Err(refused));
            }
            if !is_right(&code) {
                return Ok(Err(Refused::Mismatch));
            }
            transaction
                .execute("UPDATE oauth_codes SET used = ?2 WHERE hash = ?1", params![hash.bytes(), text(now)])?;
            Ok(Ok(code.grant))
        })
    }

    /// A new refresh token of a grant.
    pub(crate) fn create_refresh(&self, grant: &str, scopes: Scopes, now: DateTime<Utc>) -> Result<Secret, Failure> {
        let secret = Secret::random()?;
        self.write(|transaction| {
            transaction.execute(
                "INSERT INTO oauth_refresh_tokens (hash, grant_id, scopes, created, expires) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![
                    secret.digest().bytes(),
                    grant,
                    scopes.to_string(),
                    text(now),
                    text(now + TimeDelta::days(REFRESH_DAYS))
                ],
            )
        })?;
        Ok(secret)
    }

    /// Uses a refresh token up, if `is_right` finds that its grant belongs to who presents it. `asked` narrows what the
    /// next access token allows.
    pub(crate) fn use_refresh(
        &self,
        presented: &str,
        is_right: impl FnOnce(&Grant) -> bool,
        asked: Option<Scopes>,
        now: DateTime<Utc>,
    ) -> Result<Result<Refreshed, Refused>, Failure> {
        let hash = Hash::of(presented);
        self.write(|transaction| {
            let sql = format!(
                "SELECT {GRANT}, r.scopes AS refresh_scopes, r.expires, r.used FROM oauth_refresh_tokens r \
                 JOIN oauth_grants g ON g.id = r.grant_id WHERE r.hash = ?1"
            );
            let read = |row: &Row<'_>| {
                let refreshed = Refreshed { grant: read_grant(row)?, scopes: scopes(row, "refresh_scopes")? };
                Ok((refreshed, instant(row, "expires")?, instant(row, "used")?))
            };
            let found = transaction.query_row(&sql, [hash.bytes()], read).optional()?;
            let Some((refreshed, expires, used)) = found else {
                return Ok(Err(Refused::Unknown));
            };
            if used.is_some() {
                let has_ended = end(transaction, &refreshed.grant.id, "refresh token used twice", now)?;
                return Ok(Err(Refused::Replayed(Replayed { grant: refreshed.grant, has_ended })));
            }
            if let Some(refused) = ended(&refreshed.grant, expires, now) {
                return Ok(Err(refused));
            }
            if !is_right(&refreshed.grant) {
                return Ok(Err(Refused::Mismatch));
            }
            if asked.is_some_and(|asked| !refreshed.scopes.covers(asked)) {
                return Ok(Err(Refused::Scope));
            }
            let grant = &refreshed.grant.id;
            let since = text(now - TimeDelta::hours(1));
            let sql = "SELECT count(*) FROM oauth_refresh_tokens WHERE grant_id = ?1 AND created > ?2";
            let given: i64 = transaction.query_row(sql, params![grant, since], |row| row.get(0))?;
            if given >= REFRESHES_AN_HOUR {
                return Ok(Err(Refused::TooSoon));
            }
            let sql = "UPDATE oauth_refresh_tokens SET used = ?2 WHERE hash = ?1";
            transaction.execute(sql, params![hash.bytes(), text(now)])?;
            give_way(transaction, grant, now)?;
            Ok(Ok(refreshed))
        })
    }

    /// The grant of a refresh token, whether it is live or not.
    pub(crate) fn grant_of_refresh(&self, presented: &str) -> Result<Option<Grant>, Failure> {
        let hash = Hash::of(presented);
        self.with(|connection| {
            let sql = format!(
                "SELECT {GRANT} FROM oauth_refresh_tokens r JOIN oauth_grants g ON g.id = r.grant_id WHERE r.hash = ?1"
            );
            connection.prepare_cached(&sql)?.query_row([hash.bytes()], read_grant).optional()
        })
    }

    pub fn grant(&self, id: &str) -> Result<Option<Grant>, Failure> {
        self.with(|connection| {
            let sql = format!("SELECT {GRANT} FROM oauth_grants g WHERE g.id = ?1");
            connection.prepare_cached(&sql)?.query_row([id], read_grant).optional()
        })
    }

    /// The grants of an organization that can still be made use of, the newest first; those of one user where one is
    /// named.
    pub fn grants(&self, organization: &str, user: Option<&str>, now: DateTime<Utc>) -> Result<Vec<Grant>, Failure> {
        self.with(|connection| {
            let sql = format!(
                "SELECT {GRANT} FROM oauth_grants g WHERE g.organization = ?1 AND g.revoked IS NULL \
                 AND (?2 IS NULL OR g.user = ?2) AND ( \
                 EXISTS (SELECT 1 FROM oauth_codes WHERE grant_id = g.id AND used IS NULL AND expires > ?3) OR \
                 EXISTS (SELECT 1 FROM oauth_refresh_tokens WHERE grant_id = g.id AND used IS NULL AND expires > ?3) OR \
                 EXISTS (SELECT 1 FROM tokens WHERE grant_id = g.id AND revoked IS NULL AND expires > ?3)) ORDER BY g.created DESC, g.id"
            );
            connection.prepare_cached(&sql)?.query_map(params![organization, user, text(now)], read_grant)?.collect()
        })
    }

    /// Ends a grant with all that hangs on it. False when it had ended.
    pub fn revoke_grant(&self, id: &str, reason: &str, now: DateTime<Utc>) -> Result<bool, Failure> {
        self.write(|transaction| end(transaction, id, reason, now))
    }
}

/// Makes room for the next access token of a grant: the one before stays for the calls that are under way, all others
/// are gone, and refresh tokens that were used long ago are forgotten.
fn give_way(connection: &Connection, grant: &str, now: DateTime<Utc>) -> rusqlite::Result<()> {
    let sql = "DELETE FROM tokens WHERE grant_id = ?1 AND id NOT IN (SELECT id FROM tokens WHERE grant_id = ?1 \
               AND revoked IS NULL AND expires > ?2 ORDER BY created DESC, rowid DESC LIMIT 1)";
    connection.execute(sql, params![grant, text(now)])?;
    let before = text(now - TimeDelta::days(REMEMBERED_DAYS));
    connection
        .execute("DELETE FROM oauth_refresh_tokens WHERE grant_id = ?1 AND used < ?2", params![grant, before])
        .map(drop)
}

/// Ends a grant: its codes and refresh tokens are refused by it, its access tokens are revoked with it.
fn end(connection: &Connection, grant: &str, reason: &str, now: DateTime<Utc>) -> rusqlite::Result<bool> {
    connection
        .execute("UPDATE tokens SET revoked = ?2 WHERE grant_id = ?1 AND revoked IS NULL", params![grant, text(now)])?;
    let sql = "UPDATE oauth_grants SET revoked = ?2, reason = ?3 WHERE id = ?1 AND revoked IS NULL";
    Ok(connection.execute(sql, params![grant, text(now), reason])? == 1)
}

fn ended(grant: &Grant, expires: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<Refused> {
    if grant.revoked.is_some() {
        return Some(Refused::Revoked);
    }
    expires.is_none_or(|expires| expires <= now).then_some(Refused::Expired)
}

/// Removes what ended so long ago that nobody will present it again.
fn forget_ended(connection: &Connection, now: DateTime<Utc>) -> rusqlite::Result<()> {
    let before = text(now - TimeDelta::days(REMEMBERED_DAYS));
    connection.execute("DELETE FROM oauth_codes WHERE expires < ?1", [&before])?;
    connection.execute("DELETE FROM oauth_refresh_tokens WHERE expires < ?1", [&before])?;
    connection.execute("DELETE FROM tokens WHERE grant_id IS NOT NULL AND expires < ?1", [&before])?;
    let nothing_left = "DELETE FROM oauth_grants WHERE created < ?1 \
                        AND NOT EXISTS (SELECT 1 FROM oauth_codes c WHERE c.grant_id = oauth_grants.id) \
                        AND NOT EXISTS (SELECT 1 FROM oauth_refresh_tokens r WHERE r.grant_id = oauth_grants.id) \
                        AND NOT EXISTS (SELECT 1 FROM tokens t WHERE t.grant_id = oauth_grants.id)";
    connection.execute(nothing_left, [&before]).map(drop)
}

fn read_grant(row: &Row<'_>) -> rusqlite::Result<Grant> {
    Ok(Grant {
        id: row.get("id")?,
        client: row.get("client")?,
        client_name: row.get("client_name")?,
        user: row.get("user")?,
        organization: row.get("organization")?,
        scopes: scopes(row, "scopes")?,
        resource: row.get("resource")?,
        created: instant(row, "created")?.unwrap_or_default(),
        revoked: instant(row, "revoked")?,
    })
}

fn scopes(row: &Row<'_>, column: &str) -> rusqlite::Result<Scopes> {
    let text: String = row.get(column)?;
    Scopes::parse(&text).map_err(|word| {
        let fault = std::io::Error::other(format!("the scope {word} is unknown"));
        rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(fault))
    })
}
