//! One sign-in at a provider: everything about it follows from the secret in the browser's cookie, so that only that
//! browser ends it, and nothing of it has to be kept but a hash.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sextant_engine::workspace::Failure;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::identity::secret::{Hash, Secret};

/// A sign-in that has begun.
pub(crate) struct Attempt(Secret);

impl Attempt {
    pub(crate) fn new() -> Result<Attempt, Failure> {
        Secret::random().map(Attempt)
    }

    /// The one of a cookie.
    pub(crate) fn of(cookie: String) -> Attempt {
        Attempt(Secret::new(cookie))
    }

    /// What the cookie holds.
    pub(crate) fn cookie(&self) -> &Secret {
        &self.0
    }

    pub(crate) fn digest(&self) -> Hash {
        self.0.digest()
    }

    /// What comes back with the browser (RFC 6749 §10.12).
    pub(crate) fn state(&self) -> String {
        self.derived("state")
    }

    /// In constant time.
    pub(crate) fn is_state(&self, presented: &str) -> bool {
        self.state().as_bytes().ct_eq(presented.as_bytes()).into()
    }

    /// What the identity token repeats (OpenID Connect Core 1.0 §3.1.2.1).
    pub(crate) fn nonce(&self) -> String {
        self.derived("nonce")
    }

    /// What the code is exchanged with (RFC 7636 §4.1).
    pub(crate) fn verifier(&self) -> Secret {
        Secret::new(self.derived("code verifier"))
    }

    /// 43 digits that tell nothing of the secret, nor of one another.
    fn derived(&self, purpose: &str) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(format!("{purpose} of {}", self.0.expose())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_it_follows_from_the_cookie() {
        let attempt = Attempt::new().unwrap();
        let again = Attempt::of(attempt.cookie().expose().to_string());
        let derived = |attempt: &Attempt| [attempt.state(), attempt.nonce(), attempt.verifier().expose().to_string()];
        assert_eq!(derived(&attempt), derived(&again));
        let [state, nonce, verifier] = derived(&attempt);
        assert!(state != nonce && nonce != verifier && verifier != state && verifier.len() == 43);
        assert!(again.is_state(&state) && !again.is_state(&nonce) && !again.is_state(""));
        assert!(!Attempt::new().unwrap().is_state(&state));
    }
}
