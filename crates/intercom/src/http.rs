//! The connection pool and the rules that all clients share.

use std::{sync::Arc, time::Duration};

use url::Url;

use crate::{environment::Environment, region::is_loopback};

/// Time limits, retries and sizes. All durations are wall-clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// Until a connection stands.
    pub connect_timeout: Duration,
    /// Until an answer begins, and between two pieces of it.
    pub read_timeout: Duration,
    /// For one attempt from start to end.
    pub attempt_timeout: Duration,
    /// For a call with all its attempts and waits.
    pub total_timeout: Duration,
    /// Attempts of a request that may be repeated, the first included.
    pub max_attempts: u32,
    /// Wait before the second attempt; it doubles with each further one.
    pub first_backoff: Duration,
    /// Longest wait between two attempts.
    pub longest_backoff: Duration,
    /// How long an interactive call waits for the rate limit, in all.
    pub interactive_patience: Duration,
    /// How long webhook work and backfill wait for the rate limit, in all.
    pub background_patience: Duration,
    /// Largest answer in bytes, after decompression.
    pub body_limit: usize,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(5),
            read_timeout: Duration::from_secs(15),
            attempt_timeout: Duration::from_secs(30),
            total_timeout: Duration::from_secs(90),
            max_attempts: 3,
            first_backoff: Duration::from_millis(500),
            longest_backoff: Duration::from_secs(8),
            interactive_patience: Duration::from_secs(5),
            background_patience: Duration::from_secs(30),
            body_limit: 16 * 1024 * 1024,
        }
    }
}

/// The HTTP machinery could not be set up.
#[derive(Debug, thiserror::Error)]
#[error("the HTTP client could not be set up: {0}")]
pub struct HttpError(#[from] reqwest::Error);

/// Connection pool, policy and environment: one for the process, cheap to clone.
///
/// The process must have installed a rustls crypto provider before building one.
#[derive(Clone)]
pub struct Http {
    remote: reqwest::Client,
    loopback: reqwest::Client,
    pub(crate) policy: Policy,
    pub(crate) environment: Arc<dyn Environment>,
}

impl Http {
    /// Builds the pool.
    ///
    /// # Errors
    /// When the TLS machinery cannot be set up, for instance without any trusted roots.
    pub fn new(policy: Policy, environment: Arc<dyn Environment>) -> Result<Self, HttpError> {
        let builder = || {
            reqwest::Client::builder()
                .user_agent(concat!("Earmark/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(policy.connect_timeout)
                .timeout(policy.attempt_timeout)
                .redirect(reqwest::redirect::Policy::none())
                .retry(reqwest::retry::never())
                .gzip(true)
        };
        Ok(Self {
            remote: builder().build()?,
            // A proxy of the environment must not see calls to this machine.
            loopback: builder().no_proxy().build()?,
            policy,
            environment,
        })
    }

    pub(crate) fn pool_for(&self, url: &Url) -> &reqwest::Client {
        match url.host() {
            Some(host) if is_loopback(&host) => &self.loopback,
            _ => &self.remote,
        }
    }
}
