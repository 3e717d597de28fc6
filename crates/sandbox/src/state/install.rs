//! Apps on workspaces: installations, their tokens, and the OAuth grant that leads to one.

use serde::{Deserialize, Serialize};

use super::app::App;
use super::{Region, State};

/// How long an authorization code can be exchanged, in seconds. Intercom does not document it.
pub(crate) const CODE_LIFE: i64 = 600;

/// An app on one workspace. It outlives an uninstallation, so that its tokens are known as revoked.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Installation {
    pub(crate) app_id: String,
    pub(crate) tokens: Vec<Token>,
}

/// An access token. It has no `Debug`, so that it cannot reach a log.
#[derive(Clone, Default, Serialize, Deserialize)]
pub(crate) struct Token {
    pub(crate) text: String,
    /// The admin whom the token belongs to; the first one of the workspace when absent.
    #[serde(default)]
    pub(crate) admin: Option<String>,
    #[serde(default)]
    pub(crate) revoked: bool,
    /// Unix seconds.
    #[serde(default)]
    pub(crate) expires_at: Option<i64>,
    /// Buys the next token, once.
    #[serde(default)]
    pub(crate) refresh: Option<String>,
}

impl Installation {
    pub(crate) fn is_live(&self) -> bool {
        self.tokens.iter().any(|token| !token.revoked)
    }

    pub(crate) fn revoke(&mut self) {
        self.tokens.iter_mut().for_each(Token::revoke);
    }
}

impl Token {
    pub(crate) fn revoke(&mut self) {
        self.revoked = true;
        self.refresh = None;
    }
}

/// An authorization code that was not exchanged yet. The exchange names no redirect URI, so it is not bound to one.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Code {
    pub(crate) text: String,
    pub(crate) client_id: String,
    pub(crate) app_id: String,
    pub(crate) expires_at: i64,
}

/// What a client shows for a token.
#[derive(Clone, Copy)]
pub(crate) enum Proof<'a> {
    Code(&'a str),
    Refresh(&'a str),
}

/// Fresh texts for a token, which are random.
pub(crate) struct Fresh {
    pub(crate) token: String,
    pub(crate) refresh: String,
}

/// An access token as it was handed out.
pub(crate) struct Granted {
    pub(crate) token: String,
    pub(crate) refresh: Option<String>,
    pub(crate) expires_in: Option<i64>,
}

impl State {
    /// Whose token that is.
    pub(crate) fn holder(&self, text: &str) -> Option<(&App, &Installation, &Token)> {
        self.apps.iter().find_map(|app| {
            app.installations.iter().find_map(|installation| {
                let token = installation.tokens.iter().find(|one| one.text == text)?;
                Some((app, installation, token))
            })
        })
    }

    /// Whether the workspace lies in the region whose host is asked; a host of no region serves all.
    pub(crate) fn serves(&self, region: Option<Region>, app_id: &str) -> bool {
        region.is_none_or(|region| {
            self.workspaces
                .get(app_id)
                .is_some_and(|workspace| workspace.region == region)
        })
    }

    /// Keeps a code that the admin of a workspace has just granted.
    pub(crate) fn grant(&mut self, text: String, client_id: &str, app_id: &str, now: i64) {
        self.codes.retain(|code| now < code.expires_at);
        self.codes.push(Code {
            text,
            client_id: client_id.to_owned(),
            app_id: app_id.to_owned(),
            expires_at: now + CODE_LIFE,
        });
    }

    /// Exchanges a code or a refresh token, each good for one time, for a token. Tokens handed out earlier stay valid.
    pub(crate) fn exchange(
        &mut self,
        client: (&str, &str),
        proof: Proof<'_>,
        region: Option<Region>,
        fresh: Fresh,
        now: i64,
    ) -> Option<Granted> {
        let at = self.apps.iter().position(|app| {
            app.oauth.is_some() && (app.client_id.as_str(), app.client_secret.as_str()) == client
        })?;
        let (app_id, admin) = match proof {
            Proof::Code(text) => (self.redeem(client.0, text, region, now)?, None),
            Proof::Refresh(text) => {
                spend(&mut self.apps[at], text).filter(|(app_id, _)| self.serves(region, app_id))?
            }
        };
        let app = &mut self.apps[at];
        let expires_in = app.oauth.as_ref().and_then(|oauth| oauth.expires_in);
        let token = Token {
            text: fresh.token,
            admin,
            revoked: false,
            expires_at: expires_in.map(|seconds| now + seconds),
            refresh: expires_in.map(|_| fresh.refresh),
        };
        let granted = Granted {
            token: token.text.clone(),
            refresh: token.refresh.clone(),
            expires_in,
        };
        match app.installation_mut(&app_id) {
            Some(installation) => installation.tokens.push(token),
            None => app.installations.push(Installation {
                app_id,
                tokens: vec![token],
            }),
        }
        Some(granted)
    }

    fn redeem(
        &mut self,
        client_id: &str,
        text: &str,
        region: Option<Region>,
        now: i64,
    ) -> Option<String> {
        let at = self.codes.iter().position(|code| {
            code.text == text
                && code.client_id == client_id
                && now < code.expires_at
                && self.serves(region, &code.app_id)
        })?;
        Some(self.codes.remove(at).app_id)
    }
}

/// Uses up a refresh token; gives the workspace and the admin of its token.
fn spend(app: &mut App, text: &str) -> Option<(String, Option<String>)> {
    app.installations.iter_mut().find_map(|installation| {
        let tokens = &mut installation.tokens;
        let token = tokens
            .iter_mut()
            .find(|token| token.refresh.as_deref() == Some(text))?;
        token.refresh = None;
        Some((installation.app_id.clone(), token.admin.clone()))
    })
}
