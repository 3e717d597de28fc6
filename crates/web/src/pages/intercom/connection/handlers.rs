//! Showing a connection and changing it.

use super::super::super::prelude::*;
use super::super::disconnect::mistyped;
use super::super::runs::refused;
use super::super::token::name_fault;
use super::ConnectionPage;
use earmark_connections::ManageError;
use earmark_model::{ConnectionId, Job};
use earmark_sync::set_contacts;

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

/// What the contacts switch sends: nothing when it is off.
#[derive(Deserialize)]
pub(crate) struct SentContacts {
    contacts: Option<String>,
}

/// Switches the copying of contacts and companies on or off.
pub(crate) async fn contacts(
    at: At,
    Form(sent): Form<SentContacts>,
) -> Result<HttpResponse, Failed> {
    let connection = at.connection().await?.id;
    let on = sent.contacts.is_some();
    let set = set_contacts(at.web().db(), at.id(), &at.actor(), connection, on).await;
    match set {
        Ok(_) if on => done(
            &at,
            connection,
            "Contacts and companies are being copied. It is safe to leave this page.",
        ),
        Ok(_) => done(
            &at,
            connection,
            "Contacts and companies are copied no more. What was copied stays.",
        ),
        Err(error) => refused(&at, error, path(&at, connection)),
    }
}

/// What the form for another name sends.
#[derive(Deserialize)]
pub(crate) struct SentName {
    name: String,
}

/// What the form for erasing sends.
#[derive(Deserialize)]
pub(crate) struct SentErase {
    confirm: String,
}

/// Gives the connection another name.
pub(crate) async fn rename(at: At, Form(sent): Form<SentName>) -> Result<HttpResponse, Failed> {
    let connection = at.connection().await?;
    let id = connection.id;
    if let Some(fault) = name_fault(&sent.name) {
        let mut page = ConnectionPage::load(&at, connection).await?;
        page.name_draft = sent.name;
        page.errors.add("name", fault);
        return at
            .page_as(StatusCode::UNPROCESSABLE_ENTITY, path(&at, id), &page)
            .await;
    }
    at.web()
        .store()
        .rename(at.id(), &at.actor(), id, &sent.name)
        .await?;
    done(&at, id, "The connection's name is saved.")
}

/// Erases what was copied through a disconnected connection, when the workspace's name was typed.
pub(crate) async fn erase(at: At, Form(sent): Form<SentErase>) -> Result<HttpResponse, Failed> {
    let connection = at.connection().await?;
    let id = connection.id;
    if sent.confirm.trim() != at.workspace().name {
        let mut page = ConnectionPage::load(&at, connection).await?;
        let fault = mistyped(&at.workspace().name);
        page.errors.add("confirm", fault);
        return at
            .page_as(StatusCode::UNPROCESSABLE_ENTITY, path(&at, id), &page)
            .await;
    }
    match at.web().store().erase(at.id(), &at.actor(), id).await {
        Ok(()) | Err(ManageError::Erasing) => done(
            &at,
            id,
            "What was copied is being erased. Reload this page to see how far it is.",
        ),
        Err(error) => Err(error.into()),
    }
}

fn done(at: &At, connection: ConnectionId, words: &str) -> Result<HttpResponse, Failed> {
    at.flash(Tone::Ok, words)?;
    Ok(at.see_other(path(at, connection)))
}

fn path(at: &At, connection: ConnectionId) -> String {
    url::connection(at.ws(), &connection.to_string())
}
