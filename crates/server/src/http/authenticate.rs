//! Who calls over HTTP: the bearer token and the headers of a request become a caller, or the request is refused
//! with the challenge that tells a client how to get a token.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;

use super::reply;
use crate::error;
use crate::identity::authenticate::{self, Authenticator};
use crate::identity::caller::{self, Caller, Door};
use crate::identity::headers::Wishes;
use crate::identity::limits::RateLimits;
use crate::identity::scope::Scopes;
use crate::oauth::{Authority, metadata};
use crate::operations::permit::permit;
use crate::wire;

/// JSON-RPC code of a call that is not allowed, as MCP servers commonly use it.
const NOT_ALLOWED: i32 = -32001;

/// How callers are known.
#[derive(Clone, Debug)]
pub enum Admission {
    /// Everybody who reaches the server is the caller: on a loopback address, when the operator says so.
    Everybody(Caller),
    /// Who presents a token.
    Tokens(Arc<Tokens>),
}

/// What checks tokens.
pub struct Tokens {
    pub authenticator: Authenticator,
    /// Those that the application counts partners' calls in.
    pub limits: Arc<RateLimits>,
    /// Who gives tokens by OAuth, and shows people their pages.
    pub authority: Arc<Authority>,
    pub clock: fn() -> DateTime<Utc>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokens").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl Admission {
    /// The paths of a door, each behind the check; their handlers find the caller among the extensions.
    pub fn at(&self, door: Door, paths: Router) -> Router {
        paths.layer(from_fn_with_state(AtDoor { admission: self.clone(), door }, check))
    }

    fn admit(&self, headers: &HeaderMap, door: Door, metadata: Option<&str>) -> Result<Caller, Box<Response>> {
        match self {
            Admission::Everybody(caller) => {
                // Without identity there is nobody to act as somebody else for.
                Wishes::of(headers).map_err(|failure| Box::new(reply::failure(&failure)))?;
                Ok(Caller { door, ..caller.clone() })
            }
            Admission::Tokens(tokens) => tokens.admit(headers, door, metadata),
        }
    }

    /// Adds to a handler's refusal for want of a scope what tells a client how to get it.
    fn challenged(&self, response: Response, metadata: Option<&str>) -> Response {
        match (self, response.extensions().get::<Failure>().cloned()) {
            (Admission::Tokens(_), Some(failure)) => with_challenge(response, &failure, true, metadata),
            _ => response,
        }
    }

    /// Where the metadata of this resource is, when the server gives tokens by OAuth (RFC 9728).
    fn metadata(&self, headers: &HeaderMap) -> Option<String> {
        match self {
            Admission::Everybody(_) => None,
            Admission::Tokens(tokens) => {
                let is_on = tokens.authority.is_on();
                is_on.then(|| metadata::resource_metadata(&tokens.authority.origin(headers)))
            }
        }
    }
}

impl Tokens {
    fn admit(&self, headers: &HeaderMap, door: Door, metadata: Option<&str>) -> Result<Caller, Box<Response>> {
        let caller = self.caller(headers, door).map_err(|failure| {
            let is_presented = headers.contains_key(header::AUTHORIZATION);
            Box::new(with_challenge(reply::failure(&failure), &failure, is_presented, metadata))
        })?;
        self.limits.admit(&caller).map_err(|failure| {
            self.authenticator.record(&caller, "unknown", &failure, (self.clock)());
            Box::new(reply::failure(&failure))
        })?;
        Ok(caller)
    }

    fn caller(&self, headers: &HeaderMap, door: Door) -> Result<Caller, Failure> {
        let token = bearer(headers)?;
        let now = (self.clock)();
        let wishes = match Wishes::of(headers) {
            Ok(wishes) => wishes,
            Err(why) => {
                // Whoever has a token is told why, and counted and recorded with it; anybody else is only refused.
                let caller = self.authenticator.caller(token, &Wishes::NONE, door, now)?;
                self.limits.admit(&caller)?;
                self.authenticator.record(&caller, "unknown", &why, now);
                return Err(why);
            }
        };
        let caller = self.authenticator.caller(token, &wishes, door, now)?;
        // An access token is for the server that gave it (RFC 8707 §2.2), whoever shares the state.
        let grant = caller.user.as_ref().and_then(|user| user.grant.as_deref());
        match grant.map(|grant| self.authority.gave(grant, headers)).transpose()? {
            None | Some(true) => Ok(caller),
            Some(false) => Err(authenticate::not_accepted()),
        }
    }
}

