//! What the engine does by the clock: an hourly catch-up of every connection, and dropping payloads and runs of actions
//! that were kept long enough.

use crate::runs::job_of;
use async_trait::async_trait;
use chrono::TimeDelta;
use earmark_db::Db;
use earmark_jobs::{Handler, Recurring, Verdict};
use earmark_model::{ClaimedJob, ConnectionId, Job, RunKind, WorkspaceId};

/// Between two catch-ups of a connection.
pub const CATCH_UP_EVERY: TimeDelta = TimeDelta::hours(1);
/// Between two looks at a workspace's payloads.
const DAILY: TimeDelta = TimeDelta::days(1);
/// How long runs are kept.
const RUNS_KEPT: TimeDelta = TimeDelta::days(90);
/// Asked for at one look; the next look finds the others.
const AT_ONCE: u64 = 200;
/// Payloads dropped in one transaction.
const BATCH: u64 = 500;
/// Runs forgotten in one transaction, each with up to 10,000 lines.
const RUNS_AT_ONCE: u64 = 10;
/// Runs of actions dropped in one transaction: each may have fetched a long list.
const ACTIONS: u64 = 25;

/// Asks for a catch-up of every connection that does something, an hour after the last.
#[derive(Debug, Clone, Copy)]
pub struct HourlyCatchUp;

#[async_trait]
impl Recurring for HourlyCatchUp {
    fn name(&self) -> &'static str {
        "hourly catch-up"
    }

    async fn enqueue_due(&self, db: &Db) -> earmark_db::Result<usize> {
        let before = db.sources().now() - CATCH_UP_EVERY;
        let mut asked = 0;
        for (workspace, connection) in db.across().catch_ups_due(before, AT_ONCE).await? {
            asked += usize::from(catch_up(db, workspace, connection).await?);
        }
        Ok(asked)
    }
}

/// Asks for one catch-up, unless another process just did.
async fn catch_up(
    db: &Db,
    workspace: WorkspaceId,
    connection: ConnectionId,
) -> earmark_db::Result<bool> {
    let tx = db.begin().await?;
    let tenant = tx.workspace(workspace);
    tenant.lock().await?;
    let last = tenant.last_run(connection, RunKind::CatchUp).await?;
    if last.is_some_and(|run| !run.state.is_over() || run.asked_at >= tenant.now() - CATCH_UP_EVERY)
    {
        return Ok(false);
    }
    tenant
        .create_run(connection, RunKind::CatchUp, None, None)
        .await?;
    tenant
        .enqueue(&job_of(connection, RunKind::CatchUp))
        .await?;
    tx.commit().await?;
    Ok(true)
}

/// Asks once a day for every workspace's old payloads and runs of actions to be dropped.
#[derive(Debug, Clone, Copy)]
pub struct DailyPayloads;

#[async_trait]
impl Recurring for DailyPayloads {
    fn name(&self) -> &'static str {
        "payloads kept long enough"
    }

    async fn enqueue_due(&self, db: &Db) -> earmark_db::Result<usize> {
        let before = db.sources().now() - DAILY;
        let due = db.across().payload_rounds(before, AT_ONCE).await?;
        for workspace in &due {
            let tx = db.begin().await?;
            let tenant = tx.workspace(*workspace);
            tenant.dropped_payloads().await?;
            tenant.enqueue(&Job::Payloads).await?;
            tx.commit().await?;
        }
        Ok(due.len())
    }
}

/// Runs `payloads` jobs.
#[derive(Debug, Clone)]
pub struct PayloadsHandler(pub Db);

#[async_trait]
impl Handler for PayloadsHandler {
    async fn run(&self, job: &ClaimedJob) -> Verdict {
        match self.drop_batch(job.workspace).await {
            Ok(true) => Verdict::Done,
            Ok(false) => Verdict::Yield,
            Err(error) => error.into(),
        }
    }
}

impl PayloadsHandler {
    /// Drops a batch of payloads, of runs of actions and of runs; true when nothing old is left.
    async fn drop_batch(&self, workspace: WorkspaceId) -> earmark_db::Result<bool> {
        let tx = self.0.begin().await?;
        let tenant = tx.workspace(workspace);
        let days = TimeDelta::days(i64::from(tenant.payload_days().await?));
        let before = tenant.now() - days;
        let payloads = tenant.drop_payloads(before, BATCH).await?;
        let actions = tenant.drop_action_runs(before, ACTIONS).await?;
        let runs = tenant
            .drop_runs(tenant.now() - RUNS_KEPT, RUNS_AT_ONCE)
            .await?;
        tx.commit().await?;
        Ok(payloads < BATCH && actions < ACTIONS && runs < RUNS_AT_ONCE)
    }
}
