//! The client against a local HTTP server, and the webhook reader over this project's own payloads.

#![expect(
    clippy::unwrap_used,
    reason = "everything in this crate is a test, helpers of tests included"
)]

mod budget;
mod cases;
mod client;
mod client_errors;
mod client_limits;
mod conformance;
mod examples;
mod fixtures;
mod openapi;
mod operations;
mod paging;
mod parse;
mod peek;
mod raw;
mod reading;
mod repeating;
mod scrub;
mod searching;
mod signature;
mod storms;
mod support;
mod tagging;
mod topics;
mod uninstall;
mod versions;
