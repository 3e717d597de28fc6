//! Connections and their webhook endpoints.

use crate::entities::{connections, endpoints};
use crate::error::{Error, Result};
use crate::scope::{Source, Tenant, Tx};
use crate::signal::ChangeKind;
use crate::sql;
use chrono::{DateTime, Utc};
use earmark_model::{ConnectionId, ConnectionStatus, Feature, Method, OAuthAppId, RunKind};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Value,
};

/// Through which Intercom app a connection was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Via {
    /// A private app, whose access token was pasted.
    Token,
    /// The installation's OAuth app.
    Installation {
        /// The app's client id, as a fingerprint.
        client_key: String,
    },
    /// An OAuth app of the workspace.
    OwnApp {
        /// The app.
        app: OAuthAppId,
        /// Its client id, as a fingerprint.
        client_key: String,
    },
}

impl Via {
    /// The method that this is an instance of.
    #[must_use]
    pub const fn method(&self) -> Method {
        match self {
            Self::Token => Method::AccessToken,
            Self::Installation { .. } | Self::OwnApp { .. } => Method::OAuth,
        }
    }

    /// The fingerprint of the OAuth app's client id.
    #[must_use]
    pub fn client_key(&self) -> Option<&str> {
        match self {
            Self::Token => None,
            Self::Installation { client_key } | Self::OwnApp { client_key, .. } => Some(client_key),
        }
    }

    /// The workspace's own app, if that is the one.
    #[must_use]
    pub const fn own_app(&self) -> Option<OAuthAppId> {
        match self {
            Self::OwnApp { app, .. } => Some(*app),
            Self::Token | Self::Installation { .. } => None,
        }
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
    pub via: Via,
    /// The Intercom workspace's id, `app.id_code` of `/me`.
    pub app_id: String,
    /// The Intercom workspace's name.
    pub app_name: String,
    /// Its region as `/me` says: US, EU or AU.
    pub region: String,
    /// Its time zone as `/me` says.
    pub timezone: Option<String>,
    /// How it is.
    pub status: ConnectionStatus,
    /// Why, in words.
    pub status_note: Option<String>,
    /// Since when it is so.
    pub status_since: DateTime<Utc>,
    /// What Intercom says of its workspace's plan, while that keeps it from answering.
    pub plan_note: Option<String>,
    /// The last part of its webhook URL.
    pub endpoint_token: String,
    /// Since when feedback is switched on, if it is.
    pub feedback_on_at: Option<DateTime<Utc>>,
    /// Since when contacts and companies are copied, if they are.
    pub contacts_on_at: Option<DateTime<Utc>>,
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
    /// When its webhook address was last tested with HEAD, as Intercom does before it saves it; to about a minute.
    pub last_head_at: Option<DateTime<Utc>>,
    /// When Intercom was last asked whether the app was uninstalled.
    pub uninstall_asked_at: Option<DateTime<Utc>>,
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
            oauth_app_id,
            client_key,
            status_since,
            contacts_on_at,
            last_head_at,
            uninstall_asked_at,
            plan_note,
        } = row;
        let broken = |why: String| Error::contradiction("connections", id, why);
        let method = method.parse().map_err(|why| broken(format!("{why}")))?;
        let via = match (method, oauth_app_id.map(OAuthAppId), client_key) {
            (Method::AccessToken, None, None) => Via::Token,
            (Method::OAuth, None, Some(client_key)) => Via::Installation { client_key },
            (Method::OAuth, Some(app), Some(client_key)) => Via::OwnApp { app, client_key },
            _ => return Err(broken("its app does not fit its method".to_owned())),
        };
        Ok(Self {
            id: ConnectionId(id),
            name,
            via,
            app_id,
            app_name,
            region,
            timezone,
            status: status.parse().map_err(|why| broken(format!("{why}")))?,
            status_note,
            status_since: status_since.unwrap_or(created_at),
            plan_note,
            endpoint_token,
            feedback_on_at,
            contacts_on_at,
            tags_fetched_at,
            tags_note,
            checked_at,
            created_at,
            disconnected_at,
            last_head_at,
            uninstall_asked_at,
        })
    }
}