/// Adds the challenge of RFC 6750 §3 where the status asks for one.
fn with_challenge(mut response: Response, failure: &Failure, is_presented: bool, metadata: Option<&str>) -> Response {
    let mut parameters = Vec::new();
    if let Some(scopes) = caller::needed_by(failure) {
        parameters.extend(["error=\"insufficient_scope\"".to_string(), format!("scope=\"{scopes}\"")]);
    } else if response.status() == StatusCode::UNAUTHORIZED {
        if is_presented {
            parameters.push("error=\"invalid_token\"".to_string());
        }
        parameters.push(format!("scope=\"{}\"", Scopes::MINIMAL));
    } else {
        return response;
    }
    parameters.extend(metadata.iter().map(|url| format!("resource_metadata=\"{url}\"")));
    if let Ok(value) = HeaderValue::from_str(&format!("Bearer {}", parameters.join(", "))) {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, value);
    }
    response
}

/// The token of `Authorization: Bearer`; nowhere else is one looked for.
fn bearer(headers: &HeaderMap) -> Result<&str, Failure> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(if headers.contains_key(header::AUTHORIZATION) { unreadable() } else { authenticate::absent() });
    };
    let text = value.to_str().map_err(|_| unreadable())?.trim();
    let (scheme, token) = text.split_once(' ').ok_or_else(unreadable)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(unreadable());
    }
    Ok(token.trim())
}

fn unreadable() -> Failure {
    let fault = Diagnostic::new(Code::Unauthenticated, "the `Authorization` header is not one bearer token");
    fault.field("Authorization").help("send Authorization: Bearer and the token").into()
}

/// What the check of the paths of one door knows.
#[derive(Clone, Debug)]
struct AtDoor {
    admission: Admission,
    door: Door,
}

async fn check(State(at): State<AtDoor>, mut request: Request, next: Next) -> Response {
    // Looking a token up may wait for the disk.
    let headers = request.headers().clone();
    let admission = at.admission.clone();
    let metadata = at.admission.metadata(&headers);
    let named = metadata.clone();
    let admitted = tokio::task::spawn_blocking(move || admission.admit(&headers, at.door, named.as_deref())).await;
    match admitted {
        Ok(Ok(caller)) => {
            request.extensions_mut().insert(caller.clone());
            let response = next.run(request).await;
            if let (Admission::Tokens(tokens), Some(ended)) = (&at.admission, response.extensions().get::<EndedHere>())
            {
                tokens.authenticator.record(&caller, &ended.operation, &ended.failure, (tokens.clock)());
            }
            at.admission.challenged(response, metadata.as_deref())
        }
        Ok(Err(response)) => *response,
        Err(fault) => {
            tracing::error!(%fault, "a token could not be checked");
            reply::failure(&error::internal())
        }
    }
}

/// A call that was refused before the application saw it.
#[derive(Clone)]
struct EndedHere {
    operation: String,
    failure: Failure,
}

/// Refuses a `tools/call` for want of a scope as HTTP does, so that a client can ask for more (RFC 6750 §3.1); every
/// other refusal is the tool's result.
pub fn lacks_scope(parts: &Parts, message: &Value) -> Option<Response> {
    let caller = parts.extensions.get::<Caller>()?;
    let params = (message["method"] == "tools/call").then(|| &message["params"])?;
    let empty = Map::new();
    let arguments = params["arguments"].as_object().unwrap_or(&empty);
    let failure = permit(caller, params["name"].as_str()?, arguments).err()?;
    caller::needed_by(&failure)?;
    let fault =
        json!({ "code": NOT_ALLOWED, "message": wire::error_text(&failure), "data": wire::error_object(&failure) });
    let body = json!({ "jsonrpc": "2.0", "id": message["id"], "error": fault });
    let mut response = (StatusCode::FORBIDDEN, axum::Json(body)).into_response();
    let operation = params["name"].as_str()?.to_string();
    response.extensions_mut().insert(EndedHere { operation, failure: failure.clone() });
    response.extensions_mut().insert(failure);
    Some(response)
}
