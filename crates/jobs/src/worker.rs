//! The loop that claims and runs jobs.

use crate::backoff::backoff;
use crate::handler::{Handlers, Verdict};
use crate::recurring::Rounds;
use chrono::{DateTime, TimeDelta, Utc};
use earmark_db::{ChangeKind, Changes, Db, Error, Result};
use earmark_model::{ClaimedJob, JobKind};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// A job never comes back sooner after a snooze, so that one whose time has come already does not spin.
const SHORTEST_SNOOZE: TimeDelta = TimeDelta::seconds(1);

/// How often a worker looks for what comes round by the clock.
const ROUNDS_EVERY: Duration = Duration::from_secs(60);

/// How a worker works.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Jobs at the same time. Those that ask Intercom get at most half of them, so that an Intercom that hangs does not
    /// keep deliveries waiting.
    pub concurrency: u32,
    /// How long a claim holds without being extended; a lost worker's jobs are put back after it.
    pub lease: Duration,
    /// The longest time without a look at the queue, should a wake-up be missed, and how often lost jobs are put back.
    pub poll: Duration,
    /// How long running jobs may take to end when the worker is told to stop.
    pub grace: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            concurrency: 4,
            lease: Duration::from_secs(60),
            poll: Duration::from_secs(5),
            grace: Duration::from_secs(5),
        }
    }
}

/// Claims and runs jobs.
#[derive(Debug, Clone)]
pub struct Worker {
    pub(crate) db: Db,
    handlers: Handlers,
    rounds: Rounds,
    settings: Settings,
}

/// The jobs that a worker runs: those that work on our own data, and those that wait for Intercom.
#[derive(Debug, Default)]
struct Running {
    ours: JoinSet<()>,
    calling: JoinSet<()>,
}

impl Running {
    fn tidy(&mut self) {
        while self.ours.try_join_next().is_some() {}
        while self.calling.try_join_next().is_some() {}
    }

    fn set_of(&mut self, kind: JobKind) -> &mut JoinSet<()> {
        if kind.calls_intercom() {
            &mut self.calling
        } else {
            &mut self.ours
        }
    }

    /// Waits until one ends; for ever when there is none.
    async fn next(&mut self) {
        tokio::select! {
            Some(_) = self.ours.join_next() => {}
            Some(_) = self.calling.join_next() => {}
            else => std::future::pending().await,
        }
    }

    async fn all(&mut self) {
        while self.ours.join_next().await.is_some() {}
        while self.calling.join_next().await.is_some() {}
    }
}

/// Kinds of jobs, and how many more of them may run.
struct Room {
    kinds: Vec<JobKind>,
    free: u32,
}

impl Room {
    fn is_open(&self) -> bool {
        self.free > 0 && !self.kinds.is_empty()
    }
}

impl Worker {
    /// A worker; it does nothing until it is run.
    #[must_use]
    pub fn new(db: Db, handlers: Handlers, settings: Settings) -> Self {
        Self {
            db,
            handlers,
            rounds: Rounds::new(),
            settings,
        }
    }

    /// The same worker, which also asks for what comes round by the clock.
    #[must_use]
    pub fn with_rounds(mut self, rounds: Rounds) -> Self {
        self.rounds = rounds;
        self
    }

    /// Runs jobs until `stop`, then gives the running ones the grace time. What does not end in it is broken off and runs
    /// again after its lease; the same happens to all of them when this future is dropped.
    pub async fn run(&self, stop: CancellationToken) {
        let mut changes = self.db.changes();
        let mut running = Running::default();
        if !self.db.is_shared()
            && let Err(error) = self.rescue_all().await
        {
            tracing::warn!(%error, "cannot put back the jobs of the last run yet");
        }
        let (mut rescue_at, mut rounds_at) = (Instant::now(), Instant::now());
        while !stop.is_cancelled() {
            running.tidy();
            // By time and not when idle: a queue that is always busy must not keep a lost job from being found.
            if Instant::now() >= rescue_at {
                self.find_lost().await;
                rescue_at = Instant::now() + self.settings.poll;
            }
            if Instant::now() >= rounds_at {
                self.rounds.enqueue_due(&self.db).await;
                rounds_at = Instant::now() + ROUNDS_EVERY;
            }
            let rooms = self.rooms(&running);
            changes.skip();
            let (claimed, next_at) = match self.claim(&rooms, &stop).await {
                Ok(claimed) => claimed,
                // Another process was quicker: look again at once.
                Err(Error::Conflict | Error::Contended) => continue,
                Err(error) => {
                    tracing::warn!(%error, "cannot claim jobs; trying again");
                    pause(&stop, Duration::from_secs(1)).await;
                    continue;
                }
            };
            if claimed.is_empty() {
                let latest = rescue_at.min(rounds_at);
                let until = next_at.map_or(latest, |at| {
                    let wait = (at - self.db.sources().now()).to_std();
                    latest.min(Instant::now() + wait.unwrap_or_default())
                });
                wait(&mut changes, &mut running, until, &stop).await;
            }
            for job in claimed {
                let worker = self.clone();
                running
                    .set_of(job.job.kind())
                    .spawn(async move { worker.run_one(&job).await });
            }
        }
        if tokio::time::timeout(self.settings.grace, running.all())
            .await
            .is_err()
        {
            tracing::warn!("jobs were still running at the end; they run again after the restart");
        }
    }

