//! The only place with SQL: tenant scopes, queries, transactions, the queue table, the change signal.
//!
//! [`Db::workspace`] gives the queries of one tenant; [`Db::across`] holds the few statements that cross tenants, each
//! with a sentence why. Writing methods exist on scopes of a [`Tx`] only, so a write, what it enqueues and its audit row
//! share one transaction. What a transaction changed is announced after its commit, see [`Change`].

pub mod across;
mod checkpoint;
#[cfg(test)]
mod checkpoint_test;
mod connect;
#[cfg(test)]
mod durability_test;
mod entities;
mod error;
#[cfg(test)]
mod schema_test;
mod scope;
mod signal;
mod sql;
pub mod tenant;
mod turn;
mod wal;

pub use connect::{Db, Options};
pub use error::{Error, Result};
pub use scope::{Source, Tenant, Tx};
pub use signal::{Change, ChangeKind, Changes};
