//! What stands in for the Developer Hub: the apps of a workspace, their keys and their webhook.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Form, Path, Query};
use askama::Template;
use serde::Deserialize;

use super::view::{self, Shell};
use super::{go, missing, show};
use crate::shared::Shared;
use crate::state::app::App;
use crate::state::event::TOPICS;
use crate::webhooks;
use crate::webhooks::deliver::check_url;

#[derive(Template)]
#[template(path = "pages/sandbox/hub.html")]
struct HubPage {
    shell: Shell,
    apps: Vec<Card>,
}

struct Card {
    client_id: String,
    name: String,
    version: String,
    token: String,
    client_secret: String,
    url: String,
    error: Option<String>,
    topics: Vec<Topic>,
    disabled: bool,
    revoked: bool,
}

struct Topic {
    name: &'static str,
    on: bool,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    said: Option<String>,
}

fn render(
    shared: &Shared,
    app_id: &str,
    said: Option<&str>,
    wrong: Option<(&WebhookForm, String)>,
) -> HttpResponse {
    let now = shared.now();
    let state = shared.lock();
    let Some(workspace) = state.workspace(app_id) else {
        return missing("There is no such workspace here.");
    };
    let mut shell = Shell::new(
        &state,
        workspace,
        now,
        shared.options.inbox_url.clone(),
        None,
    );
    shell.said = view::said(said);
    let apps = state
        .apps
        .iter()
        .filter(|app| app.app_id == workspace.app_id)
        .map(|app| card(app, wrong.as_ref()))
        .collect();
    drop(state);
    let status = match wrong {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    show(status, &HubPage { shell, apps })
}

fn card(app: &App, wrong: Option<&(&WebhookForm, String)>) -> Card {
    let wrong = wrong.filter(|(form, _)| form.app == app.client_id);
    let url = wrong.map_or_else(
        || app.webhook_url.clone().unwrap_or_default(),
        |(form, _)| form.url.clone(),
    );
    Card {
        client_id: app.client_id.clone(),
        name: app.name.clone(),
        version: app.version.to_string(),
        token: app.token.clone(),
        client_secret: app.client_secret.clone(),
        url,
        error: wrong.map(|(_, why)| why.clone()),
        topics: TOPICS
            .into_iter()
            .map(|name| Topic {
                name,
                on: app.topics.iter().any(|topic| topic == name),
            })
            .collect(),
        disabled: app.webhook_disabled,
        revoked: app.revoked,
    }
}

pub(super) async fn page(
    shared: Data<Shared>,
    app_id: Path<String>,
    asked: Query<Asked>,
) -> HttpResponse {
    render(&shared, &app_id, asked.said.as_deref(), None)
}

/// The ticked topics come as fields named after them.
#[derive(Deserialize)]
pub(super) struct WebhookForm {
    app: String,
    url: String,
    #[serde(flatten)]
    ticked: std::collections::HashMap<String, String>,
}

/// Saves a webhook once its URL has answered a HEAD request; an empty URL takes it away.
pub(super) async fn save(
    shared: Data<Shared>,
    app_id: Path<String>,
    form: Form<WebhookForm>,
) -> HttpResponse {
    let url = form.url.trim();
    if !url.is_empty()
        && let Err(why) = check_url(&shared, url).await
    {
        return render(&shared, &app_id, None, Some((&form, why)));
    }
    let found = shared.change(|state, _, _| {
        let Some(app) = state.app_mut(&form.app) else {
            return false;
        };
        app.webhook_url = Some(url.to_owned()).filter(|url| !url.is_empty());
        app.topics = TOPICS
            .into_iter()
            .filter(|topic| form.ticked.contains_key(*topic))
            .map(str::to_owned)
            .collect();
        app.webhook_disabled = false;
        true
    });
    hub(&app_id, if found { "saved" } else { "refused" })
}

#[derive(Deserialize)]
pub(super) struct AppForm {
    app: String,
}

pub(super) async fn ping(
    shared: Data<Shared>,
    app_id: Path<String>,
    form: Form<AppForm>,
) -> HttpResponse {
    let now = shared.now();
    let ping = shared
        .lock()
        .app_mut(&form.app)
        .and_then(|app| webhooks::ping(app, now));
    let Some(ping) = ping else {
        return hub(&app_id, "silent");
    };
    shared.send_now(ping);
    shared.settle(super::forms::GLANCE).await;
    hub(&app_id, "pinged")
}

fn hub(app_id: &str, said: &str) -> HttpResponse {
    go(&format!("/a/apps/{app_id}/developer-hub?said={said}"))
}