    /// Runs every job that is due, and those that they ask for, one after another; gives their number.
    ///
    /// # Errors
    /// Those of the queue's own statements.
    pub async fn run_until_idle(&self) -> Result<usize> {
        let (mut ran, never) = (0, CancellationToken::new());
        loop {
            let any = Room {
                kinds: self.handlers.kinds().collect(),
                free: 1,
            };
            let (claimed, _) = self.claim(&[any], &never).await?;
            if claimed.is_empty() {
                return Ok(ran);
            }
            for job in claimed {
                self.run_one(&job).await;
                ran += 1;
            }
        }
    }

    /// What may be claimed beside the running jobs. The jobs that ask Intercom come first: the half that they may not
    /// use is enough for the others, which end soon.
    fn rooms(&self, running: &Running) -> Vec<Room> {
        let count = |set: &JoinSet<()>| u32::try_from(set.len()).unwrap_or(u32::MAX);
        let (ours, calling) = (count(&running.ours), count(&running.calling));
        let all = self.settings.concurrency;
        let free = all.saturating_sub(ours.saturating_add(calling));
        // One place is for everybody, the oldest job first.
        if all <= 1 {
            let kinds = self.handlers.kinds().collect();
            return vec![Room { kinds, free }];
        }
        let (callers, others): (Vec<_>, Vec<_>) = self
            .handlers
            .kinds()
            .partition(|kind| kind.calls_intercom());
        let room = |kinds, free| Room { kinds, free };
        let most = (all / 2).saturating_sub(calling).min(free);
        vec![room(callers, most), room(others, free)]
    }

    /// Claims due jobs, and says when the next one that is not due yet will be. Looks before it writes, so that an idle
    /// worker does not. A `stop` that comes meanwhile leaves them in the queue: what was asked for after it is not begun.
    async fn claim(
        &self,
        rooms: &[Room],
        stop: &CancellationToken,
    ) -> Result<(Vec<ClaimedJob>, Option<DateTime<Utc>>)> {
        let now = self.db.sources().now();
        let open = rooms.iter().filter(|room| room.is_open());
        let kinds: Vec<JobKind> = open.clone().flat_map(|room| room.kinds.clone()).collect();
        let next_at = self.db.across().next_jobs_at(&kinds).await?;
        let is_due = |kind| next_at.get(kind).is_some_and(|at| *at <= now);
        let due: Vec<&Room> = open.filter(|room| room.kinds.iter().any(is_due)).collect();
        let next_at = next_at.values().copied().filter(|at| *at > now).min();
        if due.is_empty() {
            return Ok((Vec::new(), next_at));
        }
        let tx = self.db.begin_redoable().await?;
        let mut claimed: Vec<ClaimedJob> = Vec::new();
        for room in due {
            // The last room is as large as all that is free; what the one before took is not free any more.
            let largest = rooms.iter().map(|room| room.free).max().unwrap_or(0);
            let taken = u32::try_from(claimed.len()).unwrap_or(u32::MAX);
            let most = room.free.min(largest.saturating_sub(taken));
            let lease = delta(self.settings.lease);
            claimed.extend(tx.across().claim_jobs(&room.kinds, most, lease).await?);
        }
        if stop.is_cancelled() {
            return Ok((Vec::new(), None));
        }
        tx.commit().await?;
        Ok((claimed, next_at))
    }

