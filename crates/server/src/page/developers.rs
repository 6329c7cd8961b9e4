//! Settings, Developers: the access tokens of an organization, the applications its users let in, and what to
//! write into each client.

pub(super) mod grants;
mod recipes;
pub(super) mod tokens;

use std::sync::Arc;

use askama::Template;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;
use chrono::{DateTime, Utc};
use sextant_engine::workspace::Failure;
use url::form_urlencoded;

use super::browser::{self, Browser};
use super::{DEVELOPERS, document};
use crate::identity::scope::Scope;
use crate::oauth::Authority;
use crate::oauth::parameters::Parameters;
use crate::store::oauth::Grant;
use crate::store::tokens::{Owner, Token};
use crate::store::users::Member;
use recipes::Recipe;

#[derive(Template)]
#[template(path = "developers.html")]
struct Developers<'a> {
    browser: &'a Browser,
    members: &'a [Member],
    member: &'a Member,
    is_manager: bool,
    tokens: &'a [TokenRow],
    grants: &'a [GrantRow],
    scopes: &'a [Choice],
    recipes: &'a [Recipe],
    endpoint: &'a str,
    oauth: bool,
    notice: Option<&'a str>,
}

/// A token as a row shows it.
struct TokenRow {
    token: Token,
    kind: &'static str,
    prefix: &'static str,
    state: String,
    is_live: bool,
}

impl TokenRow {
    fn created(&self) -> String {
        day(self.token.created)
    }
}

struct GrantRow {
    grant: Grant,
    email: String,
}

impl GrantRow {
    fn since(&self) -> String {
        day(self.grant.created)
    }
}

/// A scope that a new token may have.
struct Choice {
    scope: Scope,
    is_chosen: bool,
}

/// A page that asks before something ends.
#[derive(Template)]
#[template(path = "revoke.html")]
struct Revoke<'a> {
    browser: &'a Browser,
    title: &'a str,
    name: &'a str,
    what: &'a str,
    action: &'a str,
    organization: &'a str,
}

pub(super) async fn show(State(authority): State<Arc<Authority>>, uri: Uri, headers: HeaderMap) -> Response {
    let query = uri.query().unwrap_or_default();
    let browser = match browser::signed_in(&authority, &headers).await {
        Ok(Some(browser)) => browser,
        Ok(None) => return sign_in(query),
        Err(_) => return document::unavailable(),
    };
    let parameters = Parameters::parse(query.as_bytes());
    let wanted = parameters.first("organization").to_string();
    let notice = match parameters.first("done") {
        "revoked" => Some("Revoked. The next request with it is refused."),
        _ => None,
    };
    let origin = authority.origin(&headers);
    match authority.blocking(move |authority| read(authority, browser, &wanted)).await {
        Ok(Ok(shown)) => shown.page(&authority, &origin, notice),
        Ok(Err(page)) => *page,
        Err(_) => document::unavailable(),
    }
}

fn sign_in(query: &str) -> Response {
    let next = if query.is_empty() { DEVELOPERS.to_string() } else { format!("{DEVELOPERS}?{query}") };
    let next = form_urlencoded::Serializer::new(String::new()).append_pair("next", &next).finish();
    document::to(&format!("{}?{next}", super::SIGN_IN))
}

/// What the page shows.
struct Shown {
    browser: Browser,
    members: Vec<Member>,
    member: Member,
    tokens: Vec<TokenRow>,
    grants: Vec<GrantRow>,
}

impl Shown {
    fn page(&self, authority: &Authority, origin: &str, notice: Option<&str>) -> Response {
        let offered = Scope::ALL.into_iter().filter(|scope| self.member.scopes.allows(*scope));
        let is_chosen = |scope| matches!(scope, Scope::MetricsRead | Scope::FeedbackWrite);
        let scopes: Vec<Choice> = offered.map(|scope| Choice { scope, is_chosen: is_chosen(scope) }).collect();
        let page = Developers {
            browser: &self.browser,
            members: &self.members,
            member: &self.member,
            is_manager: self.member.scopes.allows(Scope::TokensManage),
            tokens: &self.tokens,
            grants: &self.grants,
            scopes: &scopes,
            recipes: &recipes::all(origin),
            endpoint: &crate::oauth::metadata::resource_of(origin),
            oauth: authority.is_on(),
            notice,
        };
        document::page(StatusCode::OK, &page, "")
    }
}

fn read(authority: &Authority, browser: Browser, wanted: &str) -> Result<Result<Shown, Box<Response>>, Failure> {
    let (store, now) = (&authority.store, authority.now());
    let members = store.memberships(&browser.user.id)?;
    let chosen = members.iter().find(|member| member.organization == wanted);
    let Some(member) = chosen.or_else(|| members.first()).cloned() else {
        let text = "You do not belong to an organization yet. The operator of this server can add you to one.";
        return Ok(Err(Box::new(document::message(StatusCode::OK, "No organization", text))));
    };
    let is_manager = member.scopes.allows(Scope::TokensManage);
    let tokens = if is_manager { store.tokens(Some(&member.organization))? } else { Vec::new() };
    let tokens = tokens.into_iter().filter_map(|token| row(token, now)).collect();
    let only = (!is_manager).then_some(browser.user.id.as_str());
    let mut grants = Vec::new();
    for grant in store.grants(&member.organization, only, now)? {
        let email = store.user(&grant.user)?.map(|user| user.email).unwrap_or_default();
        grants.push(GrantRow { grant, email });
    }
    Ok(Ok(Shown { browser, members, member, tokens, grants }))
}

/// None of what an application holds: its grant is listed.
fn row(token: Token, now: DateTime<Utc>) -> Option<TokenRow> {
    let kind = match &token.owner {
        Owner::Organization(_) => "Production",
        Owner::Sandbox(_) => "Sandbox",
        Owner::Partner(_) | Owner::User { .. } => return None,
    };
    let prefix = token.owner.kind().prefix();
    let is_live = token.is_live(now);
    let state = match (token.revoked, token.expires) {
        (Some(revoked), _) => format!("revoked {}", day(revoked)),
        (None, Some(expires)) if !is_live => format!("expired {}", day(expires)),
        (None, Some(expires)) => day(expires),
        (None, None) => "never".to_string(),
    };
    Some(TokenRow { token, kind, prefix, state, is_live })
}

/// A day as the page writes it.
fn day(instant: DateTime<Utc>) -> String {
    instant.format("%Y-%m-%d").to_string()
}

/// The place of the user in an organization whose tokens it may manage; else the page that says it may not.
fn manager(
    authority: &Authority,
    browser: &Browser,
    organization: &str,
) -> Result<Result<Member, Box<Response>>, Failure> {
    let member = authority.store.membership(&browser.user.id, organization)?;
    Ok(match member.filter(|member| member.scopes.allows(Scope::TokensManage)) {
        Some(member) => Ok(member),
        None => Err(Box::new(document::refusal("You cannot manage the access tokens of this organization."))),
    })
}

/// The page of an organization, with a word on what was done.
fn done(organization: &str) -> Response {
    let mut query = form_urlencoded::Serializer::new(String::new());
    let query = query.append_pair("organization", organization).append_pair("done", "revoked").finish();
    document::to(&format!("{DEVELOPERS}?{query}"))
}
