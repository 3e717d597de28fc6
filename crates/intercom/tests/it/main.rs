//! The client against a local HTTP server, and the webhook reader over this project's own payloads.

#![expect(
    clippy::unwrap_used,
    reason = "everything in this crate is a test, helpers of tests included"
)]

mod budget;
mod client;
mod client_errors;
mod client_limits;
mod fixtures;
mod parse;
mod peek;
mod scrub;
mod signature;
mod support;
mod tagging;
mod topics;
mod uninstall;
