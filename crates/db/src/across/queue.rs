//! Asking for, claiming and finishing jobs. Workers serve every tenant, oldest work first, so a claim looks across them; one
//! transaction of the letterbox asks for the lanes of many.

use super::Across;
use crate::error::Result;
use crate::scope::{Source, Tenant, Tx};
use crate::signal::ChangeKind;
use crate::sql;
use chrono::{DateTime, TimeDelta, Utc};
use earmark_model::{ClaimedJob, ConnectionId, Job, JobId, JobKind, WorkspaceId};
use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult};
use std::collections::{BTreeMap, HashSet};
use uuid::Uuid;

/// Failures a job remembers.
const ERRORS_KEPT: usize = 5;
/// Of a job that is asked for.
const COLUMNS: usize = 11;
/// Jobs of one statement.
const MOST_ROWS: usize = 1_024;

#[derive(FromQueryResult)]
struct ClaimRow {
    id: Uuid,
    workspace_id: Uuid,
    payload: String,
    attempts: i32,
    failures: i32,
}

#[derive(FromQueryResult)]
struct RunningRow {
    workspace_id: Uuid,
    kind: String,
    key: String,
    payload: String,
    asked: i64,
    attempts: i32,
    failures: i32,
    errors: String,
    created_at: DateTime<Utc>,
}

#[derive(FromQueryResult)]
struct ErrorsRow {
    errors: String,
}

#[derive(FromQueryResult)]
struct LaneRow {
    workspace_id: Uuid,
    connection_id: Uuid,
}

#[derive(FromQueryResult)]
struct KeyRow {
    key: String,
}

#[derive(FromQueryResult)]
struct DueRow {
    kind: String,
    run_at: Option<DateTime<Utc>>,
}

impl<S: Source> Across<'_, S> {
    /// When the next pending job of each of these kinds is due, where there is one that waits for no other of its key.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn next_jobs_at(
        &self,
        kinds: &[JobKind],
    ) -> Result<BTreeMap<JobKind, DateTime<Utc>>> {
        if kinds.is_empty() {
            return Ok(BTreeMap::new());
        }
        // Kind by kind, each of which is one look into an index.
        let of_kind = |kind: &JobKind| {
            format!(
                "SELECT '{kind}' AS kind, min(run_at) AS run_at FROM jobs WHERE state = 'pending' AND kind = '{kind}' \
                AND key NOT IN (SELECT r.key FROM jobs r WHERE r.state = 'running')"
            )
        };
        let of_each: Vec<String> = kinds.iter().map(of_kind).collect();
        let sql = of_each.join(" UNION ALL ");
        let rows: Vec<DueRow> = sql::all(self.on(), &sql, vec![]).await?;
        let due = rows.into_iter();
        Ok(due
            .filter_map(|row| Some((row.kind.parse().ok()?, row.run_at?)))
            .collect())
    }

    /// Jobs in a state (`pending`, `running`, `failed`).
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn jobs_in(&self, state: &str) -> Result<i64> {
        let sql = "SELECT count(*) FROM jobs WHERE state = $1";
        sql::count(self.on(), sql, vec![state.into()]).await
    }

    /// Connections of any tenant with waiting deliveries but no job, such as those whose job failed for good; up to `most`.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn stranded_lanes(&self, most: usize) -> Result<Vec<(WorkspaceId, ConnectionId)>> {
        let sql =
            "SELECT DISTINCT workspace_id, connection_id FROM deliveries WHERE outcome = 'waiting'";
        let waiting: Vec<LaneRow> = sql::all(self.on(), sql, vec![]).await?;
        if waiting.is_empty() {
            return Ok(Vec::new());
        }
        // Read after the deliveries: a delivery and its lane's job are committed together.
        let sql = format!(
            "SELECT key FROM jobs WHERE state IN ('pending', 'running') AND kind IN ({})",
            listed(&[JobKind::Lane])
        );
        let rows: Vec<KeyRow> = sql::all(self.on(), &sql, vec![]).await?;
        let queued: HashSet<String> = rows.into_iter().map(|row| row.key).collect();
        let lanes = waiting.into_iter().filter_map(|row| {
            let workspace = WorkspaceId(row.workspace_id);
            let connection = ConnectionId(row.connection_id);
            let key = Tenant::new(self.source, workspace).key(&Job::Lane { connection });
            (!queued.contains(&key)).then_some((workspace, connection))
        });
        Ok(lanes.take(most).collect())
    }
}

