//! Tokens as they are kept: by their hash, with what they allow, when they end and when they were last used.

use std::str::FromStr;

use chrono::{DateTime, SecondsFormat, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::{Map, Value};
use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;

use super::Store;
use super::organizations::{self, check_name};
use super::partners;
use crate::identity::scope::Scopes;
use crate::identity::secret::{Hash, Secret, identifier};
use crate::identity::token::{self, Kind};

/// Whom a token acts for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Owner {
    Organization(String),
    Sandbox(String),
    Partner(String),
    User { user: String, organization: String, grant: Option<String> },
}

impl Owner {
    pub fn kind(&self) -> Kind {
        match self {
            Owner::Organization(_) => Kind::Organization,
            Owner::Sandbox(_) => Kind::Sandbox,
            Owner::Partner(_) => Kind::Partner,
            Owner::User { .. } => Kind::User,
        }
    }

    /// None of a partner's token.
    pub fn organization(&self) -> Option<&str> {
        match self {
            Owner::Organization(id) | Owner::Sandbox(id) | Owner::User { organization: id, .. } => Some(id),
            Owner::Partner(_) => None,
        }
    }
}

/// What a new token is to be.
#[derive(Clone, Debug)]
pub struct NewToken {
    pub name: String,
    pub owner: Owner,
    pub scopes: Scopes,
    /// What policies may know of the caller.
    pub attributes: Map<String, Value>,
    pub expires: Option<DateTime<Utc>>,
}

/// A token as it is listed; the text itself is nowhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    pub id: String,
    pub owner: Owner,
    pub last_four: String,
    pub name: String,
    pub scopes: Scopes,
    pub attributes: Map<String, Value>,
    pub created: DateTime<Utc>,
    /// The identifier of a user or of another token, or `local`.
    pub created_by: Option<String>,
    pub expires: Option<DateTime<Utc>>,
    pub last_used: Option<DateTime<Utc>>,
    pub revoked: Option<DateTime<Utc>>,
}

impl Token {
    /// Whether it is accepted at that instant.
    pub fn is_live(&self, now: DateTime<Utc>) -> bool {
        self.revoked.is_none() && self.expires.is_none_or(|expires| now < expires)
    }
}

/// The maker of what is made beside the file.
pub const LOCAL: &str = "local";

const COLUMNS: &str = "id, kind, last_four, name, organization, partner, user, grant_id, scopes, attributes, created, \
                       created_by, expires, last_used, revoked";

impl Store {
    /// Keeps a new token of who may write this file, and gives its text, which cannot be had again.
    pub fn create_token(&self, new: &NewToken, now: DateTime<Utc>) -> Result<(Token, Secret), Failure> {
        self.create_token_by(LOCAL, new, now)
    }

    /// The same of a maker: a user or another token.
    pub fn create_token_by(&self, maker: &str, new: &NewToken, now: DateTime<Utc>) -> Result<(Token, Secret), Failure> {
        check_name(&new.name)?;
        let secret = token::mint(new.owner.kind())?;
        let kept = Token {
            id: identifier("tok")?,
            owner: new.owner.clone(),
            last_four: token::last_four(&secret).to_string(),
            name: new.name.clone(),
            scopes: new.scopes,
            attributes: new.attributes.clone(),
            created: now,
            created_by: Some(maker.to_string()),
            expires: new.expires,
            last_used: None,
            revoked: None,
        };
        let (partner, user, grant) = match &new.owner {
            Owner::Organization(_) | Owner::Sandbox(_) => (None, None, None),
            Owner::Partner(partner) => (Some(partner), None, None),
            Owner::User { user, grant, .. } => (None, Some(user), grant.as_ref()),
        };
        self.settle(|transaction| {
            if let Some(organization) = new.owner.organization()
                && let Err(refusal) = organizations::known(transaction, organization)?
            {
                return Ok(Err(refusal));
            }
            if let Some(partner) = partner
                && let Err(refusal) = partners::known(transaction, partner)?
            {
                return Ok(Err(refusal));
            }
            if is_locked_out(transaction, maker, new.owner.organization())? {
                return Ok(Err(locked_out()));
            }
            transaction.execute(
                "INSERT INTO tokens (id, kind, hash, last_four, name, organization, partner, user, grant_id, scopes, \
                 attributes, created, expires, created_by) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
                params![
                    kept.id,
                    new.owner.kind().as_str(),
                    secret.digest().bytes(),
                    kept.last_four,
                    kept.name,
                    new.owner.organization(),
                    partner,
                    user,
                    grant,
                    kept.scopes.to_string(),
                    Value::Object(kept.attributes.clone()).to_string(),
                    text(now),
                    kept.expires.map(text),
                    kept.created_by,
                ],
            )?;
            Ok(Ok((kept, secret)))
        })
    }

