//! The authorization endpoint: what an application asks for, and what the user says to it.
//!
//! A fault of the client or of the address to go back to is told to the person, who is never led there. Any other
//! fault goes back to the application (RFC 6749 §4.1.2.1), with `state` as it came and the issuer.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Request, StatusCode, Uri};
use axum::response::Response;
use url::form_urlencoded;

use super::Authority;
use super::client::{self, Client};
use super::metadata;
use super::parameters::{Parameters, Repeated};
use super::redirect;
use crate::identity::scope::Scopes;
use crate::page::browser::{self, Browser};
use crate::page::{self, consent, document};
use crate::store::oauth::NewGrant;
use crate::store::users::Member;

/// The parameters that the page's form sends again.
const KEPT: [&str; 8] = [
    "response_type",
    "client_id",
    "redirect_uri",
    "code_challenge",
    "code_challenge_method",
    "state",
    "scope",
    "resource",
];
/// Base64url digits of a SHA-256 (RFC 7636 §4.2).
const CHALLENGE: usize = 43;
/// What clients ask for to be given refresh tokens, which they are given anyway.
const OFFLINE: &str = "offline_access";

/// A request that is in order.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) client: Client,
    pub(crate) redirect_uri: String,
    pub(crate) scopes: Scopes,
    state: Option<String>,
    challenge: String,
    resource: String,
    issuer: String,
}

impl Asked {
    /// Sends the browser back with this parameter and the state.
    fn back(&self, name: &str, value: &str) -> Response {
        let state = self.state.as_deref().map(|state| ("state", state));
        let parameters: Vec<(&str, &str)> = std::iter::once((name, value)).chain(state).collect();
        redirect::to(&self.redirect_uri, &parameters, &self.issuer)
    }
}

/// GET: the consent page, after signing in where nobody has.
pub(super) async fn ask(State(authority): State<Arc<Authority>>, uri: Uri, headers: HeaderMap) -> Response {
    let query = uri.query().unwrap_or_default();
    let parameters = Parameters::parse(query.as_bytes());
    // First who is there (RFC 6749 §3.1): nobody is led to a stranger's address, and no stranger's document is
    // fetched, because a link was followed.
    let browser = match browser::signed_in(&authority, &headers).await {
        Ok(Some(browser)) => browser,
        Ok(None) => {
            let next = format!("{}?{query}", metadata::AUTHORIZE);
            let next = form_urlencoded::Serializer::new(String::new()).append_pair("next", &next).finish();
            return document::to(&format!("{}?{next}", page::SIGN_IN));
        }
        Err(_) => return document::unavailable(),
    };
    let asked = match check(&authority, &headers, &parameters).await {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    let user = browser.user.id.clone();
    match authority.blocking(move |authority| authority.store.memberships(&user)).await {
        Ok(members) => {
            let fields: Vec<_> = parameters.among(&KEPT).map(|(name, value)| (name, value.to_string())).collect();
            consent::ask(&asked, &browser, &members, &fields)
        }
        Err(_) => document::unavailable(),
    }
}

/// POST: what the user decided on the page.
pub(super) async fn decide(State(authority): State<Arc<Authority>>, request: Request<Body>) -> Response {
    let headers = request.headers().clone();
    let (browser, form) = match browser::form_of_session(&authority, request).await {
        Ok(read) => read,
        Err(page) => return page,
    };
    let asked = match check(&authority, &headers, &form).await {
        Ok(asked) => asked,
        Err(answer) => return answer,
    };
    match form.first("decision") {
        "allow" => allow(&authority, asked, &browser, form.first("organization")).await,
        "deny" => asked.back("error", "access_denied"),
        _ => document::refusal("Press one of the two buttons."),
    }
}

async fn allow(authority: &Arc<Authority>, asked: Asked, browser: &Browser, organization: &str) -> Response {
    let (user, organization, now) = (browser.user.id.clone(), organization.to_string(), authority.now());
    let granted = authority.blocking(move |authority| {
        let Some(member) = authority.store.membership(&user, &organization)? else { return Ok(None) };
        let Member { organization, scopes, .. } = member;
        let scopes = asked.scopes.common(scopes);
        if scopes.is_empty() {
            return Ok(None);
        }
        if asked.client.host.is_none() {
            authority.store.client_was_used(&asked.client.id, now)?;
        }
        let grant = NewGrant {
            client: &asked.client.id,
            client_name: &asked.client.name,
            user: &user,
            organization: &organization,
            scopes,
            resource: &asked.resource,
            redirect_uri: &asked.redirect_uri,
            challenge: &asked.challenge,
        };
        let (id, code) = authority.store.create_grant(&grant, now)?;
        authority.note(&user, &organization, "production", "let_application_in", &id)?;
        Ok(Some((asked, code)))
    });
    match granted.await {
        Ok(Some((asked, code))) => asked.back("code", code.expose()),
        Ok(None) => document::refusal("You cannot let this application into that organization."),
        Err(_) => document::unavailable(),
    }
}

/// The request if all of it is in order; else the answer.
async fn check(authority: &Arc<Authority>, headers: &HeaderMap, parameters: &Parameters) -> Result<Asked, Response> {
    let to_person = |fact: String| {
        let text = format!("The application that sent you here asks in a way that is not accepted: {fact}.");
        document::message(StatusCode::BAD_REQUEST, "This application cannot be let in", &text)
    };
    let needed = |name: &'static str| match parameters.one(name) {
        Ok(Some(value)) => Ok(value),
        Ok(None) => Err(to_person(format!("`{name}` is missing"))),
        Err(Repeated(_)) => Err(to_person(format!("`{name}` stands more than once"))),
    };
    let client = client::find(authority, needed("client_id")?).await.map_err(to_person)?;
    let redirect_uri = needed("redirect_uri")?.to_string();
    if !redirect::is_one_of(&redirect_uri, &client.redirect_uris) {
        return Err(to_person("it wants you sent to an address that it did not name before".into()));
    }
    let issuer = authority.origin(headers);
    let resource = metadata::resource_of(&issuer);
    let state = parameters.one("state").ok().flatten().map(str::to_string);
    match check_rest(parameters, &resource) {
        Ok((scopes, challenge)) => Ok(Asked { client, redirect_uri, scopes, state, challenge, resource, issuer }),
        Err((error, description)) => {
            let state = state.as_deref().map(|state| ("state", state));
            let answer = [("error", error), ("error_description", description.as_str())];
            let answer: Vec<(&str, &str)> = answer.into_iter().chain(state).collect();
            Err(redirect::to(&redirect_uri, &answer, &issuer))
        }
    }
}

