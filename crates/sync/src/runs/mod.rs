//! Runs: passes over what Intercom has, in steps that each keep their place with what they stored. Whatever breaks in
//! between, the run goes on at the last place; a step that runs twice ends in the same state.

mod companies;
mod contacts;
mod conversations;
mod gone;
mod named;
mod numbers;
mod parts;
mod pass;
mod place;
mod plan;
mod proof;
mod retry;
mod segments;
mod skips;
mod tagged;
mod trouble;

pub(crate) use parts::MOST_GIVEN;
pub(crate) use place::{Place, Step, TaggedStep};
pub use skips::skip_reasons;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use earmark_connections::{NotReady, Store, with_request};
use earmark_db::Db;
use earmark_db::tenant::{Run, RunCounts};
use earmark_intercom::{Error, Lane};
use earmark_jobs::{Handler, Verdict};
use earmark_model::{
    ClaimedJob, ConnectionId, Job, RunId, RunKind, RunState, SecretId, WorkspaceId,
};
use pass::{Pass, Stop, is_trouble};
use serde_json::json;
use std::time::Duration;
use tokio::time::Instant;

/// The outcome of a line about a tagging whose time cannot be known: it made no ticket, and a member may have it made.
pub const TIME_UNKNOWN: &str = "time_unknown";

/// Lines that a report has at most when every record is to have one.
pub const MOST_LINES_OF_ALL: u32 = 50_000;

/// How long a run works before others get their turn.
const SLICE: Duration = Duration::from_secs(15);
/// How long a run waits for a member to reconnect before it looks again.
const RECONNECT: TimeDelta = TimeDelta::minutes(10);
/// How long it waits when Intercom cannot be reached.
const TROUBLE: TimeDelta = TimeDelta::seconds(30);
/// How long it waits for another scroll over the companies: one ends a minute after its last page.
const SCROLL: TimeDelta = TimeDelta::seconds(65);
/// How often a run is tried that our own database refuses, before it fails.
const FAULTS: u32 = 3;

/// Runs `run` jobs.
#[derive(Debug, Clone)]
pub struct RunHandler {
    /// The database.
    pub db: Db,
    /// Gives the client.
    pub store: Store,
}

#[async_trait]
impl Handler for RunHandler {
    async fn run(&self, job: &ClaimedJob) -> Verdict {
        let Job::Run { connection, tagged } = job.job else {
            return Verdict::Fail("not a run".to_owned());
        };
        let kinds = match tagged {
            true => RunKind::TAGGED,
            false => RunKind::IN_TURN,
        };
        let next = self.db.workspace(job.workspace);
        match next.next_run(connection, kinds).await {
            Ok(Some(run)) => self.go_on(job, run).await,
            Ok(None) => Verdict::Done,
            Err(error) => error.into(),
        }
    }
}

impl RunHandler {
    async fn go_on(&self, job: &ClaimedJob, run: Run) -> Verdict {
        let workspace = job.workspace;
        let lane = match run.kind {
            // Somebody waits for it.
            RunKind::Preview => Lane::Interactive,
            _ => Lane::Backfill,
        };
        let ready = match self.store.client(workspace, run.connection, lane).await {
            Ok(ready) => ready,
            Err(NotReady::Database(error)) => return error.into(),
            Err(NotReady::Disconnected) => {
                return self
                    .fail(workspace, &run, "the connection is disconnected")
                    .await;
            }
            Err(error) => {
                let why = format!("waits for the connection: {error}");
                return self.wait(workspace, &run, &why, RECONNECT).await;
            }
        };
        let mut pass = match self.open(workspace, &run, ready.client).await {
            Ok(pass) => pass,
            Err(stop) => return self.stopped(job, &run, ready.secret, stop).await,
        };
        loop {
            let ended = match self.work(&mut pass).await {
                Err(Stop::Intercom(error)) if is_trouble(&error) => {
                    self.troubled(&mut pass, ready.secret, error).await
                }
                Err(Stop::Intercom(error)) if is_refusal(&error) => {
                    self.refused(&mut pass, ready.secret, error).await
                }
                // Another one may wait behind it.
                Ok(()) => return Verdict::Yield,
                ended => ended,
            };
            if let Err(stop) = ended {
                return self.stopped(job, &run, ready.secret, stop).await;
            }
        }
    }

