//! Asking for work.

use crate::across::Across;
use crate::error::Result;
use crate::scope::{Source, Tenant, Tx};
use crate::sql;
use earmark_model::{ConnectionId, Job, JobKind};

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
        let jobs = jobs.iter().map(|job| (self.id, job.clone(), self.now()));
        let jobs: Vec<_> = jobs.collect();
        Across::new(self.source).enqueue_all(&jobs).await
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
