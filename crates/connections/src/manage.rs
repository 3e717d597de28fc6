//! Changing a connection: name, client secret, feedback switch, asking for checks.

use crate::error::ManageError;
use crate::status::settle;
use crate::store::{Store, is_pasted_whole};
use earmark_db::tenant::{Actor, Connection, SecretKind};
use earmark_db::{Tenant, Tx};
use earmark_model::{ConnectionId, ConnectionStatus, Job, WorkspaceId};
use serde_json::json;

impl Store {
    /// Stores the client secret that webhooks are signed with. The one before goes on verifying until the new one first
    /// does, so that nothing is refused while it is being rotated in Intercom.
    ///
    /// # Errors
    /// [`ManageError`].
    pub async fn set_client_secret(
        &self,
        workspace: WorkspaceId,
        actor: &Actor,
        connection: ConnectionId,
        secret: &str,
    ) -> Result<(), ManageError> {
        let secret = secret.trim();
        if !is_pasted_whole(secret, 8..=512) {
            return Err(ManageError::NotASecret);
        }
        let tx = self.db.begin().await?;
        let tenant = tx.workspace(workspace);
        live(&tenant, connection).await?;
        let kind = SecretKind::ClientSecret;
        self.put_secret(&tx, workspace, connection, kind, secret, None)
            .await?;
        tenant
            .audit(
                actor,
                "connection.client_secret_set",
                ("connection", connection),
                json!({}),
            )
            .await?;
        Ok(tx.commit().await?)
    }

    /// Switches feedback on, from now, or off.
    ///
    /// # Errors
    /// [`ManageError`].
    pub async fn set_feedback(
        &self,
        workspace: WorkspaceId,
        actor: &Actor,
        connection: ConnectionId,
        on: bool,
    ) -> Result<(), ManageError> {
        let tx = self.db.begin().await?;
        let tenant = tx.workspace(workspace);
        let row = live(&tenant, connection).await?;
        tenant.set_connection_feedback(connection, on).await?;
        if row.status.works() {
            // What it needs depends on what it does.
            settle(&tenant, connection).await?;
        }
        let action = if on {
            "connection.feedback_on"
        } else {
            "connection.feedback_off"
        };
        tenant
            .audit(actor, action, ("connection", connection), json!({}))
            .await?;
        Ok(tx.commit().await?)
    }

    /// Asks for a job of a live connection: a check, the doctor, a refresh of its tags, or the details of a conversation.
    ///
    /// # Errors
    /// [`ManageError`].
    pub async fn ask(
        &self,
        workspace: WorkspaceId,
        actor: &Actor,
        connection: ConnectionId,
        job: &Job,
    ) -> Result<(), ManageError> {
        let (action, detail) = match job {
            Job::CheckConnection { .. } => ("connection.check_asked", json!({})),
            Job::RefreshTags { .. } => ("connection.tags_asked", json!({})),
            Job::Details { conversation, .. } => (
                "ticket.details_asked",
                json!({ "conversation": conversation }),
            ),
            Job::Doctor { only, .. } => ("connection.doctor_asked", json!({ "line": only })),
            // Nobody asks for these here: a stored delivery does, Intercom does, or who disconnected.
            Job::Lane { .. } => ("connection.lane_asked", json!({})),
            // Asked for with the run it belongs to.
            Job::FetchAll { .. } => ("connection.fetch_asked", json!({})),
            Job::ConfirmUninstall { .. } => ("connection.uninstall_asked", json!({})),
            Job::Erase { .. } | Job::Scrub { .. } => return Err(ManageError::Missing),
            Job::Run { .. } | Job::People { .. } | Job::Payloads => {
                ("connection.job_asked", json!({}))
            }
        };
        let tx = self.db.begin().await?;
        let tenant = tx.workspace(workspace);
        live(&tenant, connection).await?;
        tenant.enqueue(job).await?;
        tenant
            .audit(actor, action, ("connection", connection), detail)
            .await?;
        Ok(tx.commit().await?)
    }

    /// Gives a connection another name, disconnected or not. An empty one is the Intercom workspace's.
    ///
    /// # Errors
    /// [`ManageError`].
    pub async fn rename(
        &self,
        workspace: WorkspaceId,
        actor: &Actor,
        connection: ConnectionId,
        name: &str,
    ) -> Result<(), ManageError> {
        let tx = self.db.begin().await?;
        let tenant = tx.workspace(workspace);
        tenant.lock().await?;
        let row = tenant.connection(connection).await?;
        let row = row.ok_or(ManageError::Missing)?;
        let name = match name.trim() {
            "" => row.app_name.as_str(),
            name => name,
        };
        if name == row.name {
            return Ok(());
        }
        tenant.rename_connection(connection, name).await?;
        let detail = json!({ "from": row.name, "to": name });
        let subject = ("connection", connection);
        tenant
            .audit(actor, "connection.renamed", subject, detail)
            .await?;
        Ok(tx.commit().await?)
    }
}

/// The connection, unless it is gone, disconnected, or another workspace's. Nobody else disconnects it before the
/// transaction ends.
pub(crate) async fn live(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
) -> Result<Connection, ManageError> {
    tenant.lock().await?;
    let connection = tenant
        .connection(connection)
        .await?
        .ok_or(ManageError::Missing)?;
    if connection.status == ConnectionStatus::Disconnected {
        return Err(ManageError::Missing);
    }
    Ok(connection)
}
