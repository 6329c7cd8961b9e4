//! What the endpoints and the pages share: the store, the server's own address, and the paces they keep.

use std::num::NonZeroU32;
use std::sync::Arc;

use axum::http::{HeaderMap, header};
use chrono::{DateTime, Utc};
use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};
use sextant_engine::workspace::Failure;
use tokio::task::spawn_blocking;

use super::document::Documents;
use crate::error;
use crate::identity::secret::Hash;
use crate::store::Store;
use crate::store::audit::Record;

/// Attempts to sign in to one account a minute, and to all of them.
const SIGN_INS_OF_ACCOUNT: u32 = 5;
const SIGN_INS: u32 = 60;
/// Registrations of applications a minute.
const REGISTRATIONS: u32 = 30;

/// The authorization server and the pages, as an operator set them up.
pub struct Authority {
    pub(crate) store: Arc<Store>,
    pub(crate) documents: Documents,
    /// The server's address as the outside knows it, without a slash at its end.
    public: Option<String>,
    clock: fn() -> DateTime<Utc>,
    is_on: bool,
    accounts: DefaultKeyedRateLimiter<u16>,
    sign_ins: DefaultDirectRateLimiter,
    registrations: DefaultDirectRateLimiter,
}

impl Authority {
    /// Without a public address, the server is known by the loopback name that each request uses: the guard has
    /// checked that.
    pub fn new(store: Arc<Store>, public: Option<&str>, clock: fn() -> DateTime<Utc>) -> Authority {
        Authority {
            store,
            documents: Documents::default(),
            public: public.map(|address| address.trim_end_matches('/').to_string()),
            clock,
            is_on: true,
            accounts: RateLimiter::keyed(a_minute(SIGN_INS_OF_ACCOUNT)),
            sign_ins: RateLimiter::direct(a_minute(SIGN_INS)),
            registrations: RateLimiter::direct(a_minute(REGISTRATIONS)),
        }
    }

    /// Pages and access tokens alone.
    pub fn without_oauth(self) -> Authority {
        Authority { is_on: false, ..self }
    }

    /// Hosts whose client documents may come from private addresses, and over plain http: for development.
    pub fn with_client_hosts(self, hosts: Vec<String>) -> Authority {
        Authority { documents: Documents::with_hosts(hosts), ..self }
    }

    pub fn is_on(&self) -> bool {
        self.is_on
    }

    /// The server's own address, without a slash at its end: the issuer of tokens.
    pub fn origin(&self, headers: &HeaderMap) -> String {
        match &self.public {
            Some(public) => public.clone(),
            None => {
                let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
                format!("http://{}", host.unwrap_or("localhost").to_ascii_lowercase())
            }
        }
    }

    /// Whether browsers reach the server by https.
    pub(crate) fn is_secure(&self) -> bool {
        self.public.as_ref().is_some_and(|public| public.starts_with("https://"))
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    /// Whether one more attempt at this account may be made now. Accounts that do not exist count as others do.
    pub(crate) fn may_sign_in(&self, email: &str) -> bool {
        // So many keys at most, whatever is typed.
        let [high, low, ..] = *Hash::of(&email.trim().to_lowercase()).bytes();
        self.accounts.check_key(&u16::from_be_bytes([high, low])).is_ok() && self.sign_ins.check().is_ok()
    }

    pub(crate) fn may_register(&self) -> bool {
        self.registrations.check().is_ok()
    }

    /// Records in the audit log what a user did in a browser.
    pub(crate) fn note(
        &self,
        user: &str,
        organization: &str,
        environment: &str,
        operation: &str,
    ) -> Result<(), Failure> {
        self.store.append_audit(&[Record {
            at: self.now(),
            caller: user.into(),
            organization: organization.into(),
            environment: environment.into(),
            door: "page".into(),
            operation: operation.into(),
            outcome: "answered".into(),
        }])
    }

    /// Runs `work` on a thread where waiting for the disk holds up nobody.
    pub(crate) async fn blocking<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Authority) -> Result<T, Failure> + Send + 'static,
    ) -> Result<T, Failure> {
        let authority = Arc::clone(self);
        spawn_blocking(move || work(&authority)).await.unwrap_or_else(|fault| {
            tracing::error!(%fault, "work on the state file was given up");
            Err(error::internal())
        })
    }
}

fn a_minute(count: u32) -> Quota {
    Quota::per_minute(NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN))
}
