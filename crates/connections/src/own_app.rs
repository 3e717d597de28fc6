//! A workspace's own OAuth app: which app the workspace connects through, adding one, changing its secret, removing it.

use crate::app::{AppCredentials, ConnectingApp, client_key};
use crate::error::AppError;
use crate::store::{Store, is_pasted_whole};
use earmark_db::tenant::{Actor, OAuthApp, SecretKind, Via};
use earmark_db::{Error, Tenant, Tx};
use earmark_model::{ConnectionStatus, OAuthAppId, WorkspaceId};
use serde_json::json;

impl Store {
    /// The app that a workspace connects through: its own, else the installation's; `None` when there is neither.
    ///
    /// # Errors
    /// [`AppError::Sealed`] and [`AppError::Database`].
    pub async fn app_for(&self, workspace: WorkspaceId) -> Result<Option<ConnectingApp>, AppError> {
        match self.db.workspace(workspace).oauth_app().await? {
            Some(app) => {
                let via = Via::OwnApp {
                    app: app.id,
                    client_key: app.client_key,
                };
                let credentials = self.credentials(workspace, app.id).await?;
                Ok(credentials.map(|credentials| ConnectingApp { via, credentials }))
            }
            None => Ok(self.installation.as_deref().map(|app| ConnectingApp {
                via: Via::Installation {
                    client_key: app.client_key(),
                },
                credentials: app.clone(),
            })),
        }
    }

    /// The credentials of the app that something was begun with; `None` when that app is gone, or was never one.
    ///
    /// # Errors
    /// [`AppError::Sealed`] and [`AppError::Database`].
    pub async fn app_of(
        &self,
        workspace: WorkspaceId,
        via: &Via,
    ) -> Result<Option<AppCredentials>, AppError> {
        match via {
            Via::Token => Ok(None),
            Via::Installation { client_key } => {
                let app = self.installation.as_deref();
                Ok(app.filter(|app| app.client_key() == *client_key).cloned())
            }
            Via::OwnApp { app, client_key: _ } => self.credentials(workspace, *app).await,
        }
    }

    /// Adds the workspace's own app, which takes precedence over the installation's. Given again, its secret is replaced.
    ///
    /// # Errors
    /// [`AppError`]; [`AppError::InUse`] when the workspace has another app that connections use.
    pub async fn add_app(
        &self,
        workspace: WorkspaceId,
        actor: &Actor,
        client_id: &str,
        client_secret: &str,
    ) -> Result<OAuthAppId, AppError> {
        let (client_id, client_secret) = (client_id.trim(), client_secret.trim());
        if !is_pasted_whole(client_id, 4..=256) {
            return Err(AppError::NotAClientId);
        }
        if !is_pasted_whole(client_secret, 8..=512) {
            return Err(AppError::NotASecret);
        }
        let key = client_key(client_id);
        let tx = self.db.begin().await?;
        let tenant = tx.workspace(workspace);
        tenant.lock().await?;
        let (app, action) = match tenant.oauth_app().await? {
            Some(known) if known.client_key == key => (known.id, "oauth_app.secret_set"),
            known => {
                if let Some(OAuthApp { id, .. }) = known {
                    unused(&tenant, id).await?;
                    tenant.remove_oauth_app(id).await?;
                }
                let app = tenant.create_oauth_app(&key).await?.id;
                self.put_secret(&tx, workspace, app, SecretKind::ClientId, client_id, None)
                    .await?;
                (app, "oauth_app.added")
            }
        };
        let kind = SecretKind::ClientSecret;
        self.put_secret(&tx, workspace, app, kind, client_secret, None)
            .await?;
        tenant
            .audit(actor, action, ("oauth_app", app), json!({}))
            .await?;
        tx.commit().await?;
        Ok(app)
    }

    /// Replaces the secret of the workspace's own app. The one before goes on verifying webhooks until the new one first
    /// does.
    ///
    /// # Errors
    /// [`AppError`].
    pub async fn replace_app_secret(
        &self,
        workspace: WorkspaceId,
        actor: &Actor,
        client_secret: &str,
    ) -> Result<(), AppError> {
        let client_secret = client_secret.trim();
        if !is_pasted_whole(client_secret, 8..=512) {
            return Err(AppError::NotASecret);
        }
        let tx = self.db.begin().await?;
        let tenant = tx.workspace(workspace);
        tenant.lock().await?;
        let app = tenant.oauth_app().await?.ok_or(AppError::Missing)?.id;
        let kind = SecretKind::ClientSecret;
        self.put_secret(&tx, workspace, app, kind, client_secret, None)
            .await?;
        let action = "oauth_app.secret_set";
        tenant
            .audit(actor, action, ("oauth_app", app), json!({}))
            .await?;
        Ok(tx.commit().await?)
    }

    /// Removes the workspace's own app, which no connection may use any more, and wipes its credentials.
    ///
    /// # Errors
    /// [`AppError`].
    pub async fn remove_app(&self, workspace: WorkspaceId, actor: &Actor) -> Result<(), AppError> {
        let tx = self.db.begin().await?;
        let tenant = tx.workspace(workspace);
        tenant.lock().await?;
        let app = tenant.oauth_app().await?.ok_or(AppError::Missing)?.id;
        unused(&tenant, app).await?;
        tenant.remove_oauth_app(app).await?;
        let action = "oauth_app.removed";
        tenant
            .audit(actor, action, ("oauth_app", app), json!({}))
            .await?;
        Ok(tx.commit().await?)
    }

    async fn credentials(
        &self,
        workspace: WorkspaceId,
        app: OAuthAppId,
    ) -> Result<Option<AppCredentials>, AppError> {
        let tenant = self.db.workspace(workspace);
        let ids = tenant.secrets(app, SecretKind::ClientId).await?;
        let Some(id) = ids.first() else {
            return Ok(None);
        };
        let id = self.open(workspace, id)?;
        let stored = tenant.secrets(app, SecretKind::ClientSecret).await?;
        let secrets = stored.iter().map(|one| self.open(workspace, one));
        let secrets = secrets.collect::<Result<Vec<_>, _>>()?;
        let broken = |why: &str| Error::Contradiction {
            table: "secrets",
            id: app.to_string(),
            why: why.to_owned(),
        };
        if secrets.is_empty() {
            return Err(broken("an app has a client id and no client secret").into());
        }
        let client_id = id.expose_str();
        let client_id = client_id.map_err(|_| broken("a client id is no text"))?;
        Ok(Some(AppCredentials {
            client_id: client_id.to_owned(),
            secrets,
        }))
    }
}

/// Refuses when live connections use an app.
async fn unused(tenant: &Tenant<'_, Tx>, app: OAuthAppId) -> Result<(), AppError> {
    let connections = tenant.connections().await?.into_iter();
    let users = connections
        .filter(|one| one.via.own_app() == Some(app))
        .filter(|one| one.status != ConnectionStatus::Disconnected);
    let names: Vec<String> = users.map(|one| one.name).collect();
    if names.is_empty() {
        Ok(())
    } else {
        Err(AppError::InUse(names))
    }
}
