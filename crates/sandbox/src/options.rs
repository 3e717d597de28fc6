//! How a sandbox is started.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;

/// Reads the time: Unix seconds.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// Gives 16 random bytes.
pub type Random = Arc<dyn Fn() -> [u8; 16] + Send + Sync>;

/// How a sandbox is started. The default listens on a free loopback port and keeps nothing.
#[derive(Clone)]
pub struct Options {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where the state is kept between starts; absent keeps it in memory.
    pub state_file: Option<PathBuf>,
    /// Added to each API answer.
    pub latency: Duration,
    /// API calls allowed to one app in each window of ten seconds.
    pub rate: u32,
    /// How long after a failed webhook its one retry comes; Intercom waits a minute.
    pub retry_after: Duration,
    /// Where the page's link to the Earmark inbox leads; absent shows no link.
    pub inbox_url: Option<String>,
    /// In the form `POST /__sandbox/seed` takes: its workspaces and OAuth apps that the state has not yet are put in at the
    /// start.
    pub seed: Option<Value>,
    /// The time of everything that happens.
    pub clock: Clock,
    /// The source of request and notification ids.
    pub random: Random,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            state_file: None,
            latency: Duration::ZERO,
            rate: 1666,
            retry_after: Duration::from_secs(60),
            inbox_url: None,
            seed: None,
            clock: Arc::new(system_time),
            random: Arc::new(system_random),
        }
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one default clock; callers with a clock of their own pass it in"
)]
fn system_time() -> i64 {
    chrono::Utc::now().timestamp()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one default source of randomness; callers may pass their own"
)]
fn system_random() -> [u8; 16] {
    let mut bytes = [0; 16];
    if let Err(error) = getrandom::fill(&mut bytes) {
        tracing::error!(%error, "the system gave no randomness, so ids repeat");
    }
    bytes
}
