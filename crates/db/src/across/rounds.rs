//! Which connections' nightly rounds are due: one look serves every tenant, as one worker does.

use super::Across;
use crate::error::Result;
use crate::scope::Source;
use crate::sql;
use chrono::{DateTime, Utc};
use earmark_model::{ConnectionId, WorkspaceId};
use sea_orm::FromQueryResult;
use uuid::Uuid;

/// A connection whose round may be due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DoctorRound {
    /// The workspace.
    pub workspace: WorkspaceId,
    /// The connection.
    pub connection: ConnectionId,
    /// When the connection was made.
    pub created_at: DateTime<Utc>,
    /// When the round is due; `None` before the first one was planned.
    pub next_at: Option<DateTime<Utc>>,
}

#[derive(FromQueryResult)]
struct RoundRow {
    workspace_id: Uuid,
    id: Uuid,
    created_at: DateTime<Utc>,
    next_at: Option<DateTime<Utc>>,
}

#[derive(FromQueryResult)]
struct PatientRow {
    slug: String,
    workspace_id: Uuid,
    id: Uuid,
}

impl<S: Source> Across<'_, S> {
    /// The connections that are not disconnected, by workspace, oldest first, each with its workspace's slug: the operator
    /// looks at every tenant's from the command line.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn live_connections(&self) -> Result<Vec<(String, WorkspaceId, ConnectionId)>> {
        let sql = "SELECT w.slug, c.workspace_id, c.id FROM connections c JOIN workspaces w ON w.id = c.workspace_id \
            WHERE c.status <> 'disconnected' ORDER BY w.slug, c.id";
        let rows: Vec<PatientRow> = sql::all(self.on(), sql, vec![]).await?;
        let found = rows.into_iter().map(|row| {
            (
                row.slug,
                WorkspaceId(row.workspace_id),
                ConnectionId(row.id),
            )
        });
        Ok(found.collect())
    }

    /// Connections that are not disconnected and whose next round is due or not planned yet, the longest due first.
    ///
    /// # Errors
    /// [`crate::Error::Unavailable`].
    pub async fn doctor_rounds(&self, most: u64) -> Result<Vec<DoctorRound>> {
        let sql = "SELECT c.workspace_id, c.id, c.created_at, r.next_at FROM connections c \
            LEFT JOIN doctor_rounds r ON r.workspace_id = c.workspace_id AND r.connection_id = c.id \
            WHERE c.status <> 'disconnected' AND (r.next_at IS NULL OR r.next_at <= $1) \
            ORDER BY coalesce(r.next_at, c.created_at), c.id LIMIT $2";
        let values = vec![
            self.now().into(),
            i64::try_from(most).unwrap_or(i64::MAX).into(),
        ];
        let rows: Vec<RoundRow> = sql::all(self.on(), sql, values).await?;
        let rounds = rows.into_iter().map(|row| DoctorRound {
            workspace: WorkspaceId(row.workspace_id),
            connection: ConnectionId(row.id),
            created_at: row.created_at,
            next_at: row.next_at,
        });
        Ok(rounds.collect())
    }
}
