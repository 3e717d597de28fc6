//! Connections over real HTTP against the sandbox, on both databases.
#![cfg(test)]

mod budget;
mod check;
mod connect;
mod disconnect;
mod doctor;
mod endpoints;
mod failures;
mod manage;
mod regions;
mod safe;
mod sealed;
mod secrets;
mod status;
mod support;
