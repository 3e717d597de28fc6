//! Time and randomness are values that are passed in; only the two sources here touch the machine's.

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use std::sync::{Arc, Mutex, PoisonError};
use uuid::Uuid;

/// Tells the time. All stored times are UTC, cut to microseconds: PostgreSQL keeps no more.
pub trait Clock: Send + Sync {
    /// The time now.
    fn now(&self) -> DateTime<Utc>;
}

/// Gives random bytes fit for keys and tokens.
pub trait Random: Send + Sync {
    /// Fills the whole buffer.
    fn fill(&self, buffer: &mut [u8]);
}

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the machine's clock"
    )]
    fn now(&self) -> DateTime<Utc> {
        let now = Utc::now();
        now.duration_trunc(TimeDelta::microseconds(1))
            .unwrap_or(now)
    }
}

/// The operating system's random source.
#[derive(Debug, Clone, Copy)]
pub struct OsRandom;

impl Random for OsRandom {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that asks the system for randomness"
    )]
    #[expect(
        clippy::expect_used,
        reason = "without randomness no key or token is safe; stopping is right"
    )]
    fn fill(&self, buffer: &mut [u8]) {
        getrandom::fill(buffer).expect("the operating system gives random bytes");
    }
}

/// A clock that stands until it is moved; for tests.
#[derive(Debug)]
pub struct ManualClock(Mutex<DateTime<Utc>>);

impl ManualClock {
    /// A clock that stands at `start`.
    #[must_use]
    pub fn new(start: DateTime<Utc>) -> Self {
        Self(Mutex::new(start))
    }

    /// Moves the clock forward (or back, with a negative step).
    pub fn advance(&self, step: TimeDelta) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) += step;
    }

    /// Sets the clock.
    pub fn set(&self, to: DateTime<Utc>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = to;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A repeatable byte stream for tests; never for keys.
#[derive(Debug)]
pub struct SeededRandom(Mutex<u64>);

impl SeededRandom {
    /// A stream that is the same for the same seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }
}

impl Random for SeededRandom {
    // SplitMix64: small and well spread, which is all that tests ask.
    fn fill(&self, buffer: &mut [u8]) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for chunk in buffer.chunks_mut(8) {
            *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = *state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            let bytes = (z ^ (z >> 31)).to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
    }
}

/// The last id given: its milliseconds and what follows them.
type LastId = (u64, u128);

/// Random bits that follow the milliseconds of a version 7 UUID; the highest one is left free for counting on.
const ID_BITS: u32 = 73;

/// The clock and the randomness that a process was given.
#[derive(Clone)]
pub struct Sources {
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    last_id: Arc<Mutex<LastId>>,
}

impl std::fmt::Debug for Sources {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sources")
    }
}

impl Sources {
    /// Sources made of the given parts.
    pub fn new(clock: Arc<dyn Clock>, random: Arc<dyn Random>) -> Self {
        Self {
            clock,
            random,
            last_id: Arc::default(),
        }
    }

    /// The machine's clock and the operating system's randomness.
    #[must_use]
    pub fn system() -> Self {
        Self::new(Arc::new(SystemClock), Arc::new(OsRandom))
    }

    /// The time now, UTC, in whole microseconds.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// `N` random bytes.
    #[must_use]
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut buffer = [0; N];
        self.random.fill(&mut buffer);
        buffer
    }

    /// A new id: UUID version 7. Ids of one process sort in the order they were made, also within a millisecond and
    /// when the clock is set back.
    #[must_use]
    pub fn id<I: From<Uuid>>(&self) -> I {
        let millis = u64::try_from(self.now().timestamp_millis()).unwrap_or(0);
        let mut last = self.last_id.lock().unwrap_or_else(PoisonError::into_inner);
        *last = if millis > last.0 {
            let fresh = u128::from_le_bytes(self.bytes()) >> (u128::BITS - ID_BITS);
            (millis, fresh)
        } else {
            let step = 1 + u128::from(u32::from_le_bytes(self.bytes()));
            (last.0, last.1 + step)
        };
        let (millis, tail) = *last;
        drop(last);
        I::from(uuid_v7(millis, tail))
    }

    /// A URL-safe secret of 32 characters from 160 random bits, in RFC 4648's base32 alphabet, lower case.
    #[must_use]
    pub fn token(&self) -> String {
        const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
        self.bytes::<20>()
            .chunks(5)
            .flat_map(|five| {
                let bits = five
                    .iter()
                    .fold(0_u64, |all, byte| all << 8 | u64::from(*byte));
                (0..8)
                    .rev()
                    .map(move |i| char::from(ALPHABET[(bits >> (i * 5) & 31) as usize]))
            })
            .collect()
    }
}

/// RFC 9562: 48 bits of milliseconds, the version, 12 bits, the variant, 62 bits.
fn uuid_v7(millis: u64, tail: u128) -> Uuid {
    let high = (tail >> 62) & 0xfff;
    let low = tail & ((1 << 62) - 1);
    let version = 0x7_u128 << 76;
    let variant = 0b10_u128 << 62;
    Uuid::from_u128(u128::from(millis) << 80 | version | high << 64 | variant | low)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_sort_by_time_and_tokens_differ() {
        let clock = Arc::new(ManualClock::new(
            DateTime::UNIX_EPOCH + TimeDelta::days(20_000),
        ));
        let sources = Sources::new(clock.clone(), Arc::new(SeededRandom::new(7)));
        let first: Uuid = sources.id();
        clock.advance(TimeDelta::milliseconds(1));
        let second: Uuid = sources.id();
        assert!(first < second);
        assert_eq!(
            (first.get_version_num(), first.get_variant()),
            (7, uuid::Variant::RFC4122)
        );
        clock.advance(TimeDelta::seconds(-5));
        let mut ids: Vec<Uuid> = (0..1000).map(|_| sources.id()).collect();
        assert!(second < ids[0] && ids.is_sorted());
        ids.dedup();
        assert_eq!(ids.len(), 1000);
        let (a, b) = (sources.token(), sources.token());
        assert_ne!(a, b);
        assert_eq!(a.len(), 32);
    }
}
