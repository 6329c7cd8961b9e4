//! `X-Request-Id` on every response: the caller's own when it is one, else a new one.

use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::extract::Request;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;

use crate::identity::token;

const HEADER: HeaderName = HeaderName::from_static("x-request-id");
/// Characters that a caller's own identifier may have.
const LONGEST: usize = 128;

/// Middleware, outermost: also refusals of the other layers carry the identifier.
pub async fn stamp(mut request: Request, next: Next) -> Response {
    let id = request.headers().get(&HEADER).filter(|id| is_identifier(id)).cloned().unwrap_or_else(new);
    request.headers_mut().insert(HEADER, id.clone());
    let path = token::masked(request.uri().path());
    tracing::debug!(id = id.to_str().unwrap_or_default(), method = %request.method(), %path, "request");
    let mut response = next.run(request).await;
    response.headers_mut().insert(HEADER, id);
    response
}

fn is_identifier(value: &HeaderValue) -> bool {
    let bytes = value.as_bytes();
    !bytes.is_empty() && bytes.len() <= LONGEST && bytes.iter().all(u8::is_ascii_graphic)
}

/// 16 hex digits, unique within the process and different from run to run.
fn new() -> HeaderValue {
    static RANDOM: LazyLock<RandomState> = LazyLock::new(RandomState::new);
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let id = RANDOM.hash_one(COUNT.fetch_add(1, Ordering::Relaxed));
    HeaderValue::from_str(&format!("{id:016x}")).expect("hex digits are a header value")
}
