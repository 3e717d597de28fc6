//! Shared by the tests.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use earmark_db::Db;
use earmark_jobs::{Handler, Handlers, Settings, Verdict, Worker};
use earmark_model::{ClaimedJob, ConnectionId, Job, JobKind, WorkspaceId};
use earmark_testkit::{TestDb, build};
use sea_orm::{Database, FromQueryResult, Statement};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// The longest a test waits for what has to happen.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
pub(crate) const WORKSPACE: WorkspaceId = WorkspaceId(Uuid::from_u128(1));
const CONNECTION: ConnectionId = ConnectionId(Uuid::from_u128(2));

/// A job that is tried a hundred times.
pub(crate) fn job(name: &str) -> Job {
    Job::Details {
        connection: CONNECTION,
        conversation: name.to_owned(),
    }
}

/// A job that is tried five times.
pub(crate) fn short_job() -> Job {
    Job::RefreshTags {
        connection: CONNECTION,
    }
}

/// A job that does not ask Intercom.
pub(crate) fn lane() -> Job {
    Job::Lane {
        connection: CONNECTION,
    }
}

pub(crate) fn name_of(claimed: &ClaimedJob) -> String {
    match &claimed.job {
        Job::Details { conversation, .. } => conversation.clone(),
        other => other.kind().to_string(),
    }
}

/// A handler made of a function.
struct Does<F>(F);

#[async_trait]
impl<F, R> Handler for Does<F>
where
    F: Fn(ClaimedJob) -> R + Send + Sync,
    R: Future<Output = Verdict> + Send,
{
    async fn run(&self, job: &ClaimedJob) -> Verdict {
        (self.0)(job.clone()).await
    }
}

/// The function as the handler of the kinds of test jobs.
pub(crate) fn does<F, R>(run: F) -> Handlers
where
    F: Fn(ClaimedJob) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Verdict> + Send + 'static,
{
    Handlers::new()
        .with(JobKind::Details, Does(run.clone()))
        .with(JobKind::RefreshTags, Does(run.clone()))
        .with(JobKind::Lane, Does(run))
}

/// A worker whose jobs all end with what `verdict` says of their attempt.
pub(crate) fn says(
    db: &Db,
    verdict: impl Fn(u32) -> Verdict + Clone + Send + Sync + 'static,
) -> Worker {
    let handlers = does(move |job| {
        let verdict = verdict(job.attempt);
        async move { verdict }
    });
    Worker::new(db.clone(), handlers, Settings::default())
}

/// Counts something that happens in handlers.
#[derive(Clone, Default)]
pub(crate) struct Count(Arc<AtomicU32>);

impl Count {
    pub(crate) fn add(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn get(&self) -> u32 {
        self.0.load(Ordering::SeqCst)
    }

    /// Waits until it has come to `count`.
    pub(crate) async fn reaches(&self, count: u32, what: &str) {
        earmark_testkit::eventually(PATIENCE, what, async || (self.get() >= count).then_some(()))
            .await;
    }
}

/// Counts when it is dropped.
pub(crate) struct OnDrop(pub(crate) Count);

impl Drop for OnDrop {
    fn drop(&mut self) {
        self.0.add();
    }
}

/// A worker that runs until it is stopped.
pub(crate) struct Running {
    pub(crate) stop: CancellationToken,
    pub(crate) task: JoinHandle<()>,
}

impl Running {
    pub(crate) fn start(db: &Db, handlers: Handlers, settings: Settings) -> Self {
        let worker = Worker::new(db.clone(), handlers, settings);
        let stop = CancellationToken::new();
        let told = stop.clone();
        let task = tokio::spawn(async move { worker.run(told).await });
        Self { stop, task }
    }

    /// Stops it and waits for its end.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.ends().await;
    }

    pub(crate) async fn ends(self) {
        let ended = tokio::time::timeout(PATIENCE, self.task).await;
        ended.expect("the worker ends").expect("it does not panic");
    }
}

pub(crate) async fn enqueue(db: &Db, job: &Job) {
    enqueue_for(db, WORKSPACE, job).await;
}

pub(crate) async fn enqueue_for(db: &Db, workspace: WorkspaceId, job: &Job) {
    let tx = build::begin(db).await;
    tx.workspace(workspace).enqueue(job).await.unwrap();
    tx.commit().await.unwrap();
}

/// Claims what is due, as a worker that is lost afterwards.
pub(crate) async fn claim(t: &TestDb, lease: Duration) -> Vec<ClaimedJob> {
    let tx = build::begin(&t.db).await;
    let lease = chrono::TimeDelta::from_std(lease).unwrap();
    let claimed = tx
        .across()
        .claim_jobs(JobKind::ALL, 100, lease)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    claimed
}

/// How many are pending, running, failed.
pub(crate) async fn counts(t: &TestDb) -> [i64; 3] {
    let mut counts = [0; 3];
    for (count, state) in counts.iter_mut().zip(["pending", "running", "failed"]) {
        *count = t.db.across().jobs_in(state).await.unwrap();
    }
    counts
}

/// What the queue keeps of a job.
#[derive(Debug, FromQueryResult)]
pub(crate) struct Row {
    pub(crate) state: String,
    pub(crate) attempts: i32,
    pub(crate) lease_until: Option<DateTime<Utc>>,
    errors: String,
}

impl Row {
    pub(crate) fn errors(&self) -> Vec<String> {
        serde_json::from_str(&self.errors).unwrap()
    }
}

/// The queue's only job.
pub(crate) async fn row(t: &TestDb) -> Row {
    let db = Database::connect(t.url.as_str()).await.unwrap();
    let sql = "SELECT state, attempts, lease_until, errors FROM jobs";
    let statement = Statement::from_string(db.get_database_backend(), sql);
    let mut rows = Row::find_by_statement(statement).all(&db).await.unwrap();
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows.remove(0)
}
