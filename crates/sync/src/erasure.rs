//! Erases what was copied through a disconnected connection, when a member asks for it: in batches that commit with their
//! count, so that a process that is killed loses none of it and repeats none.

use crate::buried::{About, Buried};
use crate::erase::{self, Cause};
use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use earmark_db::{Db, Result, Tenant, Tx};
use earmark_jobs::{Handler, Verdict};
use earmark_model::{ClaimedJob, ConnectionId, ConnectionStatus, Job, WorkspaceId};

/// Payloads that are dropped in one transaction.
const BODIES: u32 = 500;
/// Conversations that are erased in one transaction.
const CONVERSATIONS: u32 = 25;
/// Rows of each table about contacts and companies that are erased in one transaction.
const PEOPLE: u64 = 500;
/// Batches in one run of the job; then others get their turn.
const BATCHES: u32 = 20;
/// Until this long after the disconnect a request may still be stored that was accepted before it.
const STRAGGLERS: TimeDelta = TimeDelta::seconds(15);
/// How long deliveries that wait for their lanes are waited for, at once.
const PAUSE: TimeDelta = TimeDelta::seconds(2);

/// Runs `erase` jobs.
#[derive(Debug, Clone)]
pub struct EraseHandler(pub Db);

/// What a batch left.
enum Left {
    /// More to erase.
    More,
    /// Nothing now, but something may come until then.
    Until(DateTime<Utc>),
    /// Nothing.
    Nothing,
}

#[async_trait]
impl Handler for EraseHandler {
    async fn run(&self, job: &ClaimedJob) -> Verdict {
        let Job::Erase { connection } = job.job else {
            return Verdict::Fail("not an erasure".to_owned());
        };
        for _ in 0..BATCHES {
            match self.batch(job.workspace, connection).await {
                Ok(Left::More) => {}
                Ok(Left::Until(at)) => return Verdict::Snooze(at),
                Ok(Left::Nothing) => return Verdict::Done,
                Err(error) => return self.failed(job, connection, error).await,
            }
        }
        Verdict::Yield
    }
}

impl EraseHandler {
    async fn batch(&self, workspace: WorkspaceId, connection: ConnectionId) -> Result<Left> {
        // Durable: the last batch says that everything is erased.
        let tx = self.0.begin().await?;
        let left = erase_some(&tx.workspace(workspace), connection).await?;
        tx.commit().await?;
        Ok(left)
    }

    /// Says where the member looks what is in the way, once it is tried no more.
    async fn failed(
        &self,
        job: &ClaimedJob,
        connection: ConnectionId,
        error: earmark_db::Error,
    ) -> Verdict {
        let why = error.to_string();
        let verdict = Verdict::from(error);
        if matches!(verdict, Verdict::Fail(_)) || job.attempt >= job.job.max_attempts() {
            let noted = async {
                let tx = self.0.begin_redoable().await?;
                tx.workspace(job.workspace)
                    .note_erasure(connection, &why)
                    .await?;
                tx.commit().await
            };
            if let Err(error) = noted.await {
                tracing::warn!(%connection, %error, "cannot say why an erasure was given up");
            }
        }
        verdict
    }
}

/// Payloads first, so that conversations have none left to be searched; tags and teammates last, so that nothing that was
/// being fetched at the disconnect brings them back.
async fn erase_some(tenant: &Tenant<'_, Tx>, connection: ConnectionId) -> Result<Left> {
    let (row, erasure) = (
        tenant.connection(connection).await?,
        tenant.erasure(connection).await?,
    );
    let Some(row) = row.filter(|row| row.status == ConnectionStatus::Disconnected) else {
        return Ok(Left::Nothing);
    };
    if erasure.is_none_or(|erasure| erasure.finished_at.is_some()) {
        return Ok(Left::Nothing);
    }
    // Looked at first: what is applied meanwhile is erased by the next batch.
    let waiting = tenant.has_waiting_deliveries(connection).await?;
    let mut erased = tenant.wipe_deliveries(connection, BODIES).await?;
    if erased == 0 {
        erased = erase_conversations(tenant, connection).await?;
    }
    if erased == 0 {
        erased = tenant.erase_people(connection, PEOPLE).await?;
    }
    if erased == 0 {
        erased = tenant.drop_tags_and_admins(connection).await?;
    }
    if erased == 0 {
        erased = tenant.wipe_action_runs(connection).await?;
    }
    if erased > 0 {
        tenant.count_erased(connection, erased).await?;
        return Ok(Left::More);
    }
    let settled = row.disconnected_at.unwrap_or(row.created_at) + STRAGGLERS;
    if waiting {
        return Ok(Left::Until(tenant.now() + PAUSE));
    }
    if tenant.now() < settled {
        return Ok(Left::Until(settled));
    }
    tenant.finish_erasure(connection).await?;
    Ok(Left::Nothing)
}

async fn erase_conversations(tenant: &Tenant<'_, Tx>, connection: ConnectionId) -> Result<u64> {
    let mut erased = 0;
    for conversation in tenant
        .standing_conversations(connection, CONVERSATIONS)
        .await?
    {
        let about = About {
            conversation: Some(conversation.clone()),
            ..About::default()
        };
        Buried::lock(tenant, connection, &about).await?;
        erase::empty(tenant, connection, &conversation, Cause::Wanted).await?;
        erased += 1;
    }
    Ok(erased)
}
