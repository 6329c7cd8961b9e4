//! The places of users in organizations. Each organization knows its users by itself: under which name, since when,
//! and whether they are disabled there, so that nothing of it tells of other organizations.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde_json::{Map, Value};
use sextant_engine::workspace::Failure;

use super::{
    COLUMNS, User, checked_email, checked_name, end_access, end_grants, find, new_user, no_organization, read, refused,
    shown, unreadable,
};
use crate::identity::scope::Scopes;
use crate::store::organizations;
use crate::store::tokens::{end_made, instant, text};
use crate::store::{Changed, Store};

/// What a user may do in an organization at most, and what its policies know of the user.
#[derive(Clone, Debug, PartialEq)]
pub struct Membership {
    pub organization: String,
    pub scopes: Scopes,
    pub attributes: Map<String, Value>,
}

/// An organization as one of its users sees it, and the user as the organization does.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    pub organization: String,
    pub organization_name: String,
    pub email: String,
    pub name: String,
    pub scopes: Scopes,
    pub attributes: Map<String, Value>,
    pub created: DateTime<Utc>,
    /// Since when the user may do nothing there.
    pub disabled: Option<DateTime<Utc>>,
}

const MEMBER: &str = "SELECT m.organization, o.name AS organization_name, coalesce(m.email, u.email) AS member_email, \
                      coalesce(m.name, u.name) AS member_name, m.scopes, m.attributes, \
                      coalesce(m.created, u.created) AS member_created, m.disabled AS member_disabled \
                      FROM memberships m JOIN organizations o ON o.id = m.organization JOIN users u ON u.id = m.user";

impl Store {
    /// The places where the user may do something: neither the organization nor the place in it is disabled.
    pub fn memberships(&self, user: &str) -> Result<Vec<Member>, Failure> {
        let places = self.places(user, true)?;
        Ok(places.into_iter().filter(|place| place.disabled.is_none()).collect())
    }

    /// The user's places; those in organizations that are disabled too, unless only the others are wanted.
    pub fn places(&self, user: &str, only_live: bool) -> Result<Vec<Member>, Failure> {
        self.with(|connection| {
            let mut query = connection.prepare_cached(&format!(
                "{MEMBER} WHERE m.user = ?1 AND (NOT ?2 OR o.disabled IS NULL) ORDER BY o.name, o.id"
            ))?;
            query.query_map(params![user, only_live], read_member)?.collect()
        })
    }

    /// The user's place in one organization, unless it, the user or the organization is disabled.
    pub fn membership(&self, user: &str, organization: &str) -> Result<Option<Member>, Failure> {
        if self.user(user)?.is_none_or(|user| user.disabled.is_some()) {
            return Ok(None);
        }
        Ok(self.memberships(user)?.into_iter().find(|member| member.organization == organization))
    }

    /// The users of an organization, by address.
    pub fn members(&self, organization: &str) -> Result<Vec<(User, Member)>, Failure> {
        self.with(|connection| {
            let users = format!("SELECT {COLUMNS} FROM users ORDER BY email");
            let users: Vec<User> =
                connection.prepare_cached(&users)?.query_map([], read)?.collect::<rusqlite::Result<_>>()?;
            let places = users.into_iter().map(|user| Ok((place(connection, &user.id, organization)?, user)));
            let places: Vec<(Option<Member>, User)> = places.collect::<rusqlite::Result<_>>()?;
            Ok(places.into_iter().filter_map(|(member, user)| member.map(|member| (user, member))).collect())
        })
    }

    /// The user of an organization who has this address.
    pub fn member_named(&self, organization: &str, email: &str) -> Result<Option<(User, Member)>, Failure> {
        self.with(|connection| {
            let Some(user) = find(connection, "email = ?1", email.trim())? else { return Ok(None) };
            Ok(place(connection, &user.id, organization)?.map(|member| (user, member)))
        })
    }

    /// Lets the user of an address into an organization, as its administrator does. Whether there was such a user
    /// already changes nothing of what is told: who was there goes on signing in as before.
    pub fn create_member(
        &self,
        email: &str,
        name: &str,
        membership: &Membership,
        now: DateTime<Utc>,
    ) -> Result<(User, Member), Failure> {
        let (email, name) = (checked_email(email)?, checked_name(name)?);
        let organization = &membership.organization;
        let new = new_user(email, name, now)?;
        self.settle(|transaction| {
            if let Err(refusal) = organizations::known(transaction, organization)? {
                return Ok(Err(refusal));
            }
            let user = match find(transaction, "email = ?1", email)? {
                Some(known) if place(transaction, &known.id, organization)?.is_some() => {
                    let message = format!("the organization has a user `{}` already", shown(email));
                    return Ok(Err(refused("email", message)));
                }
                Some(known) => known,
                None => {
                    new.insert(transaction)?;
                    new
                }
            };
            join(transaction, &user.id, membership)?;
            let known_as = "UPDATE memberships SET email = ?3, name = ?4, created = ?5 \
                            WHERE user = ?1 AND organization = ?2";
            transaction.execute(known_as, params![user.id, organization, email, name, text(now)])?;
            Ok(place(transaction, &user.id, organization)?
                .map(|member| (user, member))
                .ok_or_else(crate::error::internal))
        })
    }

