//! Signing in, by password or by a link that works once, and out.

use std::sync::Arc;

use askama::Template;
use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, Uri, header};
use axum::response::Response;
use sextant_semantics::code::Code;
use url::form_urlencoded;

use super::browser::{self, Cookie};
use super::{DEVELOPERS, EXTERNAL, document};
use crate::http::peer;
use crate::identity::password;
use crate::identity::secret::Secret;
use crate::oauth::authority::Way;
use crate::oauth::parameters::Parameters;
use crate::oauth::{Authority, metadata};
use crate::store::users::User;

pub(super) const TOO_MANY: &str = "Too many attempts. Wait a minute, then try again.";

#[derive(Template)]
#[template(path = "sign_in.html")]
struct SignIn<'a> {
    mark: &'a str,
    next: &'a str,
    email: &'a str,
    fault: Option<&'a str>,
    external: Option<External<'a>>,
}

/// Where one may sign in instead.
struct External<'a> {
    name: &'a str,
    address: String,
}

#[derive(Template)]
#[template(path = "sign_in_link.html")]
struct Link<'a> {
    mark: &'a str,
    code: &'a str,
}

/// The page with the form.
pub(super) async fn ask(State(authority): State<Arc<Authority>>, uri: Uri, headers: HeaderMap) -> Response {
    let query = Parameters::parse(uri.query().unwrap_or_default().as_bytes());
    let next = next(&query);
    match browser::signed_in(&authority, &headers).await {
        Ok(Some(_)) => document::to(&next),
        Ok(None) => with_form(&authority, &headers, StatusCode::OK, &next, "", None),
        Err(_) => document::unavailable(),
    }
}

pub(super) async fn by_password(State(authority): State<Arc<Authority>>, request: Request<Body>) -> Response {
    let headers = request.headers().clone();
    let from = peer::address(request.extensions(), &headers);
    let form = match browser::form(&authority, request).await {
        Ok(form) => form,
        Err(page) => return page,
    };
    let (next, email) = (next(&form), form.first("email").trim().to_string());
    let again = |status, fault| with_form(&authority, &headers, status, &next, &email, Some(fault));
    if !is_of_this_browser(&authority, &headers, &form) {
        return again(StatusCode::FORBIDDEN, "The page was open too long, or cookies are off. Try once more.");
    }
    if !authority.may_sign_in(Way::Password, from, Some(&email)).await {
        return in_a_minute(again(StatusCode::TOO_MANY_REQUESTS, TOO_MANY));
    }
    let password = Secret::new(form.first("password").to_string());
    let asked = email.clone();
    let found = authority.blocking(move |authority| {
        let kept = authority.store.password_of(&asked)?;
        let is_right = password::verify(&password, kept.as_ref().map(|(_, hash)| hash.as_str()));
        if let Some((user, _)) = kept.filter(|_| is_right) {
            return Ok(Some(user));
        }
        // What was typed is recorded only where it names a user: it may be a password in the wrong field.
        let named = authority.store.user_by_email(&asked)?;
        let named = named.as_ref().map(|user| user.id.as_str());
        authority.note_sign_in(named, Way::Password, Some(Code::Unauthenticated))?;
        Ok(None)
    });
    match found.await {
        Ok(Some(user)) => let_in(&authority, user, &next, Way::Password).await,
        Ok(None) => again(StatusCode::FORBIDDEN, "The address or the password is not right."),
        Err(_) => document::unavailable(),
    }
}

/// The page of a link. What only looks at addresses, as mail scanners do, does not use the link up.
pub(super) async fn ask_link(State(authority): State<Arc<Authority>>, uri: Uri, headers: HeaderMap) -> Response {
    let query = Parameters::parse(uri.query().unwrap_or_default().as_bytes());
    marked(&authority, &headers, |mark| document::page(StatusCode::OK, &Link { mark, code: query.first("code") }, ""))
}

pub(super) async fn by_link(State(authority): State<Arc<Authority>>, request: Request<Body>) -> Response {
    let headers = request.headers().clone();
    let from = peer::address(request.extensions(), &headers);
    let form = match browser::form(&authority, request).await {
        Ok(form) => form,
        Err(page) => return page,
    };
    if !is_of_this_browser(&authority, &headers, &form) {
        return document::refusal("The page was open too long, or cookies are off. Open the link once more.");
    }
    if !authority.may_sign_in(Way::Link, from, None).await {
        return in_a_minute(document::message(StatusCode::TOO_MANY_REQUESTS, "Not signed in", TOO_MANY));
    }
    let (code, now) = (form.first("code").to_string(), authority.now());
    let found = authority.blocking(move |authority| {
        let user = authority.store.use_link(&code, now)?;
        if user.is_none() {
            authority.note_sign_in(None, Way::Link, Some(Code::Unauthenticated))?;
        }
        Ok(user)
    });
    match found.await {
        Ok(Some(user)) => let_in(&authority, user, DEVELOPERS, Way::Link).await,
        Ok(None) => document::refusal("This link was used, or it is older than 15 minutes. Ask for another one."),
        Err(_) => document::unavailable(),
    }
}

