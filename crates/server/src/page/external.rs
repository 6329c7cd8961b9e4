//! Signing in at an external OpenID provider: the browser is sent there, and let in when it comes back as a user.
//!
//! The cookie of the sign-in is all that a callback is believed by: it gives `state`, `nonce` and the PKCE verifier, and
//! its hash leads to where the browser wanted to go, once. A user is never made here.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Request, StatusCode};
use axum::response::Response;
use sextant_semantics::code::Code;

use super::browser::Cookie;
use super::{document, sign_in};
use crate::http::peer;
use crate::oauth::Authority;
use crate::oauth::authority::Way;
use crate::oauth::external::{Attempt, CALLBACK, Fault, Person, Provider, word};
use crate::oauth::parameters::Parameters;
use crate::store::accounts::Holder;
use crate::store::users::User;

/// Sends the browser to the provider.
pub(super) async fn begin(State(authority): State<Arc<Authority>>, request: Request<Body>) -> Response {
    let headers = request.headers();
    let Some(provider) = authority.provider() else { return no_provider() };
    let from = peer::address(request.extensions(), headers);
    if !authority.may_sign_in(Way::Provider, from, None).await {
        return sign_in::in_a_minute(document::message(
            StatusCode::TOO_MANY_REQUESTS,
            "Not signed in",
            sign_in::TOO_MANY,
        ));
    }
    let query = Parameters::parse(request.uri().query().unwrap_or_default().as_bytes());
    let next = sign_in::next(&query);
    let Ok(attempt) = Attempt::new() else { return document::unavailable() };
    let address = match provider.address(&attempt, &callback(&authority, headers)).await {
        Ok(address) => address,
        Err(fault) => return told(provider, fault),
    };
    let (hash, now) = (attempt.digest(), authority.now());
    match authority.blocking(move |authority| authority.store.begin_external(&hash, &next, now)).await {
        Ok(()) => {
            let mut response = document::to(address.as_str());
            Cookie::External.set(&authority, Some(attempt.cookie()), &mut response);
            response
        }
        Err(_) => document::unavailable(),
    }
}

/// Takes the browser in again, where its cookie and `state` belong to one sign-in that is not over.
pub(super) async fn come_back(State(authority): State<Arc<Authority>>, request: Request<Body>) -> Response {
    let headers = request.headers();
    let Some(provider) = authority.provider() else { return no_provider() };
    let query = Parameters::parse(request.uri().query().unwrap_or_default().as_bytes());
    let attempt = Cookie::External.read(&authority, headers).map(Attempt::of);
    let Some(attempt) = attempt.filter(|attempt| query.one("state").is_ok_and(|s| attempt.is_state(s.unwrap_or(""))))
    else {
        return document::refusal(STRANGE);
    };
    let (hash, now) = (attempt.digest(), authority.now());
    let next = match authority.blocking(move |authority| authority.store.end_external(&hash, now)).await {
        Ok(Some(next)) => next,
        Ok(None) => return document::refusal(STRANGE),
        Err(_) => return document::unavailable(),
    };
    let mut response = match answered(&authority, provider, &attempt, &query, &callback(&authority, headers)).await {
        Ok(user) => sign_in::let_in(&authority, user, &next, Way::Provider).await,
        Err(refused) => refused.page(&authority, provider).await,
    };
    Cookie::External.set(&authority, None, &mut response);
    response
}

const STRANGE: &str =
    "This is not the end of a sign-in that began in this browser in the last ten minutes. Sign in once more.";

/// Why somebody who comes back is not let in.
enum Refused {
    /// The provider says no, or the person did.
    Denied,
    Provider(Fault),
    /// Somebody with this address whom no user here is.
    Stranger(String),
    /// Somebody whose address the provider has not verified.
    Unverified,
    /// A user here, but not by this account.
    NotThis(User),
    Disabled(User),
    Unavailable,
}

/// The user who came back.
async fn answered(
    authority: &Arc<Authority>,
    provider: &Provider,
    attempt: &Attempt,
    query: &Parameters,
    callback: &str,
) -> Result<User, Refused> {
    let unfit = |fact| Refused::Provider(Fault::Unfit(fact));
    let one = |name| query.one(name).map_err(|_| unfit("a parameter stands more than once"));
    // RFC 9207: an answer that names an issuer is that one's.
    if one("iss")?.is_some_and(|issuer| issuer != provider.issuer()) {
        return Err(unfit("the answer is another issuer's"));
    }
    match one("error")? {
        Some("access_denied") => return Err(Refused::Denied),
        Some(error) => {
            tracing::warn!(error = word(error), "the OpenID provider signs nobody in");
            return Err(Refused::Provider(Fault::Refused));
        }
        None => {}
    }
    let code = one("code")?.ok_or_else(|| unfit("the answer has no code"))?;
    let person = provider.person(attempt, code, callback, authority.now()).await.map_err(Refused::Provider)?;
    user(authority, provider, person).await
}

