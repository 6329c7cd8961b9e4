//! The operations that administer: organizations, partners, users, tokens, feedback and models.
//!
//! Whether the caller may call them is settled before; here stands what of it the caller may touch: an administrator
//! has the users and tokens of the own organization, the operator the organizations and partners of the server.

mod schema;

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde_json::{Value, json};
use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;
use sextant_semantics::query::request::{
    Administration, OrganizationRequest, PartnerRequest, TokenRequest, UserRequest,
};

pub(super) use schema::answer_schema;

use super::run::Ground;
use crate::error;
use crate::identity::caller::{Caller, DEFAULT_ORGANIZATION, Environment};
use crate::identity::scope::{Scope, Scopes};
use crate::store::Store;
use crate::store::organizations::{NewOrganization, Organization, OrganizationSettings};
use crate::store::partners::{Partner, PartnerSettings};
use crate::store::tokens::{NewToken, Owner, Token};
use crate::store::users::{Member, Membership, User};

/// Pieces of feedback that a list has unless the request says otherwise.
const FEEDBACK: u64 = 50;

/// Answers one operation. Everything but the models is in the state file, which may wait for the disk.
pub(super) async fn administer(ground: &Ground, asked: Administration, now: DateTime<Utc>) -> Result<Value, Failure> {
    if asked == Administration::ReloadModels {
        let version = ground.reload().await?;
        return Ok(json!({ "model_version": version }));
    }
    let (store, caller) = (ground.store.clone(), ground.caller.clone());
    let work = tokio::task::spawn_blocking(move || in_state(&store, &caller, asked, now));
    work.await.unwrap_or_else(|fault| {
        tracing::error!(%fault, "an operation on the state ended in a fault of ours");
        Err(error::internal())
    })
}

fn in_state(store: &Arc<Store>, caller: &Caller, asked: Administration, now: DateTime<Utc>) -> Result<Value, Failure> {
    match asked {
        Administration::ListOrganizations => organizations(store, caller),
        Administration::CreateOrganization(asked) => create_organization(store, asked, now),
        Administration::UpdateOrganization(asked) => update_organization(store, asked, now),
        Administration::ListPartners => {
            let partners: Vec<Value> = store.partners()?.iter().map(partner).collect();
            Ok(json!({ "partners": partners }))
        }
        Administration::CreatePartner(asked) => create_partner(store, asked, now),
        Administration::UpdatePartner(asked) => update_partner(store, asked, now),
        Administration::ListUsers => users(store, caller),
        Administration::CreateUser(asked) => create_user(store, caller, asked, now),
        Administration::UpdateUser(asked) => update_user(store, caller, asked, now),
        Administration::ListTokens => {
            let tokens = store.tokens(Some(&caller.organization))?;
            let seen = tokens.iter().filter(|token| environment(token) == caller.environment);
            let tokens: Vec<Value> = seen.map(|kept| token(kept, now)).collect();
            Ok(json!({ "tokens": tokens }))
        }
        Administration::CreateToken(asked) => create_token(store, caller, asked, now),
        Administration::RevokeToken { id } => revoke_token(store, caller, &id, now),
        Administration::ListFeedback { limit } => {
            let limit = usize::try_from(limit.unwrap_or(FEEDBACK)).unwrap_or(usize::MAX);
            Ok(json!({ "feedback": store.feedback(limit)? }))
        }
        Administration::ReloadModels => unreachable!("models are not in the state"),
    }
}

/// A partner sees those it acts for, the operator all.
fn organizations(store: &Store, caller: &Caller) -> Result<Value, Failure> {
    let all = store.organizations()?;
    let seen = all.iter().filter(|one| match &caller.partner {
        Some(partner) => one.disabled.is_none() && partner.organizations.contains(&one.id),
        None => true,
    });
    let list: Vec<Value> = match &caller.partner {
        Some(_) => seen.map(|one| json!({ "id": one.id, "name": one.name })).collect(),
        None => seen.map(organization).collect(),
    };
    Ok(json!({ "organizations": list }))
}

fn create_organization(store: &Store, asked: OrganizationRequest, now: DateTime<Utc>) -> Result<Value, Failure> {
    let new = NewOrganization {
        name: asked.name.unwrap_or_else(|| asked.id.clone()),
        id: asked.id,
        models: PathBuf::from(asked.models.unwrap_or_default()),
        data: PathBuf::from(asked.data.unwrap_or_default()),
        sandbox_data: asked.sandbox_data.map(PathBuf::from),
        timezone: asked.timezone,
        currency: asked.currency,
    };
    Ok(organization(&store.create_organization(&new, now)?))
}

