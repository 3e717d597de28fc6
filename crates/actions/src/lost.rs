//! Runs whose process ended before Intercom's answer was logged.

use async_trait::async_trait;
use chrono::TimeDelta;
use earmark_db::tenant::ActionEnd;
use earmark_db::{Db, Result};
use earmark_jobs::Recurring;
use earmark_model::{ActionState, Job};

/// No call takes this long, whatever it waits for.
const LONGEST: TimeDelta = TimeDelta::hours(1);
const WHY: &str =
    "Earmark ended before Intercom's answer came, so it is not known whether it was done.";
const ADVICE: &str = "Look in Intercom before you run it again.";

/// Ends them in the log, which else would call them running for ever.
#[derive(Debug, Clone, Copy)]
pub struct LostActionRuns;

#[async_trait]
impl Recurring for LostActionRuns {
    fn name(&self) -> &'static str {
        "runs of actions that nobody ends"
    }

    /// Enqueues nothing: there is nothing to be asked for that could be done twice.
    async fn enqueue_due(&self, db: &Db) -> Result<usize> {
        let before = db.sources().now() - LONGEST;
        for (workspace, run) in db.across().running_action_runs(before).await? {
            let tx = db.begin().await?;
            let tenant = tx.workspace(workspace);
            // A list that is fetched whole takes its time, and goes on after a restart.
            if tenant.is_queued(&Job::FetchAll { run }).await? {
                continue;
            }
            let end = ActionEnd {
                error: Some(WHY.to_owned()),
                advice: Some(ADVICE.to_owned()),
                ..ActionEnd::default()
            };
            tenant
                .end_action_run(run, ActionState::Failed, &end)
                .await?;
            tx.commit().await?;
        }
        Ok(0)
    }
}
