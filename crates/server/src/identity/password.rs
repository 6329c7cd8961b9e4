//! Passwords: argon2id with a salt of its own, and the same work for an account that does not exist.
//!
//! Hashing takes some 20 MB and tens of milliseconds: callers run it off the threads that serve.

use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;

use super::secret::Secret;
use crate::error;

/// Characters of a password at least (NIST SP 800-63B §5.1.1.2 asks for 8), and bytes at most.
pub const SHORTEST: usize = 12;
const LONGEST: usize = 1_024;

/// What an unknown account's password is held against.
static NOBODY: LazyLock<Option<String>> = LazyLock::new(|| hashed("a password that nobody has").ok());

/// The PHC text of a password that somebody chose.
pub fn hash(password: &Secret) -> Result<String, Failure> {
    let chosen = password.expose();
    if chosen.chars().count() < SHORTEST || chosen.len() > LONGEST {
        let message = format!("a password has at least {SHORTEST} characters and at most {LONGEST} bytes");
        return Err(Diagnostic::new(Code::InvalidArgument, message)
            .help("a few words in a row make a good one")
            .into());
    }
    hashed(chosen)
}

/// Whether the password is the one that was hashed. Without a hash it takes as long, and is not.
pub fn verify(password: &Secret, hash: Option<&str>) -> bool {
    let offered = password.expose();
    if offered.len() > LONGEST {
        return false;
    }
    let Some(text) = hash.or(NOBODY.as_deref()) else { return false };
    let Ok(kept) = PasswordHash::new(text) else { return false };
    let is_same = Argon2::default().verify_password(offered.as_bytes(), &kept).is_ok();
    is_same && hash.is_some()
}

fn hashed(password: &str) -> Result<String, Failure> {
    match Argon2::default().hash_password(password.as_bytes()) {
        Ok(hash) => Ok(hash.to_string()),
        Err(fault) => {
            tracing::error!(%fault, "a password cannot be hashed");
            Err(error::internal())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_again_and_no_other() {
        let secret = |text: &str| Secret::new(text.into());
        let kept = hash(&secret("correct horse battery")).unwrap();
        assert!(kept.starts_with("$argon2id$v=19$"), "{kept}");
        assert_ne!(kept, hash(&secret("correct horse battery")).unwrap(), "each has its salt");
        assert!(verify(&secret("correct horse battery"), Some(&kept)));
        assert!(!verify(&secret("correct horse batterz"), Some(&kept)));
        assert!(!verify(&secret("a password that nobody has"), None));
        assert!(!verify(&secret("correct horse battery"), Some("not a hash")));
        assert!(hash(&secret("too short")).is_err() && hash(&secret(&"x".repeat(2_000))).is_err());
    }
}
