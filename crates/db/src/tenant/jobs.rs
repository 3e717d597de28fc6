//! Asking for work.

use crate::error::Result;
use crate::scope::{Source, Tenant, Tx};
use crate::signal::ChangeKind;
use crate::sql;
use earmark_model::{ConnectionId, Job, JobId, JobKind};

impl<S: Source> Tenant<'_, S> {
    /// Whether this job waits or runs.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn is_queued(&self, job: &Job) -> Result<bool> {
        let sql = "SELECT count(*) FROM jobs WHERE key = $1 AND state IN ('pending', 'running')";
        Ok(sql::count(self.on(), sql, vec![self.key(job).into()]).await? > 0)
    }

    /// Whether this job waits to be run, be it at once or later.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn is_pending(&self, job: &Job) -> Result<bool> {
        let sql = "SELECT count(*) FROM jobs WHERE key = $1 AND state = 'pending'";
        Ok(sql::count(self.on(), sql, vec![self.key(job).into()]).await? > 0)
    }

    /// The job's key with the workspace's id before it, so that no tenant's job stands for another's.
    pub(crate) fn key(&self, job: &Job) -> String {
        format!("{}:{}", self.id, job.key())
    }
}

impl Tenant<'_, Tx> {
    /// Asks for a job as soon as a worker is free. One that is pending under the same key stands for both, and is due
    /// at once.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn enqueue(&self, job: &Job) -> Result<()> {
        self.enqueue_all(std::slice::from_ref(job)).await
    }

    /// Asks for several jobs, no two under the same key.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn enqueue_all(&self, jobs: &[Job]) -> Result<()> {
        if jobs.is_empty() {
            return Ok(());
        }
        let sql = format!(
            "INSERT INTO jobs (id, workspace_id, kind, key, payload, state, run_at, asked, attempts, errors, created_at) \
            VALUES {} ON CONFLICT (key) WHERE state = 'pending' DO UPDATE SET asked = jobs.asked + 1, \
            run_at = CASE WHEN jobs.run_at < excluded.run_at THEN jobs.run_at ELSE excluded.run_at END",
            sql::places(jobs.len(), 11, 1)
        );
        let values = jobs.iter().flat_map(|job| {
            let id: JobId = self.source.sources().id();
            [
                id.0.into(),
                self.workspace().into(),
                job.kind().as_str().into(),
                self.key(job).into(),
                serde_json::to_string(job).unwrap_or_default().into(),
                "pending".into(),
                self.now().into(),
                1_i64.into(),
                0_i32.into(),
                "[]".into(),
                self.now().into(),
            ]
        });
        sql::execute(self.on(), &sql, values.collect()).await?;
        self.source.changed(self.id, ChangeKind::Jobs);
        Ok(())
    }

    /// Drops the waiting jobs that would ask Intercom through a connection.
    pub(crate) async fn drop_calls(&self, connection: ConnectionId) -> Result<()> {
        let calling = JobKind::ALL.iter().filter(|kind| kind.calls_intercom());
        let kinds: Vec<String> = calling.map(|kind| format!("'{kind}'")).collect();
        let sql = format!(
            "DELETE FROM jobs WHERE workspace_id = $1 AND state = 'pending' AND kind IN ({}) AND key LIKE $2",
            kinds.join(", ")
        );
        let values = vec![
            self.workspace().into(),
            sql::containing(&connection.to_string()).into(),
        ];
        sql::execute(self.on(), &sql, values).await.map(drop)
    }
}
