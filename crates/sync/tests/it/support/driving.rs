//! Doing the work that waits, as a worker does, and breaking it off in the middle.

use super::Engine;
use chrono::TimeDelta;
use earmark_jobs::{Handler, Verdict};
use earmark_model::{ClaimedJob, Job, JobKind};
use earmark_sync::{
    CompletePeopleHandler, DetailsHandler, EraseHandler, LaneHandler, PayloadsHandler,
    RefreshTagsHandler, RunHandler, ScrubHandler,
};
use serde_json::json;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::Poll;

/// Steps of one wait at most: more means that something goes round in circles.
const MOST_STEPS: usize = 2_000;

/// How work breaks off before it is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Breach {
    /// Its task is dropped, as when the process ends.
    Dropped,
    /// The database's connections are cut; on SQLite, which has none, as above.
    DatabaseCut,
}

impl Engine {
    pub(crate) fn handlers(&self) -> Vec<(JobKind, Arc<dyn Handler>)> {
        let (db, store) = (self.t.db.clone(), self.store.clone());
        vec![
            (JobKind::Lane, Arc::new(LaneHandler(db.clone()))),
            (
                JobKind::Details,
                Arc::new(DetailsHandler {
                    db: db.clone(),
                    store: store.clone(),
                }),
            ),
            (
                JobKind::RefreshTags,
                Arc::new(RefreshTagsHandler {
                    db: db.clone(),
                    store: store.clone(),
                }),
            ),
            (
                JobKind::Run,
                Arc::new(RunHandler {
                    db: db.clone(),
                    store: store.clone(),
                }),
            ),
            (
                JobKind::People,
                Arc::new(CompletePeopleHandler {
                    db: db.clone(),
                    store,
                }),
            ),
            (JobKind::Payloads, Arc::new(PayloadsHandler(db.clone()))),
            (JobKind::Erase, Arc::new(EraseHandler(db.clone()))),
            (JobKind::Scrub, Arc::new(ScrubHandler(db))),
        ]
    }

    /// Does all work that waits, letting time pass where it has to wait.
    pub(crate) async fn drain(&self) {
        for _ in 0..MOST_STEPS {
            match self.work_once().await {
                Some(Verdict::Fail(why)) => panic!("a job failed: {why}"),
                Some(_) => {}
                None => return,
            }
        }
        panic!("the work does not come to an end");
    }

    /// Does the next job; what it said.
    pub(crate) async fn work_once(&self) -> Option<Verdict> {
        let (handler, job) = self.claim().await?;
        let verdict = handler.run(&job).await;
        self.end(&job, &verdict).await;
        Some(verdict)
    }

    /// Begins the next job and breaks it off after so many of its steps, if it has as many; whether it had.
    pub(crate) async fn break_off(&self, breach: Breach, after: u64) -> bool {
        let Some((handler, job)) = self.claim().await else {
            return false;
        };
        let broken;
        {
            let mut work = pin!(handler.run(&job));
            let mut verdict = steps(work.as_mut(), after).await;
            broken = verdict.is_none();
            if let (None, Breach::DatabaseCut, Some(line)) = (&verdict, breach, &self.line) {
                line.cut();
                verdict = Some(work.await);
            }
            match verdict {
                Some(Verdict::Fail(why)) => panic!("a job failed: {why}"),
                Some(verdict) => self.end(&job, &verdict).await,
                None => {}
            }
        }
        // As the next process does.
        let rescue = async || {
            let tx = self.t.db.begin().await?;
            tx.across().rescue_all_jobs().await?;
            tx.commit().await
        };
        once_reached(rescue).await;
        broken
    }

    /// Runs the run's job until it has kept another place; whether there is more to do.
    pub(crate) async fn keep_once(&self) -> bool {
        let places = async || {
            let runs = self
                .tenant()
                .runs(Some(self.connection), None, 100)
                .await
                .unwrap();
            Vec::from_iter(runs.into_iter().map(|run| (run.state, run.position)))
        };
        let (mut changes, before) = (self.t.db.changes(), places().await);
        let kept = async {
            while changes.next().await.is_some() {
                if places().await != before {
                    return true;
                }
            }
            false
        };
        tokio::select! {
            biased;
            more = kept => more,
            verdict = self.run_job() => verdict != Verdict::Done,
        }
    }

