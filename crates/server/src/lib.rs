//! The binary: configuration, wiring, commands.

pub mod app;
pub mod cli;
pub mod commands;
pub mod config;
pub mod logging;
mod tracing_span;

use clap::Parser;
use std::process::ExitCode;

/// Reads the command line and runs what it asks for.
pub fn main() -> ExitCode {
    commands::run(cli::Cli::parse())
}
