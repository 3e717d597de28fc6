//! Runs queued jobs: claim, lease, retry, rescue, one at a time per key.
//!
//! A job is a row that was written in the transaction it belongs to. A worker claims the oldest due ones, keeps its
//! claim by extending a lease, and puts back what another worker lost. Killing a worker loses nothing: the lease ends
//! and the job runs again, so handlers are idempotent.

mod backoff;
mod handler;
mod worker;

pub use backoff::backoff;
pub use handler::{Handler, Handlers, Verdict};
pub use worker::{Settings, Worker};