/// The scopes and the challenge; else the word and the fact for the application.
fn check_rest(parameters: &Parameters, resource: &str) -> Result<(Scopes, String), (&'static str, String)> {
    let one = |name| {
        parameters.one(name).map_err(|Repeated(name)| ("invalid_request", format!("{name} stands more than once")))
    };
    one("state")?;
    for (name, error) in [("request", "request_not_supported"), ("request_uri", "request_uri_not_supported")] {
        if one(name)?.is_some() {
            return Err((error, format!("{name} is not read here")));
        }
    }
    match one("response_type")? {
        Some("code") => {}
        Some(_) => return Err(("unsupported_response_type", "response_type must be code".into())),
        None => return Err(("invalid_request", "response_type is missing".into())),
    }
    if one("response_mode")?.is_some_and(|mode| mode != "query") {
        return Err(("invalid_request", "response_mode must be query".into()));
    }
    if one("code_challenge_method")? != Some("S256") {
        return Err(("invalid_request", "code_challenge_method must be S256".into()));
    }
    let is_digest = |challenge: &&str| {
        challenge.len() == CHALLENGE && challenge.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    };
    let Some(challenge) = one("code_challenge")?.filter(is_digest) else {
        return Err(("invalid_request", "code_challenge must be the 43 digits of a SHA-256".into()));
    };
    let is_other = |named: &str| !named.is_empty() && named.strip_suffix('/').unwrap_or(named) != resource;
    if parameters.all("resource").any(is_other) {
        return Err(("invalid_target", format!("the resource of this server is {resource}")));
    }
    let words: Vec<&str> = one("scope")?.unwrap_or_default().split_ascii_whitespace().collect();
    let words: Vec<&str> = words.into_iter().filter(|word| *word != OFFLINE).collect();
    let scopes = match Scopes::parse(&words.join(" ")) {
        Ok(scopes) if scopes.is_empty() => Scopes::MINIMAL,
        Ok(scopes) => scopes,
        Err(word) => {
            let word: String = word.chars().filter(|c| c.is_ascii_alphanumeric() || ":._-".contains(*c)).collect();
            return Err(("invalid_scope", format!("there is no scope {word}")));
        }
    };
    Ok((scopes, challenge.to_string()))
}
