//! The throttle of failed logins, by account and by client address.
//!
//! A login takes one attempt from each of the two before the password is looked at, so that logins at the same moment
//! cannot slip through, and gives them back unless it failed. A sign-up takes one from the address and keeps it. It lives in memory: each process counts for itself.

use crate::accounts::Settings;
use earmark_db::across;
use earmark_model::Sources;
use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::StateStore;
use governor::state::keyed::ShrinkableKeyedStateStore;
use governor::{Quota, RateLimiter};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Accounts, and addresses, remembered at most.
const KEYS_MAX: usize = 50_000;

/// The throttle of logins.
pub(crate) struct Throttle {
    accounts: Limit<[u8; 32]>,
    addresses: Limit<Option<IpAddr>>,
}

/// An attempt that counts as failed until it is given back.
pub(crate) struct Attempt<'a> {
    throttle: &'a Throttle,
    account: [u8; 32],
    address: Option<IpAddr>,
}

impl Throttle {
    pub(crate) fn new(settings: &Settings, sources: &Sources) -> Self {
        let window = settings.login_window.to_std().unwrap_or_default();
        Self {
            accounts: Limit::new(settings.login_attempts_per_account, window, sources),
            addresses: Limit::new(settings.login_attempts_per_address, window, sources),
        }
    }

    /// Takes an attempt, or says how long to wait for the next.
    pub(crate) fn attempt(
        &self,
        email: &str,
        address: Option<IpAddr>,
    ) -> Result<Attempt<'_>, Duration> {
        // A digest is as long for an address of any length, and keeps none in memory.
        let account = Sha256::digest(across::User::email_key(email)).into();
        let address = address.map(network);
        self.addresses.take(&address)?;
        self.accounts
            .take(&account)
            .inspect_err(|_| self.addresses.give_back(&address))?;
        Ok(Attempt {
            throttle: self,
            account,
            address,
        })
    }

    /// Takes an attempt from the client address for good, or says how long to wait for the next.
    pub(crate) fn take_address(&self, address: Option<IpAddr>) -> Result<(), Duration> {
        self.addresses.take(&address.map(network))
    }
}

impl Attempt<'_> {
    /// It did not fail.
    pub(crate) fn give_back(self) {
        self.throttle.accounts.give_back(&self.account);
        self.throttle.addresses.give_back(&self.address);
    }
}

/// What counts as one address: of IPv6 the network, since one customer has all the addresses of a /64.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => {
            Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into()
        }
        v4 => v4,
    }
}

/// The process's clock as the limiter wants it. A step of the machine's clock lengthens or shortens a wait, no more.
struct Now(Sources);

impl Clock for Now {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        let nanos = self.0.now().timestamp_nanos_opt().unwrap_or(0);
        Nanos::new(u64::try_from(nanos).unwrap_or(0))
    }
}

/// One limit: so many attempts at once, each coming back after its share of the window.
struct Limit<K: Clone + Hash + Eq> {
    limiter: RateLimiter<K, Taken<K>, Now, NoOpMiddleware<Nanos>>,
    taken: Taken<K>,
    clock: Now,
    /// The time after which one attempt comes back.
    share: Duration,
}

impl<K: Clone + Hash + Eq> Limit<K> {
    fn new(attempts: u32, window: Duration, sources: &Sources) -> Self {
        let attempts = NonZeroU32::new(attempts).unwrap_or(NonZeroU32::MIN);
        let share = (window / attempts.get()).max(Duration::from_nanos(1));
        let quota = Quota::with_period(share)
            .unwrap_or(Quota::per_second(attempts))
            .allow_burst(attempts);
        let taken = Taken(Arc::default());
        Self {
            limiter: RateLimiter::new(quota, taken.clone(), Now(sources.clone())),
            taken,
            clock: Now(sources.clone()),
            share,
        }
    }

    fn take(&self, key: &K) -> Result<(), Duration> {
        if self.taken.is_full_for(key) {
            self.limiter.retain_recent();
            self.taken.forget_mildest();
        }
        let not_until = match self.limiter.check_key(key) {
            Ok(()) => return Ok(()),
            Err(not_until) => not_until,
        };
        Err(not_until.wait_time_from(self.clock.now()))
    }

    fn give_back(&self, key: &K) {
        let mut taken = self.taken.lock();
        if let Some(until) = taken.get_mut(key) {
            *until = until.saturating_sub(self.share.into());
        }
    }
}

