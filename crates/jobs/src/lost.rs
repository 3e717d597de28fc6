//! Looking for what was lost: jobs of lost workers, and deliveries whose lane has no job any more.

use crate::worker::Worker;
use earmark_db::Result;
use earmark_model::Job;

/// Lanes that one look finds again at most; the next look finds the others.
const STRANDED_AT_ONCE: usize = 100;

impl Worker {
    /// Puts back what was lost. What cannot be looked for now is looked for the next time.
    pub(crate) async fn find_lost(&self) {
        if let Err(error) = self.rescue().await {
            tracing::warn!(%error, "cannot look for lost jobs");
        }
        if let Err(error) = self.find_stranded().await {
            tracing::warn!(%error, "cannot look for deliveries without a job");
        }
    }

    /// Puts back every running job: at the start of the only process of a database nobody else can hold one.
    pub(crate) async fn rescue_all(&self) -> Result<()> {
        let tx = self.db.begin_redoable().await?;
        tx.across().rescue_all_jobs().await?;
        tx.commit().await
    }

    async fn rescue(&self) -> Result<()> {
        if self.db.across().jobs_in("running").await? == 0 {
            return Ok(());
        }
        let tx = self.db.begin_redoable().await?;
        let rescued = tx.across().rescue_jobs().await?;
        tx.commit().await?;
        if rescued > 0 {
            tracing::info!(rescued, "put back jobs whose worker was lost");
        }
        Ok(())
    }

    /// Asks again for lanes whose job failed for good while deliveries waited in them.
    async fn find_stranded(&self) -> Result<()> {
        let mut lanes = self.db.across().stranded_lanes(STRANDED_AT_ONCE).await?;
        if lanes.is_empty() {
            return Ok(());
        }
        let tx = self.db.begin_redoable().await?;
        // A lane may have come to its end between the first look at its deliveries and that at its job.
        let still = tx.across().stranded_lanes(STRANDED_AT_ONCE).await?;
        lanes.retain(|lane| still.contains(lane));
        if lanes.is_empty() {
            return Ok(());
        }
        for (workspace, connection) in &lanes {
            tx.workspace(*workspace)
                .enqueue(&Job::Lane {
                    connection: *connection,
                })
                .await?;
        }
        tx.commit().await?;
        tracing::warn!(
            lanes = lanes.len(),
            "deliveries waited without a job; asked for one"
        );
        Ok(())
    }
}
