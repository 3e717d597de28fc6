//! The pages over HTTP.
#![expect(
    clippy::unwrap_used,
    reason = "a test's helpers fail by panicking, as its tests do"
)]

mod auth;
mod events;
mod inbox;
mod insights;
mod people;
mod people_files;
mod products;
mod routes;
mod support;
mod tickets;
