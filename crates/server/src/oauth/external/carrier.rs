//! Requests to the provider: no redirect is followed, and ten seconds and 512 KiB are the most. A proxy of the environment is
//! used where there is one.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse, http};
use reqwest::redirect::Policy;

const PATIENCE: Duration = Duration::from_secs(10);
const CONNECTING: Duration = Duration::from_secs(5);
const MOST_BYTES: usize = 512 * 1024;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum Lost {
    #[error("the provider cannot be reached")]
    Unreachable(#[from] reqwest::Error),
    #[error("the answer is too large")]
    TooLarge,
    #[error("the answer cannot be read")]
    Unreadable(#[from] http::Error),
}

impl Lost {
    /// A word for the log; an address may hold what somebody meant to keep.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Lost::Unreachable(fault) if fault.is_timeout() => "timeout",
            Lost::Unreachable(_) => "connection",
            Lost::TooLarge => "size",
            Lost::Unreadable(_) => "form",
        }
    }
}

/// What carries the requests of one sign-in.
pub(super) struct Carrier(reqwest::Client);

impl Carrier {
    pub(super) fn new(https_only: bool) -> Result<Carrier, Lost> {
        // The first provider of the process stays; this is for a process that has none.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .redirect(Policy::none())
            .https_only(https_only)
            .connect_timeout(CONNECTING)
            .timeout(PATIENCE)
            .build()?;
        Ok(Carrier(client))
    }

    async fn carry(&self, request: HttpRequest) -> Result<HttpResponse, Lost> {
        let mut answer = self.0.execute(request.try_into()?).await?;
        let mut response = http::Response::builder().status(answer.status());
        for (name, value) in answer.headers() {
            response = response.header(name, value);
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await? {
            if body.len() + chunk.len() > MOST_BYTES {
                return Err(Lost::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(response.body(body)?)
    }
}

impl<'c> AsyncHttpClient<'c> for Carrier {
    type Error = Lost;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Lost>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.carry(request))
    }
}
