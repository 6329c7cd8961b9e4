//! Users of the server: who signs in, and with what.

mod members;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};
use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;

use super::Store;
use super::tokens::{end_made, instant, text};
use crate::identity::secret::identifier;
use members::join;
pub use members::{Member, Membership};

/// Characters of an address (RFC 5321 §4.5.3.1) and of a name.
const EMAIL_LENGTH: usize = 254;
const NAME_LENGTH: usize = 200;

/// Somebody who signs in.
#[derive(Clone, Debug, PartialEq)]
pub struct User {
    pub id: String,
    pub email: String,
    pub name: String,
    /// Without one, only a sign-in link lets the user in.
    pub has_password: bool,
    pub created: DateTime<Utc>,
    pub disabled: Option<DateTime<Utc>>,
}

const COLUMNS: &str = "id, email, name, password IS NOT NULL AS has_password, created, disabled";

impl Store {
    /// A new user, who signs in once there is a password or a sign-in link.
    pub fn create_user(
        &self,
        email: &str,
        name: &str,
        memberships: &[Membership],
        now: DateTime<Utc>,
    ) -> Result<User, Failure> {
        let email = checked_email(email)?;
        let user = new_user(email, checked_name(name)?, now)?;
        self.settle(|transaction| {
            if find(transaction, "email = ?1", email)?.is_some() {
                let fault = Diagnostic::new(Code::InvalidArgument, format!("there is a user `{email}` already"));
                let help = "`sextant user add` lets a user into another organization";
                return Ok(Err(fault.field("email").help(help).into()));
            }
            if let Some(unknown) = unknown_organization(transaction, memberships)? {
                return Ok(Err(no_organization(&unknown)));
            }
            user.insert(transaction)?;
            for membership in memberships {
                join(transaction, &user.id, membership)?;
            }
            Ok(Ok(user))
        })
    }

    /// Every user, by address.
    pub fn users(&self) -> Result<Vec<User>, Failure> {
        self.with(|connection| {
            let mut query = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM users ORDER BY email"))?;
            query.query_map([], read)?.collect()
        })
    }

    /// The user of an address in any case of letters.
    pub fn user_by_email(&self, email: &str) -> Result<Option<User>, Failure> {
        self.with(|connection| find(connection, "email = ?1", email.trim()))
    }

    /// The user of an address; a refusal where there is none.
    pub fn user_named(&self, email: &str) -> Result<User, Failure> {
        self.user_by_email(email)?.ok_or_else(|| {
            let fault = Diagnostic::new(Code::InvalidArgument, format!("there is no user `{}`", shown(email)));
            fault.field("email").help("`sextant user list` shows the users").into()
        })
    }

    pub fn user(&self, id: &str) -> Result<Option<User>, Failure> {
        self.with(|connection| find(connection, "id = ?1", id))
    }

    /// Locks a user out: sessions, links, grants and access tokens end with it, and the tokens that the user made,
    /// which are given.
    pub fn disable_user(&self, user: &str, now: DateTime<Utc>) -> Result<Vec<String>, Failure> {
        self.write(|transaction| {
            transaction.execute(
                "UPDATE users SET disabled = ?2 WHERE id = ?1 AND disabled IS NULL",
                params![user, text(now)],
            )?;
            forget_browsers(transaction, user)?;
            end_access(transaction, user, None, now)?;
            end_grants(transaction, user, None, now)?;
            end_made(transaction, user, None, now)
        })
    }

    /// Lets a disabled user sign in again. What ended when it was disabled stays ended.
    pub fn enable_user(&self, user: &str) -> Result<(), Failure> {
        self.write(|transaction| transaction.execute("UPDATE users SET disabled = NULL WHERE id = ?1", [user]))
            .map(drop)
    }

    /// The argon2 hash of a new password; browsers that were signed in are not any more.
    pub fn set_password(&self, user: &str, hash: &str) -> Result<(), Failure> {
        self.write(|transaction| {
            forget_browsers(transaction, user)?;
            transaction.execute("UPDATE users SET password = ?2 WHERE id = ?1", [user, hash]).map(drop)
        })
    }

    /// The password's hash of a user who may sign in with one.
    pub(crate) fn password_of(&self, email: &str) -> Result<Option<(User, String)>, Failure> {
        self.with(|connection| {
            let sql = format!(
                "SELECT {COLUMNS}, password FROM users WHERE email = ?1 AND disabled IS NULL AND password IS NOT NULL"
            );
            let mut query = connection.prepare_cached(&sql)?;
            query.query_row([email.trim()], |row| Ok((read(row)?, row.get("password")?))).optional()
        })
    }
}

