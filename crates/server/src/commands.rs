//! One file a command.

pub mod actions;
mod check_config;
mod demo;
mod doctor;
mod keys;
mod migrate;
mod sandbox;
mod serve;

use crate::cli::{Cli, Command};
use std::io::{self, Write};
use std::process::ExitCode;

/// Runs the command that was asked for.
pub fn run(cli: Cli) -> ExitCode {
    match cli.command {
        Command::Demo(args) => demo::run(args),
        Command::Serve(args) => serve::run(args),
        Command::Migrate(args) => migrate::run(args),
        Command::Doctor(args) => doctor::run(&args),
        Command::Sandbox(args) => sandbox::run(args),
        Command::Keys(command) => keys::run(command),
        Command::Actions(command) => actions::run(command),
        Command::CheckConfig(args) => check_config::run(args),
    }
}

/// Runs a command's work to its end, with the TLS provider of this process installed.
pub(crate) fn block_on<T>(work: impl Future<Output = T>) -> T {
    // A provider that is installed already is the one we want.
    let _ = rustls::crypto::ring::default_provider().install_default();
    actix_web::rt::System::with_tokio_rt(runtime).block_on(work)
}

#[expect(
    clippy::expect_used,
    reason = "without threads and timers of the system nothing can run"
)]
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .expect("the system gives threads and timers")
}

/// Writes a line of a command's result to standard output. A reader that went away is no fault.
pub(crate) fn say(line: &str) {
    let _ = writeln!(io::stdout().lock(), "{line}");
}

/// Writes what went wrong to standard error.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}
