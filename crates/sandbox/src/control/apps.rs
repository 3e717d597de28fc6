//! What a developer does with an app, and a customer with its installation.

use actix_web::HttpResponse;
use actix_web::web::{Data, Json};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{done, given, refuse};
use crate::notices::{self, NoHealth};
use crate::seed::apps::Refresh;
use crate::shared::Shared;
use crate::state::app::{App, Permission};
use crate::state::install::Installation;

const NO_APP: &str = "no such app";

/// Changes an app. A change may refuse in words.
fn edit(
    shared: &Shared,
    app: &str,
    change: impl FnOnce(&mut App) -> Result<Value, &'static str>,
) -> HttpResponse {
    match shared.change(|state, _, _| change(state.app_mut(app).ok_or(NO_APP)?)) {
        Ok(value) => done(value),
        Err(why) => refuse(404, why),
    }
}

/// Null takes a setting away, an absent one stays.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SettingsOrder {
    app: String,
    redirect_uris: Option<Vec<String>>,
    #[serde(default, deserialize_with = "given")]
    uninstall_url: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    health_url: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    refresh: Option<Option<Refresh>>,
}

/// Where an OAuth app is called, and whether its tokens expire.
pub(super) async fn settings(shared: Data<Shared>, order: Json<SettingsOrder>) -> HttpResponse {
    let order = order.into_inner();
    edit(&shared, &order.app, |app| {
        let oauth = app.oauth.as_mut().ok_or("that app is a private one")?;
        if let Some(uris) = order.redirect_uris {
            oauth.redirect_uris = uris;
        }
        if let Some(url) = order.uninstall_url {
            oauth.uninstall_url = url;
        }
        if let Some(url) = order.health_url {
            oauth.health_url = url;
        }
        if let Some(refresh) = order.refresh {
            oauth.expires_in = refresh.map(|refresh| refresh.expires_in);
        }
        Ok(json!({"saved": true}))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RotateOrder {
    app: String,
    /// A fresh one when absent.
    client_secret: Option<String>,
}

/// Replaces the client secret: from now on it signs what is sent, and the old one exchanges nothing.
pub(super) async fn rotate(shared: Data<Shared>, order: Json<RotateOrder>) -> HttpResponse {
    let order = order.into_inner();
    let secret = order.client_secret.unwrap_or_else(|| shared.uuid());
    edit(&shared, &order.app, |app| {
        app.client_secret.clone_from(&secret);
        Ok(json!({"client_secret": secret}))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PermissionsOrder {
    app: String,
    permissions: Option<Vec<Permission>>,
    /// Answer 403 `forbidden` where one is missing, in place of 401 `token_unauthorized`.
    forbids: Option<bool>,
}

pub(super) async fn permissions(
    shared: Data<Shared>,
    order: Json<PermissionsOrder>,
) -> HttpResponse {
    let order = order.into_inner();
    edit(&shared, &order.app, |app| {
        if let Some(permissions) = order.permissions {
            app.permissions = permissions;
        }
        app.forbids = order.forbids.unwrap_or(app.forbids);
        Ok(json!({"saved": true}))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RevokeOrder {
    token: Option<String>,
    app: Option<String>,
    /// With `app`: on this workspace alone.
    app_id: Option<String>,
}

impl RevokeOrder {
    /// Whether all tokens of that installation are meant.
    fn means(&self, client_id: &str, installation: &Installation) -> bool {
        self.app.as_deref() == Some(client_id)
            && self
                .app_id
                .as_ref()
                .is_none_or(|wanted| *wanted == installation.app_id)
    }
}

/// From now on the tokens are refused, and without a live one the app's webhooks stop.
pub(super) async fn revoke(shared: Data<Shared>, order: Json<RevokeOrder>) -> HttpResponse {
    let mut order = order.into_inner();
    let revoked = shared.change(|state, _, _| {
        let named = order.app.as_deref().and_then(|app| state.app(app));
        order.app = named.map(|app| app.client_id.clone());
        let mut count = 0;
        for app in &mut state.apps {
            for installation in &mut app.installations {
                let whole = order.means(&app.client_id, installation);
                for token in &mut installation.tokens {
                    if whole || order.token.as_ref() == Some(&token.text) {
                        token.revoke();
                        count += 1;
                    }
                }
            }
        }
        count > 0
    });
    if revoked {
        done(json!({"revoked": true}))
    } else {
        refuse(404, "no such app, installation or token")
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RegenerateOrder {
    app: String,
}

/// Gives a private app a new token; the old one is unknown from now on.
pub(super) async fn regenerate(shared: Data<Shared>, order: Json<RegenerateOrder>) -> HttpResponse {
    let fresh = shared.word();
    edit(&shared, &order.app, |app| {
        app.regenerate(fresh.clone())
            .ok_or("that app is an OAuth app: its tokens come from authorizing it")?;
        Ok(json!({"token": fresh}))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UninstallOrder {
    app: String,
    app_id: String,
    #[serde(default = "yes")]
    notify: bool,
    #[serde(default = "yes")]
    signed: bool,
}

fn yes() -> bool {
    true
}

/// What a customer does in the settings of the App Store.
pub(super) async fn uninstall(shared: Data<Shared>, order: Json<UninstallOrder>) -> HttpResponse {
    let tell = order.notify.then(|| order.signed.into());
    if notices::uninstall(&shared, &order.app, &order.app_id, tell) {
        done(json!({"uninstalled": true}))
    } else {
        refuse(404, "no such OAuth app is installed there")
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HealthOrder {
    app: String,
    app_id: String,
    #[serde(default = "yes")]
    signed: bool,
}

/// Asks the app at once; Intercom does it at least once a day.
pub(super) async fn health(shared: Data<Shared>, order: Json<HealthOrder>) -> HttpResponse {
    match notices::health(&shared, &order.app, &order.app_id, order.signed.into()).await {
        Ok((status, body)) => done(json!({"status": status, "body": body})),
        Err(NoHealth::NotAsked) => refuse(
            404,
            "no such OAuth app is installed there, or it has no health check URL",
        ),
        Err(NoHealth::Silent(why)) => refuse(502, why),
    }
}
