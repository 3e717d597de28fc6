//! Integration tests.
#![cfg(test)]

mod architecture;
mod erasure;
mod ingest;
mod kill;
mod policy;
mod rotation;
mod secrets;
mod support;
mod tenancy;
