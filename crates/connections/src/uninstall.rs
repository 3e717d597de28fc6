//! What Intercom, or anybody, says of an app's uninstalling is a hint. The token tells whether it is true.

use crate::clients::{NotReady, Ready, holds, with_request};
use crate::store::Store;
use async_trait::async_trait;
use chrono::TimeDelta;
use earmark_db::tenant::Connection;
use earmark_intercom::{Error, Lane};
use earmark_jobs::{Handler, Verdict};
use earmark_model::{ClaimedJob, ConnectionStatus, Job, SecretId, StatusEvent, WorkspaceId};

/// How often Intercom is asked about one connection at most, however many hints come.
const EVERY: TimeDelta = TimeDelta::minutes(1);
/// What a member reads.
const UNINSTALLED: &str = "The app was uninstalled in Intercom. Connect again to go on.";

impl Store {
    /// Asks for a look at every connection, whosever it is, that was made to an Intercom workspace through the OAuth app
    /// with this fingerprint. Where one is asked for already, nothing is written.
    ///
    /// # Errors
    /// [`earmark_db::Error::Unavailable`].
    pub async fn hint_uninstalled(&self, client_key: &str, app_id: &str) -> earmark_db::Result<()> {
        let mut to_ask = Vec::new();
        for install in self.db.across().installs(client_key, app_id).await? {
            let job = Job::ConfirmUninstall {
                connection: install.connection,
            };
            let tenant = self.db.workspace(install.workspace);
            if !tenant.is_pending(&job).await? {
                to_ask.push((install.workspace, job));
            }
        }
        if to_ask.is_empty() {
            return Ok(());
        }
        let tx = self.db.begin().await?;
        for (workspace, job) in &to_ask {
            tx.workspace(*workspace).enqueue(job).await?;
        }
        tx.commit().await
    }
}

/// Runs `confirm_uninstall` jobs.
#[derive(Debug, Clone)]
pub struct UninstallHandler(pub Store);

#[async_trait]
impl Handler for UninstallHandler {
    async fn run(&self, job: &ClaimedJob) -> Verdict {
        let Job::ConfirmUninstall { connection } = job.job else {
            return Verdict::Fail("not a look at an uninstall".to_owned());
        };
        let tenant = self.0.db.workspace(job.workspace);
        match tenant.connection(connection).await {
            Ok(Some(row)) if is_of_an_app(&row) => self.confirm(job.workspace, &row).await,
            Ok(_) => Verdict::Done,
            Err(error) => error.into(),
        }
    }
}

fn is_of_an_app(row: &Connection) -> bool {
    row.status != ConnectionStatus::Disconnected && row.via.client_key().is_some()
}

impl UninstallHandler {
    async fn confirm(&self, workspace: WorkspaceId, row: &Connection) -> Verdict {
        match self.may_ask(workspace, row).await {
            Ok(true) => {}
            Ok(false) => {
                let last = row.uninstall_asked_at;
                let last = last.unwrap_or_else(|| self.0.db.sources().now());
                return Verdict::Snooze(last + EVERY);
            }
            Err(error) => return error.into(),
        }
        let ready = self.0.client_of(workspace, row, Lane::Interactive).await;
        let Ready { client, secret } = match ready {
            Ok(ready) => ready,
            Err(NotReady::Database(error)) => return error.into(),
            Err(NotReady::Disconnected) => return Verdict::Done,
            Err(error) => return Verdict::Fail(error.to_string()),
        };
        let event = match client.me().await {
            Ok(me) if me.app.id_code == row.app_id => StatusEvent::Accepted,
            Err(Error::Reconnect { .. }) => StatusEvent::Uninstalled,
            Err(Error::WaitUntil { at, .. }) => return Verdict::Snooze(at),
            Err(error) if error.is_passing() => return Verdict::Retry(with_request(&error)),
            // Such as a missing permission: the token itself was not refused, and that is all that was asked.
            Ok(_) | Err(_) => return Verdict::Done,
        };
        let moved = self.write_down(workspace, row, secret, event).await;
        moved.map_or_else(Verdict::from, |()| Verdict::Done)
    }

    async fn may_ask(&self, workspace: WorkspaceId, row: &Connection) -> earmark_db::Result<bool> {
        let tx = self.0.db.begin().await?;
        let may = tx.workspace(workspace).ask_uninstall(row.id, EVERY).await?;
        tx.commit().await?;
        Ok(may)
    }

    /// What Intercom says of a token that was replaced meanwhile counts no more. That it takes the token says nothing of
    /// permissions, so a degraded connection stays so.
    async fn write_down(
        &self,
        workspace: WorkspaceId,
        row: &Connection,
        secret: SecretId,
        event: StatusEvent,
    ) -> earmark_db::Result<()> {
        let tx = self.0.db.begin().await?;
        let tenant = tx.workspace(workspace);
        if holds(&tenant, row.id, secret).await? {
            let now = tenant.connection(row.id).await?;
            let now = now.ok_or(earmark_db::Error::Missing)?.status;
            let note = (event == StatusEvent::Uninstalled).then_some(UNINSTALLED);
            if note.is_some() || now.needs_member() {
                let status = now.after(event);
                tenant.move_connection(row.id, status, note).await?;
            }
        }
        tx.commit().await
    }
}
