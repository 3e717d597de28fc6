//! Which connections are due for a catch-up, and which workspaces for dropping old payloads: one look serves every tenant,
//! as one worker does.

use super::Across;
use crate::error::Result;
use crate::scope::Source;
use crate::sql;
use chrono::{DateTime, Utc};
use earmark_model::{ConnectionId, WorkspaceId};
use sea_orm::FromQueryResult;
use uuid::Uuid;

#[derive(FromQueryResult)]
struct ConnectionRow {
    workspace_id: Uuid,
    id: Uuid,
}

#[derive(FromQueryResult)]
struct WorkspaceRow {
    id: Uuid,
}

impl<S: Source> Across<'_, S> {
    /// Connections that work, do something since before `before`, and for which no catch-up was asked since, the oldest
    /// first.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn catch_ups_due(
        &self,
        before: DateTime<Utc>,
        most: u64,
    ) -> Result<Vec<(WorkspaceId, ConnectionId)>> {
        let sql = format!(
            "SELECT c.workspace_id, c.id FROM connections c WHERE c.status IN ('connected', 'degraded') \
            AND (c.contacts_on_at < $1 OR c.feedback_on_at < $1) AND NOT EXISTS (SELECT 1 FROM runs r \
            WHERE r.workspace_id = c.workspace_id AND r.connection_id = c.id AND r.kind = 'catch_up' \
            AND (r.asked_at >= $1 OR r.state IN ('waiting', 'running', 'paused'))) ORDER BY c.id LIMIT {most}"
        );
        let rows: Vec<ConnectionRow> = sql::all(self.on(), &sql, vec![before.into()]).await?;
        Ok(rows
            .into_iter()
            .map(|row| (WorkspaceId(row.workspace_id), ConnectionId(row.id)))
            .collect())
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
