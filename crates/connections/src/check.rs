//! Proving credentials and read permissions again, as a job.

use crate::clients::{NotReady, Ready, holds, with_request};
use crate::store::Store;
use async_trait::async_trait;
use earmark_db::tenant::{Connection, PermissionCheck};
use earmark_db::{Tenant, Tx};
use earmark_intercom::{Client, Error, Lane, Probe, ProbeOutcome};
use earmark_jobs::{Handler, Verdict};
use earmark_model::{
    ClaimedJob, ConnectionId, ConnectionStatus, Job, Permission, PermissionState, SecretId,
    StatusEvent,
};
use tokio::time::Instant;

/// Conversations whose details are asked for again at once.
const MOST_UNFINISHED: u64 = 1_000;

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
                let verdict = self.check(job, &row).await;
                self.tell(job, row.id, verdict).await
            }
            Ok(_) => Verdict::Done,
            Err(error) => error.into(),
        }
    }
}

impl CheckHandler {
    /// Says where the member looks that a check was given up: beside the permissions, which are unknown then.
    async fn tell(&self, job: &ClaimedJob, connection: ConnectionId, verdict: Verdict) -> Verdict {
        let why = match &verdict {
            Verdict::Fail(why) => why,
            Verdict::Retry(why) if job.attempt >= job.job.max_attempts() => why,
            _ => return verdict,
        };
        let checks = Permission::ALL
            .iter()
            .map(|permission| check_of(*permission, PermissionState::Unknown, Some(why.clone())))
            .collect::<Vec<_>>();
        if let Err(error) = self.store_checks(job, connection, &checks).await {
            tracing::warn!(%connection, %error, "cannot say that a check was given up");
        }
        verdict
    }

    async fn check(&self, job: &ClaimedJob, connection: &Connection) -> Verdict {
        let ready = match self
            .0
            .client_of(job.workspace, connection, Lane::Interactive)
            .await
        {
            Ok(ready) => ready,
            Err(NotReady::Database(error)) => return error.into(),
            Err(NotReady::Disconnected) => return Verdict::Done,
            Err(error) => return Verdict::Fail(error.to_string()),
        };
        let Ready { client, secret } = ready;
        match client.me().await {
            Ok(me) if me.app.id_code != connection.app_id => {
                let other = me.app.name.unwrap_or(me.app.id_code);
                let why = format!(
                    "The access token now belongs to another Intercom workspace, {other}. Paste one of {} to go on.",
                    connection.app_name
                );
                let refused = self.0.refuse(job.workspace, connection.id, secret, &why);
                return verdict(refused.await);
            }
            Ok(me) => {
                let name = me.app.name.unwrap_or_else(|| connection.app_name.clone());
                let region = me
                    .app
                    .region
                    .map_or(connection.region.as_str(), |region| region.as_str());
                if let Err(error) = self
                    .prove(job, (connection.id, secret), &name, region)
                    .await
                {
                    return error.into();
                }
            }
            Err(Error::WaitUntil { at, .. }) => return Verdict::Snooze(at),
            Err(error @ Error::Reconnect { .. }) => {
                let noted = self
                    .0
                    .note_failure(job.workspace, connection.id, secret, &error);
                return verdict(noted.await);
            }
            // A missing permission shows in the checks below.
            Err(Error::PermissionMissing { .. }) => {}
            Err(error) => return Verdict::Retry(with_request(&error)),
        }
        self.check_permissions(job, connection, &client).await
    }

    async fn prove(
        &self,
        job: &ClaimedJob,
        (connection, secret): (ConnectionId, SecretId),
        name: &str,
        region: &str,
    ) -> earmark_db::Result<()> {
        let tx = self.0.db.begin().await?;
        let tenant = tx.workspace(job.workspace);
        // Disconnected, or given another token, while Intercom was being asked: that stays.
        if holds(&tenant, connection, secret).await? {
            tenant.prove_connection(connection, name, region).await?;
            let row = tenant.connection(connection).await?;
            let row = row.ok_or(earmark_db::Error::Missing)?;
            let status = row.status.after(StatusEvent::Accepted);
            tenant.move_connection(connection, status, None).await?;
            ask_unfinished(&tenant, connection).await?;
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
        verdict(self.store_checks(job, connection.id, &checks).await)
    }

    async fn store_checks(
        &self,
        job: &ClaimedJob,
        connection: ConnectionId,
        checks: &[PermissionCheck],
    ) -> earmark_db::Result<()> {
        let tx = self.0.db.begin().await?;
        for check in checks {
            tx.workspace(job.workspace)
                .put_permission_check(connection, check)
                .await?;
        }
        tx.commit().await
    }
}

/// Asks for the details that could not be fetched so far: with a token that works they may be.
async fn ask_unfinished(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
) -> earmark_db::Result<()> {
    for conversation in tenant
        .unfinished_conversations(connection, MOST_UNFINISHED)
        .await?
    {
        tenant
            .enqueue(&Job::Details {
                connection,
                conversation,
            })
            .await?;
    }
    Ok(())
}

fn verdict(written: earmark_db::Result<()>) -> Verdict {
    written.map_or_else(Verdict::from, |()| Verdict::Done)
}

fn check_of(
    permission: Permission,
    state: PermissionState,
    note: Option<String>,
) -> PermissionCheck {
    PermissionCheck {
        permission,
        state,
        note,
        took_ms: None,
    }
}

/// Why nothing is known of a permission.
fn unknown_by(error: &Error) -> String {
    match error {
        // A plan without the API, which Intercom explains.
        Error::PermissionMissing {
            message: Some(message),
            ..
        } => message.clone(),
        other => with_request(other),
    }
}

/// Tries everything that a permission stands for: it is granted when all of it is.
pub(crate) async fn check_permission(client: &Client, permission: Permission) -> PermissionCheck {
    let probes: &[Probe] = match permission {
        Permission::ReadListUsersCompanies => &[Probe::ListContacts, Probe::ListCompanies],
        Permission::ReadOneUserCompany => &[Probe::OneContact],
        Permission::ReadConversations => &[Probe::Conversations],
        Permission::ReadTags => &[Probe::Tags],
        Permission::ReadAdmins => &[Probe::Admins],
        // Writing is confirmed by the first thing that writes: Earmark changes nothing just to test it.
        Permission::ReadWriteUsers => {
            return check_of(permission, PermissionState::NotTested, None);
        }
    };
    let start = Instant::now();
    let (mut state, mut note) = (PermissionState::Granted, None);
    for probe in probes {
        (state, note) = match client.probe(*probe).await {
            ProbeOutcome::Granted => continue,
            ProbeOutcome::Missing { message } => (PermissionState::Missing, message),
            ProbeOutcome::Failed(error) => (PermissionState::Unknown, Some(unknown_by(&error))),
        };
        break;
    }
    let took_ms = i64::try_from(start.elapsed().as_millis()).ok();
    PermissionCheck {
        took_ms,
        ..check_of(permission, state, note)
    }
}
