//! What shows how a connection is doing: permission checks, topics seen, refused requests.

use crate::entities::{permission_checks, refusals, topics};
use crate::error::{Error, Result};
use crate::scope::{Source, Tenant, Tx};
use crate::signal::ChangeKind;
use crate::sql;
use chrono::{DateTime, Utc};
use earmark_model::{ConnectionId, Permission, PermissionState, RefusalId};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect,
};

/// What the last check of a permission found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PermissionCheck {
    /// The permission.
    pub permission: Permission,
    /// What was found.
    pub state: PermissionState,
    /// More in words.
    pub note: Option<String>,
    /// How long Intercom took, in milliseconds.
    pub took_ms: Option<i64>,
}

/// When a topic was last received.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicSighting {
    /// The topic.
    pub topic: String,
    /// When.
    pub last_received_at: DateTime<Utc>,
}

/// A webhook request that was refused at a connection's endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// When.
    pub at: DateTime<Utc>,
    /// Why.
    pub cause: String,
    /// Where it came from.
    pub address: Option<String>,
}

impl<S: Source> Tenant<'_, S> {
    /// The last permission checks of a connection, in the order of the access-token steps.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn permission_checks(
        &self,
        connection: ConnectionId,
    ) -> Result<Vec<PermissionCheck>> {
        let rows = permission_checks::Entity::find()
            .filter(permission_checks::Column::WorkspaceId.eq(self.workspace()))
            .filter(permission_checks::Column::ConnectionId.eq(connection.0))
            .all(self.on())
            .await?;
        let mut checks = rows
            .into_iter()
            .map(|row| {
                let permission_checks::Model {
                    workspace_id: _,
                    connection_id,
                    permission,
                    state,
                    note,
                    took_ms,
                    checked_at: _,
                } = row;
                let broken = |why| Error::contradiction("permission_checks", connection_id, why);
                let (permission, state) = (
                    permission.parse().map_err(broken)?,
                    state.parse().map_err(broken)?,
                );
                Ok(PermissionCheck {
                    permission,
                    state,
                    note,
                    took_ms,
                })
            })
            .collect::<Result<Vec<_>>>()?;
        checks.sort_by_key(|check| check.permission);
        Ok(checks)
    }

    /// When each topic was last received.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn topic_sightings(&self, connection: ConnectionId) -> Result<Vec<TopicSighting>> {
        let rows = topics::Entity::find()
            .filter(topics::Column::WorkspaceId.eq(self.workspace()))
            .filter(topics::Column::ConnectionId.eq(connection.0))
            .all(self.on())
            .await?;
        Ok(rows
            .into_iter()
            .map(|row| {
                let topics::Model {
                    workspace_id: _,
                    connection_id: _,
                    topic,
                    last_received_at,
                } = row;
                TopicSighting {
                    topic,
                    last_received_at,
                }
            })
            .collect())
    }

    /// The newest refused requests of a connection.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn refusals(&self, connection: ConnectionId, most: u64) -> Result<Vec<Refusal>> {
        let rows = refusals::Entity::find()
            .filter(refusals::Column::WorkspaceId.eq(self.workspace()))
            .filter(refusals::Column::ConnectionId.eq(connection.0))
            .order_by_desc(refusals::Column::Id)
            .limit(most)
            .all(self.on())
            .await?;
        Ok(rows
            .into_iter()
            .map(|row| {
                let refusals::Model {
                    workspace_id: _,
                    id: _,
                    connection_id: _,
                    at,
                    cause,
                    address,
                } = row;
                Refusal { at, cause, address }
            })
            .collect())
    }
}

impl Tenant<'_, Tx> {
    /// Stores the result of a permission check.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn put_permission_check(
        &self,
        connection: ConnectionId,
        check: &PermissionCheck,
    ) -> Result<()> {
        let PermissionCheck {
            permission,
            state,
            note,
            took_ms,
        } = check;
        let sql = "INSERT INTO permission_checks \
            (workspace_id, connection_id, permission, state, note, took_ms, checked_at) VALUES ($1, $2, $3, $4, $5, $6, $7) \
            ON CONFLICT (workspace_id, connection_id, permission) DO UPDATE SET state = excluded.state, \
            note = excluded.note, took_ms = excluded.took_ms, checked_at = excluded.checked_at";
        let values = vec![
            self.workspace().into(),
            connection.0.into(),
            permission.as_str().into(),
            state.as_str().into(),
            note.clone().into(),
            (*took_ms).into(),
            self.now().into(),
        ];
        sql::execute(self.on(), sql, values).await?;
        self.source.changed(self.id, ChangeKind::Connections);
        Ok(())
    }

    /// Notes that a topic was received at `at`; an earlier time changes nothing.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn saw_topic(
        &self,
        connection: ConnectionId,
        topic: &str,
        at: DateTime<Utc>,
    ) -> Result<()> {
        let sql = "INSERT INTO topics (workspace_id, connection_id, topic, last_received_at) VALUES ($1, $2, $3, $4) \
            ON CONFLICT (workspace_id, connection_id, topic) DO UPDATE SET last_received_at = excluded.last_received_at \
            WHERE topics.last_received_at < excluded.last_received_at";
        let values = vec![
            self.workspace().into(),
            connection.0.into(),
            topic.into(),
            at.into(),
        ];
        sql::execute(self.on(), sql, values).await.map(drop)
    }

    /// Records a refused request at a connection's endpoint; keeps the newest `keep`.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn record_refusal(
        &self,
        connection: ConnectionId,
        cause: &str,
        address: Option<&str>,
        keep: u32,
    ) -> Result<()> {
        let id: RefusalId = self.source.sources().id();
        let row = refusals::ActiveModel {
            workspace_id: Set(self.workspace()),
            id: Set(id.0),
            connection_id: Set(connection.0),
            at: Set(self.now()),
            cause: Set(cause.to_owned()),
            address: Set(address.map(ToOwned::to_owned)),
        };
        row.insert(self.on()).await?;
        let sql = "DELETE FROM refusals WHERE workspace_id = $1 AND id IN (SELECT id FROM refusals \
            WHERE workspace_id = $1 AND connection_id = $2 ORDER BY id DESC LIMIT 1000 OFFSET $3)";
        let values = vec![
            self.workspace().into(),
            connection.0.into(),
            i64::from(keep).into(),
        ];
        sql::execute(self.on(), sql, values).await?;
        self.source.changed(self.id, ChangeKind::Deliveries);
        Ok(())
    }
}
