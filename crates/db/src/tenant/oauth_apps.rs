//! A workspace's own OAuth apps, and flows under way.

use crate::entities::{app_endpoints, oauth_apps};
use crate::error::{Error, Result};
use crate::scope::{Source, Tenant, Tx};
use crate::signal::ChangeKind;
use crate::sql;
use crate::tenant::Connection;
use chrono::{DateTime, Utc};
use earmark_model::{ConnectionId, OAuthAppId};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder,
};

/// A workspace's own OAuth app. Its client id and secret are among the sealed secrets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OAuthApp {
    /// The id.
    pub id: OAuthAppId,
    /// Its client id, as a fingerprint: what tells it from other apps.
    pub client_key: String,
    /// The last part of its webhook URL.
    pub endpoint_token: String,
    /// When it was added.
    pub created_at: DateTime<Utc>,
}

impl From<oauth_apps::Model> for OAuthApp {
    fn from(row: oauth_apps::Model) -> Self {
        let oauth_apps::Model {
            workspace_id: _,
            id,
            client_key,
            endpoint_token,
            created_at,
            removed_at: _,
        } = row;
        Self {
            id: OAuthAppId(id),
            client_key,
            endpoint_token,
            created_at,
        }
    }
}

impl<S: Source> Tenant<'_, S> {
    /// The workspace's own app, if it has one; it takes precedence over the installation's.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn oauth_app(&self) -> Result<Option<OAuthApp>> {
        let row = oauth_apps::Entity::find()
            .filter(oauth_apps::Column::WorkspaceId.eq(self.workspace()))
            .filter(oauth_apps::Column::RemovedAt.is_null())
            .order_by_desc(oauth_apps::Column::Id)
            .one(self.on())
            .await?;
        Ok(row.map(OAuthApp::from))
    }

    /// An own app by id, removed or not.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn oauth_app_by_id(&self, id: OAuthAppId) -> Result<Option<OAuthApp>> {
        let row = oauth_apps::Entity::find_by_id((self.workspace(), id.0))
            .one(self.on())
            .await?;
        Ok(row.map(OAuthApp::from))
    }
}

impl Tenant<'_, Tx> {
    /// Adds an own app with a webhook endpoint.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn create_oauth_app(&self, client_key: &str) -> Result<OAuthApp> {
        let id: OAuthAppId = self.source.sources().id();
        let token = self.source.sources().token();
        let row = oauth_apps::ActiveModel {
            workspace_id: Set(self.workspace()),
            id: Set(id.0),
            client_key: Set(client_key.to_owned()),
            endpoint_token: Set(token.clone()),
            created_at: Set(self.now()),
            removed_at: Set(None),
        };
        let app = OAuthApp::from(row.insert(self.on()).await?);
        let endpoint = app_endpoints::ActiveModel {
            token: Set(token),
            workspace_id: Set(self.workspace()),
            oauth_app_id: Set(id.0),
            closed_at: Set(None),
        };
        endpoint.insert(self.on()).await?;
        self.source.changed(self.id, ChangeKind::Connections);
        Ok(app)
    }

    /// Removes an own app: wipes its secrets and closes its endpoint.
    ///
    /// # Errors
    /// [`Error::Missing`].
    pub async fn remove_oauth_app(&self, id: OAuthAppId) -> Result<()> {
        let values = || {
            vec![
                self.workspace().into(),
                id.0.into(),
                Some(self.now()).into(),
            ]
        };
        let sql = "UPDATE oauth_apps SET removed_at = $3 WHERE workspace_id = $1 AND id = $2 AND removed_at IS NULL";
        if sql::execute(self.on(), sql, values()).await? == 0 {
            return Err(Error::Missing);
        }
        let sql =
            "UPDATE app_endpoints SET closed_at = $3 WHERE workspace_id = $1 AND oauth_app_id = $2";
        sql::execute(self.on(), sql, values()).await?;
        self.wipe_secrets(id).await?;
        self.source.changed(self.id, ChangeKind::Connections);
        Ok(())
    }

    /// Notes that an authorization was begun, under the hash of its state, and forgets those that are over.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn begin_oauth(&self, hash: &str, expires_at: DateTime<Utc>) -> Result<()> {
        let sql = "DELETE FROM oauth_states WHERE workspace_id = $1 AND expires_at < $2";
        let values = vec![self.workspace().into(), self.now().into()];
        sql::execute(self.on(), sql, values).await?;
        let sql = "INSERT INTO oauth_states (workspace_id, hash, expires_at) VALUES ($1, $2, $3)";
        let values = vec![self.workspace().into(), hash.into(), expires_at.into()];
        sql::execute(self.on(), sql, values).await.map(drop)
    }

    /// Uses up an authorization that was begun: false when it was used before, or is not known.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn use_oauth(&self, hash: &str) -> Result<bool> {
        let sql = "UPDATE oauth_states SET used_at = $3 WHERE workspace_id = $1 AND hash = $2 AND used_at IS NULL";
        let values = vec![self.workspace().into(), hash.into(), self.now().into()];
        Ok(sql::execute(self.on(), sql, values).await? > 0)
    }

    /// Writes down through which OAuth app a connection was made, in place of what was written before.
    pub(crate) async fn install(&self, connection: &Connection) -> Result<()> {
        self.uninstall(connection.id).await?;
        let Some(client_key) = connection.via.client_key() else {
            return Ok(());
        };
        let sql = "INSERT INTO app_installs (client_key, app_id, workspace_id, connection_id) VALUES ($1, $2, $3, $4)";
        let values = vec![
            client_key.into(),
            connection.app_id.as_str().into(),
            self.workspace().into(),
            connection.id.0.into(),
        ];
        sql::execute(self.on(), sql, values).await.map(drop)
    }

    /// Forgets through which OAuth app a connection was made.
    pub(crate) async fn uninstall(&self, connection: ConnectionId) -> Result<()> {
        let sql = "DELETE FROM app_installs WHERE workspace_id = $1 AND connection_id = $2";
        let values = vec![self.workspace().into(), connection.0.into()];
        sql::execute(self.on(), sql, values).await.map(drop)
    }
}