pub(super) async fn out(State(authority): State<Arc<Authority>>, request: Request<Body>) -> Response {
    let secret = Cookie::Session.read(&authority, request.headers());
    if let Err(page) = browser::form_of_session(&authority, request).await {
        return page;
    }
    let closed = authority.blocking(move |authority| authority.store.close_session(&secret.unwrap_or_default())).await;
    if closed.is_err() {
        return document::unavailable();
    }
    let mut response = document::to(super::SIGN_IN);
    Cookie::Session.set(&authority, None, &mut response);
    response
}

/// A new session, never one that was there before.
pub(super) async fn let_in(authority: &Arc<Authority>, user: User, next: &str, way: Way) -> Response {
    let now = authority.now();
    let opened = authority.blocking(move |authority| {
        let secret = authority.store.open_session(&user.id, now)?;
        authority.note_sign_in(Some(&user.id), way, None)?;
        Ok(secret)
    });
    match opened.await {
        Ok(secret) => {
            let mut response = document::to(next);
            Cookie::Session.set(authority, Some(&secret), &mut response);
            Cookie::Form.set(authority, None, &mut response);
            response
        }
        Err(_) => document::unavailable(),
    }
}

fn with_form(
    authority: &Authority,
    headers: &HeaderMap,
    status: StatusCode,
    next: &str,
    email: &str,
    fault: Option<&str>,
) -> Response {
    let external = authority.provider_name().map(|name| {
        let next = form_urlencoded::Serializer::new(String::new()).append_pair("next", next).finish();
        External { name, address: format!("{EXTERNAL}?{next}") }
    });
    marked(authority, headers, |mark| document::page(status, &SignIn { mark, next, email, fault, external }, ""))
}

/// Tells programs too how long to wait.
pub(super) fn in_a_minute(mut page: Response) -> Response {
    page.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
    page
}

/// A page whose form carries the mark of this browser's cookie, which it gets where it has none.
fn marked(authority: &Authority, headers: &HeaderMap, page: impl FnOnce(&str) -> Response) -> Response {
    if let Some(kept) = Cookie::Form.read(authority, headers) {
        return page(&browser::mark_of(&kept));
    }
    let Ok(secret) = Secret::random() else { return document::unavailable() };
    let mut response = page(&browser::mark_of(secret.expose()));
    Cookie::Form.set(authority, Some(&secret), &mut response);
    response
}

fn is_of_this_browser(authority: &Authority, headers: &HeaderMap, form: &Parameters) -> bool {
    Cookie::Form.read(authority, headers).is_some_and(|secret| browser::is_marked(form, &browser::mark_of(&secret)))
}

/// Where to go then: to the consent page or the settings of this server, never elsewhere.
pub(super) fn next(parameters: &Parameters) -> String {
    let wanted = parameters.first("next");
    let is_consent = wanted.strip_prefix(metadata::AUTHORIZE).is_some_and(|rest| rest.starts_with('?'));
    let is_settings = wanted.strip_prefix(DEVELOPERS).is_some_and(|rest| rest.is_empty() || rest.starts_with('?'));
    let is_text = wanted.bytes().all(|byte| byte.is_ascii_graphic());
    if is_text && (is_consent || is_settings) { wanted.to_string() } else { DEVELOPERS.to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_is_led_elsewhere() {
        let led_to = |wanted: &str| {
            let encoded = form_urlencoded::Serializer::new(String::new()).append_pair("next", wanted).finish();
            next(&Parameters::parse(encoded.as_bytes()))
        };
        for good in ["/oauth/authorize?client_id=x&state=%20", "/settings/developers?organization=a"] {
            assert_eq!(led_to(good), good);
        }
        for bad in [
            "",
            "//evil.test",
            "https://evil.test",
            "/\\evil.test",
            "/oauth/authorize",
            "/settings/developersx",
            "/settings/developers?a\r\nSet-Cookie: x",
            "/oauth/authorize@evil.test?",
        ] {
            assert_eq!(led_to(bad), DEVELOPERS, "{bad}");
        }
    }
}