    /// Takes the next job, letting time pass where it has to wait.
    async fn claim(&self) -> Option<(Arc<dyn Handler>, ClaimedJob)> {
        let handlers = self.handlers();
        let kinds: Vec<JobKind> = handlers.iter().map(|(kind, _)| *kind).collect();
        let db = &self.t.db;
        let due = once_reached(async || db.across().next_jobs_at(&kinds).await).await;
        let due = due.into_values().min()?;
        if due > self.t.sources.now() {
            self.t.clock.set(due);
        }
        let claim = async || {
            let tx = db.begin().await?;
            let lease = TimeDelta::minutes(10);
            let claimed = tx.across().claim_jobs(&kinds, 1, lease).await?;
            tx.commit().await?;
            Ok(claimed)
        };
        let claimed = once_reached(claim).await;
        let job = claimed.into_iter().next()?;
        let mut handlers = handlers.into_iter();
        let handler = handlers.find(|(kind, _)| *kind == job.job.kind());
        Some((handler.unwrap().1, job))
    }

    async fn end(&self, job: &ClaimedJob, verdict: &Verdict) {
        let end = async || {
            let tx = self.t.db.begin().await?;
            let across = tx.across();
            let now = self.t.sources.now();
            match verdict {
                Verdict::Ended => {}
                Verdict::Done | Verdict::Fail(_) => across.finish_job(job).await?,
                Verdict::Yield => across.put_job_back(job, now, None).await?,
                Verdict::Snooze(at) => across.put_job_back(job, *at, None).await?,
                Verdict::Retry(why) => across.put_job_back(job, now, Some(why)).await?,
            }
            tx.commit().await
        };
        once_reached(end).await;
    }

    /// Runs a connection's run once more, as a worker that was killed after its last commit would.
    pub(crate) async fn run_job(&self) -> Verdict {
        let handler = RunHandler {
            db: self.t.db.clone(),
            store: self.store.clone(),
        };
        let job = self.claimed(Job::Run {
            connection: self.connection,
            tagged: false,
        });
        handler.run(&job).await
    }

    /// A job as a worker gets it, whether it is in the queue or not.
    pub(crate) fn claimed(&self, job: Job) -> ClaimedJob {
        ClaimedJob {
            id: self.t.sources.id(),
            workspace: self.workspace(),
            job,
            attempt: 1,
            claim: 1,
        }
    }

    /// Lets so many calls pass; those after it fail for longer than a client tries.
    pub(crate) async fn fail_call(&self, kind: &str, after: usize) {
        let mut faults = vec![json!({"kind": kind, "status": 500, "count": 4})];
        if after > 0 {
            faults.insert(0, json!({"kind": "slow", "ms": 0, "count": after}));
        }
        self.sandbox.order("faults", &json!(faults)).await;
    }

    /// Uses up the faults that did not strike.
    pub(crate) async fn burn_faults(&self) {
        let client = self.client().await;
        for _ in 0..MOST_STEPS {
            let left = self.sandbox.ask("faults").await;
            if left["faults"].as_array().unwrap().is_empty() {
                return;
            }
            let _ = client.me().await;
        }
        panic!("the faults do not end");
    }
}

/// What a future gives within so many steps: each of them is what it does until it has to wait.
async fn steps<T>(mut work: Pin<&mut (impl Future<Output = T> + ?Sized)>, most: u64) -> Option<T> {
    let mut left = most;
    std::future::poll_fn(|context| match left {
        0 => Poll::Ready(None),
        _ => {
            left -= 1;
            work.as_mut().poll(context).map(Some)
        }
    })
    .await
}

/// Tries again while the database is away: a connection that was cut may look open for a moment.
async fn once_reached<T>(work: impl AsyncFn() -> earmark_db::Result<T>) -> T {
    for _ in 0..20 {
        match work().await {
            Ok(done) => return done,
            Err(earmark_db::Error::Unavailable(_)) => tokio::task::yield_now().await,
            Err(error) => panic!("{error}"),
        }
    }
    panic!("the database stays away");
}
