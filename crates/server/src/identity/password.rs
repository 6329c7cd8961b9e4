//! Passwords: argon2id with a salt of its own, and the same work for an account that does not exist.
//!
//! Hashing takes some 20 MB and tens of milliseconds: callers run it off the threads that serve, and however many
//! there are, only a few hash at once.

use std::sync::{Condvar, LazyLock, Mutex, PoisonError};

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

/// Passwords that are hashed at the same time at most: anybody may ask for it, and the memory is not given back.
const AT_ONCE: usize = 2;

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
    let _turn = Turn::take();
    let is_same = Argon2::default().verify_password(offered.as_bytes(), &kept).is_ok();
    is_same && hash.is_some()
}

/// Leave to hash, given back when dropped.
struct Turn;

static HASHING: Mutex<usize> = Mutex::new(0);
static GIVEN_BACK: Condvar = Condvar::new();

impl Turn {
    /// Waits until fewer than [`AT_ONCE`] hash.
    fn take() -> Turn {
        let count = HASHING.lock().unwrap_or_else(PoisonError::into_inner);
        let mut count = GIVEN_BACK.wait_while(count, |count| *count >= AT_ONCE).unwrap_or_else(PoisonError::into_inner);
        *count += 1;
        Turn
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *HASHING.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        GIVEN_BACK.notify_one();
    }
}

fn hashed(password: &str) -> Result<String, Failure> {
    let _turn = Turn::take();
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
    fn only_a_few_hash_at_once() {
        let most = Mutex::new((0, 0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let turn = Turn::take();
                    let now = {
                        let mut seen = most.lock().unwrap();
                        seen.0 += 1;
                        seen.1 = seen.1.max(seen.0);
                        seen.0
                    };
                    assert!(now <= AT_ONCE, "{now} at once");
                    std::thread::sleep(std::time::Duration::from_millis(5));
                    most.lock().unwrap().0 -= 1;
                    drop(turn);
                });
            }
        });
        assert!(most.lock().unwrap().1 > 0);
    }

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
