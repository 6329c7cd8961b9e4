//! Answers of the endpoints that applications call (RFC 6749 §5).

use axum::body::Body;
use axum::http::{HeaderMap, HeaderValue, Request, StatusCode, header};
use axum::response::Response;
use serde_json::{Value, json};
use sextant_engine::workspace::Failure;

use super::parameters::{Parameters, Repeated};
use crate::http::reply;

/// Bytes of a request at most.
const MOST_BYTES: usize = 64 * 1024;

/// A refusal: a word of the protocol, and one fact for the developer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    status: StatusCode,
    error: &'static str,
    description: String,
}

impl Refusal {
    pub(super) fn new(error: &'static str, description: impl Into<String>) -> Refusal {
        Refusal { status: StatusCode::BAD_REQUEST, error, description: description.into() }
    }

    pub(super) fn under(self, status: StatusCode) -> Refusal {
        Refusal { status, ..self }
    }

    pub(super) fn response(&self) -> Response {
        let body = json!({ "error": self.error, "error_description": self.description });
        let mut response = reply::value(self.status, &body);
        let headers = response.headers_mut();
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"sextant\""));
        }
        if self.status == StatusCode::TOO_MANY_REQUESTS || self.status == StatusCode::SERVICE_UNAVAILABLE {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
        }
        response
    }
}

impl From<Repeated> for Refusal {
    fn from(Repeated(name): Repeated) -> Self {
        Refusal::new("invalid_request", format!("`{name}` stands more than once"))
    }
}

/// The store cannot be used: the log has the cause.
impl From<Failure> for Refusal {
    fn from(_: Failure) -> Self {
        Refusal::new("server_error", "the server cannot answer now").under(StatusCode::SERVICE_UNAVAILABLE)
    }
}

/// An answer that nobody keeps.
pub(super) fn answer(status: StatusCode, body: &Value) -> Response {
    let mut response = reply::value(status, body);
    response.headers_mut().insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

/// The parameters of a form's body; what stands in the query counts for nothing (RFC 6749 §3.2).
pub(super) async fn form(request: Request<Body>) -> Result<Parameters, Refusal> {
    let bytes = body(request, "application/x-www-form-urlencoded").await?;
    Ok(Parameters::parse(&bytes))
}

/// The body, which must be of this type.
pub(super) async fn body(request: Request<Body>, kind: &str) -> Result<Vec<u8>, Refusal> {
    if !is_of_type(request.headers(), kind) {
        return Err(Refusal::new("invalid_request", format!("the body must be {kind}")));
    }
    let read = axum::body::to_bytes(request.into_body(), MOST_BYTES).await;
    let bytes = read.map_err(|_| Refusal::new("invalid_request", "the body is too large or broke off"))?;
    Ok(bytes.to_vec())
}

fn is_of_type(headers: &HeaderMap, kind: &str) -> bool {
    let sent = headers.get(header::CONTENT_TYPE).and_then(|sent| sent.to_str().ok()).unwrap_or_default();
    sent.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(kind)
}
