//! How often somebody may try to sign in, and applications may register.
//!
//! Each attempt counts for the address it comes from, then for the account, then for all of them; what the first
//! refuses does not count for the others, so that one address uses up nobody else's attempts but an account's.

use std::net::IpAddr;
use std::num::NonZeroU32;

use governor::{DefaultDirectRateLimiter, DefaultKeyedRateLimiter, Quota, RateLimiter};

use crate::identity::secret::Hash;

/// Attempts to sign in a minute: from one address, to one account, and all of them.
const SIGN_INS_OF_ADDRESS: u32 = 20;
const SIGN_INS_OF_ACCOUNT: u32 = 5;
const SIGN_INS: u32 = 60;
/// Registrations of applications a minute.
const REGISTRATIONS: u32 = 30;
/// Refusals for the pace that are recorded a minute: a flood of attempts is told without a flood of writes.
const RECORDED: u32 = 6;

/// The paces of one server. Keys are 16 bits of a hash: so many at most, whatever is typed and whoever asks.
pub(crate) struct Pace {
    addresses: DefaultKeyedRateLimiter<u16>,
    accounts: DefaultKeyedRateLimiter<u16>,
    sign_ins: DefaultDirectRateLimiter,
    registrations: DefaultDirectRateLimiter,
    recorded: DefaultDirectRateLimiter,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            addresses: RateLimiter::keyed(a_minute(SIGN_INS_OF_ADDRESS)),
            accounts: RateLimiter::keyed(a_minute(SIGN_INS_OF_ACCOUNT)),
            sign_ins: RateLimiter::direct(a_minute(SIGN_INS)),
            registrations: RateLimiter::direct(a_minute(REGISTRATIONS)),
            recorded: RateLimiter::direct(a_minute(RECORDED)),
        }
    }
}

impl Pace {
    /// Whether one more attempt may be made now: from this address where it is known, at this account where one is
    /// named. Accounts that do not exist count as others do.
    pub(crate) fn may_sign_in(&self, from: Option<IpAddr>, email: Option<&str>) -> bool {
        let of_address = from.is_none_or(|from| self.addresses.check_key(&key(&of_network(from))).is_ok());
        let of_account = |email: &str| self.accounts.check_key(&key(&email.trim().to_lowercase())).is_ok();
        of_address && email.is_none_or(of_account) && self.sign_ins.check().is_ok()
    }

    pub(crate) fn may_register(&self) -> bool {
        self.registrations.check().is_ok()
    }

    /// Whether one more refusal is recorded.
    pub(crate) fn may_record(&self) -> bool {
        self.recorded.check().is_ok()
    }
}

/// The address; of version 6 its network, of which one household has many addresses.
fn of_network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}")
        }
    }
}

fn key(text: &str) -> u16 {
    let [high, low, ..] = *Hash::of(text).bytes();
    u16::from_be_bytes([high, low])
}

fn a_minute(count: u32) -> Quota {
    Quota::per_minute(NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admitted(pace: &Pace, times: usize, from: &str, email: &str) -> usize {
        (0..times).filter(|_| pace.may_sign_in(Some(from.parse().unwrap()), Some(email))).count()
    }

    #[test]
    fn an_account_has_a_pace_wherever_the_attempts_come_from() {
        let pace = Pace::default();
        assert_eq!((0..9).map(|i| admitted(&pace, 1, &format!("10.0.0.{i}"), " Ada@x.test")).sum::<usize>(), 5);
        assert_eq!(admitted(&pace, 1, "10.0.0.99", "bob@x.test"), 1);
    }

    #[test]
    fn an_address_has_a_pace_whatever_it_tries_and_uses_up_no_other() {
        let pace = Pace::default();
        assert_eq!((0..500).map(|i| admitted(&pace, 1, "10.0.0.1", &format!("{i}@x.test"))).sum::<usize>(), 20);
        assert_eq!(admitted(&pace, 5, "10.0.0.2", "ada@x.test"), 5, "others still sign in");
        let pace = Pace::default();
        let networks = (0..40).map(|i| admitted(&pace, 1, &format!("2001:db8:1:2::{i}"), &format!("{i}@x.test")));
        assert_eq!(networks.sum::<usize>(), 20, "a network of version 6 is one");
        assert_eq!(admitted(&pace, 1, "2001:db8:1:3::1", "z@x.test"), 1);
    }

    #[test]
    fn all_attempts_together_have_a_pace() {
        let pace = Pace::default();
        let tried = (0..99).map(|i| admitted(&pace, 1, &format!("10.0.1.{i}"), &format!("{i}@x.test")));
        assert!((58..=60).contains(&tried.sum::<usize>()));
        assert!((0..9).filter(|_| pace.may_record()).count() == 6);
    }
}
