//! Fetching a list whole, as a job: page by page, each kept with the place to go on from.

use crate::describe::Action;
use crate::input::Inputs;
use crate::plan::{Fetched, Lists, Work};
use crate::run::{Actions, Place, Refusal, failed};
use async_trait::async_trait;
use chrono::TimeDelta;
use earmark_connections::{NotReady, with_request};
use earmark_db::tenant::{ActionEnd, ActionRun};
use earmark_intercom::{Error, Lane, Position};
use earmark_jobs::{Handler, Verdict};
use earmark_model::{ActionRunId, ActionState, ClaimedJob, Job, SecretId};
use serde::{Deserialize, Serialize};

/// Pages fetched before others that wait get their turn.
const PAGES_A_TURN: usize = 20;
/// Attempts at a page that cannot be read.
const MOST_ODD: u32 = 5;
/// Most entries that a run keeps.
const MOST_ENTRIES: i64 = 1_000_000;

/// Runs `fetch_all` jobs.
#[derive(Debug, Clone)]
pub struct FetchAllHandler(pub Actions);

/// Where a run goes on.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
struct At {
    /// Whether the list for many entries is taken.
    beyond: bool,
    /// The place in it; none is its start.
    at: Option<Position>,
}

/// What a page came to.
enum Turn {
    On(At),
    Over,
}

#[async_trait]
impl Handler for FetchAllHandler {
    async fn run(&self, job: &ClaimedJob) -> Verdict {
        let Job::FetchAll { run } = job.job else {
            return Verdict::Fail("not a list to fetch".to_owned());
        };
        let tenant = self.0.tenant(job.workspace);
        match tenant.action_run(run).await {
            Ok(Some(row)) if row.state == ActionState::Running => match self.fetch(job, &row).await
            {
                Ok(verdict) => verdict,
                Err(error) => error.into(),
            },
            Ok(_) => Verdict::Done,
            Err(error) => error.into(),
        }
    }
}

impl FetchAllHandler {
    async fn fetch(&self, job: &ClaimedJob, row: &ActionRun) -> earmark_db::Result<Verdict> {
        let place = Place {
            workspace: job.workspace,
            connection: row.connection,
        };
        let inputs = Inputs::from_log(&row.inputs);
        let Some(action) = Action::find(&row.action).filter(|_| row.erased_at.is_none()) else {
            return self
                .give_up(job, row, "What was filled in is no longer there.")
                .await;
        };
        let ready = self.0.prepare(place, action, &inputs, Lane::Backfill).await;
        let ready = match ready {
            Ok(ready) => ready,
            Err(Refusal::Database(error) | Refusal::NotReady(NotReady::Database(error))) => {
                return Err(error);
            }
            Err(Refusal::NotReady(error @ NotReady::CannotRefresh(_))) => {
                return Ok(Verdict::Retry(error.to_string()));
            }
            Err(refusal) => return self.give_up(job, row, &refusal.to_string()).await,
        };
        let secret = ready.secret;
        let Work::All(lists) = ready.plan.work else {
            return self.give_up(job, row, "This is no list.").await;
        };
        let at = row.position.as_deref().map(serde_json::from_str::<At>);
        let mut at = at.and_then(Result::ok).unwrap_or_default();
        for _ in 0..PAGES_A_TURN {
            at = match self.page(job, row.id, &lists, at.clone()).await {
                Ok(turn) => match turn? {
                    Turn::On(next) => next,
                    Turn::Over => return Ok(Verdict::Done),
                },
                Err(error) => return self.trouble(job, row, secret, &at, &error).await,
            };
        }
        Ok(Verdict::Yield)
    }

    /// Fetches and keeps one page.
    async fn page(
        &self,
        job: &ClaimedJob,
        run: ActionRunId,
        lists: &Lists,
        at: At,
    ) -> Result<earmark_db::Result<Turn>, Error> {
        let beyond = lists.beyond.as_ref().filter(|_| at.beyond);
        let list = beyond.map_or(&lists.first, |(_, list)| list);
        let fetched = list.page(at.at.clone()).await?;
        let total = fetched.total.unwrap_or_default();
        if let Some((ends, _)) = &lists.beyond
            && at == At::default()
            && total > *ends
        {
            return Ok(Ok(Turn::On(At {
                beyond: true,
                at: None,
            })));
        }
        if fetched.next.is_some() && fetched.next == at.at && !at.beyond {
            return Err(Error::NotMoving {
                pages: 1,
                request_id: None,
            });
        }
        Ok(self.keep(job, run, at.beyond, fetched).await)
    }