fn update_organization(store: &Store, asked: OrganizationRequest, now: DateTime<Utc>) -> Result<Value, Failure> {
    let settings = OrganizationSettings {
        name: asked.name,
        models: asked.models.map(PathBuf::from),
        data: asked.data.map(PathBuf::from),
        sandbox_data: asked.sandbox_data.map(|path| Some(PathBuf::from(path))),
        timezone: asked.timezone.map(Some),
        currency: asked.currency.map(Some),
    };
    let changed = store.update_organization(&asked.id, &settings)?;
    let changed = match asked.disabled {
        None => changed,
        Some(true) => store.disable_organization(&asked.id, now)?,
        Some(false) => store.enable_organization(&asked.id)?,
    };
    Ok(organization(&changed.kept))
}

fn create_partner(store: &Store, asked: PartnerRequest, now: DateTime<Utc>) -> Result<Value, Failure> {
    let organizations = asked.organizations.unwrap_or_default();
    let first = organizations.first().cloned().unwrap_or_default();
    let default = asked.default_organization.unwrap_or(first);
    let name = asked.name.unwrap_or_else(|| asked.id.clone());
    Ok(partner(&store.create_partner(&asked.id, &name, &organizations, &default, now)?))
}

fn update_partner(store: &Store, asked: PartnerRequest, now: DateTime<Utc>) -> Result<Value, Failure> {
    let PartnerRequest { id, name, organizations, default_organization, disabled } = asked;
    let changed = store.update_partner(&id, &PartnerSettings { name, organizations, default_organization })?;
    let changed = match disabled {
        None => changed,
        Some(true) => store.disable_partner(&id, now)?,
        Some(false) => store.enable_partner(&id)?,
    };
    Ok(partner(&changed.kept))
}

/// The users of the caller's organization.
fn users(store: &Store, caller: &Caller) -> Result<Value, Failure> {
    let members = store.members(&caller.organization)?;
    let list: Vec<Value> = members.iter().map(|(user, member)| user_of(caller, user, member)).collect();
    Ok(json!({ "users": list }))
}

/// Whether others know the address already is not told, and changes nothing there.
fn create_user(store: &Store, caller: &Caller, asked: UserRequest, now: DateTime<Utc>) -> Result<Value, Failure> {
    let scopes = granted(caller, asked.scopes.as_deref())?;
    let place = Membership { organization: caller.organization.clone(), scopes, attributes: asked.attributes };
    let name = asked.name.unwrap_or_else(|| asked.email.clone());
    let (user, member) = store.create_member(&asked.email, &name, &place, now)?;
    Ok(user_of(caller, &user, &member))
}

/// An administrator locks a user out of the own organization; the operator, out of the server.
fn update_user(store: &Store, caller: &Caller, asked: UserRequest, now: DateTime<Utc>) -> Result<Value, Failure> {
    if is_operator(caller) {
        return update_account(store, &asked, now);
    }
    let unknown = || {
        let fault = Diagnostic::new(Code::InvalidArgument, "the organization has no user of this address");
        Failure::from(fault.field("email").help("`list_users` names those that it has"))
    };
    let found = || store.member_named(&caller.organization, &asked.email)?.ok_or_else(unknown);
    let (user, _) = found()?;
    let ended = match asked.disabled {
        None => None,
        Some(true) => Some(store.disable_member(&user.id, &caller.organization, now)?),
        Some(false) => store.enable_member(&user.id, &caller.organization).map(|_| None)?,
    };
    let (user, member) = found()?;
    Ok(with_ended(user_of(caller, &user, &member), ended))
}

fn update_account(store: &Store, asked: &UserRequest, now: DateTime<Utc>) -> Result<Value, Failure> {
    let user = store.user_named(&asked.email)?;
    let ended = match asked.disabled {
        None => None,
        Some(true) => Some(store.disable_user(&user.id, now)?),
        Some(false) => store.enable_user(&user.id).map(|()| None)?,
    };
    let user = store.user(&user.id)?.ok_or_else(error::internal)?;
    let places = store.places(&user.id, false)?;
    let own = places.iter().find(|place| place.organization == DEFAULT_ORGANIZATION);
    let answer = json!({
        "id": user.id,
        "email": user.email,
        "name": user.name,
        "scopes": own.map(|place| words(place.scopes)).unwrap_or_default(),
        "attributes": own.map(|place| place.attributes.clone()).unwrap_or_default(),
        "created": instant(user.created),
        "disabled": user.disabled.map(instant),
        "organizations": places.iter().map(|place| place.organization.as_str()).collect::<Vec<_>>(),
    });
    Ok(with_ended(answer, ended))
}

/// The answer with the tokens that ended with the user who made them.
fn with_ended(mut answer: Value, ended: Option<Vec<String>>) -> Value {
    if let Some(ended) = ended {
        answer["ended_tokens"] = ended.into();
    }
    answer
}

/// Only the operator's organization has administrators who are the server's too.
fn is_operator(caller: &Caller) -> bool {
    caller.organization == DEFAULT_ORGANIZATION
}

