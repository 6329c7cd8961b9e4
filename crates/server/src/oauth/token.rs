//! The token endpoint: a code, or a refresh token, for an access token and the next refresh token.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, StatusCode, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::Authority;
use super::client::is_document;
use super::metadata;
use super::parameters::Parameters;
use super::record::by_application;
use super::redirect;
use super::reply::{self, Refusal};
use crate::identity::scope::Scopes;
use crate::store::oauth::{Code, Grant, Refreshed, Refused, Replayed};
use crate::store::tokens::{NewToken, Owner};

/// How long an access token works.
const ACCESS_SECONDS: i64 = 3_600;
/// Characters of a verifier (RFC 7636 §4.1).
const VERIFIER: std::ops::RangeInclusive<usize> = 43..=128;

pub(super) async fn answer(State(authority): State<Arc<Authority>>, request: Request<Body>) -> Response {
    match exchange(&authority, request).await {
        Ok(body) => reply::answer(StatusCode::OK, &body),
        Err(refusal) => refusal.response(),
    }
}

async fn exchange(authority: &Arc<Authority>, request: Request<Body>) -> Result<Value, Refusal> {
    let origin = authority.origin(request.headers());
    refuse_secrets(request.headers().contains_key(header::AUTHORIZATION))?;
    let parameters = reply::form(request).await?;
    for name in ["client_secret", "client_assertion"] {
        refuse_secrets(parameters.one(name)?.is_some())?;
    }
    let wanted = Wanted::read(&parameters)?;
    let client = known_client(authority, &parameters).await?;
    let resource = metadata::resource_of(&origin);
    let is_other = |named: &str| !named.is_empty() && named.strip_suffix('/').unwrap_or(named) != resource;
    if parameters.all("resource").any(is_other) {
        return Err(Refusal::new("invalid_target", format!("tokens are for the resource {resource}")));
    }
    authority.blocking(move |authority| Ok(redeem(authority, &wanted, &client, &resource))).await?
}

/// Clients here have no secret, so that one that shows one was told so by nobody of ours.
fn refuse_secrets(is_shown: bool) -> Result<(), Refusal> {
    if is_shown {
        let refusal = Refusal::new("invalid_client", "clients do not authenticate here: send `client_id` alone");
        return Err(refusal.under(StatusCode::UNAUTHORIZED));
    }
    Ok(())
}

/// What is presented.
enum Wanted {
    Code { code: String, verifier: String, redirect_uri: Option<String> },
    Refresh { token: String, scopes: Option<Scopes> },
}

impl Wanted {
    fn read(parameters: &Parameters) -> Result<Wanted, Refusal> {
        let needed = |name: &'static str| match parameters.one(name)? {
            Some(value) => Ok(value.to_string()),
            None => Err(Refusal::new("invalid_request", format!("`{name}` is missing"))),
        };
        match needed("grant_type")?.as_str() {
            "authorization_code" => {
                let verifier = needed("code_verifier")?;
                let is_unreserved = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
                if !VERIFIER.contains(&verifier.len()) || !verifier.bytes().all(is_unreserved) {
                    return Err(Refusal::new(
                        "invalid_request",
                        "`code_verifier` is not 43 to 128 unreserved characters",
                    ));
                }
                let redirect_uri = parameters.one("redirect_uri")?.map(str::to_string);
                Ok(Wanted::Code { code: needed("code")?, verifier, redirect_uri })
            }
            "refresh_token" => {
                let scopes = parameters.one("scope")?.map(Scopes::parse).transpose();
                let scopes =
                    scopes.map_err(|word| Refusal::new("invalid_scope", format!("there is no scope `{word}`")))?;
                Ok(Wanted::Refresh { token: needed("refresh_token")?, scopes })
            }
            _ => Err(Refusal::new("unsupported_grant_type", "there are authorization_code and refresh_token")),
        }
    }
}

/// The client that says who it is. Of a document only the address counts here: the grant is bound to it.
async fn known_client(authority: &Arc<Authority>, parameters: &Parameters) -> Result<String, Refusal> {
    let Some(client) = parameters.one("client_id")?.map(str::to_string) else {
        return Err(Refusal::new("invalid_request", "`client_id` is missing"));
    };
    let (id, now) = (client.clone(), authority.now());
    let is_known = if is_document(&client) {
        authority.documents.checked(&client).is_ok()
    } else {
        authority.blocking(move |authority| authority.store.registered_client(&id, now)).await?.is_some()
    };
    if is_known {
        return Ok(client);
    }
    let refusal = Refusal::new("invalid_client", "the client is not registered here, or no longer");
    Err(refusal.under(StatusCode::UNAUTHORIZED))
}

