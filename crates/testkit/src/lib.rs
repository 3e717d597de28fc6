//! What tests need: a fresh database of either kind, builders, a fault proxy, bounded polling, a sandbox.
//!
//! A failure here is a failure of the test that asked, so everything panics with words instead of giving errors.
#![expect(
    clippy::expect_used,
    reason = "only tests use this crate, and a test fails by panicking"
)]

pub mod build;
mod cluster;
mod database;
mod eventually;
mod proxy;
mod sandbox;

pub use database::TestDb;
pub use eventually::eventually;
pub use proxy::FaultProxy;
pub use sandbox::TestSandbox;
