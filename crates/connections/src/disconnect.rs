//! Disconnecting: our copy of the credentials is wiped, the app is uninstalled when nobody else needs it, and what was
//! copied is kept or erased.

use crate::clients::{Ready, with_request};
use crate::error::{ConnectError, ManageError};
use crate::manage::live;
use crate::store::Store;
use chrono::{DateTime, TimeDelta, Utc};
use earmark_db::across::Install;
use earmark_db::tenant::{Actor, Connection, SecretKind};
use earmark_db::{Tenant, Tx};
use earmark_intercom::{Error, Lane};
use earmark_model::{ConnectionId, ConnectionStatus, Job, Method, WorkspaceId};
use serde_json::json;

/// What becomes of what was copied from Intercom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mirrored {
    /// It stays. What is redacted or deleted in Intercom afterwards no longer reaches it.
    Keep,
    /// It is erased by a job.
    Erase,
}

/// What a disconnect did to the app in Intercom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Uninstalled {
    /// Intercom took it off its workspace.
    Done,
    /// It was gone before.
    Before,
    /// Intercom still lists it: it is a private app, or others are connected through it.
    StillListed,
    /// It should have been taken off, but Intercom could not be told; why, in words.
    Untold(String),
}

impl Store {
    /// Disconnects: wipes our copy of the secrets, closes the endpoint, drops the jobs that would ask Intercom, and begins
    /// the erasure if that is wanted; all in one transaction. After it, with the token taken before, Intercom is told to
    /// uninstall an OAuth app, if no other live connection of anybody goes through the same app to the same Intercom
    /// workspace. What waits is left to its lanes, which still erase what was redacted or deleted.
    ///
    /// # Errors
    /// [`ManageError`]. An Intercom that does not answer is no error: the connection is disconnected all the same.
    pub async fn disconnect(
        &self,
        workspace: WorkspaceId,
        actor: &Actor,
        connection: ConnectionId,
        mirrored: Mirrored,
    ) -> Result<Uninstalled, ManageError> {
        let tx = self.db.begin().await?;
        let tenant = tx.workspace(workspace);
        let row = live(&tenant, connection).await?;
        let last = self.last_of_app(&tx, workspace, &row).await?;
        let client_key = row.via.client_key().unwrap_or_default();
        // Intercom reported it, which a refused token confirmed.
        let was_before = row.status == ConnectionStatus::Uninstalled;
        if matches!(last, Some(Ok(_))) && !was_before {
            tx.across().begin_uninstall(client_key, &row.app_id).await?;
        }
        tenant.disconnect(connection).await?;
        let detail = json!({ "erase": mirrored == Mirrored::Erase, "uninstall": last.is_some() });
        let subject = ("connection", connection);
        tenant
            .audit(actor, "connection.disconnected", subject, detail)
            .await?;
        if mirrored == Mirrored::Erase {
            begin_erasure(&tenant, connection).await?;
        }
        tx.commit().await?;
        Ok(match last {
            None => Uninstalled::StillListed,
            Some(_) if was_before => Uninstalled::Before,
            Some(Err(why)) => Uninstalled::Untold(why),
            Some(Ok(ready)) => {
                let told = uninstall(&ready).await;
                self.note_uninstalled(client_key, &row.app_id).await;
                told
            }
        })
    }

    /// Ends the time in which nobody connects through an app because Intercom is being told to uninstall it. Without this
    /// it ends by itself.
    async fn note_uninstalled(&self, client_key: &str, app_id: &str) {
        let noted = async {
            let tx = self.db.begin().await?;
            tx.across().end_uninstall(client_key, app_id).await?;
            tx.commit().await
        };
        if let Err(error) = noted.await {
            tracing::warn!(%error, "cannot write down that an app was uninstalled");
        }
    }

    /// The client that uninstalls the app of an OAuth connection, when no other connection goes through it. The lock makes
    /// one of several that disconnect at once the last.
    async fn last_of_app(
        &self,
        tx: &Tx,
        workspace: WorkspaceId,
        row: &Connection,
    ) -> earmark_db::Result<Option<Result<Ready, String>>> {
        let Some(client_key) = row.via.client_key() else {
            return Ok(None);
        };
        let across = tx.across();
        across.lock_installs(client_key, &row.app_id).await?;
        let installs = across.installs(client_key, &row.app_id).await?;
        let own = |one: &Install| (one.workspace, one.connection) == (workspace, row.id);
        if !installs.iter().all(own) {
            return Ok(None);
        }
        let tenant = tx.workspace(workspace);
        let stored = tenant.secrets(row.id, SecretKind::AccessToken).await?;
        let Some(stored) = stored.first() else {
            return Ok(Some(Err("there is no stored token".to_owned())));
        };
        let ready = self.client_with(workspace, row, stored, Lane::Interactive);
        Ok(Some(ready.map_err(|error| error.to_string())))
    }

