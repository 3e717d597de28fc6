//! Sealed secrets of connections and of workspaces' OAuth apps.

use crate::entities::secrets;
use crate::error::{Error, Result};
use crate::scope::{Source, Tenant, Tx};
use crate::signal::ChangeKind;
use crate::sql;
use chrono::{DateTime, Utc};
use earmark_model::{ConnectionId, OAuthAppId, SecretId, text_enum};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder,
};
use uuid::Uuid;

text_enum! {
    /// What a sealed secret is.
    pub enum SecretKind {
        /// What Intercom's API is asked with.
        AccessToken = "access_token",
        /// What gives the next access token, should Intercom ever issue one.
        RefreshToken = "refresh_token",
        /// An OAuth app's client id.
        ClientId = "client_id",
        /// What webhooks are signed with.
        ClientSecret = "client_secret",
    }
}

/// Whose a secret is: a connection's or an OAuth app's. Their ids are unique among both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SecretOwner(Uuid);

impl From<ConnectionId> for SecretOwner {
    fn from(id: ConnectionId) -> Self {
        Self(id.0)
    }
}

impl From<OAuthAppId> for SecretOwner {
    fn from(id: OAuthAppId) -> Self {
        Self(id.0)
    }
}

impl std::fmt::Display for SecretOwner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// A secret to be stored.
#[derive(Debug, Clone)]
pub struct NewSecret<'a> {
    /// The id, which is part of what it is sealed to.
    pub id: SecretId,
    /// What it is.
    pub kind: SecretKind,
    /// The sealed text.
    pub sealed: &'a str,
    /// Its last four characters.
    pub last4: &'a str,
    /// When it ceases to work, if that is known.
    pub expires_at: Option<DateTime<Utc>>,
}

/// A sealed secret.
#[derive(Debug, Clone)]
pub struct StoredSecret {
    /// The id.
    pub id: SecretId,
    /// Whose it is.
    pub owner: SecretOwner,
    /// What it is.
    pub kind: SecretKind,
    /// The sealed text.
    pub sealed: String,
    /// Its last four characters, all that is ever shown.
    pub last4: String,
    /// When a webhook was last verified with it.
    pub verified_at: Option<DateTime<Utc>>,
    /// When it ceases to work, if that is known.
    pub expires_at: Option<DateTime<Utc>>,
}

impl TryFrom<secrets::Model> for StoredSecret {
    type Error = Error;
    fn try_from(row: secrets::Model) -> Result<Self> {
        let secrets::Model {
            workspace_id: _,
            id,
            owner_id,
            kind,
            sealed,
            last4,
            created_at: _,
            verified_at,
            expires_at,
            claimed_until: _,
        } = row;
        let kind = kind
            .parse()
            .map_err(|why| Error::contradiction("secrets", id, why))?;
        Ok(Self {
            id: SecretId(id),
            owner: SecretOwner(owner_id),
            kind,
            sealed,
            last4,
            verified_at,
            expires_at,
        })
    }
}

impl<S: Source> Tenant<'_, S> {
    /// The live secrets of a kind, newest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn secrets(
        &self,
        owner: impl Into<SecretOwner>,
        kind: SecretKind,
    ) -> Result<Vec<StoredSecret>> {
        let rows = secrets::Entity::find()
            .filter(secrets::Column::WorkspaceId.eq(self.workspace()))
            .filter(secrets::Column::OwnerId.eq(owner.into().0))
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
        owner: impl Into<SecretOwner>,
        secret: NewSecret<'_>,
    ) -> Result<()> {
        let NewSecret {
            id,
            kind,
            sealed,
            last4,
            expires_at,
        } = secret;
        let row = secrets::ActiveModel {
            workspace_id: Set(self.workspace()),
            id: Set(id.0),
            owner_id: Set(owner.into().0),
            kind: Set(kind.as_str().to_owned()),
            sealed: Set(sealed.to_owned()),
            last4: Set(last4.to_owned()),
            created_at: Set(self.now()),
            verified_at: Set(None),
            expires_at: Set(expires_at),
            claimed_until: Set(None),
        };
        row.insert(self.on()).await?;
        self.source.changed(self.id, ChangeKind::Connections);
        Ok(())
    }

    /// Wipes every secret of a connection or an app.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn wipe_secrets(&self, owner: impl Into<SecretOwner>) -> Result<()> {
        let sql = "DELETE FROM secrets WHERE workspace_id = $1 AND owner_id = $2";
        let values = vec![self.workspace().into(), owner.into().0.into()];
        if sql::execute(self.on(), sql, values).await? > 0 {
            self.source.changed(self.id, ChangeKind::Connections);
        }
        Ok(())
    }

    /// Wipes the secrets of a kind but for `most`: those that verified last, then the newest.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn keep_secrets(
        &self,
        owner: impl Into<SecretOwner>,
        kind: SecretKind,
        most: usize,
    ) -> Result<()> {
        let mut live = self.secrets(owner, kind).await?;
        live.sort_by_key(|secret| std::cmp::Reverse((secret.verified_at, secret.id)));
        for secret in live.iter().skip(most) {
            let sql = "DELETE FROM secrets WHERE workspace_id = $1 AND id = $2";
            let values = vec![self.workspace().into(), secret.id.0.into()];
            sql::execute(self.on(), sql, values).await?;
        }
        Ok(())
    }

    /// Wipes the secrets of a kind that are older than `id`.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn drop_older_secrets(
        &self,
        owner: impl Into<SecretOwner>,
        kind: SecretKind,
        id: SecretId,
    ) -> Result<()> {
        let sql = "DELETE FROM secrets WHERE workspace_id = $1 AND owner_id = $2 AND kind = $3 AND id < $4";
        let values = vec![
            self.workspace().into(),
            owner.into().0.into(),
            kind.as_str().into(),
            id.0.into(),
        ];
        if sql::execute(self.on(), sql, values).await? > 0 {
            self.source.changed(self.id, ChangeKind::Connections);
        }
        Ok(())
    }

    /// Claims a secret for using it up, such as a refresh token: false while another claim lasts, or when the secret is
    /// gone. A claim ends with the secret, with [`Tenant::release_secret`], or at `until`.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn claim_secret(&self, id: SecretId, until: DateTime<Utc>) -> Result<bool> {
        let sql = "UPDATE secrets SET claimed_until = $3 WHERE workspace_id = $1 AND id = $2 \
            AND (claimed_until IS NULL OR claimed_until <= $4)";
        let values = vec![
            self.workspace().into(),
            id.0.into(),
            until.into(),
            self.now().into(),
        ];
        Ok(sql::execute(self.on(), sql, values).await? > 0)
    }

    /// Ends a claim.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn release_secret(&self, id: SecretId) -> Result<()> {
        let sql = "UPDATE secrets SET claimed_until = NULL WHERE workspace_id = $1 AND id = $2";
        let values = vec![self.workspace().into(), id.0.into()];
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
