//! The few statements that cross tenants, each with a sentence why.

mod accounts;
mod apps;
mod engine_rounds;
mod intake;
mod queue;
mod rate;
mod rounds;
mod secrets;

pub use accounts::{Membership, Session, User};
pub use apps::{AppEndpoint, Install, Sighted, Sighting, Uninstall};
pub use intake::{Endpoint, NewDelivery, Stored};
pub use rate::RateRow;
pub use rounds::DoctorRound;

use crate::scope::Source;
use chrono::{DateTime, Utc};

/// Statements that belong to no tenant, or find one.
#[derive(Debug)]
pub struct Across<'a, S: Source> {
    pub(crate) source: &'a S,
}

impl<S: Source> Clone for Across<'_, S> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<S: Source> Copy for Across<'_, S> {}

impl<'a, S: Source> Across<'a, S> {
    pub(crate) fn new(source: &'a S) -> Self {
        Self { source }
    }

    pub(crate) fn on(&self) -> &'a S::Connection {
        self.source.connection()
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.source.sources().now()
    }
}
