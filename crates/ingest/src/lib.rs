//! The letterbox: verify, dedupe, store durably, answer fast.
//!
//! A request is answered 200 only when its delivery is on disk. Concurrent requests share one transaction (group
//! commit): a writer takes whatever is waiting, inserts all of it, commits once, then answers all. What a delivery means
//! is none of this crate's business. Beside webhooks it takes what Intercom says and asks of an app: that it was uninstalled,
//! and how an installation is.

mod body;
mod handler;
mod health;
mod intake;
mod notes;
mod pace;
mod refusals;
mod uninstall;
mod writer;

pub use handler::routes;
pub use intake::{Ingest, Settings};
pub use writer::{Batching, StoreError, Writer};
