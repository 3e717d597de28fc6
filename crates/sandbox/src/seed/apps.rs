//! Apps of a seed: private ones, and OAuth apps with the workspaces where they are installed.

use serde::Deserialize;

use crate::state::State;
use crate::state::app::{App, Oauth, Permission, Version};
use crate::state::event::TOPICS;
use crate::state::install::{Installation, Token};

/// A private app of one workspace.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeedApp {
    client_id: Option<String>,
    name: String,
    token: String,
    client_secret: String,
    version: Option<Version>,
    permissions: Option<Vec<Permission>>,
    pub(super) webhook_url: Option<String>,
    pub(super) topics: Option<Vec<String>>,
    #[serde(default)]
    legacy_payloads: bool,
    admin: Option<String>,
}

/// An OAuth app. Installations it has already stay, beside those named here.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct SeedOauth {
    pub(super) client_id: String,
    name: String,
    client_secret: String,
    #[serde(default)]
    redirect_uris: Vec<String>,
    version: Option<Version>,
    permissions: Option<Vec<Permission>>,
    pub(super) webhook_url: Option<String>,
    pub(super) topics: Option<Vec<String>>,
    uninstall_url: Option<String>,
    health_url: Option<String>,
    /// Tokens that expire and can be refreshed.
    refresh: Option<Refresh>,
    #[serde(default)]
    installations: Vec<SeedInstallation>,
}

/// How long tokens live.
#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Refresh {
    /// Seconds.
    pub(crate) expires_in: i64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SeedInstallation {
    app_id: String,
    token: String,
    admin: Option<String>,
}

/// Refuses topics that the sandbox does not send.
pub(crate) fn known_topics(topics: Option<&[String]>) -> Result<(), String> {
    let unknown = topics
        .into_iter()
        .flatten()
        .find(|topic| !TOPICS.contains(&topic.as_str()));
    match unknown {
        Some(topic) => Err(format!("the sandbox has no topic {topic:?}")),
        None => Ok(()),
    }
}

fn all_topics() -> Vec<String> {
    TOPICS.map(str::to_owned).to_vec()
}

fn free(state: &State, token: &str, client_id: &str) -> Result<(), String> {
    let taken = state
        .holder(token)
        .is_some_and(|(app, _, _)| app.client_id != client_id);
    if taken || token.is_empty() {
        return Err(format!("the token of app {client_id:?} is empty or taken"));
    }
    Ok(())
}

impl SeedApp {
    pub(super) fn install(self, state: &mut State, app_id: &str) -> Result<(), String> {
        let client_id = self.client_id.unwrap_or_else(|| self.name.clone());
        free(state, &self.token, &client_id)?;
        let token = Token {
            text: self.token,
            admin: self.admin,
            ..Token::default()
        };
        let app = App {
            client_id,
            name: self.name,
            client_secret: self.client_secret,
            version: self.version.unwrap_or(Version::V2_14),
            permissions: self.permissions.unwrap_or(Permission::ALL.to_vec()),
            forbids: false,
            webhook_url: self.webhook_url,
            topics: self.topics.unwrap_or_else(all_topics),
            legacy_payloads: self.legacy_payloads,
            webhook_disabled: false,
            oauth: None,
            installations: vec![Installation {
                app_id: app_id.to_owned(),
                tokens: vec![token],
            }],
        };
        state.apps.retain(|known| known.client_id != app.client_id);
        state.apps.push(app);
        Ok(())
    }
}

impl SeedOauth {
    pub(super) fn register(self, state: &mut State) -> Result<(), String> {
        let known = state
            .apps
            .iter()
            .find(|app| app.client_id == self.client_id);
        let mut installations = known.map_or_else(Vec::new, |app| app.installations.clone());
        for wanted in self.installations {
            free(state, &wanted.token, &self.client_id)?;
            if !state.workspaces.contains_key(&wanted.app_id) {
                return Err(format!("there is no workspace {:?}", wanted.app_id));
            }
            installations.retain(|one| one.app_id != wanted.app_id);
            let token = Token {
                text: wanted.token,
                admin: wanted.admin,
                ..Token::default()
            };
            installations.push(Installation {
                app_id: wanted.app_id,
                tokens: vec![token],
            });
        }
        let app = App {
            client_id: self.client_id,
            name: self.name,
            client_secret: self.client_secret,
            version: self.version.unwrap_or(Version::V2_14),
            permissions: self.permissions.unwrap_or(Permission::ALL.to_vec()),
            forbids: false,
            webhook_url: self.webhook_url,
            topics: self.topics.unwrap_or_else(all_topics),
            legacy_payloads: false,
            webhook_disabled: false,
            oauth: Some(Oauth {
                redirect_uris: self.redirect_uris,
                uninstall_url: self.uninstall_url,
                health_url: self.health_url,
                expires_in: self.refresh.map(|refresh| refresh.expires_in),
            }),
            installations,
        };
        state.apps.retain(|known| known.client_id != app.client_id);
        state.apps.push(app);
        Ok(())
    }
}
