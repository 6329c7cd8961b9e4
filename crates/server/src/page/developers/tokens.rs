//! Creating a token, which is shown once, and revoking one.

use std::sync::Arc;

use askama::Template;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use sextant_engine::workspace::Failure;

use super::super::browser::{self, Browser};
use super::super::document;
use super::{Revoke, done, manager};
use crate::identity::scope::{Scope, Scopes};
use crate::identity::secret::Secret;
use crate::identity::token::Kind;
use crate::oauth::Authority;
use crate::oauth::parameters::Parameters;
use crate::store::tokens::{NewToken, Owner, Token};

/// Characters of a token's name.
const NAME: usize = 100;

#[derive(Template)]
#[template(path = "token_created.html")]
struct Created<'a> {
    browser: &'a Browser,
    token: &'a Token,
    secret: &'a str,
    organization: &'a str,
    expires: &'a str,
    endpoint: &'a str,
}

pub(in crate::page) async fn create(State(authority): State<Arc<Authority>>, request: Request<Body>) -> Response {
    let headers = request.headers().clone();
    let (browser, form) = match browser::form_of_session(&authority, request).await {
        Ok(read) => read,
        Err(page) => return page,
    };
    let by = browser.clone();
    let made = authority.blocking(move |authority| make(authority, &by, &form));
    match made.await {
        Ok(Ok((token, secret))) => {
            let created = Created {
                browser: &browser,
                token: &token,
                secret: secret.expose(),
                organization: token.owner.organization().unwrap_or_default(),
                expires: &token.expires.map_or_else(|| "never".to_string(), super::day),
                endpoint: &crate::oauth::metadata::resource_of(&authority.origin(&headers)),
            };
            document::page(StatusCode::CREATED, &created, "")
        }
        Ok(Err(page)) => *page,
        Err(_) => document::unavailable(),
    }
}

type Made = Result<(Token, Secret), Box<Response>>;

fn make(authority: &Authority, browser: &Browser, form: &Parameters) -> Result<Made, Failure> {
    let organization = form.first("organization");
    let member = match manager(authority, browser, organization)? {
        Ok(member) => member,
        Err(page) => return Ok(Err(page)),
    };
    let now = authority.now();
    let refuse =
        |text: &str| Ok(Err(Box::new(document::message(StatusCode::BAD_REQUEST, "No token was created", text))));
    let name = form.first("name").trim();
    if name.is_empty() || name.chars().count() > NAME || name.chars().any(char::is_control) {
        return refuse("Give the token a name of at most 100 characters.");
    }
    let scopes: Option<Vec<Scope>> = form.all("scope").map(Scope::parse).collect();
    let Some(scopes) = scopes.map(Scopes::of).filter(|scopes| !scopes.is_empty()) else {
        return refuse("Choose at least one thing that the token allows.");
    };
    if !member.scopes.covers(scopes) {
        return refuse("A token allows at most what you may do yourself.");
    }
    let owner = match form.first("kind") {
        "organization" => Owner::Organization(member.organization.clone()),
        "sandbox" => Owner::Sandbox(member.organization.clone()),
        _ => return refuse("Choose the data that the token reads."),
    };
    let Some(expires) = expiry(form.first("expires"), now) else {
        return refuse("Choose when the token ends.");
    };
    // Policies know the token by what they know of its maker, so that it reads what the maker reads.
    let new = NewToken { name: name.to_string(), owner, scopes, attributes: member.attributes, expires };
    let (token, secret) = authority.store.create_token_by(&browser.user.id, &new, now)?;
    note(authority, browser, &token, "create_token").inspect_err(|_| {
        // Nobody has seen it.
        let _ = authority.store.revoke_token(&token.id, now);
    })?;
    Ok(Ok((token, secret)))
}

/// Records the change in the audit log.
fn note(authority: &Authority, browser: &Browser, token: &Token, operation: &str) -> Result<(), Failure> {
    let environment = if token.owner.kind() == Kind::Sandbox { "sandbox" } else { "production" };
    let organization = token.owner.organization().unwrap_or_default();
    authority.note(&browser.user.id, organization, environment, operation, &token.id)
}

/// Days from now, or never; none for another word.
fn expiry(word: &str, now: DateTime<Utc>) -> Option<Option<DateTime<Utc>>> {
    match word {
        "never" => Some(None),
        "30" | "90" | "365" => word.parse().ok().map(|days| Some(now + TimeDelta::days(days))),
        _ => None,
    }
}

pub(in crate::page) async fn ask_revoke(
    State(authority): State<Arc<Authority>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Response {
    let browser = match browser::signed_in(&authority, &headers).await {
        Ok(Some(browser)) => browser,
        Ok(None) => return super::sign_in(""),
        Err(_) => return document::unavailable(),
    };
    let found = authority.blocking(move |authority| {
        let found = find(authority, &browser, &id)?;
        Ok(found.map(|token| (browser, token)))
    });
    match found.await {
        Ok(Ok((browser, token))) => {
            let action = format!("/settings/developers/tokens/{}/revoke", token.id);
            let page = Revoke {
                browser: &browser,
                title: "Revoke this token?",
                name: &token.name,
                what: "Whatever uses it is refused from the next request on. This cannot be taken back.",
                action: &action,
                organization: token.owner.organization().unwrap_or_default(),
            };
            document::page(StatusCode::OK, &page, "")
        }
        Ok(Err(page)) => *page,
        Err(_) => document::unavailable(),
    }
}

pub(in crate::page) async fn revoke(
    State(authority): State<Arc<Authority>>,
    Path(id): Path<String>,
    request: Request<Body>,
) -> Response {
    let browser = match browser::form_of_session(&authority, request).await {
        Ok((browser, _)) => browser,
        Err(page) => return page,
    };
    let revoked = authority.blocking(move |authority| {
        let token = match find(authority, &browser, &id)? {
            Ok(token) => token,
            Err(page) => return Ok(*page),
        };
        if authority.store.revoke_token(&token.id, authority.now())? {
            note(authority, &browser, &token, "revoke_token")?;
        }
        Ok(done(token.owner.organization().unwrap_or_default()))
    });
    revoked.await.unwrap_or_else(|_| document::unavailable())
}

/// A token that the page lists for this user. What is not there and what is not the user's are told alike.
fn find(authority: &Authority, browser: &Browser, id: &str) -> Result<Result<Token, Box<Response>>, Failure> {
    for member in authority.store.memberships(&browser.user.id)? {
        if !member.scopes.allows(Scope::TokensManage) {
            continue;
        }
        let tokens = authority.store.tokens(Some(&member.organization))?;
        let listed = |token: &Token| matches!(token.owner, Owner::Organization(_) | Owner::Sandbox(_));
        if let Some(token) = tokens.into_iter().find(|token| token.id == id && listed(token)) {
            return Ok(Ok(token));
        }
    }
    let text = "There is no such token in the organizations whose tokens you manage.";
    Ok(Err(Box::new(document::message(StatusCode::NOT_FOUND, "No such token", text))))
}
