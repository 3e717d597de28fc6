//! `earmark serve`: pages, webhooks and jobs in one process.

use crate::app::{App, StartError, listen};
use crate::cli::ServeArgs;
use crate::commands::{block_on, complain, say};
use crate::config::{Config, Input};
use crate::logging;
use earmark_model::Sources;
use std::process::ExitCode;

/// Runs the command.
pub(crate) fn run(args: ServeArgs) -> ExitCode {
    let mut input = Input::from_process(args.config.config);
    if let Some(address) = args.listen {
        input = input.with("server.listen", address.to_string());
    }
    let config = match Config::load(&input) {
        Ok(config) => config,
        Err(faults) => {
            complain(&faults.to_string());
            return ExitCode::FAILURE;
        }
    };
    if let Err(error) = logging::init(&config.log) {
        complain(&error.to_string());
        return ExitCode::FAILURE;
    }
    match block_on(serve(&config)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("Earmark did not start: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn serve(config: &Config) -> Result<(), StartError> {
    let listener = listen(config.server.listen)?;
    let app = App::build(config, Sources::system()).await?;
    let serving = app.serve(listener)?;
    say(&format!(
        "Earmark listens on http://{}, for {}",
        serving.address, config.server.public_url
    ));
    wait_for_end().await;
    say("Stopping. What was accepted is stored; unfinished jobs go on at the next start.");
    serving.stop().await;
    // Connections are closed in any case when the process ends.
    let _ = app.db.close().await;
    Ok(())
}

/// Waits until the process is asked to end: Ctrl-C, or SIGTERM from a service manager.
pub(crate) async fn wait_for_end() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        let _ = tokio::signal::ctrl_c().await;
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}
