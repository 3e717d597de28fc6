//! Connections and their webhook endpoints.

use crate::entities::{connections, endpoints};
use crate::error::{Error, Result};
use crate::scope::{Source, Tenant, Tx};
use crate::signal::ChangeKind;
use crate::sql;
use chrono::{DateTime, Utc};
use earmark_model::{ConnectionId, ConnectionStatus, Method};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Value,
};

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