impl Connection {
    /// What it does, of what can be switched on and off.
    pub fn features(&self) -> impl Iterator<Item = Feature> {
        let on = |feature: &Feature| match feature {
            Feature::Feedback => self.feedback_on_at.is_some(),
            Feature::Contacts => self.contacts_on_at.is_some(),
        };
        Feature::ALL.iter().copied().filter(on)
    }
}

/// What a new connection needs.
#[derive(Debug, Clone)]
pub struct NewConnection {
    /// The name our people gave it.
    pub name: String,
    /// How the right was given.
    pub via: Via,
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
    /// Makes a connection with a webhook endpoint of its own, which is open when the connection has a private app.
    ///
    /// # Errors
    /// [`Error::Conflict`] when the workspace is connected to this Intercom workspace already.
    pub async fn create_connection(&self, new: NewConnection) -> Result<Connection> {
        let NewConnection {
            name,
            via,
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
            method: Set(via.method().as_str().to_owned()),
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
            oauth_app_id: Set(via.own_app().map(|app| app.0)),
            client_key: Set(via.client_key().map(ToOwned::to_owned)),
            status_since: Set(Some(self.now())),
            contacts_on_at: Set(None),
            last_head_at: Set(None),
            uninstall_asked_at: Set(None),
            plan_note: Set(None),
        };
        let connection = Connection::try_from(row.insert(self.on()).await?)?;
        let endpoint = endpoints::ActiveModel {
            token: Set(token),
            workspace_id: Set(self.workspace()),
            connection_id: Set(id.0),
            closed_at: Set((via != Via::Token).then(|| self.now())),
        };
        endpoint.insert(self.on()).await?;
        self.install(&connection).await?;
        self.source.changed(self.id, ChangeKind::Connections);
        Ok(connection)
    }

    /// Stores new credentials' app and what `/me` said with them: the connection is connected again, whatever it was. Its
    /// own endpoint is open while it has a private app.
    ///
    /// # Errors
    /// [`Error::Missing`].
    pub async fn grant_connection(
        &self,
        id: ConnectionId,
        via: &Via,
        app_name: &str,
        region: &str,
        timezone: Option<&str>,
    ) -> Result<()> {
        let sql = "UPDATE connections SET method = $3, oauth_app_id = $4, client_key = $5, app_name = $6, region = $7, \
            timezone = $8, status_since = CASE WHEN status = 'connected' THEN status_since ELSE $9 END, \
            status = 'connected', status_note = NULL, plan_note = NULL, checked_at = $9, disconnected_at = NULL \
            WHERE workspace_id = $1 AND id = $2";
        let values = vec![
            via.method().as_str().into(),
            via.own_app().map(|app| app.0).into(),
            via.client_key().into(),
            app_name.into(),
            region.into(),
            timezone.into(),
            self.now().into(),
        ];
        self.change_connection(id, sql, values).await?;
        match via {
            Via::Token => self.open_endpoint(id).await?,
            Via::Installation { .. } | Via::OwnApp { .. } => self.close_endpoint(id).await?,
        }
        let connection = self.connection(id).await?.ok_or(Error::Missing)?;
        self.install(&connection).await
    }

    /// Stores what `/me` says of the Intercom workspace.
    ///
    /// # Errors
    /// [`Error::Missing`].
    pub async fn prove_connection(
        &self,
        id: ConnectionId,
        app_name: &str,
        region: &str,
    ) -> Result<()> {
        let sql = "UPDATE connections SET app_name = $3, region = $4, checked_at = $5 \
            WHERE workspace_id = $1 AND id = $2 AND status <> 'disconnected'";
        let values = vec![app_name.into(), region.into(), self.now().into()];
        self.change_connection(id, sql, values).await
    }

