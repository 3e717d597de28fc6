//! Access tokens that expire: the next one is asked for in time, by one call at a time over all processes.

use crate::app::AppCredentials;
use crate::clients::{NotReady, holds};
use crate::store::Store;
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use earmark_db::tenant::{Connection, SecretKind, StoredSecret};
use earmark_intercom::{Error, Hosts, Token};
use earmark_model::{ConnectionStatus, SecretId, StatusEvent, WorkspaceId};
use std::time::Duration;

/// A token that works for less than this is not begun with.
const BEFORE: TimeDelta = TimeDelta::minutes(5);
/// How long a call may take to get the next token; whoever waits takes over afterwards.
const CLAIM: TimeDelta = TimeDelta::seconds(90);
/// How often to look, besides being told, whether another call has got the next token.
const LOOK: Duration = Duration::from_secs(1);

/// What Intercom gives for a code, or for a refresh token. Today it gives an access token alone, which does not expire.
#[derive(Clone)]
pub struct Tokens {
    /// What the API is asked with.
    pub access: Token,
    /// What the next access token is asked for with.
    pub refresh: Option<Token>,
    /// When the access token ceases to work.
    pub expires_at: Option<DateTime<Utc>>,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens(..)")
    }
}

/// Asks for the next access token. How that is done is not the store's to know.
#[async_trait]
pub trait Refresher: Send + Sync {
    /// Exchanges a refresh token, once.
    ///
    /// # Errors
    /// What Intercom answered, or why it did not.
    async fn refresh(
        &self,
        app: &AppCredentials,
        hosts: &Hosts,
        refresh: &Token,
    ) -> Result<Tokens, Error>;
}

impl Store {
    /// The connection's access token; the next one, when it expires within minutes and there is a way to get it.
    pub(crate) async fn access_token(
        &self,
        workspace: WorkspaceId,
        connection: &Connection,
    ) -> Result<StoredSecret, NotReady> {
        let access = self.newest(workspace, connection, SecretKind::AccessToken);
        let access = access.await?.ok_or(NotReady::Disconnected)?;
        if !self.expires_within(&access, BEFORE) {
            return Ok(access);
        }
        let mut changes = self.db.changes();
        loop {
            let access = self.newest(workspace, connection, SecretKind::AccessToken);
            let access = access.await?.ok_or(NotReady::Disconnected)?;
            let refresh = self.newest(workspace, connection, SecretKind::RefreshToken);
            let (true, Some(refresh)) = (self.expires_within(&access, BEFORE), refresh.await?)
            else {
                return Ok(access);
            };
            if self.claim(workspace, refresh.id).await? {
                let (store, connection) = (self.clone(), connection.clone());
                // To its end, also when the caller is gone: a refresh token may be used up by being sent.
                let asked = tokio::spawn(async move {
                    let asked = store.next_token(workspace, &connection, access, &refresh);
                    let asked = asked.await;
                    store.release(workspace, refresh.id).await?;
                    asked
                });
                let stopped = |error: tokio::task::JoinError| {
                    earmark_db::Error::Unavailable(format!("the refresh was broken off: {error}"))
                };
                return asked.await.map_err(stopped)?;
            }
            let _ = tokio::time::timeout(LOOK, changes.next()).await;
        }
    }

    async fn newest(
        &self,
        workspace: WorkspaceId,
        connection: &Connection,
        kind: SecretKind,
    ) -> earmark_db::Result<Option<StoredSecret>> {
        let tenant = self.db.workspace(workspace);
        let secrets = tenant.secrets(connection.id, kind).await?;
        Ok(secrets.into_iter().next())
    }

    fn expires_within(&self, access: &StoredSecret, time: TimeDelta) -> bool {
        let now = self.db.sources().now();
        access.expires_at.is_some_and(|at| at <= now + time)
    }

    async fn claim(&self, workspace: WorkspaceId, refresh: SecretId) -> earmark_db::Result<bool> {
        let tx = self.db.begin().await?;
        let tenant = tx.workspace(workspace);
        let claimed = tenant.claim_secret(refresh, tenant.now() + CLAIM).await?;
        tx.commit().await?;
        Ok(claimed)
    }

    async fn release(&self, workspace: WorkspaceId, refresh: SecretId) -> earmark_db::Result<()> {
        let tx = self.db.begin().await?;
        tx.workspace(workspace).release_secret(refresh).await?;
        tx.commit().await
    }

    async fn next_token(
        &self,
        workspace: WorkspaceId,
        connection: &Connection,
        access: StoredSecret,
        refresh: &StoredSecret,
    ) -> Result<StoredSecret, NotReady> {
        let app = self.app_of(workspace, &connection.via).await?;
        let (Some(app), Some(refresher)) = (app, &self.refresher) else {
            // Whether the token still works is Intercom's to say.
            return Ok(access);
        };
        let former = self.open_token(workspace, refresh)?;
        let hosts = self.hosts_of(connection)?;
        match refresher.refresh(&app, hosts, &former).await {
            Ok(tokens) => {
                self.keep_next(workspace, connection, access.id, tokens, &former)
                    .await?;
                let stored = self.newest(workspace, connection, SecretKind::AccessToken);
                stored.await?.ok_or(NotReady::Disconnected)
            }
            Err(error) if refuses(&error) => {
                // Unless another process, or a member, was faster.
                let stored = self.newest(workspace, connection, SecretKind::AccessToken);
                if let Some(stored) = stored.await?
                    && stored.id != access.id
                {
                    return Ok(stored);
                }
                self.refuse_refresh(workspace, connection, access.id)
                    .await?;
                Err(NotReady::NeedsReconnecting)
            }
            Err(error) => {
                tracing::warn!(%workspace, connection = %connection.id, %error, "no next access token");
                if self.expires_within(&access, TimeDelta::zero()) {
                    return Err(NotReady::CannotRefresh(error));
                }
                Ok(access)
            }
        }
    }

    /// Stores the next tokens, unless a member gave others meanwhile.
    async fn keep_next(
        &self,
        workspace: WorkspaceId,
        connection: &Connection,
        access: SecretId,
        tokens: Tokens,
        former: &Token,
    ) -> earmark_db::Result<()> {
        let tx = self.db.begin().await?;
        if holds(&tx.workspace(workspace), connection.id, access).await? {
            let tokens = Tokens {
                refresh: tokens.refresh.or_else(|| Some(former.clone())),
                ..tokens
            };
            self.put_tokens(&tx, workspace, connection.id, &tokens)
                .await?;
        }
        tx.commit().await
    }

    async fn refuse_refresh(
        &self,
        workspace: WorkspaceId,
        connection: &Connection,
        access: SecretId,
    ) -> earmark_db::Result<()> {
        let tx = self.db.begin().await?;
        let tenant = tx.workspace(workspace);
        if holds(&tenant, connection.id, access).await? {
            tenant
                .keep_secrets(connection.id, SecretKind::RefreshToken, 0)
                .await?;
            let row = tenant.connection(connection.id).await?;
            let row = row.ok_or(earmark_db::Error::Missing)?;
            if row.status != ConnectionStatus::Disconnected {
                let why = "Intercom refused to renew the access token. Reconnect to go on.";
                let status = row.status.after(StatusEvent::Refused);
                tenant
                    .move_connection(connection.id, status, Some(why))
                    .await?;
            }
        }
        tx.commit().await
    }
}

/// Whether Intercom refuses the refresh token, and not only now.
const fn refuses(error: &Error) -> bool {
    matches!(
        error,
        Error::Reconnect { .. }
            | Error::PermissionMissing { .. }
            | Error::NotFound { .. }
            | Error::Rejected { .. }
    )
}
