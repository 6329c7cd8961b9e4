//! Who sits in front of a page: the cookie of a session, and the mark in every form that only pages of ours have.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Request, header};
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sextant_engine::workspace::Failure;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::document;
use crate::identity::secret::Secret;
use crate::oauth::Authority;
use crate::oauth::parameters::Parameters;
use crate::store::sessions::SESSION_HOURS;
use crate::store::users::User;

/// Bytes of a form at most.
const MOST_BYTES: usize = 64 * 1024;

/// A browser that is signed in.
#[derive(Clone, Debug)]
pub(crate) struct Browser {
    pub(crate) user: User,
    /// What the forms of this session carry.
    pub(crate) mark: String,
}

/// The cookies that we set.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Cookie {
    /// Somebody is signed in.
    Session,
    /// Somebody may be about to: it binds the form.
    Form,
    /// Somebody signs in at a provider.
    #[cfg(feature = "oidc")]
    External,
}

impl Cookie {
    /// The prefix has browsers refuse one that another host or plain http set (RFC 6265bis §4.1.3.2); they take it
    /// over https alone.
    fn name(self, authority: &Authority) -> &'static str {
        match (self, authority.is_secure()) {
            (Cookie::Session, true) => "__Host-sextant",
            (Cookie::Session, false) => "sextant",
            (Cookie::Form, true) => "__Host-sextant-form",
            (Cookie::Form, false) => "sextant-form",
            #[cfg(feature = "oidc")]
            (Cookie::External, true) => "__Host-sextant-external",
            #[cfg(feature = "oidc")]
            (Cookie::External, false) => "sextant-external",
        }
    }

    /// Seconds that a browser keeps it.
    fn age(self) -> i64 {
        match self {
            Cookie::Session | Cookie::Form => SESSION_HOURS * 3_600,
            #[cfg(feature = "oidc")]
            Cookie::External => crate::store::accounts::SIGN_IN_MINUTES * 60,
        }
    }

    pub(crate) fn read(self, authority: &Authority, headers: &HeaderMap) -> Option<String> {
        let name = self.name(authority);
        let sent = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let pairs = sent.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
        pairs.into_iter().find(|(other, _)| *other == name).map(|(_, value)| value.to_string())
    }

    /// Has the browser keep the secret, or forget it.
    pub(crate) fn set(self, authority: &Authority, secret: Option<&Secret>, response: &mut Response) {
        let (value, age) = match secret {
            Some(secret) => (secret.expose(), self.age()),
            None => ("", 0),
        };
        let secure = if authority.is_secure() { "; Secure" } else { "" };
        let name = self.name(authority);
        let text = format!("{name}={value}; Path=/; Max-Age={age}; HttpOnly; SameSite=Lax{secure}");
        if let Ok(mut value) = HeaderValue::from_str(&text) {
            value.set_sensitive(true);
            response.headers_mut().append(header::SET_COOKIE, value);
        }
    }
}

/// Who is signed in.
pub(crate) async fn signed_in(authority: &Arc<Authority>, headers: &HeaderMap) -> Result<Option<Browser>, Failure> {
    let Some(secret) = Cookie::Session.read(authority, headers) else { return Ok(None) };
    let (mark, now) = (mark_of(&secret), authority.now());
    let user = authority.blocking(move |authority| authority.store.session(&secret, now)).await?;
    Ok(user.map(|user| Browser { user, mark }))
}

/// What a form carries to show that a page for this cookie wrote it. It does not give the cookie away.
pub(crate) fn mark_of(secret: &str) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(format!("form of {secret}")))
}

/// In constant time.
pub(crate) fn is_marked(form: &Parameters, mark: &str) -> bool {
    form.first("mark").as_bytes().ct_eq(mark.as_bytes()).into()
}

/// The fields of a form that a page of this server sent; else the page that says what is wrong.
pub(crate) async fn form(authority: &Authority, request: Request<Body>) -> Result<Parameters, Response> {
    let headers = request.headers();
    let own = authority.origin(headers);
    let is_elsewhere =
        headers.get(header::ORIGIN).is_some_and(|origin| !origin.as_bytes().eq_ignore_ascii_case(own.as_bytes()));
    if is_elsewhere {
        return Err(document::refusal("This form was sent from another site."));
    }
    let sent = headers.get(header::CONTENT_TYPE).and_then(|sent| sent.to_str().ok()).unwrap_or_default();
    let is_form = sent.split(';').next().unwrap_or_default().trim() == "application/x-www-form-urlencoded";
    if !is_form {
        return Err(document::refusal("This is not a form of this server."));
    }
    match axum::body::to_bytes(request.into_body(), MOST_BYTES).await {
        Ok(bytes) => Ok(Parameters::parse(&bytes)),
        Err(_) => Err(document::refusal("The form is too large, or broke off.")),
    }
}

/// The browser and the fields of a form that its session wrote; else the page that says what is wrong.
pub(crate) async fn form_of_session(
    authority: &Arc<Authority>,
    request: Request<Body>,
) -> Result<(Browser, Parameters), Response> {
    let headers = request.headers().clone();
    let form = form(authority, request).await?;
    match signed_in(authority, &headers).await {
        Ok(Some(browser)) if is_marked(&form, &browser.mark) => Ok((browser, form)),
        Ok(Some(_) | None) => Err(document::refusal("You are not signed in any more, or this form is not yours.")),
        Err(_) => Err(document::unavailable()),
    }
}
