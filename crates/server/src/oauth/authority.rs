//! What the endpoints and the pages share: the store, the server's own address, and the paces they keep.

use std::net::IpAddr;
use std::sync::Arc;

use axum::http::{HeaderMap, header};
use chrono::{DateTime, Utc};
use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use tokio::task::spawn_blocking;

use super::document::Documents;
#[cfg(feature = "oidc")]
use super::external::Provider;
use super::metadata;
use super::pace::Pace;
use crate::error;
use crate::store::Store;
use crate::store::audit::Record;

/// The authorization server and the pages, as an operator set them up.
pub struct Authority {
    pub(crate) store: Arc<Store>,
    pub(crate) documents: Documents,
    /// The server's address as the outside knows it, without a slash at its end.
    public: Option<String>,
    clock: fn() -> DateTime<Utc>,
    is_on: bool,
    pace: Pace,
    /// Where users may sign in instead of here.
    #[cfg(feature = "oidc")]
    provider: Option<Provider>,
}

/// How somebody signs in, as the audit log names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Password,
    Link,
    #[cfg(feature = "oidc")]
    Provider,
}

impl Way {
    fn operation(self) -> &'static str {
        match self {
            Way::Password => "sign_in_by_password",
            Way::Link => "sign_in_by_link",
            #[cfg(feature = "oidc")]
            Way::Provider => "sign_in_by_provider",
        }
    }
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
            pace: Pace::default(),
            #[cfg(feature = "oidc")]
            provider: None,
        }
    }

    /// Lets users sign in at an OpenID provider too.
    #[cfg(feature = "oidc")]
    pub fn with_provider(self, provider: Option<Provider>) -> Authority {
        Authority { provider, ..self }
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

    /// Whether a grant is for this server as the request names it.
    pub(crate) fn gave(&self, grant: &str, headers: &HeaderMap) -> Result<bool, Failure> {
        let here = metadata::resource_of(&self.origin(headers));
        Ok(self.store.grant(grant)?.is_some_and(|grant| metadata::is_same_resource(&grant.resource, &here)))
    }

    /// Whether browsers reach the server by https.
    pub(crate) fn is_secure(&self) -> bool {
        self.public.as_ref().is_some_and(|public| public.starts_with("https://"))
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        (self.clock)()
    }

    #[cfg(feature = "oidc")]
    pub(crate) fn provider(&self) -> Option<&Provider> {
        self.provider.as_ref()
    }

    /// What the provider is called where users may sign in at one.
    #[cfg(feature = "oidc")]
    pub(crate) fn provider_name(&self) -> Option<&str> {
        self.provider.as_ref().map(Provider::name)
    }

    /// Built without the feature `oidc`, there is none.
    #[cfg(not(feature = "oidc"))]
    pub(crate) fn provider_name(&self) -> Option<&str> {
        None
    }

    /// Whether one more attempt to sign in may be made now, from this address and at this account, where they are
    /// known. Of refusals a few a minute are recorded.
    pub(crate) async fn may_sign_in(self: &Arc<Self>, way: Way, from: Option<IpAddr>, email: Option<&str>) -> bool {
        if self.pace.may_sign_in(from, email) {
            return true;
        }
        tracing::warn!(way = way.operation(), "too many attempts to sign in");
        if self.pace.may_record() {
            // What cannot be recorded is in the log, and the attempt is refused all the same.
            let _ = self.blocking(move |authority| authority.note_sign_in(None, way, Some(Code::RateLimited))).await;
        }
        false
    }

    pub(crate) fn may_register(&self) -> bool {
        self.pace.may_register()
    }

    /// Records an attempt to sign in: whose account it was, where there is such a user, and how it ended.
    pub(crate) fn note_sign_in(&self, user: Option<&str>, way: Way, refused: Option<Code>) -> Result<(), Failure> {
        self.record(user.unwrap_or("unknown"), "", "production", way.operation(), refused, "")
    }

    /// Records in the audit log what a user did in a browser, and to what.
    pub(crate) fn note(
        &self,
        user: &str,
        organization: &str,
        environment: &str,
        operation: &str,
        target: &str,
    ) -> Result<(), Failure> {
        self.record(user, organization, environment, operation, None, target)
    }

    fn record(
        &self,
        user: &str,
        organization: &str,
        environment: &str,
        operation: &str,
        refused: Option<Code>,
        target: &str,
    ) -> Result<(), Failure> {
        self.store.append_audit(&[Record {
            at: self.now(),
            caller: user.into(),
            organization: organization.into(),
            environment: environment.into(),
            door: "page".into(),
            operation: operation.into(),
            outcome: refused.map_or("answered", Code::as_str).into(),
            target: target.into(),
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