/// Who the person is here: by the account, else by an address that the provider has verified.
async fn user(authority: &Arc<Authority>, provider: &Provider, person: Person) -> Result<User, Refused> {
    let (issuer, subject) = (provider.issuer().to_string(), person.subject.clone());
    let known = authority.blocking(move |authority| authority.store.account_user(&issuer, &subject)).await;
    match known.map_err(|_| Refused::Unavailable)? {
        Some(user) if user.disabled.is_none() => return Ok(user),
        Some(user) => return Err(Refused::Disabled(user)),
        None => {}
    }
    let email = provider.email(&person).await.map_err(Refused::Provider)?.ok_or(Refused::Unverified)?;
    let (issuer, asked, now) = (provider.issuer().to_string(), email.clone(), authority.now());
    let holder = authority
        .blocking(move |authority| authority.store.adopt_account(&issuer, &person.subject, &asked, now))
        .await
        .map_err(|_| Refused::Unavailable)?;
    match holder {
        Holder::User(user) => Ok(user),
        Holder::Other(user) => Err(Refused::NotThis(user)),
        Holder::Nobody => Err(Refused::Stranger(email)),
    }
}

impl Refused {
    /// The page that says so, once the audit log has it.
    async fn page(self, authority: &Arc<Authority>, provider: &Provider) -> Response {
        let user = match &self {
            Refused::NotThis(user) | Refused::Disabled(user) => Some(user.id.clone()),
            Refused::Denied
            | Refused::Provider(_)
            | Refused::Stranger(_)
            | Refused::Unverified
            | Refused::Unavailable => None,
        };
        let noted = authority
            .blocking(move |authority| {
                authority.note_sign_in(user.as_deref(), Way::Provider, Some(Code::Unauthenticated))
            })
            .await;
        if noted.is_err() {
            return document::unavailable();
        }
        let name = provider.name();
        match self {
            Refused::Denied => not_in(format!("The sign-in at {name} was cancelled, or {name} refused it.")),
            Refused::Provider(fault) => told(provider, fault),
            Refused::Unverified => not_in(format!(
                "{name} does not say that your mail address is verified, so it is not known who you are here. \
                 The administrator of this server can connect your account."
            )),
            // Whether the user is disabled is not told.
            Refused::Stranger(email) => no_user(&email),
            Refused::Disabled(user) => no_user(&user.email),
            Refused::NotThis(user) => not_in(format!(
                "{} signs in here by another account at {name}. The administrator of this server can change that.",
                user.email
            )),
            Refused::Unavailable => document::unavailable(),
        }
    }
}

fn no_user(email: &str) -> Response {
    let email: String = email.chars().filter(|c| !c.is_control()).take(254).collect();
    not_in(format!("There is no user {email} here. The administrator of this server adds users."))
}

fn not_in(text: String) -> Response {
    document::message(StatusCode::FORBIDDEN, "Not signed in", &text)
}

/// What went wrong at the provider, in words of ours.
fn told(provider: &Provider, fault: Fault) -> Response {
    let name = provider.name();
    let (status, text) = match fault {
        Fault::Unreachable => (
            StatusCode::BAD_GATEWAY,
            format!("{name} cannot be reached now. Try again in a moment, or sign in another way."),
        ),
        Fault::Refused => (
            StatusCode::BAD_GATEWAY,
            format!(
                "{name} did not sign you in. Try once more; if it stays so, the administrator finds more in the log."
            ),
        ),
        Fault::Unfit(fact) => {
            tracing::warn!(fact, "an answer of the OpenID provider is refused");
            let text = format!(
                "What {name} answered is not in order, so that nobody is signed in. The administrator finds more in the log."
            );
            (StatusCode::BAD_GATEWAY, text)
        }
    };
    document::message(status, "Not signed in", &text)
}

fn no_provider() -> Response {
    document::message(StatusCode::NOT_FOUND, "Not here", "This server has no sign-in at another provider.")
}

fn callback(authority: &Authority, headers: &HeaderMap) -> String {
    format!("{}{CALLBACK}", authority.origin(headers))
}