    async fn keep(
        &self,
        job: &ClaimedJob,
        run: ActionRunId,
        beyond: bool,
        fetched: Fetched,
    ) -> earmark_db::Result<Turn> {
        let Fetched {
            entries,
            next,
            total,
        } = fetched;
        // A scroll has no end but an empty page.
        let next = next.filter(|_| !entries.is_empty());
        let at = At { beyond, at: next };
        let lines: Vec<_> = entries.iter().map(line).collect();
        let position = serde_json::to_string(&at).unwrap_or_default();
        let total = total.and_then(|total| i64::try_from(total).ok());
        let tx = self.0.db.begin().await?;
        let tenant = tx.workspace(job.workspace);
        if !tenant
            .add_action_page(run, &lines, Some(&position), total)
            .await?
        {
            return Ok(Turn::Over);
        }
        let row = tenant.action_run(run).await?;
        let row = row.ok_or(earmark_db::Error::Missing)?;
        let full = row.fetched >= MOST_ENTRIES;
        let turn = if at.at.is_none() || full {
            let end = ActionEnd {
                status: Some(200),
                took_ms: (tenant.now() - row.at).num_milliseconds(),
                advice: full.then(|| {
                    format!("The list goes on; {MOST_ENTRIES} entries are kept of one run.")
                }),
                ..ActionEnd::default()
            };
            tenant.end_action_run(run, ActionState::Done, &end).await?;
            Turn::Over
        } else {
            Turn::On(at)
        };
        tx.commit().await?;
        Ok(turn)
    }

    async fn trouble(
        &self,
        job: &ClaimedJob,
        row: &ActionRun,
        secret: SecretId,
        at: &At,
        error: &Error,
    ) -> earmark_db::Result<Verdict> {
        if let Error::WaitUntil { at, .. } = error {
            return Ok(Verdict::Snooze(*at));
        }
        let now = self.0.tenant(job.workspace).now();
        if matches!(error, Error::ScrollBusy { .. }) {
            return Ok(Verdict::Snooze(now + TimeDelta::minutes(1)));
        }
        self.0
            .store
            .note_failure(job.workspace, row.connection, secret, None, error)
            .await?;
        let lost = at.beyond && at.at.is_some();
        // A proxy's page in place of Intercom's answer passes, too; a list that stays unreadable does not.
        let odd = matches!(error, Error::Unreadable { .. }) && job.attempt < MOST_ODD;
        if (error.is_passing() || lost || odd) && job.attempt < job.job.max_attempts() {
            if lost {
                // A scroll cannot be gone on with: a page may have been lost.
                let tx = self.0.db.begin().await?;
                tx.workspace(job.workspace)
                    .restart_action_run(row.id)
                    .await?;
                tx.commit().await?;
            }
            return Ok(Verdict::Retry(with_request(error)));
        }
        self.end(job, row, &failed(error)).await?;
        Ok(Verdict::Done)
    }

    async fn give_up(
        &self,
        job: &ClaimedJob,
        row: &ActionRun,
        why: &str,
    ) -> earmark_db::Result<Verdict> {
        let end = ActionEnd {
            error: Some(why.to_owned()),
            ..ActionEnd::default()
        };
        self.end(job, row, &end).await?;
        Ok(Verdict::Done)
    }

    async fn end(
        &self,
        job: &ClaimedJob,
        row: &ActionRun,
        end: &ActionEnd,
    ) -> earmark_db::Result<()> {
        let tx = self.0.db.begin().await?;
        let tenant = tx.workspace(job.workspace);
        let end = ActionEnd {
            took_ms: (tenant.now() - row.at).num_milliseconds(),
            ..end.clone()
        };
        tenant
            .end_action_run(row.id, ActionState::Failed, &end)
            .await?;
        tx.commit().await
    }
}

/// An entry on one line; no NUL reaches a PostgreSQL text, and JSON writes it as an escape anyway.
fn line(entry: &serde_json::Value) -> String {
    entry.to_string()
}
