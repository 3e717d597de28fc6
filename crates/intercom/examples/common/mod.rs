//! A client from the environment: `INTERCOM_TOKEN`, and `INTERCOM_API` for another host than the American one.

use std::{env, error::Error, sync::Arc};

use earmark_intercom::{
    BudgetKey, Client, Environment, HostMap, Http, Lane, LocalBudget, Policy, Region, Token,
};

/// The machine's clock, and spread enough for one process.
struct Machine;

impl Environment for Machine {
    #[expect(
        clippy::disallowed_methods,
        reason = "a program that stands alone has no other clock"
    )]
    fn now_unix_millis(&self) -> i64 {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        since.map_or(0, |since| {
            i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
        })
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a thousandth is precise enough to spread retries"
    )]
    fn jitter(&self) -> f64 {
        (self.now_unix_millis() % 1000) as f64 / 1000.0
    }
}

/// The client.
pub(crate) fn client() -> Result<Client, Box<dyn Error>> {
    // Once in a process, before the first client.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let environment = Arc::new(Machine);
    let http = Http::new(Policy::default(), environment.clone())?;
    let mut hosts = HostMap::intercom()?;
    if let Ok(address) = env::var("INTERCOM_API") {
        hosts.set_api(None, &address)?;
    }
    let token = Token::new(env::var("INTERCOM_TOKEN").map_err(|_| "INTERCOM_TOKEN is not set")?);
    let key = BudgetKey::unproven(&token);
    let budget = Arc::new(LocalBudget::new(environment));
    let hosts = hosts.of(Region::Us).clone();
    Ok(Client::new(
        &http,
        hosts,
        token,
        budget,
        key,
        Lane::Backfill,
    ))
}