    /// The token of this text, whether it is still accepted or not. Nothing is written.
    pub fn find_token(&self, presented: &str) -> Result<Option<Token>, Failure> {
        if token::kind(presented).is_none() {
            return Ok(None);
        }
        let hash = Hash::of(presented);
        let found = self.with(|connection| {
            let mut query =
                connection.prepare_cached(&format!("SELECT {COLUMNS}, hash FROM tokens WHERE hash = ?1"))?;
            query.query_row([hash.bytes()], |row| Ok((read(row)?, row.get::<_, Vec<u8>>("hash")?))).optional()
        })?;
        // The index compared the hash, not the secret; the constant-time comparison costs nothing more.
        Ok(found.filter(|(_, kept)| hash.is(kept)).map(|(token, _)| token))
    }

    /// Whether nobody whom the token acts for was shut out: its organization and its partner are not disabled, its
    /// user is neither disabled nor out of the organization, what the user agreed to is not taken back. A partner's
    /// organizations are looked at when one is called for.
    pub fn token_owner_is_live(&self, token: &Token) -> Result<bool, Failure> {
        let (partner, user, grant) = match &token.owner {
            Owner::Organization(_) | Owner::Sandbox(_) => (None, None, None),
            Owner::Partner(partner) => (Some(partner), None, None),
            Owner::User { user, grant, .. } => (None, Some(user), grant.as_ref()),
        };
        self.with(|connection| {
            let mut query = connection.prepare_cached(
                "SELECT (?1 IS NULL OR EXISTS (SELECT 1 FROM organizations WHERE id = ?1 AND disabled IS NULL)) \
                 AND (?2 IS NULL OR EXISTS (SELECT 1 FROM partners WHERE id = ?2 AND disabled IS NULL)) \
                 AND (?3 IS NULL OR EXISTS (SELECT 1 FROM users WHERE id = ?3 AND disabled IS NULL)) \
                 AND (?3 IS NULL OR EXISTS (SELECT 1 FROM memberships WHERE user = ?3 AND organization = ?1 \
                 AND disabled IS NULL)) \
                 AND (?4 IS NULL OR EXISTS (SELECT 1 FROM oauth_grants WHERE id = ?4 AND revoked IS NULL))",
            )?;
            query.query_row(params![token.owner.organization(), partner, user, grant], |row| row.get(0))
        })
    }

    /// All tokens, or those of one organization, the newest first.
    pub fn tokens(&self, organization: Option<&str>) -> Result<Vec<Token>, Failure> {
        self.with(|connection| {
            let mut query = connection.prepare_cached(&format!(
                "SELECT {COLUMNS} FROM tokens WHERE ?1 IS NULL OR organization = ?1 ORDER BY created DESC, id"
            ))?;
            query.query_map([organization], read)?.collect()
        })
    }

    /// Ends the token of this identifier. False when there is none, or it has ended already.
    pub fn revoke_token(&self, id: &str, now: DateTime<Utc>) -> Result<bool, Failure> {
        let changed = self.write(|transaction| {
            transaction
                .execute("UPDATE tokens SET revoked = ?2 WHERE id = ?1 AND revoked IS NULL", params![id, text(now)])
        })?;
        Ok(changed == 1)
    }

    /// Notes when tokens were last used; a door collects these and writes them together.
    pub fn tokens_were_used(&self, uses: &[(String, DateTime<Utc>)]) -> Result<(), Failure> {
        self.write(|transaction| {
            let mut update = transaction.prepare_cached("UPDATE tokens SET last_used = ?2 WHERE id = ?1")?;
            for (id, at) in uses {
                update.execute(params![id, text(*at)])?;
            }
            Ok(())
        })
    }
}

/// Whether the maker was disabled, taken out of the organization or revoked since it was let in.
fn is_locked_out(connection: &Connection, maker: &str, organization: Option<&str>) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM tokens WHERE id = ?1 AND revoked IS NOT NULL) \
               OR EXISTS (SELECT 1 FROM users u WHERE u.id = ?1 AND (u.disabled IS NOT NULL OR NOT EXISTS \
               (SELECT 1 FROM memberships WHERE user = u.id AND organization = ?2 AND disabled IS NULL)))";
    connection.query_row(sql, params![maker, organization], |row| row.get(0))
}

fn locked_out() -> Failure {
    let fault = Diagnostic::new(Code::Unauthenticated, "the maker of the token is not let in any more");
    fault.help("sign in again, or call with a token that is still accepted").into()
}