    /// Asks for what was copied through a disconnected connection to be erased.
    ///
    /// # Errors
    /// [`ManageError::Missing`] when it is not disconnected; [`ManageError::Erasing`] when that is under way.
    pub async fn erase(
        &self,
        workspace: WorkspaceId,
        actor: &Actor,
        connection: ConnectionId,
    ) -> Result<(), ManageError> {
        let tx = self.db.begin().await?;
        let tenant = tx.workspace(workspace);
        tenant.lock().await?;
        let row = tenant.connection(connection).await?;
        let row = row.ok_or(ManageError::Missing)?;
        if row.status != ConnectionStatus::Disconnected {
            return Err(ManageError::Missing);
        }
        if is_erasing(&tenant, connection).await? {
            // Its job may have been given up.
            tenant.enqueue(&Job::Erase { connection }).await?;
            tx.commit().await?;
            return Err(ManageError::Erasing);
        }
        begin_erasure(&tenant, connection).await?;
        let subject = ("connection", connection);
        tenant
            .audit(actor, "connection.erase_asked", subject, json!({}))
            .await?;
        Ok(tx.commit().await?)
    }
}

/// How long Intercom may take to answer that it uninstalled an app; longer than the client waits.
const UNINSTALLING: TimeDelta = TimeDelta::minutes(2);

/// Refuses what an app was granted before Intercom had answered that it uninstalled the app: an uninstall voids every
/// token of the app in the Intercom workspace. The lock makes whoever disconnects see this connection, or this one see
/// the uninstall.
pub(crate) async fn refuse_void(
    tx: &Tx,
    (client_key, app_id): (&str, &str),
    asked_at: DateTime<Utc>,
) -> Result<(), ConnectError> {
    let across = tx.across();
    across.lock_installs(client_key, app_id).await?;
    let told = across.uninstall(client_key, app_id).await?;
    let until = told.map(|told| told.answered_at.unwrap_or(told.begun_at + UNINSTALLING));
    if until.is_some_and(|until| asked_at < until) {
        return Err(ConnectError::Uninstalled);
    }
    Ok(())
}

async fn begin_erasure(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
) -> earmark_db::Result<()> {
    tenant.begin_erasure(connection).await?;
    tenant.enqueue(&Job::Erase { connection }).await
}

/// Whether an erasure of what was copied through a connection is under way.
pub(crate) async fn is_erasing(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
) -> earmark_db::Result<bool> {
    let erasure = tenant.erasure(connection).await?;
    Ok(erasure.is_some_and(|erasure| erasure.finished_at.is_none()))
}

async fn uninstall(ready: &Ready) -> Uninstalled {
    match ready.client.uninstall().await {
        Ok(()) => Uninstalled::Done,
        // A token ends with its installation, or was revoked; which of them, Intercom does not say.
        Err(error @ Error::Reconnect { .. }) => Uninstalled::Untold(with_request(&error)),
        Err(error) => {
            tracing::warn!(
                error = with_request(&error),
                "Intercom was not told to uninstall an app"
            );
            Uninstalled::Untold(with_request(&error))
        }
    }
}

impl Uninstalled {
    /// What a member should know and do about the app in Intercom, in sentences.
    #[must_use]
    pub fn words(&self, method: Method) -> String {
        match (self, method) {
            (Self::Done, _) => "The app is uninstalled in Intercom.".to_owned(),
            (Self::Before, _) => "The app was uninstalled in Intercom before.".to_owned(),
            (Self::StillListed, Method::AccessToken) => {
                "Intercom still lists your app; only its owner can remove it, in the Developer Hub."
                    .to_owned()
            }
            (Self::StillListed, Method::OAuth) => {
                "Intercom still lists the app, under Settings, Apps.".to_owned()
            }
            (Self::Untold(why), _) => format!(
                "The app could not be uninstalled in Intercom: {}. Remove it there, under Settings, Apps.",
                why.trim_end_matches('.')
            ),
        }
    }
}
