//! Holding a run, letting it go on, trying again what failed, and making the tickets that it left to a member.

use super::super::super::super::prelude::*;
use super::super::refused;
use super::found;
use earmark_db::tenant::{Connection, Run};
use earmark_sync::{AskError, TIME_UNKNOWN, escalate, pause_run, resume_run, retry_run};

/// Holds the run.
pub(crate) async fn pause(at: At, _: Form<Nothing>) -> Result<HttpResponse, Failed> {
    let (connection, run) = found(&at).await?;
    let done = pause_run(at.web().db(), at.id(), &at.actor(), run.id).await;
    let words = "The run is paused. It goes on where it stopped when you resume it.";
    moved(&at, &connection, &run, done, words)
}

/// Lets the run go on.
pub(crate) async fn resume(at: At, _: Form<Nothing>) -> Result<HttpResponse, Failed> {
    let (connection, run) = found(&at).await?;
    let done = resume_run(at.web().db(), at.id(), &at.actor(), run.id).await;
    let words = "The run goes on where it stopped.";
    moved(&at, &connection, &run, done, words)
}

/// Asks for what failed once more, and leads to the run that does it.
pub(crate) async fn retry(at: At, _: Form<Nothing>) -> Result<HttpResponse, Failed> {
    let (connection, run) = found(&at).await?;
    let of = connection.id.to_string();
    match retry_run(at.web().db(), at.id(), &at.actor(), run.id).await {
        Ok(made) => Ok(at.see_other(url::run(at.ws(), &of, &made.to_string()))),
        Err(error) => refused(&at, error, url::run(at.ws(), &of, &run.id.to_string())),
    }
}

/// What the button of a line sends.
#[derive(Deserialize)]
pub(crate) struct SentLine {
    #[serde(default)]
    conversation: String,
}

/// Makes the tickets of a conversation whose tagging's time could not be known.
pub(crate) async fn tickets(at: At, Form(sent): Form<SentLine>) -> Result<HttpResponse, Failed> {
    let (connection, run) = found(&at).await?;
    let (of, tenant) = (connection.id.to_string(), at.tenant());
    let back = url::run(at.ws(), &of, &run.id.to_string());
    let line = (TIME_UNKNOWN, sent.conversation.as_str());
    if !tenant.has_run_line(run.id, line).await? {
        at.flash(
            Tone::Warn,
            "This run lists no such conversation, so nothing was asked for.",
        )?;
        return Ok(at.see_other(back));
    }
    let db = at.web().db();
    match escalate(db, at.id(), &at.actor(), connection.id, &sent.conversation).await {
        Ok(made) => Ok(at.see_other(url::run(at.ws(), &of, &made.to_string()))),
        Err(error) => refused(&at, error, back),
    }
}

/// Leads back to the run, with what was done or why it was not.
pub(super) fn moved(
    at: &At,
    connection: &Connection,
    run: &Run,
    done: Result<(), AskError>,
    words: &str,
) -> Result<HttpResponse, Failed> {
    let back = url::run(at.ws(), &connection.id.to_string(), &run.id.to_string());
    match done {
        Ok(()) => {
            at.flash(Tone::Ok, words)?;
            Ok(at.see_other(back))
        }
        Err(error) => refused(at, error, back),
    }
}
