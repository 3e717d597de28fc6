//! The letterbox: verify, dedupe, store durably, answer fast.
//!
//! A request is answered 200 only when its delivery is on disk. Concurrent requests share one transaction (group
//! commit): a writer takes whatever is waiting, inserts all of it, commits once, then answers all. What a delivery means
//! is none of this crate's business.

mod body;
mod handler;
mod intake;
mod refusals;
mod writer;

pub use handler::routes;
pub use intake::{Ingest, Settings};
pub use writer::{Batching, StoreError, Writer};
