//! How often a token, and all tokens of an organization together, may call.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota};
use sextant_engine::workspace::Failure;
use sextant_semantics::code::Code;
use sextant_semantics::diagnostic::Diagnostic;

use super::caller::Caller;

/// Calls a minute of one token, unless the operator says otherwise; a tenth of a minute's may come at once.
pub const TOKEN_RATE: u32 = 600;
/// Calls a minute of all tokens of one organization.
pub const ORGANIZATION_RATE: u32 = 3_000;

/// Calls a minute; each none where there is no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    pub token: Option<NonZeroU32>,
    pub organization: Option<NonZeroU32>,
}

impl Default for Rates {
    fn default() -> Self {
        Rates { token: NonZeroU32::new(TOKEN_RATE), organization: NonZeroU32::new(ORGANIZATION_RATE) }
    }
}

/// Callers that are remembered at least before those who have all of their allowance again are forgotten.
const REMEMBERED: usize = 4_096;

/// The calls of the last while, of accepted tokens alone.
#[derive(Debug)]
pub struct RateLimits {
    tokens: Option<DefaultKeyedRateLimiter<String>>,
    organizations: Option<DefaultKeyedRateLimiter<String>>,
    /// Calls since there were many callers.
    counted: AtomicUsize,
    clock: DefaultClock,
}

impl RateLimits {
    pub fn new(rates: Rates) -> RateLimits {
        let limiter = |rate: NonZeroU32| {
            let burst = NonZeroU32::new(rate.get().div_ceil(10)).unwrap_or(NonZeroU32::MIN);
            DefaultKeyedRateLimiter::keyed(Quota::per_minute(rate).allow_burst(burst))
        };
        RateLimits {
            tokens: rates.token.map(limiter),
            organizations: rates.organization.map(limiter),
            counted: AtomicUsize::new(0),
            clock: DefaultClock::default(),
        }
    }

    /// Counts a call at the door: of the token, and of its organization. For which organization a partner calls, only
    /// the call itself says: [`RateLimits::admit_for`] counts that one.
    pub fn admit(&self, caller: &Caller) -> Result<(), Failure> {
        self.count(self.tokens.as_ref(), caller.counted_as())?;
        if caller.partner.is_none() { self.count_organization(caller) } else { Ok(()) }
    }

    /// Counts a call of a partner for the organization that it turned out to be for.
    pub fn admit_for(&self, caller: &Caller) -> Result<(), Failure> {
        if caller.partner.is_some() { self.count_organization(caller) } else { Ok(()) }
    }

    fn count_organization(&self, caller: &Caller) -> Result<(), Failure> {
        // An environment has its own allowance: a sandbox cannot use up what production has.
        let organization = format!("{}/{}", caller.organization, caller.environment.as_str());
        self.count(self.organizations.as_ref(), &organization)
    }

    fn count(&self, limiter: Option<&DefaultKeyedRateLimiter<String>>, key: &str) -> Result<(), Failure> {
        let Some(limiter) = limiter else { return Ok(()) };
        if limiter.len() >= REMEMBERED && self.counted.fetch_add(1, Ordering::Relaxed).is_multiple_of(REMEMBERED) {
            limiter.retain_recent();
            limiter.shrink_to_fit();
        }
        match limiter.check_key(&key.to_string()) {
            Ok(()) => Ok(()),
            Err(until) => Err(refused(until.wait_time_from(self.clock.now()))),
        }
    }
}

const AGAIN: &str = "call again in ";

fn refused(wait: Duration) -> Failure {
    later("too many calls in a short time", wait)
}

/// `rate-limited`, with the whole seconds to wait.
pub(crate) fn later(fact: impl Into<String>, wait: Duration) -> Failure {
    let seconds = wait.as_secs_f64().ceil().max(1.0) as u64;
    Diagnostic::new(Code::RateLimited, fact).help(format!("{AGAIN}{seconds} s")).into()
}

/// The seconds that a `rate-limited` names, as `Retry-After` writes them.
pub(crate) fn wait_of(failure: &Failure) -> Option<u64> {
    let fault = failure.0.iter().find(|fault| fault.code == Code::RateLimited)?;
    fault.help.as_deref()?.strip_prefix(AGAIN)?.strip_suffix(" s")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::super::caller::Door;
    use super::*;

    #[test]
    fn a_token_and_an_organization_have_their_own_allowances() {
        let rates = Rates { token: NonZeroU32::new(20), organization: NonZeroU32::new(30) };
        let limits = RateLimits::new(rates);
        let caller = |name: &str| Caller { name: name.into(), ..Caller::local(Door::Api) };
        let admitted = |name: &str| (0..5).filter(|_| limits.admit(&caller(name)).is_ok()).count();
        // A burst is a tenth: two calls of a token, three of its organization.
        assert_eq!(admitted("a"), 2);
        assert_eq!(admitted("b"), 1);
        let failure = limits.admit(&caller("a")).unwrap_err();
        let seconds = wait_of(&failure).unwrap();
        assert!((1..=3).contains(&seconds), "{seconds}");
        assert_eq!(failure.0.0[0].code, Code::RateLimited);
        let other = Caller { organization: "other".into(), ..caller("c") };
        assert!(limits.admit(&other).is_ok());
    }
}
