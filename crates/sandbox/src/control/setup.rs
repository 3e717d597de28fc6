//! Seeding, resetting, webhook settings, tokens.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{done, refuse};
use crate::seed;
use crate::shared::{Happened, Shared};
use crate::state::State;
use crate::state::event::TOPICS;
use crate::webhooks;
use crate::webhooks::deliver::check_url;

/// Puts a seed in. New webhook URLs are asked with HEAD first unless `"check": false`.
pub(super) async fn seed(shared: Data<Shared>, body: Json<Value>) -> HttpResponse {
    let seed = match seed::parse(body.into_inner()) {
        Ok(seed) => seed,
        Err(why) => return refuse(400, why),
    };
    if seed.check {
        let urls = seed
            .workspaces
            .iter()
            .flat_map(|workspace| &workspace.apps)
            .filter_map(|app| app.webhook_url.as_deref());
        for url in urls {
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
    let apps: Vec<Value> = state
        .apps
        .iter()
        .map(|app| {
            json!({
                "client_id": app.client_id, "app_id": app.app_id, "name": app.name,
                "version": app.version, "permissions": app.permissions,
                "webhook_url_set": app.webhook_url.is_some(), "topics": app.topics,
                "legacy_payloads": app.legacy_payloads, "revoked": app.revoked,
                "webhook_disabled": app.webhook_disabled,
            })
        })
        .collect();
    let value = json!({"workspaces": state.workspaces, "apps": apps});
    drop(state);
    done(value)
}

/// Back to the seed the sandbox was started with, or to nothing.
pub(super) async fn reset(shared: Data<Shared>) -> HttpResponse {
    let options = shared.options.clone();
    let result = shared.change(|state, now, _| {
        *state = seed::fresh(&options, now)?;
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

/// Tells null from absent.
fn given<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(from).map(Some)
}

/// What the Developer Hub's webhook page does.
pub(super) async fn webhook(shared: Data<Shared>, order: Json<WebhookOrder>) -> HttpResponse {
    let order = order.into_inner();
    let unknown = order
        .topics
        .iter()
        .flatten()
        .find(|topic| !TOPICS.contains(&topic.as_str()));
    if let Some(topic) = unknown {
        return refuse(400, format!("the sandbox has no topic {topic:?}"));
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
pub(super) struct AppOrder {
    app: String,
}

/// The test request of the subscription page.
pub(super) async fn ping(shared: Data<Shared>, order: Json<AppOrder>) -> HttpResponse {
    let now = shared.now();
    let ping = shared
        .lock()
        .app_mut(&order.app)
        .and_then(|app| webhooks::ping(app, now));
    match ping {
        Some(ping) => {
            shared.send_now(ping);
            done(json!({"sent": true}))
        }
        None => refuse(404, "no such app, or it has no live webhook URL"),
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RevokeOrder {
    token: Option<String>,
    app: Option<String>,
}

/// From now on the token is refused and the app's webhooks stop.
pub(super) async fn revoke(shared: Data<Shared>, order: Json<RevokeOrder>) -> HttpResponse {
    let order = order.into_inner();
    let revoked = shared.change(|state: &mut State, _, _: &mut Happened| {
        let app = match (&order.token, &order.app) {
            (Some(token), _) => state.apps.iter_mut().find(|app| app.token == *token),
            (None, Some(app)) => state.app_mut(app),
            (None, None) => None,
        };
        app.map(|app| app.revoked = true).is_some()
    });
    if revoked {
        done(json!({"revoked": true}))
    } else {
        refuse(404, "no such app")
    }
}
