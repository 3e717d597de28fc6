//! The rest of an erasure, in the background: the log of actions, and of contacts the payloads about others. One walk through
//! a connection's payloads serves all erasures that came meanwhile. What is to be erased is looked for before anything is
//! written, so that no writer waits for a walk; until it was found, whoever reads is not shown it.

use crate::forget;
use async_trait::async_trait;
use earmark_db::tenant::{Scrub, ScrubWalk};
use earmark_db::{Db, Result, Tenant, Tx};
use earmark_intercom::webhook::{Erase, mentions, scrub};
use earmark_jobs::{Handler, Verdict};
use earmark_model::{ClaimedJob, ConnectionId, Job, WorkspaceId};

/// Erasures that the log is gone through for in one run of the job.
const AT_ONCE: u64 = 50;
/// Deliveries that a part of the walk looks at.
const PART: usize = 100;
/// Parts in one run of the job; then others get their turn.
const PARTS: usize = 20;

/// Runs `scrub` jobs.
#[derive(Debug, Clone)]
pub struct ScrubHandler(pub Db);

#[async_trait]
impl Handler for ScrubHandler {
    async fn run(&self, job: &ClaimedJob) -> Verdict {
        let Job::Scrub { connection } = job.job else {
            return Verdict::Fail("not a scrubbing".to_owned());
        };
        match self.work(job.workspace, connection).await {
            Ok(true) => Verdict::Done,
            Ok(false) => Verdict::Yield,
            Err(error) => error.into(),
        }
    }
}

impl ScrubHandler {
    /// True when nothing is left.
    async fn work(&self, workspace: WorkspaceId, connection: ConnectionId) -> Result<bool> {
        let tenant = self.0.workspace(workspace);
        let unlogged = tenant.unlogged_scrubs(connection, AT_ONCE).await?;
        for scrub in &unlogged {
            self.log(workspace, connection, scrub).await?;
        }
        if !unlogged.is_empty() {
            return Ok(false);
        }
        for _ in 0..PARTS {
            let Some(walk) = tenant.scrub_walk(connection, PART).await? else {
                return Ok(true);
            };
            let tx = self.0.begin_redoable().await?;
            walk_on(&tx.workspace(workspace), connection, &walk).await?;
            tx.commit().await?;
        }
        Ok(false)
    }

    /// Takes one erasure to the log of actions.
    async fn log(
        &self,
        workspace: WorkspaceId,
        connection: ConnectionId,
        scrub: &Scrub,
    ) -> Result<()> {
        let texts: Vec<&str> = scrub.texts.iter().map(String::as_str).collect();
        let tenant = self.0.workspace(workspace);
        let is_held = tenant.action_log_holds(connection, &texts).await?;
        let tx = self.0.begin_redoable().await?;
        let tenant = tx.workspace(workspace);
        let actions = match (is_held, scrub.is_contact) {
            (false, _) => 0,
            (true, true) => {
                forget::from_log(&tenant, connection, &scrub.subject, &scrub.texts).await?
            }
            (true, false) => tenant.erase_action_runs(connection, &texts).await?,
        };
        if let Some(line) = scrub.removal {
            tenant.add_removed(line, 0, actions).await?;
        }
        tenant.scrub_logged(scrub).await?;
        tx.commit().await
    }
}

/// Rewrites the payloads of a part of the walk, as they are now.
async fn walk_on(
    tenant: &Tenant<'_, Tx>,
    connection: ConnectionId,
    walk: &ScrubWalk,
) -> Result<()> {
    let people = Erase {
        contacts: walk.scrubs.iter().map(|one| one.subject.clone()).collect(),
        ..Erase::default()
    };
    let whole = Erase {
        whole: true,
        ..Erase::default()
    };
    let mut payloads = vec![0; walk.scrubs.len()];
    for (delivery, is_unread) in &walk.hits {
        // Nobody knows what an unreadable body holds beside an erased id, so all of it goes.
        let erase = if *is_unread { &whole } else { &people };
        let rewrite = |body: &[u8]| {
            let after = scrub(body, erase)?;
            for (count, one) in payloads.iter_mut().zip(&walk.scrubs) {
                *count += u64::from(mentions(body, &one.subject));
            }
            Some(after)
        };
        tenant.rewrite_body(connection, *delivery, rewrite).await?;
    }
    for (count, one) in payloads.into_iter().zip(&walk.scrubs) {
        if let Some(line) = one.removal {
            tenant.add_removed(line, count, 0).await?;
        }
    }
    tenant.scrub_walked(walk).await
}
