//! How long a failed job waits.

use chrono::TimeDelta;

/// The wait after the given failed attempt (from 1): 2 s, doubled each time up to a quarter of an hour, less up to a quarter by
/// `jitter` (0 to 255), so that jobs that failed together do not come back together.
#[must_use]
pub fn backoff(attempt: u32, jitter: u8) -> TimeDelta {
    let full = (2_000_i64 << attempt.saturating_sub(1).min(20)).min(900_000);
    TimeDelta::milliseconds(full - full / 4 * i64::from(jitter) / 255)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_quarter_of_an_hour_and_spread() {
        assert_eq!(backoff(1, 0), TimeDelta::seconds(2));
        assert_eq!(backoff(3, 0), TimeDelta::seconds(8));
        assert_eq!(backoff(40, 0), TimeDelta::minutes(15));
        assert!(backoff(40, 255) < TimeDelta::minutes(12));
    }

    #[test]
    fn a_hundred_attempts_outlast_most_of_a_day() {
        let all: TimeDelta = (1..100).map(|attempt| backoff(attempt, 128)).sum();
        assert!(all > TimeDelta::hours(18), "{all}");
    }
}
