//! Works through the waiting deliveries of a connection, which are its lane, in the order they came.

use crate::apply;
use async_trait::async_trait;
use earmark_db::tenant::WaitingDelivery;
use earmark_db::{Db, Error, Result};
use earmark_jobs::{Handler, Verdict};
use earmark_model::{ClaimedJob, ConnectionId, Job, WorkspaceId};
use futures::FutureExt;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio::time::Instant;

/// Deliveries read at once.
const BATCH: u64 = 64;
/// How long one run of the job works; then other lanes get their turn, those of other workspaces first. Short, because all
/// workers may be busy with one workspace when another's delivery comes.
const TURN: Duration = Duration::from_millis(50);

/// Why deliveries were not applied.
enum Failure {
    Database(Error),
    Fault,
}

/// Runs `lane` jobs.
#[derive(Debug, Clone)]
pub struct LaneHandler(pub Db);

#[async_trait]
impl Handler for LaneHandler {
    async fn run(&self, job: &ClaimedJob) -> Verdict {
        let Job::Lane { connection } = job.job else {
            return Verdict::Fail("not a lane".to_owned());
        };
        let worked = self.work(job, connection).await;
        worked.unwrap_or_else(Verdict::from)
    }
}

impl LaneHandler {
    async fn work(&self, job: &ClaimedJob, connection: ConnectionId) -> Result<Verdict> {
        let until = Instant::now() + TURN;
        loop {
            let tenant = self.0.workspace(job.workspace);
            let waiting = tenant.waiting_deliveries(connection, BATCH).await?;
            // Who comes later asks for a job of its own.
            let is_all = waiting.len() < usize::try_from(BATCH).unwrap_or(usize::MAX);
            let mut rest = waiting.as_slice();
            while !rest.is_empty() {
                let ending = is_all.then_some(job);
                let (applied, ended) = self.apply(job.workspace, connection, rest, ending).await?;
                if ended {
                    return Ok(Verdict::Ended);
                }
                rest = &rest[applied..];
                if Instant::now() >= until {
                    return Ok(Verdict::Yield);
                }
            }
            if is_all {
                return Ok(Verdict::Done);
            }
        }
    }

    /// Applies the first of the waiting deliveries; gives their number. What cannot be applied together is applied singly.
    /// Where all could be, the job ends with them: the other half of what is given tells of that.
    async fn apply(
        &self,
        workspace: WorkspaceId,
        connection: ConnectionId,
        waiting: &[WaitingDelivery],
        ending: Option<&ClaimedJob>,
    ) -> Result<(usize, bool)> {
        match self.attempt(workspace, connection, waiting, ending).await {
            Ok(applied @ 1..) => {
                return Ok((applied, ending.is_some() && applied == waiting.len()));
            }
            Err(Failure::Database(error @ Error::Unavailable(_))) => return Err(error),
            Ok(0) | Err(_) => {}
        }
        let singly = &waiting[..waiting.len().min(apply::TOGETHER)];
        for delivery in singly {
            self.apply_one(workspace, connection, delivery).await?;
        }
        Ok((singly.len(), false))
    }

    /// Applies a delivery. One that cannot be applied is marked failed and does not hold up those behind it; only a
    /// database that is away or busy does.
    async fn apply_one(
        &self,
        workspace: WorkspaceId,
        connection: ConnectionId,
        delivery: &WaitingDelivery,
    ) -> Result<()> {
        let alone = std::slice::from_ref(delivery);
        let why = match self.attempt(workspace, connection, alone, None).await {
            Ok(_) => return Ok(()),
            Err(Failure::Database(error @ (Error::Unavailable(_) | Error::Contended))) => {
                return Err(error);
            }
            Err(Failure::Database(error)) => error.to_string(),
            Err(Failure::Fault) => "applying it met an unexpected fault".to_owned(),
        };
        tracing::error!(delivery = %delivery.id, why, "a delivery cannot be applied");
        apply::fail(&self.0, workspace, connection, delivery).await
    }

    async fn attempt(
        &self,
        workspace: WorkspaceId,
        connection: ConnectionId,
        waiting: &[WaitingDelivery],
        ending: Option<&ClaimedJob>,
    ) -> std::result::Result<usize, Failure> {
        let applied = apply::apply(&self.0, workspace, connection, waiting, ending);
        let applied = AssertUnwindSafe(applied);
        let applied = applied.catch_unwind().await;
        applied
            .map_err(|_| Failure::Fault)?
            .map_err(Failure::Database)
    }
}
