//! Works through the waiting deliveries of a lane, in the order they came.

use crate::apply;
use async_trait::async_trait;
use earmark_db::tenant::WaitingDelivery;
use earmark_db::{Db, Error, Result};
use earmark_jobs::{Handler, Verdict};
use earmark_model::{ClaimedJob, Job, LaneJob, WorkspaceId};
use futures::FutureExt;
use std::panic::AssertUnwindSafe;
use std::time::Duration;
use tokio::time::Instant;

/// Deliveries read at once.
const BATCH: u64 = 50;
/// How long one run of the job works; then other lanes get their turn, those of other workspaces first. Short, because all
/// workers may be busy with one workspace when another's delivery comes.
const TURN: Duration = Duration::from_millis(50);

/// Runs `lane` jobs.
#[derive(Debug, Clone)]
pub struct LaneHandler(pub Db);

#[async_trait]
impl Handler for LaneHandler {
    async fn run(&self, job: &ClaimedJob) -> Verdict {
        let Job::Lane(lane) = job.job else {
            return Verdict::Fail("not a lane".to_owned());
        };
        match self.work(job.workspace, lane).await {
            Ok(true) => Verdict::Done,
            Ok(false) => Verdict::Yield,
            Err(error) => error.into(),
        }
    }
}

impl LaneHandler {
    /// True when nothing waits any more.
    async fn work(&self, workspace: WorkspaceId, lane: LaneJob) -> Result<bool> {
        let until = Instant::now() + TURN;
        loop {
            let waiting = self
                .0
                .workspace(workspace)
                .waiting_deliveries(lane, BATCH)
                .await?;
            for delivery in &waiting {
                self.apply(workspace, lane, delivery).await?;
                if Instant::now() >= until {
                    return Ok(false);
                }
            }
            if waiting.len() < usize::try_from(BATCH).unwrap_or(usize::MAX) {
                return Ok(true);
            }
        }
    }

    /// Applies a delivery. One that cannot be applied is marked failed and does not hold up those behind it; only a
    /// database that is away or busy does.
    async fn apply(
        &self,
        workspace: WorkspaceId,
        lane: LaneJob,
        delivery: &WaitingDelivery,
    ) -> Result<()> {
        let applied = AssertUnwindSafe(apply::apply(&self.0, workspace, lane.connection, delivery))
            .catch_unwind();
        let why = match applied.await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error @ (Error::Unavailable(_) | Error::Contended))) => return Err(error),
            Ok(Err(error)) => error.to_string(),
            Err(_) => "applying it met an unexpected fault".to_owned(),
        };
        tracing::error!(delivery = %delivery.id, why, "a delivery cannot be applied");
        apply::fail(&self.0, workspace, lane.connection, delivery).await
    }
}
