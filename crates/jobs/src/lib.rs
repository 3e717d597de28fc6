//! Runs queued jobs: claim, lease, retry, rescue, one at a time per key.
//!
//! A job is a row that was written in the transaction it belongs to. A worker claims the oldest due ones, keeps its
//! claim by extending a lease, and puts back what another worker lost. Killing a worker loses nothing: the lease ends
//! and the job runs again, so handlers are idempotent. What comes round by the clock is asked for by [`Rounds`].

mod backoff;
mod handler;
mod lost;
mod recurring;
mod worker;

pub use backoff::backoff;
pub use handler::{Handler, Handlers, Verdict};
pub use recurring::{Recurring, Rounds};
pub use worker::{Settings, Worker};
