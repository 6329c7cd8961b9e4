//! Signing in at an external OpenID provider: the authorization code flow with PKCE, state and nonce (OpenID Connect
//! Core 1.0 §3.1, RFC 7636).
//!
//! The operator names the provider; what it offers is fetched when somebody first signs in there, and kept for an
//! hour. Every request has a limit of time and of bytes, follows no redirect, and goes over https, but for a provider
//! at a loopback address.

mod attempt;
mod carrier;
mod fault;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreIdToken, CoreIdTokenClaims, CoreJwsSigningAlgorithm,
    CoreProviderMetadata, CoreUserInfoClaims,
};
use openidconnect::{
    AccessToken, AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken,
    EndpointMaybeSet, EndpointNotSet, EndpointSet, IssuerUrl, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, Scope, SubjectIdentifier, TokenResponse as _,
};
use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;
use tokio::sync::Mutex;
use url::{Host, Url};

pub(crate) use attempt::Attempt;
use carrier::Carrier;
pub(crate) use fault::{Fault, word};

use crate::identity::secret::Secret;

/// Where a provider sends browsers back to: behind the server's address, what is registered there.
pub const CALLBACK: &str = "/oauth/oidc/callback";

/// How long what the provider offers is kept, and how long it is not asked again after a failure or for new keys.
const KEPT: Duration = Duration::from_secs(3_600);
const PAUSE: Duration = Duration::from_secs(5);
/// How long it may take to say what it offers.
const PATIENCE: Duration = Duration::from_secs(10);
/// Characters of the name on the button.
const NAME_LENGTH: usize = 60;

/// Signatures that are accepted where the provider offers them: those by a key that the provider alone has.
const ALGORITHMS: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];

/// A client of ours at the provider, with the endpoints that signing in needs.
type Client = CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointSet, EndpointMaybeSet>;

/// The provider, as an operator set it up.
pub struct Provider {
    issuer: IssuerUrl,
    client: ClientId,
    /// None of a public client, which PKCE alone proves.
    secret: Option<Secret>,
    name: String,
    found: Mutex<Option<Found>>,
}

/// What the provider offers, or that it could not be asked.
struct Found {
    at: Instant,
    metadata: Result<Arc<CoreProviderMetadata>, Fault>,
}

/// Somebody whom the provider vouches for.
#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) subject: String,
    /// An address for mail, and whether it is verified, as far as the token says.
    email: Option<(String, bool)>,
    access: AccessToken,
}

impl Provider {
    /// The provider of this issuer, to which this server is known by the client's identifier.
    pub fn new(issuer: &str, client: &str, secret: Option<Secret>, name: Option<&str>) -> Result<Provider, Failure> {
        let refuse = |field: &str, message: String, help: &str| -> Failure {
            Diagnostic::new(Code::InvalidArgument, message).field(field).help(help).into()
        };
        let shown: String = issuer.chars().filter(|c| !c.is_control()).take(200).collect();
        let help = "give the issuer as the provider's configuration has it, as in https://login.example.com";
        let Ok(url) = Url::parse(issuer) else {
            return Err(refuse("--oidc-issuer", format!("`{shown}` is not an address"), help));
        };
        if !is_guarded(&url) {
            return Err(refuse("--oidc-issuer", format!("`{shown}` is neither https nor at a loopback address"), help));
        }
        if !url.username().is_empty() || url.password().is_some() || url.query().is_some() || url.fragment().is_some() {
            return Err(refuse("--oidc-issuer", format!("`{shown}` has more than a host and a path"), help));
        }
        if client.trim().is_empty() {
            let help = "give the identifier that the provider knows this server by";
            return Err(refuse("--oidc-client-id", "the client's identifier is empty".into(), help));
        }
        let host = url.host_str().unwrap_or_default().to_string();
        let name = name.map_or(host, |name| name.trim().to_string());
        if name.is_empty() || name.chars().count() > NAME_LENGTH || name.chars().any(char::is_control) {
            let message = format!("a provider's name has 1 to {NAME_LENGTH} characters and no control characters");
            return Err(refuse("--oidc-name", message, "it stands on the button: Continue with …"));
        }
        let issuer =
            IssuerUrl::new(issuer.to_string()).map_err(|_| refuse("--oidc-issuer", "not an address".into(), help))?;
        let client = ClientId::new(client.trim().to_string());
        Ok(Provider { issuer, client, secret, name, found: Mutex::new(None) })
    }

