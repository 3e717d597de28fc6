//! Integration tests.
#![cfg(test)]

mod architecture;
mod authorize;
mod hooks;
mod ingest;
mod kill;
mod policy;
mod secrets;
mod support;
mod tenancy;
