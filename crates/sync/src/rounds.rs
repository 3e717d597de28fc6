//! What the engine does by the clock: an hourly catch-up and a weekly proof of every connection, finding runs that lost
//! their job, and dropping payloads and runs of actions that were kept long enough.

use crate::runs::job_of;
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use earmark_db::Db;
use earmark_jobs::{Handler, Recurring, Verdict};
use earmark_model::{ClaimedJob, ConnectionId, Job, RunKind, RunState, WorkspaceId};

/// Between two catch-ups of a connection.
pub const CATCH_UP_EVERY: TimeDelta = TimeDelta::hours(1);
/// Between two proofs of a connection.
pub const PROOF_EVERY: TimeDelta = TimeDelta::weeks(1);
/// Between two looks at a workspace's payloads.
const DAILY: TimeDelta = TimeDelta::days(1);
/// How long runs are kept.
const RUNS_KEPT: TimeDelta = TimeDelta::days(90);
/// Asked for at one look; the next look finds the others.
const AT_ONCE: u64 = 200;
/// Work without a job that one look finds at most, of each kind.
const STRANDED_AT_ONCE: usize = 100;
/// Payloads dropped in one transaction.
const BATCH: u64 = 500;
/// Runs forgotten in one transaction, each with up to 50,000 lines.
const RUNS_AT_ONCE: u64 = 2;
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
        ask_where_due(db, RunKind::CatchUp, CATCH_UP_EVERY).await
    }
}

/// Asks for a proof of every connection that does something, a week after the last: of a large one by sample.
#[derive(Debug, Clone, Copy)]
pub struct WeeklyProof;

#[async_trait]
impl Recurring for WeeklyProof {
    fn name(&self) -> &'static str {
        "weekly proof"
    }

    async fn enqueue_due(&self, db: &Db) -> earmark_db::Result<usize> {
        ask_where_due(db, RunKind::Proof, PROOF_EVERY).await
    }
}

/// Asks again for runs whose job failed for good, and for what else lost its job: people to be asked for, and erasures.
#[derive(Debug, Clone, Copy)]
pub struct StrandedRuns;

#[async_trait]
impl Recurring for StrandedRuns {
    fn name(&self) -> &'static str {
        "runs without a job"
    }

    async fn enqueue_due(&self, db: &Db) -> earmark_db::Result<usize> {
        let mut stranded = db.across().stranded_runs(STRANDED_AT_ONCE).await?;
        stranded.extend(db.across().stranded_rests(STRANDED_AT_ONCE).await?);
        for (workspace, job) in &stranded {
            let tx = db.begin().await?;
            tx.workspace(*workspace).enqueue(job).await?;
            tx.commit().await?;
        }
        Ok(stranded.len())
    }
}

async fn ask_where_due(db: &Db, kind: RunKind, every: TimeDelta) -> earmark_db::Result<usize> {
    let before = db.sources().now() - every;
    let mut asked = 0;
    for (workspace, connection) in db.across().runs_due(kind, before, AT_ONCE).await? {
        asked += usize::from(ask(db, (workspace, connection), kind, before).await?);
    }
    Ok(asked)
}

/// Asks for one run, unless another process just did.
async fn ask(
    db: &Db,
    (workspace, connection): (WorkspaceId, ConnectionId),
    kind: RunKind,
    before: DateTime<Utc>,
) -> earmark_db::Result<bool> {
    let tx = db.begin().await?;
    let tenant = tx.workspace(workspace);
    tenant.lock().await?;
    let last = tenant.last_run(connection, kind).await?;
    match last {
        Some(run) if run.asked_at >= before => return Ok(false),
        Some(run) if run.state == RunState::Paused => {
            let why = "it was paused until the next one was due";
            tenant
                .move_run(run.id, RunState::Cancelled, Some(why))
                .await?;
        }
        Some(run) if !run.state.is_over() => return Ok(false),
        _ => {}
    }
    tenant.create_run(connection, kind, None, None).await?;
    tenant.enqueue(&job_of(connection, kind)).await?;
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
