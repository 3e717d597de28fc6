//! Which connections were made through an OAuth app, whoever's they are: a webhook of the installation's app names an
//! Intercom workspace, not a tenant, and an app is uninstalled for all tenants at once.

use super::Across;
use crate::entities::app_endpoints;
use crate::error::Result;
use crate::scope::{Source, Tx};
use crate::sql;
use chrono::{DateTime, Utc};
use earmark_model::{ConnectionId, OAuthAppId, WorkspaceId, text_enum};
use sea_orm::{EntityTrait, FromQueryResult};
use uuid::Uuid;

/// What the endpoint token of an own app leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppEndpoint {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// Its app.
    pub app: OAuthAppId,
    /// Since when the app is removed, if it is.
    pub closed_at: Option<DateTime<Utc>>,
}

text_enum! {
    /// What arrived at the installation's webhook address.
    pub enum Sighting {
        /// The HEAD request with which Intercom tests an address.
        Head = "head",
        /// A verified request.
        Verified = "verified",
        /// A verified request about an Intercom workspace that nobody here is connected to.
        Unplaced = "unplaced",
    }
}

/// How often something arrived, and when last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromQueryResult)]
pub struct Sighted {
    /// How often.
    pub seen: i64,
    /// When last.
    pub last_at: DateTime<Utc>,
}

/// A live connection that was made through an OAuth app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Install {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The connection.
    pub connection: ConnectionId,
    /// The app, when it is one of the workspace's own; else the installation's.
    pub own_app: Option<OAuthAppId>,
}

/// That Intercom was told to uninstall an OAuth app.
#[derive(Debug, Clone, Copy, PartialEq, Eq, FromQueryResult)]
pub struct Uninstall {
    /// From when on it may have been told.
    pub begun_at: DateTime<Utc>,
    /// When it had answered, if it has.
    pub answered_at: Option<DateTime<Utc>>,
}

#[derive(FromQueryResult)]
struct InstallRow {
    workspace_id: Uuid,
    connection_id: Uuid,
    oauth_app_id: Option<Uuid>,
}

impl<S: Source> Across<'_, S> {
    /// Finds the own app behind an endpoint token.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn app_endpoint(&self, token: &str) -> Result<Option<AppEndpoint>> {
        let row = app_endpoints::Entity::find_by_id(token.to_owned())
            .one(self.on())
            .await?;
        Ok(row.map(|row| {
            let app_endpoints::Model {
                token: _,
                workspace_id,
                oauth_app_id,
                closed_at,
            } = row;
            AppEndpoint {
                workspace: WorkspaceId(workspace_id),
                app: OAuthAppId(oauth_app_id),
                closed_at,
            }
        }))
    }

    /// The live connections to an Intercom workspace that were made through an OAuth app, in a fixed order.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn installs(&self, client_key: &str, app_id: &str) -> Result<Vec<Install>> {
        let sql = "SELECT i.workspace_id, i.connection_id, c.oauth_app_id FROM app_installs i \
            JOIN connections c ON c.workspace_id = i.workspace_id AND c.id = i.connection_id \
            WHERE i.client_key = $1 AND i.app_id = $2 ORDER BY i.workspace_id, i.connection_id";
        let values = vec![client_key.into(), app_id.into()];
        let rows: Vec<InstallRow> = sql::all(self.on(), sql, values).await?;
        Ok(rows
            .into_iter()
            .map(|row| Install {
                workspace: WorkspaceId(row.workspace_id),
                connection: ConnectionId(row.connection_id),
                own_app: row.oauth_app_id.map(OAuthAppId),
            })
            .collect())
    }

    /// When Intercom was last told to uninstall an OAuth app from an Intercom workspace, if it ever was.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn uninstall(&self, client_key: &str, app_id: &str) -> Result<Option<Uninstall>> {
        let sql = "SELECT begun_at, answered_at FROM app_uninstalls WHERE client_key = $1 AND app_id = $2";
        sql::one(self.on(), sql, vec![client_key.into(), app_id.into()]).await
    }

    /// What arrived at the installation's webhook address, if anything did.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn sighted(&self, what: Sighting) -> Result<Option<Sighted>> {
        let sql = "SELECT seen, last_at FROM installation_sightings WHERE kind = $1";
        sql::one(self.on(), sql, vec![what.as_str().into()]).await
    }
}

impl Across<'_, Tx> {
    /// Makes other transactions that ask for the same app at the same Intercom workspace wait for the end of this one, so
    /// that of several that disconnect at once one is the last. On SQLite the writer's transaction is that lock.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn lock_installs(&self, client_key: &str, app_id: &str) -> Result<()> {
        sql::advisory_locks(
            self.on(),
            "pg_advisory_xact_lock",
            vec![format!("install:{client_key}:{app_id}")],
        )
        .await
    }

    /// Notes that Intercom is about to be told to uninstall an OAuth app from an Intercom workspace.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn begin_uninstall(&self, client_key: &str, app_id: &str) -> Result<()> {
        let sql = "INSERT INTO app_uninstalls (client_key, app_id, begun_at) VALUES ($1, $2, $3) \
            ON CONFLICT (client_key, app_id) DO UPDATE SET begun_at = excluded.begun_at, answered_at = NULL";
        let values = vec![client_key.into(), app_id.into(), self.now().into()];
        sql::execute(self.on(), sql, values).await.map(drop)
    }

    /// Notes that Intercom has answered, whatever it said.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn end_uninstall(&self, client_key: &str, app_id: &str) -> Result<()> {
        let sql =
            "UPDATE app_uninstalls SET answered_at = $3 WHERE client_key = $1 AND app_id = $2";
        let values = vec![client_key.into(), app_id.into(), self.now().into()];
        sql::execute(self.on(), sql, values).await.map(drop)
    }

    /// Counts what arrived at the installation's webhook address.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn sight(&self, what: Sighting, times: u32) -> Result<()> {
        let sql = "INSERT INTO installation_sightings (kind, seen, last_at) VALUES ($1, $2, $3) \
            ON CONFLICT (kind) DO UPDATE SET seen = installation_sightings.seen + excluded.seen, \
            last_at = excluded.last_at";
        let values = vec![
            what.as_str().into(),
            i64::from(times).into(),
            self.now().into(),
        ];
        sql::execute(self.on(), sql, values).await.map(drop)
    }
}
