//! Integration tests of the engine, against the sandbox and on both databases.
#![cfg(test)]

mod backfill;
mod catch_up;
mod erased;
mod gone;
mod lanes;
mod late;
mod live;
mod model;
mod passes;
mod payloads;
mod refusals;
mod retried;
mod same;
mod support;
mod switches;
mod tagged;
mod threads;
mod troubles;