impl Across<'_, Tx> {
    /// Asks for jobs of any tenants, no two under the same key, each due at a time. One that is pending under the same key
    /// stands for both, and is due at the earlier time.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub(crate) async fn enqueue_all(
        &self,
        jobs: &[(WorkspaceId, Job, DateTime<Utc>)],
    ) -> Result<()> {
        for part in sql::parts(jobs, MOST_ROWS) {
            let sql = format!(
                "INSERT INTO jobs (id, workspace_id, kind, key, payload, state, run_at, asked, attempts, errors, created_at) \
                VALUES {} ON CONFLICT (key) WHERE state = 'pending' DO UPDATE SET asked = jobs.asked + 1, \
                run_at = CASE WHEN jobs.run_at < excluded.run_at THEN jobs.run_at ELSE excluded.run_at END",
                sql::places(part.len(), COLUMNS, 1)
            );
            let values = part.iter().flat_map(|(workspace, job, at)| {
                let id: JobId = self.source.sources().id();
                [
                    id.0.into(),
                    workspace.0.into(),
                    job.kind().as_str().into(),
                    self.source.workspace(*workspace).key(job).into(),
                    serde_json::to_string(job).unwrap_or_default().into(),
                    "pending".into(),
                    (*at).into(),
                    1_i64.into(),
                    0_i32.into(),
                    "[]".into(),
                    self.now().into(),
                ]
            });
            sql::execute(self.on(), &sql, values.collect()).await?;
        }
        for (workspace, _, _) in jobs {
            self.source.changed(*workspace, ChangeKind::Jobs);
        }
        Ok(())
    }

    /// Claims up to `most` due jobs of these kinds, none whose key is running: first of workspaces for which no job of
    /// these kinds runs, so that one workspace does not keep the others waiting; then oldest first.
    ///
    /// # Errors
    /// [`Error::Unavailable`]; [`Error::Conflict`] when another process was quicker: claim again.
    pub async fn claim_jobs(
        &self,
        kinds: &[JobKind],
        most: u32,
        lease: TimeDelta,
    ) -> Result<Vec<ClaimedJob>> {
        let lock = match self.on().get_database_backend() {
            DbBackend::Postgres => "FOR UPDATE OF j SKIP LOCKED",
            _ => "",
        };
        let kinds = listed(kinds);
        let sql = format!(
            "UPDATE jobs SET state = 'running', attempts = attempts + 1, lease_until = $1 WHERE id IN (\
             SELECT j.id FROM jobs j WHERE j.state = 'pending' AND j.kind IN ({kinds}) AND j.run_at <= $2 \
             AND j.key NOT IN (SELECT r.key FROM jobs r WHERE r.state = 'running') \
             ORDER BY j.workspace_id IN (SELECT o.workspace_id FROM jobs o WHERE o.state = 'running' AND o.kind IN ({kinds})), \
             j.run_at, j.id LIMIT $3 {lock}) RETURNING id, workspace_id, payload, attempts, failures"
        );
        let now = self.now();
        let values = vec![(now + lease).into(), now.into(), i64::from(most).into()];
        let rows: Vec<ClaimRow> = sql::all(self.on(), &sql, values).await?;
        let mut claimed = Vec::with_capacity(rows.len());
        for ClaimRow {
            id,
            workspace_id,
            payload,
            attempts,
            failures,
        } in rows
        {
            match serde_json::from_str(&payload) {
                Ok(job) => claimed.push(ClaimedJob {
                    id: JobId(id),
                    workspace: WorkspaceId(workspace_id),
                    job,
                    attempt: u32::try_from(failures).unwrap_or(0) + 1,
                    claim: attempts,
                }),
                // Such as a kind of job that only a newer version knows: it must not keep the others from running.
                Err(why) => {
                    let why = format!("this version cannot read it: {why}");
                    tracing::error!(job = %id, why, "a job is set aside");
                    self.fail_attempt(id, attempts, &why).await?;
                }
            }
        }
        Ok(claimed)
    }

    /// Ends a job that did its work.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn finish_job(&self, job: &ClaimedJob) -> Result<()> {
        let sql = "DELETE FROM jobs WHERE id = $1 AND attempts = $2 AND state = 'running'";
        sql::execute(self.on(), sql, vec![job.id.0.into(), job.claim.into()])
            .await
            .map(drop)
    }

    /// Keeps a running job's claim for longer. False when the claim was lost.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn extend_lease(&self, job: &ClaimedJob, lease: TimeDelta) -> Result<bool> {
        let sql = "UPDATE jobs SET lease_until = $3 WHERE id = $1 AND attempts = $2 AND state = 'running'";
        let values = vec![
            job.id.0.into(),
            job.claim.into(),
            (self.now() + lease).into(),
        ];
        Ok(sql::execute(self.on(), sql, values).await? > 0)
    }

    /// Puts a running job back, due at `at`. `error` is remembered and counts as a failure; without one the job got on, and
    /// former failures count no more.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn put_job_back(
        &self,
        job: &ClaimedJob,
        at: DateTime<Utc>,
        error: Option<&str>,
    ) -> Result<()> {
        self.put_attempt_back(job.id.0, job.claim, at, error).await
    }

    async fn put_attempt_back(
        &self,
        id: Uuid,
        attempt: i32,
        at: DateTime<Utc>,
        error: Option<&str>,
    ) -> Result<()> {
        let sql = "DELETE FROM jobs WHERE id = $1 AND attempts = $2 AND state = 'running' \
            RETURNING workspace_id, kind, key, payload, asked, attempts, failures, errors, created_at";
        let values = vec![id.into(), attempt.into()];
        let Some(row) = sql::one::<RunningRow>(self.on(), sql, values).await? else {
            return Ok(());
        };
        let errors = remember(&row.errors, error);
        let attempts = row.attempts - i32::from(error.is_none());
        let failures = error.map_or(0, |_| row.failures + 1);
        // Where the same work was asked for again meanwhile, that request stands for both. The insert waits for one that
        // is being made, which an update could not.
        let sql = "INSERT INTO jobs (id, workspace_id, kind, key, payload, state, run_at, asked, attempts, errors, created_at, \
            failures) VALUES ($1, $2, $3, $4, $5, 'pending', $6, $7, $8, $9, $10, $11) \
            ON CONFLICT (key) WHERE state = 'pending' DO UPDATE SET run_at = excluded.run_at, \
            attempts = excluded.attempts, errors = excluded.errors, failures = excluded.failures";
        let values = vec![
            id.into(),
            row.workspace_id.into(),
            row.kind.into(),
            row.key.into(),
            row.payload.into(),
            at.into(),
            row.asked.into(),
            attempts.into(),
            errors.into(),
            row.created_at.into(),
            failures.into(),
        ];
        sql::execute(self.on(), sql, values).await.map(drop)
    }

    /// Ends a job for good with its error; the row stays for people to see.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn fail_job(&self, job: &ClaimedJob, error: &str) -> Result<()> {
        self.fail_attempt(job.id.0, job.claim, error).await
    }

    async fn fail_attempt(&self, id: Uuid, attempt: i32, error: &str) -> Result<()> {
        let sql = "SELECT errors FROM jobs WHERE id = $1 AND attempts = $2 AND state = 'running'";
        let values = vec![id.into(), attempt.into()];
        let Some(row) = sql::one::<ErrorsRow>(self.on(), sql, values).await? else {
            return Ok(());
        };
        let sql = "UPDATE jobs SET state = 'failed', errors = $2, lease_until = NULL WHERE id = $1";
        let values = vec![id.into(), remember(&row.errors, Some(error)).into()];
        sql::execute(self.on(), sql, values).await.map(drop)
    }

    /// Puts back jobs whose worker was lost; gives their number.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn rescue_jobs(&self) -> Result<usize> {
        let sql = "SELECT id, attempts FROM jobs WHERE state = 'running' AND lease_until < $1";
        #[derive(FromQueryResult)]
        struct Row {
            id: Uuid,
            attempts: i32,
        }
        let lost: Vec<Row> = sql::all(self.on(), sql, vec![self.now().into()]).await?;
        for Row { id, attempts } in &lost {
            let why = Some("its worker was lost");
            self.put_attempt_back(*id, *attempts, self.now(), why)
                .await?;
        }
        Ok(lost.len())
    }

    /// Puts back every running job at the start of the only process of an SQLite database: nobody else can hold one.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub async fn rescue_all_jobs(&self) -> Result<u64> {
        let sql = "UPDATE jobs SET lease_until = $1 WHERE state = 'running'";
        sql::execute(self.on(), sql, vec![DateTime::<Utc>::UNIX_EPOCH.into()]).await?;
        Ok(self.rescue_jobs().await? as u64)
    }
}

/// Kinds as SQL writes a list of them.
fn listed(kinds: &[JobKind]) -> String {
    let quoted: Vec<String> = kinds.iter().map(|kind| format!("'{kind}'")).collect();
    quoted.join(", ")
}

/// The job's errors as a JSON list, newest last, with `error` added.
fn remember(errors: &str, error: Option<&str>) -> String {
    let mut list: Vec<String> = serde_json::from_str(errors).unwrap_or_default();
    list.extend(error.map(ToOwned::to_owned));
    let list = &list[list.len().saturating_sub(ERRORS_KEPT)..];
    serde_json::to_string(list).unwrap_or_else(|_| "[]".to_owned())
}
