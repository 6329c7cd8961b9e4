//! Taking back what an application was given.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::Response;
use sextant_engine::workspace::Failure;

use super::super::browser::{self, Browser};
use super::super::document;
use super::{Revoke, done, manager};
use crate::oauth::Authority;
use crate::store::oauth::Grant;

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
        Ok(found.map(|grant| (browser, grant)))
    });
    match found.await {
        Ok(Ok((browser, grant))) => {
            let page = Revoke {
                browser: &browser,
                title: "Take this application's access back?",
                name: &grant.client_name,
                what: "It is refused from the next request on, and has to ask again.",
                action: &format!("/settings/developers/applications/{}/revoke", grant.id),
                organization: &grant.organization,
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
        let grant = match find(authority, &browser, &id)? {
            Ok(grant) => grant,
            Err(page) => return Ok(*page),
        };
        if authority.store.revoke_grant(&grant.id, "revoked on the page", authority.now())? {
            authority.note(&browser.user.id, &grant.organization, "production", "revoke_application", &grant.id)?;
        }
        Ok(done(&grant.organization))
    });
    revoked.await.unwrap_or_else(|_| document::unavailable())
}

/// A grant of the user's own, or of an organization whose tokens the user manages.
fn find(authority: &Authority, browser: &Browser, id: &str) -> Result<Result<Grant, Box<Response>>, Failure> {
    if let Some(grant) = authority.store.grant(id)?.filter(|grant| grant.revoked.is_none())
        && (grant.user == browser.user.id || manager(authority, browser, &grant.organization)?.is_ok())
    {
        return Ok(Ok(grant));
    }
    let text = "There is no such application among those that you may take access from.";
    Ok(Err(Box::new(document::message(StatusCode::NOT_FOUND, "No such application", text))))
}
