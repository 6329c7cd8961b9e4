//! Clients that are known by the address of a document about them (Client ID Metadata Documents).
//!
//! A stranger names the address, so the fetch is guarded: https alone, every address of the host must be public,
//! the connection goes to the addresses that were checked, no redirect is followed, and size and time are bound.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use reqwest::redirect::Policy;
use reqwest::{Response, StatusCode};
use serde_json::Value;
use url::{Host, Url};

use super::address::is_public;
use super::client::{self, Client};

const MOST_BYTES: usize = 5 * 1024;
const PATIENCE: Duration = Duration::from_secs(5);
const CACHED_MINUTES: i64 = 10;
const MOST_CACHED: usize = 256;
/// Fetches a minute.
const PACE: NonZeroU32 = NonZeroU32::new(30).expect("not zero");
const LONGEST: usize = 500;

/// Documents as they were fetched, for ten minutes.
pub(crate) struct Documents {
    /// Hosts that may have private addresses and plain http.
    hosts: Vec<String>,
    cached: Mutex<HashMap<String, (DateTime<Utc>, Client)>>,
    pace: DefaultDirectRateLimiter,
}

impl Default for Documents {
    fn default() -> Self {
        Documents::with_hosts(Vec::new())
    }
}

impl Documents {
    pub(crate) fn with_hosts(hosts: Vec<String>) -> Documents {
        Documents { hosts, cached: Mutex::default(), pace: RateLimiter::direct(Quota::per_minute(PACE)) }
    }

    /// The client that the document at `id` describes. The fault is one fact for the person in front of the page.
    pub(crate) async fn client(&self, id: &str, now: DateTime<Utc>) -> Result<Client, String> {
        let url = self.checked(id)?;
        if let Some(known) = self.known(id, now) {
            return Ok(known);
        }
        if self.pace.check().is_err() {
            return Err("too many applications are being looked up; try again in a minute".into());
        }
        let fetched = tokio::time::timeout(PATIENCE, self.fetch(&url)).await;
        let client = fetched.map_err(|_| "its document did not come within 5 seconds".to_string())??;
        self.keep(id, &client, now);
        Ok(client)
    }

    /// Whether the text can be the address of a document: an https address with a path, written as addresses are.
    pub(crate) fn checked(&self, id: &str) -> Result<Url, String> {
        let refuse = |fact: &str| Err(format!("its address {fact}"));
        let Ok(url) = Url::parse(id) else { return refuse("cannot be read") };
        let is_exempt = self.is_exempt(&url);
        if url.scheme() != "https" && !(is_exempt && url.scheme() == "http") {
            return refuse("is not https");
        }
        if id.len() > LONGEST || url.as_str() != id {
            return refuse("is not written in its shortest form");
        }
        let has_more = !url.username().is_empty() || url.password().is_some() || url.fragment().is_some();
        if has_more || url.query().is_some() || url.path() == "/" {
            return refuse("must have a path, and no user, query or fragment");
        }
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(_)) => None,
            None => return refuse("has no host"),
        };
        match literal {
            Some(address) if !is_exempt && !is_public(address) => refuse("is not public"),
            Some(_) | None => Ok(url),
        }
    }

    fn is_exempt(&self, url: &Url) -> bool {
        url.host_str().is_some_and(|host| self.hosts.iter().any(|listed| listed.eq_ignore_ascii_case(host)))
    }

    async fn fetch(&self, url: &Url) -> Result<Client, String> {
        let addresses = self.addresses(url).await?;
        // The first provider of the process stays; this is for a process that has none.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let host = url.host_str().unwrap_or_default();
        let fetcher = reqwest::Client::builder()
            .redirect(Policy::none())
            .no_proxy()
            .https_only(!self.is_exempt(url))
            .resolve_to_addrs(host, &addresses)
            .timeout(PATIENCE)
            .build()
            .map_err(|fault| unreachable(&fault))?;
        let request = fetcher.get(url.clone()).header("Accept", "application/json");
        let response = request.send().await.map_err(|fault| unreachable(&fault))?;
        if response.status() != StatusCode::OK {
            return Err("its document is not there".into());
        }
        let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default();
        let kind = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        if kind != "application/json" && !(kind.starts_with("application/") && kind.ends_with("+json")) {
            return Err("its document is not JSON".into());
        }
        let body = body(response).await?;
        let document: Value = serde_json::from_slice(&body).map_err(|_| "its document is not JSON".to_string())?;
        client::of_document(url.as_str(), &document)
    }

    /// Where the host is, every address of it public.
    async fn addresses(&self, url: &Url) -> Result<Vec<SocketAddr>, String> {
        let port = url.port_or_known_default().unwrap_or(443);
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
        let found = tokio::net::lookup_host((host, port)).await.map_err(|_| "its host has no address".to_string())?;
        let addresses: Vec<SocketAddr> = found.collect();
        if addresses.is_empty() {
            return Err("its host has no address".into());
        }
        if !self.is_exempt(url) && !addresses.iter().all(|address| is_public(address.ip())) {
            return Err("its address is not public".into());
        }
        Ok(addresses)
    }

    fn known(&self, id: &str, now: DateTime<Utc>) -> Option<Client> {
        let cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, client) = cached.get(id)?;
        (now - *at < TimeDelta::minutes(CACHED_MINUTES)).then(|| client.clone())
    }

    fn keep(&self, id: &str, client: &Client, now: DateTime<Utc>) {
        let mut cached = self.cached.lock().unwrap_or_else(PoisonError::into_inner);
        cached.retain(|_, (at, _)| now - *at < TimeDelta::minutes(CACHED_MINUTES));
        if cached.len() < MOST_CACHED {
            cached.insert(id.to_string(), (now, client.clone()));
        }
    }
}

async fn body(mut response: Response) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|fault| unreachable(&fault))? {
        if body.len() + chunk.len() > MOST_BYTES {
            return Err(format!("its document is larger than {MOST_BYTES} bytes"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn unreachable(fault: &reqwest::Error) -> String {
    // The address may hold what somebody meant to keep: the log has what failed, not where.
    let kind = if fault.is_timeout() { "timeout" } else { "connection" };
    tracing::info!(kind, "the document of a client could not be fetched");
    "its document cannot be fetched".into()
}