    /// Moves a live connection to a status, with the reason in words.
    ///
    /// # Errors
    /// [`Error::Missing`], also when it is disconnected.
    pub async fn move_connection(
        &self,
        id: ConnectionId,
        status: ConnectionStatus,
        note: Option<&str>,
    ) -> Result<()> {
        let sql = "UPDATE connections SET status_since = CASE WHEN status = $3 THEN status_since ELSE $5 END, \
            status = $3, status_note = $4, checked_at = $5 \
            WHERE workspace_id = $1 AND id = $2 AND status <> 'disconnected'";
        let values = vec![status.as_str().into(), note.into(), self.now().into()];
        self.change_connection(id, sql, values).await
    }

    /// Notes what Intercom says of its workspace's plan, or that the plan is no hindrance (any more).
    ///
    /// # Errors
    /// [`Error::Missing`].
    pub async fn note_plan(&self, id: ConnectionId, note: Option<&str>) -> Result<()> {
        let sql = "UPDATE connections SET plan_note = $3 WHERE workspace_id = $1 AND id = $2";
        self.change_connection(id, sql, vec![note.into()]).await
    }

    /// Gives a connection another name.
    ///
    /// # Errors
    /// [`Error::Missing`].
    pub async fn rename_connection(&self, id: ConnectionId, name: &str) -> Result<()> {
        let sql = "UPDATE connections SET name = $3 WHERE workspace_id = $1 AND id = $2";
        self.change_connection(id, sql, vec![name.into()]).await
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

    /// Switches the copying of contacts and companies on, from now, or off; then nobody is waited for any more. Switching
    /// on what is on changes nothing.
    ///
    /// # Errors
    /// [`Error::Missing`].
    pub async fn set_connection_contacts(&self, id: ConnectionId, on: bool) -> Result<()> {
        let connection = self.connection(id).await?.ok_or(Error::Missing)?;
        if connection.contacts_on_at.is_some() == on {
            return Ok(());
        }
        let sql = "UPDATE connections SET contacts_on_at = $3 WHERE workspace_id = $1 AND id = $2";
        self.change_connection(id, sql, vec![on.then(|| self.now()).into()])
            .await?;
        match on {
            true => Ok(()),
            false => self.await_nobody(id).await,
        }
    }

    /// Marks a connection disconnected: wipes its secrets, closes its endpoint, switches everything off, ends its runs, drops
    /// what waits for Intercom. Its lanes go on.
    ///
    /// # Errors
    /// [`Error::Missing`].
    pub async fn disconnect(&self, id: ConnectionId) -> Result<()> {
        let sql = "UPDATE connections SET status_since = CASE WHEN status = 'disconnected' THEN status_since ELSE $3 END, \
            status = 'disconnected', status_note = NULL, plan_note = NULL, feedback_on_at = NULL, contacts_on_at = NULL, \
            disconnected_at = $3 \
            WHERE workspace_id = $1 AND id = $2";
        self.change_connection(id, sql, vec![self.now().into()])
            .await?;
        self.wipe_secrets(id).await?;
        self.uninstall(id).await?;
        self.drop_calls(id).await?;
        self.end_runs(id, RunKind::ALL, "the connection was disconnected")
            .await?;
        self.give_up_details(id, "the connection is disconnected")
            .await?;
        self.close_endpoint(id).await
    }

    async fn open_endpoint(&self, id: ConnectionId) -> Result<()> {
        let sql =
            "UPDATE endpoints SET closed_at = NULL WHERE workspace_id = $1 AND connection_id = $2";
        let values = vec![self.workspace().into(), id.0.into()];
        sql::execute(self.on(), sql, values).await.map(drop)
    }

    /// Closes the connection's own endpoint; one that is closed stays so since when it was.
    async fn close_endpoint(&self, id: ConnectionId) -> Result<()> {
        let sql = "UPDATE endpoints SET closed_at = $3 WHERE workspace_id = $1 AND connection_id = $2 AND closed_at IS NULL";
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
