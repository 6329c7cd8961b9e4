//! Revocation (RFC 7009): a client gives a token back. A refresh token takes its whole grant with it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, StatusCode};
use axum::response::Response;
use serde_json::json;

use super::Authority;
use super::record::by_application;
use super::reply::{self, Refusal};
use crate::store::tokens::Owner;

pub(super) async fn answer(State(authority): State<Arc<Authority>>, request: Request<Body>) -> Response {
    match revoke(&authority, request).await {
        // RFC 7009 §2.2: the same for a token that is unknown.
        Ok(()) => reply::answer(StatusCode::OK, &json!({})),
        Err(refusal) => refusal.response(),
    }
}

async fn revoke(authority: &Arc<Authority>, request: Request<Body>) -> Result<(), Refusal> {
    let parameters = reply::form(request).await?;
    let needed = |name: &'static str| match parameters.one(name)? {
        Some(value) => Ok(value.to_string()),
        None => Err(Refusal::new("invalid_request", format!("`{name}` is missing"))),
    };
    let (token, client) = (needed("token")?, needed("client_id")?);
    authority.blocking(move |authority| Ok(end(authority, &token, &client))).await?
}

fn end(authority: &Authority, presented: &str, client: &str) -> Result<(), Refusal> {
    let (store, now) = (&authority.store, authority.now());
    let other = || Err(Refusal::new("invalid_grant", "the token was issued to another client"));
    if let Some(grant) = store.grant_of_refresh(presented)? {
        if grant.client != client {
            return other();
        }
        if store.revoke_grant(&grant.id, "revoked by the client", now)? {
            by_application(authority, &grant, "revoke_application", &grant.id)?;
        }
        return Ok(());
    }
    let Some(token) = store.find_token(presented)? else { return Ok(()) };
    let grant = match &token.owner {
        Owner::User { grant: Some(grant), .. } => store.grant(grant)?,
        Owner::User { grant: None, .. } | Owner::Organization(_) | Owner::Sandbox(_) | Owner::Partner(_) => None,
    };
    let Some(grant) = grant.filter(|grant| grant.client == client) else { return other() };
    if store.revoke_token(&token.id, now)? {
        by_application(authority, &grant, "revoke_token", &token.id)?;
    }
    Ok(())
}