/// Until when each key's attempts are used up; governor's own stores cannot give one back.
#[derive(Debug)]
struct Taken<K>(Arc<Mutex<HashMap<K, Nanos>>>);

impl<K> Clone for Taken<K> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: Clone + Hash + Eq> Taken<K> {
    fn lock(&self) -> MutexGuard<'_, HashMap<K, Nanos>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether there is no room for this key.
    fn is_full_for(&self, key: &K) -> bool {
        let taken = self.lock();
        taken.len() >= KEYS_MAX && !taken.contains_key(key)
    }

    /// Forgets the key with the fewest attempts used up when there is no room for another.
    fn forget_mildest(&self) {
        let mut taken = self.lock();
        if taken.len() < KEYS_MAX {
            return;
        }
        let mildest = taken.iter().min_by_key(|(_, until)| **until);
        if let Some(key) = mildest.map(|(key, _)| key.clone()) {
            taken.remove(&key);
        }
    }
}

impl<K: Clone + Hash + Eq> StateStore for Taken<K> {
    type Key = K;

    fn measure_and_replace<T, F, E>(&self, key: &K, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut taken = self.lock();
        let (outcome, until) = measure(taken.get(key).copied())?;
        taken.insert(key.clone(), until);
        Ok(outcome)
    }
}

impl<K: Clone + Hash + Eq> ShrinkableKeyedStateStore<K> for Taken<K> {
    fn retain_recent(&self, drop_below: Nanos) {
        self.lock().retain(|_, until| *until > drop_below);
    }

    fn len(&self) -> usize {
        self.lock().len()
    }

    fn is_empty(&self) -> bool {
        self.lock().is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{DateTime, TimeDelta};
    use earmark_model::{ManualClock, SeededRandom};

    fn limit(attempts: u32) -> (Limit<u32>, Arc<ManualClock>) {
        let clock = Arc::new(ManualClock::new(
            DateTime::UNIX_EPOCH + TimeDelta::days(20_000),
        ));
        let sources = Sources::new(clock.clone(), Arc::new(SeededRandom::new(1)));
        let window = Duration::from_secs(60);
        (Limit::new(attempts, window, &sources), clock)
    }

    #[test]
    fn attempts_run_out_and_come_back() {
        let (limit, clock) = limit(3);
        for _ in 0..3 {
            assert_eq!(limit.take(&1), Ok(()));
        }
        assert_eq!(limit.take(&1), Err(Duration::from_secs(20)));
        assert_eq!(limit.take(&2), Ok(()), "keys count apart");
        clock.advance(TimeDelta::seconds(5));
        assert_eq!(limit.take(&1), Err(Duration::from_secs(15)));
        clock.advance(TimeDelta::seconds(15));
        assert_eq!(limit.take(&1), Ok(()));
        assert!(limit.take(&1).is_err());
    }

    #[test]
    fn what_is_given_back_can_be_taken_again() {
        let (limit, _clock) = limit(1);
        for _ in 0..5 {
            assert_eq!(limit.take(&1), Ok(()));
            limit.give_back(&1);
        }
        assert_eq!(limit.take(&1), Ok(()));
        assert!(limit.take(&1).is_err());
    }

    #[test]
    fn memory_is_bounded_and_the_worst_are_remembered() {
        let (limit, clock) = limit(2);
        let worst = u32::MAX;
        assert_eq!(limit.take(&worst), Ok(()));
        assert_eq!(limit.take(&worst), Ok(()));
        for key in 0..u32::try_from(KEYS_MAX).unwrap() + 10 {
            assert_eq!(limit.take(&key), Ok(()));
        }
        assert_eq!(limit.limiter.len(), KEYS_MAX);
        assert!(limit.take(&worst).is_err());
        assert_eq!(limit.limiter.len(), KEYS_MAX, "a known key needs no room");
        clock.advance(TimeDelta::minutes(5));
        assert_eq!(limit.take(&(worst - 1)), Ok(()));
        assert_eq!(
            limit.limiter.len(),
            1,
            "who waited long enough is forgotten"
        );
    }

    #[test]
    fn an_ipv6_network_is_one_address() {
        let network = |text: &str| network(text.parse().unwrap());
        assert_eq!(network("2001:db8::1"), network("2001:db8::ffff:1"));
        assert_ne!(network("2001:db8::1"), network("2001:db8:0:1::1"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
        assert_ne!(network("192.0.2.2"), network("192.0.2.1"));
    }
}
