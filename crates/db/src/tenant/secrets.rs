//! Sealed secrets of connections.

use crate::entities::secrets;
use crate::error::{Error, Result};
use crate::scope::{Source, Tenant, Tx};
use crate::signal::ChangeKind;
use crate::sql;
use chrono::{DateTime, Utc};
use earmark_model::{ConnectionId, SecretId, text_enum};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder,
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

impl<S: Source> Tenant<'_, S> {
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
}

impl Tenant<'_, Tx> {
    /// Stores a sealed secret under a given id (the id is part of what it is sealed to), beside those of its kind.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn add_secret(
        &self,
        id: SecretId,
        connection: ConnectionId,
        kind: SecretKind,
        sealed: &str,
        last4: &str,
    ) -> Result<()> {
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

    /// Wipes the secrets of a kind but for `most`: those that verified last, then the newest.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn keep_secrets(
        &self,
        connection: ConnectionId,
        kind: SecretKind,
        most: usize,
    ) -> Result<()> {
        let mut live = self.secrets(connection, kind).await?;
        live.sort_by_key(|secret| std::cmp::Reverse((secret.verified_at, secret.id)));
        for secret in live.iter().skip(most) {
            let sql = "DELETE FROM secrets WHERE workspace_id = $1 AND id = $2";
            let values = vec![self.workspace().into(), secret.id.0.into()];
            sql::execute(self.on(), sql, values).await?;
        }
        Ok(())
    }

    /// Wipes the secrets of a connection and kind that are older than `id`.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn drop_older_secrets(
        &self,
        connection: ConnectionId,
        kind: SecretKind,
        id: SecretId,
    ) -> Result<()> {
        let sql = "DELETE FROM secrets WHERE workspace_id = $1 AND connection_id = $2 AND kind = $3 AND id < $4";
        let values = vec![
            self.workspace().into(),
            connection.0.into(),
            kind.as_str().into(),
            id.0.into(),
        ];
        if sql::execute(self.on(), sql, values).await? > 0 {
            self.source.changed(self.id, ChangeKind::Connections);
        }
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
}