/// Ends what a user made, and what was made with that, in one organization or in all: the identifiers, the oldest first.
pub(super) fn end_made(
    connection: &Connection,
    user: &str,
    organization: Option<&str>,
    now: DateTime<Utc>,
) -> rusqlite::Result<Vec<String>> {
    let sql = "WITH RECURSIVE made (id) AS (SELECT id FROM tokens WHERE created_by = ?1 OR user = ?1 \
               UNION SELECT t.id FROM tokens t JOIN made m ON t.created_by = m.id) \
               UPDATE tokens SET revoked = ?3 WHERE id IN (SELECT id FROM made) AND user IS NULL AND revoked IS NULL \
               AND (?2 IS NULL OR organization = ?2) RETURNING rowid, id";
    let mut query = connection.prepare(sql)?;
    let ended = query.query_map(params![user, organization, text(now)], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let mut ended: Vec<(i64, String)> = ended.collect::<rusqlite::Result<_>>()?;
    ended.sort();
    Ok(ended.into_iter().map(|(_, id)| id).collect())
}

/// An instant as the file has it.
pub(crate) fn text(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// An instant of the file.
pub(crate) fn instant(row: &Row<'_>, column: &str) -> rusqlite::Result<Option<DateTime<Utc>>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| DateTime::from_str(&text).map_err(|fault| unreadable(column, fault))).transpose()
}

fn read(row: &Row<'_>) -> rusqlite::Result<Token> {
    let kind: String = row.get("kind")?;
    let organization = || row.get::<_, String>("organization");
    let owner = match Kind::parse(&kind) {
        Some(Kind::Organization) => Owner::Organization(organization()?),
        Some(Kind::Sandbox) => Owner::Sandbox(organization()?),
        Some(Kind::Partner) => Owner::Partner(row.get("partner")?),
        Some(Kind::User) => {
            Owner::User { user: row.get("user")?, organization: organization()?, grant: row.get("grant_id")? }
        }
        None => return Err(unreadable("kind", std::fmt::Error)),
    };
    let scopes: String = row.get("scopes")?;
    let attributes: String = row.get("attributes")?;
    Ok(Token {
        id: row.get("id")?,
        owner,
        last_four: row.get("last_four")?,
        name: row.get("name")?,
        scopes: Scopes::parse(&scopes).map_err(|_| unreadable("scopes", std::fmt::Error))?,
        attributes: serde_json::from_str(&attributes).map_err(|fault| unreadable("attributes", fault))?,
        created: instant(row, "created")?.ok_or_else(|| unreadable("created", std::fmt::Error))?,
        created_by: row.get("created_by")?,
        expires: instant(row, "expires")?,
        last_used: instant(row, "last_used")?,
        revoked: instant(row, "revoked")?,
    })
}

pub(super) fn unreadable(column: &str, fault: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    tracing::error!(column, "a row of the state file cannot be read");
    rusqlite::Error::FromSqlConversionFailure(0, rusqlite::types::Type::Text, Box::new(fault))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn new(owner: Owner) -> NewToken {
        let attributes = Map::from_iter([("countries".to_string(), serde_json::json!(["DE"]))]);
        NewToken { name: "a key".into(), owner, scopes: Scopes::MINIMAL, attributes, expires: None }
    }

    fn now() -> DateTime<Utc> {
        "2026-11-22T10:00:00.123Z".parse().unwrap()
    }

    #[test]
    fn a_token_is_found_by_its_text_alone_and_kept_by_its_hash() {
        let store = Store::in_memory();
        let (kept, secret) = store.create_token(&new(Owner::Sandbox("default".into())), now()).unwrap();
        assert_eq!(store.find_token(secret.expose()).unwrap(), Some(kept.clone()));
        assert_eq!(store.tokens(Some("default")).unwrap(), std::slice::from_ref(&kept));
        assert_eq!(store.tokens(Some("other")).unwrap(), []);
        assert_eq!(store.find_token(token::mint(Kind::Sandbox).unwrap().expose()).unwrap(), None);
        assert_eq!(store.find_token(&kept.id).unwrap(), None);
        let held: String = store
            .with(|c| {
                c.query_row("SELECT group_concat(quote(hash) || name || last_four) FROM tokens", [], |row| row.get(0))
            })
            .unwrap();
        assert!(!held.contains(&secret.expose()[..20]));
    }

    #[test]
    fn a_token_ends_when_it_is_revoked_or_expires() {
        let store = Store::in_memory();
        let (kept, secret) = store.create_token(&new(Owner::Organization("default".into())), now()).unwrap();
        assert!(kept.is_live(now()));
        assert!(store.revoke_token(&kept.id, now()).unwrap());
        assert!(!store.revoke_token(&kept.id, now()).unwrap());
        let ended = store.find_token(secret.expose()).unwrap().unwrap();
        assert_eq!((ended.is_live(now()), ended.revoked), (false, Some(now())));
        let short = NewToken { expires: Some(now()), ..new(Owner::Organization("default".into())) };
        let (kept, _) = store.create_token(&short, now()).unwrap();
        assert!(!kept.is_live(now()) && kept.is_live(now() - chrono::TimeDelta::milliseconds(1)));
    }

    #[test]
    fn what_a_token_belongs_to_must_exist() {
        let store = Store::in_memory();
        for owner in [Owner::Organization("nobody".into()), Owner::Partner("nobody".into())] {
            assert!(store.create_token(&new(owner), now()).is_err());
        }
    }

    #[test]
    fn a_token_is_refused_with_everyone_it_acts_for() {
        let store = Store::in_memory();
        let execute = |statement: &str| store.with(|connection| connection.execute(statement, [])).unwrap();
        execute("INSERT INTO users (id, email, name, created) VALUES ('u', 'u@example.com', 'U', '')");
        execute("INSERT INTO memberships (user, organization, scopes) VALUES ('u', 'default', '')");
        execute(
            "INSERT INTO oauth_grants (id, client, client_name, user, organization, scopes, resource, created) \
             VALUES ('g', 'c', 'C', 'u', 'default', '', '', '')",
        );
        store.create_partner("p", "P", &["default".into()], "default", now()).unwrap();
        let owners = [
            Owner::Organization("default".into()),
            Owner::Sandbox("default".into()),
            Owner::Partner("p".into()),
            Owner::User { user: "u".into(), organization: "default".into(), grant: None },
            Owner::User { user: "u".into(), organization: "default".into(), grant: Some("g".into()) },
        ];
        let tokens = owners.map(|owner| store.create_token(&new(owner), now()).unwrap().0);
        let live = || tokens.each_ref().map(|token| store.token_owner_is_live(token).unwrap());
        assert_eq!(live(), [true; 5]);
        for (shut_out, open, left) in [
            (
                "UPDATE organizations SET disabled = ''",
                "UPDATE organizations SET disabled = NULL",
                [false, false, true, false, false],
            ),
            (
                "UPDATE partners SET disabled = ''",
                "UPDATE partners SET disabled = NULL",
                [true, true, false, true, true],
            ),
            ("UPDATE users SET disabled = ''", "UPDATE users SET disabled = NULL", [true, true, true, false, false]),
            (
                "UPDATE oauth_grants SET revoked = ''",
                "UPDATE oauth_grants SET revoked = NULL",
                [true, true, true, true, false],
            ),
            (
                "UPDATE memberships SET disabled = ''",
                "UPDATE memberships SET disabled = NULL",
                [true, true, true, false, false],
            ),
            (
                "DELETE FROM memberships",
                "INSERT INTO memberships (user, organization, scopes) VALUES ('u', 'default', '')",
                [true, true, true, false, false],
            ),
        ] {
            execute(shut_out);
            assert_eq!(live(), left, "{shut_out}");
            execute(open);
            assert_eq!(live(), [true; 5], "{open}");
        }
    }

    #[test]
    fn who_was_locked_out_meanwhile_makes_nothing() {
        let store = Store::in_memory();
        let execute = |statement: &str| store.write(|transaction| transaction.execute_batch(statement)).unwrap();
        let made = |maker: &str| store.create_token_by(maker, &new(Owner::Organization("default".into())), now());
        let (parent, _) = store.create_token(&new(Owner::Organization("default".into())), now()).unwrap();
        assert_eq!(made(&parent.id).unwrap().0.created_by, Some(parent.id.clone()));
        store.revoke_token(&parent.id, now()).unwrap();
        assert!(made(&parent.id).is_err());
        execute("INSERT INTO users (id, email, name, created) VALUES ('u', 'u@example.com', 'U', '')");
        assert!(made("u").is_err(), "not in the organization");
        execute("INSERT INTO memberships (user, organization, scopes) VALUES ('u', 'default', '')");
        assert!(made("u").is_ok());
        for shut_out in ["users SET disabled =", "memberships SET disabled ="] {
            execute(&format!("UPDATE {shut_out} ''"));
            assert!(made("u").is_err(), "{shut_out}");
            execute(&format!("UPDATE {shut_out} NULL"));
            assert!(made("u").is_ok(), "{shut_out}");
        }
    }

    #[test]
    fn uses_are_noted_together() {
        let store = Store::in_memory();
        let (kept, _) = store.create_token(&new(Owner::Organization("default".into())), now()).unwrap();
        store.tokens_were_used(&[(kept.id, now())]).unwrap();
        assert_eq!(store.tokens(None).unwrap()[0].last_used, Some(now()));
    }
}
