//! Secrets: random, compared in constant time, wiped when dropped, and never shown by accident.

use std::fmt;

use sextant_engine::workspace::Failure;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::error;

const BASE62: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A text that must be shown once and kept nowhere. Its `Debug` shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    pub fn new(text: String) -> Secret {
        Secret(Zeroizing::new(text))
    }

    /// 43 characters of base64url from 32 random bytes: codes, refresh tokens, sessions.
    pub fn random() -> Result<Secret, Failure> {
        use base64::Engine as _;
        let mut bytes = Zeroizing::new([0_u8; 32]);
        fill(bytes.as_mut())?;
        Ok(Secret::new(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(*bytes)))
    }

    /// The text itself. What receives it must neither log nor keep it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    pub fn digest(&self) -> Hash {
        Hash::of(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// The SHA-256 of a secret: all that is kept of one. Enough for 190 bits of randomness; passwords use argon2.
#[derive(Clone, Copy)]
pub struct Hash([u8; 32]);

impl Hash {
    pub fn of(secret: &str) -> Hash {
        Hash(Sha256::digest(secret.as_bytes()).into())
    }

    pub fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// In constant time.
    pub fn is(&self, other: &[u8]) -> bool {
        self.0.as_slice().ct_eq(other).into()
    }
}

/// So many base62 digits of the system's randomness, each equally likely.
pub(crate) fn base62(digits: usize) -> Result<Zeroizing<String>, Failure> {
    let mut text = Zeroizing::new(String::with_capacity(digits));
    let mut bytes = Zeroizing::new([0_u8; 64]);
    while text.len() < digits {
        fill(bytes.as_mut())?;
        // 248 is the largest multiple of 62 in a byte: what lies above would favour the first digits.
        let wanted = digits - text.len();
        text.extend(
            bytes.iter().filter(|byte| **byte < 248).take(wanted).map(|byte| char::from(digit(u32::from(*byte)))),
        );
    }
    Ok(text)
}

/// The last six base62 digits of a number, the highest first.
pub(crate) fn base62_of(number: u32) -> [u8; 6] {
    let mut digits = [b'0'; 6];
    let mut rest = number;
    for place in digits.iter_mut().rev() {
        *place = digit(rest);
        rest /= 62;
    }
    digits
}

fn digit(number: u32) -> u8 {
    BASE62[(number % 62) as usize]
}

/// An identifier that is not secret: the prefix, `_`, and 24 hexadecimal digits from the system's randomness.
pub(crate) fn identifier(prefix: &str) -> Result<String, Failure> {
    let mut bytes = [0_u8; 12];
    fill(&mut bytes)?;
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(format!("{prefix}_{digits}"))
}

fn fill(bytes: &mut [u8]) -> Result<(), Failure> {
    getrandom::fill(bytes).map_err(|fault| {
        tracing::error!(%fault, "the system gives no random bytes");
        error::internal()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_shown_by_debug() {
        let secret = Secret::random().unwrap();
        assert_eq!(secret.expose().len(), 43);
        assert!(!format!("{secret:?}").contains(secret.expose()));
    }

    #[test]
    fn a_hash_is_sha256() {
        // FIPS 180-4, the example of one block.
        let hex: String = Hash::of("abc").bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
        assert!(Hash::of("abc").is(Hash::of("abc").bytes()));
        assert!(!Hash::of("abc").is(Hash::of("abd").bytes()));
        assert!(!Hash::of("abc").is(b"short"));
    }

    #[test]
    fn digits_are_of_base62_and_equally_likely() {
        let text = base62(62_000).unwrap();
        for digit in BASE62 {
            let count = text.bytes().filter(|byte| byte == digit).count();
            assert!((850..1150).contains(&count), "{} stands {count} times", char::from(*digit));
        }
        assert_eq!(&base62_of(0), b"000000");
        assert_eq!(&base62_of(61), b"00000z");
        assert_eq!(&base62_of(u32::MAX), b"4gfFC3");
    }
}
