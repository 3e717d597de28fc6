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
        match self.work(job.workspace, connection).await {
            Ok(true) => Verdict::Done,
            Ok(false) => Verdict::Yield,
            Err(error) => error.into(),
        }
    }
}

impl LaneHandler {
    /// True when nothing waits any more.
    async fn work(&self, workspace: WorkspaceId, connection: ConnectionId) -> Result<bool> {
        let until = Instant::now() + TURN;
        loop {
            let tenant = self.0.workspace(workspace);
            let waiting = tenant.waiting_deliveries(connection, BATCH).await?;
            let mut rest = waiting.as_slice();
            while !rest.is_empty() {
                let applied = self.apply(workspace, connection, rest).await?;
                rest = &rest[applied..];
                if Instant::now() >= until {
                    return Ok(false);
                }
            }
            if waiting.len() < usize::try_from(BATCH).unwrap_or(usize::MAX) {
                return Ok(true);
            }
        }
    }

    /// Applies the first of the waiting deliveries; gives their number. What cannot be applied together is applied singly.
    async fn apply(
        &self,
        workspace: WorkspaceId,
        connection: ConnectionId,
        waiting: &[WaitingDelivery],
    ) -> Result<usize> {
        match self.attempt(workspace, connection, waiting).await {
            Ok(applied @ 1..) => return Ok(applied),
            Err(Failure::Database(error @ Error::Unavailable(_))) => return Err(error),
            Ok(0) | Err(_) => {}
        }
        let singly = &waiting[..waiting.len().min(apply::TOGETHER)];
        for delivery in singly {
            self.apply_one(workspace, connection, delivery).await?;
        }
        Ok(singly.len())
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
        let why = match self.attempt(workspace, connection, alone).await {
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
    ) -> std::result::Result<usize, Failure> {
        let applied = AssertUnwindSafe(apply::apply(&self.0, workspace, connection, waiting));
        let applied = applied.catch_unwind().await;
        applied
            .map_err(|_| Failure::Fault)?
            .map_err(Failure::Database)
    }
}
