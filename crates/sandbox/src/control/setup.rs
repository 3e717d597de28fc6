//! Seeding, resetting, webhook settings.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{done, given, refuse};
use crate::seed::{self, apps::known_topics};
use crate::shared::Shared;
use crate::state::State;
use crate::state::app::App;
use crate::webhooks;
use crate::webhooks::deliver::check_url;

/// Puts a seed in. New webhook URLs are asked with HEAD first unless `"check": false`.
pub(super) async fn seed(shared: Data<Shared>, body: Json<Value>) -> HttpResponse {
    let seed = match seed::parse(body.into_inner()) {
        Ok(seed) => seed,
        Err(why) => return refuse(400, why),
    };
    if seed.check {
        for url in seed.webhook_urls() {
            if let Err(why) = check_url(&shared, url).await {
                return refuse(422, why);
            }
        }
    }
    let deliver = seed.deliver;
    let result = shared.change(|state, now, happened| {
        seed::apply(state, seed, now, &mut |app_id, event| {
            if deliver {
                happened.add(app_id, vec![event]);
            }
        })
    });
    match result {
        Ok(()) => done(json!({"seeded": true})),
        Err(why) => refuse(400, why),
    }
}

/// Everything but secrets: tokens and client secrets are left out.
pub(super) async fn state(shared: Data<Shared>) -> HttpResponse {
    let state = shared.lock();
    let apps: Vec<Value> = state.apps.iter().map(without_secrets).collect();
    let value = json!({"workspaces": state.workspaces, "apps": apps});
    drop(state);
    done(value)
}

fn without_secrets(app: &App) -> Value {
    let installations: Vec<Value> = app
        .installations
        .iter()
        .map(|one| json!({"app_id": one.app_id, "live": one.is_live(), "tokens": one.tokens.len()}))
        .collect();
    let mut value = json!({
        "client_id": app.client_id, "name": app.name, "version": app.version,
        "permissions": app.permissions, "forbids": app.forbids,
        "webhook_url_set": app.webhook_url.is_some(), "topics": app.topics,
        "legacy_payloads": app.legacy_payloads, "webhook_disabled": app.webhook_disabled,
        "installations": installations,
    });
    if let Some(oauth) = &app.oauth {
        value["oauth"] = json!({
            "redirect_uris": oauth.redirect_uris, "expires_in": oauth.expires_in,
            "uninstall_url_set": oauth.uninstall_url.is_some(),
            "health_url_set": oauth.health_url.is_some(),
        });
    }
    value
}

/// Back to the seed the sandbox was started with, or to nothing.
pub(super) async fn reset(shared: Data<Shared>) -> HttpResponse {
    let wanted = shared.options.seed.clone();
    let result = shared.change(|state, now, _| {
        let mut fresh = State::default();
        if let Some(wanted) = wanted {
            let seed = seed::parse(wanted)?;
            seed::apply(&mut fresh, seed, now, &mut |_, _| {})?;
        }
        *state = fresh;
        Ok::<_, String>(())
    });
    match result {
        Ok(()) => done(json!({"reset": true})),
        Err(why) => refuse(500, why),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WebhookOrder {
    /// Client id or name.
    app: String,
    /// Null takes the URL away; absent leaves it as it is and sets a disabled subscription live again.
    #[serde(default, deserialize_with = "given")]
    url: Option<Option<String>>,
    topics: Option<Vec<String>>,
    #[serde(default = "yes")]
    check: bool,
}

fn yes() -> bool {
    true
}

/// What the Developer Hub's webhook page does.
pub(super) async fn webhook(shared: Data<Shared>, order: Json<WebhookOrder>) -> HttpResponse {
    let order = order.into_inner();
    if let Err(why) = known_topics(order.topics.as_deref()) {
        return refuse(400, why);
    }
    if let Some(Some(url)) = order.url.as_ref().filter(|_| order.check)
        && let Err(why) = check_url(&shared, url).await
    {
        return refuse(422, why);
    }
    let found = shared.change(|state, _, _| {
        let Some(app) = state.app_mut(&order.app) else {
            return false;
        };
        if let Some(url) = order.url {
            app.webhook_url = url;
        }
        if let Some(topics) = order.topics {
            app.topics = topics;
        }
        app.webhook_disabled = false;
        true
    });
    if found {
        done(json!({"saved": true}))
    } else {
        refuse(404, "no such app")
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PingOrder {
    app: String,
    /// In whose name; the first workspace of the app when absent.
    app_id: Option<String>,
}

/// The test request of the subscription page.
pub(super) async fn ping(shared: Data<Shared>, order: Json<PingOrder>) -> HttpResponse {
    let now = shared.now();
    let ping = shared.lock().app(&order.app).and_then(|app| {
        let first = app.installations.first().map(|one| one.app_id.as_str());
        webhooks::ping(
            app,
            order.app_id.as_deref().or(first).unwrap_or_default(),
            now,
        )
    });
    match ping {
        Some(ping) => {
            shared.send_now(ping);
            done(json!({"sent": true}))
        }
        None => refuse(404, "no such app, or it has no live webhook URL"),
    }
}
