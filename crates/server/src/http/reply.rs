//! Answers and refusals as HTTP responses.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use sextant_engine::workspace::Failure;

use crate::identity::limits;
use crate::wire;

/// A JSON body, compact, its keys in the order they were written.
pub fn value(status: StatusCode, body: &Value) -> Response {
    let headers: [(HeaderName, HeaderValue); 3] = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (status, headers, body.to_string()).into_response()
}

/// The error envelope under the status of its first fault.
pub fn failure(failure: &Failure) -> Response {
    let status = StatusCode::from_u16(wire::status(failure)).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    failure_as(status, failure)
}

/// The error envelope under a status that the path decides.
pub fn failure_as(status: StatusCode, failure: &Failure) -> Response {
    let mut response = value(status, &wire::error_envelope(failure));
    let retryable = failure.0.iter().next().is_some_and(|first| first.code.retryable());
    if status == StatusCode::SERVICE_UNAVAILABLE && retryable {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
    }
    if let Some(seconds) = limits::wait_of(failure) {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    // For the layer that adds a challenge to what a token does not allow.
    response.extensions_mut().insert(failure.clone());
    response
}
