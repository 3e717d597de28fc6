//! Proving credentials and read permissions again, as a job.

use crate::clients::{NotReady, Ready, holds, with_request};
use crate::status::{belongs_elsewhere, plan_words, settle};
use crate::store::Store;
use async_trait::async_trait;
use earmark_db::tenant::{Connection, PermissionCheck};
use earmark_db::{Tenant, Tx};
use earmark_intercom::{App, Client, Error, Lane, Probe, ProbeOutcome};
use earmark_jobs::{Handler, Verdict};
use earmark_model::{
    ClaimedJob, ConnectionId, ConnectionStatus, Job, Permission, PermissionState, SecretId,
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
            Err(error @ NotReady::CannotRefresh(_)) => return Verdict::Retry(error.to_string()),
            Err(error) => return Verdict::Fail(error.to_string()),
        };
        let Ready { client, secret } = ready;
        let app = match client.me().await {
            Ok(me) if me.app.id_code != connection.app_id => {
                let other = me.app.name.unwrap_or(me.app.id_code);
                let why = |row: &Connection| belongs_elsewhere(row, &other);
                let refused = self.0.refuse(job.workspace, connection.id, secret, why);
                return verdict(refused.await);
            }
            Ok(me) => Some(me.app),
            Err(Error::WaitUntil { at, .. }) => return Verdict::Snooze(at),
            Err(error @ Error::Reconnect { .. }) => {
                let noted = self
                    .0
                    .note_failure(job.workspace, connection.id, secret, None, &error);
                return verdict(noted.await);
            }
            // A missing permission shows in the checks below.
            Err(Error::PermissionMissing { .. }) => None,
            Err(error) => return Verdict::Retry(with_request(&error)),
        };
        let mut found = Found {
            app,
            ..Found::default()
        };
        for permission in Permission::ALL {
            let (check, plan) = check_permission(&client, *permission).await;
            found.checks.push(check);
            found.plan = found.plan.take().or(plan);
        }
        verdict(self.store(job, (connection, secret), found).await)
    }

    async fn store(
        &self,
        job: &ClaimedJob,
        (connection, secret): (&Connection, SecretId),
        found: Found,
    ) -> earmark_db::Result<()> {
        let Found { app, checks, plan } = found;
        let (tx, id) = (self.0.db.begin().await?, connection.id);
        let tenant = tx.workspace(job.workspace);
        // Disconnected, or given another token, while Intercom was being asked: that stays.
        if !holds(&tenant, id, secret).await? {
            return Ok(());
        }
        let known = tenant.permission_checks(id).await?;
        for check in &checks {
            // What an action showed stands, where a check shows nothing.
            let is_known = known.iter().any(|one| one.permission == check.permission);
            if check.state != PermissionState::NotTested || !is_known {
                tenant.put_permission_check(id, check).await?;
            }
        }
        let is_plain = |check: &PermissionCheck| {
            matches!(
                check.state,
                PermissionState::Granted | PermissionState::Missing
            )
        };
        let proved = app.is_some();
        if let Some(app) = app {
            let name = app.name.as_deref().unwrap_or(&connection.app_name);
            let region = match app.region {
                Some(region) => region.as_str(),
                None => &connection.region,
            };
            tenant.prove_connection(id, name, region).await?;
        }
        if proved || plan.is_some() || checks.iter().any(is_plain) {
            tenant.note_plan(id, plan.as_deref()).await?;
            settle(&tenant, id).await?;
        }
        if proved {
            ask_unfinished(&tenant, id).await?;
        }
        tx.commit().await
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

/// What Intercom said in one check.
#[derive(Default)]
struct Found {
    /// What `/me` says of the Intercom workspace.
    app: Option<App>,
    checks: Vec<PermissionCheck>,
    /// Intercom's words on a plan that has no API.
    plan: Option<String>,
}

/// Tries everything that a permission stands for: it is granted when all of it is. With Intercom's words on a plan that
/// has no API, if it said that.
pub(crate) async fn check_permission(
    client: &Client,
    permission: Permission,
) -> (PermissionCheck, Option<String>) {
    let probes: &[Probe] = match permission {
        Permission::ReadListUsersCompanies => &[Probe::ListContacts, Probe::ListCompanies],
        Permission::ReadOneUserCompany => &[Probe::OneContact],
        Permission::ReadConversations => &[Probe::Conversations],
        Permission::ReadTags => &[Probe::Tags],
        Permission::ReadAdmins => &[Probe::Admins],
        // Writing is confirmed by the first thing that writes: Earmark changes nothing just to test it.
        Permission::ReadWriteUsers => {
            return (check_of(permission, PermissionState::NotTested, None), None);
        }
    };
    let start = Instant::now();
    let (mut state, mut note, mut plan) = (PermissionState::Granted, None, None);
    for probe in probes {
        (state, note) = match client.probe(*probe).await {
            ProbeOutcome::Granted => continue,
            ProbeOutcome::Missing { message } => (PermissionState::Missing, message),
            ProbeOutcome::Failed(error) => {
                plan = plan_words(&error);
                let why = plan.clone().unwrap_or_else(|| with_request(&error));
                (PermissionState::Unknown, Some(why))
            }
        };
        break;
    }
    let took_ms = i64::try_from(start.elapsed().as_millis()).ok();
    let check = PermissionCheck {
        took_ms,
        ..check_of(permission, state, note)
    };
    (check, plan)
}
