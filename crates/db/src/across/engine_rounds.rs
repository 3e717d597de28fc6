//! Which connections are due for a run, which runs lost their job, which actions nobody ended, and which workspaces are due
//! for dropping old payloads: one look serves every tenant, as one worker does.

use super::Across;
use crate::error::{Error, Result};
use crate::scope::{Source, Tenant};
use crate::sql;
use chrono::{DateTime, Utc};
use earmark_model::{ActionRunId, ConnectionId, Job, JobKind, RunKind, WorkspaceId};
use sea_orm::FromQueryResult;
use std::collections::HashSet;
use uuid::Uuid;

#[derive(FromQueryResult)]
struct ConnectionRow {
    workspace_id: Uuid,
    id: Uuid,
}

#[derive(FromQueryResult)]
struct OpenRow {
    workspace_id: Uuid,
    connection_id: Uuid,
    kind: String,
}

#[derive(FromQueryResult)]
struct WorkspaceRow {
    id: Uuid,
}

impl<S: Source> Across<'_, S> {
    /// Connections that work, do something since before `before` or keep copies of conversations with everything switched
    /// off, and for which no run of a kind was asked since and none is under way, the oldest first. One that a member
    /// holds keeps none back.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn runs_due(
        &self,
        kind: RunKind,
        before: DateTime<Utc>,
        most: u64,
    ) -> Result<Vec<(WorkspaceId, ConnectionId)>> {
        let sql = format!(
            "SELECT c.workspace_id, c.id FROM connections c WHERE c.status IN ('connected', 'degraded') \
            AND (c.contacts_on_at < $1 OR c.feedback_on_at < $1 OR (c.contacts_on_at IS NULL AND c.feedback_on_at IS NULL \
            AND EXISTS (SELECT 1 FROM conversations v WHERE v.workspace_id = c.workspace_id AND v.connection_id = c.id \
            AND v.gone_at IS NULL))) AND NOT EXISTS (SELECT 1 FROM runs r \
            WHERE r.workspace_id = c.workspace_id AND r.connection_id = c.id AND r.kind = $2 \
            AND (r.asked_at >= $1 OR r.state IN ('waiting', 'running'))) ORDER BY c.id LIMIT {most}"
        );
        let values = vec![before.into(), kind.as_str().into()];
        let rows: Vec<ConnectionRow> = sql::all(self.on(), &sql, values).await?;
        Ok(rows
            .into_iter()
            .map(|row| (WorkspaceId(row.workspace_id), ConnectionId(row.id)))
            .collect())
    }

    /// Runs of actions of any tenant that began before `before` and are not over, the oldest first.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn running_action_runs(
        &self,
        before: DateTime<Utc>,
    ) -> Result<Vec<(WorkspaceId, ActionRunId)>> {
        #[derive(FromQueryResult)]
        struct Row {
            workspace_id: Uuid,
            id: Uuid,
        }
        let sql = "SELECT workspace_id, id FROM action_runs WHERE state = 'running' AND at < $1 ORDER BY at, id";
        let rows: Vec<Row> = sql::all(self.on(), sql, vec![before.into()]).await?;
        let runs = rows.into_iter();
        Ok(runs
            .map(|row| (WorkspaceId(row.workspace_id), ActionRunId(row.id)))
            .collect())
    }

    /// Runs of any tenant that wait or are under way but have no job, such as those whose job failed for good; up to `most`.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn stranded_runs(&self, most: usize) -> Result<Vec<(WorkspaceId, Job)>> {
        let sql = "SELECT DISTINCT workspace_id, connection_id, kind FROM runs WHERE state IN ('waiting', 'running')";
        let open: Vec<OpenRow> = sql::all(self.on(), sql, vec![]).await?;
        if open.is_empty() {
            return Ok(Vec::new());
        }
        // Read after the runs: a run and its job are committed together.
        let sql = "SELECT key FROM jobs WHERE state IN ('pending', 'running') AND kind = $1";
        let queued: Vec<String> =
            sql::column(self.on(), sql, vec![JobKind::Run.as_str().into()]).await?;
        let queued: HashSet<String> = queued.into_iter().collect();
        let mut stranded: Vec<(WorkspaceId, Job)> = Vec::new();
        for row in open {
            let workspace = WorkspaceId(row.workspace_id);
            let broken = |why| Error::contradiction("runs", row.connection_id, why);
            let kind: RunKind = row.kind.parse().map_err(broken)?;
            let job = Job::Run {
                connection: ConnectionId(row.connection_id),
                tagged: kind.is_tagged(),
            };
            let key = Tenant::new(self.source, workspace).key(&job);
            if !queued.contains(&key) && !stranded.contains(&(workspace, job.clone())) {
                stranded.push((workspace, job));
            }
        }
        stranded.truncate(most);
        Ok(stranded)
    }

    /// People and companies of any tenant that wait to be asked for, and erasures that are under way, without a job, such as
    /// when it failed for good; up to `most` of each.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn stranded_rests(&self, most: usize) -> Result<Vec<(WorkspaceId, Job)>> {
        // People are asked for only while they are copied.
        let people = "SELECT DISTINCT p.workspace_id, p.connection_id AS id FROM people_waiting p JOIN connections c \
            ON c.workspace_id = p.workspace_id AND c.id = p.connection_id \
            WHERE c.contacts_on_at IS NOT NULL AND c.status IN ('connected', 'degraded')";
        let scrubs = "SELECT DISTINCT workspace_id, connection_id AS id FROM scrubs";
        let of = [
            (
                people,
                (|connection| Job::People { connection }) as fn(_) -> _,
            ),
            (scrubs, |connection| Job::Scrub { connection }),
        ];
        let mut stranded = Vec::new();
        for (sql, job) in of {
            let rows: Vec<ConnectionRow> = sql::all(self.on(), sql, vec![]).await?;
            let mut found = 0;
            for row in rows {
                let workspace = WorkspaceId(row.workspace_id);
                let job: Job = job(ConnectionId(row.id));
                // Read after the rest: it and its job are committed together.
                if found < most && !Tenant::new(self.source, workspace).is_queued(&job).await? {
                    stranded.push((workspace, job));
                    found += 1;
                }
            }
        }
        Ok(stranded)
    }

    /// Workspaces whose old payloads were not dropped since `before`.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn payload_rounds(
        &self,
        before: DateTime<Utc>,
        most: u64,
    ) -> Result<Vec<WorkspaceId>> {
        let sql = format!(
            "SELECT id FROM workspaces WHERE payloads_dropped_at IS NULL OR payloads_dropped_at < $1 ORDER BY id LIMIT {most}"
        );
        let rows: Vec<WorkspaceRow> = sql::all(self.on(), &sql, vec![before.into()]).await?;
        Ok(rows.into_iter().map(|row| WorkspaceId(row.id)).collect())
    }
}
