//! `earmark check-config`

use super::{complain, say};
use crate::cli::ConfigArgs;
use crate::config::{Config, Input};
use std::process::ExitCode;

/// Prints what was understood, or every fault.
pub(super) fn run(args: ConfigArgs) -> ExitCode {
    match Config::load(&Input::from_process(args.config)) {
        Ok(config) => {
            say(config.understood().trim_end());
            ExitCode::SUCCESS
        }
        Err(faults) => {
            complain(&faults.to_string());
            ExitCode::FAILURE
        }
    }
}
