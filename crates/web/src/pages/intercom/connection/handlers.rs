//! Showing a connection and changing it.

use super::super::super::prelude::*;
use super::ConnectionPage;
use earmark_connections::ManageError;
use earmark_model::{ConnectionId, Job};

/// What the client secret's form sends.
#[derive(Deserialize)]
pub(crate) struct SentSecret {
    client_secret: String,
}

/// What the feedback switch sends: nothing when it is off.
#[derive(Deserialize)]
pub(crate) struct SentFeedback {
    feedback: Option<String>,
}

/// Shows a connection.
pub(crate) async fn get(at: At) -> Result<HttpResponse, Failed> {
    let connection = at.connection().await?;
    let here = path(&at, connection.id);
    let page = ConnectionPage::load(&at, connection).await?;
    at.page(here, &page).await
}

/// Asks for the permissions to be checked again.
pub(crate) async fn check(at: At, _: Form<Nothing>) -> Result<HttpResponse, Failed> {
    let connection = at.connection().await?.id;
    let job = Job::CheckConnection { connection };
    let actor = at.actor();
    let asked = at.web().store().ask(at.id(), &actor, connection, &job);
    asked.await?;
    done(
        &at,
        connection,
        "Asked Intercom. Reload this page in a moment to see the result.",
    )
}

/// Keeps a client secret.
pub(crate) async fn secret(at: At, Form(sent): Form<SentSecret>) -> Result<HttpResponse, Failed> {
    let connection = at.connection().await?;
    let (id, store) = (connection.id, at.web().store());
    match store
        .set_client_secret(at.id(), &at.actor(), id, &sent.client_secret)
        .await
    {
        Ok(()) => done(
            &at,
            id,
            "The client secret is saved. Next, give Intercom the endpoint URL.",
        ),
        Err(error @ ManageError::NotASecret) => {
            let mut page = ConnectionPage::load(&at, connection).await?;
            page.errors.add("client_secret", error.to_string());
            at.page_as(StatusCode::UNPROCESSABLE_ENTITY, path(&at, id), &page)
                .await
        }
        Err(error) => Err(error.into()),
    }
}

/// Switches feedback on or off.
pub(crate) async fn feedback(
    at: At,
    Form(sent): Form<SentFeedback>,
) -> Result<HttpResponse, Failed> {
    let connection = at.connection().await?.id;
    let on = sent.feedback.is_some();
    at.web()
        .store()
        .set_feedback(at.id(), &at.actor(), connection, on)
        .await?;
    let words = if on {
        "Feedback is on. Tags applied from now on count."
    } else {
        "Feedback is off: no new tickets and no new replies. Redactions and deletions still follow."
    };
    done(&at, connection, words)
}

fn done(at: &At, connection: ConnectionId, words: &str) -> Result<HttpResponse, Failed> {
    at.flash(Tone::Ok, words)?;
    Ok(at.see_other(path(at, connection)))
}

fn path(at: &At, connection: ConnectionId) -> String {
    url::connection(at.ws(), &connection.to_string())
}
