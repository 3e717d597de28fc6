//! Connections with their sealed secrets, permission checks, topic sightings and refusals.

use crate::entities::{connections, endpoints, permission_checks, refusals, secrets, topics};
use crate::error::{Error, Result};
use crate::scope::{Source, Tenant, Tx};
use crate::signal::ChangeKind;
use crate::sql;
use chrono::{DateTime, Utc};
use earmark_model::{
    ConnectionId, ConnectionStatus, Method, Permission, PermissionState, RefusalId, SecretId,
    text_enum,
};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder,
    QuerySelect, Value,
};

text_enum! {
    /// What a sealed secret is.
    pub enum SecretKind {
        /// What Intercom's API is asked with.
        AccessToken = "access_token",
        /// What webhooks are signed with.
        ClientSecret = "client_secret",
    }
}

/// A connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// The id.
    pub id: ConnectionId,
    /// The name our people gave it.
    pub name: String,
    /// How the right was given.
    pub method: Method,
    /// The Intercom workspace's id, `app.id_code` of `/me`.
    pub app_id: String,
    /// The Intercom workspace's name.
    pub app_name: String,
    /// Its region as `/me` says: US, EU or AU.
    pub region: String,
    /// Its time zone as `/me` says.
    pub timezone: Option<String>,
    /// What is known of the credentials.
    pub status: ConnectionStatus,
    /// Why, in words.
    pub status_note: Option<String>,
    /// The last part of its webhook URL.
    pub endpoint_token: String,
    /// Since when feedback is switched on, if it is.
    pub feedback_on_at: Option<DateTime<Utc>>,
    /// When tags and teammates were last fetched.
    pub tags_fetched_at: Option<DateTime<Utc>>,
    /// Why the last fetch failed, if it did.
    pub tags_note: Option<String>,
    /// When the credentials were last checked.
    pub checked_at: Option<DateTime<Utc>>,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it was disconnected.
    pub disconnected_at: Option<DateTime<Utc>>,
}

impl TryFrom<connections::Model> for Connection {
    type Error = Error;
    fn try_from(row: connections::Model) -> Result<Self> {
        let connections::Model {
            workspace_id: _,
            id,
            name,
            method,
            app_id,
            app_name,
            region,
            timezone,
            status,
            status_note,
            endpoint_token,
            feedback_on_at,
            tags_fetched_at,
            tags_note,
            checked_at,
            created_at,
            disconnected_at,
        } = row;
        Ok(Self {
            id: ConnectionId(id),
            name,
            method: method
                .parse()
                .map_err(|why| Error::contradiction("connections", id, why))?,
            app_id,
            app_name,
            region,
            timezone,
            status: status
                .parse()
                .map_err(|why| Error::contradiction("connections", id, why))?,
            status_note,
            endpoint_token,
            feedback_on_at,
            tags_fetched_at,
            tags_note,
            checked_at,
            created_at,
            disconnected_at,
        })
    }
}

/// What a new connection needs.
#[derive(Debug, Clone)]
pub struct NewConnection {
    /// The name our people gave it.
    pub name: String,
    /// How the right was given.
    pub method: Method,
    /// The Intercom workspace's id.
    pub app_id: String,
    /// The Intercom workspace's name.
    pub app_name: String,
    /// Its region.
    pub region: String,
    /// Its time zone.
    pub timezone: Option<String>,
}

/// A sealed secret.
#[derive(Debug, Clone)]
pub struct StoredSecret {
    /// The id.
    pub id: SecretId,
    /// The connection.
    pub connection: ConnectionId,
    /// What it is.
    pub kind: SecretKind,
    /// The sealed text.
    pub sealed: String,
    /// Its last four characters, all that is ever shown.
    pub last4: String,
    /// When a webhook was last verified with it.
    pub verified_at: Option<DateTime<Utc>>,
}