    /// What pages call it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn issuer(&self) -> &str {
        self.issuer.as_str()
    }

    /// Where the browser goes to sign in; it comes back to `callback`.
    pub(crate) async fn address(&self, attempt: &Attempt, callback: &str) -> Result<Url, Fault> {
        let metadata = self.metadata(KEPT).await?;
        let client = self.at(&metadata, callback)?;
        let (state, nonce) = (CsrfToken::new(attempt.state()), Nonce::new(attempt.nonce()));
        let verifier = PkceCodeVerifier::new(attempt.verifier().expose().to_string());
        let (address, ..) = client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, || state, || nonce)
            .add_scope(Scope::new("email".into()))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier))
            .url();
        Ok(address)
    }

    /// Who came back with this code, by an identity token whose signature, issuer, audience, time and nonce hold.
    pub(crate) async fn person(
        &self,
        attempt: &Attempt,
        code: &str,
        callback: &str,
        now: DateTime<Utc>,
    ) -> Result<Person, Fault> {
        let metadata = self.metadata(KEPT).await?;
        let client = self.at(&metadata, callback)?;
        let carrier = self.carrier()?;
        let request = client
            .exchange_code(AuthorizationCode::new(code.to_string()))
            .set_pkce_verifier(PkceCodeVerifier::new(attempt.verifier().expose().to_string()));
        let answer = request.request_async(&carrier).await.map_err(|fault| fault::of_exchange(&fault))?;
        let token = answer.id_token().ok_or(Fault::Unfit("it gave no identity token"))?;
        let claims = match self.verified(&client, &metadata, token, attempt, now) {
            // The provider may sign with a key that it did not have before.
            Err(ClaimsVerificationError::SignatureVerification(_)) => {
                let newer = self.metadata(PAUSE).await?;
                let client = self.at(&newer, callback)?;
                self.verified(&client, &newer, token, attempt, now).map_err(|fault| fault::of_token(&fault))?
            }
            verified => verified.map_err(|fault| fault::of_token(&fault))?,
        };
        if claims.authorized_party().is_some_and(|party| *party != self.client) {
            return Err(Fault::Unfit("its identity token was made for another client"));
        }
        let is_verified = claims.email_verified() == Some(true);
        let email = claims.email().map(|email| (email.to_string(), is_verified));
        let subject = claims.subject().to_string();
        Ok(Person { subject, email, access: answer.access_token().clone() })
    }

    /// The person's address for mail, which the provider has verified; none where it says of none that it has.
    pub(crate) async fn email(&self, person: &Person) -> Result<Option<String>, Fault> {
        if let Some((email, true)) = &person.email {
            return Ok(Some(email.clone()));
        }
        let metadata = self.metadata(KEPT).await?;
        // What scopes ask for may be told there alone (OpenID Connect Core 1.0 §5.4).
        let Some(endpoint) = metadata.userinfo_endpoint() else { return Ok(None) };
        guarded(endpoint.url())?;
        let client = self.at(&metadata, CALLBACK_OF_NOBODY)?;
        let subject = SubjectIdentifier::new(person.subject.clone());
        let request = client
            .user_info(person.access.clone(), Some(subject))
            .map_err(|_| Fault::Unfit("it says nothing about people"))?;
        let carrier = self.carrier()?;
        let told: CoreUserInfoClaims =
            request.request_async(&carrier).await.map_err(|fault| fault::of_user_info(&fault))?;
        let is_verified = told.email_verified() == Some(true);
        Ok(told.email().filter(|_| is_verified).map(|email| email.to_string()))
    }

    fn verified<'a>(
        &self,
        client: &Client,
        metadata: &CoreProviderMetadata,
        token: &'a CoreIdToken,
        attempt: &Attempt,
        now: DateTime<Utc>,
    ) -> Result<&'a CoreIdTokenClaims, ClaimsVerificationError> {
        let offered: HashSet<_> = metadata.id_token_signing_alg_values_supported().iter().cloned().collect();
        let accepted: Vec<_> = ALGORITHMS.into_iter().filter(|algorithm| offered.contains(algorithm)).collect();
        let verifier = client.id_token_verifier().set_allowed_algs(accepted).set_time_fn(move || now);
        token.claims(&verifier, &Nonce::new(attempt.nonce()))
    }

    /// What the provider offers; asked anew when it is older than this.
    async fn metadata(&self, oldest: Duration) -> Result<Arc<CoreProviderMetadata>, Fault> {
        let mut found = self.found.lock().await;
        if let Some(Found { at, metadata }) = &*found {
            let oldest = if metadata.is_ok() { oldest } else { PAUSE };
            if at.elapsed() < oldest {
                return metadata.clone();
            }
        }
        let discovered = tokio::time::timeout(PATIENCE, self.discover()).await;
        let metadata = discovered.unwrap_or(Err(Fault::Unreachable)).map(Arc::new);
        *found = Some(Found { at: Instant::now(), metadata: metadata.clone() });
        metadata
    }

    async fn discover(&self) -> Result<CoreProviderMetadata, Fault> {
        let carrier = self.carrier()?;
        let asked = CoreProviderMetadata::discover_async(self.issuer.clone(), &carrier).await;
        let found = asked.map_err(|fault| fault::of_discovery(&fault))?;
        guarded(found.authorization_endpoint().url())?;
        guarded(found.jwks_uri().url())?;
        let token = found.token_endpoint().ok_or(Fault::Unfit("it gives no tokens"))?;
        guarded(token.url())?;
        Ok(found)
    }

    fn at(&self, metadata: &CoreProviderMetadata, callback: &str) -> Result<Client, Fault> {
        let secret = self.secret.as_ref().map(|secret| ClientSecret::new(secret.expose().to_string()));
        let token = metadata.token_endpoint().cloned().ok_or(Fault::Unfit("it gives no tokens"))?;
        let callback = RedirectUrl::new(callback.to_string()).map_err(|_| Fault::Unfit("the server has no address"))?;
        // Basic is what a provider that does not say takes (OpenID Connect Discovery 1.0 §3).
        let ways = metadata.token_endpoint_auth_methods_supported();
        let takes = |way: &CoreClientAuthMethod| ways.is_none_or(|ways| ways.contains(way));
        let in_form =
            !takes(&CoreClientAuthMethod::ClientSecretBasic) && takes(&CoreClientAuthMethod::ClientSecretPost);
        let auth = if in_form { AuthType::RequestBody } else { AuthType::BasicAuth };
        let client = CoreClient::from_provider_metadata(metadata.clone(), self.client.clone(), secret);
        Ok(client.set_token_uri(token).set_redirect_uri(callback).set_auth_type(auth))
    }

    fn carrier(&self) -> Result<Carrier, Fault> {
        Carrier::new(self.issuer.url().scheme() == "https").map_err(|lost| {
            tracing::error!(kind = lost.kind(), "no request can be made to the OpenID provider");
            Fault::Unreachable
        })
    }
}

