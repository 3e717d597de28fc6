//! Proving credentials and read permissions again, as a job.

use crate::clients::NotReady;
use crate::store::Store;
use async_trait::async_trait;
use earmark_db::tenant::{Connection, PermissionCheck};
use earmark_intercom::{Client, Error, Lane, Probe, ProbeOutcome};
use earmark_jobs::{Handler, Verdict};
use earmark_model::{ClaimedJob, ConnectionStatus, Job, Permission, PermissionState};
use tokio::time::Instant;

/// Runs `check_connection` jobs.
#[derive(Debug, Clone)]
pub struct CheckHandler(pub Store);

#[async_trait]
impl Handler for CheckHandler {
    async fn run(&self, job: &ClaimedJob) -> Verdict {
        let Job::CheckConnection { connection } = job.job else {
            return Verdict::Fail("not a check".to_owned());
        };
        let tenant = self.0.db.workspace(job.workspace);
        match tenant.connection(connection).await {
            Ok(Some(row)) if row.status != ConnectionStatus::Disconnected => {
                self.check(job, &row).await
            }
            Ok(_) => Verdict::Done,
            Err(error) => error.into(),
        }
    }
}

impl CheckHandler {
    async fn check(&self, job: &ClaimedJob, connection: &Connection) -> Verdict {
        let client = match self
            .0
            .client_of(job.workspace, connection, Lane::Interactive)
            .await
        {
            Ok(client) => client,
            Err(NotReady::Database(error)) => return error.into(),
            Err(NotReady::Disconnected) => return Verdict::Done,
            Err(error) => return Verdict::Fail(error.to_string()),
        };
        match client.me().await {
            Ok(me) if me.app.id_code != connection.app_id => {
                let other = me.app.name.unwrap_or(me.app.id_code);
                let why = format!(
                    "The access token now belongs to another Intercom workspace, {other}. Paste one of {} to go on.",
                    connection.app_name
                );
                return verdict(self.0.refuse(job.workspace, connection.id, &why).await);
            }
            Ok(me) => {
                let name = me.app.name.unwrap_or_else(|| connection.app_name.clone());
                let region = me
                    .app
                    .region
                    .map_or(connection.region.as_str(), |region| region.as_str());
                if let Err(error) = self.prove(job, connection, &name, region).await {
                    return error.into();
                }
            }
            Err(Error::WaitUntil { at, .. }) => return Verdict::Snooze(at),
            Err(error @ Error::Reconnect { .. }) => {
                let noted = self.0.note_failure(job.workspace, connection.id, &error);
                return verdict(noted.await);
            }
            // A missing permission shows in the checks below.
            Err(Error::PermissionMissing { .. }) => {}
            Err(error) => return Verdict::Retry(error.to_string()),
        }
        self.check_permissions(job, connection, &client).await
    }

    async fn prove(
        &self,
        job: &ClaimedJob,
        old: &Connection,
        name: &str,
        region: &str,
    ) -> earmark_db::Result<()> {
        let tx = self.0.db.begin().await?;
        let tenant = tx.workspace(job.workspace);
        // Disconnected while Intercom was being asked: that stays.
        if tenant
            .connection(old.id)
            .await?
            .is_some_and(|c| c.status != ConnectionStatus::Disconnected)
        {
            tenant.prove_connection(old.id, name, region).await?;
        }
        tx.commit().await
    }

    async fn check_permissions(
        &self,
        job: &ClaimedJob,
        connection: &Connection,
        client: &Client,
    ) -> Verdict {
        let mut checks = Vec::new();
        for permission in Permission::ALL {
            checks.push(check_permission(client, *permission).await);
        }
        let stored = async {
            let tx = self.0.db.begin().await?;
            for check in &checks {
                tx.workspace(job.workspace)
                    .put_permission_check(connection.id, check)
                    .await?;
            }
            tx.commit().await
        };
        verdict(stored.await)
    }
}

fn verdict(written: earmark_db::Result<()>) -> Verdict {
    written.map_or_else(Verdict::from, |()| Verdict::Done)
}

async fn check_permission(client: &Client, permission: Permission) -> PermissionCheck {
    let probe = match permission {
        Permission::ReadListUsersCompanies => Probe::ListContacts,
        Permission::ReadOneUserCompany => Probe::OneContact,
        Permission::ReadConversations => Probe::Conversations,
        Permission::ReadTags => Probe::Tags,
        Permission::ReadAdmins => Probe::Admins,
        // Writing is confirmed by the first thing that writes: Earmark changes nothing just to test it.
        Permission::ReadWriteUsers => {
            return PermissionCheck {
                permission,
                state: PermissionState::NotTested,
                note: None,
                took_ms: None,
            };
        }
    };
    let start = Instant::now();
    let outcome = client.probe(probe).await;
    let took_ms = i64::try_from(start.elapsed().as_millis()).ok();
    let (state, note) = match outcome {
        ProbeOutcome::Granted => (PermissionState::Granted, None),
        ProbeOutcome::Missing { message } => (PermissionState::Missing, message),
        ProbeOutcome::Failed(error) => (PermissionState::Unknown, Some(error.to_string())),
    };
    PermissionCheck {
        permission,
        state,
        note,
        took_ms,
    }
}