impl TryFrom<secrets::Model> for StoredSecret {
    type Error = Error;
    fn try_from(row: secrets::Model) -> Result<Self> {
        let secrets::Model {
            workspace_id: _,
            id,
            connection_id,
            kind,
            sealed,
            last4,
            created_at: _,
            verified_at,
        } = row;
        let kind = kind
            .parse()
            .map_err(|why| Error::contradiction("secrets", id, why))?;
        Ok(Self {
            id: SecretId(id),
            connection: ConnectionId(connection_id),
            kind,
            sealed,
            last4,
            verified_at,
        })
    }
}

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
    /// All connections, disconnected ones too, oldest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn connections(&self) -> Result<Vec<Connection>> {
        let rows = connections::Entity::find()
            .filter(connections::Column::WorkspaceId.eq(self.workspace()))
            .order_by_asc(connections::Column::Id)
            .all(self.on())
            .await?;
        rows.into_iter().map(Connection::try_from).collect()
    }

    /// A connection.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn connection(&self, id: ConnectionId) -> Result<Option<Connection>> {
        let row = connections::Entity::find_by_id((self.workspace(), id.0))
            .one(self.on())
            .await?;
        row.map(Connection::try_from).transpose()
    }

    /// The live secrets of a connection, newest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn secrets(
        &self,
        connection: ConnectionId,
        kind: SecretKind,
    ) -> Result<Vec<StoredSecret>> {
        let rows = secrets::Entity::find()
            .filter(secrets::Column::WorkspaceId.eq(self.workspace()))
            .filter(secrets::Column::ConnectionId.eq(connection.0))
            .filter(secrets::Column::Kind.eq(kind.as_str()))
            .order_by_desc(secrets::Column::Id)
            .all(self.on())
            .await?;
        rows.into_iter().map(StoredSecret::try_from).collect()
    }

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
    /// Makes a connection with a webhook endpoint of its own.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn create_connection(&self, new: NewConnection) -> Result<Connection> {
        let NewConnection {
            name,
            method,
            app_id,
            app_name,
            region,
            timezone,
        } = new;
        let id: ConnectionId = self.source.sources().id();
        let token = self.source.sources().token();
        let row = connections::ActiveModel {
            workspace_id: Set(self.workspace()),
            id: Set(id.0),
            name: Set(name),
            method: Set(method.as_str().to_owned()),
            app_id: Set(app_id),
            app_name: Set(app_name),
            region: Set(region),
            timezone: Set(timezone),
            status: Set(ConnectionStatus::Connected.as_str().to_owned()),
            status_note: Set(None),
            endpoint_token: Set(token.clone()),
            feedback_on_at: Set(None),
            tags_fetched_at: Set(None),
            tags_note: Set(None),
            checked_at: Set(Some(self.now())),
            created_at: Set(self.now()),
            disconnected_at: Set(None),
        };
        let connection = Connection::try_from(row.insert(self.on()).await?)?;
        let endpoint = endpoints::ActiveModel {
            token: Set(token),
            workspace_id: Set(self.workspace()),
            connection_id: Set(id.0),
            closed_at: Set(None),
        };
        endpoint.insert(self.on()).await?;
        self.source.changed(self.id, ChangeKind::Connections);
        Ok(connection)
    }

    /// Stores what a fresh proof by `/me` found: who it is, and that the credentials work. Opens its endpoint again.
    ///
    /// # Errors
    /// [`Error::Missing`].
    pub async fn prove_connection(
        &self,
        id: ConnectionId,
        app_name: &str,
        region: &str,
    ) -> Result<()> {
        let sql = "UPDATE connections SET app_name = $3, region = $4, status = 'connected', status_note = NULL, \
            checked_at = $5, disconnected_at = NULL WHERE workspace_id = $1 AND id = $2";
        self.change_connection(
            id,
            sql,
            vec![app_name.into(), region.into(), self.now().into()],
        )
        .await?;
        let sql =
            "UPDATE endpoints SET closed_at = NULL WHERE workspace_id = $1 AND connection_id = $2";
        sql::execute(self.on(), sql, vec![self.workspace().into(), id.0.into()])
            .await
            .map(drop)
    }

    /// Notes that Intercom refuses the credentials.
    ///
    /// # Errors
    /// [`Error::Missing`].
    pub async fn refuse_connection(&self, id: ConnectionId, why: &str) -> Result<()> {
        let sql = "UPDATE connections SET status = 'refused', status_note = $3, checked_at = $4 \
            WHERE workspace_id = $1 AND id = $2 AND status <> 'disconnected'";
        self.change_connection(id, sql, vec![why.into(), self.now().into()])
            .await
    }

    /// Switches a connection's feedback on, from now, or off. Switching on what is on changes nothing.
    ///
    /// # Errors
    /// [`Error::Missing`].
    pub async fn set_connection_feedback(&self, id: ConnectionId, on: bool) -> Result<()> {
        let connection = self.connection(id).await?.ok_or(Error::Missing)?;
        if connection.feedback_on_at.is_some() == on {
            return Ok(());
        }
        let sql = "UPDATE connections SET feedback_on_at = $3 WHERE workspace_id = $1 AND id = $2";
        self.change_connection(id, sql, vec![on.then(|| self.now()).into()])
            .await
    }

    /// Marks a connection disconnected: wipes its secrets, closes its endpoint, switches feedback off.
    ///
    /// # Errors
    /// [`Error::Missing`].
    pub async fn disconnect(&self, id: ConnectionId) -> Result<()> {
        let sql = "UPDATE connections SET status = 'disconnected', status_note = NULL, feedback_on_at = NULL, \
            disconnected_at = $3 WHERE workspace_id = $1 AND id = $2";
        self.change_connection(id, sql, vec![self.now().into()])
            .await?;
        let ids = vec![self.workspace().into(), id.0.into()];
        sql::execute(
            self.on(),
            "DELETE FROM secrets WHERE workspace_id = $1 AND connection_id = $2",
            ids,
        )
        .await?;
        let sql =
            "UPDATE endpoints SET closed_at = $3 WHERE workspace_id = $1 AND connection_id = $2";
        let values = vec![self.workspace().into(), id.0.into(), self.now().into()];
        sql::execute(self.on(), sql, values).await.map(drop)
    }

    /// Stores a sealed secret under a given id (the id is part of what it is sealed to), in place of those of its kind.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn replace_secret(
        &self,
        id: SecretId,
        connection: ConnectionId,
        kind: SecretKind,
        sealed: &str,
        last4: &str,
    ) -> Result<()> {
        let sql =
            "DELETE FROM secrets WHERE workspace_id = $1 AND connection_id = $2 AND kind = $3";
        let values = vec![
            self.workspace().into(),
            connection.0.into(),
            kind.as_str().into(),
        ];
        sql::execute(self.on(), sql, values).await?;
        let row = secrets::ActiveModel {
            workspace_id: Set(self.workspace()),
            id: Set(id.0),
            connection_id: Set(connection.0),
            kind: Set(kind.as_str().to_owned()),
            sealed: Set(sealed.to_owned()),
            last4: Set(last4.to_owned()),
            created_at: Set(self.now()),
            verified_at: Set(None),
        };
        row.insert(self.on()).await?;
        self.source.changed(self.id, ChangeKind::Connections);
        Ok(())
    }

    /// Notes when a webhook was last verified with a secret.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn secret_verified(&self, id: SecretId, at: DateTime<Utc>) -> Result<()> {
        let sql = "UPDATE secrets SET verified_at = $3 WHERE workspace_id = $1 AND id = $2";
        sql::execute(
            self.on(),
            sql,
            vec![self.workspace().into(), id.0.into(), at.into()],
        )
        .await
        .map(drop)
    }

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

    pub(crate) async fn change_connection(
        &self,
        id: ConnectionId,
        sql: &str,
        more: Vec<Value>,
    ) -> Result<()> {
        let mut values: Vec<Value> = vec![self.workspace().into(), id.0.into()];
        values.extend(more);
        if sql::execute(self.on(), sql, values).await? == 0 {
            return Err(Error::Missing);
        }
        self.source.changed(self.id, ChangeKind::Connections);
        Ok(())
    }
}