/// What a client is made with where no browser comes back.
const CALLBACK_OF_NOBODY: &str = "http://localhost/";

/// Whether what goes there can be read and changed by nobody in between.
fn is_guarded(url: &Url) -> bool {
    let is_loopback = match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    url.has_host() && (url.scheme() == "https" || url.scheme() == "http" && is_loopback)
}

fn guarded(url: &Url) -> Result<(), Fault> {
    if is_guarded(url) { Ok(()) } else { Err(Fault::Unfit("an address of it is not https")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_https_or_at_a_loopback_address() {
        for good in
            ["https://login.example.com", "https://a.test/tenant/v2.0", "http://127.0.0.1:3000", "http://[::1]:1"]
        {
            let provider = Provider::new(good, "sextant", None, None).expect(good);
            assert_eq!(provider.issuer(), good);
        }
        for bad in [
            "login.example.com",
            "http://login.example.com",
            "http://localhost.evil.test",
            "ftp://localhost",
            "https://user@a.test",
            "https://a.test/?x=1",
            "https://a.test/#x",
        ] {
            assert!(Provider::new(bad, "sextant", None, None).is_err(), "{bad}");
        }
        assert!(Provider::new("https://a.test", " ", None, None).is_err());
        assert!(Provider::new("https://a.test", "sextant", None, Some("a\nb")).is_err());
        let named = |name| Provider::new("https://a.test/x", "s", None, name).unwrap().name().to_string();
        assert_eq!((named(None).as_str(), named(Some(" Acme SSO ")).as_str()), ("a.test", "Acme SSO"));
    }

    #[test]
    fn no_signature_is_accepted_that_somebody_else_could_make() {
        for algorithm in ALGORITHMS {
            use openidconnect::JwsSigningAlgorithm as _;
            assert!(!algorithm.uses_shared_secret() && algorithm != CoreJwsSigningAlgorithm::None);
        }
    }

    #[tokio::test]
    async fn a_provider_that_is_down_is_told_at_once_and_not_asked_again_soon() {
        let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", closed.local_addr().unwrap());
        drop(closed);
        let provider = Provider::new(&issuer, "sextant", None, None).unwrap();
        let attempt = Attempt::new().unwrap();
        for _ in 0..2 {
            let address = provider.address(&attempt, "http://localhost/oauth/oidc/callback").await;
            assert_eq!(address.unwrap_err(), Fault::Unreachable);
        }
    }
}
