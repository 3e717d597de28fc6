//! Where the client takes time and randomness from.

use chrono::{DateTime, Utc};

/// Clock and randomness, passed in so that tests decide both.
pub trait Environment: Send + Sync {
    /// The present as milliseconds since the Unix epoch.
    fn now_unix_millis(&self) -> i64;

    /// A fresh random number from 0 (included) to 1 (excluded); it spreads retries.
    fn jitter(&self) -> f64;
}

/// The present of `environment` as a date.
pub(crate) fn now(environment: &dyn Environment) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(environment.now_unix_millis()).unwrap_or_default()
}
