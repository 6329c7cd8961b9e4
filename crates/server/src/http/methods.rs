//! Methods that a path does not take, OPTIONS, and what browsers ask before they call from another origin.

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;
use tower::layer::util::Identity;
use tower::util::Either;
use tower::util::option_layer;
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::reply;

/// The fallback of every path: OPTIONS says what it takes, any other method is refused.
pub async fn not_allowed(request: Request) -> Response {
    if request.method() == Method::OPTIONS {
        return StatusCode::NO_CONTENT.into_response();
    }
    let path: String = request.uri().path().chars().take(120).collect();
    let method: String = request.method().as_str().chars().take(40).collect();
    let fault = Diagnostic::new(Code::MethodNotAllowed, format!("`{path}` does not take {method}"));
    let help = "questions are asked with POST; the Allow header lists the methods";
    reply::failure(&Failure(fault.help(help).into()))
}

/// Answers browsers of the origins that an operator allows; without any, nothing is said to other origins.
pub fn cross_origin(origins: &[String]) -> Either<CorsLayer, Identity> {
    let allowed: Vec<HeaderValue> = origins
        .iter()
        .filter_map(|origin| HeaderValue::from_str(&origin.trim_end_matches('/').to_ascii_lowercase()).ok())
        .collect();
    let ours = [
        "mcp-protocol-version",
        "mcp-method",
        "mcp-name",
        "x-request-id",
        "x-sextant-access-mode",
        "x-sextant-auth-mode",
        "x-sextant-partner-org-id",
    ]
    .map(HeaderName::from_static);
    let headers = [header::CONTENT_TYPE, header::ACCEPT, header::AUTHORIZATION].into_iter().chain(ours);
    let layer = (!allowed.is_empty()).then(|| {
        CorsLayer::new()
            .allow_origin(AllowOrigin::list(allowed))
            .allow_methods([Method::GET, Method::POST])
            .allow_headers(headers.collect::<Vec<HeaderName>>())
            .expose_headers([HeaderName::from_static("x-request-id"), header::RETRY_AFTER, header::WWW_AUTHENTICATE])
    });
    option_layer(layer)
}