fn find(connection: &Connection, condition: &str, value: &str) -> rusqlite::Result<Option<User>> {
    let mut query = connection.prepare_cached(&format!("SELECT {COLUMNS} FROM users WHERE {condition}"))?;
    query.query_row([value], read).optional()
}

/// Somebody new.
fn new_user(email: &str, name: &str, now: DateTime<Utc>) -> Result<User, Failure> {
    let (email, name) = (email.to_string(), name.to_string());
    Ok(User { id: identifier("usr")?, email, name, has_password: false, created: now, disabled: None })
}

impl User {
    fn insert(&self, connection: &Connection) -> rusqlite::Result<()> {
        connection
            .execute(
                "INSERT INTO users (id, email, name, created) VALUES (?1, ?2, ?3, ?4)",
                params![self.id, self.email, self.name, text(self.created)],
            )
            .map(drop)
    }
}

fn unknown_organization(connection: &Connection, memberships: &[Membership]) -> rusqlite::Result<Option<String>> {
    for membership in memberships {
        let mut query = connection.prepare_cached("SELECT 1 FROM organizations WHERE id = ?1")?;
        if !query.exists([&membership.organization])? {
            return Ok(Some(membership.organization.clone()));
        }
    }
    Ok(None)
}

fn forget_browsers(connection: &Connection, user: &str) -> rusqlite::Result<()> {
    connection.execute("DELETE FROM browser_sessions WHERE user = ?1", [user])?;
    connection.execute("DELETE FROM sign_in_links WHERE user = ?1", [user]).map(drop)
}

fn end_access(
    connection: &Connection,
    user: &str,
    organization: Option<&str>,
    now: DateTime<Utc>,
) -> rusqlite::Result<()> {
    let sql =
        "UPDATE tokens SET revoked = ?3 WHERE user = ?1 AND revoked IS NULL AND (?2 IS NULL OR organization = ?2)";
    connection.execute(sql, params![user, organization, text(now)]).map(drop)
}

fn end_grants(
    connection: &Connection,
    user: &str,
    organization: Option<&str>,
    now: DateTime<Utc>,
) -> rusqlite::Result<()> {
    let sql = "UPDATE oauth_grants SET revoked = ?3, reason = 'membership' \
               WHERE user = ?1 AND revoked IS NULL AND (?2 IS NULL OR organization = ?2)";
    connection.execute(sql, params![user, organization, text(now)]).map(drop)
}

fn read(row: &Row<'_>) -> rusqlite::Result<User> {
    Ok(User {
        id: row.get("id")?,
        email: row.get("email")?,
        name: row.get("name")?,
        has_password: row.get("has_password")?,
        created: instant(row, "created")?.unwrap_or_default(),
        disabled: instant(row, "disabled")?,
    })
}

fn unreadable(fault: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(fault))
}

fn checked_email(email: &str) -> Result<&str, Failure> {
    let email = email.trim();
    let is_written_so = |c: char| !c.is_whitespace() && !c.is_control() && !"<>\"(),:;\\".contains(c);
    let parts = email.split_once('@');
    let is_address = parts.is_some_and(|(local, host)| !local.is_empty() && !host.is_empty() && !host.contains('@'));
    if is_address && email.len() <= EMAIL_LENGTH && email.chars().all(is_written_so) {
        return Ok(email);
    }
    Err(refused("email", format!("`{}` is not an address for mail", shown(email))))
}

fn checked_name(name: &str) -> Result<&str, Failure> {
    let name = name.trim();
    if name.is_empty() || name.chars().count() > NAME_LENGTH || name.chars().any(char::is_control) {
        return Err(refused("name", format!("a name has 1 to {NAME_LENGTH} characters and no control characters")));
    }
    Ok(name)
}

/// As much of what was typed as a message repeats.
fn shown(text: &str) -> String {
    text.trim().chars().filter(|c| !c.is_control()).take(EMAIL_LENGTH).collect()
}

fn refused(field: &str, message: String) -> Failure {
    Diagnostic::new(Code::InvalidArgument, message).field(field).help("`sextant user list` shows the users").into()
}

fn no_organization(id: &str) -> Failure {
    let fault = Diagnostic::new(Code::InvalidArgument, format!("there is no organization `{}`", shown(id)));
    fault.field("organization").help("`sextant org list` shows the organizations").into()
}

#[cfg(test)]
mod tests;
