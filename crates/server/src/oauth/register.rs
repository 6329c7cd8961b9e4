//! Registration of a client by itself (RFC 7591).
//!
//! Anybody may register, and it gives nothing by itself: the user still has to agree, on a page that says where
//! the browser goes next.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, StatusCode};
use axum::response::Response;
use serde_json::{Value, json};

use super::Authority;
use super::client::{self, Fault};
use super::reply::{self, Refusal};

pub(super) async fn answer(State(authority): State<Arc<Authority>>, request: Request<Body>) -> Response {
    match register(&authority, request).await {
        Ok(body) => reply::answer(StatusCode::CREATED, &body),
        Err(refusal) => refusal.response(),
    }
}

async fn register(authority: &Arc<Authority>, request: Request<Body>) -> Result<Value, Refusal> {
    let body = reply::body(request, "application/json").await?;
    let metadata: Value =
        serde_json::from_slice(&body).map_err(|_| Refusal::new("invalid_client_metadata", "the body is not JSON"))?;
    // Some clients send what they have no value for as null; an absent key means the same.
    let metadata = without_nulls(metadata);
    let described = client::described(&metadata).map_err(|fault| match fault {
        Fault::RedirectUri(fact) => Refusal::new("invalid_redirect_uri", fact),
        Fault::Metadata(fact) => Refusal::new("invalid_client_metadata", fact),
    })?;
    // What is refused above costs nobody's turn.
    if !authority.may_register() {
        let busy = Refusal::new("temporarily_unavailable", "too many registrations; try again in a minute");
        return Err(busy.under(StatusCode::TOO_MANY_REQUESTS));
    }
    let name = described.name.unwrap_or_else(|| "An application without a name".into());
    let now = authority.now();
    let uris = described.redirect_uris;
    let kept = authority.blocking(move |authority| authority.store.register_client(&name, &uris, now)).await?;
    let Some(client) = kept else {
        let full = Refusal::new("temporarily_unavailable", "as many applications are registered as are kept");
        return Err(full.under(StatusCode::SERVICE_UNAVAILABLE));
    };
    Ok(json!({
        "client_id": client.id,
        "client_id_issued_at": now.timestamp(),
        "client_name": client.name,
        "redirect_uris": client.redirect_uris,
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": "none",
    }))
}

fn without_nulls(metadata: Value) -> Value {
    match metadata {
        Value::Object(object) => Value::Object(object.into_iter().filter(|(_, value)| !value.is_null()).collect()),
        other => other,
    }
}
