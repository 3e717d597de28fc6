//! `earmark sandbox`: the stand-in for Intercom alone.

use crate::cli::SandboxArgs;
use crate::commands::{block_on, complain, say, serve};
use earmark_model::Sources;
use earmark_sandbox::{DemoSecrets, Options, demo_seed, start};
use std::process::ExitCode;
use std::time::Duration;

/// Runs the command.
pub(crate) fn run(args: SandboxArgs) -> ExitCode {
    match block_on(sandbox(args)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("The sandbox did not start: {error}"));
            ExitCode::FAILURE
        }
    }
}

async fn sandbox(args: SandboxArgs) -> Result<(), earmark_sandbox::Error> {
    let SandboxArgs {
        listen,
        state_file,
        latency_ms,
        rate_per_10_seconds,
        webhook_retry_seconds,
    } = args;
    let sources = Sources::system();
    let running = start(Options {
        listen,
        state_file,
        latency: Duration::from_millis(latency_ms),
        rate: rate_per_10_seconds,
        retry_after: Duration::from_secs(webhook_retry_seconds),
        seed: Some(demo_seed(
            sources.now().timestamp(),
            DemoSecrets {
                token: &sources.token(),
                client_secret: &sources.token(),
                oauth_secret: &sources.token(),
                own_secret: &sources.token(),
            },
        )),
        ..Options::default()
    })
    .await?;
    let url = running.url();
    say(&format!("Sandbox, a stand-in for Intercom    {url}"));
    say(&format!(
        "Access tokens and client secrets    {url}/a/apps/{}/developer-hub",
        earmark_sandbox::DEMO_APP_ID
    ));
    say(
        "Point Earmark at it with EARMARK__INTERCOM__API_URL and EARMARK__INTERCOM__WEB_URL. Ctrl-C ends it.",
    );
    serve::wait_for_end().await;
    running.stop().await;
    Ok(())
}