    /// Lets the user into an organization, or changes what it may do there: its access tokens of before end.
    pub fn add_member(&self, user: &str, membership: &Membership, now: DateTime<Utc>) -> Result<(), Failure> {
        let Membership { organization, scopes, attributes } = membership;
        self.change_member(user, organization, Some(*scopes), Some(attributes.clone()), now).map(drop)
    }

    /// The same; what is not said stays as it is, and is the least of somebody new.
    pub fn change_member(
        &self,
        user: &str,
        organization: &str,
        scopes: Option<Scopes>,
        attributes: Option<Map<String, Value>>,
        now: DateTime<Utc>,
    ) -> Result<Changed<Member>, Failure> {
        self.settle(|transaction| {
            if organizations::known(transaction, organization)?.is_err() {
                return Ok(Err(no_organization(organization)));
            }
            let before = place(transaction, user, organization)?;
            let known = before.as_ref().map(|place| (place.scopes, place.attributes.clone()));
            let (kept_scopes, kept_attributes) = known.unwrap_or((Scopes::MINIMAL, Map::new()));
            let membership = Membership {
                organization: organization.to_string(),
                scopes: scopes.unwrap_or(kept_scopes),
                attributes: attributes.unwrap_or(kept_attributes),
            };
            join(transaction, user, &membership)?;
            let kept = place(transaction, user, organization)?;
            let is_new = kept != before;
            if is_new {
                end_access(transaction, user, Some(organization), now)?;
            }
            Ok(kept.map(|kept| Changed { kept, is_new }).ok_or_else(crate::error::internal))
        })
    }

    /// Takes the user out of an organization, and ends what applications may do there for the user and the tokens
    /// that the user made, which are given. None when the user was not in it.
    pub fn remove_member(
        &self,
        user: &str,
        organization: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<Vec<String>>, Failure> {
        self.write(|transaction| {
            let ended = end_place(transaction, user, organization, now)?;
            let sql = "DELETE FROM memberships WHERE user = ?1 AND organization = ?2";
            Ok((transaction.execute(sql, [user, organization])? == 1).then_some(ended))
        })
    }

    /// Locks a user out of one organization: grants, access tokens and the tokens that the user made end there, which
    /// are given.
    pub fn disable_member(&self, user: &str, organization: &str, now: DateTime<Utc>) -> Result<Vec<String>, Failure> {
        self.write(|transaction| {
            let sql = "UPDATE memberships SET disabled = ?3 WHERE user = ?1 AND organization = ?2 AND disabled IS NULL";
            transaction.execute(sql, params![user, organization, text(now)])?;
            end_place(transaction, user, organization, now)
        })
    }

    /// Lets a user into the organization again. What ended when it was locked out stays ended.
    pub fn enable_member(&self, user: &str, organization: &str) -> Result<bool, Failure> {
        self.write(|transaction| {
            let sql = "UPDATE memberships SET disabled = NULL \
                       WHERE user = ?1 AND organization = ?2 AND disabled IS NOT NULL";
            Ok(transaction.execute(sql, [user, organization])? == 1)
        })
    }
}

fn end_place(
    connection: &Connection,
    user: &str,
    organization: &str,
    now: DateTime<Utc>,
) -> rusqlite::Result<Vec<String>> {
    end_access(connection, user, Some(organization), now)?;
    end_grants(connection, user, Some(organization), now)?;
    end_made(connection, user, Some(organization), now)
}

pub(super) fn join(connection: &Connection, user: &str, membership: &Membership) -> rusqlite::Result<()> {
    connection
        .execute(
            "INSERT INTO memberships (user, organization, scopes, attributes) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT (user, organization) DO UPDATE SET scopes = excluded.scopes, attributes = excluded.attributes",
            params![
                user,
                membership.organization,
                membership.scopes.to_string(),
                Value::Object(membership.attributes.clone()).to_string()
            ],
        )
        .map(drop)
}

pub(super) fn place(connection: &Connection, user: &str, organization: &str) -> rusqlite::Result<Option<Member>> {
    let mut query = connection.prepare_cached(&format!("{MEMBER} WHERE m.user = ?1 AND m.organization = ?2"))?;
    query.query_row([user, organization], read_member).optional()
}

fn read_member(row: &Row<'_>) -> rusqlite::Result<Member> {
    let (scopes, attributes): (String, String) = (row.get("scopes")?, row.get("attributes")?);
    Ok(Member {
        organization: row.get("organization")?,
        organization_name: row.get("organization_name")?,
        email: row.get("member_email")?,
        name: row.get("member_name")?,
        scopes: Scopes::parse(&scopes).map_err(|_| unreadable(std::fmt::Error))?,
        attributes: serde_json::from_str(&attributes).map_err(unreadable)?,
        created: instant(row, "member_created")?.unwrap_or_default(),
        disabled: instant(row, "member_disabled")?,
    })
}