    /// Takes a run up where it stopped.
    async fn open(
        &self,
        workspace: WorkspaceId,
        run: &Run,
        client: earmark_intercom::Client,
    ) -> Result<Pass<'_>, Stop> {
        let place = match &run.position {
            Some(place) if run.state == RunState::Running => Place::read(place)?,
            asked => {
                let asked = asked
                    .as_deref()
                    .and_then(|text| serde_json::from_str(text).ok());
                self.plan(workspace, run, asked.unwrap_or_default()).await?
            }
        };
        let mut pass = Pass {
            db: &self.db,
            client,
            workspace,
            connection: run.connection,
            run: run.id,
            kind: run.kind,
            place,
            until: Instant::now() + SLICE,
        };
        if run.state == RunState::Waiting {
            let tx = self.db.begin_in_background().await?;
            let tenant = tx.workspace(workspace);
            if !tenant.move_run(run.id, RunState::Running, None).await? {
                return Err(Stop::Held);
            }
            pass.keep(tx, pass::calls(0), None).await?;
        }
        Ok(pass)
    }

    async fn work(&self, pass: &mut Pass<'_>) -> Result<(), Stop> {
        if !pass.work().await? {
            return Ok(());
        }
        let ours = pass.ours().await?;
        pass.place.compared(ours);
        let tenant = self.db.workspace(pass.workspace);
        let Some(run) = tenant.run(pass.run).await? else {
            return Err(Stop::Held);
        };
        let report = report(&run, &pass.place, ours, pass.now());
        let tx = self.db.begin_in_background().await?;
        let tenant = tx.workspace(pass.workspace);
        pass.write(&tenant, RunCounts::default(), None).await?;
        if !tenant.move_run(run.id, RunState::Done, None).await? {
            return Err(Stop::Held);
        }
        tenant.report_run(run.id, &report).await?;
        Ok(tx.commit().await?)
    }

    async fn stopped(&self, job: &ClaimedJob, run: &Run, secret: SecretId, stop: Stop) -> Verdict {
        let workspace = job.workspace;
        let error = match stop {
            Stop::Held => return Verdict::Yield,
            // It would come again, also with a job of its own.
            Stop::Database(error) if !error.is_passing() && job.attempt >= FAULTS => {
                let why = format!("our own database refused a step: {error}");
                return self.fail(workspace, run, &why).await;
            }
            Stop::Database(error) => return Verdict::Retry(error.to_string()),
            Stop::Failed(why) => return self.fail(workspace, run, &why).await,
            Stop::Intercom(error) => error,
        };
        if let Error::WaitUntil { at, .. } = error {
            let why = format!(
                "waits until {} because Intercom's rate limit is used up",
                at.format("%H:%M:%S UTC")
            );
            let wait = at - self.db.sources().now();
            return self.wait(workspace, run, &why, wait).await;
        }
        let noted = self
            .store
            .note_failure(workspace, run.connection, secret, None, &error)
            .await;
        if let Err(error) = noted {
            return error.into();
        }
        let why = with_request(&error);
        match error {
            Error::Reconnect { .. } => {
                let why = format!("waits for a member to reconnect: {why}");
                self.wait(workspace, run, &why, RECONNECT).await
            }
            Error::ScrollBusy { .. } => {
                let why = "waits for another scroll over the companies to end";
                self.wait(workspace, run, why, SCROLL).await
            }
            _ => {
                let why = format!("waits and tries again: {why}");
                self.wait(workspace, run, &why, TROUBLE).await
            }
        }
    }

    /// Says why a run waits, and puts its job back for as long.
    async fn wait(&self, workspace: WorkspaceId, run: &Run, why: &str, wait: TimeDelta) -> Verdict {
        let noted = async {
            let tx = self.db.begin_in_background().await?;
            tx.workspace(workspace).note_run(run.id, why).await?;
            tx.commit().await
        };
        match noted.await {
            Ok(()) => Verdict::Snooze(self.db.sources().now() + wait),
            Err(error) => earmark_db::Error::into(error),
        }
    }

    async fn fail(&self, workspace: WorkspaceId, run: &Run, why: &str) -> Verdict {
        let failed = async {
            let tx = self.db.begin_in_background().await?;
            let tenant = tx.workspace(workspace);
            tenant.move_run(run.id, RunState::Failed, Some(why)).await?;
            tx.commit().await
        };
        match failed.await {
            Ok(()) => Verdict::Yield,
            Err(error) => earmark_db::Error::into(error),
        }
    }
}

/// What was asked for with a run, kept in its place until it begins.
#[derive(Debug, Clone, Default, serde::Serialize, serde::Deserialize)]
pub(crate) struct Asked {
    /// A line of the report for every record.
    #[serde(default)]
    pub(crate) every: bool,
    /// Of a proof: everything, however much it is.
    #[serde(default)]
    pub(crate) full: Option<bool>,
    /// Of tagged conversations: which.
    #[serde(default)]
    pub(crate) tagged: Option<TaggedStep>,
    /// The run whose failed records are tried again.
    #[serde(default)]
    pub(crate) retry: Option<RunId>,
    /// The tags that the run was asked for whose records are tried again, if it was one over tagged conversations.
    #[serde(default)]
    pub(crate) tags: Option<Vec<String>>,
}

impl Asked {
    /// The same, with what was asked for with a run that did not begin.
    pub(crate) fn with(&self, waiting: Option<&str>) -> Self {
        let mut all = self.clone();
        if let Some(before) = waiting.and_then(|place| serde_json::from_str::<Self>(place).ok()) {
            all.every |= before.every;
            all.full = before.full.filter(|full| *full).or(all.full);
        }
        all
    }
}

/// The report of a run that came to its end, as JSON.
fn report(run: &Run, place: &Place, ours: place::Totals, now: DateTime<Utc>) -> String {
    let mut remarks = place.remarks.clone();
    if run.kind.is_pass() {
        remarks.extend(place.differences(ours));
    }
    let counts = &run.counts;
    json!({
        "kind": run.kind,
        "began": place.began,
        "ended": now,
        "counts": {
            "looked_at": counts.done, "new": counts.added, "changed": counts.changed, "unchanged": counts.unchanged,
            "merged": counts.merged, "deleted": counts.deleted, "skipped": counts.skipped, "failed": counts.failed,
            "calls": counts.calls,
        },
        "intercom": place.theirs,
        "earmark": ours,
        "lines": place.lines,
        "lines_left_out": place.lines_left_out,
        "remarks": remarks,
    })
    .to_string()
}

/// Whether Intercom's answer stays the same until somebody changes something.
const fn is_refusal(error: &Error) -> bool {
    !error.is_passing() && !matches!(error, Error::Reconnect { .. })
}

/// The job that works on a run of this kind.
pub(crate) const fn job_of(connection: ConnectionId, kind: RunKind) -> Job {
    Job::Run {
        connection,
        tagged: kind.is_tagged(),
    }
}
