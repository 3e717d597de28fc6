//! `earmark migrate`: brings the database's schema up to date.

use crate::cli::MigrateArgs;
use crate::commands::{block_on, complain, say};
use crate::config::{Config, Input};
use earmark_db::{Db, Options};
use earmark_model::Sources;
use std::process::ExitCode;

/// Runs the command.
pub(crate) fn run(args: MigrateArgs) -> ExitCode {
    let config = match Config::load(&Input::from_process(args.config.config)) {
        Ok(config) => config,
        Err(faults) => {
            complain(&faults.to_string());
            return ExitCode::FAILURE;
        }
    };
    match block_on(migrate(&config)) {
        Ok(0) => say("The schema is up to date; nothing was to be done."),
        Ok(ran) => say(&format!(
            "Ran {ran} migration(s); the schema is up to date."
        )),
        Err(error) => {
            complain(&format!("The schema was not brought up to date: {error}"));
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}

async fn migrate(config: &Config) -> earmark_db::Result<usize> {
    let db = Db::connect(
        &Options::new(config.database.url.expose()),
        Sources::system(),
    )
    .await?;
    let pending = db.pending_migrations().await?;
    db.migrate().await?;
    db.close().await?;
    Ok(pending)
}
