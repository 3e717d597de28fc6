//! `earmark keys generate`

use super::say;
use crate::cli::KeysCommand;
use earmark_model::Sources;
use earmark_seal::MasterKey;
use std::process::ExitCode;

/// Prints a new key on a line of its own, so that it can be sent into a file.
pub(super) fn run(command: &KeysCommand) -> ExitCode {
    match command {
        KeysCommand::Generate => say(&MasterKey::generate(&Sources::system()).to_text()),
    }
    ExitCode::SUCCESS
}