    async fn run_one(&self, job: &ClaimedJob) {
        let kind = job.job.kind();
        let Some(verdict) = self.attempt(job).await else {
            tracing::warn!(job = %job.id, %kind, "a job's claim was lost while it ran; it was broken off");
            return;
        };
        if let Verdict::Retry(why) | Verdict::Fail(why) = &verdict {
            tracing::warn!(job = %job.id, %kind, attempt = job.attempt, why, "a job failed");
        }
        if let Err(error) = self.settle(job, verdict).await {
            tracing::warn!(job = %job.id, %kind, %error, "cannot settle a job; it runs again after its lease");
        }
    }

    /// Runs an attempt and extends its lease meanwhile. `None` when the claim was lost: another worker may have the job.
    async fn attempt(&self, job: &ClaimedJob) -> Option<Verdict> {
        let kind = job.job.kind();
        if job.attempt > job.job.max_attempts() {
            // A job that takes its process down with it never gets to say that it failed.
            let why = "given up: its worker was lost during the last attempt";
            return Some(Verdict::Fail(why.to_owned()));
        }
        let Some(handler) = self.handlers.get(kind) else {
            let why = format!("this process has no handler for {kind} jobs");
            return Some(Verdict::Retry(why));
        };
        let claimed = job.clone();
        let handled = tokio::spawn(async move { handler.run(&claimed).await });
        // Nobody extends the lease once this is dropped, so the handler ends with it.
        let mut handled = AbortOnDropHandle::new(handled);
        loop {
            tokio::select! {
                ended = &mut handled => {
                    return Some(ended.unwrap_or_else(|why| Verdict::Retry(format!("it panicked: {why}"))));
                }
                () = tokio::time::sleep(self.settings.lease / 3) => {
                    if !self.extend(job).await {
                        return None;
                    }
                }
            }
        }
    }

    /// Extends a job's lease; false when the claim is lost. A database that is away is no loss yet.
    async fn extend(&self, job: &ClaimedJob) -> bool {
        let extended = async {
            let tx = self.db.begin_redoable().await?;
            let held = tx
                .across()
                .extend_lease(job, delta(self.settings.lease))
                .await?;
            tx.commit().await?;
            Ok::<_, Error>(held)
        };
        extended.await.unwrap_or_else(|error| {
            tracing::warn!(job = %job.id, %error, "cannot extend a job's lease");
            true
        })
    }

    async fn settle(&self, job: &ClaimedJob, verdict: Verdict) -> Result<()> {
        if verdict == Verdict::Ended {
            return Ok(());
        }
        let tx = self.db.begin_redoable().await?;
        let across = tx.across();
        match verdict {
            Verdict::Done | Verdict::Ended => across.finish_job(job).await?,
            Verdict::Yield => {
                across
                    .put_job_back(job, self.db.sources().now(), None)
                    .await?
            }
            Verdict::Snooze(until) => {
                let until = until.max(self.db.sources().now() + SHORTEST_SNOOZE);
                across.put_job_back(job, until, None).await?;
            }
            Verdict::Fail(why) => across.fail_job(job, &why).await?,
            Verdict::Retry(why) if job.attempt >= job.job.max_attempts() => {
                across.fail_job(job, &why).await?
            }
            Verdict::Retry(why) => {
                let [jitter] = self.db.sources().bytes();
                let at = self.db.sources().now() + backoff(job.attempt, jitter);
                across.put_job_back(job, at, Some(&why)).await?;
            }
        }
        tx.commit().await
    }
}

/// Waits until there may be something to do: a change, a job that ends, or the time.
async fn wait(
    changes: &mut Changes,
    running: &mut Running,
    until: Instant,
    stop: &CancellationToken,
) {
    let woken = async {
        while let Some(change) = changes.next().await {
            if matches!(change.kind, ChangeKind::Jobs | ChangeKind::Everything) {
                return;
            }
        }
        std::future::pending().await
    };
    tokio::select! {
        () = woken => {}
        () = running.next() => {}
        () = stop.cancelled() => {}
        () = tokio::time::sleep_until(until) => {}
    }
}

async fn pause(stop: &CancellationToken, time: Duration) {
    tokio::select! {
        () = stop.cancelled() => {}
        () = tokio::time::sleep(time) => {}
    }
}

fn delta(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}
