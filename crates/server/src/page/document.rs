//! Pages as responses: nobody keeps them, nobody frames them, and they run no script.

use askama::Template;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

/// The style of the pages, beside that of the documentation.
pub(crate) const STYLE: &str = "/settings/style.css";

/// A short page that says one thing.
#[derive(Template)]
#[template(path = "message.html")]
struct Message<'a> {
    title: &'a str,
    text: &'a str,
}

/// A page. `targets` are further places that its forms may lead to.
pub(crate) fn page(status: StatusCode, template: &impl Template, targets: &str) -> Response {
    let html = template.render().expect("a template writes into memory");
    let policy = format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'; \
         form-action 'self' {targets}"
    );
    let policy = HeaderValue::from_str(policy.trim_end()).unwrap_or(HeaderValue::from_static("default-src 'none'"));
    let headers: [(HeaderName, HeaderValue); 6] = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::CONTENT_SECURITY_POLICY, policy),
        // For browsers that do not know frame-ancestors.
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
        // Without a referrer, browsers would send their forms with `Origin: null`.
        (header::REFERRER_POLICY, HeaderValue::from_static("same-origin")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (status, headers, html).into_response()
}

/// One thing to say.
pub(crate) fn message(status: StatusCode, title: &str, text: &str) -> Response {
    page(status, &Message { title, text }, "")
}

/// A form that is not taken.
pub(crate) fn refusal(text: &str) -> Response {
    message(StatusCode::FORBIDDEN, "Not accepted", text)
}

/// The store cannot be used; the log has the cause.
pub(crate) fn unavailable() -> Response {
    message(StatusCode::SERVICE_UNAVAILABLE, "Not available", "The server cannot answer now. Try again in a moment.")
}

/// Leads the browser on with a GET.
pub(crate) fn to(path: &str) -> Response {
    let Ok(location) = HeaderValue::from_str(path) else { return StatusCode::BAD_REQUEST.into_response() };
    let headers: [(HeaderName, HeaderValue); 2] =
        [(header::LOCATION, location), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (StatusCode::SEE_OTHER, headers).into_response()
}

pub(super) async fn style() -> Response {
    let headers: [(HeaderName, HeaderValue); 3] = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/css; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (headers, include_str!("../../templates/account.css")).into_response()
}
