//! What stands in for the Developer Hub: the apps of a workspace, their keys and their webhook.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::web::{Data, Form, Path, Query};
use askama::Template;
use serde::Deserialize;

use super::view::{self, Shell};
use super::{go, missing, show};
use crate::host::Host;
use crate::shared::Shared;
use crate::state::State;
use crate::state::app::{App, Oauth, Permission};
use crate::state::event::TOPICS;
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
    /// None for an OAuth app, which has one for each installation.
    token: Option<String>,
    client_secret: String,
    oauth: Option<Oauth>,
    url: String,
    error: Option<String>,
    topics: Vec<Topic>,
    permissions: Vec<Tick>,
    disabled: bool,
    revoked: bool,
    installations: Vec<Place>,
    health: Option<Health>,
}

/// A permission and whether the app has it.
struct Tick {
    scope: &'static str,
    words: String,
    on: bool,
}

/// A workspace where an OAuth app is installed.
struct Place {
    app_id: String,
    name: String,
}

/// What an app answered to the question how it is.
pub(super) struct Health {
    pub(super) client_id: String,
    pub(super) tone: &'static str,
    pub(super) text: String,
}

struct Topic {
    name: &'static str,
    on: bool,
}

#[derive(Deserialize)]
pub(super) struct Asked {
    said: Option<String>,
}

/// What a page shows besides the state.
#[derive(Default)]
pub(super) struct Extra<'a> {
    pub(super) said: Option<&'a str>,
    pub(super) wrong: Option<(&'a WebhookForm, String)>,
    pub(super) health: Option<Health>,
}

pub(super) fn render(
    shared: &Shared,
    host: Host,
    app_id: &str,
    mut extra: Extra<'_>,
) -> HttpResponse {
    let now = shared.now();
    let state = shared.lock();
    let Some(workspace) = host.workspace(&state, app_id) else {
        return missing("There is no such workspace here.");
    };
    let inbox_url = shared.options.inbox_url.clone();
    let mut shell = Shell::new(&state, host, workspace, now, inbox_url, None);
    shell.said = view::said(extra.said);
    let status = match extra.wrong {
        Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
        None => StatusCode::OK,
    };
    let apps = state
        .apps
        .iter()
        .filter(|app| app.oauth.is_some() || app.installation(&workspace.app_id).is_some())
        .map(|app| card(&state, app, &mut extra))
        .collect();
    drop(state);
    show(status, &HubPage { shell, apps })
}

fn card(state: &State, app: &App, extra: &mut Extra<'_>) -> Card {
    let wrong = extra.wrong.take_if(|(form, _)| form.app == app.client_id);
    let url = wrong.as_ref().map_or_else(
        || app.webhook_url.clone().unwrap_or_default(),
        |(form, _)| form.url.clone(),
    );
    let private = app.installations.first().filter(|_| app.oauth.is_none());
    let token = private.and_then(|one| one.tokens.last());
    Card {
        client_id: app.client_id.clone(),
        name: app.name.clone(),
        version: app.version.to_string(),
        revoked: token.is_some_and(|token| token.revoked),
        token: token.map(|token| token.text.clone()),
        client_secret: app.client_secret.clone(),
        installations: installations(state, app),
        oauth: app.oauth.clone(),
        url,
        error: wrong.map(|(_, why)| why),
        topics: TOPICS
            .into_iter()
            .map(|name| Topic {
                name,
                on: app.topics.iter().any(|topic| topic == name),
            })
            .collect(),
        permissions: Permission::ALL
            .into_iter()
            .map(|one| Tick {
                scope: one.scope(),
                words: one.words(),
                on: app.permissions.contains(&one),
            })
            .collect(),
        disabled: app.webhook_disabled,
        health: extra
            .health
            .take_if(|health| health.client_id == app.client_id),
    }
}

/// Where an OAuth app is installed at present.
fn installations(state: &State, app: &App) -> Vec<Place> {
    app.installations
        .iter()
        .filter(|one| app.oauth.is_some() && one.is_live())
        .filter_map(|one| state.workspaces.get(&one.app_id))
        .map(|workspace| Place {
            app_id: workspace.app_id.clone(),
            name: workspace.name.clone(),
        })
        .collect()
}

pub(super) async fn page(
    shared: Data<Shared>,
    host: Host,
    app_id: Path<String>,
    asked: Query<Asked>,
) -> HttpResponse {
    let extra = Extra {
        said: asked.said.as_deref(),
        ..Extra::default()
    };
    render(&shared, host, &app_id, extra)
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
    host: Host,
    app_id: Path<String>,
    form: Form<WebhookForm>,
) -> HttpResponse {
    let url = form.url.trim();
    if !url.is_empty()
        && let Err(why) = check_url(&shared, url).await
    {
        let extra = Extra {
            wrong: Some((&form, why)),
            ..Extra::default()
        };
        return render(&shared, host, &app_id, extra);
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

/// Back to the hub, with a word for what happened.
pub(super) fn hub(app_id: &str, said: &str) -> HttpResponse {
    go(&format!("/a/apps/{app_id}/developer-hub?said={said}"))
}
