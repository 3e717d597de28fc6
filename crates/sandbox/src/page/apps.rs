//! The hub's buttons: what a developer does with an app, and a customer with its installation.

use std::collections::HashMap;

use actix_web::HttpResponse;
use actix_web::web::{Data, Form, Path};
use serde::Deserialize;
use serde_json::Value;

use super::forms::GLANCE;
use super::hub::{Extra, Health, hub, render};
use crate::host::Host;
use crate::notices::{self, NoHealth, Signed};
use crate::shared::Shared;
use crate::state::app::{App, Permission};
use crate::webhooks;

/// Characters of an app's answer that are shown.
const ANSWER_SHOWN: usize = 400;

#[derive(Deserialize)]
pub(super) struct AppForm {
    app: String,
}

/// An app on one workspace.
#[derive(Deserialize)]
pub(super) struct InstallationForm {
    app: String,
    installation: String,
}

/// Changes an app and goes back to the hub.
fn edit(
    shared: &Shared,
    app_id: &str,
    app: &str,
    said: &str,
    change: impl FnOnce(&mut App) -> Option<()>,
) -> HttpResponse {
    let changed = shared.change(|state, _, _| change(state.app_mut(app)?));
    hub(app_id, if changed.is_some() { said } else { "idle" })
}

pub(super) async fn ping(
    shared: Data<Shared>,
    app_id: Path<String>,
    form: Form<AppForm>,
) -> HttpResponse {
    let now = shared.now();
    let ping = shared
        .lock()
        .app(&form.app)
        .and_then(|app| webhooks::ping(app, &app_id, now));
    let Some(ping) = ping else {
        return hub(&app_id, "silent");
    };
    shared.send_now(ping);
    shared.settle(GLANCE).await;
    hub(&app_id, "pinged")
}

/// The ticked permissions come as fields named after their scopes.
#[derive(Deserialize)]
pub(super) struct PermissionsForm {
    app: String,
    #[serde(flatten)]
    ticked: HashMap<String, String>,
}

pub(super) async fn permissions(
    shared: Data<Shared>,
    app_id: Path<String>,
    form: Form<PermissionsForm>,
) -> HttpResponse {
    edit(&shared, &app_id, &form.app, "permitted", |app| {
        app.permissions = Permission::ALL
            .into_iter()
            .filter(|one| form.ticked.contains_key(one.scope()))
            .collect();
        Some(())
    })
}

pub(super) async fn rotate(
    shared: Data<Shared>,
    app_id: Path<String>,
    form: Form<AppForm>,
) -> HttpResponse {
    let secret = shared.uuid();
    edit(&shared, &app_id, &form.app, "rotated", |app| {
        app.client_secret = secret;
        Some(())
    })
}

pub(super) async fn regenerate(
    shared: Data<Shared>,
    app_id: Path<String>,
    form: Form<AppForm>,
) -> HttpResponse {
    let fresh = shared.word();
    edit(&shared, &app_id, &form.app, "regenerated", |app| {
        app.regenerate(fresh)
    })
}

pub(super) async fn revoke(
    shared: Data<Shared>,
    app_id: Path<String>,
    form: Form<InstallationForm>,
) -> HttpResponse {
    edit(&shared, &app_id, &form.app, "revoked", |app| {
        app.installation_mut(&form.installation)?.revoke();
        Some(())
    })
}

/// What a customer does in the settings of the App Store.
pub(super) async fn uninstall(
    shared: Data<Shared>,
    app_id: Path<String>,
    form: Form<InstallationForm>,
) -> HttpResponse {
    if !notices::uninstall(&shared, &form.app, &form.installation, Some(Signed::Yes)) {
        return hub(&app_id, "idle");
    }
    shared.settle(GLANCE).await;
    hub(&app_id, "uninstalled")
}

/// Asks the app how it is and shows its answer.
pub(super) async fn health(
    shared: Data<Shared>,
    host: Host,
    app_id: Path<String>,
    form: Form<InstallationForm>,
) -> HttpResponse {
    let answer = notices::health(&shared, &form.app, &form.installation, Signed::Yes).await;
    let (tone, text) = match answer {
        Ok((status, body)) => (tone(status, &body), told(status, &body)),
        Err(NoHealth::NotAsked) => (
            "bad",
            "The app was not asked: it is not installed there, or has no health check URL."
                .to_owned(),
        ),
        Err(NoHealth::Silent(why)) => ("bad", format!("The health check failed: {why}.")),
    };
    let health = Health {
        client_id: form.app.clone(),
        tone,
        text,
    };
    let extra = Extra {
        health: Some(health),
        ..Extra::default()
    };
    render(&shared, host, &app_id, extra)
}

fn tone(status: u16, body: &Value) -> &'static str {
    match (status, body["state"].as_str()) {
        (200, Some("OK")) => "ok",
        (200, Some("UNKNOWN")) => "warn",
        _ => "bad",
    }
}

fn told(status: u16, body: &Value) -> String {
    let body: String = body.to_string().chars().take(ANSWER_SHOWN).collect();
    format!("The health check was answered with {status}: {body}")
}