fn redeem(authority: &Authority, wanted: &Wanted, client: &str, resource: &str) -> Result<Value, Refusal> {
    let now = authority.now();
    let store = &authority.store;
    let (grant, kept, asked) = match wanted {
        Wanted::Code { code, verifier, redirect_uri } => {
            let is_right = |kept: &Code| {
                is_right(kept, client, verifier, redirect_uri.as_deref()) && is_here(&kept.grant, resource)
            };
            let redeemed = store.redeem_code(code, is_right, now)?;
            let grant = redeemed.map_err(|why| refused(authority, why))?;
            let scopes = grant.scopes;
            (grant, scopes, scopes)
        }
        Wanted::Refresh { token, scopes } => {
            let is_right = |grant: &Grant| grant.client == client && is_here(grant, resource);
            let refreshed = store.use_refresh(token, is_right, *scopes, now)?;
            let Refreshed { grant, scopes: kept } = refreshed.map_err(|why| refused(authority, why))?;
            (grant, kept, scopes.unwrap_or(kept))
        }
    };
    if !is_document(client) {
        store.client_was_used(client, now)?;
    }
    issue(authority, &grant, kept, asked, now)
}

/// What was granted at one server is of no use at another (RFC 8707 §2.2), whoever shares the state.
fn is_here(grant: &Grant, resource: &str) -> bool {
    metadata::is_same_resource(&grant.resource, resource)
}

fn is_right(code: &Code, client: &str, verifier: &str, redirect_uri: Option<&str>) -> bool {
    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(verifier.as_bytes()));
    let is_proven: bool = challenge.as_bytes().ct_eq(code.challenge.as_bytes()).into();
    // OAuth 2.1 has no redirect_uri here; one that is sent must be the one of the beginning.
    let is_same_place = redirect_uri.is_none_or(|uri| uri == code.redirect_uri && redirect::fault(uri).is_none());
    is_proven && is_same_place && code.grant.client == client
}

fn refused(authority: &Authority, refused: Refused) -> Refusal {
    if let Refused::Replayed(Replayed { grant, has_ended: true }) = &refused
        && by_application(authority, grant, "revoke_application", &grant.id).is_err()
    {
        tracing::error!("a grant that has ended could not be recorded");
    }
    let (error, fact) = match refused {
        Refused::Unknown => ("invalid_grant", "it is unknown"),
        Refused::Expired => ("invalid_grant", "it has expired"),
        Refused::TooSoon => {
            let busy = Refusal::new("temporarily_unavailable", "the grant was renewed too often; its hour's tokens do");
            return busy.under(StatusCode::TOO_MANY_REQUESTS);
        }
        Refused::Replayed(_) => {
            tracing::warn!("a code or refresh token was presented twice: its grant has ended");
            ("invalid_grant", "it was used before, so that all tokens of its grant are revoked")
        }
        Refused::Revoked => ("invalid_grant", "its grant was revoked"),
        Refused::Mismatch => {
            ("invalid_grant", "it was issued to another client, redirect_uri, code_challenge or resource")
        }
        Refused::Scope => ("invalid_scope", "more is asked than was granted"),
    };
    Refusal::new(error, fact)
}

/// The tokens: never for more than the user may do now.
fn issue(
    authority: &Authority,
    grant: &Grant,
    kept: Scopes,
    asked: Scopes,
    now: DateTime<Utc>,
) -> Result<Value, Refusal> {
    let store = &authority.store;
    let member = store.membership(&grant.user, &grant.organization)?;
    let allowed = member.map(|member| (asked.common(member.scopes), member.attributes));
    let Some((scopes, attributes)) = allowed.filter(|(scopes, _)| !scopes.is_empty()) else {
        store.revoke_grant(&grant.id, "membership", now)?;
        return Err(Refusal::new("invalid_grant", "the user may not do this any more"));
    };
    let refresh = store.create_refresh(&grant.id, kept, now)?;
    let new = NewToken {
        name: grant.client_name.clone(),
        owner: Owner::User {
            user: grant.user.clone(),
            organization: grant.organization.clone(),
            grant: Some(grant.id.clone()),
        },
        scopes,
        attributes,
        expires: Some(now + TimeDelta::seconds(ACCESS_SECONDS)),
    };
    let (token, access) = store.create_token_by(&grant.user, &new, now)?;
    if let Err(failure) = by_application(authority, grant, "issue_token", &token.id) {
        store.revoke_token(&token.id, now)?;
        return Err(failure.into());
    }
    // Somebody may have ended the grant in between: then this token was not there to be ended with it.
    if store.grant(&grant.id)?.is_none_or(|grant| grant.revoked.is_some()) {
        store.revoke_token(&token.id, now)?;
        return Err(refused(authority, Refused::Revoked));
    }
    Ok(json!({
        "access_token": access.expose(),
        "token_type": "Bearer",
        "expires_in": ACCESS_SECONDS,
        "refresh_token": refresh.expose(),
        "scope": scopes.to_string(),
    }))
}
