//! A client wired to a local server, with a clock and randomness that tests set.

use std::{
    sync::{
        Arc, Once,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use earmark_intercom::{
    BudgetKey, Client, Environment, Hosts, Http, Lane, LocalBudget, Policy, Token, validate_host,
};
use wiremock::MockServer;

/// The token of all tests; it must show up in no output.
pub(crate) const TOKEN: &str = "dG9rOm5ldmVyLXNob3ctbWU=";

/// A clock that stands at a set time.
pub(crate) struct Fixed(pub(crate) AtomicI64);

impl Fixed {
    /// 2026-11-18 11:06:40 UTC.
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(1_795_000_000_000)))
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.0
            .fetch_add(i64::try_from(by.as_millis()).unwrap(), Ordering::SeqCst);
    }

    pub(crate) fn seconds(&self) -> i64 {
        self.0.load(Ordering::SeqCst) / 1000
    }
}

impl Environment for Fixed {
    fn now_unix_millis(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }

    fn jitter(&self) -> f64 {
        0.5
    }
}

/// A policy whose waits are short.
pub(crate) fn quick() -> Policy {
    Policy {
        first_backoff: Duration::from_millis(1),
        longest_backoff: Duration::from_millis(2),
        ..Policy::default()
    }
}

/// A client of `server`, in the interactive lane.
pub(crate) fn client(server: &MockServer, policy: Policy, clock: &Arc<Fixed>) -> Client {
    client_at(&server.uri(), policy, clock)
}

/// Chooses the process's TLS provider, which whoever makes a client needs; once.
pub(crate) fn provide_tls() {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        rustls::crypto::ring::default_provider()
            .install_default()
            .unwrap();
    });
}

/// A client of any address.
pub(crate) fn client_at(address: &str, policy: Policy, clock: &Arc<Fixed>) -> Client {
    provide_tls();
    let host = validate_host(address).unwrap();
    let hosts = Hosts::new(host.clone(), host);
    let token = Token::new(TOKEN);
    let key = BudgetKey::unproven(&token);
    let budget = Arc::new(LocalBudget::new(clock.clone()));
    let http = Http::new(policy, clock.clone()).unwrap();
    Client::new(&http, hosts, token, budget, key, Lane::Interactive)
}