/// A token allows at most what its creator is allowed, in the same environment or below, and policies know at least as
/// much of it: only an administrator gives attributes of its own.
fn create_token(store: &Store, caller: &Caller, asked: TokenRequest, now: DateTime<Utc>) -> Result<Value, Failure> {
    let scopes = granted(caller, asked.scopes.as_deref())?;
    let attributes = if asked.attributes.is_empty() {
        caller.attributes.clone()
    } else {
        caller.needs(&[Scope::Admin])?;
        asked.attributes
    };
    let organization = caller.organization.clone();
    let is_sandbox = asked.is_sandbox || caller.environment == Environment::Sandbox;
    let owner = if is_sandbox { Owner::Sandbox(organization) } else { Owner::Organization(organization) };
    let days = asked.expires_in_days.and_then(|days| i64::try_from(days).ok());
    let expires = days.map(|days| now + TimeDelta::days(days));
    let new = NewToken { name: asked.name, owner, scopes, attributes, expires };
    let (kept, secret) = store.create_token_by(caller.maker(), &new, now)?;
    let mut answer = token(&kept, now);
    answer["token"] = secret.expose().into();
    Ok(answer)
}

/// A token of somebody else is as unknown as none.
fn revoke_token(store: &Store, caller: &Caller, id: &str, now: DateTime<Utc>) -> Result<Value, Failure> {
    let tokens = store.tokens(Some(&caller.organization))?;
    let is_own = |token: &&Token| token.id == id && environment(token) == caller.environment;
    if !tokens.iter().any(|token| is_own(&token)) {
        let fault = Diagnostic::new(Code::UnknownId, "the organization has no token of this identifier").field("id");
        return Err(fault.help("`list_tokens` names those that it has").into());
    }
    store.revoke_token(id, now)?;
    let revoked = store.tokens(Some(&caller.organization))?;
    let kept = revoked.iter().find(is_own).ok_or_else(error::internal)?;
    Ok(token(kept, now))
}

/// The scopes that are asked for, the least without any; the caller must have them all.
fn granted(caller: &Caller, asked: Option<&[String]>) -> Result<Scopes, Failure> {
    let scopes = match asked {
        None => caller.scopes.common(Scopes::MINIMAL),
        Some(words) => Scopes::of(words.iter().filter_map(|word| Scope::parse(word))),
    };
    if scopes.is_empty() {
        let fault = Diagnostic::new(Code::InvalidArgument, "a token without any scope allows nothing").field("scopes");
        return Err(fault.help("leave `scopes` out for the least that is useful").into());
    }
    if !caller.scopes.covers(scopes) {
        caller.needs(&scopes.iter().collect::<Vec<_>>())?;
    }
    Ok(scopes)
}

fn environment(token: &Token) -> Environment {
    match token.owner {
        Owner::Sandbox(_) => Environment::Sandbox,
        Owner::Organization(_) | Owner::Partner(_) | Owner::User { .. } => Environment::Production,
    }
}

fn organization(of: &Organization) -> Value {
    json!({
        "id": of.id,
        "name": of.name,
        "models": of.models,
        "data": of.data,
        "sandbox_data": of.sandbox_data,
        "timezone": of.timezone,
        "currency": of.currency,
        "created": instant(of.created),
        "disabled": of.disabled.map(instant),
    })
}

fn partner(of: &Partner) -> Value {
    json!({
        "id": of.id,
        "name": of.name,
        "organizations": of.organizations,
        "default_organization": of.default_organization,
        "created": instant(of.created),
        "disabled": of.disabled.map(instant),
    })
}

/// A user as the caller's organization knows it. Whether the server has locked the user out is the operator's to see.
fn user_of(caller: &Caller, user: &User, member: &Member) -> Value {
    let everywhere = if is_operator(caller) { user.disabled } else { None };
    json!({
        "id": user.id,
        "email": member.email,
        "name": member.name,
        "scopes": words(member.scopes),
        "attributes": member.attributes,
        "created": instant(member.created),
        "disabled": everywhere.or(member.disabled).map(instant),
    })
}

fn token(of: &Token, now: DateTime<Utc>) -> Value {
    let kind = of.owner.kind();
    json!({
        "id": of.id,
        "name": of.name,
        "kind": kind.as_str(),
        "prefix": kind.prefix(),
        "last_four": of.last_four,
        "scopes": words(of.scopes),
        "attributes": of.attributes,
        "created": instant(of.created),
        "created_by": of.created_by,
        "last_used": of.last_used.map(instant),
        "expires": of.expires.map(instant),
        "revoked": of.revoked.map(instant),
        "accepted": of.is_live(now),
    })
}

fn words(scopes: Scopes) -> Vec<&'static str> {
    scopes.iter().map(Scope::as_str).collect()
}

fn instant(of: DateTime<Utc>) -> String {
    of.to_rfc3339_opts(SecondsFormat::Millis, true)
}
