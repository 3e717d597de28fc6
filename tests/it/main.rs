//! Integration tests.
#![cfg(test)]

mod actions;
mod architecture;
mod authorize;
mod banner;
mod erasure;
mod hooks;
mod ingest;
mod kill;
mod kill_sync;
mod policy;
mod rotation;
mod secrets;
mod support;
mod tenancy;
